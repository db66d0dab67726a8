"""Writes `changes-VERSION.json`: small models of the installed scikit-learn, whose answers change in later versions and whose
do not, with what they answer. Run it with each scikit-learn of the files there are.
"""

import base64
import json
import os
import pickle
import sys
import warnings
import zlib

import numpy as np
import sklearn
from sklearn import discriminant_analysis, ensemble, linear_model, preprocessing, tree
from sklearn.feature_extraction.text import TfidfVectorizer

warnings.simplefilter("ignore")
random = np.random.RandomState(0)
X = random.normal(size=(40, 3)).round(2)
y = (X[:, 0] > 0).astype(int) + (X[:, 1] > 0.3)
TEXTS = ["one two two", "three", "one three four"]
VERSION = tuple(int(part) for part in sklearn.__version__.split(".")[:2])

models = {
    "tree": (tree.DecisionTreeClassifier(max_depth=2, random_state=0).fit(X, y), "predict_proba"),
    "forest": (ensemble.RandomForestClassifier(n_estimators=3, max_depth=2, random_state=0).fit(X, y), "predict_proba"),
    "regressor": (ensemble.RandomForestRegressor(n_estimators=3, max_depth=2, random_state=0).fit(X, y), "predict"),
    "softmax": (linear_model.LogisticRegression(multi_class="multinomial", solver="lbfgs").fit(X, y), "predict_proba"),
    "rest": (linear_model.LogisticRegression(multi_class="ovr", solver="lbfgs").fit(X, y), "predict_proba"),
    "liblinear": (linear_model.LogisticRegression(solver="liblinear").fit(X, y), "predict_proba"),
    "two": (linear_model.LogisticRegression(solver="lbfgs").fit(X, y > 0), "predict_proba"),
    "boosting": (ensemble.AdaBoostClassifier(n_estimators=3, random_state=0).fit(X, y), "predict_proba"),
    "lda": (discriminant_analysis.LinearDiscriminantAnalysis().fit(X, y), "predict_proba"),
    "lda of two": (discriminant_analysis.LinearDiscriminantAnalysis().fit(X, y > 0), "predict_proba"),
    "max": (preprocessing.Normalizer("max").fit(X), "transform"),
    "l2": (preprocessing.Normalizer().fit(X), "transform"),
    "tfidf": (TfidfVectorizer().fit(TEXTS), "transform"),
    "counts": (TfidfVectorizer(use_idf=False).fit(TEXTS), "transform"),
}
if VERSION >= (1, 3):
    from sklearn.cross_decomposition import PLSRegression
    from sklearn.multiclass import OneVsRestClassifier

    models["pls"] = PLSRegression(2).fit(X * [1, 10, 100], X[:, 0] + y), "predict"
    models["one versus rest"] = OneVsRestClassifier(linear_model.LinearRegression()).fit(X, y), "predict"
if VERSION >= (1, 6):
    rare = np.array([["a"] * 20 + ["b"] * 20 + ["c"] * 1]).T
    encoder = preprocessing.OneHotEncoder(handle_unknown="warn", min_frequency=5, sparse_output=False)
    models["encoder"] = encoder.fit(rare), "transform"

cases = {}
for name, (model, method) in models.items():
    rows = TEXTS if hasattr(model, "vocabulary_") else [["a"], ["zz"]] if name == "encoder" else (X * [1, 10, 100] if name == "pls" else X)
    answer = getattr(model, method)(rows)
    answer = answer.toarray() if hasattr(answer, "toarray") else np.asarray(answer)
    rows = rows[:8]
    answer = answer[:8]
    cases[name] = {
        "model": base64.b64encode(zlib.compress(pickle.dumps(model, 2), 9)).decode(),
        "method": method,
        "rows": rows if isinstance(rows, list) else rows.tolist(),
        "answer": answer.tolist(),
    }
path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "changes-%s.json" % sklearn.__version__)
with open(path, "w") as file:
    json.dump(cases, file, sort_keys=True)
    file.write("\n")
sys.stdout.write("%s: %d models\n" % (path, len(cases)))
