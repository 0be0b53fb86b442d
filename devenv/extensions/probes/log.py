"""`log: REGEX`: a line of the container's output since its start matches."""

from __future__ import annotations

import datetime
import re
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from devenv.core import readiness
from devenv.core.compose import values
from devenv.core.readiness import ReadyKind
from devenv.model.errors import DevenvError
from devenv.model.protocols import Broken, IsReady, Look, NotYet, ProbeTarget
from devenv.model.stack import Ready

if TYPE_CHECKING:
    from devenv.core.schema.shapes import Schema


@dataclass(slots=True)
class _Read:
    """How far the output of one start of one container was read. What was said up to `before` is an earlier start's."""

    since: float
    before: float = 0.0
    found: bool = False
    last: str = ""


@dataclass(eq=False)
class LogProbe(ReadyKind):
    """Options: `pattern`, a Python regular expression searched in each line.

    It remembers how far it has read, so that a look costs what was said since the last one.
    """

    kind = "log"
    means = "A line of its output matches."
    example = "ready to accept connections"
    short = "pattern"
    options: ClassVar = {"pattern": values.text}
    _read: dict[tuple[str, str, str], _Read] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def shape(self) -> Schema:
        """A regular expression."""
        from devenv.core.schema.shapes import text

        return text("a regular expression")

    def wrong(self, value: Any) -> tuple[str, str] | None:
        """What is no regular expression."""
        error = readiness.pattern_error(str(value))
        return (f"`{value}` is no regular expression: {error}.", "Escape it or correct it.") if error else None

    def look(self, target: ProbeTarget, ready: Ready, *, timeout: float) -> Look:
        """Read what is there now; it never follows."""
        pattern = str(ready.options.get("pattern") or "")
        try:
            wanted = re.compile(pattern)
        except re.error as error:
            return Broken(why=f"the log probe's pattern is no regular expression: {error}")
        container, until = target.container, time.monotonic() + timeout
        log = (container.config.get("HostConfig") or {}).get("LogConfig") or {}
        if log.get("Type") == "none":
            return Broken(why="the log probe cannot read: the service's logging driver is `none`")
        with self._lock:
            key = (container.id, container.started_at, pattern)
            # Not from `started_at`: the engine notes that a moment after the container may have said its first line.
            ended = _seconds(container.finished_at)
            ended = ended if ended < _seconds(container.started_at) else 0.0
            read = self._read.setdefault(key, _Read(since=ended, before=ended))
        if read.found:
            return IsReady()
        try:
            # Whole seconds: lines of the second in which the last look ended are read again rather than lost.
            for line in target.engine.logs(container.id, timestamps=True, since=float(int(read.since))):
                at = _seconds(line.at)
                if at and at <= read.before:
                    continue
                read.since = max(read.since, at)
                read.last = line.line.strip() or read.last
                read.found = read.found or wanted.search(line.line) is not None
                if read.found or time.monotonic() > until:
                    break
        except DevenvError as error:
            return NotYet(why=error.message)
        if read.found:
            return IsReady()
        said = f", last line: {read.last[:120]}" if read.last else ", it has said nothing"
        return NotYet(why=f"no log line matches {pattern!r} yet{said}")


def _seconds(text: str) -> float:
    """RFC 3339 text as seconds since the epoch; 0 where it is none (the engine's zero time included)."""
    match = re.match(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d+)?(Z|[+-]\d\d:\d\d)?$", text)
    if match is None:
        return 0.0
    whole = datetime.datetime.fromisoformat(match[1] + (match[3] or "Z").replace("Z", "+00:00"))
    return max(0.0, whole.timestamp() + float(match[2] or 0))


PROBE = LogProbe()
