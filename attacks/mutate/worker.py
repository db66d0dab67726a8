"""The sandbox: loads files with the real loaders and predicts, under audit hooks, each in a process that may die.

`python worker.py SEEDS` reads requests from standard input and writes what happened to standard output, both as lines of
JSON (the file itself follows its line). It imports everything beforehand and forks for each batch; whoever started it
sends the files that a dead process left over once more. Runs on Python 3.8 and newer, whatever scikit-learn is there.
"""

import gc
import io
import json
import os
import pickle
import re
import resource
import signal
import struct
import sys
import warnings

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"
os.environ["JOBLIB_MULTIPROCESSING"] = "0"
warnings.simplefilter("ignore")
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import shelf  # noqa: E402

REQUESTS = os.fdopen(os.dup(0), "rb")
REPORTS = os.dup(1)
null = os.open(os.devnull, os.O_RDWR)
for descriptor in (0, 1, 2):
    os.dup2(null, descriptor)

SECONDS = 6
MEMORY = 2 << 30

#: Names on the allow-list (the first ones) and off it that write down that they were called. Nothing that loads or
#: predicts calls them on its own. The modules are those that pickles name.
CANARIES = [
    ("numpy", "deg2rad"),
    ("numpy", "cosh"),
    ("numpy", "arctanh"),
    ("sklearn.metrics._regression", "mean_squared_log_error"),
    ("sklearn.metrics._ranking", "coverage_error"),
    ("os", "getpid"),
    ("posix", "getpid"),
]


class Log:
    """What happened since the last `start`."""

    def __init__(self):
        self.on = False
        self.events = []
        #: The globals that the unpickler or skops took for the file.
        self.names = set()
        self.phase = ""
        self.file = ""
        #: What was compiled last is scipy's own.
        self.is_template = False

    def start(self, phase):
        self.phase, self.on = phase, True

    def stop(self):
        self.on = False

    def add(self, *event):
        if len(self.events) < 20:
            self.events.append([self.phase, *(str(part)[:200] for part in event)])


LOG = Log()
HERE = os.path.abspath(__file__)


def is_source(path):
    return path.endswith((".py", ".pyc", ".so", ".pyx", ".pxd")) or path.startswith("<frozen")


def hook(event, arguments):
    if not LOG.on:
        return
    LOG.on = False
    try:
        note(event, arguments)
    finally:
        LOG.on = True


def note(event, arguments):
    if event == "pickle.find_class":
        LOG.names.add("%s.%s" % arguments)
    elif event == "exec":
        name = getattr(arguments[0], "co_filename", "?")
        if not is_source(name) and not LOG.is_template:
            LOG.add("exec", name, getattr(arguments[0], "co_names", ())[:6])
        LOG.is_template = False
    elif event == "compile":
        source, name = arguments
        if source is None or is_source(str(name)) or sys._getframe(2).f_code.co_filename.endswith("ast.py"):
            # Of a module that is imported, or read as a literal.
            return
        text = source.decode("utf-8", "replace") if isinstance(source, bytes) else str(source)
        LOG.is_template = TEMPLATE.match(text) is not None
        if not LOG.is_template:
            LOG.add("compile", text)
    elif event == "open":
        path = str(arguments[0])
        is_of_library = any(path.startswith(folder) for folder in LIBRARIES) and str(arguments[1]) in (
            "r",
            "rb",
            "None",
        )
        if path != LOG.file and not is_source(path) and not is_of_library:
            LOG.add("open", path, arguments[1])
    elif event == "import":
        imported(str(arguments[0]))
    elif event in ("os.listdir", "os.scandir", "marshal.loads"):
        # As importing does.
        if not is_called_by("importlib"):
            LOG.add(event, *arguments)
    elif event.startswith("ctypes."):
        # threadpoolctl asks the libraries that are loaded how many threads they have.
        if not is_called_by("threadpoolctl.py"):
            LOG.add(event, *arguments)
    elif event.split(".")[0] in PREFIXES and event != "os.putenv":
        LOG.add(event, *arguments)


#: What scipy compiles for each distribution that is made: the names of its parameters are the only thing that varies.
TEMPLATE = re.compile(
    r"\ndef _parse_args\(self, ((?:[a-zA-Z_]\w*, )*) (loc=0, scale=1|loc=0)\):\n    return \(\1\), (loc, scale|loc, 1)\n\n"
    r"def _parse_args_rvs\(self, \1 \2, size=None\):\n    return self._argcheck_rvs\(\1 \3, size=size\)\n\n"
    r"def _parse_args_stats\(self, \1 \2, moments='mv'\):\n    return \(\1\), \3, moments\n\Z"
)
PREFIXES = frozenset(
    "subprocess os socket shutil pty marshal urllib ftplib http tempfile webbrowser fcntl mmap syslog glob "
    "resource sqlite3 pathlib".split()
)
LIBRARIES = sorted({os.path.dirname(os.__file__), *(folder for folder in sys.path[1:] if os.path.isabs(folder))})
ALLOWED = ("sklearn", "numpy", "scipy", "pandas", "joblib", "skops", "skiff", "pyarrow", "encodings")


def imported(name):
    """An import that a library of models does by itself is its own; one that the unpickler does is the file's."""
    if name.split(".")[0] in ALLOWED:
        return
    frame = sys._getframe(2)
    while frame is not None and (
        "importlib" in frame.f_code.co_filename
        or frame.f_code.co_filename == HERE
        and frame.f_code.co_name in ("hook", "note")
    ):
        frame = frame.f_back
    path = frame.f_code.co_filename if frame is not None else "?"
    is_loader = path == HERE or path.endswith(("pickle.py", "_utils.py", "_load.py", "numpy_pickle.py"))
    if is_loader or not any(os.sep + package + os.sep in path for package in ALLOWED) and "lib/python" not in path:
        LOG.add("import", name)


def is_called_by(file):
    """Whether a function of a file of this name is among those that are running."""
    frame = sys._getframe(2)
    while frame is not None:
        if file in frame.f_code.co_filename:
            return True
        frame = frame.f_back
    return False


def canary(module, name, original):
    def called(*arguments, **keywords):
        if LOG.on:
            LOG.add("call", module + "." + name)
        return original(*arguments, **keywords)

    called.__name__ = called.__qualname__ = name
    called.__module__ = module
    return called


def set_canaries():
    for module, name in CANARIES:
        try:
            held = __import__(module, fromlist=["_"])
            setattr(held, name, canary(module, name, getattr(held, name)))
        except (ImportError, AttributeError):
            pass


def note_imports():
    """skops imports what a schema names by a function of its own."""
    for name, held in list(sys.modules.items()):
        if name.startswith("skops.io") and hasattr(held, "_import_obj"):
            held._import_obj = noted(held._import_obj)


def noted(import_object):
    def imported(module, name, package=None):
        LOG.names.add("%s.%s" % (module, name))
        return import_object(module, name, package=package)

    return imported


# Loading and predicting.


def load(kind, data, path):
    if kind == "pickle":
        return pickle.loads(data)
    if kind == "pickle-python":
        return pickle._loads(data)
    if kind == "joblib":
        import joblib

        return joblib.load(io.BytesIO(data))
    if kind == "joblib-file":
        import joblib

        with open(path, "wb") as file:
            file.write(data)
        return joblib.load(path)
    if kind == "numpy":
        import numpy

        found = numpy.load(io.BytesIO(data), allow_pickle=True)
        if isinstance(found, numpy.ndarray):
            return found
        return {name: found[name] for name in found.files}
    if kind == "skops":
        import skops.io

        unknown = skops.io.get_untrusted_types(data=data)
        return skops.io.loads(data, trusted=unknown)
    if kind == "skiff":
        import skiff

        return skiff.load(data)
    raise ValueError(kind)


def rows_of(recipe):
    import numpy

    kind = recipe["kind"]
    if kind == "text":
        return recipe["rows"]
    if kind == "objects":
        return numpy.array(recipe["rows"], dtype=object)
    if kind == "frame":
        import pandas

        return pandas.DataFrame(recipe["columns"])
    return numpy.array(recipe["rows"], dtype=float)


def estimators(loaded):
    """The estimators in what was loaded: itself, or what a dict, list or tuple of it holds."""
    queue, found = [loaded], []
    while queue and len(found) < 3:
        one = queue.pop(0)
        if isinstance(one, dict):
            queue.extend(list(one.values())[:8])
        elif isinstance(one, (list, tuple)):
            queue.extend(one[:8])
        elif type(one).__module__.startswith("numpy") and getattr(one, "dtype", None) == object:
            queue.extend(one.ravel().tolist()[:4])
        elif not isinstance(one, type) and type(one).__module__.split(".")[0] in ("sklearn", "lightgbm", "xgboost"):
            found.append(one)
    return found


def use(model, rows, methods):
    """Asks for what people ask of a loaded model. Errors are fine."""
    actions = [("repr", lambda: repr(model)), ("get_params", lambda: model.get_params())]
    for method in methods:
        actions.append((method, lambda method=method: getattr(model, method)(rows)))
    actions.append(("clone", lambda: sklearn_clone(model)))
    for name, action in actions:
        LOG.start(name)
        try:
            action()
        except Exception:
            pass
        finally:
            LOG.stop()


def touch(loaded):
    """Reads what was loaded: arrays that lie about what they hold crash here."""
    import numpy

    queue, seen = [loaded], set()
    while queue and len(seen) < 2000:
        one = queue.pop()
        if id(one) in seen:
            continue
        seen.add(id(one))
        if isinstance(one, numpy.ndarray):
            if one.size <= 10_000:
                str(one.tolist())
        elif isinstance(one, dict):
            queue.extend(list(one.values())[:100])
        elif isinstance(one, (list, tuple, set)):
            queue.extend(list(one)[:100])
        elif isinstance(getattr(one, "__dict__", None), dict) and not isinstance(one, type):
            queue.extend(list(vars(one).values())[:100])
    pickle.dumps(loaded)


def sklearn_clone(model):
    import sklearn.base

    return sklearn.base.clone(model)


def judge(request, data, seeds):
    """What loading and using one file does."""
    import time

    used = resource.getrusage(resource.RUSAGE_SELF)
    seconds = int(used.ru_utime + used.ru_stime) + SECONDS + 1
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, resource.RLIM_INFINITY))
    LOG.events, LOG.names = [], set()
    LOG.file = os.path.join(seeds["folder"], "loading-%d" % os.getpid())
    began = time.perf_counter()
    error = None
    LOG.start("load")
    try:
        loaded = load(request["loader"], data, LOG.file)
    except Exception as caught:
        error = f"{type(caught).__name__}: {caught}"[:200]
        if isinstance(caught, MemoryError):
            LOG.add("memory", error)
    finally:
        LOG.stop()
    if error is None:
        LOG.start("touch")
        try:
            touch(loaded)
        except Exception:
            pass
        finally:
            LOG.stop()
        for model in estimators(loaded):
            use(model, seeds["made"].get(request["rows"]), seeds["methods"])
        LOG.start("drop")
        try:
            del loaded
        finally:
            LOG.stop()
    return {
        "error": error,
        "events": LOG.events,
        "names": sorted(LOG.names),
        "seconds": round(time.perf_counter() - began, 4),
    }


def report(value):
    data = json.dumps(value).encode() + b"\n"
    while data:
        data = data[os.write(REPORTS, data) :]


def batch(requests, seeds):
    """In a process of its own: every file of the batch."""
    size = next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmSize")) * 1024
    resource.setrlimit(resource.RLIMIT_AS, (size + MEMORY, size + MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (64 << 20, 64 << 20))
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    sys.setrecursionlimit(1000)
    for number, (request, data) in enumerate(requests):
        report({"begin": number, "pid": os.getpid()})
        try:
            found = judge(request, data, seeds)
        except BaseException as error:
            # `exit()` within a loader is no exception that anybody expects.
            LOG.stop()
            found = {"error": None, "events": [["?", "raised", f"{type(error).__name__}: {error}"[:200]]], "seconds": 0}
        found["end"] = number
        report(found)


def main():
    folder = sys.argv[1]
    with open(os.path.join(folder, "index.json")) as file:
        seeds = json.load(file)
    seeds["folder"] = folder
    shelf.import_all()
    seeds["made"] = {}
    for name, recipe in seeds["rows"].items():
        try:
            seeds["made"][name] = rows_of(recipe)
        except ImportError:
            pass
    set_canaries()
    note_imports()
    sys.addaudithook(hook)
    if hasattr(gc, "freeze"):
        gc.freeze()
    report({"ready": sys.version.split()[0], "skiff": "skiff" in sys.modules or has_skiff()})
    while True:
        head = REQUESTS.read(4)
        if len(head) < 4:
            return
        requests = []
        for _ in range(struct.unpack("<I", head)[0]):
            length, size = struct.unpack("<II", REQUESTS.read(8))
            requests.append((json.loads(REQUESTS.read(length)), REQUESTS.read(size)))
        child = os.fork()
        if child == 0:
            try:
                batch(requests, seeds)
            finally:
                os._exit(0)
        _, status = os.waitpid(child, 0)
        report({"done": status})


def has_skiff():
    try:
        import skiff  # noqa: F401
    except ImportError:
        return False
    return True


if __name__ == "__main__":
    main()
