"""How the app speaks to a person or a program. One implementation a kind of listener: plain lines, live table, JSON."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from devenv.model.errors import DevenvError
from devenv.model.events import Event


class Ui(Protocol):
    """All methods may be called from any thread, also while a run goes on."""

    def say(self, line: str) -> None:
        """What devenv does now, for whoever watches (stderr). Never data."""

    def notice(self, line: str) -> None:
        """Something the user should know and need not act on (stderr)."""

    def print(self, text: str) -> None:
        """The answer that was asked for (stdout). Raises BrokenPipeError once nobody reads it any more."""

    def ask(self, question: str) -> bool:
        """A yes or no at the terminal; no where there is none."""

    def answer(self, question: str, default: str) -> str:
        """What the person types at the terminal; `default` for an empty line, and where there is no terminal."""

    def error(self, error: DevenvError) -> None:
        """One error, or all of a DevenvErrors, with place and hint."""

    def subscriber(self) -> Callable[[Event], None]:
        """What the events of a run are given to."""

    def close(self, code: int) -> None:
        """The command is over and ends with `code`: what is drawn stays, nothing more is said."""
