"""Compares the predictions of skiff and its rivals, on the same models and the same rows.

`cargo xtask bench` runs this in an environment that has them all. Each contender is a process of its own
(`contender.py`, `skiff-bench`) that measures when it is its turn and sleeps otherwise; answers are compared before
anything is timed; medians over the rounds are shown, with half the distance between the quartiles. What is written:
`target/bench/predictions.json`, with every measurement; tables in Markdown; and, with `--plot FILE`, a plot in SVG.

Arguments: names of workloads (all of them if there are none); `--rounds N`; `--batch ROWS`; `--threads N,N`;
`--contenders NAME,NAME`; `--show` to measure nothing and show what was measured last.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys

from measure import FOLDER, ROOT, SKIFF_BENCH, machine

# The titles of the workloads, in the order of the tables; `models.py` makes them.
TITLES = {
    "forest_digits": "random forest, 200 trees, digits",
    "forest_large": "random forest, 200 trees, 20,000 × 50",
    "extra_trees": "extra trees, 200 trees, digits",
    "hist_gradient_boosting": "histogram boosting, 200 iterations",
    "hist_gradient_boosting_5": "histogram boosting, 200 iterations, 5 classes",
    "gradient_boosting": "gradient boosting, 200 trees of depth 3",
    "ada_boost": "AdaBoost, 100 stumps",
    "isolation_forest": "isolation forest, 200 trees",
    "lightgbm_200": "LightGBM, 200 trees",
    "xgboost_200": "XGBoost, 200 trees",
    "catboost_200": "CatBoost, 200 trees",
    "text": "TF-IDF and logistic regression, 30 words a row",
    "text_long": "TF-IDF and logistic regression, 500 words a row",
    "svc_iris": "scaler and SVC, iris",
    "svc_2000": "SVC, 2,080 vectors of 64",
    "one_class_svm": "one-class SVM, 1,000 vectors of 20",
    "logistic_regression": "logistic regression, 784 → 10",
    "linear_regression": "linear regression, 5 features",
    "mlp": "MLP, 64-100-50-10",
    "neighbors": "5 nearest of 10,000 × 20",
    "neighbors_tree": "5 nearest of 10,000 × 5, k-d tree",
    "gaussian_process": "Gaussian process, 1,000 × 8",
    "pca_k_means": "PCA and k-means, digits",
    "knn_imputer": "KNNImputer, 1,000 × 10",
    "columns": "ColumnTransformer and logistic regression, DataFrame",
    "columns_boosting": "one-hot, scaler, target encoder and boosting, DataFrame",
    "stacking": "stacking of a forest and naive Bayes",
}

# Contenders with the names that `contender.py` knows; the first is what the others are compared with.
CONTENDERS = [
    "original",
    "skiff",
    "skiff-bench",
    "onnxruntime float64",
    "onnxruntime float32",
    "onnxruntime",
    "oneDAL",
    "treelite GTIL",
    "tl2cgen",
]
# What the packages are called that fitted the models.
ORIGINALS = {"lightgbm_200": "LightGBM", "xgboost_200": "XGBoost", "catboost_200": "CatBoost"}
SHOWN = {"skiff-bench": "skiff, from Rust", "onnxruntime": "onnxruntime float32"}

MEASURED = FOLDER / "predictions.json"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("workloads", nargs="*", metavar="WORKLOAD", choices=[*TITLES, []])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--batch", type=int, default=10_000)
    parser.add_argument("--threads", default="1", help="numbers of threads, separated by commas")
    parser.add_argument("--contenders", default=",".join(CONTENDERS))
    parser.add_argument("--show", action="store_true")
    parser.add_argument("--plot", metavar="FILE")
    arguments = parser.parse_args()
    names = [name for name in TITLES if name in (arguments.workloads or TITLES)]
    results = json.loads(MEASURED.read_text()) if MEASURED.exists() else {}
    if not arguments.show:
        subprocess.run([sys.executable, ROOT / "benches" / "models.py", FOLDER, *names], check=True)
        contenders = [name for name in CONTENDERS if name in arguments.contenders.split(",")]
        for threads in map(int, arguments.threads.split(",")):
            for name in names:
                measured = measure(name, contenders, threads, arguments.rounds, arguments.batch)
                results.setdefault(str(threads), {})[name] = measured
                MEASURED.write_text(json.dumps(results, indent=1))
                print(table(name, measured, threads), flush=True)
    packages = ["onnxruntime", "skl2onnx", "scikit-learn-intelex", "treelite", "tl2cgen"]
    print(f"\n{machine(*packages)}\n")
    for threads, measured in results.items():
        measured = {name: measured[name] for name in names if name in measured}
        print(summary(measured, threads), flush=True)
    if arguments.plot:
        with open(arguments.plot, "w", encoding="utf-8") as file:
            file.write(plot({name: results["1"][name] for name in names if name in results.get("1", {})}))


def measure(workload, contenders, threads, rounds, batch):
    """For each contender its measurements, or why there are none."""
    measured, running = {}, {}
    try:
        for name in contenders:
            # Texts go to one rival in the type of strings, and no other takes them.
            is_text = workload_file(workload, "rows").suffix == ".txt"
            if name.startswith("onnxruntime") and is_text != (name == "onnxruntime"):
                continue
            # It reads arrays and texts.
            if name == "skiff-bench" and workload_file(workload, "rows").suffix == ".csv":
                continue
            program = Program(name, workload, threads)
            if "refused" in program.start:
                measured[name] = program.start
                program.close()
                continue
            try:
                answers = program.ask("answer")["answers"] if name != "skiff-bench" else "–"
            except EndedError as error:
                measured[name] = {"refused": str(error)}
                continue
            running[name] = program
            measured[name] = {"load": program.start["load"], "answers": answers, "turns": []}
        # The first round warms what is to be warmed, and is not counted.
        for turn in range(rounds + 1):
            for name, program in list(running.items()):
                try:
                    one, few, many = program.ask("row"), program.ask("rows 100"), program.ask(f"rows {batch}")
                except EndedError as error:
                    measured[name] = {"refused": str(error)}
                    del running[name]
                    continue
                if turn > 0:
                    measured[name]["turns"].append({**one, "few": few["cpu"], "many": many["cpu"], "wall": many["wall"]})
    finally:
        for program in running.values():
            program.close()
    return measured


class EndedError(Exception):
    """A contender's process ended before it answered."""


class Program:
    """A contender's process."""

    def __init__(self, name, workload, threads):
        count = str(threads)
        if name == "skiff-bench":
            command = [SKIFF_BENCH, workload_file(workload, "model"), workload_file(workload, "rows")]
            command += [(FOLDER / workload / "method").read_text(), count]
        else:
            command = [sys.executable, ROOT / "benches" / "contender.py", name, workload, count]
        variables = ["OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "SKIFF_NUM_THREADS"]
        # Threads of OpenMP that wait by spinning would take the time of whose turn it is.
        environment = os.environ | dict.fromkeys(variables, count) | {"OMP_WAIT_POLICY": "passive"}
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
        self.process = subprocess.Popen([str(part) for part in command], text=True, env=environment, **pipes)
        self.start = self.answer() or {"refused": "the process ended"}

    def ask(self, what):
        try:
            self.process.stdin.write(what + "\n")
            self.process.stdin.flush()
            answer = self.answer()
        except BrokenPipeError:
            answer = None
        if answer is None:
            raise EndedError(f"the process ended with status {self.process.wait()}")
        return answer

    def answer(self):
        line = self.process.stdout.readline()
        return json.loads(line) if line else None

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def workload_file(workload, stem):
    return next(path for path in sorted((FOLDER / workload).glob(f"{stem}.*")))


def shown(name, workload):
    return ORIGINALS.get(workload, "scikit-learn") if name == "original" else SHOWN.get(name, name)


def median(measured, what):
    return statistics.median(turn[what] for turn in measured["turns"])


def spread(measured, what):
    """Half the distance between the quartiles, as a part of the median."""
    values = sorted(turn[what] for turn in measured["turns"])
    if len(values) < 3:
        return 0.0
    low, _, high = statistics.quantiles(values, method="inclusive")
    return (high - low) / 2 / statistics.median(values)


def number(value):
    if value >= 1_000:
        return f"{value:,.0f}"
    return f"{value:.3g}" if value < 100 else f"{value:.0f}"


def table(workload, measured, threads):
    lines = [
        f"\n### {TITLES[workload]}, {threads} thread{'s' if int(threads) > 1 else ''}\n",
        "| | one row: p50, µs | p99, µs | 100 rows, CPU ms | batch, CPU ms | batch, wall ms | load, ms | answers |",
        "|---|--:|--:|--:|--:|--:|--:|---|",
    ]
    for name, values in measured.items():
        if "refused" in values:
            lines.append(f"| {shown(name, workload)} | – | – | – | – | – | – | {values['refused'].replace('|', '/')} |")
            continue
        cells = [("p50", 1e6), ("p99", 1e6), ("few", 1e3), ("many", 1e3), ("wall", 1e3)]
        cells = [f"{number(median(values, what) * unit)} ± {spread(values, what):.0%}" for what, unit in cells]
        load = number(values["load"] * 1e3)
        lines.append(f"| {shown(name, workload)} | {' | '.join(cells)} | {load} | {values['answers']} |")
    return "\n".join(lines)


def best_rival(measured, what):
    """The quickest of all but skiff: its name and its median."""
    rivals = {name: values for name, values in measured.items() if not name.startswith("skiff") and "turns" in values}
    name = min(rivals, key=lambda name: median(rivals[name], what))
    return name, median(rivals[name], what)


def summary(results, threads):
    """One line for each workload: skiff, scikit-learn, and the best of the others."""
    lines = [
        f"{threads} thread{'s' if int(threads) > 1 else ''}; CPU ms of a batch, CPU µs of 100 rows, wall µs of one row\n",
        "| | one row: skiff | best rival | | 100 rows: skiff | best rival | | batch: skiff | best rival | |",
        "|---|--:|---|--:|--:|---|--:|--:|---|--:|",
    ]
    for workload, measured in results.items():
        if "turns" not in measured.get("skiff", {}):
            lines.append(f"| {TITLES[workload]} | {measured.get('skiff', {}).get('refused', '–')} |" + " |" * 8)
            continue
        cells = []
        for what, unit in [("p50", 1e6), ("few", 1e6), ("many", 1e3)]:
            ours = median(measured["skiff"], what)
            name, theirs = best_rival(measured, what)
            factor = f"{theirs / ours:.1f} ×" if theirs >= ours else f"**{theirs / ours:.2f} ×**"
            cells += [number(ours * unit), f"{shown(name, workload)} {number(theirs * unit)}", factor]
        lines.append(f"| {TITLES[workload]} | {' | '.join(cells)} |")
    return "\n".join(lines)


# The plot: for each workload a line for one row and one for the batch, on a logarithmic scale of time over skiff's.
LEFT, RIGHT, LINE, DECADES = 330, 40, 26, 4
COLOURS = {
    "original": "#777777",
    "onnxruntime float64": "#1f6fb4",
    "onnxruntime float32": "#7fb2dd",
    "onnxruntime": "#7fb2dd",
    "oneDAL": "#2a9d5c",
    "treelite GTIL": "#e08a1e",
    "tl2cgen": "#b03a2e",
}


def plot(results):
    panels = [("one row, wall time", "p50"), ("batch, CPU time", "many")]
    panel_width, height = 400, 90 + LINE * len(results)
    width = LEFT + len(panels) * (panel_width + RIGHT)
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif" font-size="12">',
        f'<rect width="{width}" height="{height}" fill="white"/>',
        f'<text x="10" y="20" font-size="14">Time of rivals over skiff\'s, one thread: right of the line skiff is faster</text>',
    ]
    for at, (colour, names) in enumerate(legend()):
        x = LEFT + 145 * at
        out.append(f'<circle cx="{x}" cy="36" r="5" fill="{colour}"/><text x="{x + 9}" y="40">{names}</text>')
    for panel, (title, what) in enumerate(panels):
        left = LEFT + panel * (panel_width + RIGHT)

        def place(factor, left=left):
            from math import log10

            # From a tenth to a thousand.
            return left + panel_width * (min(max(log10(factor), -1), DECADES - 1) + 1) / DECADES

        out.append(f'<text x="{left}" y="60">{title}</text>')
        for decade in range(-1, DECADES):
            x, stroke = place(10**decade), "#000000" if decade == 0 else "#dddddd"
            out.append(f'<line x1="{x}" y1="66" x2="{x}" y2="{height - 20}" stroke="{stroke}"/>')
            out.append(f'<text x="{x}" y="{height - 6}" text-anchor="middle">{10.0**decade:g} ×</text>')
        for line, (workload, measured) in enumerate(results.items()):
            y = 80 + LINE * line
            if panel == 0:
                out.append(f'<text x="{LEFT - 12}" y="{y + 4}" text-anchor="end">{TITLES[workload]}</text>')
            if "turns" not in measured.get("skiff", {}):
                continue
            ours = median(measured["skiff"], what)
            for name, values in measured.items():
                if name in COLOURS and "turns" in values:
                    factor = median(values, what) / ours
                    label = f"{shown(name, workload)}: {factor:.2g} ×"
                    out.append(
                        f'<circle cx="{place(factor):.1f}" cy="{y}" r="5" fill="{COLOURS[name]}" fill-opacity="0.85">'
                        f"<title>{label}</title></circle>"
                    )
    return "\n".join([*out, "</svg>", ""])


def legend():
    names = {"original": "scikit-learn"} | {name: name for name in COLOURS if name not in ("original", "onnxruntime")}
    return [(COLOURS[name], shown) for name, shown in names.items()]


if __name__ == "__main__":
    main()
