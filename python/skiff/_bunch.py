"""A dict whose items are attributes too: ``named_steps``."""

from __future__ import annotations

from typing import Any


class Bunch(dict[str, Any]):
    """As scikit-learn's ``Bunch``: ``bunch.scaler`` is ``bunch["scaler"]``."""

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError:
            raise AttributeError(name) from None

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *(key for key in self if isinstance(key, str))})
