"""What drawn estimators are fitted on and asked about, as source: whoever reads a disagreement can run it."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Data:
    """Lines that make `X`, `y` and the rows `Q`, and expressions for what is asked."""

    kind: str
    target: str
    seed: int

    def lines(self):
        return [f"random = np.random.RandomState({self.seed})", *ROWS[self.kind], *TARGETS[self.target]]

    def questions(self):
        """The rows to ask about, by name."""
        return QUESTIONS.get(self.kind, QUESTIONS["numbers"])


NUMBERS = ["N = random.normal(size=(60, 4)).round(3) * [1.0, 5.0, 0.5, 2.0]", "X, Q = N[:40], N[40:]"]
ROWS = {
    "numbers": NUMBERS,
    "single": [*NUMBERS, "X, Q = X.astype(np.float32), Q.astype(np.float32)"],
    "counts": ["N = random.poisson(2.0, size=(60, 4))", "X, Q = N[:40], N[40:]"],
    "positive": [*NUMBERS, "N = np.abs(N)", "X, Q = N[:40], N[40:]"],
    "sparse": [*NUMBERS, "N = scipy.sparse.csr_matrix(np.where(N > 0, N, 0))", "X, Q = N[:40], N[40:]"],
    "missing": [*NUMBERS, "N = np.where(random.uniform(size=N.shape) < 0.1, np.nan, N)", "X, Q = N[:40], N[40:]"],
    "frame": [
        *NUMBERS,
        "N = pd.DataFrame(N, columns=['a', 'b', 'c', 'd'])",
        "N.loc[::7, 'b'] = np.nan",
        "N['word'] = np.array(['red', 'green', 'blue', 'gray'])[random.randint(0, 4, size=60)]",
        "N['flag'] = random.uniform(size=60) > 0.5",
        "X, Q = N[:40], N[40:]",
    ],
}
TARGETS = {
    "two": ["y = (N0 > np.median(N0)).astype(int)[:40]"],
    "three": ["y = np.array(['low', 'mid', 'top'])[np.digitize(N0, np.quantile(N0, [0.3, 0.7]))][:40]"],
    "labels": ["y = np.column_stack([N0 > np.median(N0), random.uniform(size=len(N0)) > 0.5]).astype(int)[:40]"],
    "number": ["y = (3 * N0 + random.normal(size=len(N0))).round(3)[:40]"],
    "numbers": ["y = np.column_stack([3 * N0, -N0 + random.normal(size=len(N0))]).round(3)[:40]"],
}
#: The first column, of which targets are made.
FIRST = {
    "frame": "N0 = N['a'].to_numpy()",
    "sparse": "N0 = N.toarray()[:, 0] + 0.01 * np.arange(60)",
    "missing": "N0 = np.nan_to_num(N[:, 0]) + 0.01 * np.arange(60)",
}
for kind, lines in ROWS.items():
    lines = ROWS[kind] = [*lines, FIRST.get(kind, "N0 = N[:, 0] + 0.01 * np.arange(60)")]

QUESTIONS = {
    "numbers": {
        "rows": "Q",
        "one": "Q[:1]",
        "none": "Q[:0]",
        "fitted": "X",
        "float32": "Q.astype(np.float32)",
        "float64": "Q.astype(float)",
        "Fortran order": "np.asfortranarray(Q)",
        "list": "Q.tolist()",
        "integers": "np.round(Q * 2).astype(int)",
        "bytes": "np.round(Q * 20).astype(np.int8)",
        "unsigned": "np.abs(np.round(Q * 30)).astype(np.uint8)",
        "bools": "Q > 0",
        "missing": "np.where(np.arange(Q.size).reshape(Q.shape) == 5, np.nan, Q)",
        "infinite": "np.where(np.arange(Q.size).reshape(Q.shape) == 5, np.inf, Q)",
        "narrow": "Q[:, 1:]",
        "sparse": "scipy.sparse.csr_matrix(Q)",
        "frame": "pd.DataFrame(Q)",
        "objects": "Q.astype(object)",
    },
    "sparse": {
        "rows": "Q",
        "one": "Q[:1]",
        "none": "Q[:0]",
        "fitted": "X",
        "float32": "Q.astype(np.float32)",
        "by columns": "Q.tocsc()",
        "dense": "Q.toarray()",
        "narrow": "Q[:, 1:]",
    },
    "frame": {
        "rows": "Q",
        "one": "Q[:1]",
        "none": "Q[:0]",
        "fitted": "X",
        "unseen": "Q.assign(word='violet')",
        "missing": "Q.assign(c=np.nan, word=None)",
        "reordered": "Q[['flag', 'word', 'd', 'c', 'b', 'a']]",
        "more": "Q.assign(e=1.0)",
        "renamed": "Q.rename(columns={'a': 'A'})",
        "array": "Q.to_numpy()",
        "float32": "Q.astype({'a': np.float32, 'c': np.float32})",
        "categories": "Q.astype({'word': 'category'})",
    },
}
