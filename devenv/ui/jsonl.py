"""JSON lines on stdout: each event of a run, its `run_finished` last; an error as one line."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import TextIO

from devenv.core.eventlog import to_json
from devenv.model.errors import DevenvError
from devenv.model.events import Event, RunFinished, RunStarted
from devenv.ui.errors import error_data
from devenv.ui.terminal import Terminal


class JsonLines(Terminal):
    """Data alone on stdout; words for whoever watches stay on stderr. No question is ever asked."""

    def __init__(
        self,
        *,
        out: TextIO | None = None,
        err: TextIO | None = None,
        source: TextIO | None = None,
        now: Callable[[], float] = time.time,
    ) -> None:
        super().__init__(out=out, err=err, source=source)
        self._now = now
        self._open: Event | None = None
        self._began = 0.0

    def ask(self, question: str) -> bool:
        return False

    def answer(self, question: str, default: str) -> str:
        return default

    def error(self, error: DevenvError) -> None:
        self.print(json.dumps({"event": "error", **error_data(error)}, ensure_ascii=False, separators=(",", ":")))

    def subscriber(self) -> Callable[[Event], None]:
        return self._take

    def close(self, code: int) -> None:
        with self.lock:
            last, self._open = self._open, None
        if last is not None:  # the run was left without an end: whoever reads waits for one
            now = self._now()
            end = RunFinished(seq=last.seq + 1, at=now, code=code, seconds=max(now - self._began, 0.0))
            self.print(to_json(end))
        super().close(code)

    def _take(self, event: Event) -> None:
        with self.lock:
            if isinstance(event, RunStarted):
                self._began = event.at
            self._open = None if isinstance(event, RunFinished) else event
            self.print(to_json(event))
