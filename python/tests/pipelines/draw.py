"""Draws estimators: classes of scikit-learn nested in each other, with hyperparameters that their constraints allow."""

import dataclasses
import numbers

import sklearn.base
import sklearn.utils._param_validation as validation
from estimators import CLASSES

import skiff


@dataclasses.dataclass(frozen=True)
class Node:
    """An unfitted estimator as source: a class and its arguments, which are source text, nodes, or lists of tuples of these."""

    name: str
    params: tuple

    def source(self):
        arguments = ", ".join(f"{name}={source(value)}" for name, value in self.params)
        return f"{self.name}({arguments})"

    def children(self):
        """The estimators within."""
        for _, value in self.params:
            yield from nodes_in(value)

    def names(self):
        """The classes of all estimators, itself included."""
        found = {self.name}
        for child in self.children():
            found |= child.names()
        return found


def source(value):
    if isinstance(value, Node):
        return value.source()
    if isinstance(value, list):
        return "[" + ", ".join(map(source, value)) + "]"
    if isinstance(value, tuple):
        return "(" + ", ".join(map(source, value)) + ("," if len(value) == 1 else "") + ")"
    return value


def nodes_in(value):
    if isinstance(value, Node):
        yield value
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from nodes_in(item)


#: What is no part of what is learned, or costs time.
LEFT = {
    "cache_size", "copy", "copy_X", "copy_X_train", "copy_x", "cv", "fit_path", "estimator", "estimators", "init", "max_fun", "memory", "n_jobs",
    "oob_score", "random_state", "refit", "scoring", "verbose", "warm_start",
}
#: What skiff opens: whether that is everything, another test asks.
KNOWN = {name.rpartition(".")[2] for name in skiff.supported()}
#: How much at most, of what costs time or loses all columns.
MOST = {"n_estimators": 4, "max_iter": 40, "degree": 3, "n_init": 2, "n_features_to_select": 2, "n_components": 3, "k": 2}
#: What is not drawn, and why.
NOT_DRAWN = {
    "BernoulliRBM": "its scores are random numbers",
    "FastICA": "a fit that does not converge leaves rounding errors",
    "GammaRegressor": "takes positive targets only",
    "IsotonicRegression": "takes one column",
    "LabelBinarizer": "takes targets",
    "LabelEncoder": "takes targets",
    "MultiLabelBinarizer": "takes targets",
    "KernelCenterer": "takes kernels",
    "PatchExtractor": "takes images",
    "PoissonRegressor": "takes positive targets only",
    "SparseCoder": "takes a dictionary",
    "ComplementNB": "takes positive rows only",
    "CategoricalNB": "takes categories only",
    "MultinomialNB": "takes positive rows only",
    "DictVectorizer": "takes dicts",
    "FeatureHasher": "takes dicts",
    "CountVectorizer": "takes texts",
    "HashingVectorizer": "takes texts",
    "TfidfVectorizer": "takes texts",
    "AdditiveChi2Sampler": "takes positive rows only",
    "SkewedChi2Sampler": "takes positive rows only",
    "PLSCanonical": "of few targets, it is made of rounding errors",
    "CCA": "of few targets, it is made of rounding errors",
    "GaussianProcessRegressor": "with a small `alpha`, large numbers cancel",
    "NuSVC": "its `nu` is infeasible for most targets",
    "TargetEncoder": "is drawn where there are categories",
    "OneHotEncoder": "is drawn where there are categories",
    "OrdinalEncoder": "is drawn where there are categories",
}
WRAPPERS = {
    "AdaBoostClassifier", "AdaBoostRegressor", "BaggingClassifier", "BaggingRegressor", "CalibratedClassifierCV", "ClassifierChain",
    "ColumnTransformer", "FeatureUnion", "FixedThresholdClassifier", "FrozenEstimator", "FunctionTransformer", "GridSearchCV",
    "HalvingGridSearchCV", "HalvingRandomSearchCV", "MultiOutputClassifier", "MultiOutputRegressor", "OneVsOneClassifier",
    "OneVsRestClassifier", "OutputCodeClassifier", "Pipeline", "RANSACRegressor", "RFE", "RFECV", "RandomizedSearchCV",
    "RegressorChain", "SelectFromModel", "SelfTrainingClassifier", "SequentialFeatureSelector", "StackingClassifier",
    "StackingRegressor", "TransformedTargetRegressor", "TunedThresholdClassifierCV", "VotingClassifier", "VotingRegressor",
    "IterativeImputer",
}


def leaves(kind):
    def is_wanted(name, cls):
        answers = {"transform", "predict"} & set(dir(cls))
        if name not in KNOWN or name in NOT_DRAWN or name in WRAPPERS or not answers or name.startswith("MultiTask"):
            return False
        is_predictor = hasattr(cls, "predict")
        is_classifier = issubclass(cls, sklearn.base.ClassifierMixin)
        is_regressor = issubclass(cls, sklearn.base.RegressorMixin)
        return {
            "classifier": is_classifier,
            "regressor": is_regressor,
            "transformer": hasattr(cls, "transform") and not is_classifier and not is_regressor,
            "other": is_predictor and not is_classifier and not is_regressor,
        }[kind]

    return sorted(name for name, cls in CLASSES.items() if is_wanted(name, cls))


LEAVES = {kind: leaves(kind) for kind in ("classifier", "regressor", "transformer", "other")}
IMPUTERS = ["SimpleImputer", "KNNImputer"]
FUNCTIONS = ["np.log1p", "np.sqrt", "np.abs", "np.square", "np.exp"]


class Draw:
    """Draws from a `random.Random`."""

    def __init__(self, random):
        self.random = random

    def estimator(self, kind, depth):
        """A classifier, a regressor, a transformer or something else, with others within up to a depth."""
        if depth > 0 and self.random.random() < 0.75:
            wrapper = self.random.choice(getattr(self, f"{kind}_wrappers")())
            return wrapper(depth - 1)
        return self.leaf(self.random.choice(LEAVES[kind]))

    def leaf(self, name, **fixed):
        """A class with some of its hyperparameters drawn."""
        cls, params = CLASSES[name], dict(fixed)
        if name in ("SimpleImputer", "MissingIndicator"):
            constraints = {}
        else:
            constraints = getattr(cls, "_parameter_constraints", {})
        drawn = {}
        for param, allowed in sorted(constraints.items()):
            if param not in params and param not in LEFT and allowed != "no_validation" and self.random.random() < 0.2:
                value = self.value(param, allowed)
                if value is not None:
                    drawn[param] = value
        params.update(drawn)
        if "random_state" in cls().get_params() if not fixed else "random_state" in constraints:
            params["random_state"] = "0"
        for param, most in [("n_estimators", 3), ("max_iter", 25)]:
            if param in constraints and param not in params and not name.startswith(("Logistic", "SVC", "Ridge")):
                params[param] = str(most)
        return Node(name, tuple(params.items()))

    def value(self, param, allowed):
        """The source of a value that the constraints allow."""
        options = [one for one in map(self.of_constraint, allowed, [param] * len(allowed)) if one is not None]
        return self.random.choice(options) if options else None

    def of_constraint(self, constraint, param):
        if constraint is None:
            return "None"
        if constraint == "boolean":
            return self.random.choice(["True", "False"])
        if isinstance(constraint, validation.StrOptions):
            known = sorted(constraint.options - constraint.deprecated - {"precomputed"})
            return repr(self.random.choice(known)) if known else None
        if isinstance(constraint, validation.Options):
            known = sorted((one for one in constraint.options if isinstance(one, (int, float, str, bool))), key=str)
            return repr(self.random.choice(known)) if known else None
        if isinstance(constraint, validation.Interval):
            return self.of_interval(constraint, param)
        return None

    def of_interval(self, interval, param):
        is_whole = interval.type is numbers.Integral
        low, high = interval.left, interval.right
        if is_whole:
            least = 0 if low is None else int(low) + (interval.closed in ("right", "neither"))
            most = least + 4 if high is None else min(int(high) - (interval.closed in ("left", "neither")), least + 4)
            most = max(least, min(most, MOST.get(param, most)))
            return str(self.random.randint(least, most))
        if low is not None and high is not None and high - low < 1e6:
            return repr(round(low + (high - low) * self.random.choice([0.1, 0.25, 0.5, 0.75, 0.9]), 4))
        start = 0.0 if low is None else float(low)
        return repr(round(start + self.random.choice([0.01, 0.1, 0.5, 1.0, 2.0]), 4))

    def named(self, kind, count, depth):
        return [(repr(f"{kind[0]}{number}"), self.estimator(kind, depth)) for number in range(count)]

    # ------------------------------------------------------------------------------------------
    # What holds others.

    def pipeline(self, kind):
        def make(depth):
            steps = [(repr(f"t{number}"), self.estimator("transformer", depth)) for number in range(self.random.randint(1, 3))]
            if self.random.random() < 0.1:
                steps.append(("'nothing'", "'passthrough'"))
            return Node("Pipeline", (("steps", [*steps, ("'last'", self.estimator(kind, depth))]),))

        return make

    def search(self, kind):
        def make(depth):
            inner = self.estimator(kind, depth)
            grid = self.grid(inner)
            name = self.random.choice(["GridSearchCV", "RandomizedSearchCV"])
            more = (("n_iter", "1"), ("random_state", "0")) if name == "RandomizedSearchCV" else ()
            return Node(name, (("estimator", inner), ("param_grid" if name[0] == "G" else "param_distributions", grid), ("cv", "2"), *more))

        return make

    def grid(self, node):
        """A grid of one parameter, or of none."""
        constraints = getattr(CLASSES[node.name], "_parameter_constraints", {})
        fixed = {name for name, _ in node.params}
        for param in self.random.sample(sorted(constraints), len(constraints)):
            if param in LEFT or param in fixed or constraints[param] == "no_validation" or param.startswith(("base_", "steps", "trans")):
                continue
            value = self.value(param, constraints[param])
            if value is not None:
                return f"{{{param!r}: [{value}]}}"
        return "{}"

    def one_in(self, name, inner, more=()):
        return lambda depth: Node(name, (("estimator", self.estimator(inner, depth)), *more))

    def several_in(self, name, kind, more=()):
        def make(depth):
            params = [("estimators", self.named(kind, self.random.randint(1, 3), depth))]
            for param, values in more:
                if self.random.random() < 0.5:
                    params.append((param, self.random.choice(values)))
            if name.startswith("Stacking"):
                params.append(("cv", "2"))
                if self.random.random() < 0.4:
                    params.append(("final_estimator", self.estimator(kind, 0)))
            return Node(name, tuple(params))

        return make

    def classifier_wrappers(self):
        one, several = self.one_in, self.several_in
        return [
            self.pipeline("classifier"),
            self.pipeline("classifier"),
            self.search("classifier"),
            one("AdaBoostClassifier", "classifier", (("n_estimators", "2"), ("random_state", "0"))),
            one("BaggingClassifier", "classifier", (("n_estimators", "2"), ("random_state", "0"))),
            one("BaggingClassifier", "classifier", (("n_estimators", "2"), ("max_features", "0.6"), ("random_state", "0"))),
            one("CalibratedClassifierCV", "classifier", (("cv", "2"),)),
            one("CalibratedClassifierCV", "classifier", (("cv", "2"), ("ensemble", "False"), ("method", "'isotonic'"))),
            one("CalibratedClassifierCV", "classifier", (("cv", "2"), ("method", "'temperature'"))),
            one("FixedThresholdClassifier", "classifier", (("threshold", "0.3"),)),
            one("TunedThresholdClassifierCV", "classifier", (("cv", "2"),)),
            one("OneVsOneClassifier", "classifier"),
            one("OneVsRestClassifier", "classifier"),
            one("OutputCodeClassifier", "classifier", (("random_state", "0"),)),
            one("MultiOutputClassifier", "classifier"),
            one("ClassifierChain", "classifier"),
            one("ClassifierChain", "classifier", (("order", "'random'"), ("random_state", "0"), ("cv", "2"))),
            one("SelfTrainingClassifier", "classifier"),
            one("RFE", "classifier"),
            several("StackingClassifier", "classifier", [("passthrough", ["True"]), ("stack_method", ["'predict'"])]),
            several("VotingClassifier", "classifier", [("voting", ["'soft'"])]),
        ]

    def regressor_wrappers(self):
        one, several = self.one_in, self.several_in
        return [
            self.pipeline("regressor"),
            self.pipeline("regressor"),
            self.search("regressor"),
            one("AdaBoostRegressor", "regressor", (("n_estimators", "2"), ("random_state", "0"))),
            one("BaggingRegressor", "regressor", (("n_estimators", "2"), ("max_features", "0.6"), ("random_state", "0"))),
            one("MultiOutputRegressor", "regressor"),
            one("RegressorChain", "regressor"),
            one("RANSACRegressor", "regressor", (("random_state", "0"), ("min_samples", "0.7"))),
            one("RFE", "regressor"),
            several("StackingRegressor", "regressor", [("passthrough", ["True"])]),
            several("VotingRegressor", "regressor", [("weights", ["None"])]),
            lambda depth: Node(
                "TransformedTargetRegressor",
                (("regressor", self.estimator("regressor", depth)), ("transformer", self.leaf("StandardScaler"))),
            ),
            lambda depth: Node(
                "TransformedTargetRegressor",
                (("regressor", self.estimator("regressor", depth)), ("func", "np.arcsinh"), ("inverse_func", "np.sinh"), ("check_inverse", "False")),
            ),
        ]

    def transformer_wrappers(self):
        return [
            self.pipeline("transformer"),
            self.union,
            self.union,
            self.columns,
            self.one_in("SelectFromModel", self.random.choice(["classifier", "regressor"])),
            self.one_in("RFE", self.random.choice(["classifier", "regressor"])),
            lambda depth: self.leaf("FunctionTransformer", func=self.random.choice(FUNCTIONS)),
            self.several_in("StackingRegressor", "regressor"),
            self.several_in("VotingRegressor", "regressor"),
        ]

    def other_wrappers(self):
        return [self.pipeline("other")]

    def union(self, depth):
        params = [("transformer_list", self.named("transformer", self.random.randint(1, 3), depth))]
        if self.random.random() < 0.3:
            params.append(("transformer_weights", "{'t0': 0.5}"))
        return Node("FeatureUnion", tuple(params))

    def columns(self, depth):
        choices = ["[0]", "[1, 0]", "slice(0, 2)", "[-1]", "[True, False, True, False]"]
        parts = [
            (repr(f"c{number}"), self.random.choice([self.estimator("transformer", depth), "'passthrough'"]), self.random.choice(choices))
            for number in range(self.random.randint(1, 2))
        ]
        remainder = self.random.choice(["'drop'", "'passthrough'", self.leaf("StandardScaler")])
        return Node("ColumnTransformer", (("transformers", parts), ("remainder", remainder)))

    def of_frame(self, last, numbers, words):
        """A pipeline that begins with the columns of a DataFrame."""
        encoder = self.random.choice(
            [
                Node("OneHotEncoder", (("handle_unknown", self.random.choice(["'ignore'", "'infrequent_if_exist'"])), ("min_frequency", "3"))),
                Node("OneHotEncoder", (("drop", "'first'"), ("sparse_output", "False"))),
                Node("OrdinalEncoder", (("handle_unknown", "'use_encoded_value'"), ("unknown_value", "-1"))),
                Node("TargetEncoder", (("cv", "2"), ("random_state", "0"))),
            ]
        )
        number = Node("Pipeline", (("steps", [("'impute'", self.leaf(self.random.choice(IMPUTERS))), ("'scale'", self.leaf("StandardScaler"))]),))
        remainder = self.random.choice(["'drop'", "'drop'", "'passthrough'"])
        parts = [("'number'", number, repr(numbers)), ("'word'", encoder, repr(words))]
        columns = Node("ColumnTransformer", (("transformers", parts), ("remainder", remainder)))
        return Node("Pipeline", (("steps", [("'columns'", columns), ("'last'", last)]),))

    def of_missing(self, last):
        return Node("Pipeline", (("steps", [("'impute'", self.leaf(self.random.choice(IMPUTERS))), ("'last'", last)]),))


def smaller(node):
    """Nodes that are a little simpler: one parameter or one part less, or a part in its place."""
    yield from node.children()
    for place, (name, value) in enumerate(node.params):
        rest = node.params[:place] + node.params[place + 1 :]
        if not list(nodes_in(value)):
            if name not in ("random_state", "cv", "steps", "transformers"):
                yield Node(node.name, rest)
            continue
        for simpler in smaller_values(value):
            yield Node(node.name, (*node.params[:place], (name, simpler), *node.params[place + 1 :]))


def smaller_values(value):
    if isinstance(value, Node):
        yield from smaller(value)
    elif isinstance(value, (list, tuple)):
        if isinstance(value, list) and len(value) > 1:
            for place in range(len(value)):
                yield value[:place] + value[place + 1 :]
        for place, item in enumerate(value):
            for simpler in smaller_values(item):
                yield type(value)([*value[:place], simpler, *value[place + 1 :]])
