"""Something done every so often beside the run, until told to stop."""

from __future__ import annotations

import threading
from collections.abc import Callable


class Ticker:
    """Calls `tick` every `period` seconds on a thread of its own, from `start` to `stop`. One that raises ends it."""

    def __init__(self, tick: Callable[[], None], period: float) -> None:
        self._tick = tick
        self._period = period
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        if self._thread is None:
            self._stop.clear()
            self._thread = threading.Thread(target=self._run, name="ticker", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """Returns at once; a tick that is under way may still end."""
        self._stop.set()
        self._thread = None

    def _run(self) -> None:
        stop = self._stop
        while not stop.wait(self._period):
            self._tick()
