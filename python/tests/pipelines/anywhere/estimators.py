"""Draws estimators of the scikit-learn at hand, as source: its classes, nested in each other, with hyperparameters.

Before 1.1 no class says what its hyperparameters may be. So the words are those between quotes in the documentation of
each, and numbers are near the default. Much of what is drawn cannot be fitted.
"""

import inspect
import os
import re
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "..", "..", "..", "fixtures", "catalog"))

import classes as catalog  # noqa: E402
import sklearn.base  # noqa: E402

try:
    from sklearn.experimental import enable_hist_gradient_boosting  # noqa: F401
except ImportError:
    pass

#: What is no part of what is learned, or costs time.
LEFT = {
    "base_estimator", "cache_size", "copy", "copy_X", "copy_X_train", "copy_x", "cv", "estimator", "estimators",
    "fit_path", "init", "max_fun", "memory", "memory_level", "n_jobs", "oob_score", "param_distributions", "param_grid",
    "random_state", "refit", "regressor", "preprocessor", "scoring", "steps", "tokenizer", "transformer",
    "transformer_list", "transformers", "verbose", "verbose_feature_names_out", "warm_start", "store_cv_values",
    "store_covariance",
}
#: How much at most, of what costs time or loses all columns.
MOST = {"n_estimators": 4, "max_iter": 30, "n_iter": 10, "degree": 3, "n_init": 2, "n_components": 3, "n_features": 64}
NOT_DRAWN = {
    "BernoulliRBM": "its scores are random numbers",
    "FastICA": "a fit that does not converge leaves rounding errors",
    "KernelCenterer": "takes kernels",
    "LSHForest": "is not supported",
    "LabelBinarizer": "takes targets",
    "LabelEncoder": "takes targets",
    "MultiLabelBinarizer": "takes targets",
    "PatchExtractor": "takes images",
    "SparseCoder": "takes a dictionary",
    "DictVectorizer": "takes dicts",
    "FeatureHasher": "takes dicts",
    "IsotonicRegression": "takes one column",
    "TransformedTargetRegressor": "is drawn with others",
}
#: What takes texts only.
OF_TEXTS = ("CountVectorizer", "TfidfVectorizer", "HashingVectorizer")
#: What holds others, or begins with what estimators have in common.
WRAPPERS = {
    "AdaBoostClassifier", "AdaBoostRegressor", "BaggingClassifier", "BaggingRegressor", "CalibratedClassifierCV",
    "ClassifierChain", "ColumnTransformer", "FeatureUnion", "FixedThresholdClassifier", "FrozenEstimator",
    "GridSearchCV", "HalvingGridSearchCV", "HalvingRandomSearchCV", "MultiOutputClassifier", "MultiOutputRegressor",
    "OneVsOneClassifier", "OneVsRestClassifier", "OutputCodeClassifier", "Pipeline", "RANSACRegressor", "RFE", "RFECV",
    "RandomizedSearchCV", "RegressorChain", "SelectFromModel", "SelfTrainingClassifier", "SequentialFeatureSelector",
    "StackingClassifier", "StackingRegressor", "TunedThresholdClassifierCV", "VotingClassifier", "VotingRegressor",
}
#: Defaults by which fits take long.
SMALL = {"n_estimators": 3, "max_iter": 25, "n_components": 2, "n_features": 32, "n_neighbors": 3}


def is_public(cls):
    name = cls.__name__
    is_abstract = bool(getattr(cls, "__abstractmethods__", None)) or name.startswith(("_", "Base"))
    # Of gradient boosting what it starts from, and what scikit-learn tests itself with.
    is_inner = cls.__module__ in ("sklearn.ensemble.gradient_boosting", "sklearn.utils._mocking", "sklearn.utils.mocking")
    is_inner = is_inner and not name.startswith("GradientBoosting")
    return issubclass(cls, sklearn.base.BaseEstimator) and not is_abstract and not is_inner and "externals" not in cls.__module__


def found():
    """Public classes by name."""
    result = {}
    for cls in catalog.classes(catalog.modules()).values():
        if is_public(cls):
            result[cls.__name__] = cls
    return result


CLASSES = found()


def kind_of(cls):
    """Classifier, regressor, transformer or something else; none for what answers nothing."""
    if not hasattr(cls, "transform") and not hasattr(cls, "predict"):
        return None
    for kind, mixin in [("classifier", sklearn.base.ClassifierMixin), ("regressor", sklearn.base.RegressorMixin)]:
        if issubclass(cls, mixin):
            return kind
    return "transformer" if hasattr(cls, "transform") else "other"


def leaves():
    result = {"classifier": [], "regressor": [], "transformer": [], "other": []}
    for name in sorted(CLASSES):
        kind = kind_of(CLASSES[name])
        if kind and name not in WRAPPERS and name not in NOT_DRAWN and name not in OF_TEXTS and not name.startswith("MultiTask"):
            result[kind].append(name)
    return result


LEAVES = leaves()


def defaults(cls):
    """The parameters of a class with their defaults."""
    init = getattr(cls.__init__, "deprecated_original", cls.__init__)
    try:
        if hasattr(inspect, "signature"):
            params = [(one.name, one.default) for one in inspect.signature(init).parameters.values() if one.kind not in (2, 4)]
            return dict((name, None if value is inspect.Parameter.empty else value) for name, value in params if name != "self")
        names, _, _, values = inspect.getargspec(init)
        values = [None] * (len(names) - len(values or ())) + list(values or ())
        return dict((name, value) for name, value in zip(names, values) if name != "self")
    except TypeError:
        return {}


def words(cls, param):
    """The words between quotes in what the class's documentation says of a parameter."""
    text = inspect.getdoc(cls) or ""
    match = re.search(r"^%s ?:(.*?)(?=^\S)" % re.escape(param), text, re.M | re.S)
    return sorted(set(re.findall(r"['\"]([a-zA-Z][\w-]{1,24})['\"]", match.group(1)))) if match else []


#: What is drawn for parameters that are neither word, number nor bool.
OTHERS = {
    "ngram_range": ["(1, 2)", "(2, 3)"],
    "feature_range": ["(-1, 2)"],
    "quantile_range": ["(10.0, 90.0)"],
    "percentiles": ["(0.1, 0.9)"],
    "class_weight": ["'balanced'"],
    "max_depth": ["1", "2", "4"],
    "max_leaf_nodes": ["3", "6"],
    "max_features": ["1", "2", "0.5", "'sqrt'", "'log2'", "None"],
    "n_components": ["1", "2", "3"],
    "hidden_layer_sizes": ["(5,)", "(4, 3)"],
    "gamma": ["0.1", "1.0", "'scale'", "'auto'"],
    "stop_words": ["'english'"],
    "vocabulary": ["[u'fox', u'dog', u'the']"],
    "threshold": ["0.1", "'mean'"],
    "outlier_label": ["-5"],
    "shrink_threshold": ["0.1"],
    "contamination": ["0.2", "'auto'"],
    "categories": ["'auto'"],
    "missing_values": ["0", "np.nan"],
}


class Draw(object):
    """Draws from a `random.Random`."""

    def __init__(self, random):
        self.random = random

    def choice(self, values):
        # `random.choice` of Python 2 and 3 draw differently, and no seed has to mean the same in both.
        return values[self.random.randrange(len(values))]

    def chance(self, share):
        return self.random.random() < share

    def estimator(self, kind, depth):
        if depth > 0 and self.chance(0.6):
            source = self.choice(getattr(self, kind + "_wrappers"))(self, kind, depth - 1)
            if source:
                return source
        return self.leaf(self.choice(LEAVES[kind]))

    def leaf(self, name, **fixed):
        cls = CLASSES[name]
        params = dict(fixed)
        known = defaults(cls)
        for param in sorted(known):
            if param not in params and param not in LEFT and self.chance(0.25):
                value = self.value(cls, param, known[param])
                if value is not None:
                    params[param] = value
            if param in SMALL and param not in params and isinstance(known[param], int) and not name.startswith(("Logistic", "SVC")):
                params[param] = str(SMALL[param])
        if "random_state" in known:
            params["random_state"] = "0"
        return "%s(%s)" % (name, ", ".join("%s=%s" % (param, params[param]) for param in sorted(params)))

    def value(self, cls, param, default):
        """The source of a value, or none."""
        options = list(OTHERS.get(param, []))
        options += [repr(str(word)) for word in words(cls, param) if word not in ("precomputed", "deprecated", "warn")]
        if isinstance(default, bool):
            options += ["True", "False"]
        elif isinstance(default, int):
            options += [str(min(MOST.get(param, 99), max(0, default + more))) for more in (-1, 1, 3)]
        elif isinstance(default, float) and default == default:
            options += [repr(default * share) for share in (0.1, 0.5, 2.0, 10.0)] if default else ["0.01", "0.3", "1.0"]
        return self.choice(options) if options else None

    def several(self, kind, depth, most=3):
        named = ["('%s%d', %s)" % (kind[0], at, self.estimator(kind, depth)) for at in range(1 + self.random.randrange(most))]
        return "[%s]" % ", ".join(named)

    # ------------------------------------------------------------------------------------------
    # What holds others; none of what this version does not have.

    def pipeline(self, kind, depth):
        steps = ["('t%d', %s)" % (at, self.estimator("transformer", depth)) for at in range(1 + self.random.randrange(2))]
        return "Pipeline([%s, ('last', %s)])" % (", ".join(steps), self.estimator(kind, depth))

    def search(self, kind, depth):
        name = self.choice(LEAVES[kind])
        inner = self.leaf(name)
        known = defaults(CLASSES[name])
        for param in self.random.sample(sorted(known), len(known)):
            value = None if param in LEFT or param + "=" in inner else self.value(CLASSES[name], param, known[param])
            if value is not None:
                return "GridSearchCV(%s, {'%s': [%s]}, cv=2)" % (inner, param, value)
        return "GridSearchCV(%s, {}, cv=2)" % inner

    def union(self, kind, depth):
        more = ", transformer_weights={'t0': 0.5}" if self.chance(0.3) else ""
        return "FeatureUnion(%s%s)" % (self.several("transformer", depth), more)

    def columns(self, kind, depth):
        if "ColumnTransformer" not in CLASSES:
            return None
        parts = []
        for at in range(1 + self.random.randrange(2)):
            part = self.choice(["'passthrough'", self.estimator("transformer", depth), self.estimator("transformer", depth)])
            parts.append("('c%d', %s, %s)" % (at, part, self.choice(["[0]", "[1, 0]", "slice(0, 2)", "[-1]"])))
        remainder = self.choice(["'drop'", "'passthrough'", "StandardScaler()"])
        return "ColumnTransformer([%s], remainder=%s)" % (", ".join(parts), remainder)

    def selected(self, kind, depth):
        inner = self.estimator(self.choice(["classifier", "regressor"]), 0)
        return self.choice(["SelectFromModel(%s)", "RFE(%s)", "SelectFromModel(%s, threshold='0.5*mean')"]) % inner

    def functions(self, kind, depth):
        return "FunctionTransformer(%s)" % self.choice(["np.log1p", "np.sqrt", "np.abs", "np.square", "None"])

    def of_frame(self, last):
        """A pipeline that begins with the columns of a DataFrame."""
        words = self.choice(["OneHotEncoder(handle_unknown='ignore')", "OneHotEncoder()", "OrdinalEncoder()"])
        imputer = "SimpleImputer(strategy=%s)" % self.choice(["'mean'", "'median'", "'most_frequent'"])
        numbers = "Pipeline([('impute', %s), ('scale', StandardScaler())])" % imputer
        rest = self.choice(["'drop'", "'drop'", "'passthrough'"])
        columns = "ColumnTransformer([('number', %s, ['a', 'b', 'c']), ('word', %s, ['word'])], remainder=%s)" % (numbers, words, rest)
        return "Pipeline([('columns', %s), ('last', %s)])" % (columns, last)

    def of_missing(self, last):
        name = "SimpleImputer" if "SimpleImputer" in CLASSES else "Imputer"
        if "KNNImputer" in CLASSES and self.chance(0.3):
            name = "KNNImputer"
        strategy = "" if name == "KNNImputer" else "strategy=%s" % self.choice(["'mean'", "'median'", "'most_frequent'"])
        return "Pipeline([('impute', %s(%s)), ('last', %s)])" % (name, strategy, last)

    def of_words(self, last):
        return "Pipeline([('code', %s), ('last', %s)])" % (self.choice(["OneHotEncoder(handle_unknown='ignore')", "OrdinalEncoder()"]), last)

    def of_texts(self, last):
        steps = ["('count', %s)" % self.leaf(self.choice(OF_TEXTS))]
        if self.chance(0.3):
            steps.append("('weigh', %s)" % self.leaf("TfidfTransformer"))
        if last:
            steps.append("('last', %s)" % last)
        return "Pipeline([%s])" % ", ".join(steps) if len(steps) > 1 else steps[0][len("('count', ") : -1]


def one_in(name, more=""):
    """`name` around an estimator of its kind."""

    def make(draw, kind, depth):
        return "%s(%s%s)" % (name, draw.estimator(kind, depth), more) if name in CLASSES else None

    return make


def several_in(name, more=("",)):
    def make(draw, kind, depth):
        return "%s(%s%s)" % (name, draw.several(kind, depth), draw.choice(more)) if name in CLASSES else None

    return make


def target_of(draw, kind, depth):
    if "TransformedTargetRegressor" not in CLASSES:
        return None
    more = draw.choice(["transformer=StandardScaler()", "func=np.arcsinh, inverse_func=np.sinh, check_inverse=False"])
    return "TransformedTargetRegressor(regressor=%s, %s)" % (draw.estimator("regressor", depth), more)


Draw.classifier_wrappers = [
    Draw.pipeline, Draw.pipeline, Draw.search,
    one_in("AdaBoostClassifier", ", n_estimators=2, random_state=0"),
    one_in("AdaBoostClassifier", ", n_estimators=2, algorithm='SAMME', random_state=0"),
    one_in("BaggingClassifier", ", n_estimators=2, random_state=0"),
    one_in("BaggingClassifier", ", n_estimators=2, max_features=0.6, random_state=0"),
    one_in("CalibratedClassifierCV", ", cv=2"),
    one_in("CalibratedClassifierCV", ", cv=2, method='isotonic'"),
    one_in("ClassifierChain"),
    one_in("MultiOutputClassifier"),
    one_in("OneVsOneClassifier"), one_in("OneVsRestClassifier"), one_in("OutputCodeClassifier", ", random_state=0"),
    one_in("SelfTrainingClassifier"), one_in("RFE"),
    several_in("VotingClassifier", ("", ", voting='soft'", ", voting='soft', flatten_transform=True")),
    several_in("StackingClassifier", (", cv=2", ", cv=2, passthrough=True", ", cv=2, stack_method='predict'")),
]
Draw.regressor_wrappers = [
    Draw.pipeline, Draw.pipeline, Draw.search, target_of,
    one_in("AdaBoostRegressor", ", n_estimators=2, random_state=0"),
    one_in("BaggingRegressor", ", n_estimators=2, max_features=0.6, random_state=0"),
    one_in("MultiOutputRegressor"), one_in("RegressorChain"), one_in("RANSACRegressor", ", random_state=0, min_samples=0.7"), one_in("RFE"),
    several_in("StackingRegressor", (", cv=2", ", cv=2, passthrough=True")), several_in("VotingRegressor"),
]
Draw.transformer_wrappers = [Draw.pipeline, Draw.union, Draw.union, Draw.columns, Draw.selected, Draw.functions]
Draw.other_wrappers = [Draw.pipeline]
