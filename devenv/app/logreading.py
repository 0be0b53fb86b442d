"""What several containers say, in one order: that of their times."""

from __future__ import annotations

import heapq
import itertools
import queue
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from devenv.app.observing import labelled
from devenv.core.selection import number_of
from devenv.model.errors import DevenvError
from devenv.model.observed import ObservedContainer
from devenv.model.protocols import Cancel, Engine, LogLine

WINDOW = 0.25
"""Seconds that a line is held back while one follows, so that an older one of another container goes first."""
REST = 1.0
"""Seconds between two looks for a container that stands in for one that ended."""
GRACE = 2.0
"""Seconds after which following ends when nothing runs any more: less may be a restart."""

Line = tuple[str, LogLine]
"""A service, or one of its containers where it has several (`observing.labelled`), and what it said."""


@dataclass(slots=True, kw_only=True)
class Reading:
    """What is read: of each of `services` of `project` the last `tail` lines (None: all) from `since` on (None: ever).
    `notice` hears of a container whose log cannot be read."""

    engine: Engine
    project: str
    services: tuple[str, ...]
    cancel: Cancel
    notice: Callable[[str], None]
    tail: int | None = None
    since: float | None = None
    index: int = 0
    """The number of the container that is meant, 0 for all."""
    busy: Callable[[], bool] = bool
    """Whether another devenv works on the project: nothing runs for a moment, but following is not over."""
    _last: dict[str, str] = field(default_factory=dict)
    """The time of the last line by container: from there on it is read again when it was started again."""
    _mute: set[str] = field(default_factory=set)
    """Containers whose log cannot be read."""

    def merged(self, containers: Mapping[str, ObservedContainer]) -> Iterator[Line]:
        """All lines so far, in the order of their times."""
        streams = [self._so_far(name, container) for name, container in containers.items()]
        return heapq.merge(*streams, key=lambda item: item[1].at)

    def followed(self, containers: Mapping[str, ObservedContainer]) -> Iterator[Line]:
        """The lines so far, then those that come, also of containers that are started or made anew meanwhile; until
        nothing runs any more, or the user stops it."""
        said: queue.SimpleQueue[Line | None] = queue.SimpleQueue()
        yield from self.merged(containers)
        follower = threading.Thread(target=self._follow_all, args=(dict(containers), said), daemon=True)
        take_back = self.cancel.on_cancel(lambda: said.put(None))
        try:
            follower.start()
            yield from _in_order(said)
        finally:
            take_back()

    def _so_far(self, name: str, container: ObservedContainer) -> Iterator[Line]:
        try:
            for line in self.engine.logs(
                container.id, tail=self.tail, timestamps=True, since=self.since, cancel=self.cancel
            ):
                self._last[container.id] = line.at
                yield name, line
        except DevenvError as error:
            self.notice(f"the log of {name} cannot be read: {error.message}")
            self._mute.add(container.id)

    def _follow_all(self, containers: dict[str, ObservedContainer], said: queue.SimpleQueue[Line | None]) -> None:
        """One reader a container that runs; None is put where following is over."""
        readers: dict[str, threading.Thread] = {}
        seen = {container.id for container in containers.values()}
        alive = time.monotonic()
        while not self.cancel.cancelled:
            try:
                there = self.engine.projects().get(self.project, ())
            except DevenvError as error:
                self.notice(error.message)
                break
            current = ((name, c) for service in self.services for name, c in labelled(there, service).items())
            for name, container in current:
                if container.id in self._mute or (container.id in readers and readers[container.id].is_alive()):
                    continue
                if self.index and number_of(container) != self.index:
                    continue
                if container.running or container.id not in seen:
                    seen.add(container.id)
                    reader = threading.Thread(target=self._follow, args=(name, container, said), daemon=True)
                    readers[container.id] = reader
                    reader.start()
            if any(reader.is_alive() for reader in readers.values()) or self.busy():
                alive = time.monotonic()
            elif time.monotonic() - alive > GRACE:
                break
            self.cancel.wait(REST)
        said.put(None)

    def _follow(self, name: str, container: ObservedContainer, said: queue.SimpleQueue[Line | None]) -> None:
        last = self._last.get(container.id, "")
        try:
            lines = self.engine.logs(
                container.id, follow=True, timestamps=True, since=_seconds(last) or self.since, cancel=self.cancel
            )
            for line in lines:
                if line.at > last:
                    self._last[container.id] = line.at
                    said.put((name, line))
        except DevenvError:
            return  # it was removed meanwhile; whoever stands in for it is found


def _in_order(said: queue.SimpleQueue[Line | None]) -> Iterator[Line]:
    """Lines as they come, each held for a moment and given in the order of their times; None ends it."""
    held: list[tuple[str, int, Line]] = []
    arrived: deque[tuple[float, str]] = deque()
    """When each line was held long enough, and its time."""
    count = itertools.count()
    horizon = ""
    while True:
        wait = max(arrived[0][0] - time.monotonic(), 0.0) if arrived else None
        try:
            item = said.get(timeout=wait)
            if item is None:
                break
            arrived.append((time.monotonic() + WINDOW, item[1].at))
            heapq.heappush(held, (item[1].at, next(count), item))
        except queue.Empty:
            pass
        while arrived and arrived[0][0] <= time.monotonic():
            horizon = max(horizon, arrived.popleft()[1])
        while held and held[0][0] <= horizon:
            yield heapq.heappop(held)[2]
    while held:
        yield heapq.heappop(held)[2]


def _seconds(at: str) -> float | None:
    """A moment a little before `at`, as a time that the engine takes; None for none."""
    try:
        return datetime.fromisoformat(f"{at[:19]}+00:00").timestamp()
    except ValueError:
        return None
