"""`skiff registry` in S3, as moto has it."""

import concurrent.futures
import json
import os
import subprocess

import pytest
from conftest import COMMAND, ROOT
from s3 import environment, put, s3  # noqa: F401

MODEL = ROOT / "examples" / "iris-svc.joblib"
ROWS = ROOT / "examples" / "iris.csv"

@pytest.fixture
def skiff(s3, tmp_path):
    """Runs the command in a folder of its own, with the server as S3."""
    variables = {**environment(s3), "SKIFF_CACHE": str(tmp_path / "cache")}

    def run(*words, fails=None):
        done = subprocess.run(
            [COMMAND, *map(str, words)], cwd=tmp_path, env=variables, capture_output=True, text=True, timeout=300
        )
        if fails is not None:
            assert done.returncode == 2 and fails in done.stderr, done.stderr
        else:
            assert done.returncode == 0, done.stderr
        return done.stdout

    return run


def test_one_of_twenty_writers_creates_an_object(s3):
    """That the server of these tests keeps the promise that registries rely on."""
    for attempt in range(20):
        url = f"{s3}/bucket/race/{attempt}"
        with concurrent.futures.ThreadPoolExecutor(20) as pool:
            statuses = list(pool.map(lambda i: put(url, b"%d" % i, **{"If-None-Match": "*"}), range(20)))
        assert sorted(set(statuses)) == [200, 412] and statuses.count(200) == 1


def test_the_life_of_a_model(skiff, tmp_path):
    url = "s3://bucket/life"
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
    skiff("registry", "pull", f"{url}/iris@production", "out.joblib")
    assert (tmp_path / "out.joblib").read_bytes() == MODEL.read_bytes()
    assert skiff("registry", "verify", url).endswith(" 0 problems\n")
    assert skiff("registry", "gc", url).startswith("0 blobs")


def test_a_large_file_is_sent_and_fetched_in_parts(skiff, tmp_path):
    url = "s3://bucket/large"
    skiff("registry", "init", url)
    (tmp_path / "large").write_bytes(os.urandom(1 << 20) * 40 + b"end")
    skiff("registry", "push", "large", f"{url}/large", "--as-is")
    skiff("registry", "pull", f"{url}/large:1", "again")
    assert (tmp_path / "again").read_bytes() == (tmp_path / "large").read_bytes()


def test_a_swapped_blob_is_found(skiff, s3):
    url = "s3://bucket/swapped"
    skiff("registry", "init", url)
    skiff("registry", "push", MODEL, f"{url}/iris")
    version = json.loads(skiff("registry", "show", f"{url}/iris:1", "--format", "json"))
    digest = version["file"]["digest"].removeprefix("sha256:")
    other = MODEL.read_bytes()[:-2] + b"!."
    assert put(f"{s3}/bucket/swapped/blobs/sha256/{digest[:2]}/{digest}", other) == 200
    skiff("predict", f"{url}/iris:1", ROWS, fails="digest mismatch")


def test_writers_lose_no_change(skiff):
    """Twenty processes at a time change one alias."""
    url = "s3://bucket/race-of-aliases"
    skiff("registry", "init", url)
    skiff("registry", "push", MODEL, f"{url}/iris")
    skiff("registry", "push", ROWS, f"{url}/iris", "--as-is")
    with concurrent.futures.ThreadPoolExecutor(20) as pool:
        change = lambda i: skiff("registry", "alias", f"{url}/iris", "production", 1 + i % 2, "--why", i)
        list(pool.map(change, range(200)))
    log = json.loads(skiff("registry", "log", f"{url}/iris", "production", "--format", "json"))
    assert sorted(int(entry["why"]) for entry in log) == list(range(200))
    numbered = sorted(log, key=lambda entry: entry["number"])
    assert [entry["from"] for entry in numbered] == [None] + [entry["to"] for entry in numbered[:-1]]
    assert skiff("registry", "verify", url).endswith(" 0 problems\n")
