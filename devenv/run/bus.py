"""Events on their way from whoever made them to everyone who listens, in one order."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import fields, replace
from typing import Any, TypeVar

from devenv.model.events import Event, Outcome
from devenv.model.protocols import Clock

E = TypeVar("E", bound=Event)
Subscriber = Callable[[Event], None]
_TEXTS = frozenset(("text", "line", "message", "hint", "log", "detail", "data", "urls", "seeded", "outcome"))
"""Fields in which free text stands. The others are names that events are joined by, and are left as they are."""


class Bus:
    """Numbers events, dates them and gives each to every subscriber before the next one is made.

    Safe from any thread. A subscriber that raises is not called again (a full disk or a closed terminal must not end
    a run); `broken` then holds what it raised. Every text in an event has gone through `mask`, which takes secrets out.
    """

    def __init__(self, clock: Clock, *, mask: Callable[[str], str] | None = None) -> None:
        self._clock = clock
        self._mask = mask
        self._lock = threading.RLock()
        self._seq = 0
        self._subscribers: list[Subscriber] = []
        self.broken: list[Exception] = []

    def subscribe(self, subscriber: Subscriber) -> None:
        """From now on, every event; none of those before."""
        with self._lock:
            self._subscribers.append(subscriber)

    def emit(self, kind: type[E], **given: Any) -> E:
        """Make an event of `kind` with the next `seq` and the time, give it out, return it."""
        if self._mask is not None:
            given = {name: _masked(value, self._mask) if name in _TEXTS else value for name, value in given.items()}
        with self._lock:
            self._seq += 1
            event = kind(seq=self._seq, at=self._clock.now(), **given)
            for subscriber in tuple(self._subscribers):
                try:
                    subscriber(event)
                except Exception as error:
                    self._subscribers.remove(subscriber)
                    self.broken.append(error)
            return event

    def masked(self, outcome: Outcome) -> Outcome:
        """`outcome` as its event shows it."""
        if self._mask is None:
            return outcome
        masked: Outcome = _masked(outcome, self._mask)
        return masked


def _masked(value: Any, mask: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return mask(value)
    if isinstance(value, tuple | list):
        return tuple(_masked(item, mask) for item in value)
    if isinstance(value, Mapping):
        return {key: _masked(item, mask) for key, item in value.items()}
    if isinstance(value, Outcome):
        texts = {field.name: getattr(value, field.name) for field in fields(value) if field.name in _TEXTS}
        return replace(value, **{name: _masked(text, mask) for name, text in texts.items()})
    return value
