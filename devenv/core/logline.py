"""Log lines as people read them: a line of JSON becomes level, message and the rest; every other line stays."""

from __future__ import annotations

import json
from typing import Any

_MESSAGE = ("message", "msg", "event")
_LEVEL = ("level", "lvl", "severity", "levelname")
_TIME = ("time", "ts", "timestamp", "@timestamp", "asctime")
"""Left out: when a line was said is known from the engine, for all services in one way."""


def readable(line: str) -> str:
    """`line` as `LEVEL message key=value …` where it is a JSON object with a message; else as it is."""
    if not line.startswith("{"):
        return line
    try:
        said = json.loads(line)
    except (ValueError, RecursionError):
        return line
    message = _first(said, _MESSAGE) if isinstance(said, dict) else None
    if not isinstance(message, str):
        return line
    level = _first(said, _LEVEL)
    known = {*_MESSAGE, *_LEVEL, *_TIME}
    rest = [f"{key}={_value(value)}" for key, value in said.items() if key not in known]
    begin = f"{str(level).upper():<7} " if isinstance(level, str) else ""
    return begin + "  ".join([message, " ".join(rest)] if rest else [message])


def _first(said: dict[str, Any], names: tuple[str, ...]) -> Any:
    return next((said[name] for name in names if name in said), None)


def _value(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return json.dumps(text, ensure_ascii=False) if not text or any(c.isspace() or c == '"' for c in text) else text
