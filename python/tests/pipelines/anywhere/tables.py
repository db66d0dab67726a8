# -*- coding: utf-8 -*-
"""What estimators are fitted on and asked about, as lines of source: any numpy makes the same of them."""

NUMBERS = "N = (random.normal(size=(60, 4)) * [1.0, 5.0, 0.5, 2.0]).round(3)"
SPLIT = "X, Q = N[:40], N[40:]"
#: Lines that make `X`, the rows `Q`, and `N0`, of which targets are made.
ROWS = {
    "numbers": [NUMBERS, SPLIT, "N0 = N[:, 0]"],
    "single": [NUMBERS, "N = N.astype(np.float32)", SPLIT, "N0 = N[:, 0].astype(float)"],
    "counts": ["N = random.poisson(2.0, size=(60, 4))", SPLIT, "N0 = N[:, 0] + 0.01 * np.arange(60)"],
    "positive": [NUMBERS, "N = np.abs(N)", SPLIT, "N0 = N[:, 0]"],
    "ties": ["N = random.randint(-2, 3, size=(60, 4)).astype(float)", SPLIT, "N0 = N[:, 0] + 0.01 * np.arange(60)"],
    "sparse": [NUMBERS, "N = scipy.sparse.csr_matrix(np.where(N > 0, N, 0))", SPLIT, "N0 = N.toarray()[:, 0] + 0.01 * np.arange(60)"],
    "missing": [NUMBERS, "N0 = N[:, 0].copy()", "N = np.where(random.uniform(size=N.shape) < 0.1, np.nan, N)", SPLIT],
    "frame": [
        NUMBERS,
        "N0 = N[:, 0]",
        "N = pd.DataFrame(N, columns=['a', 'b', 'c', 'd'])",
        "N.loc[::7, 'b'] = np.nan",
        "N['word'] = np.array(['red', 'green', 'blue', 'gray'], dtype=object)[random.randint(0, 4, size=60)]",
        SPLIT,
    ],
    "words": [
        "N = np.array([['red', 'green', 'blue', 'gray'][one] for one in random.randint(0, 4, size=180)], dtype=object).reshape(60, 3)",
        SPLIT,
        "N0 = random.normal(size=60)",
    ],
    "texts": [
        u"W = [u'the', u'Red', u'fox', u'jumps', u'over', u'a', u'lazy', u'dog', u'naïve', u'Ünder', u'x2', u'and', u'co-op', u'1.5', u'ΣΑΣ']",
        "N = [u' '.join(W[one] for one in random.randint(0, len(W), size=8)) for _ in range(60)]",
        SPLIT,
        "N0 = random.normal(size=60)",
    ],
}
TARGETS = {
    "two": "y = (N0 > np.median(N0)).astype(int)[:40]",
    "three": "y = np.array(['low', 'mid', 'top'])[np.digitize(N0, np.percentile(N0, [30, 70]))][:40]",
    "numbered": "y = np.array([7, -2, 3])[np.digitize(N0, np.percentile(N0, [30, 70]))][:40]",
    "bools": "y = (N0 > np.median(N0))[:40]",
    "labels": "y = np.column_stack([N0 > np.median(N0), random.uniform(size=60) > 0.5]).astype(int)[:40]",
    "number": "y = (3 * N0 + random.normal(size=60)).round(3)[:40]",
    "numbers": "y = np.column_stack([3 * N0, -N0 + random.normal(size=60)]).round(3)[:40]",
}
OF_NUMBERS = {
    "one": "Q[:1]",
    "fitted": "X",
    "float32": "Q.astype(np.float32)",
    "float64": "Q.astype(float)",
    "Fortran order": "np.asfortranarray(Q)",
    "far": "Q * 1000.0",
    "zeros": "np.zeros((2, Q.shape[1]))",
    "integers": "np.round(Q * 2).astype(int)",
    "missing": "np.where(np.arange(Q.size).reshape(Q.shape) == 5, np.nan, Q)",
    "infinite": "np.where(np.arange(Q.size).reshape(Q.shape) == 5, np.inf, Q)",
    "narrow": "Q[:, 1:]",
    "sparse": "scipy.sparse.csr_matrix(Q)",
    "frame": "pd.DataFrame(Q)",
}
#: The rows that are asked about, by what they are fitted on and by name; `Q` always.
QUESTIONS = {
    "sparse": {
        "one": "Q[:1]", "fitted": "X", "float32": "Q.astype(np.float32)", "by columns": "Q.tocsc()", "dense": "Q.toarray()",
        "narrow": "Q[:, 1:]", "empty rows": "scipy.sparse.csr_matrix((2, Q.shape[1]))",
    },
    "frame": {
        "one": "Q[:1]", "fitted": "X", "unseen": "Q.assign(word='violet')", "missing": "Q.assign(c=np.nan)",
        "reordered": "Q[['word', 'd', 'c', 'b', 'a']]", "more": "Q.assign(e=1.0)", "array": "Q.values",
    },
    "words": {"one": "Q[:1]", "fitted": "X", "unseen": "np.array([['violet', 'red', 'red']], dtype=object)", "narrow": "Q[:, 1:]"},
    "texts": {
        "one": "Q[:1]", "fitted": "X", "array": "np.array(Q, dtype=object)",
        "strange": u"[u'', u'ΣΑΣ naïve ünder', u'THE FOX', u'İstanbul ǅ ﬁne x² a_b']",
    },
}


def lines(kind, target, seed):
    return ["random = np.random.RandomState(%d)" % seed] + ROWS[kind] + [TARGETS[target]]


def questions(kind):
    return QUESTIONS.get(kind, OF_NUMBERS)
