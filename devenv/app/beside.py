"""Calls that are made beside one another: most of what a command waits for are answers."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

T = TypeVar("T")


class Begun(Generic[T]):
    """`call`, begun now in a thread of its own; `end` gives its answer or raises its error.

    A daemon: a question that hangs, or that nobody asks for any more, must not hold the process."""

    def __init__(self, call: Callable[[], T]) -> None:
        self._call = call
        self._answers: list[T] = []
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._work, daemon=True)
        self._thread.start()

    def wait(self) -> None:
        """Until it has ended, in whichever way."""
        self._thread.join()

    def end(self) -> T:
        """The answer of the call, waited for. Raises what it raised."""
        self.wait()
        if self._error is not None:
            raise self._error
        return self._answers[0]

    def _work(self) -> None:
        try:
            self._answers.append(self._call())
        except BaseException as error:
            self._error = error


def side_by_side(calls: Sequence[Callable[[], T]]) -> list[T]:
    """The answers of `calls`, made at once, in their order; the first error is raised when all have ended."""
    begun = [Begun(call) for call in calls]
    for one in begun:
        one.wait()
    return [one.end() for one in begun]
