"""`skiff serve` and a real Triton asked the same by Triton's clients, over HTTP and gRPC, for the same models.

Arguments: the command, the Python of an environment with `nvidia-pytriton`, and the document whose table is written anew.
A difference that is not listed here fails, and so does one that is listed and is none.
"""

import pathlib
import queue
import sys
import tempfile

import numpy as np
import test_serve as matrix
from servers import serving
from test_serve import PASSENGERS, ROWS, tensor, wanted
from triton_server import triton
from tritonclient.utils import InferenceServerException

EXAMPLES = matrix.EXAMPLES
BEGIN, END = "<!-- triton -->", "<!-- end of triton -->"
TYPES = {"FP64": "TYPE_FP64", "BYTES": "TYPE_STRING"}
#: The models, with inputs and outputs as their scikit-learn has them.
MODELS = {
    "iris-svc": ([("X", "TYPE_FP64", (-1, 4))], [("predict", "TYPE_STRING", (-1,)), ("decision_function", "TYPE_FP64", (-1, 3))]),
    "digits-forest": ([("X", "TYPE_FP64", (-1, 64))], [("predict", "TYPE_INT64", (-1,)), ("predict_proba", "TYPE_FP64", (-1, 10))]),
    "passengers": (
        [(name, TYPES[datatype], (-1,)) for name, (datatype, _) in PASSENGERS.items()],
        [("predict", "TYPE_STRING", (-1,)), ("predict_proba", "TYPE_FP64", (-1, 2))],
    ),
}
METADATA = "metadata: inputs, and the outputs that Triton was told of"
CONFIGURATION = "configuration: names, types and shapes"
COUNTS = "counts of requests and failures"
#: Why the two differ, by check.
NAMED = "iris-svc was fitted on a DataFrame: skiff lists its columns and takes `X` too; Triton's model was told of `X`"
DIFFERENCES = {
    METADATA: NAMED,
    CONFIGURATION: NAMED,
    "no outputs named": "skiff answers `predict`, Triton all outputs",
    "FP32 for FP64": "skiff takes it as scikit-learn takes float32, Triton refuses",
    "an unknown input": "skiff takes a single tensor of any name, Triton refuses",
    "classification": "skiff refuses",
    COUNTS: "what its Python model refuses, Triton counts as answered",
}


def failure(run):
    """The status of a request that is refused, or what it returned."""
    try:
        return run()
    except InferenceServerException as error:
        return ("refused", str(error.status()))


def replied(peer, reply, outputs):
    """Name, datatype, shape and elements of each output."""
    found = []
    for name in outputs:
        output = peer.as_dict(reply.get_output(name))
        cells = reply.as_numpy(name)
        found.append((name, output["datatype"], [int(length) for length in output["shape"]], cells.tolist()))
    response = peer.as_dict(reply.get_response())
    return found, response.get("id", ""), response["model_name"], response["model_version"]


def infer(peer, model, inputs, *outputs, **how):
    asked = wanted(peer, *outputs) if outputs else None
    reply = peer.client.infer(model, inputs, outputs=asked, **how)
    names = outputs or [output["name"] for output in peer.as_dict(reply.get_response())["outputs"]]
    return replied(peer, reply, names)


def flowers(peer, rows=ROWS, datatype="FP64", **how):
    return [tensor(peer, "X", np.asarray(rows), datatype, **how)]


def passengers(peer):
    return [tensor(peer, name, cells, datatype) for name, (datatype, cells) in PASSENGERS.items()]


def health(peer):
    client = peer.client
    models = [("iris-svc", ""), ("iris-svc", "1"), ("iris-svc", "2"), ("nobody", "")]
    return client.is_server_live(), client.is_server_ready(), [client.is_model_ready(*model) for model in models]


def metadata(peer):
    """Inputs, and the outputs that Triton was told of: skiff lists every method."""
    found = {}
    for model, (_, outputs) in MODELS.items():
        given = peer.as_dict(peer.client.get_model_metadata(model))
        column = lambda of: (of["name"], of["datatype"], [int(length) for length in of["shape"]])
        told = {name for name, _, _ in outputs}
        found[model] = (
            given["versions"],
            [column(of) for of in given["inputs"]],
            sorted(column(of) for of in given["outputs"] if of["name"] in told),
        )
    return found


def configuration(peer):
    found = {}
    for model, (_, outputs) in MODELS.items():
        given = peer.as_dict(peer.client.get_model_config(model))
        given = given.get("config", given)
        column = lambda of: (of["name"], of["data_type"], [int(length) for length in of["dims"]])
        told = {name for name, _, _ in outputs}
        found[model] = (
            given["name"],
            given.get("max_batch_size", 0),
            [column(of) for of in given["input"]],
            sorted(column(of) for of in given["output"] if of["name"] in told),
        )
    return found


def compressed(peer):
    found = []
    for algorithm in peer.compressions:
        http = {"request_compression_algorithm": algorithm, "response_compression_algorithm": algorithm}
        how = http if peer.module is matrix.tritonclient.http else {"compression_algorithm": algorithm}
        found.append(infer(peer, "iris-svc", flowers(peer), "predict", "decision_function", request_id="7", **how))
    return found


def json_tensors(peer):
    if peer.module is matrix.tritonclient.grpc:
        return None
    output = peer.module.InferRequestedOutput("decision_function", binary_data=False)
    reply = peer.client.infer("iris-svc", flowers(peer, binary_data=False), outputs=[output])
    return replied(peer, reply, ["decision_function"])


def integers(peer):
    rows = np.load(EXAMPLES / "digits.npy").astype(float)
    return infer(peer, "digits-forest", flowers(peer, rows), "predict")


def probabilities(peer):
    rows = np.load(EXAMPLES / "digits.npy").astype(float)
    return infer(peer, "digits-forest", flowers(peer, rows), "predict_proba")


def statistics(peer):
    def counts():
        (found,) = peer.as_dict(peer.client.get_inference_statistics("digits-forest"))["model_stats"]
        inference = found["inference_stats"]
        of = lambda outcome: int(inference[outcome].get("count", 0))
        return of("success"), of("fail")

    before = counts()
    rows = (np.zeros((3, 64)), np.zeros((1, 64)), np.full((1, 64), np.inf))
    answers = [failure(lambda: infer(peer, "digits-forest", flowers(peer, each), "predict")) for each in rows]
    assert answers[2][0] == "refused", answers[2]
    return answers, [after - count for after, count in zip(counts(), before)]


def repository(peer):
    def states():
        index = peer.as_dict(peer.client.get_model_repository_index())
        index = index["models"] if isinstance(index, dict) else index
        return sorted((entry["name"], entry.get("state", "")) for entry in index)

    found = [states()]
    peer.client.unload_model("digits-forest")
    for _ in range(100):
        if not peer.client.is_model_ready("digits-forest"):
            break
    found.append([state for state in states() if state[0] != "digits-forest"])
    found.append(failure(lambda: infer(peer, "digits-forest", flowers(peer, np.zeros((1, 64))), "predict"))[0])
    peer.client.load_model("digits-forest")
    return [*found, peer.client.is_model_ready("digits-forest"), failure(lambda: peer.client.load_model("nobody"))[0]]


def streamed(peer):
    if peer.module is matrix.tritonclient.http:
        return None
    answers = queue.Queue()
    peer.client.start_stream(callback=lambda result, error: answers.put((result, error)))
    for rows in (ROWS, ROWS * np.nan, ROWS[:1]):
        peer.client.async_stream_infer("iris-svc", flowers(peer, rows), outputs=wanted(peer, "predict"), request_id=str(len(rows)))
    found = [answers.get(timeout=30) for _ in range(3)]
    peer.client.stop_stream()
    return [(error is not None, result and replied(peer, result, ["predict"])) for result, error in found]


def refused(model, make, *outputs):
    return lambda peer: failure(lambda: infer(peer, model, make(peer), *outputs))


def classified(peer):
    output = peer.module.InferRequestedOutput("decision_function", class_count=1)
    return failure(lambda: bool(peer.client.infer("iris-svc", flowers(peer), outputs=[output])))


CHECKS = {
    "live, ready, ready models and versions": health,
    METADATA: metadata,
    CONFIGURATION: configuration,
    "binary tensors, uncompressed, gzip, deflate; the request's id": compressed,
    "tensors in JSON": json_tensors,
    "integers": integers,
    "probabilities of a forest": probabilities,
    "a tensor for each column, texts and NaN": lambda peer: infer(peer, "passengers", passengers(peer), "predict_proba", "predict"),
    "no outputs named": lambda peer: infer(peer, "iris-svc", flowers(peer)),
    "no rows": refused("iris-svc", lambda peer: flowers(peer, np.zeros((0, 4))), "predict"),
    "FP32 for FP64": refused("iris-svc", lambda peer: flowers(peer, ROWS.astype("f4"), "FP32"), "predict"),
    "an unknown model": refused("nobody", flowers, "predict"),
    "an unknown output": refused("iris-svc", flowers, "nothing"),
    "an unknown input": refused("iris-svc", lambda peer: [tensor(peer, "Y", ROWS, "FP64")], "predict"),
    "a missing column": refused("passengers", lambda peer: passengers(peer)[1:], "predict"),
    "three columns of four": refused("iris-svc", lambda peer: flowers(peer, ROWS[:, :3]), "predict"),
    "NaN where the model takes none": refused("iris-svc", lambda peer: flowers(peer, ROWS * np.nan), "predict"),
    "classification": classified,
    COUNTS: statistics,
    "index, unload, load": repository,
    "a stream, with an error in it": streamed,
}


def outcome(check, peers):
    """A cell of the table: whether both answer the same."""
    found = [failure(lambda: CHECKS[check](peer)) for peer in peers]
    if found == [None, None]:
        return "–"
    # Texts, so that NaN is NaN.
    if repr(found[0]) == repr(found[1]):
        return "the same"
    print(f"{check}, {peers[0].module.__name__}:\n  skiff  {str(found[0])[:400]}\n  Triton {str(found[1])[:400]}")
    return "differs"


def main():
    command, python, document = sys.argv[1:]
    models = {name: (EXAMPLES / f"{name}.joblib", *columns) for name, columns in MODELS.items()}
    lines, wrong = ["| | HTTP | gRPC | |", "|---|---|---|---|"], []
    with tempfile.TemporaryDirectory() as folder:
        with triton(python, pathlib.Path(folder), models) as other, serving(*(path for path, *_ in models.values())) as own:
            version = matrix.Http(other).client.get_server_metadata()["version"]
            peers = [[protocol(own), protocol(other)] for protocol in (matrix.Http, matrix.Grpc)]
            for check in CHECKS:
                cells = [outcome(check, both) for both in peers]
                why = DIFFERENCES.get(check, "")
                if ("differs" in cells) != bool(why):
                    wrong.append(check)
                lines.append(f"| {check} | {' | '.join(cells)} | {why} |")
    path = pathlib.Path(document)
    text = path.read_text()
    start, end = text.index(BEGIN) + len(BEGIN), text.index(END)
    path.write_text(f"{text[:start]}\nTriton {version}:\n\n" + "\n".join(lines) + f"\n{text[end:]}")
    sys.exit(f"unexpected: {wrong}" if wrong else 0)


main()
