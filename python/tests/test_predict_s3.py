"""`skiff predict` of tables in S3, as moto has it: the answers for the same files here, and no more bytes than are needed."""

import json
import os
import pathlib
import signal
import subprocess
import time

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.feather
import pyarrow.parquet as pq
import pytest
from conftest import COMMAND
from s3 import environment, put, requests, s3  # noqa: F401
from sklearn.linear_model import Ridge
from sklearn.preprocessing import StandardScaler

import skiff

NAMES = ["a", "b", "c", "d"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory, s3):  # noqa: F811
    """A model and the same tables here and in the bucket."""
    folder = tmp_path_factory.mktemp("tables")
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(1000, 4)), columns=NAMES)
    skiff.dump(Ridge().fit(frame, frame["a"] - frame["d"]), folder / "model.skiff")
    (folder / "set/year=2024").mkdir(parents=True)
    (folder / "set/year=2025").mkdir()
    pq.write_table(pa.table(frame[:300]), folder / "set/year=2024/x.parquet", row_group_size=100)
    pq.write_table(pa.table(frame[300:700]), folder / "set/year=2025/y 1.parquet", row_group_size=100)
    pq.write_table(pa.table(frame[700:]), folder / "set/year=2025/z.parquet", row_group_size=100)
    (folder / "set/_note.parquet").write_text("not of the table")
    pyarrow.feather.write_feather(frame, folder / "rows.arrow")
    frame.to_csv(folder / "rows.csv", index=False)
    frame.to_csv(folder / "rows.csv.gz", index=False)
    frame.to_json(folder / "rows.jsonl", orient="records", lines=True, double_precision=15)
    for path in folder.rglob("*"):
        if path.is_file():
            name = str(path.relative_to(folder)).replace(" ", "%20").replace("=", "%3D")
            assert put(f"{s3}/bucket/data/{name}", path.read_bytes()) == 200
    return folder


def run(address, *words, status=0, **options):
    words = [COMMAND, "predict", *map(str, words)]
    done = subprocess.run(words, env=environment(address), capture_output=True, text=True, timeout=300, **options)
    assert done.returncode == status, done.stderr
    return done.stderr if status else done.stdout


@pytest.mark.parametrize(
    "name",
    ["set/", "set", "set/year=2025/*.parquet", "set/**/?.parquet", "rows.arrow", "rows.csv", "rows.csv.gz", "rows.jsonl"],
)
def test_the_answers_are_those_for_files_here(folder, s3, name):  # noqa: F811
    model = folder / "model.skiff"
    expected = run(s3, model, folder / name)
    assert len(expected.splitlines()) > 200
    assert run(s3, model, f"s3://bucket/data/{name}") == expected


def test_partitions_and_kept_columns(folder, s3, tmp_path):  # noqa: F811
    words = ("--keep", "year,a", "--format", "csv")
    here = run(s3, folder / "model.skiff", folder / "set", *words)
    assert run(s3, folder / "model.skiff", "s3://bucket/data/set", *words) == here
    assert here.splitlines()[0].startswith("year,a,") and here.splitlines()[1].startswith("2024,")


def test_outputs_in_the_bucket(folder, s3, tmp_path):  # noqa: F811
    model, data = folder / "model.skiff", "s3://bucket/data/set/"
    expected = run(s3, model, data)
    for name in ("one.parquet", "one.arrow", "one.csv", "one.jsonl"):
        run(s3, model, data, "-o", f"s3://bucket/out/{name}")
        run(s3, model, data, "-o", tmp_path / name)
        assert fetched(s3, f"out/{name}") == (tmp_path / name).read_bytes()
    assert "needs a file of this machine" in run(s3, model, data, "-o", "s3://bucket/out/x.npy", status=2)
    source = "s3://bucket/data/set/year=2024/x.parquet"
    assert "is the input" in run(s3, model, source, "-o", source, status=2)
    # A folder of parts, with the manifest after all of them.
    before = len(requests(s3))
    run(s3, model, data, "-o", "s3://bucket/out/set/")
    written = [path for method, path, _ in requests(s3)[before:] if method == "PUT"]
    assert len(written) == 4 and written[-1] == "/bucket/out/set/_manifest.json"
    manifest = json.loads(fetched(s3, "out/set/_manifest.json"))
    assert manifest["rows"] == 1000
    parts = [part["file"] for part in manifest["parts"]]
    assert written[:-1] == [f"/bucket/out/set/{part}" for part in parts]
    for part in parts:
        (tmp_path / "set").mkdir(exist_ok=True)
        (tmp_path / "set" / part).write_bytes(fetched(s3, f"out/set/{part}"))
    answers = pd.read_parquet([tmp_path / "set" / part for part in parts])
    assert [str(value) for value in answers["prediction"]] == expected.splitlines()[1:]
    # What is there is not computed again; what is of another model is not replaced.
    before = len(requests(s3))
    run(s3, model, data, "-o", "s3://bucket/out/set/")
    written = [path for method, path, _ in requests(s3)[before:] if method == "PUT"]
    assert written == ["/bucket/out/set/_manifest.json"]
    frame = pd.DataFrame(np.eye(4), columns=NAMES)
    skiff.dump(Ridge().fit(frame, [1, 2, 3, 4]), tmp_path / "other.skiff")
    assert "of another model" in run(s3, tmp_path / "other.skiff", data, "-o", "s3://bucket/out/set/", status=2)
    run(s3, tmp_path / "other.skiff", data, "-o", "s3://bucket/out/set/", "--force")
    manifest = json.loads(fetched(s3, "out/set/_manifest.json"))
    assert not set(parts) & {part["file"] for part in manifest["parts"]}


def fetched(address, path):
    import urllib.request

    signed = "AWS4-HMAC-SHA256 Credential=key/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0"
    request = urllib.request.Request(f"{address}/bucket/{path}", headers={"Authorization": signed})
    with urllib.request.urlopen(request, timeout=30) as answer:
        return answer.read()


def wide(rows, columns):
    rng = np.random.default_rng(1)
    return pa.table({f"c{i}": rng.normal(size=rows) for i in range(columns)})


def test_only_the_columns_that_are_used_travel(folder, s3, tmp_path):  # noqa: F811
    table = wide(200_000, 40)
    pq.write_table(table, tmp_path / "wide.parquet", row_group_size=50_000)
    size = (tmp_path / "wide.parquet").stat().st_size
    assert put(f"{s3}/bucket/wide.parquet", (tmp_path / "wide.parquet").read_bytes()) == 200
    names = ["c3", "c17"]
    frame = table.select(names).to_pandas()
    skiff.dump(StandardScaler().fit(frame), tmp_path / "scaler.skiff")
    before = len(requests(s3))
    out = tmp_path / "out.parquet"
    run(s3, tmp_path / "scaler.skiff", "s3://bucket/wide.parquet", "-m", "transform", "-o", out)
    asked = [span for method, path, span in requests(s3)[before:] if method == "GET" and path == "/bucket/wide.parquet"]
    spans = [tuple(map(int, span.removeprefix("bytes=").split("-"))) for span in asked]
    travelled = sum(end - start + 1 for start, end in spans)
    # Two columns of forty, and the footer.
    assert travelled < size * 0.07, (travelled, size, spans)
    answers = StandardScaler().fit(frame).transform(frame)
    assert np.array_equal(pd.read_parquet(out).to_numpy(), answers)


def peak(words):
    """The most bytes of memory of a run. (`ru_maxrss` would have those of this process, of which it is a copy at first.)"""
    process = subprocess.Popen(list(map(str, words)), env={**os.environ, "SKIFF_NUM_THREADS": "1"})
    most = 0
    while process.poll() is None:
        status = pathlib.Path(f"/proc/{process.pid}/status").read_text()
        lines = [line for line in status.splitlines() if line.startswith("VmHWM:")]
        most = max([most, *(int(line.split()[1]) * 1024 for line in lines)])
        time.sleep(0.002)
    assert process.returncode == 0
    return most


def test_memory_does_not_grow_with_the_table(tmp_path):
    """By a folder that is treated as a store: moto copies a whole file for each range of it."""
    skiff.dump(StandardScaler().fit(wide(1000, 40).to_pandas()), tmp_path / "scaler.skiff")
    peaks = []
    for groups in (12, 30):
        table = tmp_path / f"{groups}.parquet"
        with pq.ParquetWriter(table, wide(1, 40).schema) as writer:
            for _ in range(groups):
                writer.write_table(wide(25_000, 40))
        words = [COMMAND, "predict", tmp_path / "scaler.skiff", f"file://{table}", "-m", "transform"]
        peaks.append(peak([*words, "-o", f"file://{tmp_path}/out.parquet"]))
    # The second table is 180 MB larger.
    assert peaks[1] < peaks[0] + 60e6, peaks


def test_an_interrupted_run_leaves_nothing(folder, s3, tmp_path):  # noqa: F811
    with pq.ParquetWriter(tmp_path / "slow.parquet", wide(1, 40).schema) as writer:
        for _ in range(6):
            writer.write_table(wide(20_000, 40))
    assert put(f"{s3}/bucket/slow.parquet", (tmp_path / "slow.parquet").read_bytes()) == 200
    skiff.dump(StandardScaler().fit(wide(1000, 40).to_pandas()), tmp_path / "scaler.skiff")
    words = [COMMAND, "predict", tmp_path / "scaler.skiff", "s3://bucket/slow.parquet", "-m", "transform"]
    before = len(requests(s3))
    process = subprocess.Popen([*words, "-o", "s3://bucket/gone.parquet"], env=environment(s3))
    while not any("gone" in path for _, path, _ in requests(s3)[before:]):
        assert process.poll() is None, "it ended before it could be interrupted"
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    assert process.wait(60) == 130
    time.sleep(0.2)
    with pytest.raises(Exception, match="404"):
        fetched(s3, "gone.parquet")


def test_what_is_wrong_is_said(folder, s3, tmp_path):  # noqa: F811
    model = folder / "model.skiff"
    says = lambda url, *words: run(s3, model, url, *words, status=2)
    assert "no file matches the pattern" in says("s3://bucket/data/*.pq")
    assert "there is no such file" in says("s3://bucket/data/absent.parquet")
    assert "there is no such file" in says("s3://bucket/data/absent.csv")
    assert "NoSuchBucket" in says("s3://absent/rows.parquet")
    assert "mapped into memory" in says("s3://bucket/data/rows.npy")
    parquet = (folder / "set/year=2024/x.parquet").read_bytes()
    put(f"{s3}/bucket/damaged/cut.parquet", parquet[:-100])
    put(f"{s3}/bucket/damaged/middle.parquet", parquet[:200] + b"\xff" * 200 + parquet[400:])
    put(f"{s3}/bucket/damaged/empty.parquet", b"")
    for name in ("cut", "middle", "empty"):
        assert f"s3://bucket/damaged/{name}.parquet" in says(f"s3://bucket/damaged/{name}.parquet")
