"""``skiff.export``: a model for another runtime."""

from __future__ import annotations

import os
import warnings
from typing import IO, Any, Iterable

from skiff._dump import dumps
from skiff._errors import WrongInputError
from skiff._skiff import Identity, Limits, Model
from skiff._skiff import export as _export
from skiff._skiff import open as _open
from skiff._skiff import picture as _picture


def export(
    model: Any,
    out: str | os.PathLike[str] | IO[bytes],
    /,
    methods: str | Iterable[str] | None = None,
    *,
    target: str | None = None,
    at: str | None = None,
    max_depth: int | None = None,
    float32: bool = False,
    opset: int | None = None,
    limits: Limits | None = None,
    identity: Identity | str | os.PathLike[str] | None = None,
) -> None:
    """Export methods of a model to another runtime, in float64: ONNX, C, Go, Java, JavaScript, Python or Rust without
    packages, or SQL. Or draw a tree or a composite estimator: SVG, Graphviz or text.

    Parameters
    ----------
    model : Model, estimator, str, path-like, bytes or file object
        A model of ``skiff.open``, a fitted estimator of scikit-learn, or a model file: a path, its bytes, or a file opened
        for reading bytes.
    out : str, path-like or file object
        The path to write, whose extension selects the target, or a file opened for writing bytes. A file at a path is
        written atomically.
    methods : str or list of str, optional
        The methods to export, ``["predict", "predict_proba"]``. By default all that can be exported, except
        ``inverse_transform``, which takes other columns than the rest; a warning says why others are left out.
    target : str, optional
        The target, ``"onnx"``, ``"c"``, ``"go"``, ``"java"``, ``"javascript"``, ``"python"``, ``"rust"``, ``"sql"``,
        ``"pmml"``, ``"svg"``, ``"dot"`` or ``"text"``, for a file object or a path without its extension.
    at : str, optional
        The address of the estimator in a file that contains several objects: ``[0]``, ``['model']``. To draw it, also that
        of a tree within: ``estimators_[3]``.
    max_depth : int, optional
        How deep a tree is drawn. Without it, of a tree of more than 2000 nodes only the first levels are, and a warning
        says so; text has ten levels, as scikit-learn's ``export_text``.
    float32 : bool, default=False
        Write ONNX with numbers of float32, those of inputs and outputs too, for runtimes that have no others. A warning
        says what precision is lost.
    opset : int, optional
        The version of ONNX's operators, 13 to 21, for older runtimes. By default 21, the first version whose trees compute
        in float64; a warning says what precision is lost with others.
    limits : Limits, optional
        Limits of memory and time for reading a file.
    identity : Identity, str or path-like, optional
        The key or passphrase of an encrypted file.

    Raises
    ------
    NotSupportedError
        If a method that was named cannot be exported, or no method can: the message has the estimator, the operator and
        the reason.
    WrongInputError
        If the target or a method is unknown.

    Warns
    -----
    UserWarning
        For each method that is left out, with the reason, for precision that is lost, and for a tree that is not drawn to
        its leaves.

    Examples
    --------
    >>> skiff.export("model.joblib", "model.onnx", methods=["predict"])  # doctest: +SKIP
    >>> skiff.export("forest.joblib", "tree.svg", at="estimators_[3]", max_depth=4)  # doctest: +SKIP
    """
    is_file = isinstance(model, (str, os.PathLike, bytes, bytearray, memoryview)) or hasattr(model, "read")
    if not isinstance(model, Model) and not is_file:
        model = dumps(model, format="skiff")
    path = out if isinstance(out, (str, os.PathLike)) else None
    if path is None and target is None:
        target = os.path.splitext(str(getattr(out, "name", "")))[1].lstrip(".") or None
    names = [methods] if isinstance(methods, str) else None if methods is None else list(methods)
    exported = None
    if names is None and not float32 and opset is None:
        exported = _picture(model, path, target=target, at=at, max_depth=max_depth, limits=limits, identity=identity)
    if exported is None:
        if max_depth is not None:
            raise WrongInputError("`max_depth` is for pictures of trees", code="wrong-argument", help=None)
        if not isinstance(model, Model):
            model = _open(model, at=at, limits=limits, identity=identity)
        exported = _export(model, path, target=target, methods=names, float32=float32, opset=opset)
    content, refused = exported
    if not isinstance(out, (str, os.PathLike)):
        out.write(content or b"")
    for what in refused:
        warnings.warn(what, stacklevel=2)
