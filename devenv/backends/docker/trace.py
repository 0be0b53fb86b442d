"""What BuildKit tells while it builds: `moby.buildkit.trace` messages, as far as devenv shows them.

They are protocol buffers of `moby.buildkit.v1.StatusResponse` (moby/buildkit `api/services/control/control.proto`); the
numbers below are its field numbers.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from devenv.backends.docker.protobuf import fields
from devenv.model.protocols import Report

_KEPT = 20
"""Last lines of a step that are kept for its failure."""


@dataclass(slots=True, kw_only=True)
class Vertex:
    """A step of the build. `error` is "" unless it failed."""

    digest: str
    name: str = ""
    started: bool = False
    completed: bool = False
    cached: bool = False
    error: str = ""
    tail: deque[str] = field(default_factory=lambda: deque(maxlen=_KEPT))

    @property
    def counts(self) -> bool:
        """Whether it is a step of the Dockerfile and none of BuildKit's own."""
        return self.name.startswith("[") and not self.name.startswith("[internal]")


class Trace:
    """The fold of all messages of one build; what is new goes to `report`."""

    def __init__(self, report: Report) -> None:
        self._report = report
        self._vertices: dict[str, Vertex] = {}
        self._held: dict[tuple[str, int], bytes] = {}
        self._told: tuple[int, int, str] | None = None

    def feed(self, message: bytes) -> None:
        """One StatusResponse: its vertexes (1) and logs (3). Bytes that are none are passed over."""
        try:
            for number, value in fields(message):
                if number == 1 and isinstance(value, bytes):
                    self._vertex(value)
                elif number == 3 and isinstance(value, bytes):
                    self._log(value)
        except (IndexError, ValueError):
            return
        self._tell()

    @property
    def failed(self) -> Vertex | None:
        """The step that failed, not those that were given up for it."""
        errors = [v for v in self._vertices.values() if v.error and "context canceled" not in v.error]
        return errors[0] if errors else None

    def _vertex(self, message: bytes) -> None:
        seen = list(fields(message))
        digest = next((_text(value) for number, value in seen if number == 1), "")
        vertex = self._vertices.setdefault(digest, Vertex(digest=digest))
        for number, value in seen:
            match number:
                case 3:
                    vertex.name = _text(value)
                case 4:
                    vertex.cached = bool(value)
                case 5:
                    vertex.started = True
                case 6:
                    vertex.completed = True
                case 7:
                    vertex.error = _text(value)
        if vertex.completed:
            for stream in (1, 2):
                rest = self._held.pop((digest, stream), b"")
                if rest:
                    self._line(vertex, rest, stream)

    def _log(self, message: bytes) -> None:
        digest, stream, said = "", 1, b""
        for number, value in fields(message):
            if number == 1:
                digest = _text(value)
            elif number == 3 and isinstance(value, int):
                stream = value
            elif number == 4 and isinstance(value, bytes):
                said = value
        vertex = self._vertices.setdefault(digest, Vertex(digest=digest))
        *lines, rest = (self._held.get((digest, stream), b"") + said).split(b"\n")
        self._held[digest, stream] = rest
        for line in lines:
            self._line(vertex, line, stream)

    def _line(self, vertex: Vertex, raw: bytes, stream: int) -> None:
        # A progress bar overwrites its line: only its last state is one.
        line = raw.decode(errors="replace").rstrip("\r").rpartition("\r")[2]
        vertex.tail.append(line)
        self._report.log(line, "stderr" if stream == 2 else "stdout")

    def _tell(self) -> None:
        steps = [v for v in self._vertices.values() if v.name and v.counts]
        running = [v.name for v in self._vertices.values() if v.started and not v.completed and v.name]
        told = (sum(v.completed for v in steps), len(steps), running[-1] if running else "")
        if told != self._told:
            self._told = told
            self._report.progress(told[0], told[1], "steps", told[2])


def _text(value: int | bytes) -> str:
    return value.decode(errors="replace") if isinstance(value, bytes) else str(value)
