"""Makes the models of this folder, with scikit-learn 1.9 and pandas 3.1: `python make.py`."""

import pathlib
import pickle

import numpy as np
import pandas as pd
from sklearn.compose import make_column_transformer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

FOLDER = pathlib.Path(__file__).parent


def write(name, model):
    (FOLDER / f"{name}.pkl").write_bytes(pickle.dumps(model))


one_hot = OneHotEncoder(handle_unknown="ignore", sparse_output=False)

zips = pd.DataFrame({"zip": np.array(["01234", "12345", "A1"], dtype=object), "n": [1, 2, 3]})
write("zip-codes", make_column_transformer((one_hot, ["zip"]), remainder="passthrough").fit(zips))

bools = pd.DataFrame({"b": np.array([True, False, np.nan, True], dtype=object), "n": [1, 2, 3, 4]})
columns = make_column_transformer((OneHotEncoder(handle_unknown="ignore"), ["b"]), remainder="passthrough")
write("bool-and-missing", make_pipeline(columns, LogisticRegression()).fit(bools, [0, 0, 1, 1]))

texts = pd.DataFrame({"b": np.array(["x", "y", np.nan], dtype=object)})
write("text-and-missing", OneHotEncoder(handle_unknown="ignore", sparse_output=False).fit(texts))

numbers = pd.DataFrame({"n": [1, 2, 3], "m": [4, 5, 6]})
write("passthrough", make_column_transformer(("passthrough", ["n", "m"])).fit(numbers))
