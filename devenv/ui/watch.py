"""A table that is drawn over itself on a terminal until a key says that it was watched enough."""

from __future__ import annotations

import os
import select
import sys
from collections.abc import Callable, Mapping
from typing import Any, TextIO

from devenv.model.protocols import Cancel
from devenv.ui import text
from devenv.ui.make import draws

_ENOUGH = (b"q", b"Q", b"\x1b", b"\x04")
"""q, Escape alone, the end of input."""


def watches(out: TextIO | None = None, env: Mapping[str, str] | None = None) -> bool:
    """Whether somebody watches standard output on a terminal that can be drawn on."""
    return draws(sys.stdout if out is None else out, os.environ if env is None else env)


class Watch:
    """Draws on `out` while entered; keys are read from `source` where that is a terminal."""

    def __init__(self, cancel: Cancel, *, out: TextIO | None = None, source: TextIO | None = None) -> None:
        self._cancel = cancel
        self._out = sys.stdout if out is None else out
        self._source = sys.stdin if source is None else source
        self._rows = 0
        self._before: list[Any] | None = None
        self._forget: Callable[[], None] | None = None

    def __enter__(self) -> Watch:
        self._forget = self._cancel.on_cancel(lambda: None)  # a Ctrl-C ends the watching, and is no failure
        if self._source is not None and self._source.isatty():
            import termios

            self._before = termios.tcgetattr(self._source)
            quiet = termios.tcgetattr(self._source)
            quiet[3] &= ~(termios.ICANON | termios.ECHO)
            termios.tcsetattr(self._source, termios.TCSADRAIN, quiet)
        self._write("\x1b[?25l")
        return self

    def __exit__(self, *error: object) -> None:
        if self._forget is not None:
            self._forget()
        self._write("\x1b[?25h")
        if self._before is not None:
            import termios

            termios.tcsetattr(self._source, termios.TCSADRAIN, self._before)

    def draw(self, table: str, seconds: float) -> bool:
        """Draw `table` in place of the one before and wait for `seconds`; True where it was watched enough."""
        width, height = self._size()
        lines = [text.cut(line, max(width - 1, 10)) for line in table.split("\n")]
        if len(lines) > height - 1:
            lines = [*lines[: height - 2], f"… and {len(lines) - height + 2} more"]
        up = f"\r\x1b[{self._rows}A" if self._rows else ""
        self._write(up + "".join(f"{line}\x1b[K\n" for line in lines) + "\x1b[J")
        self._rows = len(lines)
        return self._enough(seconds)

    def _enough(self, seconds: float) -> bool:
        if self._before is None:
            return self._cancel.wait(seconds)
        ready, _, _ = select.select([self._source], [], [], seconds)
        key = os.read(self._source.fileno(), 1024) if ready else None
        return self._cancel.cancelled or key == b"" or key in _ENOUGH

    def _size(self) -> tuple[int, int]:
        try:
            size = os.get_terminal_size(self._out.fileno())
        except (OSError, ValueError, AttributeError):
            return 80, 24
        return size.columns or 80, size.lines or 24

    def _write(self, written: str) -> None:
        self._out.write(written)
        self._out.flush()
