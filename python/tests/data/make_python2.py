"""Writes the files of Python 2 that `test_load.py` reads: run it with Python 2.7 and scikit-learn 0.20, in this folder."""

import pickle

import joblib
import numpy as np
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.naive_bayes import GaussianNB

X = np.random.RandomState(0).normal(size=(12, 3)) * 1e5
LABELS = np.array(["no", "yes"] * 6)

bayes = GaussianNB().fit(X, LABELS)
words = CountVectorizer().fit([u"caf\xe9 na\xefve", u"plain words"])
for protocol in range(3):
    with open("python2/bayes.%d.pkl" % protocol, "wb") as file:
        pickle.dump(bayes, file, protocol)
    with open("python2/words.%d.pkl" % protocol, "wb") as file:
        pickle.dump(words, file, protocol)
joblib.dump(bayes, "python2/bayes.joblib", compress=3)
