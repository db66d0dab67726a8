"""A real Triton, out of the wheel of PyTriton, which serves models with its backend for Python: joblib and scikit-learn."""

import contextlib
import os
import pathlib
import shutil
import socket
import subprocess
import time
import urllib.request

#: What Triton runs for each model: the outputs that were asked for, by scikit-learn itself.
MODEL = '''
import sys

sys.path.append(PACKAGES)
import joblib, numpy, pandas
import triton_python_backend_utils as triton

class TritonPythonModel:
    def initialize(self, arguments):
        self.model = joblib.load(PATH)

    def execute(self, requests):
        return [self.answered(request) for request in requests]

    def answered(self, request):
        columns = {tensor.name(): tensor.as_numpy() for tensor in request.inputs()}
        text = lambda cells: [cell.decode() for cell in cells] if cells.dtype == object else cells
        rows = columns["X"] if "X" in columns else pandas.DataFrame({name: text(cells) for name, cells in columns.items()})
        try:
            answers = {name: numpy.asarray(getattr(self.model, name)(rows)) for name in request.requested_output_names()}
        except Exception as error:
            return triton.InferenceResponse(error=triton.TritonError(str(error), triton.TritonError.INVALID_ARG))
        tensor = lambda name, cells: triton.Tensor(name, cells.astype(object) if cells.dtype.kind in "UO" else cells)
        return triton.InferenceResponse([tensor(name, cells) for name, cells in answers.items()])
'''


def configuration(name, inputs, outputs):
    """The text of a config.pbtxt; columns are a name, a type and a shape."""
    tensor = lambda column: '{ name: "%s" data_type: %s dims: %s }' % (column[0], column[1], list(column[2]))
    listed = lambda columns: ", ".join(map(tensor, columns))
    return f'name: "{name}"\nbackend: "python"\nmax_batch_size: 0\ninput [{listed(inputs)}]\noutput [{listed(outputs)}]\n'


def repository(folder, packages, models):
    """Writes a model repository: each model's path, inputs and outputs by its name."""
    for name, (path, inputs, outputs) in models.items():
        (folder / name / "1").mkdir(parents=True)
        (folder / name / "config.pbtxt").write_text(configuration(name, inputs, outputs))
        (folder / name / "1" / "model.py").write_text(MODEL.replace("PACKAGES", repr(str(packages))).replace("PATH", repr(str(path))))


def free_port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


@contextlib.contextmanager
def triton(python, folder, models):
    """The addresses of a running Triton, by protocol; `python` is that of an environment with `nvidia-pytriton`."""
    packages = subprocess.check_output([python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"], text=True)
    packages = pathlib.Path(packages.strip())
    release = subprocess.check_output([python, "-c", "import sys; print('%d.%d' % sys.version_info[:2])"], text=True).strip()
    server = packages / "pytriton" / "tritonserver"
    # PyTriton's own Python starts it in another way; the server wants its stub next to the backend.
    shutil.copytree(server / "backends", folder / "backends")
    stub = folder / "backends" / "python" / "triton_python_backend_stub"
    shutil.copy(server / "python_backend_stubs" / release / "triton_python_backend_stub", stub)
    stub.chmod(0o755)
    repository(folder / "models", packages, models)
    addresses = {"http": f"127.0.0.1:{free_port()}", "grpc": f"127.0.0.1:{free_port()}"}
    command = [server / "bin" / "tritonserver", f"--model-repository={folder / 'models'}", f"--backend-directory={folder / 'backends'}"]
    command += ["--model-control-mode=explicit", "--load-model=*", "--allow-metrics=false"]
    command += [f"--{protocol}-port={address.rsplit(':')[1]}" for protocol, address in addresses.items()]
    libraries = os.pathsep.join([str(packages / "nvidia_pytriton.libs"), os.environ.get("LD_LIBRARY_PATH", "")])
    environment = {**os.environ, "LD_LIBRARY_PATH": libraries, "OMP_NUM_THREADS": "1"}
    with open(folder / "log", "w") as log:
        process = subprocess.Popen(list(map(str, command)), env=environment, stdout=log, stderr=log)
        try:
            for _ in range(1200):
                with contextlib.suppress(OSError), urllib.request.urlopen(f"http://{addresses['http']}/v2/health/ready"):
                    break
                assert process.poll() is None, [line for line in (folder / "log").read_text().splitlines() if line.startswith(("E", "error"))]
                time.sleep(0.1)
            yield addresses
        finally:
            process.terminate()
            process.wait()
