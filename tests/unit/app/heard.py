"""A `Ui` that remembers what it is told."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from devenv.model.errors import DevenvError
from devenv.ui.protocol import Ui


class Heard(Ui):
    """Keeps what is printed, noticed and asked; has no answers of its own."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.noticed: list[str] = []
        self.questions: list[str] = []

    @property
    def printed(self) -> str:
        return "".join(f"{text}\n" for text in self.texts)

    def say(self, line: str) -> None: ...

    def notice(self, line: str) -> None:
        self.noticed.append(line)

    def print(self, text: str) -> None:
        self.texts.append(text)

    def ask(self, question: str) -> bool:
        raise AssertionError(question)

    def answer(self, question: str, default: str) -> str:
        raise AssertionError(question)

    def error(self, error: DevenvError) -> None: ...

    def subscriber(self) -> Callable[[Any], None]:
        return lambda event: None

    def close(self, code: int) -> None: ...
