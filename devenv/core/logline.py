"""Log lines as people read them: a line of JSON becomes level, message and the rest; every other line stays."""

from __future__ import annotations

import json
import re
from typing import Any

_MESSAGE = ("message", "msg", "event")
_LEVEL = ("level", "lvl", "severity", "levelname", "log.level")
_TIME = ("time", "ts", "timestamp", "@timestamp", "asctime")
"""Left out: when a line was said is known from the engine, for all services in one way."""
_NUMBERED = {10: "TRACE", 20: "DEBUG", 30: "INFO", 40: "WARN", 50: "ERROR", 60: "FATAL"}
"""Levels as Bunyan and Pino write them."""
_CONTROL = re.compile(
    r"(\x1b\[[0-9;:]*m)"  # a colour, which stays
    r"|\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)?|\x1b[PX^_][^\x1b]*(?:\x1b\\)?|\x1b.?"
    r"|[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]"
)
_RESET = "\x1b[0m"


def readable(line: str, service: str = "") -> str:
    """`line` as `LEVEL message key=value …` where it is a JSON object with a message, what has several lines (a stack
    trace) below it; else as it is. `service`: who said it, where the reader knows that already."""
    if not line.startswith("{"):
        return line
    try:
        said = json.loads(line)
    except (ValueError, RecursionError):
        return line
    message = _first(said, _MESSAGE) if isinstance(said, dict) else None
    if not isinstance(message, str):
        return line
    known = {*_MESSAGE, *_LEVEL, *_TIME}
    more = {key: value for key, value in said.items() if key not in known}
    if service and more.get("service") == service:
        del more["service"]
    below = [key for key, value in more.items() if isinstance(value, str) and "\n" in value.strip()]
    rest = [f"{key}={_value(value)}" for key, value in more.items() if key not in below]
    lines = ["  ".join([message, " ".join(rest)] if rest else [message])]
    for key in below:
        lines += [f"  {key}:", *(f"    {line}" for line in more[key].strip().split("\n"))]
    return _level(_first(said, _LEVEL)) + "\n".join(lines)


def visible(text: str) -> str:
    """`text` without what moves a terminal's cursor, rings, or writes over what stands there: colours stay, and end
    with it. Of what was written over itself in one line (a progress bar) the last counts."""
    text = text.rstrip("\r")
    text = text.rpartition("\r")[2] or text
    shown = _CONTROL.sub(lambda found: found[1] or "", text)
    return shown + _RESET if "\x1b" in shown and not shown.endswith(_RESET) else shown


def _level(said: Any) -> str:
    level = _NUMBERED.get(said, "") if isinstance(said, int) else said
    return f"{level.upper():<7} " if isinstance(level, str) and level else ""


def _first(said: dict[str, Any], names: tuple[str, ...]) -> Any:
    return next((said[name] for name in names if name in said), None)


def _value(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return json.dumps(text, ensure_ascii=False) if not text or any(c.isspace() or c == '"' for c in text) else text
