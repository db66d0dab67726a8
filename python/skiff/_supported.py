"""``skiff.supported``: the supported estimators."""

from __future__ import annotations

import difflib

from skiff._errors import WrongInputError
from skiff._skiff import exported as _exported
from skiff._skiff import supported as _supported


def supported(estimator: str | type | None = None, /, *, target: str | None = None) -> list[str] | str | dict[str, list[str]]:
    """List the supported estimators, or return the documentation of one.

    Parameters
    ----------
    estimator : str or type, optional
        The name of an estimator, ``"LogisticRegression"`` or ``"sklearn.linear_model.LogisticRegression"``, or its class.
    target : str, optional
        A target of ``skiff.export``, ``"onnx"``, whose estimators are returned.

    Returns
    -------
    list of str, str or dict
        The sorted full names of all estimators. With ``estimator``, its documentation in Markdown: the attributes that
        are read, the formula of predictions, and what is not supported. With ``target``, the methods that are exported of
        each estimator, by its name.

    Raises
    ------
    WrongInputError
        If skiff does not support the estimator, or the target is unknown.

    Examples
    --------
    >>> import skiff
    >>> "sklearn.svm.SVC" in skiff.supported()
    True
    """
    if target is not None:
        exported = _exported(target)
        if exported is None:
            raise WrongInputError(f"`{target}` is not a target of `skiff.export`", code="unsupported-target", help=None)
        return dict(exported)
    pages = {f"{module}.{name}": page for name, module, page in _supported()}
    if estimator is None:
        return sorted(pages)
    name = estimator if isinstance(estimator, str) else estimator.__name__
    short = name.rpartition(".")[2]
    found = {full: page for full, page in pages.items() if full == name or ("." not in name and full.rpartition(".")[2] == name)}
    if not found and not isinstance(estimator, str) and estimator.__module__.startswith("sklearn."):
        found = {full: page for full, page in pages.items() if full.rpartition(".")[2] == name}
    if not found:
        near = difflib.get_close_matches(short, [full.rpartition(".")[2] for full in pages], n=1)
        hint = f"did you mean `{near[0]}`?" if near else None
        message = f"`{name}` is not supported" + (f"\n{hint}" if hint else "")
        raise WrongInputError(message, code="unsupported-estimator", help=hint)
    return next(iter(found.values()))
