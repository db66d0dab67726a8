"""Recorded models as ONNX files that skl2onnx converts, for inputs of float64: what `cargo xtask peers onnx` compares with."""

import re
import signal
import warnings

import joblib
import onnxruntime
import skl2onnx
from skl2onnx.common.data_types import DoubleTensorType

#: The options with which an output holds the answer of a method, tried in this order, and which output.
OUTPUTS = {
    "predict": ([{"zipmap": False}, {}], 0),
    "predict_proba": ([{"zipmap": False}], 1),
    "decision_function": ([{"zipmap": False, "raw_scores": True}, {"raw_scores": True}, {}], 1),
    "score_samples": ([{"score_samples": True}], 2),
    "transform": ([{}], 0),
}
#: After how many seconds a conversion is given up: not all of those of ensembles end.
MOST_SECONDS = 20
#: Those whose file has the labels of clusters first.
CLUSTERS = {"KMeans", "MiniBatchKMeans"}


class Output:
    """A session of one output."""

    def __init__(self, ready, name, is_list):
        self.ready, self.name, self.is_list = ready, name, is_list

    def get_inputs(self):
        return self.ready.get_inputs()

    def get_modelmeta(self):
        return self.ready.get_modelmeta()

    def run(self, _, given):
        (answer,) = self.ready.run([self.name], given)
        # A number for each row is a column there.
        is_column = self.is_list and answer.ndim == 2 and answer.shape[1] == 1
        return [answer[:, 0] if is_column else answer]


def session(command, path, folder, at, method):
    """onnxruntime on one method of the model; none where skl2onnx does not convert it."""
    if method not in OUTPUTS:
        return None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        signal.signal(signal.SIGALRM, give_up)
        signal.alarm(MOST_SECONDS)
        try:
            return converted(member(joblib.load(path), at), method)
        except Exception:  # Whatever it raises, it is not converted.
            return None
        finally:
            signal.alarm(0)


def give_up(*_):
    raise TimeoutError


def converted(model, method):
    choices, place = OUTPUTS[method]
    name = type(model).__name__
    if name in CLUSTERS and method == "transform":
        place = 1
    initial = [("X", DoubleTensorType([None, model.n_features_in_]))]
    for options in choices:
        try:
            settings = {id(model): options} if options else None
            onnx = skl2onnx.convert_sklearn(model, initial_types=initial, options=settings)
        except (NameError, TypeError, ValueError, RuntimeError):
            continue
        quiet = onnxruntime.SessionOptions()
        quiet.log_severity_level = 4
        quiet.intra_op_num_threads = 1
        ready = onnxruntime.InferenceSession(onnx.SerializeToString(), quiet, providers=["CPUExecutionProvider"])
        is_list = method in ("predict", "decision_function", "score_samples")
        return Output(ready, ready.get_outputs()[place].name, is_list)
    return None


def member(model, at):
    """What is at a path such as ``estimators_[0].steps[1][1]``."""
    for attribute, index in re.findall(r"(\w+)|\[(\d+)\]", at or ""):
        model = getattr(model, attribute) if attribute else model[int(index)]
    return model
