"""Hostile numbers: files that name nothing but what honest models name, and hold what no fit makes.

scikit-learn's compiled code believes what it loads: it would read or write beyond its memory, run in circles, or answer
nonsense. ``make.py`` calls ``numbers``, after everything else; it needs scikit-learn and skops beside what the other files need.
"""

import io
import json
import os
import pickle
import re
import struct
import zipfile
import zlib

import joblib
import numpy as np


class Remade:
    """Pickles as an object that is made of other arguments, or given another state."""

    def __init__(self, thing, arguments=None, state=None):
        self.thing, self.arguments, self.state = thing, arguments, state

    def __reduce__(self):
        function, arguments, *rest = self.thing.__reduce__()
        state = rest[0] if rest else None
        return function, self.arguments or arguments, self.state or state


def data():
    random = np.random.default_rng(0)
    return random.normal(size=(40, 3)), random.integers(0, 2, 40)


def nodes_with(tree, **fields):
    """The bytes of the tree's nodes, and those of nodes with other numbers in the first one."""
    nodes = tree.__getstate__()["nodes"]
    return nodes.tobytes(), edited(nodes, **fields).tobytes()


def edited(nodes, at=0, **fields):
    """Nodes with other numbers, and zeros where there is nothing: memory that nobody wrote to differs in every run."""
    new = np.frombuffer(bytearray(nodes.nbytes), nodes.dtype)
    for name in nodes.dtype.names:
        new[name] = nodes[name]
    for name, value in fields.items():
        new[name][at] = value
    return new


def cleaned(model):
    """What makes the nodes of all trees in the model the same in every run."""
    trees = [model, *np.ravel(getattr(model, "estimators_", []))]
    trees = [tree.tree_ for tree in trees if type(getattr(tree, "tree_", None)).__name__ == "Tree"]
    return [nodes_with(tree) for tree in trees]


def part(tree, place):
    """A part of the state of a tree of points."""
    return np.array(tree.__getstate__()[place])


def with_part(tree, place, value):
    """The tree of points with another part in its state."""
    state = list(tree.__getstate__())
    state[place] = value
    return Remade(tree, None, tuple(state))


def trees():
    from sklearn.tree import DecisionTreeClassifier

    def fitted():
        return DecisionTreeClassifier(max_depth=3, random_state=0).fit(*data())

    edits = {
        "child-outside": dict(left_child=10**6), "child-negative": dict(right_child=-7), "circle": dict(left_child=0),
        "child-twice": dict(right_child=1), "feature-outside": dict(feature=99), "feature-negative": dict(feature=-3),
        "threshold": dict(threshold=np.nan), "half-leaf": dict(left_child=-1),
    }
    for name, fields in edits.items():
        model = fitted()
        yield f"tree-{name}", model, f"a decision tree: {name.replace('-', ' ')}", nodes_with(model.tree_, **fields)
    model = fitted()
    model.tree_ = Remade(model.tree_, None, {**model.tree_.__getstate__(), "node_count": 10**6})
    yield "tree-node-count", model, "a decision tree that says that it has more nodes"
    model = fitted()
    model.tree_ = Remade(model.tree_, None, {**model.tree_.__getstate__(), "max_depth": 0})
    yield "tree-depth", model, "a decision tree that is deeper than it says: decision_path writes beyond its memory"
    model = fitted()
    model.n_features_in_ = 1
    yield "tree-features", model, "a decision tree of more features than its estimator looks for in rows"
    model = fitted()
    n_features, _, n_outputs = model.tree_.__reduce__()[1]
    model.tree_ = Remade(model.tree_, (n_features, np.array([2]), 5))
    yield "tree-outputs", model, "a decision tree of five outputs and the classes of one"
    model = fitted()
    state = model.tree_.__getstate__()
    names = list(state["nodes"].dtype.names)
    names[0], names[2] = names[2], names[0]
    swapped = state["nodes"].copy()
    swapped.dtype.names = tuple(names)
    model.tree_ = Remade(model.tree_, None, {**state, "nodes": swapped})
    yield "tree-fields", model, "a decision tree whose fields have each other's names"


def ensembles():
    from sklearn.ensemble import (
        AdaBoostClassifier,
        BaggingClassifier,
        ExtraTreesRegressor,
        GradientBoostingClassifier,
        IsolationForest,
        RandomForestClassifier,
        RandomTreesEmbedding,
    )
    from sklearn.tree import DecisionTreeClassifier

    x, y = data()
    inner = DecisionTreeClassifier(max_depth=2, random_state=0)
    models = {
        "forest": RandomForestClassifier(3, max_depth=2, random_state=0).fit(x, y),
        "extra-trees": ExtraTreesRegressor(3, max_depth=2, random_state=0).fit(x, y),
        "boosting": GradientBoostingClassifier(n_estimators=3, max_depth=2, random_state=0).fit(x, y),
        "adaboost": AdaBoostClassifier(inner, n_estimators=3, random_state=0).fit(x, y),
        "bagging": BaggingClassifier(inner, n_estimators=3, random_state=0).fit(x, y),
        "isolation-forest": IsolationForest(n_estimators=3, max_samples=16, random_state=0).fit(x),
        "embedding": RandomTreesEmbedding(3, max_depth=2, random_state=0).fit(x),
    }
    for name, model in models.items():
        swap = nodes_with(np.ravel(model.estimators_)[1].tree_, left_child=0)
        yield f"{name}-circle", model, f"a tree of {type(model).__name__} whose root is its own child", swap
    for name, model in [
        ("isolation-forest", IsolationForest(n_estimators=3, max_samples=16, random_state=0).fit(x)),
        ("embedding", RandomTreesEmbedding(3, max_depth=2, random_state=0).fit(x)),
        ("forest", RandomForestClassifier(3, max_depth=2, random_state=0).fit(x, y)),
    ]:
        model.n_features_in_ = 1
        yield f"{name}-features", model, f"{type(model).__name__} says that it has one feature, its trees have three"
    model = GradientBoostingClassifier(n_estimators=3, max_depth=2, random_state=0).fit(x, y)
    model.estimators_[1, 0].tree_ = None
    yield "stage-without-tree", model, "a stage of gradient boosting whose tree is missing: compiled code reads its nodes"
    model = GradientBoostingClassifier(n_estimators=3, max_depth=2, random_state=0).fit(x, y)
    model.estimators_ = np.repeat(model.estimators_, 4, axis=1)
    yield "boosting-columns", model, "gradient boosting of more trees a stage than there are scores to add them to"


def histograms():
    from sklearn.ensemble import HistGradientBoostingClassifier

    x, y = data()
    x = np.column_stack([x, np.random.default_rng(1).integers(0, 4, len(x))])

    def fitted():
        model = HistGradientBoostingClassifier(max_iter=2, min_samples_leaf=2, categorical_features=[3], random_state=0)
        return model.fit(x, y)

    for name, field, value in [
        ("circle", "left", 0), ("outside", "right", 10**6), ("feature", "feature_idx", 77), ("bitset", "bitset_idx", 10**6),
    ]:
        model = fitted()
        nodes = model._predictors[0][0].nodes
        if name == "bitset":
            nodes["is_categorical"][0] = 1
            nodes["feature_idx"][0] = 3
        nodes[field][0] = value
        yield f"histogram-{name}", model, f"histogram boosting: {field} of the first node"


def points():
    from sklearn.neighbors import KernelDensity, KNeighborsClassifier, LocalOutlierFactor, RadiusNeighborsClassifier

    x, y = data()
    edits = [
        ("order", 1, lambda array: np.full_like(array, 10**6)), ("order-negative", 1, lambda array: np.full_like(array, -5)),
        ("bounds", 3, lambda array: array[:, :1]),
    ]
    for kind in ("kd_tree", "ball_tree"):
        for name, place, edit in edits:
            model = KNeighborsClassifier(3, algorithm=kind, leaf_size=5).fit(x, y)
            old = part(model._tree, place)
            new = np.ascontiguousarray(edit(old))
            if new.shape != old.shape:
                model._tree = with_part(model._tree, place, new)
            swap = (old.tobytes(), new.tobytes()) if new.shape == old.shape else None
            swaps = [swap] if swap else []
            yield f"{kind}-{name}", model, f"{kind} of KNeighborsClassifier: {name}", *swaps
        for name, field, value in [("end", "idx_end", 10**6), ("start", "idx_start", -9), ("leaf", "is_leaf", 0)]:
            model = LocalOutlierFactor(3, algorithm=kind, leaf_size=5, novelty=True).fit(x)
            nodes = part(model._tree, 2)
            swap = nodes.tobytes(), edited(nodes, **{"at": -1 if name == "leaf" else 0, field: value}).tobytes()
            yield f"{kind}-{name}", model, f"{kind} of LocalOutlierFactor: {field}", swap
    model = KernelDensity(leaf_size=5).fit(x)
    model.tree_ = with_part(model.tree_, 6, 10**6)
    yield "density-nodes", model, "a tree of points that says that it has more nodes"
    model = KernelDensity(leaf_size=5).fit(x)
    model.tree_ = with_part(model.tree_, 4, 0)
    yield "density-leaf-size", model, "a tree of points with leaves of none: compiled code divides by it"
    model = KNeighborsClassifier(3, algorithm="ball_tree", metric="seuclidean", metric_params={"V": x.var(axis=0)}).fit(x, y)
    metric = model._tree.__getstate__()[11]
    state = metric.__getstate__()
    model._tree = with_part(model._tree, 11, Remade(metric, None, (state[0], np.ones(1), *state[2:])))
    yield "metric", model, "a metric whose parameters are shorter than the points"
    model = KNeighborsClassifier(3, algorithm="kd_tree").fit(x, y)
    model._tree = with_part(model._tree, 11, None)
    yield "metric-none", model, "a tree of points without a metric: compiled code calls it"
    model = KNeighborsClassifier(3, algorithm="kd_tree").fit(x, y)
    model._tree = with_part(model._tree, 11, Remade(model._tree.__getstate__()[11], None, (2.0,)))
    yield "metric-state", model, "a metric whose state has one part of three: compiled code takes them without a look"
    model = RadiusNeighborsClassifier(1.0, algorithm="brute").fit(x, y)
    model._y = np.full_like(model._y, 10**6)
    yield "labels", model, "neighbours of a class that there is not: counted beyond the table"


def others():
    from scipy import sparse
    from sklearn.cluster import BisectingKMeans, KMeans
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, SplineTransformer, StandardScaler
    from sklearn.svm import SVC, OneClassSVM

    x, y = data()
    for name, attribute, value in [
        ("counts", "_n_support", np.array([10**6, 1], dtype=np.int32)), ("counts-negative", "_n_support", np.array([-5, 1], dtype=np.int32)),
        ("coefficients", "_dual_coef_", np.ones((1, 1))), ("intercept", "_intercept_", np.ones(0)),
    ]:
        model = SVC().fit(x, y)
        setattr(model, attribute, value)
        yield f"svc-{name}", model, f"support vectors: {attribute}"
    model = OneClassSVM().fit(x)
    model.support_vectors_ = model.support_vectors_[:1]
    yield "svm-vectors", model, "fewer support vectors than their counts say"
    for name, attribute, value in [("indices", "indices", 10**6), ("pointers", "indptr", 10**6)]:
        for what, matrix in [("sparse-svc", sparse.csr_matrix(x)), ("sparse", sparse.csr_matrix(np.eye(3)))]:
            model = SVC(kernel="linear").fit(matrix, y) if what == "sparse-svc" else {"matrix": matrix}
            old = getattr(model.support_vectors_ if what == "sparse-svc" else matrix, attribute)
            new = old.copy()
            new[1] = value
            swap = old.tobytes(), new.tobytes()
            yield f"{what}-{name}", model, f"{what.replace('-', ' ')}: {attribute} of the matrix lead outside", swap
    model = OneHotEncoder(drop="first").fit([["a"], ["b"]])
    model._drop_idx_after_grouping = np.array([10**6], dtype=object)
    yield "encoder", model, "an encoder that drops a category that there is not"
    for estimator in (KMeans, BisectingKMeans):
        model = estimator(2, random_state=0, n_init=1).fit(x)
        model.cluster_centers_ = np.ascontiguousarray(model.cluster_centers_[:, :1])
        yield f"centers-{estimator.__name__}", model, "centres of fewer features than the rows have"
    random = np.random.RandomState(0)
    state = random.__getstate__()
    state["state"]["pos"] = 10**6
    random.__setstate__(state)
    model = RandomForestClassifier(2, max_depth=1, random_state=0).fit(x, y)
    model.random_state = random
    yield "random-state", model, "a random state that goes on beyond its table"
    model = SplineTransformer(n_knots=3).fit(x)
    model.bsplines_[0].t = model.bsplines_[0].t[:2].copy()
    yield "spline", model, "a spline of fewer knots than its degree asks for"
    model = make_pipeline(StandardScaler(), LogisticRegression()).fit(x, y)
    model[-1].coef_ = np.ones((1, 9))
    yield "coefficients", model, "coefficients of other features than the model has"


def stored(npz, zipped):
    """An .npz whose bytes lie in it as they are."""
    with zipfile.ZipFile(io.BytesIO(npz)) as archive:
        return zipped([(info.filename, archive.read(info)) for info in archive.infolist()], zipfile.ZIP_STORED)


def resummed(npz):
    """The same entries, with checksums of what they hold now."""
    out, at = io.BytesIO(), 0
    with zipfile.ZipFile(out, "w") as archive:
        while npz[at : at + 4] == b"PK\x03\x04":
            size, _, name, extra = struct.unpack("<IIHH", npz[at + 18 : at + 30])
            start = at + 30 + name + extra
            info = zipfile.ZipInfo(npz[at + 30 : at + 30 + name].decode(), (1980, 1, 1, 0, 0, 0))
            archive.writestr(info, npz[start : start + size])
            at = start + size
    return out.getvalue()


def skops_entries(model, zipped):
    """skops' file with numbers that are the same in every run: it writes addresses and the time."""
    import skops.io

    with zipfile.ZipFile(io.BytesIO(skops.io.dumps(model))) as archive:
        entries = {info.filename: archive.read(info) for info in archive.infolist()}
    numbers = {}

    def renamed(match):
        return str(numbers.setdefault(match[0], len(numbers) + 1))

    address = re.compile(r"\b\d{9,}\b")
    schema = address.sub(renamed, entries.pop("schema.json").decode())
    renumbered = {address.sub(renamed, name): content for name, content in entries.items()}
    parts = [
        (name, stored(content, zipped) if name.endswith(".npz") else content) for name, content in sorted(renumbered.items())
    ]
    return [*parts, ("schema.json", schema.encode())]


def numbers(write, zipped, index):
    def swapped(content):
        """The content with the bytes of old arrays made those of new ones."""
        for old, new in swaps:
            assert len(old) == len(new)
            content = content.replace(old, new)
        return content

    for group in (trees, ensembles, histograms, points, others):
        # Each in a process of its own: whoever so much as copies a hostile sparse matrix may not live long.
        child = os.fork()
        if child:
            assert os.waitpid(child, 0)[1] == 0, group.__name__
            with open("part.json") as file:
                index.update(json.load(file))
            os.remove("part.json")
            continue
        skipped = []
        for name, model, tries, *more in group():
            swaps = [*more, *cleaned(model)]
            honest = pickle.dumps(model, 4)
            assert not more or swaps[0][0] in honest, name
            write(f"numbers-{name}.pkl", swapped(honest), tries)
            out = io.BytesIO()
            joblib.dump(model, out)
            write(f"numbers-{name}.joblib", zlib.compress(swapped(out.getvalue()), 3), f"{tries} (joblib)")
            entries = skops_entries(model, zipped)
            if b"Remade" in entries[-1][1]:
                # It would be a file of another class.
                skipped.append(name)
                continue
            parts = [(entry, resummed(swapped(content)) if entry.endswith(".npz") else swapped(content)) for entry, content in entries]
            assert not more or parts != entries, name
            write(f"numbers-{name}.skops", zipped(parts), f"{tries} (skops)")
        print("not written as skops:", ", ".join(skipped), flush=True)
        with open("part.json", "w") as file:
            json.dump(index, file)
        os._exit(0)
