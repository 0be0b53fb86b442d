"""Told once, heard everywhere: how Ctrl-C reaches whatever a worker is blocked in."""

from __future__ import annotations

import threading
from collections.abc import Callable


class CancelToken:
    """Implements `protocols.Cancel`. Safe from any thread and from a signal handler's thread."""

    def __init__(self) -> None:
        self._event = threading.Event()
        self._lock = threading.RLock()
        self._calls: dict[int, Callable[[], None]] = {}
        self._next = 0

    @property
    def cancelled(self) -> bool:
        return self._event.is_set()

    def cancel(self) -> None:
        """Tell everyone, once. A listener that raises does not keep the others from hearing; its error is dropped,
        because it was only ever asked to let go of something."""
        with self._lock:
            if self._event.is_set():
                return
            self._event.set()
            calls = tuple(self._calls.values())
            self._calls.clear()
        for call in calls:
            try:
                call()
            except Exception:
                continue

    def wait(self, seconds: float) -> bool:
        """Sleep up to `seconds`; True as soon as it is cancelled."""
        return self._event.wait(seconds)

    def on_cancel(self, call: Callable[[], None]) -> Callable[[], None]:
        """Call `call` when cancelled, at once if it is already. Returns what takes it back (safe to call twice)."""
        with self._lock:
            if not self._event.is_set():
                key = self._next
                self._next += 1
                self._calls[key] = call

                def take_back() -> None:
                    with self._lock:
                        self._calls.pop(key, None)

                return take_back
        call()
        return lambda: None
