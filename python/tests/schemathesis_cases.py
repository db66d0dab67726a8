"""`skiff serve` asked by schemathesis: by its own OpenAPI document, and by that of Open Inference Protocol as MLServer
ships it. Arguments: the command, and the document whose table is written anew."""

import json
import pathlib
import re
import subprocess
import sys
import tempfile
import zipfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
MODELS = ["iris-svc", "passengers", "spam-filter", "digits-forest"]
#: Whose wheel has the protocol's document; nothing of it is installed or run.
MLSERVER = "mlserver==1.7.1"
#: What no JSON Schema can say, so that requests by the schema may be refused: that a tensor has as many elements as its
#: shape says, and that a row is one that the model takes.
EXCLUDED = "positive_data_acceptance"
EXAMPLES = 200
SEED = 7

BEGIN, END = "<!-- schemathesis -->", "<!-- end of schemathesis -->"


def serving(command):
    models = [ROOT / "examples" / f"{name}.joblib" for name in MODELS]
    process = subprocess.Popen([command, "serve", *models, "--http", "127.0.0.1:0"], stdout=subprocess.PIPE, text=True)
    return process, re.fullmatch(r"listening on (\S+)\n", process.stdout.readline())[1]


def protocol(folder):
    """The protocol's document: elements of tensors are lists there or of the type "bytes", which JSON Schema does not
    have, and what MLServer adds to the protocol is left out."""
    subprocess.run([sys.executable, "-m", "pip", "download", "-q", "--no-deps", "-d", folder, MLSERVER], check=True)
    (wheel,) = folder.glob("mlserver-*.whl")
    document = json.loads(zipfile.ZipFile(wheel).read("mlserver/rest/openapi/dataplane.json"))
    added = ("infer_stream", "generate", "generate_stream")
    document["paths"] = {path: of for path, of in document["paths"].items() if not path.endswith(added)}
    document["components"]["schemas"]["TensorData"] = {"type": "array"}
    path = folder / "protocol.json"
    path.write_text(json.dumps(document))
    return path


def run(folder, name, document, url):
    """A line of the table; prints what schemathesis says where something fails."""
    config = folder / "schemathesis.toml"
    config.write_text('[parameters]\n"path.model_name" = "iris-svc"\n"path.model_version" = "1"\n')
    program = pathlib.Path(sys.executable).with_name("schemathesis")
    command = [program, "--config-file", config, "run", document, "--url", url, "--checks", "all", "--no-color"]
    command += ["--exclude-checks", EXCLUDED, "--phases", "examples,coverage,fuzzing", "--continue-on-failure"]
    command += ["--max-examples", str(EXAMPLES), "--seed", str(SEED), "--generation-database", "none"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=folder)
    operations = re.search(r"Tested: (\d+)", done.stdout)
    cases = re.search(r"(\d+) generated, (?:(\d+) passed|(\d+) found (\d+) unique)", done.stdout)
    failed = done.returncode != 0
    if failed or not operations or not cases:
        print(done.stdout, done.stderr)
    count, found = int(cases[1]), int(cases[4] or 0)
    print(f"{name}: {operations[1]} operations, {count} requests, {found} failures")
    return failed, f"| {name} | {operations[1]} | {round(count, -2):,} | {found} |"


def main():
    command, table = sys.argv[1], pathlib.Path(sys.argv[2])
    process, url = serving(command)
    try:
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            results = [
                run(folder, "`/openapi.json`", f"{url}/openapi.json", url),
                run(folder, f"Open Inference Protocol, of {MLSERVER.replace('==', ' ')}", protocol(folder), url),
            ]
    finally:
        process.terminate()
        assert process.wait(timeout=40) == 0
    lines = ["| document | operations | requests, about | failures |", "|---|--:|--:|--:|", *[line for _, line in results]]
    text = table.read_text()
    start, end = text.index(BEGIN) + len(BEGIN), text.index(END)
    table.write_text(text[:start] + "\n" + "\n".join(lines) + "\n" + text[end:])
    sys.exit(any(failed for failed, _ in results))


main()
