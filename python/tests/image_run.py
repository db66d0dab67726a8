"""`cargo xtask peers image`: images as others read them, run without anything but themselves.

skopeo copies the image, umoci unpacks it, and its program serves the model in a chroot of what was unpacked. Needs skopeo,
umoci and root; `skiff` is a statically linked one.
"""

import http.client
import json
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
MODEL = ROOT / "examples" / "iris-svc.joblib"
# What docs/image.md promises.
MOST_BYTES = 30e6
MOST_SECONDS = 0.2
ROW = [5.1, 3.5, 1.4, 0.2]


def run(*words):
    return subprocess.run(list(map(str, words)), check=True, capture_output=True, text=True).stdout


def ask(port, method, path, body=None):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request(method, path, body, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def serves(root, config, port):
    """Seconds until the program, alone in `root`, answers, and its answer."""
    user = int(config["User"].split(":")[0])
    # Found here, as the program has no PATH; it is not in that of every root.
    chroot = shutil.which("chroot", path=f"{os.environ['PATH']}:/usr/sbin:/sbin")
    words = [chroot, f"--userspec={config['User']}", str(root), *config["Entrypoint"]]
    start = time.monotonic()
    server = subprocess.Popen(words, stdout=subprocess.PIPE, text=True, env={})
    try:
        assert server.stdout.readline().startswith("listening on ")
        body = json.dumps({"inputs": [{"name": "input", "shape": [1, 4], "datatype": "FP64", "data": ROW}]})
        status, answer = ask(port, "POST", "/v2/models/iris-svc/infer", body)
        seconds = time.monotonic() - start
        assert status == 200, answer
        assert ask(port, "GET", "/v2/health/ready")[0] == 200
        status = pathlib.Path(f"/proc/{server.pid}/status").read_text()
        assert f"Uid:\t{user}\t{user}\t{user}\t{user}" in status
        return seconds, json.loads(answer)["outputs"][0]["data"]
    finally:
        server.terminate()
        server.wait(10)


def main(skiff):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        image = folder / "image.tar"
        words = (skiff, "image", MODEL, "--binary", skiff, "--port", port, "--tag", "iris:1")
        digest = run(*words, "-o", image).split()[-1]
        assert run(*words, "-o", folder / "again.tar").split()[-1] == digest
        assert image.read_bytes() == (folder / "again.tar").read_bytes()
        inspected = json.loads(run("skopeo", "inspect", f"oci-archive:{image}:iris:1"))
        assert inspected["Digest"] == digest, (inspected, digest)
        run("skopeo", "copy", f"oci-archive:{image}:iris:1", f"oci:{folder / 'layout'}:one")
        run("umoci", "unpack", "--image", f"{folder / 'layout'}:one", folder / "bundle")
        config = json.loads(run("skopeo", "inspect", "--config", f"oci-archive:{image}:iris:1"))["config"]
        root = folder / "bundle" / "rootfs"
        assert (root / "models" / MODEL.name).read_bytes() == MODEL.read_bytes()
        seconds, labels = serves(root, config, port)
        seconds = min(seconds, *(serves(root, config, port)[0] for _ in range(4)))
        expected = run(skiff, "predict", MODEL, ROOT / "examples" / "iris.csv").splitlines()[1]
        assert labels == [expected], (labels, expected)
        size = image.stat().st_size
        print(f"{digest}\n{size / 1e6:.1f} MB; first answer after {seconds:.3f} s, {labels}")
        assert size < MOST_BYTES and seconds < MOST_SECONDS


main(*sys.argv[1:])
