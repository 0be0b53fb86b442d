"""What plain lines and the live table have in common: where words go, how a question is asked."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from typing import TextIO

from devenv.core.mask import mask_urls
from devenv.model.errors import DevenvError, ExitCode
from devenv.model.events import Event
from devenv.ui.errors import render_error
from devenv.ui.text import clean


class Terminal:
    """Words to stderr, answers to stdout, each whole and in order, from any thread.

    A stderr that nobody reads any more is left alone (it must not end a run); a stdout raises BrokenPipeError.
    """

    def __init__(
        self,
        *,
        out: TextIO | None = None,
        err: TextIO | None = None,
        source: TextIO | None = None,
    ) -> None:
        self.out = sys.stdout if out is None else out
        self.err = sys.stderr if err is None else err
        self.source = sys.stdin if source is None else source
        self.lock = threading.RLock()
        self._deaf = False

    def say(self, line: str) -> None:
        self.tell(f"devenv: {line}")

    def notice(self, line: str) -> None:
        self.tell(f"devenv: note: {mask_urls(line)}")

    def print(self, text: str) -> None:
        with self.lock:
            self.aside()
            try:
                self.out.write(text if text.endswith("\n") else text + "\n")
                self.out.flush()
            except BrokenPipeError:
                raise
            except OSError as error:
                raise DevenvError(
                    f"The output cannot be written: {error.strerror}.",
                    hint="Make room where it goes, or send it elsewhere.",
                    code=ExitCode.FAILED,
                ) from error

    def error(self, error: DevenvError) -> None:
        self.tell(render_error(error))

    def ask(self, question: str) -> bool:
        return self._asked(f"{question} [y/N]").lower() in ("y", "yes")

    def answer(self, question: str, default: str) -> str:
        return self._asked(f"{question} [{default}]") or default

    def _asked(self, question: str) -> str:
        """The line that is typed, "" where there is no terminal."""
        if not _is_terminal(self.source) or not _is_terminal(self.err):
            return ""
        with self.lock:
            self.hold()
            self.write(f"devenv: {clean(question)} ")
        try:
            # Outside the lock: the run behind the question goes on.
            answer = self.source.readline()
        finally:
            self.release()
        if not answer.endswith("\n"):
            self.write("\n")  # the end of input: the next word belongs on a line of its own
        return answer.strip()

    def subscriber(self) -> Callable[[Event], None]:
        raise NotImplementedError

    def close(self, code: int) -> None:
        """Nothing is drawn here that would have to be left in order."""

    def tell(self, text: str) -> None:
        """Whole lines to stderr."""
        with self.lock:
            self.aside()
            self.write(clean(text) + "\n")

    def write(self, text: str) -> None:
        """`text` as it is to stderr."""
        with self.lock:
            if self._deaf:
                return
            try:
                self.err.write(text)
                self.err.flush()
            except (OSError, ValueError):
                self._deaf = True

    def aside(self) -> None:
        """Called before anything is written: whatever is drawn makes room."""

    def hold(self) -> None:
        """Called before a question: nothing is drawn until `release`."""

    def release(self) -> None:
        """The question was answered."""


def _is_terminal(stream: TextIO | None) -> bool:
    try:
        return stream is not None and stream.isatty()
    except ValueError:  # closed
        return False
