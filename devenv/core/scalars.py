"""What an unquoted YAML scalar means, and how a scalar is written as text: both as Compose has it.

Source: go-yaml v4's `resolve.go` (Compose reads its files with it: `yes` and `on` are text, `017` and `0o17` are 15,
`1_000` is 1000) and Go's `%v`, by which compose-go makes text of numbers (`1e20` is `1e+20`, `1.50` is `1.5`).
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

_WORDS: dict[str, object] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), math.nan),
    **dict.fromkeys((".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"), math.inf),
    **dict.fromkeys(("-.inf", "-.Inf", "-.INF"), -math.inf),
}
_NUMERIC_START = frozenset("0123456789+-.")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_INTEGER = re.compile(r"([-+]?)(?:(0[xX])([0-9a-fA-F]+)|(0[bB])([01]+)|(0[oO]?)([0-7]+)|(0|[1-9][0-9]*))")
_TIME = re.compile(
    r"(\d{4})-(\d{1,2})-(\d{1,2})"
    r"(?:(?:([Tt])|[ ])(\d{1,2}):(\d{1,2}):(\d{1,2})(?:\.(\d{1,9}))?(Z|[-+]\d{2}:\d{2})?)?"
)


def resolve(text: str) -> object:
    """The value of the plain (unquoted) scalar `text`: None, bool, int, float or str.

    A date or time becomes the text that Compose makes of it (`2001-01-01` → `2001-01-01 00:00:00 +0000 UTC`).
    """
    if text in _WORDS:
        return _WORDS[text]
    if text[0] not in _NUMERIC_START:
        return text
    plain = text.replace("_", "")
    if plain == "-0":
        return -0.0
    whole = _INTEGER.fullmatch(plain)
    if whole:
        return _integer(whole, plain)
    if _FLOAT.fullmatch(plain):
        return float(plain)
    time = _TIME.fullmatch(text)
    return _time(time, text) if time else text


def _integer(match: re.Match[str], plain: str) -> object:
    sign, _, hexa, _, binary, _, octal, decimal = match.groups()
    digits, base = (hexa, 16) if hexa else (binary, 2) if binary else (octal, 8) if octal else (decimal, 10)
    if len(digits) > 64:
        return float(plain) if base == 10 else plain
    value = int(digits, base)
    if sign == "-":
        value = -value
    if -(1 << 63) <= value < (1 << 64):
        return value
    return float(plain) if base == 10 else plain


def _time(match: re.Match[str], text: str) -> str:
    year, month, day, mark, hour, minute, second, fraction, zone = match.groups()
    if hour and bool(mark) != bool(zone):  # with `T` a zone must stand, with a blank none may
        return text
    try:
        at = datetime(int(year), int(month), int(day), int(hour or 0), int(minute or 0), int(second or 0))
        offset = timedelta()
        if zone and zone != "Z":
            hours, minutes = zone[1:].split(":")
            offset = timedelta(hours=int(hours), minutes=int(minutes)) * (-1 if zone[0] == "-" else 1)
        at = at.replace(tzinfo=timezone(offset) if offset else UTC)
    except ValueError:
        return text
    tail = f".{fraction}".rstrip("0").rstrip(".") if fraction else ""
    return f"{at:%Y-%m-%d %H:%M:%S}{tail} {at:%z} {at.tzname() if not offset else f'{at:%z}'}"


def text_of(value: object) -> str:
    """`value` (a scalar, not None) as Go's `%v` writes it, so that labels and environment are Compose's."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return _float_text(value)
    return str(value)


def _float_text(value: float) -> str:
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    if value == 0:
        return "-0" if math.copysign(1, value) < 0 else "0"
    sign, digits, exponent = Decimal(repr(value)).normalize().as_tuple()
    shortest = "".join(map(str, digits))
    power = len(shortest) + int(exponent) - 1
    minus = "-" if sign else ""
    if -4 <= power < 6:
        return minus + format(abs(Decimal(repr(value)).normalize()), "f")
    tail = f".{shortest[1:]}" if len(shortest) > 1 else ""
    return f"{minus}{shortest[0]}{tail}e{'-' if power < 0 else '+'}{abs(power):02d}"


def each_text(value: Any, change: Callable[[str], str]) -> Any:
    """`value` with `change` made to every text in its mappings and lists; keys stay."""
    if isinstance(value, Mapping):
        return {key: each_text(item, change) for key, item in value.items()}
    if isinstance(value, list):
        return [each_text(item, change) for item in value]
    return change(value) if isinstance(value, str) else value
