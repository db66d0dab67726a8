"""Numbers, lengths and places that scikit-learn, Python, scipy and pandas count up to, or take without a look at bounds.

``make.py`` calls ``unbounded``; it needs scikit-learn, scipy and pandas beside what the other files need.
"""

import fractions
import pickle

import numpy as np


class Made:
    """Pickles as a call."""

    def __init__(self, *reduced):
        self.reduced = reduced

    def __reduce__(self):
        return self.reduced


def doubled(value, join):
    for _ in range(40):
        value = join(value)
    return value


def changed(model, **attributes):
    vars(model).update(attributes)
    return model


def values():
    """What Python never ends to make, print or compare, as a parameter of a model."""
    yield "fraction-exponent", Made(fractions.Fraction, ("1e1000000000",)), "a fraction of ten to the billionth"
    yield "fraction-digits", Made(fractions.Fraction, ("1" * 5000,)), "a fraction of more digits than Python takes"
    yield "integer", 1 << 16_000, "an integer that takes long to print"
    yield "nested-list", doubled([1.0], lambda inner: [inner, inner]), "lists that share each other: a trillion numbers to print"
    yield "nested-dict", doubled({}, lambda inner: {"a": inner, "b": inner}), "dicts that share each other"
    yield "nested-array", doubled(1.0, lambda inner: array_of(inner, inner)), "arrays of objects that share each other"
    yield "range", range(10**12), "a range of a trillion numbers"


def array_of(*items):
    array = np.empty(len(items), dtype=object)
    array[:] = items
    return array


def models():
    import pandas as pd
    from scipy import sparse
    from sklearn import cluster, decomposition, ensemble, feature_extraction, kernel_approximation, linear_model, neighbors, preprocessing
    from sklearn.cluster._kmeans import _kmeans_single_lloyd

    x = np.abs(np.random.default_rng(0).normal(size=(12, 4))).round(2)
    y = np.arange(12) % 2
    ridge = linear_model.Ridge().fit(x, y)
    names = changed(linear_model.Ridge().fit(x, y), feature_names_in_=pd.RangeIndex(10**10))
    yield "range-index", names, "names of features that are a range of ten billions"
    for name, model in [
        ("neighbors", neighbors.KNeighborsClassifier(2, algorithm="brute")),
        ("linear", linear_model.LinearRegression()),
    ]:
        yield f"threads-{name}", changed(model.fit(x, y), n_jobs=10**8), "a hundred million threads"
    large = np.int64(10**8)
    yield "threads-scalar", changed(linear_model.LinearRegression().fit(x, y), n_jobs=large), "a hundred million threads"
    nmf = decomposition.NMF(2, init="random", random_state=0, max_iter=1)
    yield "passes-nmf", changed(nmf.fit(x), max_iter=10**15, tol=-1.0), "as many passes as may be, and never an end"
    nmf = decomposition.MiniBatchNMF(2, init="random", random_state=0, max_iter=1)
    yield "passes-minibatch-nmf", changed(nmf.fit(x), _transform_max_iter=10**15, tol=-1.0), "as many passes as may be"
    topics = decomposition.LatentDirichletAllocation(2, max_iter=1, random_state=0).fit(x)
    yield "passes-topics", changed(topics, max_doc_update_iter=10**15, mean_change_tol=-1.0), "as many passes as may be"
    atoms = decomposition.SparseCoder(np.eye(4), transform_algorithm="lasso_cd")
    yield "passes-atoms", changed(atoms, transform_max_iter=2**31 - 1, transform_alpha=0.0), "as many passes as may be"
    sampler = kernel_approximation.AdditiveChi2Sampler(sample_interval=0.5).fit(abs(x))
    yield "steps-sampler", changed(sampler, sample_steps=10**39), "a sampler of more steps than anything counts"
    splines = preprocessing.SplineTransformer(n_knots=3).fit(x)
    yield "columns-splines", changed(splines, n_features_out_=10**10), "splines of ten billion columns"
    labels = preprocessing.MultiLabelBinarizer().fit([[1, 2], [3]])
    yield "places-labels", changed(labels, _cached_dict={1: 0, 2: 10**7, 3: 10**8}), "labels in columns that there are not"
    words = feature_extraction.text.CountVectorizer(tokenizer=sorted, token_pattern=None).fit(["ab", "c"])
    yield "places-words", changed(words, vocabulary_={"a": 0, "b": 10**8, "c": 2}), "terms in columns that there are not"
    halves = cluster.BisectingKMeans(2, random_state=0).fit(x)
    for half in (halves._bisecting_tree.left, halves._bisecting_tree.right):
        half.center = half.center[:1].copy()
    yield "halves-centers", changed(halves, _X_mean=np.zeros(1)), "centers that are shorter than rows"
    halves = cluster.BisectingKMeans(2, random_state=0).fit(x)
    halves._bisecting_tree.left = halves._bisecting_tree
    yield "halves-circle", halves, "halves of points that contain themselves"
    arguments = {"sample_weight": np.ones(1), "centers_init": np.zeros((2, 1)), "max_iter": 3}
    function = preprocessing.FunctionTransformer(_kmeans_single_lloyd, kw_args=arguments)
    yield "function-unchecked", function, "a function that believes the arrays which it is given"
    near = neighbors.RadiusNeighborsTransformer(radius=1.0, algorithm="brute").fit(x)
    yield "points-columns", changed(near, _fit_X=near._fit_X[:, :1].copy()), "points of fewer columns than rows have"
    near = neighbors.RadiusNeighborsClassifier(radius=1.0, algorithm="brute").fit(x, y)
    yield "points-labels", changed(near, _y=near._y[:2].copy()), "fewer labels than points"
    for name, kind in [("csr", sparse.csr_matrix), ("coo", sparse.coo_matrix), ("bsr", sparse.bsr_matrix)]:
        matrix = kind(np.eye(4, dtype=complex))
        if name == "coo":
            matrix.coords = (np.full(4, 10**8, dtype=np.int32), matrix.coords[1])
        else:
            matrix.indices[:] = 10**8
        yield f"sparse-complex-{name}", {"matrix": matrix}, "a sparse matrix of complex numbers with indices outside"
    for name, rows, data in [("columns", [10**8], [1.0]), ("data", [0], [1.0] * 9)]:
        matrix = sparse.lil_matrix(np.eye(2))
        matrix.rows[0], matrix.data[0] = rows, data
        yield f"sparse-lists-{name}", {"matrix": matrix}, "a sparse matrix of lists that do not fit"
    categories = pd.Categorical(["a", "b", "a"])
    categories._ndarray[:] = 120
    yield "codes-categorical", {"model": ridge, "kept": categories}, "codes of categories that there are not"
    function, (kind, parts), *_ = pd.MultiIndex.from_tuples([("a", 1), ("b", 2)]).__reduce__()
    parts = {**parts, "codes": [np.array([0, 10**8], dtype="i4"), np.array([0, 1], dtype="i1")]}
    yield "codes-levels", {"model": ridge, "kept": Made(function, (kind, parts))}, "codes of labels that there are not"


def unbounded(write):
    from sklearn.linear_model import Ridge

    for name, value, tries in values():
        model = changed(Ridge(), alpha=value)
        write(f"work-{name}.pkl", pickle.dumps(model, 4), tries)
    for name, model, tries in models():
        write(f"work-{name}.pkl", pickle.dumps(model, 4), tries)
