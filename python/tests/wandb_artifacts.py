"""`cargo xtask peers wandb`: manifests and a cache as W&B's Python package writes them, imported.

There is no server to download from; the package makes artifacts without one.
"""

import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
MODEL = ROOT / "examples" / "iris-svc.joblib"


def main(command):
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        for variable in ("WANDB_CACHE_DIR", "WANDB_DATA_DIR", "WANDB_DIR"):
            os.environ[variable] = str(folder / variable.lower())
        os.environ.update(WANDB_MODE="offline", WANDB_SILENT="true")
        import wandb
        from wandb.sdk.artifacts.artifact_file_cache import get_artifact_file_cache

        for number in range(3):
            artifact = wandb.Artifact("iris", "model")
            artifact.add_file(str(MODEL), name="models/iris.joblib")
            (folder / "note.txt").write_text(f"version {number}")
            artifact.add_file(str(folder / "note.txt"))
            home = folder / "artifacts" / f"iris:v{number}"
            for name, entry in artifact.manifest.entries.items():
                target = home / name
                if number == 2:
                    # As if only the cache had it.
                    target, is_cached, _ = get_artifact_file_cache().check_digest_obj_path(entry.digest, entry.size)
                    assert not is_cached
                    target = pathlib.Path(target)
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(entry.local_path, target)
            home.mkdir(exist_ok=True)
            (home / "wandb_manifest.json").write_text(json.dumps(artifact.manifest.to_manifest_json()))
        (folder / "artifacts" / "aliases.json").write_text('{"iris": {"production": "v1", "latest": "v2"}}')

        def skiff(*words):
            words = [pathlib.Path(command).resolve(), "registry", *words]
            return subprocess.run(words, check=True, capture_output=True, text=True, cwd=folder).stdout

        skiff("init", "models")
        skiff("import", "artifacts", "models")
        (listed,) = json.loads(skiff("list", "models", "--format", "json"))
        assert listed == {"model": "iris", "versions": [1, 2, 3], "aliases": {"latest": 3, "production": 2}}, listed
        for number in (1, 2, 3):
            skiff("pull", f"models/iris:{number}", "out.joblib", "--force")
            assert (folder / "out.joblib").read_bytes() == MODEL.read_bytes()
        print(f"wandb {wandb.__version__}: 3 versions and 2 aliases imported")


main(*sys.argv[1:])
