"""What a generated column is made from: its sources, their order, and what is wrong with them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from devenv.core import graph
from devenv.core.suggest import did_you_mean

SOURCES: Mapping[str, tuple[str, ...]] = {
    "email": ("from",), "template": ("text",), "sum": ("of",), "product": ("of",), "after": ("column",),
    "field": ("of",), "money": ("around",), "copy": ("of",),
}  # fmt: skip
"""Kind → options that name columns, or fields of a record (`record.field`)."""
NUMBERS = ("sequence", "money", "integer", "float", "sum", "product")
"""Kinds whose values can be calculated with."""
TIMES = ("time", "after")

_DECIDING = ("choice", "boolean", "value", "field", "integer", "template")
"""Kinds whose texts are those that a person writes: `only` can name them."""

Tell = Callable[[str, str], None]
Columns = Mapping[str, tuple[str, Mapping[str, Any]]]
"""Name → kind and options."""


def names(kind: str, options: Mapping[str, Any]) -> Iterator[str]:
    """What the options of a column name, as written."""
    for key in SOURCES.get(kind, ()):
        value = options.get(key)
        if key == "text" and value is not None:
            yield from value[1::2]
        elif isinstance(value, str):
            yield value
        else:
            yield from value or ()


def source_names(kind: str, options: Mapping[str, Any]) -> Iterator[str]:
    """The columns that a column is made from."""
    yield from (name.partition(".")[0] for name in names(kind, options))
    if "only" in options:
        yield options["only"][0]


def in_order(columns: list[list[Any]]) -> list[list[Any]]:
    """The columns, each after those that it is made from. A circle ends the list short."""
    done: dict[str, list[Any]] = {}
    waiting = list(columns)
    while waiting:
        ready = [each for each in waiting if all(name in done for name in source_names(each[1], each[2]))]
        if not ready:
            break
        done |= {each[0]: each for each in ready}
        waiting = [each for each in waiting if each[0] not in done]
    return list(done.values())


def needed(columns: list[list[Any]], name: str) -> list[list[Any]]:
    """The columns that `name` is made from, and itself, in the order in which they stand."""
    found = graph.reachable({each[0]: [*source_names(each[1], each[2])] for each in columns}, [name])
    return [each for each in columns if each[0] in found]


def check(columns: list[list[Any]], wrong: Callable[[tuple[str, ...], str, str], None]) -> None:
    """Tell of every column whose sources cannot be."""
    by_name = {name: (kind, options) for name, kind, options in columns}
    there = True
    for name, kind, options in columns:

        def tell(what: str, hint: str, path: tuple[str, ...] = ("columns", name, kind)) -> None:
            wrong(path, what, hint)

        for source in names(kind, options):
            there &= _source(kind, source, by_name, tell)
        if "only" in options:

            def tell_only(what: str, hint: str, path: tuple[str, ...] = ("columns", name, "only")) -> None:
                wrong(path, what, hint)

            there &= _only(options["only"], by_name, tell_only)
    known = {each[0] for each in in_order(columns)}
    circle = [name for name in by_name if name not in known]
    if there and circle:
        wrong(
            ("columns", circle[0]),
            f"{', '.join(f'`{name}`' for name in circle)} are made from each other.",
            "Begin with a column that is made from none.",
        )


def _source(kind: str, written: str, columns: Columns, tell: Tell) -> bool:
    """Whether there is such a column; what else is wrong with it is told."""
    source, dot, key = written.partition(".")
    if source not in columns:
        tell(f"There is no column `{source}`.", did_you_mean(source, columns) or "Name a column of this table.")
        return False
    other, options = columns[source]
    if options.get("nulls") or "only" in options:
        tell(f"`{source}` has no value in some rows.", f"Take `{'nulls' if options.get('nulls') else 'only'}` from it.")
    if kind == "copy":
        if other != "ref":
            tell(f"`{source}` is no key of another table.", "Name a column of kind `ref`: `product_id.price`.")
    elif other == "record":
        _field(kind, source, key, options["of"]["fields"], tell)
    elif dot or kind == "field" or (kind == "money" and source):
        tell(f"`{source}` is no record.", "Name a field of a column of kind `record`: `thing.price`.")
    elif kind in ("sum", "product"):
        if other not in (*NUMBERS, "copy"):
            tell(f"`{source}` is no number.", "Name columns of `integer`, `float`, `money` or `sequence`.")
    elif kind == "after" and other not in (*TIMES, "copy"):
        tell(f"`{source}` is no time.", "Name a column of `time`.")
    return True


def _field(kind: str, source: str, key: str, fields: Mapping[str, Any], tell: Tell) -> None:
    if kind not in ("field", "money", "template") or not key:
        example = f"`{{field: {source}.{next(iter(fields))}}}`"
        tell(f"`{source}` is a record, no column.", f"Name a field of it: make a column of it with {example}.")
    elif key not in fields:
        tell(f"`{source}` has no field `{key}`.", did_you_mean(key, fields) or "It has " + _listed(fields) + ".")
    elif kind != "field" and any(isinstance(value, list) for value in fields[key]):
        tell(f"`{source}.{key}` is a list.", f"Make a column of it that chooses: `{{field: {source}.{key}}}`.")
    elif kind == "money" and (bad := next((value for value in fields[key] if not _amount(value)), None)) is not None:
        tell(f"`{bad}`, a `{source}.{key}`, is no amount.", "Write a number such as 39 or 12.50.")


def _amount(text: str) -> bool:
    whole, _, part = text.partition(".")
    return whole.isdecimal() and whole.isascii() and len(whole) < 14 and (part or "0").isdecimal() and len(part) < 3


def _only(only: tuple[str, list[str]], columns: Columns, tell: Tell) -> bool:
    source, wanted = only
    if source not in columns:
        tell(f"There is no column `{source}`.", did_you_mean(source, columns) or "Name a column of this table.")
        return False
    kind, options = columns[source]
    if kind not in _DECIDING:
        what = "a record, no column" if kind == "record" else f"of kind `{kind}`, which decides nothing"
        tell(f"`{source}` is {what}.", f"Name a column of {_listed(_DECIDING)}.")
    values = _possible(kind, options)
    for value in wanted if values else ():
        if value not in values:
            tell(f"`{source}` is never `{value}`.", did_you_mean(value, values) or f"It is {_listed(values)}.")
    return True


def _possible(kind: str, options: Mapping[str, Any]) -> list[str]:
    """What a column can be, where that is known."""
    if kind == "choice":
        return [value for value, _ in options["of"]]
    if kind == "boolean":
        return ["true", "false"]
    if kind == "value":
        return [options["is"]]
    return []


def _listed(found: Any) -> str:
    return ", ".join(f"`{each}`" for each in found)
