"""Models and rows of three kinds, which every engine is asked about: a forest, a text pipeline, and columns of several
types with nulls."""

import pathlib
import pickle

import numpy as np
import pandas as pd
from sklearn.compose import make_column_transformer
from sklearn.ensemble import RandomForestClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, OneHotEncoder, StandardScaler

KINDS = ("forest", "text", "mixed")
NAMES = ["a", "b", "c", "d"]


def rows(kind, count, seed=0):
    """A table of rows, with a number for each."""
    rng = np.random.default_rng(seed)
    if kind == "forest":
        frame = pd.DataFrame(rng.normal(size=(count, 4)), columns=NAMES)
    elif kind == "text":
        words = rng.choice(["free", "prize", "mum", "late", "see", "you", "Grün", "007"], (count, 6))
        frame = pd.DataFrame({"text": [" ".join(row) for row in words], "n": rng.integers(0, 9, count)})
    else:
        frame = pd.DataFrame({
            "age": rng.integers(0, 90, count).astype(float),
            "fare": rng.normal(size=count).astype(np.float32),
            "alone": rng.integers(0, 2, count).astype(bool),
            "port": rng.choice(["C", "Q", "S"], count),
            "deck": rng.choice(["A", "B", "C"], count),
        })
        frame.loc[rng.random(count) < 0.1, "age"] = np.nan
        frame.loc[rng.random(count) < 0.1, "port"] = None
        frame.loc[rng.random(count) < 0.1, "deck"] = None
        frame["deck"] = frame["deck"].astype("category")
    frame.insert(0, "id", np.arange(count))
    return frame


def model(kind):
    """A model for rows of this kind."""
    frame = rows(kind, 500, seed=1)
    target = np.where(np.arange(500) % 3 == 0, "yes", "no")
    if kind == "forest":
        return RandomForestClassifier(20, random_state=0).fit(frame[NAMES], frame["a"] > frame["b"] * frame["c"])
    if kind == "text":
        columns = make_column_transformer((TfidfVectorizer(), "text"), (MinMaxScaler(), ["n"]))
        target = frame["text"].str.contains("free").map({True: "spam", False: "ham"})
        return make_pipeline(columns, LogisticRegression()).fit(frame[["text", "n"]], target)
    columns = make_column_transformer(
        (make_pipeline(SimpleImputer(), StandardScaler()), ["age", "fare"]),
        (OneHotEncoder(handle_unknown="ignore"), ["port", "deck", "alone"]),
    )
    return make_pipeline(columns, LogisticRegression()).fit(frame.drop(columns="id"), target)


def written(kind, folder, count, parts=3):
    """The model's file, and a folder of Parquet files."""
    folder = pathlib.Path(folder)
    path, data = folder / f"{kind}.pkl", folder / kind
    path.write_bytes(pickle.dumps(model(kind)))
    data.mkdir()
    frame = rows(kind, count)
    for part in range(parts):
        piece = frame.iloc[part * count // parts : (part + 1) * count // parts]
        piece.to_parquet(data / f"{part}.parquet", row_group_size=max(1, count // parts // 4), index=False, compression="zstd")
    return path, data
