"""Makes the models and the rows that the benchmarks ask: `python benches/models.py FOLDER`.

Each case is a folder with `model.joblib`, `rows.npy` (or `rows.txt`, or `rows.csv` with its columns' names) of (most
often) 10,000 rows, and `row.npy` with the first of them. What is there already is not made again.
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
    return RandomForestClassifier(200, random_state=0).fit(x, y), many(x)


def hist_gradient_boosting():
    from sklearn.datasets import make_classification
    from sklearn.ensemble import HistGradientBoostingClassifier

    x, y = make_classification(20_000, 50, n_informative=20, random_state=0)
    return HistGradientBoostingClassifier(max_iter=200, random_state=0).fit(x, y), x[:ROWS]


def gradient_boosting():
    from sklearn.datasets import make_regression
    from sklearn.ensemble import GradientBoostingRegressor

    x, y = make_regression(10_000, 20, noise=10, random_state=0)
    return GradientBoostingRegressor(n_estimators=200, random_state=0).fit(x, y), x


def svc_2000():
    from sklearn.svm import SVC

    random = np.random.default_rng(0)
    x, y = random.normal(size=(2_080, 64)), random.integers(0, 2, 2_080)
    return SVC().fit(x, y), random.normal(size=(ROWS, 64))


def svc_iris():
    from sklearn.datasets import load_iris
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from sklearn.svm import SVC

    x, y = load_iris(return_X_y=True)
    return make_pipeline(StandardScaler(), SVC()).fit(x, y), many(x)


def neighbors():
    from sklearn.neighbors import KNeighborsClassifier

    random = np.random.default_rng(0)
    x, y = random.normal(size=(10_000, 20)), random.integers(0, 5, 10_000)
    return KNeighborsClassifier().fit(x, y), random.normal(size=(ROWS, 20))


def logistic_regression():
    from sklearn.linear_model import LogisticRegression

    random = np.random.default_rng(0)
    x, y = random.normal(size=(2_000, 784)), random.integers(0, 10, 2_000)
    return LogisticRegression(max_iter=20).fit(x, y), random.normal(size=(ROWS, 784))


def text():
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    random = np.random.default_rng(0)
    letters = np.array(list("abcdefghijklmnopqrstuvwxyz"))
    words = ["".join(random.choice(letters, random.integers(3, 11))) for _ in range(8_000)]
    # A few words are frequent and most are rare, as in any language.
    often = 1 / np.arange(1, len(words) + 1)
    often /= often.sum()
    documents = [" ".join(random.choice(words, 30, p=often)).capitalize() + "." for _ in range(ROWS)]
    labels = random.choice(["ham", "spam"], ROWS)
    return make_pipeline(TfidfVectorizer(), LogisticRegression()).fit(documents, labels), documents


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


CASES = {
    "forest_250_mb": forest_250_mb,
    "forest_digits": forest_digits,
    "hist_gradient_boosting": hist_gradient_boosting,
    "gradient_boosting": gradient_boosting,
    "svc_2000": svc_2000,
    "svc_iris": svc_iris,
    "neighbors": neighbors,
    "logistic_regression": logistic_regression,
    "text": text,
    "columns": columns,
    "linear_100k": linear_100k,
    "vectorizer_200k": vectorizer_200k,
}


def main():
    top = Path(sys.argv[1])
    for name, make in CASES.items():
        folder = top / name
        if (folder / "model.joblib").exists():
            continue
        print(f"making {name}", file=sys.stderr)
        folder.mkdir(parents=True, exist_ok=True)
        model, rows = make()
        if isinstance(rows, list):
            (folder / "rows.txt").write_text("\n".join(rows) + "\n")
            (folder / "row.txt").write_text(rows[0] + "\n")
        elif isinstance(rows, np.ndarray):
            np.save(folder / "rows.npy", np.ascontiguousarray(rows))
            np.save(folder / "row.npy", np.ascontiguousarray(rows[:1]))
        else:
            rows.to_csv(folder / "rows.csv", index=False)
            rows[:1].to_csv(folder / "row.csv", index=False)
        # The model last: where it is, the rest is.
        joblib.dump(model, folder / "making", compress=3 if name == "forest_digits" else 0)
        (folder / "making").rename(folder / "model.joblib")


if __name__ == "__main__":
    main()
