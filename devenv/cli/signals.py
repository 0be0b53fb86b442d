"""Ctrl-C: the first ends cleanly, the second at once. SIGTERM counts as one, too."""

from __future__ import annotations

import _thread
import os
import signal
import threading
from collections.abc import Callable
from types import FrameType, TracebackType

from devenv.model.errors import ExitCode
from devenv.run.cancel import CancelToken


class Interrupts:
    """While entered, the first SIGINT or SIGTERM tells `cancel` and calls `tell` with one line; where nobody listens to
    `cancel`, KeyboardInterrupt is raised as ever. The second one ends the process (`end`) at once with 130."""

    def __init__(self, tell: Callable[[str], None], *, end: Callable[[int], object] = os._exit) -> None:
        self.cancel = Heard()
        self._tell = tell
        self._end = end
        self._before: dict[int, object] = {}
        self._count = 0

    def __enter__(self) -> Interrupts:
        for number in (signal.SIGINT, signal.SIGTERM):
            self._before[number] = signal.signal(number, self._handle)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        for number, before in self._before.items():
            signal.signal(number, before)  # type: ignore[arg-type]

    def _handle(self, number: int, frame: FrameType | None) -> None:
        self._count += 1
        if self._count > 1:
            self._end(int(ExitCode.INTERRUPTED))
            return
        heard = self.cancel.listeners > 0
        # A handler runs between two instructions of the main thread, which may hold any lock: what takes one is done on
        # a thread of its own (a bare one; threading.Thread takes locks to start).
        _thread.start_new_thread(self._first, (heard,))
        if not heard:
            raise KeyboardInterrupt

    def _first(self, heard: bool) -> None:
        self.cancel.cancel()
        if heard:
            self._tell("stopping; press Ctrl-C again to end at once")


class Heard(CancelToken):
    """A CancelToken that knows whether anyone listens."""

    def __init__(self) -> None:
        super().__init__()
        self.listeners = 0
        self._counting = threading.Lock()

    def on_cancel(self, call: Callable[[], None]) -> Callable[[], None]:
        take_back = super().on_cancel(call)
        self._count(1)
        taken = False

        def once() -> None:
            nonlocal taken
            take_back()
            if not taken:
                taken = True
                self._count(-1)

        return once

    def _count(self, change: int) -> None:
        with self._counting:
            self.listeners += change
