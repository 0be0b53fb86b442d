"""The live table: drawn over itself on a terminal while a run goes on, then left standing with its end."""

from __future__ import annotations

import os
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import TextIO

from devenv.core.view import View
from devenv.model.errors import DevenvError
from devenv.model.events import Event, RunFinished, RunStarted, StepLog
from devenv.ui import text
from devenv.ui.screen import render
from devenv.ui.summary import WIDTH, blocks, failures, success
from devenv.ui.terminal import Terminal
from devenv.ui.ticker import Ticker

_PERIOD = 0.12
_TAIL = 20


class Live(Terminal):
    """Draws on stderr, which must be a terminal. `colour` as the user wants it; `size`, `now` and
    `ticking` for tests."""

    def __init__(
        self,
        *,
        out: TextIO | None = None,
        err: TextIO | None = None,
        source: TextIO | None = None,
        colour: bool = True,
        unicode: bool = True,
        verbose: bool = False,
        size: Callable[[], tuple[int, int]] | None = None,
        now: Callable[[], float] = time.time,
        ticking: bool = True,
    ) -> None:
        super().__init__(out=out, err=err, source=source)
        self._colour, self._unicode, self._verbose = colour, unicode, verbose
        self._size = size or self._terminal_size
        self._now = now
        self._view: View | None = None
        self._logs: dict[str, deque[str]] = {}
        self._drawn: list[str] = []
        self._held = 0
        self._ticker = Ticker(self.tick, _PERIOD) if ticking else None

    def subscriber(self) -> Callable[[Event], None]:
        return self._take

    def close(self, code: int) -> None:
        with self.lock:
            self._stop()
            if self._view is not None:  # a run that was left without an end: its last state stays to be read
                self._draw()
                self._drawn, self._view = [], None
        super().close(code)

    def aside(self) -> None:
        if self._drawn:
            self.write(self._up() + "\x1b[J")
            self._drawn = []

    def hold(self) -> None:
        self._held += 1
        self.aside()

    def release(self) -> None:
        with self.lock:
            self._held -= 1

    def _take(self, event: Event) -> None:
        with self.lock:
            if isinstance(event, RunStarted):
                self._view, self._logs = View(), {}
                if self._ticker and event.nodes:
                    self._ticker.start()
            if self._view is None:
                return
            self._view.apply(event)
            if isinstance(event, StepLog):
                self._logs.setdefault(event.node, deque(maxlen=_TAIL)).append(event.line)
                if self._verbose:
                    self.tell(f"{event.service or event.node} | {event.line}")
            if isinstance(event, RunFinished):
                self._end(event)

    def _end(self, event: RunFinished) -> None:
        view = self._view
        assert view is not None
        self._stop()
        if view.total:
            self._draw()
        self._drawn, self._view = [], None
        width = max(self._size()[0], 40)
        told = failures(view, logs=self._logs)
        if told:
            self.aside()
            self.write("\n" + "".join(f"{line}\n" for line in blocks(told, width, colour=self._colour)))
        # Whoever does not read the end of a run has not made it fail.
        with suppress(OSError, DevenvError):
            self.print(success(view, event, width=min(width, WIDTH)))

    def tick(self) -> None:
        """Draw the table as it is now."""
        with self.lock:
            if self._view is not None and self._view.total and not self._held:
                self._draw()

    def _stop(self) -> None:
        if self._ticker:
            self._ticker.stop()

    def _draw(self) -> None:
        assert self._view is not None
        width, height = self._size()
        lines = render(
            self._view,
            self._now(),
            # One column less: a line that ends in the last one makes some terminals wrap.
            width=max(width - 1, 20),
            height=max(height - 1, 2),
            colour=self._colour,
            unicode=self._unicode,
            logs=self._logs,
        )
        self.write(self._over(lines))
        self._drawn = lines

    def _over(self, lines: Sequence[str]) -> str:
        """What turns the drawn lines into `lines`. Only what changed is written, in one piece, so nothing flickers."""
        if not self._drawn:
            return "".join(f"{line}\x1b[K\n" for line in lines)
        parts = [self._up()]
        same_place = self._rows() == len(self._drawn)
        for index, line in enumerate(lines):
            kept = same_place and index < len(self._drawn) and self._drawn[index] == line
            parts.append("\n" if kept else f"\r{line}\x1b[K\n")
        if not same_place or len(lines) < len(self._drawn):
            parts.append("\x1b[J")
        return "".join(parts)

    def _up(self) -> str:
        return f"\r\x1b[{self._rows()}A"

    def _rows(self) -> int:
        """Rows that the drawn lines take now: a terminal that was made narrower has wrapped them."""
        width = max(self._size()[0], 1)
        return sum(max(-(-text.width(text.clean(line)) // width), 1) for line in self._drawn)

    def _terminal_size(self) -> tuple[int, int]:
        try:
            size = os.get_terminal_size(self.err.fileno())
        except (OSError, ValueError, AttributeError):
            return 80, 24
        return size.columns or 80, size.lines or 24
