"""Reading one value of a Compose document after interpolation: cast to its type as Compose does, or said to be wrong.

Every function takes the Reader, the value and its path, and gives the normalised value, or None where it says nothing
(the key is then left out) or was wrong (noted in `Reader.errors`).
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from devenv.core.scalars import text_of
from devenv.core.suggest import did_you_mean
from devenv.model.errors import DevenvError, Span
from devenv.model.manifest import Document, Path

_TRUE = frozenset(("true", "y", "yes", "on"))
_FALSE = frozenset(("false", "n", "no", "off"))
_SIZE = re.compile(r"(-?\d+(?:\.\d+)?) ?([kmgtp]?)i?b?", re.IGNORECASE)
_DURATION = re.compile(r"[-+]?(?:\d+(?:\.\d*)?(?:ns|us|µs|μs|ms|s|m|h|d|w))+|[-+]?0")
_PART = re.compile(r"(\d+(?:\.\d*)?)(ns|us|µs|μs|ms|s|m|h|d|w)")
_NANOSECONDS = {
    "ns": 1, "us": 1_000, "µs": 1_000, "μs": 1_000, "ms": 1_000_000, "s": 1_000_000_000, "m": 60_000_000_000,
    "h": 3_600_000_000_000, "d": 86_400_000_000_000, "w": 604_800_000_000_000,
}  # fmt: skip


class Reader:
    """One document being normalised. `variables` give values to names without one, `working_dir` is what relative
    paths are relative to; what is wrong is gathered in `errors`, what can be read but not be made in `unmakeable`.
    `asked` are the variables that files of variables name, `unset` those of them that nothing knows."""

    def __init__(self, document: Document, variables: Mapping[str, str], working_dir: str) -> None:
        self.document = document
        self.variables = variables
        self.working_dir = working_dir
        self.errors: list[DevenvError] = []
        self.unmakeable: list[DevenvError] = []
        self.asked: set[str] = set()
        self.unset: dict[str, Span] = {}

    def wrong(self, at: Path, message: str, hint: str) -> None:
        self.errors.append(DevenvError(message, hint=hint, where=self.document.where(at)))

    def cannot(self, at: Path, message: str, hint: str) -> None:
        """The file is right, and says what cannot be made: refused once something shall be made of it."""
        self.unmakeable.append(DevenvError(message, hint=hint, where=self.document.where(at)))

    def not_a(self, at: Path, what: str, hint: str = "") -> None:
        """The value at `at` is not `what`."""
        self.wrong(at, f"`{name_of(at)}` must be {what}.", hint or f"Write {what}.")

    def unknown(self, at: Path, key: str, known: Mapping[str, Any], unsupported: frozenset[str] = frozenset()) -> None:
        """A key that is not read: one of Compose's that devenv cannot do yet, or no key at all."""
        if key in unsupported:
            self.wrong(
                (*at, key),
                f"devenv cannot do `{name_of((*at, key))}` yet.",
                "Remove it, or run this file with `docker compose` alone.",
            )
        else:
            hint = did_you_mean(key, known) or "Remove it; keys of your own begin with `x-`."
            self.wrong((*at, key), f"`{key}` is no key of `{name_of(at)}`.", hint)


Read = Callable[[Reader, Any, Path], Any]


def is_active(reader: Reader, profiles: Sequence[str] | None) -> bool:
    """Whether what has these `profiles` is asked for: what has none always is."""
    asked = (reader.variables.get("COMPOSE_PROFILES") or "").replace(" ", "").split(",")
    return not profiles or "*" in asked or not set(asked).isdisjoint(profiles)


def name_of(at: Path) -> str:
    """`services.db.ports[0]`."""
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in at).lstrip(".") or "the file"


def text(reader: Reader, value: Any, at: Path) -> str | None:
    """A text, empty ones left out."""
    if not isinstance(value, str):
        shown = "" if value is None or isinstance(value, (dict, list)) else f'Quote it: "{text_of(value)}".'
        reader.not_a(at, "a text", shown)
        return None
    return value or None


def word(reader: Reader, value: Any, at: Path) -> str | None:
    """A text, or a number that is written as one."""
    if value is None or isinstance(value, (dict, list)):
        reader.not_a(at, "a text")
        return None
    return text_of(value)


def flag(reader: Reader, value: Any, at: Path) -> bool | None:
    """A boolean that says something also when it is false."""
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in _TRUE | _FALSE:
        return value.lower() in _TRUE
    reader.not_a(at, "`true` or `false`")
    return None


def boolean(reader: Reader, value: Any, at: Path) -> bool | None:
    """A boolean whose false is the same as nothing."""
    return flag(reader, value, at) or None


def count(reader: Reader, value: Any, at: Path) -> int | None:
    """A whole number."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, str) and re.fullmatch(r"[-+]?\d+", value):
        return int(value)
    reader.not_a(at, "a whole number")
    return None


def integer(reader: Reader, value: Any, at: Path) -> int | None:
    """A whole number, 0 left out."""
    return count(reader, value, at) or None


def number(reader: Reader, value: Any, at: Path) -> int | float | None:
    """A number, 0 left out; a whole one is an int, as Go prints it."""
    if isinstance(value, str):
        try:
            value = float(value)
        except ValueError:
            value = None
    if isinstance(value, bool) or not isinstance(value, (int, float)) or value != value or abs(value) == float("inf"):
        reader.not_a(at, "a number")
        return None
    single = _single(float(value))
    return (int(single) if single == int(single) else single) or None


def _single(value: float) -> float:
    """The shortest number that is the same in 32 bits: compose-go keeps `cpus` in those."""
    exact = struct.pack("f", value)
    shortened = (float(f"{value:.{digits}g}") for digits in range(1, 10))
    return next((short for short in shortened if struct.pack("f", short) == exact), value)


def size(reader: Reader, value: Any, at: Path) -> str | None:
    """Bytes, as the text of a whole number; 0 left out. `1.5g`, `128mb`, `64 KiB`, 1048576."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value) if value else None
    match = _SIZE.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        reader.not_a(at, "a size such as `512m` or a whole number of bytes")
        return None
    amount = float(match[1]) * 1024 ** " kmgtp".index(match[2].lower() or " ")
    return str(int(amount)) if int(amount) else None


def nanoseconds(duration: str) -> int:
    """`1m30s`, as Compose or Go writes it, in nanoseconds. Raises ValueError."""
    if not _DURATION.fullmatch(duration):
        raise ValueError(duration)
    total = sum(round(float(number) * _NANOSECONDS[unit]) for number, unit in _PART.findall(duration))
    return -total if duration.startswith("-") else total


def go_duration(total: int) -> str:
    """Nanoseconds as Go prints a duration: `1h0m0s`, `1m30s`, `1.5s`, `500ms`."""
    if total == 0:
        return "0s"
    sign, total = ("-", -total) if total < 0 else ("", total)
    for unit, length in (("ns", 1), ("µs", 1_000), ("ms", 1_000_000)):
        if total < length * 1000:
            return f"{sign}{_decimal(total, length)}{unit}"
    minutes, rest = divmod(total, 60_000_000_000)
    seconds = f"{_decimal(rest, 1_000_000_000)}s"
    hours, minutes = divmod(minutes, 60)
    return sign + (f"{hours}h{minutes}m" if hours else f"{minutes}m" if minutes else "") + seconds


def _decimal(amount: int, unit: int) -> str:
    whole, rest = divmod(amount, unit)
    digits = len(str(unit)) - 1
    return f"{whole}.{rest:0{digits}d}".rstrip("0").rstrip(".") if rest else str(whole)


def duration(reader: Reader, value: Any, at: Path) -> str | None:
    """A duration, as Go prints it."""
    try:
        if isinstance(value, str):
            return go_duration(nanoseconds(value))
    except ValueError:
        pass
    reader.not_a(at, "a duration with its unit, such as `30s` or `1m30s`")
    return None


def strings(reader: Reader, value: Any, at: Path) -> list[str] | None:
    """A list of texts (numbers are taken as texts), each once."""
    if not isinstance(value, list):
        reader.not_a(at, "a list")
        return None
    items = [word(reader, item, (*at, index)) for index, item in enumerate(value)]
    return list(dict.fromkeys(item for item in items if item is not None)) or None


def one_or_more(reader: Reader, value: Any, at: Path) -> list[str] | None:
    """A text or a list of texts."""
    return strings(reader, value if isinstance(value, list) else [value], at)


def pairs(reader: Reader, value: Any, at: Path) -> dict[str, str | None]:
    """A mapping to texts, or a list of `NAME=value`; None for a name without a value. Sorted by name."""
    found: dict[str, str | None] = {}
    if isinstance(value, list):
        for index, item in enumerate(value):
            if not isinstance(item, str):
                reader.not_a((*at, index), "a text `NAME=value`")
                continue
            name, given, rest = item.partition("=")
            found[name] = rest if given else None
    elif isinstance(value, Mapping):
        for name, item in value.items():
            if isinstance(item, (dict, list)):
                reader.not_a((*at, name), "a text")
                continue
            found[name] = None if item is None else text_of(item)
    else:
        reader.not_a(at, "a mapping or a list of `NAME=value`")
    return dict(sorted(found.items()))


def labels(reader: Reader, value: Any, at: Path) -> dict[str, str] | None:
    """Labels and the like: a name without a value has the empty one."""
    return {name: item or "" for name, item in pairs(reader, value, at).items()} or None


def options(reader: Reader, value: Any, at: Path) -> dict[str, str] | None:
    """Options of a driver: a mapping to texts."""
    if not isinstance(value, Mapping):
        reader.not_a(at, "a mapping")
        return None
    return labels(reader, value, at)


def resolved(reader: Reader, value: Any, at: Path) -> dict[str, str | None]:
    """`environment` or `args`: names without a value take it from the variables, where it is set."""
    return {
        name: reader.variables.get(name) if item is None else item for name, item in pairs(reader, value, at).items()
    }


def fields(
    reader: Reader,
    value: Any,
    at: Path,
    known: Mapping[str, Read],
    *,
    unsupported: frozenset[str] = frozenset(),
) -> dict[str, Any] | None:
    """A mapping with the keys of `known`, in that order; keys that begin with `x-` mean nothing. None: no mapping."""
    if not isinstance(value, Mapping):
        reader.not_a(at, "a mapping")
        return None
    for key in value:
        if key not in known and not key.startswith("x-"):
            reader.unknown(at, key, known, unsupported)
    found: dict[str, Any] = {}
    for key, read in known.items():
        if key in value:
            item = read(reader, value[key], (*at, key))
            if item is not None:
                found[key] = item
    return found


def choice(*allowed: str) -> Read:
    """One of these words."""

    def read(reader: Reader, value: Any, at: Path) -> str | None:
        if isinstance(value, str) and value in allowed:
            return value
        reader.not_a(at, "one of " + ", ".join(f"`{each}`" for each in allowed))
        return None

    return read


def mode(reader: Reader, value: Any, at: Path) -> str | None:
    """Permissions: a number, or an octal text; as Compose prints them (`0440`)."""
    if isinstance(value, int) and not isinstance(value, bool):
        return f"0{value:o}"
    if isinstance(value, str) and re.fullmatch(r"(?:0o?)?[0-7]+", value):
        return f"0{int(value.replace('o', ''), 8):o}"
    reader.not_a(at, "permissions such as `0440`")
    return None
