"""What of Python's packages models can name: the modules to import beforehand, and the names in them."""

import importlib
import pkgutil
import sys
import warnings

#: Packages all of whose modules are imported before anything is loaded, so that no import hides in a load.
PACKAGES = ["sklearn", "joblib", "skops.io", "numpy", "scipy", "pandas"]
LEFT_OUT = (
    ".tests",
    ".conftest",
    "numpy.f2py",
    "numpy.distutils",
    "numpy.testing",
    "numpy.typing",
    "numpy._pyinstaller",
    "pandas.plotting",
    "pandas.tests",
    "pandas.util.version",
    "scipy.weave",
    "setup",
    "__main__",
)


def import_all():
    """Imports what models may come to need: what is left to be imported during a load is the load's own doing."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for package in PACKAGES:
            try:
                root = importlib.import_module(package)
            except ImportError:
                continue
            for found in pkgutil.walk_packages(root.__path__, package + ".", onerror=lambda _: None):
                if any(part in found.name for part in LEFT_OUT):
                    continue
                if package in ("scipy", "pandas") and found.name.count(".") > 2:
                    continue
                try:
                    importlib.import_module(found.name)
                except BaseException:
                    pass
        for name in ("pandas.core.computation.eval", "pandas.core.computation.pytables", "pyarrow"):
            try:
                importlib.import_module(name)
            except BaseException:
                pass


def names():
    """`module.name` of each class and function in the imported modules of these packages."""
    roots = {"sklearn", "numpy", "scipy", "pandas", "joblib", "collections", "functools", "operator", "re", "types"}
    roots |= {
        "builtins",
        "copyreg",
        "_codecs",
        "datetime",
        "decimal",
        "fractions",
        "itertools",
        "math",
        "random",
        "pathlib",
    }
    roots |= {"logging", "uuid", "enum", "lightgbm", "xgboost", "catboost", "pyarrow"}
    found = set()
    for module, held in list(sys.modules.items()):
        if module.split(".")[0] not in roots or any(part in module for part in LEFT_OUT) or held is None:
            continue
        for name, value in list(vars(held).items()):
            if callable(value):
                found.add(f"{module}\0{name}")
    return sorted(found)
