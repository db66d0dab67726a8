"""What skiff raises: one base, and one class for each answer to the question whose fault it is."""

from __future__ import annotations

from typing import Any


class SkiffError(Exception):
    """The base of all that skiff raises about files and input.

    Beside the message there are facts, each ``None`` where it does not apply: ``code``, a stable name such as
    ``unsupported-estimator``; ``help``, how to go on; ``model_path``, the place in the model; ``offset``, the byte of
    the file; ``row``, the row of the input, counted from 0.
    """

    code: str | None
    help: str | None
    model_path: str | None
    offset: int | None
    row: int | None

    def __init__(
        self,
        message: str,
        *,
        code: str | None = None,
        help: str | None = None,
        model_path: str | None = None,
        offset: int | None = None,
        row: int | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.help = help
        self.model_path = model_path
        self.offset = offset
        self.row = row

    def __str__(self) -> str:
        return str(self.args[0]) if self.args else ""

    def __reduce__(self) -> tuple[Any, ...]:
        # Keyword arguments are not among `args`: processes that send errors to each other need them told apart.
        return _restore, (type(self), self.args, self.__dict__)


class DamagedFileError(SkiffError, ValueError):
    """The file is damaged, or is no model file at all."""


class UnreadableFileError(SkiffError, OSError):
    """The operating system did not let the file be read."""


class MissingFileError(UnreadableFileError, FileNotFoundError):
    """There is no such file."""


class UnwritableFileError(SkiffError, OSError):
    """The operating system did not let the file be written."""


class UntrustedFileError(SkiffError, ValueError):
    """The file names code that no model needs and nobody vouched for: loading it could do anything."""


class LimitExceededError(SkiffError, ValueError):
    """Reading the file would cost more than the limits allow."""


class NotSupportedError(SkiffError, NotImplementedError):
    """A real model, of which skiff does not support something."""


class WrongInputError(SkiffError, ValueError):
    """What was asked for is not there, or what was handed in cannot be answered."""


class AnswersChangeWarning(UserWarning):
    """The scikit-learn at hand answers otherwise than the one that wrote the file, without an error.

    ``skiff.open`` answers as the scikit-learn did that wrote it.
    """


def _restore(cls: type[SkiffError], args: tuple[Any, ...], facts: dict[str, Any]) -> SkiffError:
    error = cls(*args)
    error.__dict__.update(facts)
    return error
