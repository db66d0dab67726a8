"""`skiff serve` while it ends, while its files are replaced, and among clients that are slow, gone or hostile: what was
begun is finished, others are answered, and memory stays bounded."""

import contextlib
import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import threading
import time

import numpy as np
import pytest
import skiff
from conftest import COMMAND, ROOT
from sklearn.ensemble import RandomForestClassifier
from sklearn.svm import SVC

EXAMPLES = ROOT / "examples"
ROW = [5.1, 3.5, 1.4, 0.2]
#: Seconds for one answer on a machine that does other things too.
PATIENCE = 20


@contextlib.contextmanager
def process(*arguments, **how):
    """A server's process and its port; the test ends it."""
    command = [COMMAND, "serve", *map(str, arguments), "--http", "127.0.0.1:0"]
    how.setdefault("stderr", subprocess.DEVNULL)
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, **how) as server:
        try:
            yield server, int(server.stdout.readline().rsplit(":", 1)[1])
        finally:
            server.kill()


def ask(connection, path, body):
    connection.request("POST", path, json.dumps(body), {"Content-Type": "application/json"})
    reply = connection.getresponse()
    text = reply.read()
    assert reply.status == 200, text
    return json.loads(text)


def is_answered(port, path="/models/iris-svc/invocations"):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    assert ask(connection, path, {"inputs": [ROW]}) == {"predictions": ["setosa"]}
    connection.close()


def in_threads(count, work):
    """Runs `work(number)` in threads; what it raises is raised here."""
    failures = []

    def run(number):
        try:
            work(number)
        except BaseException as failure:
            failures.append(failure)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    return threads, failures


def joined(threads, failures):
    for thread in threads:
        thread.join(timeout=120)
        assert not thread.is_alive()
    if failures:
        raise failures[0]


def test_what_was_begun_is_finished_when_the_server_ends():
    digits = np.load(EXAMPLES / "digits.npy")
    rows = np.tile(digits, (40, 1))
    body = json.dumps({"inputs": rows.tolist()}).encode()
    expected = skiff.open(EXAMPLES / "digits-forest.joblib").predict(rows).tolist()
    with process(EXAMPLES / "digits-forest.joblib") as (server, port):
        begun = threading.Barrier(5)

        def slow(_):
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
            connection.putrequest("POST", "/invocations")
            connection.putheader("Content-Type", "application/json")
            connection.putheader("Content-Length", str(len(body)))
            connection.endheaders(body[:1000])
            # Its head has been sent: the request has begun.
            begun.wait()
            connection.send(body[1000:])
            reply = connection.getresponse()
            assert reply.status == 200
            assert json.loads(reply.read()) == {"predictions": expected}

        threads = in_threads(4, slow)
        begun.wait()
        time.sleep(0.2)
        server.send_signal(signal.SIGTERM)
        joined(*threads)
        assert server.wait(timeout=PATIENCE) == 0
        with pytest.raises(OSError):
            socket.create_connection(("127.0.0.1", port), timeout=1)


def test_clients_get_whole_answers_or_none_when_the_server_ends():
    counts = {"answered": 0, "refused": 0}
    with process(EXAMPLES / "iris-svc.joblib") as (server, port):
        is_ending = threading.Event()

        def client(_):
            while True:
                connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
                try:
                    connection.connect()
                except ConnectionError:
                    counts["refused"] += 1
                    return
                while True:
                    try:
                        connection.request("POST", "/invocations", json.dumps({"inputs": [ROW]}), {"Content-Type": "application/json"})
                        reply = connection.getresponse()
                    except (ConnectionError, http.client.RemoteDisconnected):
                        # Not a byte of an answer came.
                        assert is_ending.is_set()
                        break
                    assert reply.status == 200
                    # An answer that has begun is whole: `read` raises otherwise.
                    assert json.loads(reply.read()) == {"predictions": ["setosa"]}
                    counts["answered"] += 1
                    if reply.will_close:
                        break

        threads = in_threads(8, client)
        time.sleep(0.5)
        is_ending.set()
        server.send_signal(signal.SIGTERM)
        joined(*threads)
        assert server.wait(timeout=PATIENCE) == 0
    assert counts["answered"] > 50 and counts["refused"] == 8, counts


@pytest.fixture(scope="module")
def replacements(tmp_path_factory):
    """Two models whose answers have nothing in common, one of them large enough that loading takes a while."""
    folder = tmp_path_factory.mktemp("replacements")
    X = np.random.default_rng(0).normal(size=(200, 4))
    y = (X[:, 0] > 0).astype(int)
    skiff.dump(SVC().fit(X, np.array(["a0", "a1"])[y]), folder / "a.pkl")
    skiff.dump(RandomForestClassifier(100, random_state=0).fit(X, np.array(["b0", "b1"])[y]), folder / "b.pkl")
    return folder / "a.pkl", folder / "b.pkl"


@pytest.mark.parametrize("how", ["renamed", "overwritten"])
def test_a_file_is_replaced_in_traffic(how, replacements, tmp_path):
    served = tmp_path / "model.pkl"
    shutil.copy(replacements[0], served)
    rows = np.random.default_rng(1).normal(size=(64, 4)).tolist()
    tensor = {"name": "X", "shape": [64, 4], "datatype": "FP64", "data": sum(rows, [])}
    body = {"inputs": [tensor], "outputs": [{"name": "predict"}]}
    expected = [skiff.open(path).predict(rows).tolist() for path in replacements]
    seen, is_over = set(), threading.Event()
    with process(served, "--reload-every", "0.05", stderr=subprocess.PIPE) as (server, port):

        def client(_):
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
            while not is_over.is_set():
                # `ask` takes no status but 200.
                found = ask(connection, "/v2/models/model/infer", body)["outputs"][0]["data"]
                assert found in expected, found
                seen.add(found[0][0])

        threads = in_threads(4, client)
        for turn in range(1, 12):
            time.sleep(0.2)
            new = replacements[turn % 2]
            if how == "renamed":
                shutil.copy(new, tmp_path / "new")
                os.replace(tmp_path / "new", served)
            else:
                # In place, and in two parts, which is how a slow copy looks.
                content = new.read_bytes()
                with open(served, "wb") as file:
                    file.write(content[: len(content) // 2])
                    file.flush()
                    time.sleep(0.1)
                    file.write(content[len(content) // 2 :])
        time.sleep(0.5)
        is_over.set()
        joined(*threads)
        assert server.poll() is None
        assert seen == {"a", "b"}
        server.send_signal(signal.SIGTERM)
        server.communicate(timeout=PATIENCE)
        assert server.returncode == 0


def test_an_alias_is_moved_in_traffic(replacements, tmp_path, monkeypatch):
    monkeypatch.setenv("SKIFF_CACHE", str(tmp_path / "cache"))
    folder = tmp_path / "registry"

    def registry(verb, *words):
        subprocess.run([COMMAND, "registry", verb, *map(str, words)], check=True, capture_output=True)

    registry("init", folder)
    for path in replacements:
        registry("push", path, folder / "m")
    (tmp_path / "no-model.txt").write_text("no model")
    registry("push", tmp_path / "no-model.txt", folder / "m", "--as-is")
    registry("alias", folder / "m", "production", 1)
    rows = np.random.default_rng(1).normal(size=(8, 4)).tolist()
    body = {"inputs": [{"name": "X", "shape": [8, 4], "datatype": "FP64", "data": sum(rows, [])}], "outputs": [{"name": "predict"}]}
    expected = [skiff.open(path).predict(rows).tolist() for path in replacements]
    latest, is_over = [], threading.Event()
    with process(f"{folder}/m@production", "--follow", "0.05", stderr=subprocess.PIPE) as (server, port):

        def client(_):
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
            while not is_over.is_set():
                found = ask(connection, "/v2/models/m/infer", body)["outputs"][0]["data"]
                assert found in expected, found
                latest[:] = [expected.index(found) + 1]

        def is_served(version):
            until = time.monotonic() + PATIENCE
            while latest != [version]:
                assert time.monotonic() < until and server.poll() is None, (version, latest)
                time.sleep(0.02)

        threads = in_threads(2, client)
        is_served(1)
        for version in (2, 1, 2):
            registry("alias", folder / "m", "production", version)
            is_served(version)
        # What cannot be served changes nothing, nor does an alias that is gone; afterwards it is followed as before.
        registry("alias", folder / "m", "production", 3)
        time.sleep(0.3)
        registry("alias", folder / "m", "production", "--remove")
        time.sleep(0.3)
        assert latest == [2]
        registry("alias", folder / "m", "production", 1)
        is_served(1)
        is_over.set()
        joined(*threads)
        server.send_signal(signal.SIGTERM)
        _, said = server.communicate(timeout=PATIENCE)
    assert server.returncode == 0
    assert said.count("m@production was moved: m:2 is served") == 2 and said.count("m@production was moved: m:1 is served") == 2
    assert said.count("m@production cannot be followed: ") == 2, said


def resident(server):
    """MB of memory that a process has."""
    with open(f"/proc/{server.pid}/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS")) >> 10


def test_slow_broken_and_hostile_clients_keep_nobody_from_an_answer():
    arguments = (EXAMPLES / "iris-svc.joblib", "--max-body", "1000000")
    head = b"POST /models/iris-svc/invocations HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
    begun = {
        "nothing": b"",
        "half a head": head,
        "a head without its body": head + b"Content-Length: 500000\r\n\r\n",
        "half a body": head + b"Content-Length: 500000\r\n\r\n" + b"[" * 1000,
        "half a chunk": head + b"Transfer-Encoding: chunked\r\n\r\nffff\r\n[[",
        "half an HTTP/2 connection": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00",
        "noise": bytes(range(256)),
    }
    hostile = {
        "a head that never ends": head + b"X: " + b"x" * 2_000_000,
        "a body that is too long": head + b"Content-Length: 999999999999\r\n\r\n",
        "chunks that never end": head + b"Transfer-Encoding: chunked\r\n\r\n" + (b"ffff\r\n" + b"[" * 0xFFFF + b"\r\n") * 40,
        "two lengths": head + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\n[[1]]",
        "a bomb of brackets": head + b"Content-Length: 900000\r\n\r\n" + b"[" * 900_000,
        "no HTTP": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc" * 100,
    }
    with process(*arguments) as (server, port):
        is_answered(port)
        before = resident(server)
        waiting = []
        for _ in range(40):
            for sent in begun.values():
                client = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
                client.sendall(sent)
                waiting.append(client)
        is_answered(port)
        for name, sent in hostile.items():
            for _ in range(5):
                with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as client:
                    received = b""
                    # The server may close while the rest is being sent.
                    with contextlib.suppress(OSError):
                        client.sendall(sent)
                    with contextlib.suppress(OSError):
                        client.shutdown(socket.SHUT_WR)
                        received = client.recv(1 << 16)
                    assert b" 200 " not in received.split(b"\r\n")[0], name
                    assert not received.startswith(b"HTTP/1.1 5"), (name, received)
            is_answered(port)
        # A client that is gone without a word, and one that reads nothing.
        for client in waiting[::2]:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            client.close()
        is_answered(port)
        assert resident(server) < before + 100
        for client in waiting[1::2]:
            client.close()
        assert server.poll() is None


def test_a_connection_whose_client_is_silent_is_closed():
    """Half-open ones too: a client whose machine is gone is as silent as these, and nothing else shows it."""
    head = b"POST /invocations HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
    silent = {
        "half a head": head,
        "a head without its body": head + b"Content-Length: 500\r\n\r\n",
        "half a body": head + b"Content-Length: 500\r\n\r\n{",
        "a request that was answered": b"GET /readyz HTTP/1.1\r\nHost: x\r\n\r\n",
        "HTTP/2 without answers to pings": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\0\0\0\4\0\0\0\0\0",
    }
    with process(EXAMPLES / "iris-svc.joblib") as (server, port):
        clients = {name: socket.create_connection(("127.0.0.1", port), timeout=150) for name in silent}
        for name, client in clients.items():
            client.sendall(silent[name])
        for name, client in clients.items():
            with contextlib.suppress(ConnectionError):
                # What comes before it is closed: an answer, an error, pings.
                while client.recv(1 << 16):
                    pass
            client.close()
        is_answered(port)


def test_ten_thousand_connections_at_a_time():
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    count = min(10_000, hard - 200)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    try:
        with process(EXAMPLES / "iris-svc.joblib") as (server, port):
            before = resident(server)
            clients = [socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) for _ in range(count)]
            is_answered(port)
            assert resident(server) < before + 50 + count // 40
            # The last of them is answered as well, next to all others.
            clients[-1].sendall(b"GET /readyz HTTP/1.1\r\nHost: x\r\n\r\n")
            assert clients[-1].recv(1 << 16).startswith(b"HTTP/1.1 200 ")
            for client in clients:
                client.close()
            is_answered(port)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_a_log_on_a_full_disk_stops_nothing():
    with open("/dev/full", "w") as full, process(EXAMPLES / "iris-svc.joblib", "--access-log", stderr=full) as (server, port):
        for _ in range(3):
            is_answered(port)
        server.send_signal(signal.SIGTERM)
        assert server.wait(timeout=PATIENCE) == 0


def test_a_full_disk_keeps_the_old_version(replacements, tmp_path, monkeypatch):
    """The cache takes no more bytes when an alias is moved; when it does again, the new version is served."""
    import resource

    monkeypatch.setenv("SKIFF_CACHE", str(tmp_path / "cache"))
    folder, small, large = tmp_path / "registry", *replacements
    assert small.stat().st_size < large.stat().st_size // 2

    def registry(verb, *words):
        subprocess.run([COMMAND, "registry", verb, *map(str, words)], check=True, capture_output=True)

    registry("init", folder)
    for path in replacements:
        registry("push", path, folder / "m")
    registry("alias", folder / "m", "production", 1)
    shutil.rmtree(tmp_path / "cache", ignore_errors=True)
    most = large.stat().st_size // 2
    limit = lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (most, resource.RLIM_INFINITY))
    rows = np.random.default_rng(1).normal(size=(8, 4)).tolist()
    expected = [{"predictions": skiff.open(path).predict(rows).tolist()} for path in replacements]
    # Python ignores the signal of a write beyond the limit, and so does the server then: the write fails.
    how = {"preexec_fn": limit, "restore_signals": False, "stderr": subprocess.PIPE}
    with process(f"{folder}/m@production", "--follow", "0.05", **how) as (server, port):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
        assert ask(connection, "/invocations", {"inputs": rows}) == expected[0]
        registry("alias", folder / "m", "production", 2)
        time.sleep(0.5)
        assert ask(connection, "/invocations", {"inputs": rows}) == expected[0]
        resource.prlimit(server.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        until = time.monotonic() + PATIENCE
        while ask(connection, "/invocations", {"inputs": rows}) != expected[1]:
            assert time.monotonic() < until
            time.sleep(0.05)
        server.send_signal(signal.SIGTERM)
        _, said = server.communicate(timeout=PATIENCE)
    assert server.returncode == 0
    assert said.count("m@production cannot be followed: ") == 1 and "m:2 is served" in said, said


def test_more_requests_than_the_queue_takes_are_refused_at_once():
    rows = np.tile(np.load(EXAMPLES / "digits.npy"), (60, 1)).tolist()
    body, statuses = json.dumps({"inputs": rows}).encode(), []
    arguments = ("--concurrency", "1", "--queue", "1")
    with process(EXAMPLES / "digits-forest.joblib", *arguments) as (_, port):

        def client(_):
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
            connection.request("POST", "/invocations", body, {"Content-Type": "application/json"})
            reply = connection.getresponse()
            reply.read()
            statuses.append((reply.status, reply.getheader("Retry-After")))

        joined(*in_threads(8, client))
    assert set(statuses) <= {(200, None), (429, "1")} and (200, None) in statuses, statuses
