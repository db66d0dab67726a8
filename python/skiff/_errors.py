"""The exceptions of skiff: one base class, and one class for each cause."""

from __future__ import annotations

from typing import Any


class SkiffError(Exception):
    """The base class of all errors about files and input.

    Attributes
    ----------
    code : str or None
        A stable name of the error, such as ``"unsupported-estimator"``.
    help : str or None
        What to do about it.
    model_path : str or None
        The path in the model, such as ``"steps[1].estimators_[3]"``.
    offset : int or None
        The byte of the file.
    row : int or None
        The row of the input, counted from 0.
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
    """The file is damaged, or not a model file."""


class UnreadableFileError(SkiffError, OSError):
    """The operating system could not read the file."""


class MissingFileError(UnreadableFileError, FileNotFoundError):
    """The file does not exist."""


class UnwritableFileError(SkiffError, OSError):
    """The operating system could not write the file."""


class UntrustedFileError(SkiffError, ValueError):
    """The file names code that is neither on the allow-list nor trusted by the caller."""


class LimitExceededError(SkiffError, ValueError):
    """Reading the file, or one result of the model, would exceed the limits."""


class NotSupportedError(SkiffError, NotImplementedError):
    """The model is valid, but uses something that skiff does not support."""


class WrongInputError(SkiffError, ValueError):
    """An argument or the input data is wrong."""


class AnswersChangeWarning(UserWarning):
    """The installed scikit-learn predicts differently from the one that wrote the file, without an error.

    ``skiff.open`` predicts as the scikit-learn that wrote the file.
    """


class MigrationWarning(UserWarning):
    """Another version of scikit-learn wrote the file: what ``skiff.load`` changed for the installed one, or why nothing.

    A migrated estimator predicts what it predicted in the version that wrote it; ``migrate=False`` builds it as it is.
    """


def _restore(cls: type[SkiffError], args: tuple[Any, ...], facts: dict[str, Any]) -> SkiffError:
    error = cls(*args)
    error.__dict__.update(facts)
    return error
