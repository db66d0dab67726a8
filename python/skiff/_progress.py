"""The bar on standard error of ``progress=True``."""

from __future__ import annotations

import sys
import time
from typing import TextIO

#: The bar is shown only after this time.
_WAIT = 0.5
_WIDTH = 30


class Bar:
    """Called as ``bar(what, done, total)``; one line for each piece of work, rewritten until it is done."""

    def __init__(self, stream: TextIO | None = None, wait: float = _WAIT) -> None:
        self._stream = stream
        self._wait = wait
        self._what: str | None = None
        self._started = 0.0
        self._last = 0
        self._shown = 0

    def __call__(self, what: str, done: int, total: int | None) -> None:
        if what != self._what or done < self._last:
            self._what, self._started = what, time.monotonic()
        self._last = done
        if time.monotonic() - self._started < self._wait and not self._shown:
            return
        stream = self._stream or sys.stderr
        text = f"{what}: {_line(done, total)}"
        stream.write("\r" + text.ljust(self._shown))
        self._shown = len(text)
        if total is not None and done >= total:
            stream.write("\n")
            self._shown, self._what = 0, None
        stream.flush()

    def __reduce__(self) -> tuple[type[Bar], tuple[()]]:
        # In another process it starts again.
        return Bar, ()


def _line(done: int, total: int | None) -> str:
    if not total:
        return f"{done / 1e6:,.0f} MB"
    share = min(done / total, 1.0)
    full = int(share * _WIDTH)
    return f"{share:4.0%} |{'█' * full}{' ' * (_WIDTH - full)}| {done:,} of {total:,}"
