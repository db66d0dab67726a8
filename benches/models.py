"""Makes the models and the rows that the benchmarks ask: `python benches/models.py FOLDER`.

Each case is a folder with `model.joblib`, `rows.npy` (or `rows.txt`, or `rows.csv` with its columns' names) of (most
often) 10,000 rows, `row.npy` with the first of them, `method` with the name of what is asked, and, where a rival has to
fit the model itself, `fit.joblib` with the rows and targets of the fit. What is there already is not made again.
Names after FOLDER: only these.
"""

import sys
from pathlib import Path

import joblib
import numpy as np

ROWS = 10_000


def forest_250_mb():
    from sklearn.ensemble import RandomForestClassifier

    # Labels without a pattern: trees grow until each leaf is pure, as they do on real data that is hard.
    random = np.random.default_rng(0)
    x, y = random.normal(size=(18_000, 20)), random.integers(0, 10, 18_000)
    model = RandomForestClassifier(100, max_features=1, random_state=0, n_jobs=2).fit(x, y)
    model.n_jobs = None
    return model, random.normal(size=(ROWS, 20))


def forest_digits():
    from sklearn.datasets import load_digits
    from sklearn.ensemble import RandomForestClassifier

    x, y = load_digits(return_X_y=True)
    return RandomForestClassifier(200, random_state=0).fit(x, y), many(x), (x, y)


def forest_large():
    from sklearn.datasets import make_classification
    from sklearn.ensemble import RandomForestClassifier

    x, y = make_classification(20_000, 50, n_informative=20, flip_y=0.5, random_state=0)
    model = RandomForestClassifier(200, random_state=0, n_jobs=2).fit(x, y)
    model.n_jobs = None
    return model, x[:ROWS], (x, y)


def extra_trees():
    from sklearn.datasets import load_digits
    from sklearn.ensemble import ExtraTreesClassifier

    x, y = load_digits(return_X_y=True)
    return ExtraTreesClassifier(200, random_state=0).fit(x, y), many(x), (x, y)


def ada_boost():
    from sklearn.datasets import make_classification
    from sklearn.ensemble import AdaBoostClassifier

    x, y = make_classification(5_000, 20, n_informative=10, random_state=0)
    return AdaBoostClassifier(n_estimators=100, random_state=0).fit(x, y), many(x)


def isolation_forest():
    from sklearn.ensemble import IsolationForest

    random = np.random.default_rng(0)
    x = random.normal(size=(5_000, 20))
    return IsolationForest(n_estimators=200, random_state=0).fit(x), random.normal(size=(ROWS, 20))


def hist_gradient_boosting():
    from sklearn.datasets import make_classification
    from sklearn.ensemble import HistGradientBoostingClassifier

    x, y = make_classification(20_000, 50, n_informative=20, random_state=0)
    return HistGradientBoostingClassifier(max_iter=200, random_state=0).fit(x, y), x[:ROWS]


def hist_gradient_boosting_5():
    from sklearn.datasets import make_classification
    from sklearn.ensemble import HistGradientBoostingClassifier

    x, y = make_classification(20_000, 50, n_informative=20, n_classes=5, random_state=0)
    return HistGradientBoostingClassifier(max_iter=200, random_state=0).fit(x, y), x[:ROWS]


def lightgbm_200():
    from lightgbm import LGBMClassifier
    from sklearn.datasets import make_classification

    x, y = make_classification(20_000, 50, n_informative=20, random_state=0)
    return LGBMClassifier(n_estimators=200, verbose=-1, random_state=0).fit(x, y), x[:ROWS]


def xgboost_200():
    from sklearn.datasets import make_classification
    from xgboost import XGBClassifier

    x, y = make_classification(20_000, 50, n_informative=20, random_state=0)
    return XGBClassifier(n_estimators=200, random_state=0).fit(x, y), x[:ROWS]


def catboost_200():
    from catboost import CatBoostClassifier
    from sklearn.datasets import make_classification

    x, y = make_classification(20_000, 50, n_informative=20, random_state=0)
    settings = {"verbose": False, "random_seed": 0, "allow_writing_files": False}
    return CatBoostClassifier(iterations=200, **settings).fit(x, y), x[:ROWS]


def gradient_boosting():
    from sklearn.datasets import make_regression
    from sklearn.ensemble import GradientBoostingRegressor

    x, y = make_regression(10_000, 20, noise=10, random_state=0)
    return GradientBoostingRegressor(n_estimators=200, random_state=0).fit(x, y), x


def svc_2000():
    from sklearn.svm import SVC

    random = np.random.default_rng(0)
    x, y = random.normal(size=(2_080, 64)), random.integers(0, 2, 2_080)
    return SVC().fit(x, y), random.normal(size=(ROWS, 64)), (x, y)


def one_class_svm():
    from sklearn.svm import OneClassSVM

    random = np.random.default_rng(0)
    return OneClassSVM(nu=0.5).fit(random.normal(size=(2_000, 20))), random.normal(size=(ROWS, 20))


def svc_iris():
    from sklearn.datasets import load_iris
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from sklearn.svm import SVC

    x, y = load_iris(return_X_y=True)
    return make_pipeline(StandardScaler(), SVC()).fit(x, y), many(x), (x, y)


def neighbors():
    from sklearn.neighbors import KNeighborsClassifier

    random = np.random.default_rng(0)
    x, y = random.normal(size=(10_000, 20)), random.integers(0, 5, 10_000)
    return KNeighborsClassifier().fit(x, y), random.normal(size=(ROWS, 20)), (x, y)


def neighbors_tree():
    from sklearn.neighbors import KNeighborsRegressor

    random = np.random.default_rng(0)
    x, y = random.normal(size=(10_000, 5)), random.normal(size=10_000)
    return KNeighborsRegressor().fit(x, y), random.normal(size=(ROWS, 5)), (x, y)


def logistic_regression():
    from sklearn.linear_model import LogisticRegression

    random = np.random.default_rng(0)
    x, y = random.normal(size=(2_000, 784)), random.integers(0, 10, 2_000)
    return LogisticRegression(max_iter=20).fit(x, y), random.normal(size=(ROWS, 784)), (x, y)


def linear_regression():
    from sklearn.linear_model import LinearRegression

    random = np.random.default_rng(0)
    x = random.normal(size=(ROWS, 5))
    y = x @ random.normal(size=5) + random.normal(size=ROWS)
    return LinearRegression().fit(x, y), x, (x, y)


def mlp():
    from sklearn.datasets import load_digits
    from sklearn.neural_network import MLPClassifier

    x, y = load_digits(return_X_y=True)
    return MLPClassifier((100, 50), max_iter=30, random_state=0).fit(x, y), many(x)


def gaussian_process():
    from sklearn.gaussian_process import GaussianProcessRegressor
    from sklearn.gaussian_process.kernels import RBF, WhiteKernel

    random = np.random.default_rng(0)
    x = random.normal(size=(1_000, 8))
    y = np.sin(x).sum(axis=1) + random.normal(size=1_000) * 0.1
    kernel = RBF(2.0) + WhiteKernel(0.1)
    return GaussianProcessRegressor(kernel, optimizer=None).fit(x, y), random.normal(size=(ROWS, 8))


def pca_k_means():
    from sklearn.cluster import KMeans
    from sklearn.datasets import load_digits
    from sklearn.decomposition import PCA
    from sklearn.pipeline import make_pipeline

    x, _ = load_digits(return_X_y=True)
    return make_pipeline(PCA(20, random_state=0), KMeans(10, n_init=1, random_state=0)).fit(x), many(x)


def knn_imputer():
    from sklearn.impute import KNNImputer

    random = np.random.default_rng(0)
    x = random.normal(size=(1_000 + ROWS, 10))
    x[random.random(x.shape) < 0.1] = np.nan
    return KNNImputer().fit(x[:1_000]), x[1_000:]


def stacking():
    from sklearn.datasets import make_classification
    from sklearn.ensemble import RandomForestClassifier, StackingClassifier
    from sklearn.linear_model import LogisticRegression
    from sklearn.naive_bayes import GaussianNB

    x, y = make_classification(5_000, 20, n_informative=10, random_state=0)
    parts = [("forest", RandomForestClassifier(50, random_state=0)), ("bayes", GaussianNB())]
    return StackingClassifier(parts, LogisticRegression()).fit(x, y), many(x)


def text(words_a_row=30):
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    random = np.random.default_rng(0)
    letters = np.array(list("abcdefghijklmnopqrstuvwxyz"))
    words = ["".join(random.choice(letters, random.integers(3, 11))) for _ in range(8_000)]
    # A few words are frequent and most are rare, as in any language.
    often = 1 / np.arange(1, len(words) + 1)
    often /= often.sum()
    documents = [" ".join(random.choice(words, words_a_row, p=often)).capitalize() + "." for _ in range(ROWS)]
    labels = random.choice(["ham", "spam"], ROWS)
    return make_pipeline(TfidfVectorizer(), LogisticRegression()).fit(documents, labels), documents


def text_long():
    return text(500)


def columns():
    import pandas
    from sklearn.compose import ColumnTransformer
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    random = np.random.default_rng(0)
    numbers = {f"number {i}": np.where(random.random(ROWS) < 0.1, np.nan, random.normal(size=ROWS)) for i in range(6)}
    words = {f"word {i}": random.choice([f"value {j}" for j in range(10)], ROWS) for i in range(4)}
    table = pandas.DataFrame({**numbers, **words})
    scale = make_pipeline(SimpleImputer(), StandardScaler())
    one_hot = OneHotEncoder(handle_unknown="ignore")
    columns = ColumnTransformer([("numbers", scale, list(numbers)), ("words", one_hot, list(words))])
    return make_pipeline(columns, LogisticRegression()).fit(table, random.integers(0, 2, ROWS)), table


def columns_boosting():
    import pandas
    from sklearn.compose import ColumnTransformer
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler, TargetEncoder

    random = np.random.default_rng(0)
    numbers = {f"number {i}": random.normal(size=ROWS) for i in range(6)}
    words = {f"word {i}": random.choice([f"value {j}" for j in range(10)], ROWS) for i in range(4)}
    table = pandas.DataFrame({**numbers, **words})
    columns = ColumnTransformer(
        [
            ("numbers", StandardScaler(), list(numbers)),
            ("words", OneHotEncoder(handle_unknown="ignore", sparse_output=False), list(words)[:2]),
            ("targets", TargetEncoder(random_state=0), list(words)[2:]),
        ]
    )
    target = random.integers(0, 2, ROWS)
    model = make_pipeline(columns, HistGradientBoostingClassifier(max_iter=50, random_state=0))
    return model.fit(table, target), table


def linear_100k():
    from scipy.sparse import random as sparse
    from sklearn.linear_model import LogisticRegression

    random = np.random.default_rng(0)
    x = sparse(400, 100_000, density=0.001, random_state=random, format="csr")
    model = LogisticRegression(max_iter=5).fit(x, np.arange(400) % 20)
    return model, random.normal(size=(10, 100_000))


def vectorizer_200k():
    from sklearn.feature_extraction.text import TfidfVectorizer

    random = np.random.default_rng(0)
    letters = np.array(list("abcdefghijklmnopqrstuvwxyz"))
    words = set()
    while len(words) < 200_000:
        words.add("".join(random.choice(letters, random.integers(4, 14))))
    words = random.permutation(sorted(words))
    documents = [" ".join(part) for part in np.array_split(words, 2_000)]
    return TfidfVectorizer().fit(documents), documents


def many(x):
    """As many rows, again and again the same."""
    return np.tile(x, (-(-ROWS // len(x)), 1))[:ROWS]


# How a case is made, and what it is asked.
CASES = {
    "forest_digits": (forest_digits, "predict_proba"),
    "forest_large": (forest_large, "predict_proba"),
    "forest_250_mb": (forest_250_mb, "predict_proba"),
    "extra_trees": (extra_trees, "predict_proba"),
    "hist_gradient_boosting": (hist_gradient_boosting, "predict_proba"),
    "hist_gradient_boosting_5": (hist_gradient_boosting_5, "predict_proba"),
    "gradient_boosting": (gradient_boosting, "predict"),
    "ada_boost": (ada_boost, "predict"),
    "isolation_forest": (isolation_forest, "score_samples"),
    "lightgbm_200": (lightgbm_200, "predict_proba"),
    "xgboost_200": (xgboost_200, "predict_proba"),
    "catboost_200": (catboost_200, "predict_proba"),
    "text": (text, "predict_proba"),
    "text_long": (text_long, "predict_proba"),
    "svc_iris": (svc_iris, "predict"),
    "svc_2000": (svc_2000, "predict"),
    "one_class_svm": (one_class_svm, "decision_function"),
    "logistic_regression": (logistic_regression, "predict_proba"),
    "linear_regression": (linear_regression, "predict"),
    "mlp": (mlp, "predict_proba"),
    "neighbors": (neighbors, "predict"),
    "neighbors_tree": (neighbors_tree, "predict"),
    "gaussian_process": (gaussian_process, "predict"),
    "pca_k_means": (pca_k_means, "predict"),
    "knn_imputer": (knn_imputer, "transform"),
    "columns": (columns, "predict_proba"),
    "columns_boosting": (columns_boosting, "predict_proba"),
    "stacking": (stacking, "predict_proba"),
    "linear_100k": (linear_100k, "predict"),
    "vectorizer_200k": (vectorizer_200k, "transform"),
}


def main():
    top, names = Path(sys.argv[1]), sys.argv[2:]
    for name, (make, method) in CASES.items():
        folder = top / name
        if names and name not in names:
            continue
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "method").write_text(method)
        if (folder / "model.joblib").exists():
            continue
        print(f"making {name}", file=sys.stderr)
        model, rows, *fit = make()
        if isinstance(rows, list):
            (folder / "rows.txt").write_text("\n".join(rows) + "\n")
            (folder / "row.txt").write_text(rows[0] + "\n")
        elif isinstance(rows, np.ndarray):
            np.save(folder / "rows.npy", np.ascontiguousarray(rows))
            np.save(folder / "row.npy", np.ascontiguousarray(rows[:1]))
        else:
            rows.to_csv(folder / "rows.csv", index=False)
            rows[:1].to_csv(folder / "row.csv", index=False)
        if fit:
            joblib.dump(fit[0], folder / "fit.joblib")
        # The model last: where it is, the rest is.
        joblib.dump(model, folder / "making", compress=3 if name == "forest_digits" else 0)
        (folder / "making").rename(folder / "model.joblib")


if __name__ == "__main__":
    main()
