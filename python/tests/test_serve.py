"""`skiff serve`, asked by Triton's own clients over HTTP and gRPC: each entry of the matrix by both."""

import datetime
import http.client
import ipaddress
import queue
import ssl
import subprocess
import urllib.error
import urllib.request

import grpc
import numpy as np
import pandas as pd
import pytest
import skiff
import tritonclient.grpc
import tritonclient.http
from conftest import COMMAND, ROOT
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from google.protobuf.json_format import MessageToDict
from servers import serving
from tritonclient.grpc import service_pb2, service_pb2_grpc
from tritonclient.utils import InferenceServerException

EXAMPLES = ROOT / "examples"
ROWS = np.array([[5.1, 3.5, 1.4, 0.2], [6.7, 3.0, 5.2, 2.3]])
PASSENGERS = {
    "rank": ("FP64", np.array([3.0, 1.0])),
    "sex": ("BYTES", np.array(["male", "female"], dtype=object)),
    "age": ("FP64", np.array([22.0, np.nan])),
    "fare": ("FP64", np.array([7.25, 71.0])),
    "port": ("BYTES", np.array(["S", "C"], dtype=object)),
    "alone": ("FP64", np.array([1.0, 0.0])),
}


@pytest.fixture(scope="module")
def addresses():
    models = [EXAMPLES / name for name in ("iris-svc.joblib", "passengers.joblib", "digits-forest.joblib")]
    with serving(*models) as addresses:
        yield addresses


class Http:
    module = tritonclient.http
    compressions = (None, "gzip", "deflate")

    @staticmethod
    def as_dict(reply):
        return reply

    def __init__(self, addresses):
        self.client = tritonclient.http.InferenceServerClient(addresses["http"])


class Grpc:
    module = tritonclient.grpc
    compressions = (None, "gzip", "deflate")

    @staticmethod
    def as_dict(reply):
        return MessageToDict(reply, preserving_proto_field_name=True)

    def __init__(self, addresses):
        self.client = tritonclient.grpc.InferenceServerClient(addresses["grpc"])


class GrpcOverHttpAddress(Grpc):
    """gRPC's requests to the address of all protocols."""

    def __init__(self, addresses):
        self.client = tritonclient.grpc.InferenceServerClient(addresses["http"])


@pytest.fixture(params=[Http, Grpc, GrpcOverHttpAddress])
def peer(request, addresses):
    peer = request.param(addresses)
    yield peer
    peer.client.close()


def tensor(peer, name, array, datatype, **how):
    made = peer.module.InferInput(name, array.shape, datatype)
    made.set_data_from_numpy(array, **how)
    return made


def wanted(peer, *names):
    return [peer.module.InferRequestedOutput(name) for name in names]


def expected(name):
    return skiff.open(EXAMPLES / name)


def test_health(peer):
    client = peer.client
    assert client.is_server_live() and client.is_server_ready() and client.is_model_ready("iris-svc")
    assert client.is_model_ready("iris-svc", "1")
    assert not client.is_model_ready("iris-svc", "2") and not client.is_model_ready("nobody")


def test_metadata_and_configuration_name_inputs_and_outputs(peer):
    server = peer.as_dict(peer.client.get_server_metadata())
    assert server["name"] == "skiff" and "binary_tensor_data" in server["extensions"]
    metadata = peer.as_dict(peer.client.get_model_metadata("digits-forest"))
    assert metadata["versions"] == ["1"]
    (x,) = metadata["inputs"]
    assert (x["name"], x["datatype"], [int(length) for length in x["shape"]]) == ("X", "FP64", [-1, 64])
    metadata = peer.as_dict(peer.client.get_model_metadata("iris-svc"))
    outputs = {output["name"]: output["datatype"] for output in metadata["outputs"]}
    assert outputs["predict"] == "BYTES" and outputs["decision_function"] == "FP64"
    metadata = peer.as_dict(peer.client.get_model_metadata("passengers"))
    assert [(column["name"], column["datatype"]) for column in metadata["inputs"]] == [
        (name, datatype) for name, (datatype, _) in PASSENGERS.items()
    ]
    config = peer.as_dict(peer.client.get_model_config("iris-svc"))
    config = config.get("config", config)
    assert config["backend"] == "skiff"
    assert (config["input"][0]["data_type"], config["output"][0]["data_type"]) == ("TYPE_FP64", "TYPE_STRING")


def test_every_compression_gives_the_same_answers(peer):
    model = expected("iris-svc.joblib")
    for sent in peer.compressions:
        compression = (
            {"request_compression_algorithm": sent, "response_compression_algorithm": sent}
            if peer.module is tritonclient.http
            else {"compression_algorithm": sent}
        )
        reply = peer.client.infer(
            "iris-svc",
            [tensor(peer, "X", ROWS, "FP64")],
            outputs=wanted(peer, "predict", "decision_function"),
            request_id="7",
            **compression,
        )
        assert [label.decode() for label in reply.as_numpy("predict")] == list(model.predict(ROWS))
        np.testing.assert_array_equal(reply.as_numpy("decision_function"), model.decision_function(ROWS))
        assert peer.as_dict(reply.get_response())["id"] == "7"


def test_json_tensors(addresses):
    peer = Http(addresses)
    reply = peer.client.infer(
        "iris-svc",
        [tensor(peer, "X", ROWS, "FP64", binary_data=False)],
        outputs=[tritonclient.http.InferRequestedOutput("decision_function", binary_data=False)],
    )
    np.testing.assert_array_equal(
        reply.as_numpy("decision_function"), expected("iris-svc.joblib").decision_function(ROWS)
    )


@pytest.mark.parametrize("datatype, dtype", [("FP32", "f4"), ("INT64", "i8"), ("INT16", "i2"), ("UINT8", "u1")])
def test_datatypes_are_taken_as_scikit_learn_takes_them(peer, datatype, dtype):
    rows = ROWS.astype(dtype)
    reply = peer.client.infer(
        "iris-svc", [tensor(peer, "X", rows, datatype)], outputs=wanted(peer, "decision_function")
    )
    np.testing.assert_array_equal(
        reply.as_numpy("decision_function"), expected("iris-svc.joblib").decision_function(rows)
    )


def test_a_tensor_for_each_column(peer):
    columns = [tensor(peer, name, array, datatype) for name, (datatype, array) in PASSENGERS.items()]
    reply = peer.client.infer("passengers", columns, outputs=wanted(peer, "predict_proba", "predict"))
    model = expected("passengers.joblib")
    frame = pd.DataFrame({name: array for name, (_, array) in PASSENGERS.items()})
    np.testing.assert_array_equal(reply.as_numpy("predict_proba"), model.predict_proba(frame))


def test_no_output_is_the_first_method(peer):
    rows = np.load(EXAMPLES / "digits.npy").astype(float)
    reply = peer.client.infer("digits-forest", [tensor(peer, "X", rows, "FP64")])
    np.testing.assert_array_equal(reply.as_numpy("predict"), expected("digits-forest.joblib").predict(rows))


@pytest.mark.parametrize(
    "model, rows, outputs, what",
    [
        ("nobody", ROWS, ["predict"], "no model `nobody`"),
        ("iris-svc", ROWS, ["nothing"], "no output `nothing`"),
        ("iris-svc", ROWS[:, :3], ["predict"], "3 features"),
        ("iris-svc", ROWS * np.nan, ["predict"], "NaN"),
    ],
)
def test_what_cannot_be_answered_is_said(peer, model, rows, outputs, what):
    with pytest.raises(InferenceServerException, match=what) as caught:
        peer.client.infer(model, [tensor(peer, "X", rows, "FP64")], outputs=wanted(peer, *outputs))
    if peer.module is tritonclient.grpc:
        status = "NOT_FOUND" if model == "nobody" else "INVALID_ARGUMENT"
        assert caught.value.status() == f"StatusCode.{status}"


def test_classification_and_shared_memory_are_refused(peer):
    with pytest.raises(InferenceServerException, match="classification"):
        output = peer.module.InferRequestedOutput("predict", class_count=2)
        peer.client.infer("iris-svc", [tensor(peer, "X", ROWS, "FP64")], outputs=[output])
    with pytest.raises(InferenceServerException, match="shared memory is not supported"):
        shared = peer.module.InferInput("X", ROWS.shape, "FP64")
        shared.set_shared_memory("region", ROWS.nbytes)
        peer.client.infer("iris-svc", [shared])


def test_statistics_count_rows_and_failures(peer):
    def statistics():
        (found,) = peer.as_dict(peer.client.get_inference_statistics("iris-svc"))["model_stats"]
        inference = found["inference_stats"]
        return (
            # Of nothing yet there is no number in the message.
            int(found.get("inference_count", 0)),
            int(inference["success"].get("count", 0)),
            int(inference["fail"].get("count", 0)),
        )

    before = statistics()
    peer.client.infer("iris-svc", [tensor(peer, "X", ROWS, "FP64")])
    with pytest.raises(InferenceServerException):
        peer.client.infer("iris-svc", [tensor(peer, "X", ROWS * np.nan, "FP64")])
    rows, success, fail = statistics()
    assert (rows, success, fail) == (before[0] + 2, before[1] + 1, before[2] + 1)
    assert len(peer.as_dict(peer.client.get_inference_statistics())["model_stats"]) == 3


def test_models_are_listed_unloaded_and_loaded(peer):
    def states():
        index = peer.as_dict(peer.client.get_model_repository_index())
        index = index["models"] if isinstance(index, dict) else index
        return {entry["name"]: entry["state"] for entry in index}

    assert set(states().values()) == {"READY"} and len(states()) == 3
    peer.client.unload_model("digits-forest")
    assert states()["digits-forest"] == "UNAVAILABLE" and not peer.client.is_model_ready("digits-forest")
    with pytest.raises(InferenceServerException):
        peer.client.infer("digits-forest", [tensor(peer, "X", np.zeros((1, 64)), "FP64")])
    peer.client.load_model("digits-forest")
    assert peer.client.is_model_ready("digits-forest")
    with pytest.raises(InferenceServerException, match="no model"):
        peer.client.load_model("nobody")
    with pytest.raises(InferenceServerException, match="`config` is not supported"):
        peer.client.load_model("digits-forest", config="{}")


def test_streams_answer_in_turn_and_outlive_errors(addresses):
    peer, answers = Grpc(addresses), queue.Queue()
    peer.client.start_stream(callback=lambda result, error: answers.put((result, error)))
    for rows in (ROWS, ROWS * np.nan, ROWS[:1]):
        peer.client.async_stream_infer(
            "iris-svc", [tensor(peer, "X", rows, "FP64")], request_id=str(len(rows)), enable_empty_final_response=True
        )
    (first, _), (_, error), (last, _) = (answers.get(timeout=10) for _ in range(3))
    peer.client.stop_stream()
    assert first.as_numpy("predict").shape == (2,) and last.as_numpy("predict").shape == (1,)
    assert last.get_response().id == "1"
    assert last.get_response().parameters["triton_final_response"].bool_param
    assert "NaN" in error.message()


def test_typed_contents_are_answered_typed(addresses):
    with grpc.insecure_channel(addresses["grpc"]) as channel:
        stub = service_pb2_grpc.GRPCInferenceServiceStub(channel)
        request = service_pb2.ModelInferRequest(model_name="iris-svc")
        x = request.inputs.add(name="X", datatype="FP64", shape=ROWS.shape)
        x.contents.fp64_contents.extend(ROWS.ravel())
        request.outputs.add(name="predict")
        request.outputs.add(name="decision_function")
        reply = stub.ModelInfer(request)
        assert list(reply.outputs[0].contents.bytes_contents) == [b"setosa", b"virginica"]
        np.testing.assert_array_equal(
            reply.outputs[1].contents.fp64_contents, expected("iris-svc.joblib").decision_function(ROWS).ravel()
        )
        with pytest.raises(grpc.RpcError) as caught:
            stub.TraceSetting(service_pb2.TraceSettingRequest())
        assert caught.value.code() == grpc.StatusCode.UNIMPLEMENTED


def health(channel, name, **how):
    """grpc.health.v1, without its generated code: one text in, one number out."""
    data = b"\x0a" + bytes([len(name)]) + name.encode()
    call = channel.unary_stream if how.pop("watch", False) else channel.unary_unary
    method = "Watch" if call == channel.unary_stream else "Check"
    return call(
        f"/grpc.health.v1.Health/{method}", request_serializer=lambda _: data, response_deserializer=bytes
    )(None, **how)


def test_health_protocol(addresses):
    client = Grpc(addresses).client
    with grpc.insecure_channel(addresses["grpc"]) as channel:
        assert health(channel, "") == b"\x08\x01" and health(channel, "iris-svc") == b"\x08\x01"
        with pytest.raises(grpc.RpcError) as caught:
            health(channel, "nobody")
        assert caught.value.code() == grpc.StatusCode.NOT_FOUND
        watched = health(channel, "digits-forest", watch=True, timeout=20)
        assert next(watched) == b"\x08\x01"
        client.unload_model("digits-forest")
        try:
            assert next(watched) == b"\x08\x02"
        finally:
            client.load_model("digits-forest")
        assert next(watched) == b"\x08\x01"
        watched.cancel()


def test_keys_are_asked_for_over_grpc(monkeypatch):
    monkeypatch.setenv("SKIFF_TEST_KEY", "open sesame")
    with serving(EXAMPLES / "iris-svc.joblib", "--api-key-env", "SKIFF_TEST_KEY") as addresses:
        client = Grpc(addresses).client
        assert client.is_server_live()
        with pytest.raises(InferenceServerException) as caught:
            client.get_model_metadata("iris-svc")
        assert caught.value.status() == "StatusCode.UNAUTHENTICATED"
        for headers in ({"authorization": "Bearer open sesame"}, {"x-api-key": "open sesame"}):
            assert client.get_model_metadata("iris-svc", headers=headers).name == "iris-svc"


def private_key(path):
    key = ec.generate_private_key(ec.SECP256R1())
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path.write_bytes(key.private_bytes(*form))
    return key


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """A certificate of this machine's and its key, as PEM files."""
    folder = tmp_path_factory.mktemp("tls")
    key = private_key(folder / "key.pem")
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.timezone.utc)
    made = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    made = made.not_valid_before(now - datetime.timedelta(hours=1)).not_valid_after(now + datetime.timedelta(hours=1))
    addresses = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    made = made.add_extension(x509.SubjectAlternativeName(addresses), critical=False)
    (folder / "chain.pem").write_bytes(made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
    return folder / "chain.pem", folder / "key.pem"


def test_tls_for_http_and_grpc(certificate):
    chain, key = certificate
    with serving(EXAMPLES / "iris-svc.joblib", "--tls-cert", chain, "--tls-key", key) as addresses:
        context = ssl.create_default_context(cafile=str(chain))
        with urllib.request.urlopen(f"https://{addresses['https']}/v2/models/iris-svc", context=context) as reply:
            assert reply.status == 200
        with pytest.raises((OSError, http.client.HTTPException)):
            urllib.request.urlopen(f"http://{addresses['https']}/v2", timeout=5)
        client = tritonclient.grpc.InferenceServerClient(addresses["grpcs"], ssl=True, root_certificates=str(chain))
        peer = type("Peer", (), {"module": tritonclient.grpc})
        reply = client.infer("iris-svc", [tensor(peer, "X", ROWS, "FP64")])
        assert reply.as_numpy("predict").tolist() == [b"setosa", b"virginica"]


def test_a_key_that_is_not_the_certificates_is_refused(certificate, tmp_path):
    private_key(tmp_path / "other.pem")
    for key, what in ((tmp_path / "other.pem", "other.pem"), (certificate[0], "private key"), (tmp_path / "no", "no")):
        command = [COMMAND, "serve", EXAMPLES / "iris-svc.joblib", "--tls-cert", certificate[0], "--tls-key", key]
        done = subprocess.run(command, capture_output=True, text=True, timeout=30)
        assert done.returncode == 2 and what in done.stderr, done.stderr


def test_lists_are_no_objects(addresses):
    for path, body in [
        ("/v1/models/iris-svc:predict", "[[[5.1, 3.5, 1.4, 0.2]]]"),
        ("/v2/models/iris-svc/infer", '[null, [{"name": "X", "shape": [1, 4], "datatype": "FP64", "data": [1, 2, 3, 4]}]]'),
        ("/v2/models/iris-svc/infer", '{"inputs": [["X", [1, 4], "FP64", [1, 2, 3, 4]]]}'),
        ("/v2/repository/index", "[]"),
    ]:
        request = urllib.request.Request(f"http://{addresses['http']}{path}", data=body.encode())
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(request)
        assert refused.value.code == 400 and "expected an object" in refused.value.read().decode()


def test_methods_that_a_path_does_not_have(addresses):
    for path, method, allowed in [("/v1/models/iris-svc", "POST", "GET,HEAD"), ("/v1/models/iris-svc:predict", "GET", "POST")]:
        request = urllib.request.Request(f"http://{addresses['http']}{path}", method=method)
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(request)
        assert (refused.value.code, refused.value.headers["Allow"]) == (405, allowed)
