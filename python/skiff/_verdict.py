"""The types of the results of ``skiff.scan``: dicts and lists for ``json.dumps``."""

from __future__ import annotations

from typing import List, Literal, Optional, TypedDict


class Finding(TypedDict):
    """Something in a file that is not known to be safe."""

    #: `unknown`: not on the allow-list, or it could not be checked. `dangerous`: known to be harmful.
    rating: Literal["unknown", "dangerous"]
    #: The name, `module.name`, that would be imported or called.
    name: Optional[str]
    #: What would happen. It continues the name, if there is one.
    sentence: str
    #: The layers and containers around it, the outermost first.
    place: List[str]
    #: The index of the pickle, if there are several in one file.
    pickle: Optional[int]
    #: The byte of the innermost content.
    offset: Optional[int]
    #: The path in the loaded object: `steps[1].func`.
    path: Optional[str]


#: An attribute of one of scikit-learn's objects that no version of its class has, and that holds plain data: the class as
#: `module.Name`, the attribute's name, the layers and containers around it, and the path of the object (`steps[1]`).
UnknownAttribute = TypedDict(
    "UnknownAttribute", {"class": str, "name": str, "place": List[str], "path": Optional[str]}
)


class Verdict(TypedDict):
    """The verdict on loading a file in Python."""

    #: The path of the file, if it was given.
    file: Optional[str]
    verdict: Literal["model", "unknown", "dangerous"]
    #: Whether it is a file in a folder that is not a model file.
    passed_over: bool
    size: int
    #: The number of pickles, arrays and schemas that were judged.
    judged: int
    #: The largest number of pickles in one file: Python's loaders read the first.
    in_a_row: int
    findings: List[Finding]
    #: They do not affect the verdict.
    unknown_attributes: List[UnknownAttribute]
