"""The types of the results of ``skiff.inspect``: dicts and lists for ``json.dumps``."""

from __future__ import annotations

from typing import Any, Dict, List, Optional, TypedDict

# As calls, since `class` is not allowed as a name in a class body.

#: The members of an ensemble, which have the same class: the attribute, their class, their number.
Members = TypedDict("Members", {"attribute": str, "class": str, "count": int})

#: An estimator of the file. ``refusal`` is the reason if skiff does not support it.
EstimatorView = TypedDict(
    "EstimatorView",
    {
        "address": str,
        "label": str,
        "class": str,
        "parameters": Dict[str, str],
        "attributes": Dict[str, str],
        "classes": Optional[List[str]],
        "feature_names_in": Optional[List[str]],
        "n_features_in": Optional[int],
        "array_bytes": int,
        "methods": List[str],
        "refusal": Optional[str],
        "inner": "List[EstimatorView]",  # type: ignore[misc]
        "members": List[Members],
    },
)


#: A conversion for another version of scikit-learn: what wrote the file that was converted, its format and digest, the version
#: that it was converted for, and the program that did it.
Conversion = TypedDict(
    "Conversion", {"written_by": List[str], "format": str, "sha256": str, "for": str, "converted_by": str}
)


class PlainLoading(TypedDict):
    """What loading the file as it is would do in a version of scikit-learn."""

    version: str
    #: ``fails``, ``answers-differ``, ``state-differs``, ``warns`` or ``loads``.
    outcome: str
    reasons: List[str]
    #: Why ``skiff.convert(..., for_=...)`` cannot rewrite it for this version, if it cannot.
    refused: Optional[str]


class Inspection(TypedDict):
    """The content of a file."""

    format: List[str]
    size: int
    written_by: List[str]
    estimators: List[EstimatorView]
    #: What `MLmodel` says, if it is a folder of MLflow's: flavors, the signature's columns, what was ignored.
    mlflow: Optional[Dict[str, str]]
    #: The passport, if there is one: `docs/passport.md` has its layout.
    passport: Optional[Dict[str, Any]]
    #: The conversions that the model went through, the first one first.
    history: List[Conversion]
    unusual: List[str]
    #: With ``in_=``.
    plain_loading: Optional[PlainLoading]
