"""Logs for programs and people: one JSON object a line, each with the id of the request that it belongs to.

The web server gives every request an id and passes it on as X-Request-ID; the API puts it into the queue beside the
order, and the worker takes it from there. So `devenv logs --grep ID` shows one order's way through all of them.
"""

import json
import logging
import sys
from contextvars import ContextVar
from datetime import UTC, datetime

request_id: ContextVar[str] = ContextVar("request_id", default="")
"""Of the request (or the order) that is worked on."""


class Line(logging.Formatter):
    """time, level, service, request_id, message, and the fields that were given as `extra={"fields": {…}}`."""

    def __init__(self, service: str) -> None:
        super().__init__()
        self.service = service

    def format(self, record: logging.LogRecord) -> str:
        said = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "service": self.service,
            "request_id": request_id.get(),
            "message": record.getMessage(),
            **getattr(record, "fields", {}),
        }
        if record.exc_info:
            said["traceback"] = self.formatException(record.exc_info)
        return json.dumps({key: value for key, value in said.items() if value != ""}, ensure_ascii=False, default=str)


def set_up(service: str) -> None:
    """All that this process logs, the web server's words too, becomes such lines on standard output."""
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(Line(service))
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    logging.getLogger("psycopg.pool").setLevel(logging.ERROR)  # who asked is told, with the reason


def words(error: Exception) -> str:
    """The first line of what an error says."""
    return (str(error).splitlines() or [type(error).__name__])[0]
