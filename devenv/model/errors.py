"""The one family of errors. Everything a user can cause is one of these, always with a hint."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum


class ExitCode(IntEnum):
    """What the process ends with (DESIGN, rule 12)."""

    DONE = 0
    FAILED = 1
    INPUT = 2
    UNFIT = 3
    INTERRUPTED = 130


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A place in a file. `line` and `column` count from 1; 0 says that only the file is known.

    `text` is the source line as written, so that a caret can be drawn without reading the file again.
    """

    file: str
    line: int = 0
    column: int = 0
    length: int = 1
    text: str = ""

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}" if self.line else self.file


class DevenvError(Exception):
    """One thing that is wrong: what (`message`), where, and what to do (`hint`).

    `code` is what the process ends with; `link` is a page to read on, or "".
    """

    def __init__(
        self,
        message: str,
        *,
        hint: str,
        code: ExitCode = ExitCode.INPUT,
        where: Span | None = None,
        link: str = "",
    ) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.code = code
        self.where = where
        self.link = link


class DevenvErrors(DevenvError):
    """Several errors of one reading, so that a person mends a file once and not five times."""

    def __init__(self, errors: Iterable[DevenvError]) -> None:
        self.errors: tuple[DevenvError, ...] = tuple(errors)
        if not self.errors:
            raise ValueError("DevenvErrors needs at least one error")
        first = self.errors[0]
        super().__init__(first.message, hint=first.hint, code=first.code, where=first.where, link=first.link)


def raise_all(errors: Iterable[DevenvError]) -> None:
    """Raise nothing for none, the error itself for one, DevenvErrors for more."""
    found = tuple(errors)
    if len(found) == 1:
        raise found[0]
    if found:
        raise DevenvErrors(found)


class NotFound(DevenvError):
    """What was named is not there."""


class Conflict(DevenvError):
    """A name or port that is needed is held by something else."""


class CannotRun(DevenvError):
    """The program of a container is not there, or is none that can be run."""


class TimedOut(DevenvError):
    """It did not end within its time."""


class BuildFailed(DevenvError):
    """A build step failed; `log` is the last of what it said."""

    def __init__(self, message: str, *, hint: str, log: tuple[str, ...] = (), where: Span | None = None) -> None:
        super().__init__(message, hint=hint, code=ExitCode.FAILED, where=where)
        self.log = log
