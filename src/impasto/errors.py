"""Everything that impasto raises on purpose.

Every error says what was wrong, names the file or option, and says what to do about it::

    ImpastoError                 1   anything below
    ├── OptionError              2   an option or argument with an impossible value
    ├── InputError               3   a file that is missing, empty, damaged or too large
    ├── OutputError              4   a place that cannot be written
    ├── StyleError               5   a style that is unknown, damaged or for another trunk
    ├── EngineError              6   an engine that is missing or cannot run a graph
    ├── MissingExtraError        7   a feature whose optional packages are not installed
    ├── TrainingError            8   training that cannot go on
    └── BatchError               9   a folder of which some files failed

The number is the exit code of the command line. Interrupted with Ctrl-C, it exits with 130.
"""

from __future__ import annotations

from typing import ClassVar

__all__ = [
    "BatchError",
    "EngineError",
    "ImpastoError",
    "InputError",
    "MissingExtraError",
    "OptionError",
    "OutputError",
    "StyleError",
    "TrainingError",
]


class ImpastoError(Exception):
    """Base of all errors raised on purpose.

    Args:
        problem: what was wrong, naming the file or option; one line, no full stop.
        remedy: what the reader can do about it; one line, no full stop.
    """

    exit_code: ClassVar[int] = 1

    def __init__(self, problem: str, remedy: str = "") -> None:
        super().__init__(problem, remedy)
        self.problem = problem
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.problem}: {self.remedy}" if self.remedy else self.problem


class OptionError(ImpastoError, ValueError):
    """An option or argument has a value that makes no sense."""

    exit_code = 2


class InputError(ImpastoError):
    """A file or folder that was to be read is missing, empty, damaged or too large."""

    exit_code = 3


class OutputError(ImpastoError):
    """A result cannot be written where it was asked for."""

    exit_code = 4


class StyleError(ImpastoError):
    """A style is unknown, its file is damaged, or it belongs to another trunk."""

    exit_code = 5


class EngineError(ImpastoError):
    """An engine is missing, or cannot load or run a graph."""

    exit_code = 6


class MissingExtraError(ImpastoError, ImportError):
    """A feature needs packages of an optional extra that are not installed."""

    exit_code = 7

    def __init__(self, feature: str, extra: str) -> None:
        super().__init__(
            f"{feature} needs packages that are not installed",
            f"pip install 'impasto[{extra}]'",
        )
        self.feature = feature
        self.extra = extra

    def __reduce__(self) -> tuple[type[MissingExtraError], tuple[str, str]]:
        return type(self), (self.feature, self.extra)


class TrainingError(ImpastoError):
    """Training cannot start or go on."""

    exit_code = 8


class BatchError(ImpastoError):
    """Some files of a folder failed; the others are done.

    Args:
        failures: one error for every file that failed, in order; or for the first of very many.
        done: how many files succeeded.
        failed: how many failed, if not each has its error.
    """

    exit_code = 9

    def __init__(self, failures: list[ImpastoError], done: int, failed: int | None = None) -> None:
        self.failed = len(failures) if failed is None else failed
        named = "each" if self.failed == len(failures) else f"the first {len(failures)}"
        super().__init__(
            f"{self.failed} of {self.failed + done} files failed",
            f"the lines above name {named} and why",
        )
        self.failures = failures
        self.done = done

    def __reduce__(self) -> tuple[type[BatchError], tuple[list[ImpastoError], int, int]]:
        return type(self), (self.failures, self.done, self.failed)
