"""What a `generate` says, read from the manifest: every kind of column, its options, and everything that is wrong.

A column is the name of a kind (`id: sequence`), or a mapping with one kind, whose value is its main option or a mapping
of options; options may stand beside it too (`{ref: customers.id, skew: zipf}`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from devenv.core.generate import links, readers
from devenv.core.generate.readers import Problem, Read
from devenv.core.suggest import did_you_mean
from devenv.model.manifest import Path

Wrong = Callable[[Path, str, str], None]
"""Called with the place inside the `generate`, what is wrong, and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A kind of column: how its options are read, those that it must have (or, in their place, those of `instead`), and
    which of them a bare value is. `own`: it is a column of the table, and takes what any column takes."""

    options: Mapping[str, Read] = field(default_factory=dict)
    main: str = ""
    must: tuple[str, ...] = ()
    instead: tuple[str, ...] = ()
    null: bool = True
    own: bool = True


_RANGE: dict[str, Read] = {"distribution": readers.word("uniform", "normal", "skewed")}
_MANY = {"of": readers.names}

KINDS: Mapping[str, Kind] = {
    "sequence": Kind(
        options={"from": readers.whole, "step": readers.whole}, main="from", null=False
    ),
    "person": Kind(),
    "first_name": Kind(),
    "last_name": Kind(),
    "email": Kind(
        options={"from": readers.names, "domain": readers.text, "unique": readers.flag}, main="from"
    ),
    "date": Kind(
        options={"from": readers.date, "to": readers.date, "sorted": readers.flag}, must=("from", "to")
    ),
    "time": Kind(
        options={
            "from": readers.time, "to": readers.time, "rhythm": readers.word("flat", "daily"),
            "bursts": readers.bursts, "sorted": readers.flag,
        },
        must=("from", "to"),
    ),
    "money": Kind(
        options={
            "from": readers.cents, "to": readers.cents, "around": readers.text, "by": readers.share,
            "step": readers.step, **_RANGE,
        },
        must=("from", "to"), instead=("around",),
    ),
    "integer": Kind(
        options={"from": readers.whole, "to": readers.whole, "unique": readers.flag, **_RANGE}, must=("from", "to")
    ),
    "float": Kind(
        options={"from": readers.decimal, "to": readers.decimal, "decimals": readers.digits, **_RANGE},
        must=("from", "to"),
    ),
    "words": Kind(options={"count": readers.span}, main="count"),
    "text": Kind(options={"sentences": readers.span}, main="sentences"),
    "choice": Kind(options={"of": readers.weights}, main="of", must=("of",)),
    "boolean": Kind(options={"share": readers.share}, main="share"),
    "uuid": Kind(),
    "value": Kind(options={"is": readers.scalar}, main="is", must=("is",)),
    "ref": Kind(
        options={
            "to": readers.column, "skew": readers.word("uniform", "mild", "zipf"), "rows": readers.count,
            "from": readers.whole, "step": readers.whole,
        },
        main="to", must=("to",),
    ),
    "copy": Kind(options={"of": readers.of_key}, main="of", must=("of",), null=False),
    "record": Kind(options={"of": readers.records}, main="of", must=("of",), own=False),
    "field": Kind(options={"of": readers.text}, main="of", must=("of",)),
    "template": Kind(options={"text": readers.template}, main="text", must=("text",)),
    "sum": Kind(options=_MANY, main="of", must=("of",)),
    "product": Kind(options=_MANY, main="of", must=("of",)),
    "after": Kind(
        options={"column": readers.text, "from": readers.seconds, "to": readers.seconds}, main="column",
        must=("column", "to"),
    ),
}  # fmt: skip
MOST_ROWS = 2_000_000_000
MOST_SKEWED = 10_000_000
"""Rows of another table that keys may be skewed over: each is looked at before the first row is made."""
_MOST_BUSY = 200 * 366 * 86_400
"""Seconds that a time with a rhythm may range over: its hours are held in memory."""
OPTIONS = tuple(sorted({name for kind in KINDS.values() for name in kind.options} | {"nulls", "only", "hidden"}))


def read(written: Any, wrong: Wrong) -> dict[str, Any] | None:
    """`generate` as plain options: `table`, `rows`, `random_seed`, and `columns`, a list of (name, kind, options) in
    the order of the file. None where anything was wrong, which `wrong` was told."""
    before: list[int] = []

    def tell(path: Path, message: str, hint: str) -> None:
        before.append(1)
        wrong(path, message, hint)

    if not isinstance(written, Mapping):
        tell((), "`generate` is no mapping.", "Write `table`, `rows` and `columns`.")
        return None
    for key in written:
        if key not in ("table", "rows", "random_seed", "columns") and not str(key).startswith("x-"):
            hint = did_you_mean(str(key), ("table", "rows", "random_seed", "columns")) or "Take it out."
            tell((key,), f"`{key}` is no key of `generate`.", hint)
    found: dict[str, Any] = {"random_seed": 1}
    for key, reading in (("table", readers.text), ("rows", readers.count), ("random_seed", readers.whole)):
        if key in written:
            found[key] = _value(reading, written[key], (key,), tell)
        elif key != "random_seed":
            tell((), f"`generate` needs `{key}`.", "Write `table`, `rows` and `columns`.")
    columns = written.get("columns")
    if not isinstance(columns, Mapping) or not columns:
        tell(("columns",), "`generate` needs `columns`.", "Name each column of the table and its kind: `id: sequence`.")
        return None
    found["columns"] = [each for name, column in columns.items() if (each := _column(str(name), column, tell))]
    if not before:
        links.check(found["columns"], tell)
        if not any(kind != "record" and not options.get("hidden") for _, kind, options in found["columns"]):
            tell(("columns",), "No column is one of the table's.", "Take `hidden` from those that are.")
    return None if before else found


def _value(reading: Read, value: Any, path: Path, tell: Wrong) -> Any:
    try:
        return reading(value)
    except Problem as problem:
        name = next((f"`{part}`" for part in reversed(path) if isinstance(part, str)), "it")
        tell(path, problem.said or f"{name} must be {problem.what}.", f"Write {problem.what}.")
        return None


def _column(name: str, written: Any, tell: Wrong) -> list[Any] | None:
    """[name, kind, options] of one column."""
    path: Path = ("columns", name)
    if isinstance(written, str):
        written = {written: {}}
    if not isinstance(written, Mapping):
        tell(path, f"The column `{name}` says no kind.", "Write one, such as `sequence`, `person` or `choice`.")
        return None
    kinds = [key for key in written if key in KINDS]
    if len(kinds) != 1:
        strange = [str(key) for key in written if key not in KINDS and key not in OPTIONS]
        what = f"`{strange[0]}` is no kind of column." if strange and not kinds else f"`{name}` needs one kind."
        hint = did_you_mean(strange[0], KINDS) if strange and not kinds else ""
        tell(path, what, hint or "Kinds are " + ", ".join(f"`{kind}`" for kind in KINDS) + ".")
        return None
    kind = kinds[0]
    rule = KINDS[kind]
    inside = written[kind]
    if (isinstance(inside, Mapping) and kind != "choice") or (kind == "choice" and set(inside or ()) == {"of"}):
        given = {key: ((*path, kind, key), value) for key, value in inside.items()}
    elif inside is None or inside == {}:
        given = {}
    elif rule.main:
        given = {rule.main: ((*path, kind), inside)}
    else:
        tell((*path, kind), f"`{kind}` takes no value.", f"Write `{name}: {kind}`.")
        return None
    given |= {str(key): ((*path, key), value) for key, value in written.items() if key != kind}
    known: dict[str, Read] = {**rule.options, **_any_column(rule)}
    options: dict[str, Any] = {}
    for key, (place, value) in given.items():
        if str(key).startswith("x-"):
            continue
        if key not in known:
            hint = did_you_mean(str(key), known) or (
                "It takes " + ", ".join(f"`{one}`" for one in known) + "." if known else "Take it out."
            )
            tell(place, f"`{key}` means nothing for `{kind}`.", hint)
            continue
        options[key] = _value(known[key], value, place, tell)
    instead = [key for key in rule.instead if key in given]
    for key in rule.must:
        if instead and key in given:
            tell(given[key][0], f"`{key}` means nothing beside `{instead[0]}`.", "Take one of the two out.")
        elif not instead and key not in given:
            tell(path, f"`{kind}` needs `{key}`.", f"Add `{key}:` to the column `{name}`.")
    low, high = options.get("from"), options.get("to")
    if "to" in known and kind != "ref" and low is not None and high is not None and not _in_order(kind, low, high):
        tell(path, f"`{name}` ends before it begins.", "`to` must be after `from`.")
    busy = kind == "time" and (options.get("rhythm") == "daily" or options.get("bursts"))
    if busy and low is not None and high is not None and high - low > _MOST_BUSY:
        tell(path, f"`{name}` has a rhythm for more than 200 years.", "Bring `from` and `to` nearer together.")
    return [name, kind, options]


def _any_column(rule: Kind) -> dict[str, Read]:
    """What stands beside a column of any kind."""
    if not rule.own:
        return {}
    return {"hidden": readers.flag, "only": readers.only, **({"nulls": readers.share} if rule.null else {})}


def _in_order(kind: str, low: Any, high: Any) -> bool:
    if kind == "float":
        return float(low) <= float(high)
    return bool(low < high if kind in ("time", "date") else low <= high)


def fitting(found: Mapping[str, Any], tell: Wrong) -> None:
    """Tell what does not fit the number of rows."""
    if found["rows"] > MOST_ROWS:
        tell(("rows",), f"`{found['table']}` would have {found['rows']:,} rows at this scale.", "Take a smaller scale.")
    for name, kind, options in found["columns"]:
        if kind == "ref" and options.get("skew", "uniform") != "uniform" and options.get("rows", 0) > MOST_SKEWED:
            tell(
                ("columns", name, kind),
                f"`{name}` is skewed over {options['rows']:,} rows; {MOST_SKEWED:,} can be.",
                "Take `skew` out, or refer to fewer rows.",
            )
        if kind == "integer" and options.get("unique"):
            there = options["to"] - options["from"] + 1
            if there < found["rows"]:
                tell(
                    ("columns", name, kind),
                    f"`{name}` is unique, but from {options['from']} to {options['to']} are {there} numbers for "
                    f"{found['rows']} rows.",
                    "Widen the range, or ask for fewer rows (a smaller scale).",
                )
        if kind == "sequence" and options.get("step") == 0:
            tell(("columns", name, kind), "A step of 0 gives every row the same number.", "Write 1.")
