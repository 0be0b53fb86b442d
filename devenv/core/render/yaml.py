"""Plain values as YAML text: in the order given, the same bytes each time, read back alike by every reader.

A text is written without quotes only where no YAML 1.1 or 1.2 reader can take it for anything else.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

_PLAIN = re.compile(
    r"(?:[A-Za-z_/]|\.{1,2}/)[A-Za-z0-9_./@+=,%-]*(?:[ :][A-Za-z0-9_./@+=,%(-][A-Za-z0-9_./@+=,%()-]*)*"
)
_WORDS = frozenset(("y", "n", "yes", "no", "on", "off", "true", "false", "null", "none", "inf", "nan"))
_UNSAFE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff\U000e0000-\U0010ffff]")
_BLOCK = re.compile(
    r"(?=[^\s#])[^\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff\t]*", re.DOTALL
)


def emit(value: Any) -> str:
    """`value` (mappings with text keys, lists, texts, numbers, booleans, None) as YAML, ending with a newline."""
    return "\n".join(_lines(value, "")) + "\n"


def scalar(value: Any) -> str:
    """One scalar in one line."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return json.dumps(value)
    text = str(value)
    if _PLAIN.fullmatch(text) and text.lower() not in _WORDS:
        return text
    return _UNSAFE.sub(_escape, json.dumps(text, ensure_ascii=False))


def _escape(match: re.Match[str]) -> str:
    code = ord(match[0])
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _lines(value: Any, indent: str) -> Iterator[str]:
    if isinstance(value, Mapping) and value:
        for key, item in value.items():
            yield from _entry(f"{indent}{scalar(str(key))}:", item, indent)
    elif isinstance(value, (list, tuple)) and value:
        for item in value:
            yield from _item(item, indent)
    else:
        yield f"{indent}{_empty(value)}"


def _entry(head: str, item: Any, indent: str) -> Iterator[str]:
    if isinstance(item, (Mapping, list, tuple)) and item:
        yield head
        yield from _lines(item, indent + "  ")
    elif isinstance(item, str) and (block := _block(item)) is not None:
        yield f"{head} {block}"
        yield from (f"{indent}  {line}" if line else "" for line in item.removesuffix("\n").split("\n"))
    elif item is None:
        yield head
    else:
        yield f"{head} {_empty(item)}"


def _item(item: Any, indent: str) -> Iterator[str]:
    if isinstance(item, Mapping) and item:
        first, *rest = _lines(item, indent + "  ")
        yield f"{indent}- {first[len(indent) + 2 :]}"
        yield from rest
    elif isinstance(item, (list, tuple)) and item:
        yield f"{indent}-"
        yield from _lines(item, indent + "  ")
    elif isinstance(item, str) and (block := _block(item)) is not None:
        yield f"{indent}- {block}"
        yield from (f"{indent}  {line}" if line else "" for line in item.removesuffix("\n").split("\n"))
    else:
        yield f"{indent}- {_empty(item)}"


def _empty(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{}"
    return "[]" if isinstance(value, (list, tuple)) else scalar(value)


def _block(text: str) -> str | None:
    """The sign of a literal block where `text` can be one: several lines, none of which depends on blanks."""
    if "\n" not in text or not _BLOCK.fullmatch(text) or text.endswith("\n\n"):
        return None
    if any(line != line.rstrip() for line in text.split("\n")):
        return None
    return "|" if text.endswith("\n") else "|-"
