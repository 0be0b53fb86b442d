"""The time of this machine."""

from __future__ import annotations

import time


class SystemClock:
    """Implements `protocols.Clock`."""

    def now(self) -> float:
        """Seconds since the epoch."""
        return time.time()

    def monotonic(self) -> float:
        """Seconds from some moment on. On Linux and macOS they stand still while the machine sleeps, so that no
        deadline has passed when the lid opens (clock_gettime(2), CLOCK_MONOTONIC)."""
        return time.monotonic()
