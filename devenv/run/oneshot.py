"""A container that is meant to end, and what it says on the way there."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass, field

from devenv.model.errors import CannotRun, DevenvError
from devenv.model.events import Done, Failed, Outcome
from devenv.model.observed import ObservedContainer
from devenv.model.protocols import Cancel, Engine, Report
from devenv.run.failure import LINES, LOOPS, cannot_run, failed, seconds, verdict

_PAUSE = 0.1
"""Seconds before a container that its policy starts again is waited for anew."""
_LAST_WORDS = 2.0
"""Seconds that the rest of its output may take once it has ended."""


@dataclass(slots=True)
class Lines:
    """Bytes of two streams, told to `report` line by line. `last` holds the last ones."""

    report: Report
    last: deque[str] = field(default_factory=lambda: deque(maxlen=LINES))
    _held: dict[str, bytes] = field(default_factory=dict)

    def feed(self, stream: str, part: bytes) -> None:
        """The next bytes of `stream`."""
        *whole, self._held[stream] = (self._held.get(stream, b"") + part).split(b"\n")
        for line in whole:
            self._tell(line, stream)

    def end(self) -> None:
        """There are no more: what has no line end is a line too."""
        for stream, rest in self._held.items():
            if rest:
                self._tell(rest, stream)
        self._held.clear()

    def _tell(self, line: bytes, stream: str) -> None:
        text = line.rstrip(b"\r").decode(errors="replace")
        self.last.append(text)
        self.report.log(text, stream)


def follow_to_end(
    engine: Engine, service: str, container: str, *, again: bool = False, report: Report, cancel: Cancel
) -> Outcome:
    """Start `container`, tell what it says, wait for its end. A run that an earlier devenv began is joined; where it
    has ended with 0 since it was looked at, that was it (unless `again`): no work is done twice.

    Done for exit code 0; else Failed with its last lines. Where its restart policy starts it again, that counts as one
    more try, three at most. Raises DevenvError where it cannot be started, or when it is cancelled.
    """
    before = engine.inspect(container)
    if before.state == "exited" and before.exit_code == 0 and not again:
        return Done(data={"exit_code": 0})
    try:
        if before.state not in ("running", "restarting"):
            engine.start(container)
    except CannotRun as error:
        return cannot_run(engine, service, container, error)
    told = threading.Thread(target=_tell, args=(engine, before, report, cancel), name=f"logs of {service}", daemon=True)
    told.start()
    while True:
        code = engine.wait(before.id, cancel=cancel)
        seen = engine.inspect(before.id)
        tries = seen.restart_count - before.restart_count
        if code == 0 or seen.state not in ("running", "restarting") or tries >= LOOPS:
            break
        cancel.wait(_PAUSE)
    if code == 0 and seen.running:
        engine.stop(before.id)  # `restart: always` on what is meant to end
    told.join(_LAST_WORDS)
    if code == 0:
        return Done(data={"exit_code": 0})
    found = verdict(service, seen, restarts=tries) or Failed(message=f"{service} ended with exit code {code}")
    return failed(engine, service, seen, found)


def _tell(engine: Engine, before: ObservedContainer, report: Report, cancel: Cancel) -> None:
    ended = None if before.running else seconds(before.finished_at)
    try:
        for line in engine.logs(before.id, follow=True, since=ended, cancel=cancel):
            report.log(line.line, line.stream)
    except DevenvError:
        return  # its logging driver keeps nothing to read, or it is gone: its exit code tells enough
