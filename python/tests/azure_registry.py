"""`cargo xtask peers registry`: models in Azure's Blob Storage, as its emulator Azurite has it.

Azurite is an npm package; Microsoft's own Python client makes the container and changes what skiff does not change.
"""

import concurrent.futures
import contextlib
import json
import os
import pathlib
import random
import socket
import subprocess
import sys
import tempfile
import time

from azure.storage.blob import BlobServiceClient

ROOT = pathlib.Path(__file__).resolve().parents[2]
MODEL = ROOT / "examples" / "iris-svc.joblib"
ROWS = ROOT / "examples" / "iris.csv"
# The account that Azurite has, and its key, which are in Microsoft's documentation.
ACCOUNT = "devstoreaccount1"
KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
WRITERS, CHANGES = 20, 100
KILLS = 25


@contextlib.contextmanager
def azurite(program, folder):
    """The URL of a running Azurite."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [program, "--blobPort", port, "--location", folder, "--silent", "--skipApiVersionCheck", "--disableTelemetry"]
    with open(folder / "log", "w") as log:
        server = subprocess.Popen(list(map(str, command)), stdout=log, stderr=log)
        try:
            for _ in range(600):
                with contextlib.suppress(ConnectionError), socket.create_connection(("127.0.0.1", port), 5):
                    break
                assert server.poll() is None, (folder / "log").read_text()
                time.sleep(0.1)
            yield f"http://127.0.0.1:{port}"
        finally:
            server.kill()
            server.wait()


class Skiff:
    """Runs the command in a folder, with Azurite as Azure."""

    def __init__(self, command, folder, url):
        self.command, self.folder = pathlib.Path(command).resolve(), folder
        settings = {"AZURE_STORAGE_USE_EMULATOR": "true", "AZURITE_BLOB_STORAGE_URL": url, "SKIFF_AUTHOR": "ada"}
        self.environment = {**os.environ, **settings, "SKIFF_CACHE": str(folder / "cache")}

    def start(self, *words):
        how = {"cwd": self.folder, "env": self.environment, "text": True}
        return subprocess.Popen([self.command, *map(str, words)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, **how)

    def __call__(self, *words, fails=None):
        process = self.start(*words)
        output, errors = process.communicate(timeout=300)
        if fails is not None:
            assert process.returncode == 2 and fails in errors, (words, errors)
        else:
            assert process.returncode == 0, (words, errors)
        return output

    def log(self, address):
        entries = json.loads(self("registry", "log", address, "production", "--format", "json"))
        return sorted(entries, key=lambda entry: entry["number"])


def life(skiff, container):
    """Versions, aliases, predictions of a version, and tables in the container."""
    url = "az://models/life"
    skiff("registry", "list", url, fails="no-registry")
    skiff("registry", "init", url)
    skiff("registry", "init", url, fails="registry-exists")
    skiff("registry", "push", MODEL, f"{url}/iris", "--alias", "production")
    skiff("convert", MODEL, "iris.skiff")
    skiff("registry", "push", "iris.skiff", f"{url}/iris", "--parent", "iris:1", "--alias", "production")
    answers = skiff("predict", MODEL, ROWS)
    for version in ("@production", ":1", ":2"):
        assert skiff("predict", f"{url}/iris{version}", ROWS) == answers
    skiff("registry", "rollback", f"{url}/iris", "production")
    assert skiff("registry", "list", url) == "iris:2  2 versions  @production :1\n"
    container.upload_blob("tables/iris.csv", ROWS.read_bytes())
    assert skiff("predict", f"{url}/iris@production", "az://models/tables/iris.csv") == answers
    skiff("predict", f"{url}/iris@production", "az://models/tables/iris.csv", "-o", "az://models/out.csv")
    skiff("predict", MODEL, ROWS, "-o", "out.csv")
    assert container.download_blob("out.csv").readall() == (skiff.folder / "out.csv").read_bytes()
    (skiff.folder / "large").write_bytes(random.Random(0).randbytes(40 << 20) + b"end")
    skiff("registry", "push", "large", f"{url}/large", "--as-is")
    skiff("registry", "pull", f"{url}/large:1", "again")
    assert (skiff.folder / "again").read_bytes() == (skiff.folder / "large").read_bytes()
    assert skiff("registry", "verify", url).endswith(" 0 problems\n")
    assert skiff("registry", "gc", url).startswith("0 blobs")


def races(skiff):
    """No change of an alias is lost, and each follows the one before it."""
    url = "az://models/races"
    skiff("registry", "init", url)
    skiff("registry", "push", MODEL, f"{url}/iris")
    skiff("registry", "push", ROWS, f"{url}/iris", "--as-is")
    with concurrent.futures.ThreadPoolExecutor(WRITERS) as pool:
        change = lambda i: skiff("registry", "alias", f"{url}/iris", "production", 1 + i % 2, "--why", i)
        list(pool.map(change, range(CHANGES)))
    entries = skiff.log(f"{url}/iris")
    assert sorted(int(entry["why"]) for entry in entries) == list(range(CHANGES))
    assert [entry["from"] for entry in entries] == [None] + [entry["to"] for entry in entries[:-1]]
    assert skiff("registry", "verify", url).endswith(" 0 problems\n")
    return len(entries)


def killed(skiff):
    """A push with an alias that is killed leaves the alias at the old version or at the new one, both whole."""
    url, draw = "az://models/killed", random.Random(0)
    skiff("registry", "init", url)
    # Of several parts, so that the blob takes a while.
    content = lambda number: b"%d" % number * (6 << 20)
    (skiff.folder / "0").write_bytes(content(10))
    start = time.monotonic()
    skiff("registry", "push", "0", f"{url}/m", "--as-is", "--alias", "production")
    takes = time.monotonic() - start
    states = {"old": 0, "new": 0}
    for number in range(11, 11 + KILLS):
        (skiff.folder / "0").write_bytes(content(number))
        before = skiff.log(f"{url}/m")[-1]["to"]
        writer = skiff.start("registry", "push", "0", f"{url}/m", "--as-is", "--alias", "production", "--why", number)
        time.sleep(draw.uniform(0, 1.2 * takes))
        writer.kill()
        writer.communicate()
        assert skiff("registry", "verify", url).endswith(" 0 problems\n")
        last = skiff.log(f"{url}/m")[-1]
        states["old" if last["to"] == before else "new"] += 1
        skiff("registry", "pull", f"{url}/m@production", "pulled", "--force")
        pulled = (skiff.folder / "pulled").read_bytes()
        assert pulled == content(int(pulled[:2]))
        assert last["to"] == before or pulled == content(number)
    assert all(states.values()), states
    return states


def swapped(skiff, container):
    """A blob that was replaced, cut or removed is found when it is fetched, and by `verify`."""
    url = "az://models/swapped"
    skiff("registry", "init", url)
    skiff("registry", "push", MODEL, f"{url}/iris", "--alias", "production")
    version = json.loads(skiff("registry", "show", f"{url}/iris:1", "--format", "json"))
    digest = version["file"]["digest"].removeprefix("sha256:")
    name, content = f"swapped/blobs/sha256/{digest[:2]}/{digest}", MODEL.read_bytes()
    assert container.download_blob(name).readall() == content
    skiff.environment["SKIFF_CACHE"] = str(skiff.folder / "empty")
    for other, what in ((content[:-2] + b"!.", "digest mismatch"), (content[:-1], "")):
        container.upload_blob(name, other, overwrite=True)
        skiff("predict", f"{url}/iris@production", ROWS, fails=what)
        skiff("registry", "pull", f"{url}/iris:1", "out", fails=what)
        assert not (skiff.folder / "out").exists()
        assert skiff.start("registry", "verify", url).wait() == 1
    # Only as many bytes are fetched as the version has.
    container.upload_blob(name, content + b".", overwrite=True)
    skiff("registry", "pull", f"{url}/iris:1", "out")
    assert (skiff.folder / "out").read_bytes() == content
    assert skiff.start("registry", "verify", url).wait() == 1
    container.delete_blob(name)
    skiff.environment["SKIFF_CACHE"] = str(skiff.folder / "another")
    skiff("predict", f"{url}/iris@production", ROWS, fails="store-failed")
    assert skiff.start("registry", "verify", url).wait() == 1


def main(command, program):
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        (folder / "azurite").mkdir()
        with azurite(pathlib.Path(program).resolve(), folder / "azurite") as url:
            client = BlobServiceClient(f"{url}/{ACCOUNT}", credential=KEY)
            container = client.create_container("models")
            skiff = Skiff(command, folder, url)
            life(skiff, container)
            changes = races(skiff)
            states = killed(skiff)
            swapped(skiff, container)
    print(f"Azurite: {WRITERS} writers at a time, {changes} changes of an alias, none lost; of {KILLS} writers that were killed "
          f"{states['old']} left the old state and {states['new']} the new one; a swapped, cut or removed blob is found")


main(*sys.argv[1:])
