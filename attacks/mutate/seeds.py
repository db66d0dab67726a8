"""Fits every estimator of the scikit-learn at hand on a few rows, and writes it in every format: `python seeds.py FOLDER`.

Runs in the Python whose loaders are tried (3.8 and newer, any scikit-learn from 0.22), which need not have skiff. The
folder gets a file for each model and format, and `index.json`: what each file is, which rows its methods take, and which
names the classes in it have.
"""

import inspect
import io
import json
import os
import pickle
import pickletools
import sys
import warnings

warnings.simplefilter("ignore")
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)

import recorded  # noqa: E402
import shelf  # noqa: E402

METHODS = [
    "predict",
    "predict_proba",
    "decision_function",
    "transform",
    "score_samples",
    "predict_log_proba",
    "kneighbors",
    "apply",
    "inverse_transform",
]

random = np.random.RandomState(0)
X = np.round(np.abs(random.normal(size=(24, 4))), 2)
Y = np.arange(24) % 2
Z = np.round(X[:, 0] * 2 + X[:, 1], 2) + 0.5
MULTI = np.column_stack([Y, 1 - Y])
WORDS = ["a red fox", "the lazy dog", "red dog", "blue fox and a dog", "the end", "fox"] * 4
DICTS = [{"a": 1, "b": "x"}, {"a": 2.5, "c": 3}, {"b": "y"}, {}] * 6
COLORS = np.array([["red", "s"], ["blue", "m"], ["green", "l"]] * 8, dtype=object)

ROWS = {
    "dense": {"kind": "dense", "rows": X[:6].tolist()},
    "one": {"kind": "dense", "rows": X[:6, :1].tolist()},
    "two": {"kind": "dense", "rows": X[:6, :2].tolist()},
    "column": {"kind": "flat", "rows": X[:6, 0].tolist()},
    "labels": {"kind": "objects", "rows": [[0], [1]]},
    "text": {"kind": "text", "rows": WORDS[:6]},
    "dicts": {"kind": "text", "rows": DICTS[:4]},
    "colors": {"kind": "objects", "rows": COLORS[:4].tolist()},
    "frame": {
        "kind": "frame",
        "columns": {
            "height": X[:6, 0].tolist(),
            "width": X[:6, 1].tolist(),
            "color": ["red", "blue", "green"] * 2,
            "note": WORDS[:6],
        },
    },
}

#: Parameters that keep models small and fits short, for every class that has them.
SMALL = {
    "n_estimators": 2,
    "max_depth": 2,
    "max_iter": 5,
    "n_components": 2,
    "n_clusters": 2,
    "n_init": 1,
    "cv": 2,
    "random_state": 0,
    "max_leaf_nodes": 3,
    "hidden_layer_sizes": (3,),
    "n_neighbors": 2,
    "n_knots": 3,
    "n_quantiles": 5,
    "max_bins": 8,
    "n_alphas": 3,
    "n_subsets": 2,
}
LEFT_ALONE = {
    "MiniBatchKMeans": ["max_iter"],
    "TSNE": ["max_iter"],
    "OrthogonalMatchingPursuitCV": ["max_iter"],
    "SpectralBiclustering": ["n_components"],
    "IsolationForest": ["max_depth"],
    "CCA": ["n_components"],
    "QuantileRegressor": ["max_iter"],
    "LinearDiscriminantAnalysis": ["n_components"],
}


def made(kind):
    """An estimator of `kind` with small parameters."""
    from sklearn.linear_model import LogisticRegression, Ridge
    from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

    name = kind.__name__
    parameters = inspect.signature(kind.__init__).parameters
    given = {key: value for key, value in SMALL.items() if key in parameters and key not in LEFT_ALONE.get(name, [])}
    is_regressor = getattr(kind, "_estimator_type", "") == "regressor" or "Regressor" in name or "Transformed" in name
    inner = DecisionTreeRegressor(max_depth=2) if is_regressor else DecisionTreeClassifier(max_depth=2)
    linear = Ridge() if is_regressor else LogisticRegression()
    for key in ("estimator", "base_estimator"):
        if key in parameters and parameters[key].default in (inspect.Parameter.empty, None):
            given[key] = linear if name not in ("BaggingClassifier", "AdaBoostClassifier") else inner
            break
    special = {
        "GridSearchCV": {"param_grid": {"C": [0.1, 1.0]}},
        "HalvingGridSearchCV": {"param_grid": {"C": [0.1, 1.0]}},
        "RandomizedSearchCV": {"param_distributions": {"C": distribution()}, "n_iter": 2},
        "HalvingRandomSearchCV": {"param_distributions": {"C": distribution()}},
        "Pipeline": {"steps": [("scale", scaler()), ("model", linear)]},
        "FeatureUnion": {"transformer_list": [("a", scaler()), ("b", scaler())]},
        "ColumnTransformer": {"transformers": [("a", scaler(), [0, 1])], "remainder": "passthrough"},
        "VotingClassifier": {"estimators": [("a", linear), ("b", inner)]},
        "VotingRegressor": {"estimators": [("a", linear), ("b", inner)]},
        "StackingClassifier": {"estimators": [("a", linear), ("b", inner)]},
        "StackingRegressor": {"estimators": [("a", linear), ("b", inner)]},
        "SparseCoder": {"dictionary": np.eye(4)[:3]},
        "SelfTrainingClassifier": {},
        "IterativeImputer": {"max_iter": 2},
        "MultiOutputClassifier": {},
        "RFECV": {"min_features_to_select": 3},
        "SelectKBest": {"k": 2},
        "RadiusNeighborsClassifier": {"radius": 9.0},
        "RadiusNeighborsRegressor": {"radius": 9.0},
        "RadiusNeighborsTransformer": {"radius": 9.0},
        "DBSCAN": {"eps": 2.0},
        "FixedThresholdClassifier": {},
        "FrozenEstimator": {},
    }
    given.update(special.get(name, {}))
    if name == "FrozenEstimator":
        given = {"estimator": linear.fit(X, Y)}
    return kind(**given)


def distribution():
    from scipy.stats import uniform

    return uniform(0.1, 2)


def scaler():
    from sklearn.preprocessing import StandardScaler

    return StandardScaler()


def fitted(name, model):
    """Fits with the first data that the estimator takes: the model and the name of the rows for its methods."""
    plain = [
        (X, Y, "dense"),
        (X, Z, "dense"),
        (X, MULTI, "dense"),
        (X[:, :2], Z, "two"),
        (X[:, 0], Z, "column"),
        (X[:, 0], Y, "column"),
        (X[:, :1], None, "one"),
        (WORDS, None, "text"),
        (DICTS, None, "dicts"),
        (COLORS, Y, "colors"),
        ([[0, 1], [1], []] * 8, None, "labels"),
    ]
    if "Regress" in name or name in ("TransformedTargetRegressor", "IsotonicRegression"):
        plain = [plain[1]] + plain
    if name in ("MultiOutputClassifier", "ClassifierChain"):
        plain = [plain[2]] + plain
    if "Multi" in name and ("Lasso" in name or "Elastic" in name):
        plain = [(X, np.column_stack([Z, -Z]), "dense")]
    if "Encoder" in name and name != "TargetEncoder":
        plain = [plain[9]] + plain
    first = None
    for x, y, rows in plain:
        try:
            return (model.fit(x, y) if y is not None else model.fit(x)), rows
        except Exception as error:
            first = first or error
    raise first


def estimators():
    """Every class with what it was fitted to."""
    try:
        from sklearn.utils import all_estimators
    except ImportError:
        from sklearn.utils.testing import all_estimators
    for name in ("enable_iterative_imputer", "enable_halving_search_cv", "enable_hist_gradient_boosting"):
        try:
            __import__("sklearn.experimental." + name)
        except ImportError:
            pass
    skipped = {}
    for name, kind in all_estimators():
        try:
            model, rows = fitted(name, made(kind))
        except Exception as error:
            skipped[name] = f"{type(error).__name__}: {error}"[:120]
            continue
        yield name, model, rows
    if skipped:
        print("not fitted:", skipped, file=sys.stderr)


def written_by_hand():
    """Models with what plain fits do not have: functions, kernels, text, frames, searches, names."""
    from sklearn import compose, ensemble, feature_extraction, feature_selection, gaussian_process, linear_model
    from sklearn import metrics, model_selection, naive_bayes, neighbors, pipeline, preprocessing, svm, tree
    from scipy import sparse

    kernels = gaussian_process.kernels
    kernel = kernels.ConstantKernel() * kernels.RBF() + kernels.WhiteKernel() + kernels.Matern() ** 2
    yield "gp", gaussian_process.GaussianProcessRegressor(kernel, optimizer=None).fit(X, Z), "dense"
    text = pipeline.make_pipeline(
        feature_extraction.text.TfidfVectorizer(ngram_range=(1, 2), stop_words="english"),
        linear_model.SGDClassifier(max_iter=5, random_state=0),
    )
    yield "text", text.fit(WORDS, Y), "text"
    yield "hashing", pipeline.make_pipeline(
        feature_extraction.text.HashingVectorizer(n_features=8, alternate_sign=False), naive_bayes.MultinomialNB()
    ).fit(WORDS, Y), "text"
    count = feature_extraction.text.CountVectorizer(analyzer="char_wb", ngram_range=(2, 3), max_features=9)
    yield "characters", count.fit(WORDS), "text"
    yield "function", pipeline.make_pipeline(
        preprocessing.FunctionTransformer(np.log1p, np.expm1, validate=True), linear_model.Ridge()
    ).fit(X, Z), "dense"
    search = model_selection.GridSearchCV(
        svm.SVC(), {"C": [1.0, 2.0]}, cv=2, scoring={"auc": "roc_auc", "acc": "accuracy"}, refit="auc"
    )
    yield "search_scorers", search.fit(X, Y), "dense"
    search = model_selection.GridSearchCV(
        tree.DecisionTreeClassifier(max_depth=1),
        {"min_samples_leaf": [1, 2]},
        cv=2,
        scoring=metrics.make_scorer(metrics.fbeta_score, beta=2),
    )
    yield "search_made_scorer", search.fit(X, Y), "dense"
    from scipy import stats

    search = model_selection.RandomizedSearchCV(
        ensemble.RandomForestClassifier(2, max_depth=2, random_state=0),
        {"min_samples_leaf": stats.randint(1, 3), "max_features": stats.expon(scale=0.5)},
        n_iter=1,
        cv=2,
        random_state=np.random.RandomState(3),
        error_score=0,
    )
    yield "search_random", search.fit(X, Y), "dense"
    yield "scores_function", feature_selection.SelectKBest(feature_selection.f_regression, k=2).fit(X, Z), "dense"
    yield "svc_probability", svm.SVC(probability=True, random_state=0).fit(X, Y), "dense"
    yield "svc_sparse", svm.SVC(kernel="linear").fit(sparse.csr_matrix(X), Y), "dense"
    yield "nusvr", svm.NuSVR(kernel="poly").fit(X, Z), "dense"
    yield "neighbors_kd", neighbors.KNeighborsClassifier(2, algorithm="kd_tree", leaf_size=5).fit(X, Y), "dense"
    yield "neighbors_ball", neighbors.KNeighborsRegressor(
        2, algorithm="ball_tree", metric="haversine", leaf_size=5
    ).fit(X[:, :2], Z), "two"
    yield "density", neighbors.KernelDensity(metric="minkowski", metric_params={"p": 1.5}).fit(X), "dense"
    yield "strings", tree.DecisionTreeClassifier(max_depth=2).fit(X, np.array(["no", "yes"])[Y]), "dense"
    yield "objects", linear_model.LogisticRegression().fit(X, np.array(["no", "yes"], dtype=object)[Y]), "dense"
    yield "float32", linear_model.LinearRegression().fit(X.astype("f4"), Z), "dense"
    yield "boosting", ensemble.GradientBoostingClassifier(n_estimators=2, max_depth=1).fit(X, Y), "dense"
    yield "in_a_dict", {"model": linear_model.Ridge().fit(X, Z), "columns": list("abcd"), "score": 0.5}, "dense"
    yield "in_a_tuple", (preprocessing.StandardScaler().fit(X), linear_model.Ridge().fit(X, Z), {"version": 3}), "dense"
    yield from frames()


def frames():
    """Models fitted on DataFrames, where there is a pandas."""
    try:
        import pandas as pd
    except ImportError:
        return
    from sklearn import compose, ensemble, feature_extraction, linear_model, pipeline, preprocessing

    columns = ROWS["frame"]["columns"]
    frame = pd.DataFrame({name: list(values) * 4 for name, values in columns.items()})
    y = np.arange(len(frame)) % 2
    encoder = preprocessing.OneHotEncoder(handle_unknown="ignore")
    transformer = compose.ColumnTransformer(
        [
            ("numbers", preprocessing.StandardScaler(), ["height", "width"]),
            ("colors", encoder, ["color"]),
            ("text", feature_extraction.text.CountVectorizer(), "note"),
        ]
    )
    yield "frame", pipeline.make_pipeline(transformer, linear_model.LogisticRegression()).fit(frame, y), "frame"
    selector = getattr(compose, "make_column_selector", None)
    if selector is not None:
        chosen = compose.ColumnTransformer([("n", preprocessing.MinMaxScaler(), selector(dtype_include=float))])
        yield "frame_selector", chosen.fit(frame), "frame"
    if hasattr(preprocessing.StandardScaler, "set_output"):
        with_names = pipeline.make_pipeline(
            compose.ColumnTransformer(
                [("n", preprocessing.StandardScaler(), ["height"])], remainder="drop", verbose_feature_names_out=False
            )
        ).set_output(transform="pandas")
        yield "frame_set_output", with_names.fit(frame), "frame"
    kept = {"model": linear_model.Ridge().fit(frame[["height", "width"]], y), "head": frame.head(2)}
    kept["series"] = frame["height"].head(3)
    kept["kinds"] = frame["color"].astype("category").head(3)
    kept["dates"] = pd.Series(pd.date_range("2020-01-01", periods=2))
    kept["index"] = pd.MultiIndex.from_tuples([("a", 1), ("b", 2)])
    yield "frame_kept", kept, "frame"


def written(name, model):
    """The model in each format: its kind and its bytes."""
    import joblib

    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        yield f"pickle{protocol}", pickle.dumps(model, protocol)
    for kind, compress in (("joblib", 0), ("joblib-zlib", 3)):
        file = io.BytesIO()
        joblib.dump(model, file, compress=compress)
        yield kind, file.getvalue()
    try:
        import skops.io
    except ImportError:
        pass
    else:
        try:
            yield "skops", skops.io.dumps(model)
        except Exception as error:
            print("skops", name, type(error).__name__, str(error)[:80], file=sys.stderr)
    try:
        import skiff
    except ImportError:
        pass
    else:
        target = os.path.join(sys.argv[1], "scratch.skiff")
        try:
            skiff.dump(model, target)
            with open(target, "rb") as file:
                yield "skiff", file.read()
        except Exception as error:
            print("skiff", name, type(error).__name__, str(error)[:80], file=sys.stderr)


def arrays():
    """Arrays of objects as numpy writes them."""
    model = np.empty(2, dtype=object)
    from sklearn.linear_model import Ridge

    model[0], model[1] = Ridge().fit(X, Z), "a text"
    for name, array in (
        ("numbers", X[:3]),
        ("model", model),
        ("records", np.zeros(3, dtype="i4,f8")),
        ("text", np.array(["a", "bc"])),
    ):
        file = io.BytesIO()
        np.save(file, array)
        yield f"array_{name}", "npy", file.getvalue()
    for kind, save in (("npz", np.savez), ("npz-zlib", np.savez_compressed)):
        file = io.BytesIO()
        save(file, X=X[:3], model=model)
        yield "arrays", kind, file.getvalue()


def class_names(data, found):
    """Adds to `found` what the classes that a pickle names have: methods and attributes."""
    strings = []
    try:
        for opcode, argument, _ in pickletools.genops(data):
            if opcode.name == "GLOBAL":
                module, name = argument.split(" ", 1)
            elif opcode.name == "STACK_GLOBAL" and len(strings) >= 2:
                module, name = strings[-2:]
            else:
                if isinstance(argument, str):
                    strings.append(argument)
                continue
            key = f"{module}.{name}"
            if key not in found:
                try:
                    kind = getattr(__import__(module, fromlist=["_"]), name)
                    found[key] = dir(kind) if isinstance(kind, type) else []
                except Exception:
                    found[key] = []
    except Exception:
        pass


def main():
    folder = sys.argv[1]
    os.makedirs(folder, exist_ok=True)
    index, classes = [], {}
    for name, model, rows in [*estimators(), *written_by_hand()]:
        try:
            files = list(written(name, model))
        except Exception as error:
            print("not written:", name, type(error).__name__, str(error)[:80], file=sys.stderr)
            continue
        for kind, data in files:
            add(folder, index, name, kind, data, rows)
            if kind in ("pickle2", "joblib"):
                class_names(data, classes)
    import sklearn

    for name, kind, data, rows, is_own in recorded.recorded(sklearn.__version__):
        if rows is not None:
            ROWS[name] = rows
        add(folder, index, name, kind, data, name if rows is not None else "dense", is_foreign=not is_own)
        class_names(data, classes)
    shelf.import_all()
    for name, kind, data in arrays():
        add(folder, index, name, kind, data, "dense")
    contents = {"files": index, "rows": ROWS, "methods": METHODS, "classes": classes, "names": shelf.names()}
    contents["python"] = sys.executable
    with open(os.path.join(folder, "index.json"), "w") as file:
        json.dump(contents, file)
    print(f"{len(index)} files of {len({entry['name'] for entry in index})} models")


def add(folder, index, name, kind, data, rows, is_foreign=False):
    file = f"{name}.{kind}"
    with open(os.path.join(folder, file), "wb") as out:
        out.write(data)
    index.append({"name": name, "kind": kind, "file": file, "size": len(data), "rows": rows})
    # What another version wrote need not load.
    index[-1]["is_foreign"] = is_foreign


if __name__ == "__main__":
    main()
