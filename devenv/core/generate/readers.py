"""Reading one option of a generated column: from what stands in YAML to a plain value that JSON can hold."""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

_WHOLE = re.compile(r"[-+]?[0-9]{1,18}")
_DURATION = re.compile(r"([0-9]+(?:\.[0-9]+)?)(s|m|h|d|w)")
_DAY = 86_400
_ONE = 1_000_000
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": _DAY, "w": 7 * _DAY}
_TIME = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})(?:[T ]([0-9]{2}):([0-9]{2})(?::([0-9]{2}))?(?:Z| ?\+00:?00(?: UTC)?)?)?"
)
"""In UTC; `2024-12-31 00:00:00 +0000 UTC` is what an unquoted date in YAML becomes (see `core.scalars`)."""
_NAMED = re.compile(r"\{([^{}]*)\}")


class Problem(ValueError):
    """The value is not `what`; `said` is a sentence that says more, where there is one."""

    def __init__(self, what: str, said: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.said = said


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


def bursts(value: Any) -> int:
    found = count(value)
    if found > 1000:
        raise Problem("a number of bursts from 0 to 1000")
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


def step(value: Any) -> int:
    """A distance between two amounts, in cents."""
    found = cents(value)
    if found < 1:
        raise Problem("an amount above 0, such as 0.5")
    return found


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
        return [[scalar(each), _ONE] for each in value]
    if isinstance(value, dict) and value:
        shares = _weights(value)
        return [[scalar(each), weight] for each, weight in zip(value, shares, strict=True)]
    raise Problem("a list of values, or a mapping of value to weight")


def _weights(given: Mapping[Any, Any]) -> list[int]:
    """Weights in millionths, of what they are given for."""
    what = "weights of 0 and above, one of them above 0"
    found = []
    for name, weight in given.items():
        try:
            found.append(int(_decimal(weight) * _ONE))
        except Problem:
            raise Problem(what, f"The weight of `{name}` is `{weight}`, which is no number.") from None
        if found[-1] < 0:
            raise Problem(what, f"The weight of `{name}` is below 0.")
    if not any(found):
        raise Problem(what, "All weights are 0, so there is nothing to choose.")
    return found


def records(value: Any) -> dict[str, Any]:
    """`weights` in millionths, and `fields`: name → its text, or list of texts, in each of the records."""
    what = "a list of mappings that have the same keys"
    if not isinstance(value, list) or not value or not all(isinstance(each, dict) and each for each in value):
        raise Problem(what)
    fields: dict[str, list[Any]] = {name: [] for name in value[0] if name != "weight"}
    if not fields:
        raise Problem(what, "The records have no fields.")
    for number, each in enumerate(value, 1):
        for name in each:
            if name not in fields and name != "weight":
                raise Problem(what, f"Record {number} has a field `{name}`, which the first has not.")
        for name, texts in fields.items():
            if name not in each:
                raise Problem(what, f"Record {number} has no `{name}`, which the first has.")
            texts.append(_texts(each[name], f"`{name}` of record {number}"))
    weighed = {f"record {number}": each.get("weight", 1) for number, each in enumerate(value, 1)}
    return {"weights": _weights(weighed), "fields": fields}


def _texts(value: Any, name: str) -> Any:
    try:
        if isinstance(value, list) and value:
            # Lists in it are what YAML makes of `[*wood, *metal]`.
            return [scalar(each) for part in value for each in (part if isinstance(part, list) else [part])]
        return scalar(value)
    except Problem:
        raise Problem("a text or number, or a list of them", f"{name} is neither text nor number.") from None


def only(value: Any) -> list[Any]:
    """[column, [texts]] of `{column: text}`, or of a list of texts."""
    if isinstance(value, dict) and len(value) == 1:
        ((name, texts),) = value.items()
        return [name, [scalar(each) for each in (texts if isinstance(texts, list) else [texts])]]
    raise Problem("a mapping of one column to the text, or texts, that it must have")


def of_key(value: Any) -> str:
    if isinstance(value, str) and re.fullmatch(r"[^.]+\.[^.]+", value):
        return value
    raise Problem("a key of this table and a column of the table that it names, such as `product_id.price`")


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
