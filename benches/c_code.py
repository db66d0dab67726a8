"""Generated C of three packages, compiled and asked one row at a time: `python benches/c_code.py SKIFF` prints the table of
docs/export.md. It needs a C compiler, and `requirements-c.txt`.

Times are those of the process's processor, the least of seven rounds, in which the packages take turns.
"""

import json
import pathlib
import re
import subprocess
import sys
import tempfile
import time

import joblib
import lightgbm
import m2cgen
import numpy as np
import tl2cgen
import treelite
from sklearn.datasets import make_classification
from sklearn.ensemble import GradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression

X, Y = make_classification(8_000, 20, n_informative=12, flip_y=0.1, random_state=0)
ROWS = 1_000
FLAGS = ["-std=gnu99", "-O2", "-ffp-contract=off", "-w"]
#: Names, estimators, and the method that is asked.
MODELS = [
    ("logistic regression, 20 features", LogisticRegression(max_iter=500), "decision_function"),
    ("gradient boosting, 200 trees of depth 3", GradientBoostingClassifier(n_estimators=200, random_state=0), "predict_proba"),
    ("LightGBM, 200 trees of 31 leaves", lightgbm.LGBMClassifier(n_estimators=200, verbose=-1, random_state=0), "predict_proba"),
    ("random forest, 100 trees of depth 6", RandomForestClassifier(100, max_depth=6, random_state=0), "predict_proba"),
]
#: The packages, and the call for the row `x`, whose answer goes to `out`.
MAIN = """
#include <stdio.h>
#include <time.h>
{head}
static double rows[{rows}][{features}];
int main(int count, char **words) {{
    double out[8] = {{0}}, sum = 0;
    FILE *file = fopen(words[1], "rb");
    if (!file || fread(rows, sizeof rows, 1, file) != 1) return 1;
    if (count > 2) {{
        for (int i = 0; i < {rows}; i++) {{ {call} for (int j = 0; j < {outputs}; j++) printf("%.17g ", out[j]); }}
        return 0;
    }}
    struct timespec a, b;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &a);
    for (int times = 0; times < 50; times++) for (int i = 0; i < {rows}; i++) {{ {call} sum += out[0]; }}
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &b);
    printf("%.17g %.17g", ((b.tv_sec - a.tv_sec) * 1e9 + (b.tv_nsec - a.tv_nsec)) / (50.0 * {rows}), sum);
    return 0;
}}
"""


def skiff(command, estimator, method, folder):
    joblib.dump(estimator, folder / "model.joblib")
    arguments = ["export", folder / "model.joblib", folder / "model.c", "--method", method]
    subprocess.run([command, *arguments], check=True, capture_output=True)
    found = re.search(rf"^int {method}\((.*)\) {{$", (folder / "model.c").read_text(), re.M)
    return [folder / "model.c"], f"int {method}({found[1]});", f"{method}(rows[i], out);"


def m2cgen_code(_, estimator, method, folder):
    code = m2cgen.export_to_c(estimator)
    (folder / "model.c").write_text(code)
    if "double score(" in code:
        return [folder / "model.c"], "double score(double *);", "out[0] = score(rows[i]);"
    return [folder / "model.c"], "void score(double *, double *);", "score(rows[i], out);"


def tl2cgen_code(_, estimator, method, folder):
    if isinstance(estimator, lightgbm.LGBMModel):
        model = treelite.frontend.from_lightgbm(estimator.booster_)
    else:
        model = treelite.sklearn.import_model(estimator)
    tl2cgen.generate_c_code(model, dirpath=folder, params={})
    names = [folder / source["name"] for source in json.loads((folder / "recipe.json").read_text())["sources"]]
    sources = [name.with_suffix(".c") for name in names]
    is_single = "float fvalue" in (folder / "header.h").read_text()
    kind = "float" if is_single else "double"
    fields = f"{{int missing; {kind} fvalue; int qvalue;}}"
    head = f"union Entry {fields}; void predict(union Entry *, int, {kind} *);\nstatic union Entry own[64]; static {kind} got[8];"
    call = "for (int j = 0; j < %d; j++) own[j].fvalue = rows[i][j]; predict(own, 0, got); for (int j = 0; j < 2; j++) out[j] = got[j];"
    return sources, head, call % X.shape[1]


PACKAGES = {"skiff": skiff, "m2cgen": m2cgen_code, "tl2cgen": tl2cgen_code}


def built(package, command, estimator, method, folder):
    """The program, the seconds and the source's bytes; none where the package does not know the estimator."""
    folder.mkdir()
    try:
        sources, head, call = PACKAGES[package](command, estimator, method, folder)
    except Exception as error:
        if package == "skiff":
            raise
        print(f"{package}: {type(estimator).__name__}: {error}", file=sys.stderr)
        return None
    expected = getattr(estimator, method)(X[:ROWS])
    answers = expected.reshape(ROWS, -1)
    code = MAIN.format(head=head, call=call, rows=ROWS, features=X.shape[1], outputs=answers.shape[1])
    (folder / "asked.c").write_text(code)
    X[:ROWS].tofile(folder / "rows")
    start = time.perf_counter()
    objects = []
    for source in sources:
        objects.append(folder / f"{source.stem}.o")
        subprocess.run(["cc", *FLAGS, "-c", source, "-o", objects[-1], "-I", folder], check=True)
    seconds = time.perf_counter() - start
    subprocess.run(["cc", *FLAGS, folder / "asked.c", *objects, "-o", folder / "asked", "-lm"], check=True)
    text = subprocess.run([folder / "asked", folder / "rows", "show"], check=True, capture_output=True, text=True).stdout
    found = np.array(text.split(), float).reshape(ROWS, -1)
    # Some packages have the second of two probabilities only. What tl2cgen differs by was not looked into.
    is_one = answers.shape[1] == 1 or not np.allclose(found[:10].sum(axis=1), 1)
    apart = np.abs(found[:, 0] - answers[:, -1]) if is_one else np.abs(found - answers)
    return folder / "asked", seconds, sum(source.stat().st_size for source in sources), apart.max()


def main():
    command = pathlib.Path(sys.argv[1]).resolve()
    print("| model | package | C, kB | compiled, s | one row, ns | difference |")
    print("|---|---|--:|--:|--:|--:|")
    with tempfile.TemporaryDirectory() as folder:
        for number, (name, estimator, method) in enumerate(MODELS):
            estimator.fit(X, Y)
            programs = {one: built(one, command, estimator, method, pathlib.Path(folder) / f"{one}{number}") for one in PACKAGES}
            programs = {one: program for one, program in programs.items() if program}
            times = {one: [] for one in programs}
            for _ in range(7):
                for one, (program, *_) in programs.items():
                    done = subprocess.run([program, program.parent / "rows"], check=True, capture_output=True, text=True)
                    times[one].append(float(done.stdout.split()[0]))
            for one, (_, seconds, size, apart) in programs.items():
                row = [name, one, f"{size / 1e3:,.0f}", f"{seconds:.2f}", f"{min(times[one]):,.0f}", f"{apart:.1e}" if apart else "0"]
                print("| " + " | ".join(row) + " |", flush=True)


if __name__ == "__main__":
    main()
