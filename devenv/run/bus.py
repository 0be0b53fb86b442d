"""Events on their way from whoever made them to everyone who listens, in one order."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, TypeVar

from devenv.model.events import Event
from devenv.model.protocols import Clock

E = TypeVar("E", bound=Event)
Subscriber = Callable[[Event], None]


class Bus:
    """Numbers events, dates them and gives each to every subscriber before the next one is made.

    Safe from any thread. A subscriber that raises is not called again (a full disk or a closed terminal must not end
    a run); `broken` then holds what it raised.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.RLock()
        self._seq = 0
        self._subscribers: list[Subscriber] = []
        self.broken: list[Exception] = []

    def subscribe(self, subscriber: Subscriber) -> None:
        """From now on, every event; none of those before."""
        with self._lock:
            self._subscribers.append(subscriber)

    def emit(self, kind: type[E], **fields: Any) -> E:
        """Make an event of `kind` with the next `seq` and the time, give it out, return it."""
        with self._lock:
            self._seq += 1
            event = kind(seq=self._seq, at=self._clock.now(), **fields)
            for subscriber in tuple(self._subscribers):
                try:
                    subscriber(event)
                except Exception as error:
                    self._subscribers.remove(subscriber)
                    self.broken.append(error)
            return event
