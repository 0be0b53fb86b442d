"""A run on disk: one JSON object a line, flushed one by one, readable with a torn last line."""

from __future__ import annotations

from typing import IO

from devenv.core.eventlog import from_json, read_events, to_json
from devenv.model.events import Event

__all__ = ["Recorder", "from_json", "read_events", "to_json"]


class Recorder:
    """A subscriber that writes each event to `stream` and flushes it: a killed run can be read up to its end."""

    def __init__(self, stream: IO[str]) -> None:
        self._stream = stream

    def __call__(self, event: Event) -> None:
        self._stream.write(to_json(event) + "\n")
        self._stream.flush()
