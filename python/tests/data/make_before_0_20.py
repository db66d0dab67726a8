"""Writes `before-VERSION.json`: small models of scikit-learn 0.17 to 0.19 whose state changed since, with what they answer.
Run it with each scikit-learn of the files there are; 0.17 needs Python 2.
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
from sklearn import covariance, decomposition, discriminant_analysis, ensemble, isotonic, kernel_approximation, kernel_ridge
from sklearn import linear_model, multiclass, neighbors, preprocessing, svm, tree
from sklearn.calibration import CalibratedClassifierCV
from sklearn.feature_extraction.text import TfidfTransformer, TfidfVectorizer
from sklearn.grid_search import GridSearchCV
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline

warnings.simplefilter("ignore")
random = np.random.RandomState(0)
X = random.normal(size=(40, 3)).round(2)
y = (X[:, 0] > 0).astype(int) + (X[:, 1] > 0.3)
two = (y > 0).astype(int)
target = X[:, 0] * 2 + X[:, 1]
holes = np.where(random.uniform(size=X.shape) < 0.2, np.nan, X)
codes = random.randint(0, 5, size=(40, 3))
flags = abs(X)
TEXTS = ["one two two", "three", "one three four"]
trees = {"n_estimators": 3, "max_depth": 2, "random_state": 0}

#: The model, the method, and the rows if they are not those of `X`.
models = {
    "bagging": (ensemble.BaggingClassifier(linear_model.LogisticRegression(), 3, random_state=0).fit(X, y), "predict_proba"),
    "ball tree": (neighbors.KNeighborsRegressor(3, algorithm="ball_tree").fit(X, target), "predict"),
    "boosting": (ensemble.GradientBoostingClassifier(**trees).fit(X, y), "predict_proba"),
    "boosting of two": (ensemble.GradientBoostingClassifier(**trees).fit(X, two), "predict_proba"),
    "boosting of numbers": (ensemble.GradientBoostingRegressor(loss="huber", **trees).fit(X, target), "predict"),
    "calibrated": (CalibratedClassifierCV(GaussianNB(), "isotonic").fit(X, y), "predict_proba"),
    "chi2": (kernel_ridge.KernelRidge(kernel="chi2", gamma=3).fit(flags, target), "predict", flags),
    "codes": (preprocessing.OneHotEncoder(sparse=False, handle_unknown="ignore").fit(codes), "transform", codes),
    "codes by number": (preprocessing.OneHotEncoder(n_values=6).fit(codes), "transform", codes),
    "counts": (TfidfTransformer(use_idf=False).fit(codes), "transform", codes),
    "envelope": (covariance.EllipticEnvelope(random_state=0).fit(X), "decision_function"),
    "forest": (ensemble.RandomForestClassifier(**trees).fit(X, y), "predict_proba"),
    "imputer": (preprocessing.Imputer(strategy="median").fit(holes), "transform", holes),
    "isotonic": (isotonic.IsotonicRegression(out_of_bounds="clip").fit(X[:, 0], target), "predict", X[:, 0]),
    "lda": (discriminant_analysis.LinearDiscriminantAnalysis().fit(X, two), "transform"),
    "nystroem": (kernel_approximation.Nystroem(n_components=5, random_state=0).fit(X), "transform"),
    "one class": (svm.OneClassSVM().fit(X), "predict"),
    "one versus rest": (multiclass.OneVsRestClassifier(linear_model.Ridge()).fit(X, y), "predict"),
    "pca": (decomposition.PCA(2, whiten=True).fit(X), "transform"),
    "qda": (discriminant_analysis.QuadraticDiscriminantAnalysis().fit(X, y), "predict_proba"),
    "randomized": (decomposition.RandomizedPCA(2, whiten=True, random_state=0).fit(X), "transform"),
    "search": (GridSearchCV(tree.DecisionTreeClassifier(random_state=0), {"max_depth": [1, 2]}).fit(X, y), "predict_proba"),
    "sgd": (make_pipeline(preprocessing.StandardScaler(), linear_model.SGDClassifier("log", random_state=0)).fit(X, two), "predict_proba"),
    "svc": (svm.SVC(decision_function_shape="ovo", probability=True, random_state=0).fit(X, y), "decision_function"),
    "tfidf": (TfidfVectorizer().fit(TEXTS), "transform", TEXTS),
    "tree": (tree.DecisionTreeClassifier(max_depth=2, random_state=0).fit(X, y), "predict_proba"),
    "trees embedded": (ensemble.RandomTreesEmbedding(**trees).fit(X), "transform"),
    "k-d tree": (neighbors.KNeighborsClassifier(3, algorithm="kd_tree").fit(X, y), "predict_proba"),
    "votes": (ensemble.VotingClassifier([("a", GaussianNB()), ("b", linear_model.LogisticRegression())], "soft").fit(X, y), "transform"),
}

cases = {}
for name, parts in models.items():
    model, method, rows = parts if len(parts) == 3 else parts + (X,)
    answer = getattr(model, method)(rows)
    answer = answer.toarray() if hasattr(answer, "toarray") else np.asarray(answer)
    axis = 1 if name == "votes" else 0
    cases[name] = {
        "model": base64.b64encode(zlib.compress(pickle.dumps(model, 2), 9)).decode(),
        "method": method,
        "rows": rows[:8] if isinstance(rows, list) else rows[:8].tolist(),
        "answer": answer.take(range(min(8, answer.shape[axis])), axis=axis).tolist(),
    }
path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "before-%s.json" % sklearn.__version__)
with open(path, "w") as file:
    json.dump(cases, file, sort_keys=True)
    file.write("\n")
sys.stdout.write("%s: %d models\n" % (path, len(cases)))
