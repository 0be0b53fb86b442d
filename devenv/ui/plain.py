"""Plain lines, one a change of state: for pipes, CI and terminals that cannot do more."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import TextIO

from devenv.core.view import Row, View
from devenv.model.errors import DevenvError
from devenv.model.events import Event, RunFinished, RunStarted, StepLog, StepProgress
from devenv.ui import text
from devenv.ui.summary import failures, success
from devenv.ui.terminal import Terminal
from devenv.ui.ticker import Ticker

_QUIET = 10.0
"""Seconds after which a row that is still at the same is told of again; longer each time it is."""
_TAIL = 20
_WIDTH = 110
"""Columns of a line that says what goes on."""


class Plain(Terminal):
    """Lines to stderr, the summary to stdout. `verbose` shows what steps say, too. `now` and `ticking` for tests."""

    def __init__(
        self,
        *,
        out: TextIO | None = None,
        err: TextIO | None = None,
        source: TextIO | None = None,
        verbose: bool = False,
        now: Callable[[], float] = time.time,
        ticking: bool = True,
    ) -> None:
        super().__init__(out=out, err=err, source=source)
        self._verbose = verbose
        self._now = now
        self._view: View | None = None
        self._said: dict[tuple[str, str], tuple[str, str]] = {}
        self._due: dict[tuple[str, str], float] = {}
        self._logs: dict[str, deque[str]] = {}
        self._ticker = Ticker(self.tick, 1.0) if ticking else None

    def subscriber(self) -> Callable[[Event], None]:
        return self._take

    def close(self, code: int) -> None:
        with self.lock:
            self._stop()
        super().close(code)

    def tick(self) -> None:
        """Tell of rows that have been at the same for long, so that a long step is not silent."""
        with self.lock:
            if self._view is None:
                return
            now = self._now()
            for row in self._view.rows(now):
                key = (row.kind, row.name)
                if row.state == "running" and row.seconds >= self._due.get(key, _QUIET):
                    # 10 s, 20 s, 40 s, … then each minute.
                    self._due[key] = row.seconds + min(max(row.seconds, _QUIET), 60.0)
                    self.tell(_still(row))

    def _take(self, event: Event) -> None:
        with self.lock:
            if isinstance(event, RunStarted):
                self._view, self._said, self._due, self._logs = View(), {}, {}, {}
                if self._ticker and event.nodes:
                    self._ticker.start()
            if self._view is None:
                return
            self._view.apply(event)
            if isinstance(event, StepLog):
                self._logs.setdefault(event.node, deque(maxlen=_TAIL)).append(event.line)
                if self._verbose:
                    self.tell(f"{event.service or event.node} | {text.line_of(event.line)}")
            elif isinstance(event, RunFinished):
                self._end(event)
            elif not isinstance(event, StepProgress | RunStarted):
                self._changes(self._view)

    def _changes(self, view: View) -> None:
        for row in view.rows(self._now()):
            key = (row.kind, row.name)
            # Why one waits and how far a step is are for those who watch; here the phase says enough.
            told = (row.phase, row.why if row.state in ("failed", "skipped") else "")
            if row.state == "waiting" or row.phase == "unchanged" or self._said.get(key) == told:
                continue
            self._said[key] = told
            self.tell(_change(row))

    def _end(self, event: RunFinished) -> None:
        view = self._view
        assert view is not None
        self._stop()
        told = failures(view, logs=self._logs)
        if told:
            self.tell("\n" + told)
        # Whoever does not read the end of a run has not made it fail.
        with suppress(OSError, DevenvError):
            self.print(success(view, event))

    def _stop(self) -> None:
        self._view = None
        if self._ticker:
            self._ticker.stop()


def _name(row: Row) -> str:
    return text.short_image(row.name) if row.kind == "image" else row.name


def _change(row: Row) -> str:
    line = f"{_name(row)}: {row.phase}"
    if row.state == "ok":
        came = f", {text.line_of(row.why)}" if row.why else ""
        return f"{line}{came} ({text.seconds(row.seconds)})"
    if row.state in ("failed", "skipped"):
        return f"{line}: {text.line_of(row.why)}" if row.why else line
    return line


def _still(row: Row) -> str:
    how_far = text.amount(row.current, row.total, row.unit)
    why = ", ".join(words for words in (how_far, text.line_of(row.why)) if words)
    line = f"{_name(row)}: still {row.phase} after {text.seconds(row.seconds)}" + (f": {why}" if why else "")
    return text.cut(line, _WIDTH)  # a build's step may be a script of a screenful
