"""Compares `skiff serve` with FastAPI and joblib, MLServer, and MLflow: the same models, rows and load generator.

`cargo xtask bench-serve` builds the command, makes the environments and runs this; `wrk` must be installed (Debian's
package). The server has one core and `wrk` another one. The servers take turns, and medians are shown, since machines are
busy. At a fixed rate, `open_loop.py` asks, which counts the wait of each request from when it was due; its times of all
rounds are taken together. Arguments: names of models (all of them if there are none); `--rounds N`, `--seconds N`,
`--skiff FILE`.
"""

import argparse
import json
import os
import re
import signal
import socket
import statistics
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import measure
from measure import FOLDER, machine

SERVER_CORE, CLIENT_CORE = "0", "1"
MLSERVER = Path(sys.prefix).parent / "mlserver" / "bin" / "mlserver"

MODELS = {
    "iris": "SVC, iris",
    "digits": "random forest, 200 trees, digits",
}

#: Requests of one row a second, about a third of what the slowest server answers on one core.
RATES = {"iris": 200, "digits": 25}

FIT = """
import sys, json, joblib
from sklearn.datasets import load_digits, load_iris
from sklearn.ensemble import RandomForestClassifier
from sklearn.svm import SVC
name, folder = sys.argv[1:]
X, y = (load_iris if name == "iris" else load_digits)(return_X_y=True)
model = SVC() if name == "iris" else RandomForestClassifier(200, random_state=0)
joblib.dump(model.fit(X, y), f"{folder}/model.joblib")
json.dump([X[(index * 7) % len(X)].tolist() for index in range(256)], open(f"{folder}/rows.json", "w"))
import mlflow.sklearn, shutil
shutil.rmtree(f"{folder}/mlflow", ignore_errors=True)
mlflow.sklearn.save_model(model, f"{folder}/mlflow", serialization_format="cloudpickle", pip_requirements=["scikit-learn"])
"""

APP = """
import joblib, numpy
from fastapi import FastAPI
from pydantic import BaseModel

class Rows(BaseModel):
    inputs: list[list[float]]

app, model = FastAPI(), joblib.load("model.joblib")

@app.post("/invocations")
async def predict(rows: Rows):
    return {"predictions": model.predict(numpy.asarray(rows.inputs)).tolist()}
"""

#: One connection with one row, sixteen of them, and four with 256 rows.
LOADS = {"1 row, 1 connection": (1, 1), "1 row, 16 connections": (1, 16), "256 rows, 4 connections": (256, 4)}


def inputs(rows):
    return "/invocations", {"inputs": rows}


def tensor(rows):
    data = [cell for row in rows for cell in row]
    return "/v2/models/model/infer", {"inputs": [{"name": "X", "shape": [len(rows), len(rows[0])], "datatype": "FP64", "data": data}]}


def skiff(folder, port):
    return [measure.SKIFF, "serve", folder / "model.joblib", "--http", f"127.0.0.1:{port}"], inputs


def fastapi(folder, port):
    (folder / "app.py").write_text(APP)
    command = [sys.executable, "-m", "uvicorn", "app:app", "--port", port, "--loop", "uvloop", "--http", "httptools"]
    return [*command, "--log-level", "warning", "--no-access-log"], inputs


def mlserver(folder, port):
    settings = {"name": "model", "implementation": "mlserver_sklearn.SKLearnModel", "parameters": {"uri": "model.joblib"}}
    (folder / "model-settings.json").write_text(json.dumps(settings))
    ports = {"http_port": port, "grpc_port": port + 1, "metrics_port": port + 2, "parallel_workers": 0, "debug": False}
    (folder / "settings.json").write_text(json.dumps(ports))
    return [MLSERVER, "start", folder], tensor


def mlflow(folder, port):
    command = [sys.executable, "-m", "mlflow", "models", "serve", "-m", folder / "mlflow", "--env-manager", "local"]
    return [*command, "--port", port, "--workers", "1"], inputs


SERVERS = {"skiff": skiff, "FastAPI, joblib": fastapi, "MLServer": mlserver, "mlflow": mlflow}


class Server:
    """A running server; leaving it ends its processes."""

    def __init__(self, name, folder):
        self.port = free_port()
        command, self.request = SERVERS[name](folder, self.port)
        path = os.pathsep.join([os.path.dirname(sys.executable), os.environ["PATH"]])
        environment = {**os.environ, "PATH": path, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
        started = time.perf_counter()
        self.process = subprocess.Popen(
            ["taskset", "-c", SERVER_CORE, *map(str, command)],
            cwd=folder,
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        self.rows = json.loads((folder / "rows.json").read_text())
        while True:
            try:
                self.answer = self.ask(self.rows)
                break
            except OSError:
                if self.process.poll() is not None or time.perf_counter() - started > 120:
                    raise SystemExit(f"{name} does not start") from None
                time.sleep(0.005)
        self.ready = time.perf_counter() - started

    def __enter__(self):
        return self

    def __exit__(self, *_):
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def ask(self, rows):
        path, body = self.request(rows)
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}{path}", json.dumps(body).encode(), {"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(request) as reply:
            answer = json.load(reply)
        return answer["predictions"] if "predictions" in answer else answer["outputs"][0]["data"]

    def processes(self):
        found = []
        for stat in Path("/proc").glob("[0-9]*/stat"):
            try:
                fields = stat.read_text().rsplit(")", 1)[1].split()
            except OSError:
                continue
            if int(fields[3]) == self.process.pid:
                found.append((stat.parent, (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")))
        return found

    def memory(self):
        """MB of all its processes; pages that several share are counted once."""
        total = 0
        for folder, _ in self.processes():
            text = (folder / "smaps_rollup").read_text()
            total += int(re.search(r"^Pss:\s+(\d+)", text, re.MULTILINE).group(1))
        return total / 1024

    def load(self, rows, connections, seconds):
        """Requests a second, the median in ms, and ms of the server's CPU for a request."""
        path, body = self.request(self.rows[:rows])
        script = FOLDER / "serving" / "post.lua"
        text = json.dumps(body)
        script.write_text(f'wrk.method = "POST"\nwrk.headers["Content-Type"] = "application/json"\nwrk.body = [==[{text}]==]\n')
        before = sum(cpu for _, cpu in self.processes())
        command = ["taskset", "-c", CLIENT_CORE, "wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency"]
        done = subprocess.run(
            [*command, "-s", script, f"http://127.0.0.1:{self.port}{path}"], capture_output=True, text=True, check=True
        )
        cpu = sum(cpu for _, cpu in self.processes()) - before
        assert "Non-2xx" not in done.stdout and "Socket errors" not in done.stdout, done.stdout
        count = int(re.search(r"(\d+) requests in", done.stdout).group(1))
        rate = float(re.search(r"Requests/sec:\s+([\d.]+)", done.stdout).group(1))
        number, unit = re.search(r"50%\s+([\d.]+)(us|ms|s)", done.stdout).groups()
        return rate, float(number) * {"us": 1e-3, "ms": 1, "s": 1e3}[unit], 1e3 * cpu / count


    def at_rate(self, rate, seconds):
        """The milliseconds of each request of one row at a fixed rate."""
        path, body = self.request(self.rows[:1])
        file = FOLDER / "serving" / "body.json"
        file.write_text(json.dumps(body))
        command = ["taskset", "-c", CLIENT_CORE, sys.executable, Path(__file__).with_name("open_loop.py"), "127.0.0.1", self.port]
        done = subprocess.run([*map(str, [*command, path, file, rate, seconds])], capture_output=True, text=True, check=True)
        return json.loads(done.stdout)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def measured(name, rounds, seconds):
    """What each server did in each round, and the medians."""
    folder = FOLDER / "serving" / name
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / "rows.json").exists():
        subprocess.run([sys.executable, "-W", "ignore", "-c", FIT, name, folder], check=True, stderr=subprocess.DEVNULL)
    found, answers, times = {server: [] for server in SERVERS}, {}, {server: [] for server in SERVERS}
    for _ in range(rounds):
        for server, rounds_of in found.items():
            with Server(server, folder) as running:
                figures = [running.ready]
                for rows, connections in LOADS.values():
                    figures += running.load(rows, connections, seconds)
                times[server] += running.at_rate(RATES[name], 3 * seconds)
                answers[server] = running.answer
                rounds_of.append([*figures, running.memory()])
    assert all(answer == answers["skiff"] for answer in answers.values()), "the servers answer differently"
    figures = {server: [statistics.median(figure) for figure in zip(*rounds_of)] for server, rounds_of in found.items()}
    for server, all_times in times.items():
        cuts = statistics.quantiles(all_times, n=100)
        figures[server] += [cuts[49], cuts[98]]
    return figures, (folder / "model.joblib").stat().st_size / 1e6


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("models", nargs="*", metavar="MODEL")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=4)
    parser.add_argument("--skiff", type=Path, default=measure.SKIFF, help="the command, if not that of the profile `dist`")
    arguments = parser.parse_args()
    measure.SKIFF = arguments.skiff.resolve()
    print(f"{time.strftime('%Y-%m-%d')}, {machine('fastapi', 'mlflow')} Medians of {arguments.rounds} rounds.\n")
    for name in arguments.models or MODELS:
        figures, size = measured(name, arguments.rounds, arguments.seconds)
        print(f"**{MODELS[name]}**, a file of {size:.2f} MB\n")
        print(
            "| server | ready, s | memory, MB | 1 row: ms | requests/s | CPU ms | 16 connections: requests/s | CPU ms | 256 rows: rows/s | CPU ms "
            f"| {RATES[name]} requests/s: median ms | p99 ms |"
        )
        print("|---|" + "--:|" * 11)
        for server, all_figures in figures.items():
            ready, rate1, ms1, cpu1, rate16, _, cpu16, rate256, _, cpu256, memory, median, p99 = all_figures
            cells = [f"{ready:.2f}", f"{memory:.0f}", f"{ms1:.3f}", f"{rate1:,.0f}", f"{cpu1:.3f}", f"{rate16:,.0f}", f"{cpu16:.3f}"]
            cells += [f"{256 * rate256:,.0f}", f"{cpu256:.2f}", f"{median:.2f}", f"{p99:.2f}"]
            print(f"| {server} | {' | '.join(cells)} |")
        print(flush=True)


if __name__ == "__main__":
    main()
