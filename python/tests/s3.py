"""S3, as moto has it.

moto looks whether an object exists and writes it later: of twenty writers in its threads, once in some hundred races two
create the same object. One thread, which answers one request after the other, keeps the promise.
"""

import os
import socket
import subprocess
import sys
import threading
import urllib.error
import urllib.request

import pytest

# Where each server notes what it was asked.
LOGS = {}
SERVER = """
import sys
from moto.server import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import run_simple
application = DomainDispatcherApplication(create_backend_app)
def noted(environ, start):
    with open(sys.argv[2], "a") as log:
        print(environ["REQUEST_METHOD"], environ["PATH_INFO"], environ.get("HTTP_RANGE", "-"), file=log)
    return application(environ, start)
run_simple("127.0.0.1", int(sys.argv[1]), noted, threaded=False)
"""


@pytest.fixture(scope="module")
def s3(tmp_path_factory):
    """The address of a server, with an empty bucket; `requests` has what it was asked."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    LOGS[address] = tmp_path_factory.mktemp("s3") / "log"
    server = subprocess.Popen(
        [sys.executable, "-c", SERVER, str(port), LOGS[address]], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        for attempt in range(200):
            try:
                put(f"{address}/bucket", b"")
                break
            except urllib.error.URLError:
                assert server.poll() is None, "the server ended"
                threading.Event().wait(0.1)
        yield address
    finally:
        server.kill()
        server.wait()


def put(url, body, **headers):
    """The status of a request that writes an object, or makes a bucket."""
    # A form, which is urllib's default, the server would read itself. Signatures it does not check.
    signed = "AWS4-HMAC-SHA256 Credential=key/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0"
    headers = {"Content-Type": "application/octet-stream", "Authorization": signed, **headers}
    request = urllib.request.Request(url, data=body, method="PUT", headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code


def requests(address):
    """Method, path and range of each request so far."""
    return [tuple(line.rsplit(" ", 1)[0].split(" ", 1)) + (line.rsplit(" ", 1)[1],)
            for line in LOGS[address].read_text().splitlines()]


def environment(address):
    """The variables by which programs find the server."""
    return {
        **os.environ,
        "AWS_ENDPOINT_URL": address,
        "AWS_ALLOW_HTTP": "true",
        "AWS_ACCESS_KEY_ID": "key",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_REGION": "us-east-1",
    }
