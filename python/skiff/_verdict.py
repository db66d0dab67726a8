"""The types of what ``skiff.scan`` returns: dicts and lists that ``json.dumps`` takes."""

from __future__ import annotations

from typing import List, Literal, Optional, TypedDict


class Finding(TypedDict):
    """Something that speaks against a file."""

    #: `unknown`: not on the list of what models need, or not to be looked at. `dangerous`: a known way to do harm.
    rating: Literal["unknown", "dangerous"]
    #: The name, `module.name`, that would be imported or called.
    name: Optional[str]
    #: What would happen. Reads on from the name, where there is one.
    sentence: str
    #: The layers and containers around it, the outermost first.
    place: List[str]
    #: Which of the pickles there that stand in a row.
    pickle: Optional[int]
    #: The byte of the innermost content that names it.
    offset: Optional[int]
    #: Where in the object that would come out: `steps[1].func`.
    path: Optional[str]


#: An attribute of one of scikit-learn's objects that no version of its class has, and that holds plain data: the class as
#: `module.Name`, the attribute's name, the layers and containers around it, and where the object is (`steps[1]`).
UnknownAttribute = TypedDict(
    "UnknownAttribute", {"class": str, "name": str, "place": List[str], "path": Optional[str]}
)


class Verdict(TypedDict):
    """What a file is to whoever would load it in Python."""

    #: The file, where it was named by its path.
    file: Optional[str]
    verdict: Literal["model", "unknown", "dangerous"]
    #: No model file at all, among the files of a folder.
    passed_over: bool
    size: int
    #: How many pickles, arrays and schemas were judged.
    judged: int
    #: How many pickles stand in a row, where most do: Python's loaders read the first.
    in_a_row: int
    findings: List[Finding]
    #: They do not count against the file.
    unknown_attributes: List[UnknownAttribute]
