"""`cargo xtask peers registry`: models and images in a real OCI registry, read by other programs.

Debian's docker-registry keeps them; skopeo copies and moves tags, oras (from PyPI) pulls, umoci unpacks. Needs Debian's
docker-registry, skopeo, umoci and apache2-utils (htpasswd).
"""

import contextlib
import json
import os
import pathlib
import socket
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
MODEL = ROOT / "examples" / "iris-svc.joblib"
ROWS = ROOT / "examples" / "iris.csv"
# What docs/registry.md promises: a file is never in memory as a whole.
LARGE = 400 << 20
MOST_MEMORY = 32 << 20


def run(*words, **options):
    return subprocess.run(list(map(str, words)), check=True, capture_output=True, text=True, **options).stdout


@contextlib.contextmanager
def registry(folder, host="127.0.0.1", passwords=None, certificate=None):
    """A real registry in a folder; its host and port."""
    with socket.socket() as free:
        free.bind((host, 0))
        port = free.getsockname()[1]
    settings = {
        "version": "0.1",
        "storage": {"filesystem": {"rootdirectory": str(folder / "data")}},
        "http": {"addr": f"{host}:{port}"},
    }
    if passwords:
        settings["auth"] = {"htpasswd": {"realm": "models", "path": str(passwords)}}
    if certificate:
        settings["http"]["tls"] = {"certificate": str(certificate), "key": str(certificate.with_suffix(".key"))}
    folder.mkdir(exist_ok=True)
    # JSON is YAML.
    (folder / "settings.yml").write_text(json.dumps(settings))
    log = open(folder / "log", "w")
    server = subprocess.Popen(["docker-registry", "serve", folder / "settings.yml"], stdout=log, stderr=log)
    try:
        for attempt in range(100):
            with contextlib.suppress(ConnectionError), socket.create_connection((host, port), 5):
                break
            assert server.poll() is None, (folder / "log").read_text()
            time.sleep(0.1)
        yield f"{host}:{port}"
    finally:
        server.kill()
        server.wait()
        log.close()


class Skiff:
    def __init__(self, command, folder):
        self.command, self.folder = pathlib.Path(command).resolve(), folder
        self.environment = {**os.environ, "SKIFF_CACHE": str(folder / "cache"), "SKIFF_AUTHOR": "ada"}

    def __call__(self, *words, fails=None, **variables):
        done = subprocess.run(
            [self.command, *map(str, words)],
            cwd=self.folder,
            env={**self.environment, **variables},
            capture_output=True,
            text=True,
            timeout=300,
        )
        if fails is not None:
            assert done.returncode == 2 and fails in done.stderr, (words, done.stderr)
        else:
            assert done.returncode == 0, (words, done.stderr)
        return done.stdout

    def memory(self, *words):
        """The most bytes of memory that a run has. (`ru_maxrss` would have those of this process too.)"""
        process = subprocess.Popen([self.command, *map(str, words)], cwd=self.folder, env=self.environment)
        most = 0
        while process.poll() is None:
            status = pathlib.Path(f"/proc/{process.pid}/status").read_text()
            lines = [line for line in status.splitlines() if line.startswith("VmHWM:")]
            most = max([most, *(int(line.split()[1]) * 1024 for line in lines)])
            time.sleep(0.002)
        assert process.returncode == 0, words
        return most


def life(skiff, host, folder):
    """Versions and aliases, by skiff and by others."""
    url = f"oci://{host}/models"
    skiff("registry", "push", MODEL, f"{url}/iris", fails="many-writers")
    push = ("registry", "push", "--single-writer", "--alias", "production")
    skiff(*push, MODEL, f"{url}/iris", "--why", "first")
    skiff("convert", MODEL, "iris.skiff")
    (folder / "key.pub.pem").write_text(skiff("keygen", "key.pem"))
    skiff("sign", "iris.skiff", "--key", "key.pem")
    skiff(*push, "iris.skiff", f"{url}/iris", "--parent", "iris:1")
    answers = skiff("predict", MODEL, ROWS)
    for version in ("@production", ":1", ":2"):
        assert skiff("predict", f"{url}/iris{version}", ROWS) == answers
    skiff("predict", f"{url}/iris:2", ROWS, "--require-signature", "key.pub.pem")
    skiff("predict", f"{url}/iris:1", ROWS, "--require-signature", "key.pub.pem", fails="unsigned-model")
    assert skiff("registry", "list", url) == "iris:2  2 versions  @production :2\n"
    skiff("registry", "rollback", f"{url}/iris", "production", "--single-writer")
    # This registry does not remove tags, and says so.
    remove = ("registry", "alias", f"{url}/iris", "production", "--remove", "--single-writer")
    skiff(*remove, fails="does not remove tags")

    # Other programs see what the specifications say.
    tags = json.loads(run("skopeo", "list-tags", "--tls-verify=false", f"docker://{host}/models/iris"))["Tags"]
    assert set(tags) == {"1", "2", "production", "_history.production"}, tags
    manifest = json.loads(run("skopeo", "inspect", "--raw", "--tls-verify=false", f"docker://{host}/models/iris:1"))
    assert manifest["artifactType"] == "application/vnd.cncf.model.manifest.v1+json"
    assert manifest["config"]["mediaType"] == "application/vnd.cncf.model.config.v1+json"
    assert manifest["layers"][0]["annotations"]["org.cncf.model.filepath"] == MODEL.name
    import oras.client

    client = oras.client.OrasClient(hostname=host, insecure=True)
    pulled = client.pull(target=f"{host}/models/iris:2", outdir=str(folder / "pulled"))
    assert {pathlib.Path(path).name for path in pulled} == {"iris.skiff", "iris.skiff.sig", "skiff-version.json"}
    for name in ("iris.skiff", "iris.skiff.sig"):
        assert (folder / "pulled" / name).read_bytes() == (folder / name).read_bytes()

    # A tag that another program moves is a change without an author; a copy of a repository is one.
    plain = ("--src-tls-verify=false", "--dest-tls-verify=false")
    source = f"docker://{host}/models/iris:2"
    run("skopeo", "copy", *plain, source, f"docker://{host}/models/iris:production")
    log = json.loads(skiff("registry", "log", f"{url}/iris", "--format", "json"))
    assert [(entry["from"], entry["to"]) for entry in log] == [(None, 1), (1, 2), (2, 1), (1, 2)]
    assert log[-1]["by"]["name"] == "unknown"
    skiff("registry", "alias", f"{url}/iris", "production", 1, "--expect", 1, "--single-writer", fails="alias-moved")
    run("skopeo", "copy", *plain, source, f"docker://{host}/approved/iris:2")
    assert skiff("predict", f"oci://{host}/approved/iris:2", ROWS) == answers
    assert skiff("registry", "verify", url).endswith(" 0 problems\n")


def large(skiff, host, folder):
    """A file is sent and fetched without being in memory."""
    with open(folder / "large", "wb") as file:
        for _ in range(LARGE >> 20):
            file.write(os.urandom(1 << 20))
    address = f"oci://{host}/models/large"
    start = time.monotonic()
    sent = skiff.memory("registry", "push", "large", address, "--as-is", "--single-writer")
    sending = time.monotonic() - start
    start = time.monotonic()
    fetched = skiff.memory("registry", "pull", f"{address}:1", "again")
    fetching = time.monotonic() - start
    run("cmp", folder / "large", folder / "again")
    print(
        f"{LARGE >> 20} MiB: pushed in {sending:.1f} s with {sent >> 20} MiB of memory, "
        f"pulled in {fetching:.1f} s with {fetched >> 20} MiB"
    )
    assert max(sent, fetched) < MOST_MEMORY


def swapped(skiff, host, folder):
    """What the registry's disk has in place of a blob is found."""
    version = json.loads(skiff("registry", "show", f"oci://{host}/models/iris:1", "--format", "json"))
    digest = version["file"]["digest"].removeprefix("sha256:")
    blob = folder / "registry/data/docker/registry/v2/blobs/sha256" / digest[:2] / digest / "data"
    blob.write_bytes(MODEL.read_bytes()[:-2] + b"!.")
    skiff("predict", f"oci://{host}/models/iris:1", ROWS, fails="digest mismatch", SKIFF_CACHE=str(folder / "other"))
    blob.write_bytes(MODEL.read_bytes())


def image(skiff, host, folder):
    """An image that is pushed is the one that is written to a file. That it runs, `cargo xtask peers image` shows."""
    program = bytearray(5000)
    program[:6], program[18] = b"\x7fELF\x02\x01", 62
    (folder / "static").write_bytes(program)
    words = ("image", MODEL, "--binary", "static", "-o")
    digest = skiff(*words, f"oci://{host}/served/iris:3").split()[-1]
    assert skiff(*words, "image.tar").split()[-1] == digest
    skiff(*words, f"oci://{host}/served/iris:3", "--port", 9000, fails="exists")
    source = f"docker://{host}/served/iris:3"
    assert json.loads(run("skopeo", "inspect", "--tls-verify=false", source))["Digest"] == digest
    run("skopeo", "copy", "--src-tls-verify=false", source, f"oci:{folder / 'layout'}:one")
    run("umoci", "unpack", "--rootless", "--image", f"{folder / 'layout'}:one", folder / "bundle")
    assert (folder / "bundle/rootfs/models" / MODEL.name).read_bytes() == MODEL.read_bytes()


def passwords(skiff, folder):
    """skopeo's login is skiff's."""
    (folder / "passwords").write_text(run("htpasswd", "-Bbn", "ada", "secret"))
    settings = folder / "auth.json"
    with registry(folder / "closed", passwords=folder / "passwords") as host:
        push = ("registry", "push", MODEL, f"oci://{host}/models/iris", "--single-writer")
        skiff(*push, fails="access-denied")
        skiff(*push, fails="access-denied", SKIFF_OCI_USER="ada", SKIFF_OCI_PASSWORD="guess")
        login = ("skopeo", "login", "--tls-verify=false", "--authfile", settings, "--username", "ada")
        run(*login, "--password-stdin", host, input="secret")
        skiff(*push, REGISTRY_AUTH_FILE=str(settings))
        skiff("predict", f"oci://{host}/models/iris:1", ROWS, SKIFF_OCI_USER="ada", SKIFF_OCI_PASSWORD="secret")


def encrypted(skiff, folder):
    """Connections to other machines are encrypted, and only by certificates that the system knows."""
    certificate = folder / "server.crt"
    (folder / "openssl.cnf").write_text(
        "[req]\ndistinguished_name = name\nx509_extensions = extensions\nprompt = no\n[name]\nCN = registry\n"
        "[extensions]\nsubjectAltName = IP:127.0.0.2\nbasicConstraints = CA:FALSE\n"
    )
    run(
        *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-config", folder / "openssl.cnf"),
        *("-keyout", folder / "server.key", "-out", certificate),
    )
    with registry(folder / "encrypted", "127.0.0.2", certificate=certificate) as host:
        push = ("registry", "push", MODEL, f"oci://{host}/models/iris", "--single-writer")
        skiff(*push, fails="certificate")
        skiff(*push, SSL_CERT_FILE=str(certificate))
    with registry(folder / "plain", "127.0.0.2") as host:
        push = ("registry", "push", MODEL, f"oci://{host}/models/iris", "--single-writer")
        skiff(*push, fails="store-failed")
        skiff(*push, SKIFF_OCI_ALLOW_HTTP="true")


def main(command):
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        skiff = Skiff(command, folder)
        with registry(folder / "registry") as host:
            life(skiff, host, folder)
            large(skiff, host, folder)
            swapped(skiff, host, folder)
            image(skiff, host, folder)
        passwords(skiff, folder)
        encrypted(skiff, folder)
    print("docker-registry, skopeo, oras and umoci agree")


main(*sys.argv[1:])
