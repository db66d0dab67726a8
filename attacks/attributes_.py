"""Objects of scikit-learn with attributes that their classes cannot have, and values that do not belong there.

What is called is on the allow-list and harmless; that the file chooses it is the attack.
"""

import json


class Attributes:
    """Writes one attack each for a pickle and, where its parts can be written there, for a skops file."""

    def __init__(self, write, zipped, dumps, call, name):
        self.write, self.zipped, self.dumps, self.call, self.name = write, zipped, dumps, call, name

    def object(self, path, state):
        module, cls = path.rsplit(".", 1)
        return self.call(self.name("copyreg", "__newobj__"), self.name(module, cls), state=state)

    def pickle(self, name, value, tries):
        self.write(f"attribute-{name}.pkl", self.dumps(value), tries)

    def skops(self, name, root, tries):
        schema = json.dumps({**root, "protocol": 2, "_skops_version": "0.16.0"}).encode()
        self.write(f"attribute-{name}.skops", self.zipped([("schema.json", schema)]), tries)


SCALER = "sklearn.preprocessing._data.StandardScaler"
LINEAR = "sklearn.linear_model._base.LinearRegression"
ISOTONIC = "sklearn.isotonic.IsotonicRegression"
STACKING = "sklearn.ensemble._stacking.StackingRegressor"
PIPELINE = "sklearn.pipeline.Pipeline"


def attributes(write, zipped, dumps, call, name):
    make = Attributes(write, zipped, dumps, call, name)
    pickles(make)
    skops(make)


def pickles(make):
    exp, clip = make.name("numpy", "exp"), make.name("numpy", "clip")

    def of(path, **state):
        return make.object(path, state)

    for path in (LINEAR, "sklearn.svm._classes.SVC", "sklearn.ensemble._forest.RandomForestClassifier", PIPELINE):
        cls = path.rsplit(".", 1)[1]
        for method in ("predict", "get_params", "fit", "_validate_params", "_check_n_features"):
            make.pickle(f"{method}-{cls}", of(path, **{method: exp}), f"{cls}.{method} replaced by a function")
    passthrough = of("sklearn.metrics._scorer._PassthroughScorer", _estimator=1)
    for function, what in ((exp, "function"), (passthrough, "scorer")):
        make.pickle(f"build-f-{what}", of(ISOTONIC, X_thresholds_=1.0, y_thresholds_=1.0, _build_f=function),
                    f"IsotonicRegression._build_f, which is called while it is loaded, replaced by a {what}")
    replaced = of(LINEAR, get_params=clip)
    make.pickle("version-repr", of(SCALER, _sklearn_version=replaced),
                "a version that is an estimator: formatting it for a warning calls its get_params")
    make.pickle("version-list", of(SCALER, _sklearn_version=[replaced]), "a version that is a list of an estimator")
    make.pickle("stack-method", of(STACKING, estimators_=[of(LINEAR)], stack_method_=["__setstate__"], final_estimator_=None),
                "a method of an estimator, by a name that the file holds")
    namespace = make.call(make.name("types", "SimpleNamespace"), state={"predict": exp})
    make.pickle("namespace", of(STACKING, estimators_=[namespace], stack_method_=["predict"]), "a namespace among estimators")
    make.pickle("bunch", of(PIPELINE, steps=[("a", make.object("sklearn.utils._bunch.Bunch", {"predict": exp}))]),
                "a bunch of functions as a step")
    booster = make.name("xgboost.core", "Booster")
    make.pickle("class-as-function", of("sklearn.preprocessing._function_transformer.FunctionTransformer", func=booster),
                "a class that opens the file that a row names, as the function of a FunctionTransformer")
    for field in ("coef_", "n_features_in_", "classes_", "tol", "_own"):
        make.pickle(f"function-in-{field}", of("sklearn.linear_model._logistic.LogisticRegression", **{field: exp}),
                    f"a function in {field}")
    for dunder in ("__class__", "__array__", "__sklearn_tags__"):
        make.pickle(dunder.strip("_"), of(SCALER, **{dunder: exp}), f"an attribute {dunder}")
    ordered = make.call(make.name("collections", "OrderedDict"))
    for state, what in ((ordered, "ordered"), (namespace, "namespace"), ((None, {"predict": exp}), "slots")):
        make.pickle(f"state-{what}", make.object(LINEAR, state), "a state that is no dict")


def skops(make):
    def node(module, name, loader, number, content=None, **more):
        return {"__class__": name, "__module__": module, "__loader__": loader, "__id__": number, "content": content, **more}

    def texts(number, values):
        keys = [node("builtins", "str", "TypeNode", number + 2 + i) for i in range(len(values))]
        types = node("builtins", "list", "ListNode", number + 1, keys)
        return node("builtins", "dict", "DictNode", number, values, key_types=types)

    exp = node("numpy", "exp", "FunctionNode", 50)
    for path, field in ((LINEAR, "predict"), (ISOTONIC, "_build_f"), (SCALER, "get_params")):
        module, cls = path.rsplit(".", 1)
        make.skops(f"{field}-{cls}", node(module, cls, "ObjectNode", 1, texts(2, {field: exp})),
                   f"{cls}.{field} replaced by a function")
    items = texts(2, {"predict": exp})
    items.update(__module__="collections", __class__="OrderedDict")
    module, cls = LINEAR.rsplit(".", 1)
    make.skops("state-ordered", node(module, cls, "ObjectNode", 1, items), "a state that is no dict")
    empty = node("builtins", "tuple", "TupleNode", 60, [])
    for loader in ("TreeNode", "LossNode"):
        root = node(module, cls, loader, 1, texts(2, {"predict": exp}), __reduce__={"args": empty})
        make.skops(f"by-{loader}", root, f"an estimator in {loader}, which calls what the file names")
