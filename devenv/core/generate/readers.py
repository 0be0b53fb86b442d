"""Reading one option of a generated column: from what stands in YAML to a plain value that JSON can hold."""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from typing import Any

_WHOLE = re.compile(r"[-+]?[0-9]{1,18}")
_DURATION = re.compile(r"([0-9]+(?:\.[0-9]+)?)(s|m|h|d|w)")
_DAY = 86_400
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": _DAY, "w": 7 * _DAY}
_TIME = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})(?:[T ]([0-9]{2}):([0-9]{2})(?::([0-9]{2}))?(?:Z| ?\+00:?00(?: UTC)?)?)?"
)
"""In UTC; `2024-12-31 00:00:00 +0000 UTC` is what an unquoted date in YAML becomes (see `core.scalars`)."""
_NAMED = re.compile(r"\{([^{}]*)\}")


class Problem(ValueError):
    """The value is not `what`."""

    def __init__(self, what: str) -> None:
        super().__init__(what)
        self.what = what


Read = Callable[[Any], Any]


def whole(value: Any) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 10**18:
        return value
    if isinstance(value, str) and _WHOLE.fullmatch(value):
        return int(value)
    raise Problem("a whole number")


def count(value: Any) -> int:
    try:
        found = whole(value)
    except Problem:
        found = -1
    if not 0 <= found <= 2_000_000_000:
        raise Problem("a whole number from 0 to 2,000,000,000")
    return found


def digits(value: Any) -> int:
    found = count(value)
    if found > 9:
        raise Problem("a number of digits from 0 to 9")
    return found


def flag(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    if value in ("true", "false"):
        return bool(value == "true")
    raise Problem("`true` or `false`")


def text(value: Any) -> str:
    if isinstance(value, str) and value and "\0" not in value:
        return value
    raise Problem("a text")


def scalar(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (str, int, float)) and "\0" not in str(value):
        return str(value)
    raise Problem("a text, number or boolean")


def names(value: Any) -> list[str]:
    found = value if isinstance(value, list) else [value]
    if not found or not all(isinstance(each, str) and each for each in found):
        raise Problem("the name of a column, or a list of them")
    return list(found)


def column(value: Any) -> str:
    if isinstance(value, str) and re.fullmatch(r"[^.].*\.[^.]+", value):
        return value
    raise Problem("a table and column such as `customers.id`")


def word(*known: str) -> Read:
    def read(value: Any) -> str:
        if value in known:
            return str(value)
        raise Problem("one of " + ", ".join(f"`{each}`" for each in known))

    return read


def _decimal(value: Any) -> Decimal:
    if isinstance(value, (int, float, str)) and not isinstance(value, bool):
        try:
            found = Decimal(str(value))
        except InvalidOperation:
            raise Problem("a number") from None
        if found.is_finite() and abs(found) < 10**15:
            return found
    raise Problem("a number")


def decimal(value: Any) -> str:
    """As text, so that nothing is rounded."""
    return format(_decimal(value), "f")


def cents(value: Any) -> int:
    found = _decimal(value) * 100
    if found != found.to_integral_value():
        raise Problem("an amount with two digits behind the point")
    return int(found)


def share(value: Any) -> int:
    """A share of 1, as a number of 2³² parts."""
    found = _decimal(value)
    if not 0 <= found <= 1:
        raise Problem("a share from 0 to 1")
    return int(found * (1 << 32))


def span(value: Any) -> list[int]:
    """One number, or [fewest, most]."""
    found: list[int] = [count(each) for each in value] if isinstance(value, list) else [count(value)] * 2
    if len(found) != 2 or not 1 <= found[0] <= found[1] <= 200:
        raise Problem("a number from 1 to 200, or a list of fewest and most")
    return found


def weights(value: Any) -> list[list[Any]]:
    """[[value, weight in millionths], …] of a list, or of a mapping of value to weight."""
    if isinstance(value, list) and value:
        return [[scalar(each), 1_000_000] for each in value]
    if isinstance(value, dict) and value:
        shares = [int(_decimal(weight) * 1_000_000) for weight in value.values()]
        if min(shares) >= 0 and any(shares):
            return [[scalar(each), weight] for each, weight in zip(value, shares, strict=True)]
    raise Problem("a list of values, or a mapping of value to weight")


def date(value: Any) -> int:
    """Days since 1 January of the year 1, that being 1."""
    match = _TIME.fullmatch(str(value).strip())
    try:
        if match is None or any(int(part or 0) for part in match.groups()[1:]):
            raise ValueError(value)
        return datetime.date.fromisoformat(match[1]).toordinal()
    except ValueError:
        raise Problem("a date such as 2024-12-31") from None


def time(value: Any) -> int:
    """Seconds since the begin of the year 1, in UTC."""
    match = _TIME.fullmatch(str(value).strip())
    try:
        if match is None:
            raise ValueError(value)
        hour, minute, second = (int(part or 0) for part in match.groups()[1:])
        clock = datetime.time(hour, minute, second)
        day = datetime.date.fromisoformat(match[1]).toordinal()
    except ValueError:
        raise Problem("a time such as 2024-12-31, or `2024-12-31 08:00`, in UTC") from None
    return day * _DAY + clock.hour * 3600 + clock.minute * 60 + clock.second


def seconds(value: Any) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    parts = _DURATION.findall(value) if isinstance(value, str) else []
    if not parts or "".join(number + unit for number, unit in parts) != value:
        raise Problem("a duration such as `90s`, `2h` or `3d12h`")
    return int(sum(Decimal(number) * _SECONDS[unit] for number, unit in parts))


def template(value: Any) -> list[str]:
    """Text and names of columns in turn, beginning and ending with text."""
    found = text(value)
    parts = _NAMED.split(found)
    if len(parts) < 3 or any(not name for name in parts[1::2]):
        raise Problem("a text that names columns, such as `P-{id}`")
    return parts
