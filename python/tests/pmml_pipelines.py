"""Pipelines on tables with columns of text and missing values, fitted here, as PMML documents asked by the JPMML evaluator:
COMMAND. Recorded cases have no such tables in front of models; `pmml_cases.py` has the others."""

import pathlib
import subprocess
import sys
import tempfile

import joblib
import numpy as np
import pandas as pd
from jpmml_evaluator import make_evaluator
from sklearn.cluster import KMeans
from sklearn.compose import make_column_transformer
from sklearn.ensemble import (
    BaggingClassifier, ExtraTreesRegressor, GradientBoostingClassifier, HistGradientBoostingClassifier,
    HistGradientBoostingRegressor, IsolationForest, RandomForestClassifier, StackingClassifier, VotingClassifier,
    VotingRegressor,
)  # fmt: skip
from sklearn.feature_selection import SelectKBest, VarianceThreshold
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression, LogisticRegression, PoissonRegressor, Ridge
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    KBinsDiscretizer, MaxAbsScaler, MinMaxScaler, OneHotEncoder, OrdinalEncoder, PolynomialFeatures, PowerTransformer,
    RobustScaler, StandardScaler,
)  # fmt: skip
from sklearn.svm import SVC, OneClassSVM
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

RANDOM = np.random.default_rng(3)
ROWS = 150
NUMBERS, TEXTS = ["age", "fare", "a b"], ["deck", "port"]


def table(has_missing):
    frame = pd.DataFrame(
        {
            "age": RANDOM.normal(30, 10, ROWS),
            "deck": RANDOM.choice(["A", "B", "C & <D>", "é"], ROWS),
            "fare": RANDOM.exponential(20, ROWS).round(1),
            "port": RANDOM.choice(["x", "y"], ROWS),
            "a b": RANDOM.normal(size=ROWS),
        }
    )
    if has_missing:
        for name in frame:
            frame.loc[RANDOM.random(ROWS) < 0.15, name] = np.nan
    return frame


FULL, GAPS = table(False), table(True)
SCORES = FULL["age"] / 10 + (FULL["deck"] == "A") + RANDOM.normal(size=ROWS)
BINARY = np.where(SCORES > SCORES.median(), "yes", "no")
THREE = pd.qcut(SCORES, 3, labels=False).to_numpy()


def columns(numbers, texts):
    return make_column_transformer((numbers, NUMBERS), (texts, TEXTS))


def filled(*rest):
    return make_pipeline(SimpleImputer(), *rest)


DENSE = OneHotEncoder(sparse_output=False, handle_unknown="ignore")
TEXT = make_pipeline(SimpleImputer(strategy="most_frequent"), OneHotEncoder(handle_unknown="ignore"))
ORDINAL = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1, encoded_missing_value=-2)


def models():
    """Names, estimators, tables and targets."""
    yield (
        "scaled linear",
        make_pipeline(columns(StandardScaler(), OneHotEncoder(drop="first")), LinearRegression()),
        FULL,
        SCORES,
    )
    yield "imputed ridge", make_pipeline(columns(filled(MinMaxScaler()), TEXT), Ridge()), GAPS, SCORES
    yield "indicator", make_pipeline(columns(SimpleImputer(add_indicator=True), DENSE), Ridge()), GAPS, SCORES
    yield "logistic", make_pipeline(columns(filled(RobustScaler()), TEXT), LogisticRegression()), GAPS, BINARY
    yield "logistic of three", make_pipeline(columns(filled(MaxAbsScaler()), TEXT), LogisticRegression()), GAPS, THREE
    yield "poisson", make_pipeline(columns(StandardScaler(), DENSE), PoissonRegressor()), FULL, np.exp(SCORES / 4)
    yield "tree", make_pipeline(columns("passthrough", ORDINAL), DecisionTreeClassifier(max_depth=5)), GAPS, BINARY
    yield "forest", make_pipeline(columns("passthrough", ORDINAL), RandomForestClassifier(10)), GAPS, THREE == 1
    yield (
        "extra trees",
        make_pipeline(columns(SimpleImputer(strategy="median"), TEXT), ExtraTreesRegressor(8)),
        GAPS,
        SCORES,
    )
    yield (
        "boosting",
        make_pipeline(columns(SimpleImputer(), TEXT), GradientBoostingClassifier(n_estimators=12)),
        GAPS,
        THREE,
    )
    categories = HistGradientBoostingClassifier(categorical_features=[3, 4], max_iter=15)
    yield (
        "histogram",
        make_pipeline(columns("passthrough", ORDINAL), HistGradientBoostingClassifier(max_iter=15)),
        GAPS,
        BINARY,
    )
    numbered = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=np.nan)
    yield "histogram of categories", make_pipeline(columns("passthrough", numbered), categories), GAPS, THREE
    by_dtype = HistGradientBoostingRegressor(categorical_features="from_dtype", max_iter=10)
    as_categories = FULL.astype({"deck": "category", "port": "category"})
    yield "histogram by dtype", by_dtype, as_categories, SCORES
    yield (
        "selected",
        make_pipeline(
            columns(filled(StandardScaler()), TEXT), VarianceThreshold(), SelectKBest(k=4), LogisticRegression()
        ),
        GAPS,
        BINARY,
    )
    yield (
        "bins",
        make_pipeline(columns(KBinsDiscretizer(4, quantile_method="averaged_inverted_cdf"), DENSE), Ridge()),
        FULL,
        SCORES,
    )
    yield "polynomial", make_pipeline(columns(PolynomialFeatures(2), DENSE), Ridge()), FULL, SCORES
    yield "power", make_pipeline(columns(PowerTransformer(), DENSE), SVC()), FULL, BINARY
    yield "network", make_pipeline(columns(StandardScaler(), DENSE), MLPClassifier((5, 4), max_iter=60)), FULL, THREE
    yield "bayes", make_pipeline(columns(StandardScaler(), DENSE), GaussianNB(var_smoothing=1e-2)), FULL, THREE
    yield "neighbors", make_pipeline(columns(StandardScaler(), DENSE), KNeighborsClassifier()), FULL, BINARY
    yield "clusters", make_pipeline(columns(StandardScaler(), DENSE), KMeans(3, n_init=1)), FULL, None
    yield "isolation", make_pipeline(columns("passthrough", DENSE), IsolationForest(n_estimators=20)), FULL, None
    yield "one class", make_pipeline(columns(StandardScaler(), DENSE), OneClassSVM(nu=0.2)), FULL, None
    soft = VotingClassifier([("l", LogisticRegression()), ("t", DecisionTreeClassifier(max_depth=3))], voting="soft")
    yield "soft votes", make_pipeline(columns(StandardScaler(), DENSE), soft), FULL, THREE
    mean = VotingRegressor([("l", Ridge()), ("t", DecisionTreeRegressor(max_depth=3))])
    yield "mean", make_pipeline(columns(StandardScaler(), DENSE), mean), FULL, SCORES
    stack = StackingClassifier(
        [("t", DecisionTreeClassifier(max_depth=3)), ("b", GaussianNB())], LogisticRegression(), cv=2
    )
    yield "stack", make_pipeline(columns(StandardScaler(), DENSE), stack), FULL, BINARY
    yield "bagging", make_pipeline(columns(StandardScaler(), DENSE), BaggingClassifier(n_estimators=5)), FULL, THREE


def near_thresholds(estimator, frame):
    """The table, with rows exactly on the numbers of other rows as `float32`, and next to them."""
    rows = [frame]
    for move in (0, np.inf, -np.inf):
        moved = frame.copy()
        for name in NUMBERS:
            single = moved[name].to_numpy(np.float32)
            moved[name] = (single if move == 0 else np.nextafter(single, np.float32(move))).astype(np.float64)
        rows.append(moved)
    return pd.concat(rows, ignore_index=True)


def compare(command, folder, name, estimator, frame, target):
    estimator.fit(frame, target)
    path, out = folder / "model.joblib", folder / "model.pmml"
    joblib.dump(estimator, path)
    done = subprocess.run([command, "export", path, out, "--force"], capture_output=True, text=True)
    if done.returncode:
        return f"refused: {done.stderr.splitlines()[0]}"
    asked = near_thresholds(estimator, frame)
    given = asked.astype({text: object for text in TEXTS})
    given = given.where(given.notna(), None) if given.isna().any().any() else given
    found = make_evaluator(str(out)).verify().evaluateAll(given)
    if "errors" in found and found["errors"].notna().any():
        return str(found["errors"].dropna().iloc[0])[:300]
    expected = estimator.predict(asked)
    if target is not None and np.asarray(target).dtype.kind == "f":
        apart = np.abs(found["y"].to_numpy(np.float64) - expected) / np.maximum(np.abs(expected), 1e-6)
        return f"{(apart > 1e-9).sum()} numbers differ, by {apart.max()}" if (apart > 1e-9).any() else None
    labels = found["cluster"].astype(int) if "cluster" in found else found["y"]
    differs = (labels.to_numpy(object) != expected.astype(object)).sum()
    if differs:
        return f"{differs} of {len(expected)} labels differ"
    if hasattr(estimator, "predict_proba"):
        shares = estimator.predict_proba(asked)
        names = [
            f"probability({str(label).lower() if isinstance(label, np.bool_) else label})"
            for label in estimator.classes_
        ]
        apart = np.abs(found[names].to_numpy(np.float64) - shares) / np.maximum(shares, 1e-6)
        return f"{(apart > 1e-9).sum()} probabilities differ, by {apart.max()}" if (apart > 1e-9).any() else None
    return None


def main():
    command, failures = pathlib.Path(sys.argv[1]), 0
    with tempfile.TemporaryDirectory() as folder:
        for count, (name, estimator, frame, target) in enumerate(models(), 1):
            what = compare(command, pathlib.Path(folder), name, estimator, frame, target)
            if what:
                failures += 1
                print(f"DIFFERS {name}: {what}", flush=True)
    sys.exit(f"{failures} of {count} pipelines differ" if failures else print(f"{count} pipelines are the same"))


if __name__ == "__main__":
    main()
