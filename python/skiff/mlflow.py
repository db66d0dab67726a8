"""Model folders for MLflow that load through skiff: no scikit-learn is needed, and nothing in the model runs.

>>> import skiff.mlflow
>>> skiff.mlflow.save_model(estimator, "folder")  # doctest: +SKIP
>>> mlflow.pyfunc.load_model("folder").predict(X)  # doctest: +SKIP

``skiff.open`` and ``skiff serve`` read such folders, and those of ``mlflow.sklearn``, themselves.
"""

from __future__ import annotations

import os
import sys
import warnings
from typing import IO, Any

from skiff._dump import dumps
from skiff._skiff import Identity, Limits, Model
from skiff._skiff import open as _open
from skiff._skiff import save_mlflow as _save

__all__ = ["load_model", "log_model", "save_model"]


def save_model(
    model: Any,
    path: str | os.PathLike[str],
    mlflow_model: Any = None,
    *,
    method: str = "predict",
    signature: Any = None,
    limits: Limits | None = None,
    identity: Identity | str | os.PathLike[str] | None = None,
) -> None:
    """Write a folder that ``mlflow.pyfunc.load_model``, ``mlflow models serve`` and ``mlflow.pyfunc.spark_udf`` load.

    MLflow itself is not needed to write it.

    Parameters
    ----------
    model : estimator, str, path-like, bytes or file object
        A fitted estimator of scikit-learn, or a model file in any format that skiff opens.
    path : str or path-like
        The folder, which does not exist yet or is empty.
    mlflow_model : mlflow.models.Model, optional
        The flavor is added to it, as MLflow's own ``save_model`` functions do.
    method : str, optional
        What ``predict`` of the loaded model asks: ``"predict_proba"`` for probabilities.
    signature : mlflow.models.ModelSignature, optional
        A signature, which MLflow then enforces. Without one, rows reach the model as they are.
    limits, identity : optional
        Limits and the key for reading a model file.

    Raises
    ------
    FileExistsError
        If there is something in the folder.
    NotSupportedError
        If skiff does not support the model or the method.

    Examples
    --------
    >>> skiff.mlflow.save_model("model.joblib", "folder", method="predict_proba")  # doctest: +SKIP
    """
    if isinstance(model, Model):
        raise TypeError("a skiff.Model is not an estimator: pass the path of its file")
    if os.path.isdir(path) and os.listdir(path):
        raise FileExistsError(f"there is something in the folder: {os.fsdecode(path)!r}")
    is_file = isinstance(model, (str, os.PathLike, bytes, bytearray, memoryview)) or hasattr(model, "read")
    source: str | os.PathLike[str] | bytes | IO[bytes] = model if is_file else dumps(model)
    parts = {} if signature is None else signature.to_dict()
    given = [(name, text) for name, text in parts.items() if text is not None]
    for what in _save(source, path, method=method, signature=given, limits=limits, identity=identity):
        warnings.warn(what, stacklevel=2)
    if mlflow_model is not None:
        written = type(mlflow_model).load(path)
        mlflow_model.flavors.update(written.flavors)
        mlflow_model.signature = mlflow_model.signature or written.signature
        mlflow_model.save(os.path.join(path, "MLmodel"))


def log_model(model: Any, name: str | None = None, **arguments: Any) -> Any:
    """Log a model to the active run of MLflow, as ``mlflow.sklearn.log_model`` does.

    Parameters
    ----------
    model : estimator, str, path-like, bytes or file object
        As for ``save_model``.
    name : str, optional
        The name of the logged model.
    **arguments
        Those of ``save_model`` and of ``mlflow.models.Model.log``, such as ``registered_model_name``.

    Returns
    -------
    mlflow.models.model.ModelInfo
        What was logged.
    """
    from mlflow.models import Model as MlflowModel  # type: ignore[import-not-found, import-untyped, unused-ignore]

    return MlflowModel.log(artifact_path=None, name=name, flavor=sys.modules[__name__], model=model, **arguments)


def load_model(path: str | os.PathLike[str], **arguments: Any) -> Model:
    """Open the model in a folder, on this machine: ``skiff.open``.

    Parameters
    ----------
    path : str or path-like
        The folder.
    **arguments
        Those of ``skiff.open``.

    Returns
    -------
    Model
        The fitted estimator, with all of its methods.
    """
    return _open(path, **arguments)


def _load_pyfunc(path: str) -> Model:
    """What ``mlflow.pyfunc.load_model`` calls with the path of the model's file."""
    return _open(path)
