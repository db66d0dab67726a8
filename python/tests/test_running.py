"""Ctrl-C, progress and threads of long calls."""

import io
import os
import pickle
import signal
import subprocess
import sys
import threading
import time

import numpy as np
import pytest
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn.svm import SVC

import skiff
from skiff._progress import Bar

random = np.random.default_rng(0)
X = random.normal(size=(3_000, 40))
#: Seconds of work for many rows.
SLOW = pickle.dumps(SVC().fit(X, X[:, 0] * X[:, 1] > 0))
ROWS = np.vstack([X] * 30)


def interrupted(work, after=0.3):
    """How long `work` still took after Ctrl-C."""
    sent = []

    def send():
        sent.append(time.monotonic())
        os.kill(os.getpid(), signal.SIGINT)

    timer = threading.Timer(after, send)
    timer.start()
    try:
        with pytest.raises(KeyboardInterrupt):
            work()
            # The signal may come late.
            timer.join()
            time.sleep(5)
    finally:
        timer.cancel()
    return time.monotonic() - sent[0]


@pytest.mark.parametrize("n_jobs", [None, 1])
def test_a_long_prediction_ends_with_ctrl_c(n_jobs):
    model = skiff.open(SLOW, n_jobs=n_jobs)
    assert interrupted(lambda: model.decision_function(ROWS)) < 3
    # And it answers as before.
    assert np.array_equal(model.predict(X[:50]), pickle.loads(SLOW).predict(X[:50]))


def test_a_long_prediction_between_custom_code_ends_too():
    theirs = make_pipeline(FunctionTransformer(np.copy), StandardScaler(), pickle.loads(SLOW))
    theirs[1].fit(X)
    model = skiff.open(pickle.dumps(theirs), custom={"numpy.copy": np.copy})
    assert interrupted(lambda: model.predict(ROWS)) < 3


def test_loading_ends_with_ctrl_c():
    # Opcode for opcode: a dict is what takes longest to read.
    words = {f"word{number}": number for number in range(400_000)}
    vectorizer = CountVectorizer()
    vectorizer.vocabulary_ = words
    content = pickle.dumps([vectorizer] + [dict.fromkeys(range(400_000), 1)])
    for work in [skiff.load, skiff.open, skiff.scan, skiff.inspect]:
        started = time.monotonic()
        try:
            work(content)
        except skiff.SkiffError:
            pass
        whole = time.monotonic() - started
        if whole > 0.6:
            assert interrupted(lambda: work(content), 0.1) < max(2.0, whole / 2)


def test_progress_is_reported():
    seen = []
    model = skiff.open(SLOW, progress=lambda what, done, total: seen.append((what, done, total)))
    model.predict(ROWS[:20_000])
    rows = [(done, total) for what, done, total in seen if what == "predict"]
    assert rows and rows == sorted(rows) and rows[-1] == (20_000, 20_000)
    seen.clear()
    # What takes no time is not worth a report.
    model.predict(X[:5])
    assert not seen


def test_what_the_callback_raises_ends_the_call():
    def stop(what, done, total):
        raise RuntimeError("enough")

    model = skiff.open(SLOW, progress=stop)
    with pytest.raises(RuntimeError, match="enough"):
        model.predict(ROWS)
    for wrong in ["bar", 3]:
        with pytest.raises(TypeError, match="progress"):
            skiff.open(SLOW, progress=wrong)


def test_folders_are_scanned_with_progress(tmp_path):
    for number in range(3):
        skiff.dump(StandardScaler().fit(X), tmp_path / f"{number}.skiff")
    seen = []
    skiff.scan(tmp_path, progress=lambda *report: seen.append(report))
    assert [report for report in seen if report[0] == "scan"] == [("scan", number, 3) for number in range(4)]


def test_the_bar_is_one_line():
    out = io.StringIO()
    bar = Bar(out, wait=0.0)
    for done in [0, 50, 100]:
        bar("predict", done, 100)
    bar("read", 2_000_000, None)
    text = out.getvalue()
    assert text.count("\n") == 1 and "100%" in text and "2 MB" in text
    quick = io.StringIO()
    Bar(quick)("predict", 1, 2)
    assert quick.getvalue() == ""
    assert skiff.open(SLOW, progress=True).predict(X[:2]).shape == (2,)


def test_threads_are_limited():
    # In a process of its own, whose threads are counted.
    script = """
import os, sys, threading, numpy as np, skiff
model = skiff.open(sys.argv[1], n_jobs=eval(sys.argv[2]))
model.predict(np.random.default_rng(0).normal(size=(3_000, 40)))
# Pools are kept. One thread is Python's.
print(len(os.listdir("/proc/self/task")) - 1)
"""
    import tempfile

    with tempfile.NamedTemporaryFile(suffix=".pkl") as file:
        file.write(SLOW)
        file.flush()
        for variable, n_jobs, expected in [("3", "None", 3), ("", "2", 2), ("3", "2", 2), ("1", "None", 1), ("3", "-2", 2)]:
            environment = {**os.environ, "SKIFF_NUM_THREADS": variable, "OPENBLAS_NUM_THREADS": "1"}
            if not variable:
                del environment["SKIFF_NUM_THREADS"]
            done = subprocess.run([sys.executable, "-c", script, file.name, n_jobs], env=environment, capture_output=True, text=True)
            assert done.returncode == 0, done.stderr
            assert int(done.stdout) == (expected if variable else min(expected, len(os.sched_getaffinity(0))))


def test_a_number_of_threads_that_is_none_is_told():
    environment = {**os.environ, "SKIFF_NUM_THREADS": "many"}
    done = subprocess.run([sys.executable, "-c", "import skiff"], env=environment, capture_output=True, text=True)
    assert done.returncode == 0 and "SKIFF_NUM_THREADS" in done.stderr and "many" in done.stderr
    with pytest.raises(ValueError, match="n_jobs"):
        skiff.open(SLOW, n_jobs=0)
