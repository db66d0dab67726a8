"""Strings with lone surrogates, which UTF-8 does not allow."""

from __future__ import annotations

import re

_SURROGATES = re.compile("[\ud800-\udfff]")


def without_surrogates(text: str) -> str:
    """``text`` with a noncharacter in place of each lone surrogate: neither is a letter, a digit or white space."""
    return _SURROGATES.sub("\uffff", text)
