"""Writes `methods-VERSION.json`: small models of the installed scikit-learn whose `score` or names of columns later versions
have otherwise, and what they answer. Run it with each scikit-learn of the files there are.
"""

import base64
import json
import os
import pickle
import sys
import warnings
import zlib

import numpy as np
import pandas as pd
import sklearn
from sklearn.compose import ColumnTransformer, TransformedTargetRegressor
from sklearn.feature_extraction import DictVectorizer
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.feature_selection import RFE, SelectFromModel
from sklearn.linear_model import LinearRegression
from sklearn.multioutput import MultiOutputRegressor, RegressorChain
from sklearn.naive_bayes import BernoulliNB, MultinomialNB
from sklearn.neighbors import KNeighborsRegressor
from sklearn.pipeline import FeatureUnion, make_pipeline
from sklearn.preprocessing import OneHotEncoder, PolynomialFeatures, StandardScaler

warnings.simplefilter("ignore")
random = np.random.RandomState(0)
X = random.normal(size=(30, 3)).round(2)
Y = np.column_stack([3 * X[:, 0], X[:, 1] + random.normal(size=30)]).round(2)
COUNTS = random.poisson(2.0, size=(30, 3))
CLASSES = np.arange(30) % 3
TEXTS = ["one two two", "three", "one three four"]
WORDS = np.array([["red", "x"], ["blue", "y"], ["red", "y"]], dtype=object)
FRAME = pd.DataFrame({"a": [1.0, 2.0, 3.0], "word": ["red", "blue", "red"], "text": TEXTS})
VERSION = tuple(int(part) for part in sklearn.__version__.split(".")[:2])

cases = {}


def add(name, model, method, *given):
    answer = getattr(model, method)(*given)
    cases[name] = {
        "model": base64.b64encode(zlib.compress(pickle.dumps(model, 2), 9)).decode(),
        "method": method,
        "given": [np.asarray(one).tolist() for one in given],
        "answer": np.asarray(answer).tolist(),
        "is_list": isinstance(answer, list),
    }


add("one target", LinearRegression().fit(X, Y[:, 0]), "score", X, Y[:, 0])
add("two targets", LinearRegression().fit(X, Y), "score", X, Y)
add("a constant target", LinearRegression().fit(X, Y), "score", X, Y * [0, 1])
add("constant targets", LinearRegression().fit(X, Y), "score", X, Y * 0)
add("two targets of neighbors", KNeighborsRegressor(3).fit(X, Y), "score", X, Y)
add("two targets behind others", make_pipeline(StandardScaler(), LinearRegression()).fit(X, Y), "score", X, Y)
add("two targets, transformed", TransformedTargetRegressor(LinearRegression(), transformer=StandardScaler()).fit(X, Y), "score", X, Y)
add("one regressor for each", MultiOutputRegressor(LinearRegression()).fit(X, Y), "score", X, Y)
add("one behind the other", RegressorChain(LinearRegression()).fit(X, Y), "score", X, Y)
add("selected", RFE(LinearRegression(), n_features_to_select=2).fit(X, Y[:, 0]), "score", X, Y[:, 0])

add("names of words", CountVectorizer().fit(TEXTS), "get_feature_names")
add("names of weighted words", TfidfVectorizer(ngram_range=(1, 2)).fit(TEXTS), "get_feature_names")
add("names of keys", DictVectorizer().fit([{"b": 1.0, "a": "x"}]), "get_feature_names")
add("names of powers", PolynomialFeatures(2).fit(X), "get_feature_names")
add("names of categories", OneHotEncoder().fit(WORDS), "get_feature_names")
union = FeatureUnion([("count", CountVectorizer()), ("weigh", TfidfVectorizer())])
add("names of a union", union.fit(TEXTS), "get_feature_names")
columns = [("word", OneHotEncoder(), ["word"]), ("text", CountVectorizer(), "text")]
add("names of columns", ColumnTransformer(columns).fit(FRAME), "get_feature_names")
if VERSION >= (0, 23):
    add("names of the rest", ColumnTransformer(columns, remainder="passthrough").fit(FRAME), "get_feature_names")
    numbered = ColumnTransformer([("power", PolynomialFeatures(2), [2, 0])], remainder="passthrough")
    add("names of numbered columns", numbered.fit(X), "get_feature_names")

add("by weights of naive Bayes", SelectFromModel(MultinomialNB()).fit(COUNTS, CLASSES), "transform", COUNTS)
add("by weights of two classes", SelectFromModel(BernoulliNB(), threshold="1.01*median").fit(COUNTS > 2, CLASSES > 0), "transform", COUNTS)

path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "methods-%s.json" % sklearn.__version__)
with open(path, "w") as out:
    json.dump(cases, out, sort_keys=True)
    out.write("\n")
print(sys.version.split()[0], sklearn.__version__, len(cases))
