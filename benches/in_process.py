"""Times a scikit-learn model's answers within one process, as `skiff-bench` does for skiff:
`python benches/in_process.py MODEL ROWS METHOD THREADS`.
"""

import sys
import time

import joblib
import numpy as np
from threadpoolctl import threadpool_limits

# One line's measurement of single rows goes on for so long, in seconds.
ENOUGH = 0.05


def main():
    model, rows, method, threads = sys.argv[1:]
    threads = int(threads)
    started = time.perf_counter()
    model = joblib.load(model)
    print(time.perf_counter() - started, flush=True)
    if "n_jobs" in model.get_params() and threads > 1:
        model.set_params(n_jobs=threads)
    method = getattr(model, method)
    if rows.endswith(".npy"):
        rows = np.load(rows)
    else:
        with open(rows, encoding="utf-8") as lines:
            rows = lines.read().splitlines()
    following = 0
    with threadpool_limits(threads):
        for line in sys.stdin:
            started = time.perf_counter()
            if line.strip() == "batch":
                method(rows)
                seconds = time.perf_counter() - started
            else:
                calls = 0
                while calls == 0 or time.perf_counter() - started < ENOUGH:
                    method(rows[following : following + 1])
                    following = (following + 1) % len(rows)
                    calls += 1
                seconds = (time.perf_counter() - started) / calls
            print(seconds, flush=True)


if __name__ == "__main__":
    main()
