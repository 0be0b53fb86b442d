"""A run on disk: one JSON object a line, flushed one by one, readable with a torn last line."""

from __future__ import annotations

from typing import IO

from devenv.core.eventlog import from_json, read_events, to_json
from devenv.model.events import Event

__all__ = ["Recorder", "from_json", "read_events", "to_json"]


class Recorder:
    """A subscriber that writes each event to `stream` and flushes it: a killed run can be read up to its end. After
    the first one that cannot be written (a full disk) it writes no more, and the run goes on."""

    def __init__(self, stream: IO[str]) -> None:
        self._stream = stream
        self._lost: OSError | None = None

    def __call__(self, event: Event) -> None:
        if self._lost is None:
            try:
                self._stream.write(to_json(event) + "\n")
                self._stream.flush()
            except OSError as error:
                self._lost = error

    def close(self) -> OSError | None:
        """Close the stream; what kept the record from being whole, None where it is."""
        try:
            self._stream.close()
        except OSError as error:  # what it still held could not be written either
            self._lost = self._lost or error
        return self._lost
