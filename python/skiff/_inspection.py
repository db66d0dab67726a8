"""The types of what ``skiff.inspect`` returns: dicts and lists that ``json.dumps`` takes."""

from __future__ import annotations

from typing import Any, Dict, List, Optional, TypedDict

# In the form of calls, since `class` is no name that a class body could hold.

#: The members of an ensemble, which are alike: the attribute, their class, how many.
Members = TypedDict("Members", {"attribute": str, "class": str, "count": int})

#: An estimator as the file has it. ``refusal`` says why skiff cannot answer, where it cannot.
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


class Inspection(TypedDict):
    """What is in a file."""

    format: List[str]
    size: int
    written_by: List[str]
    estimators: List[EstimatorView]
    #: Where the model comes from, where the file says so: `docs/passport.md` has its layout.
    passport: Optional[Dict[str, Any]]
    unusual: List[str]
