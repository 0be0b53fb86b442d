"""Generated tables of one service together: keys of other tables, and how many rows there are at a scale."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any

from devenv.core import graph
from devenv.core.generate import links
from devenv.core.generate.spec import Wrong, fitting
from devenv.core.suggest import did_you_mean


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One table as `spec.read` gave it, and who is told what is wrong with it."""

    options: dict[str, Any]
    wrong: Wrong


def factor(text: str) -> Decimal | None:
    """A scale as it is written; None for what is no number above 0."""
    try:
        found = Decimal(text)
    except InvalidOperation:
        return None
    return found if found.is_finite() and 0 < found <= 1_000_000 else None


def scaled(rows: int, scale: Decimal) -> int:
    """`rows` times `scale`, rounded to the nearest, a half upward; at least one where there are rows at all."""
    return max(int((rows * scale).to_integral_value(ROUND_HALF_UP)), min(rows, 1))


def resolve(parts: Sequence[Part]) -> None:
    """Give every `ref` the number of rows and the keys of the table that it names, which stands before it (or is its
    own), and every `copy` the rule of the column that it follows; tell what does not fit."""
    known: dict[str, Mapping[str, Any]] = {}
    for part in parts:
        before = dict(known)
        known[part.options["table"]] = part.options
        found: set[str] = set()
        for name, kind, options in part.options["columns"]:
            if kind != "ref":
                continue

            def tell(what: str, hint: str, name: str = name, kind: str = kind, part: Part = part) -> None:
                part.wrong(("columns", name, kind), what, hint)

            if "rows" not in options:
                if not _find(options, known, parts, part, tell):
                    continue
                found.add(name)
            if not options["rows"] and part.options["rows"]:
                tell(f"`{options['to']}` has no rows to refer to.", "Give that table rows, or none to this one.")
        _copies(part, found, before)
        fitting(part.options, part.wrong)


def _copies(part: Part, found: set[str], before: Mapping[str, Mapping[str, Any]]) -> None:
    """Put the other table's rule into each `copy` of a key in `found`; tell what cannot be done with it then."""
    columns = {name: (kind, options) for name, kind, options in part.options["columns"]}
    for name, kind, options in part.options["columns"]:

        def tell(what: str, hint: str, at: tuple[str, ...] = ("columns", name, kind)) -> None:
            part.wrong(at, what, hint)

        if kind == "copy":
            _follow(options, columns, found, before, tell)
        for source in links.source_names(kind, options) if kind in ("sum", "product", "after") else ():
            copied = columns[source][1].get("kind") if columns[source][0] == "copy" else None
            if copied is not None and copied not in (links.TIMES if kind == "after" else links.NUMBERS):
                what = "time" if kind == "after" else "number"
                tell(f"`{source}` is a copy of what is no {what}.", f"Copy a {what}, or name another column.")


def _follow(
    options: dict[str, Any],
    columns: links.Columns,
    found: set[str],
    before: Mapping[str, Mapping[str, Any]],
    tell: links.Tell,
) -> None:
    key, _, name = options["of"].partition(".")
    table = columns[key][1]["to"].rpartition(".")[0]
    if key not in found or table not in before:
        if key in found or "rows" in columns[key][1]:
            tell(
                f"`{key}` is no key of a table that is generated before this one, so there is nothing to copy.",
                "Take `rows` from that `ref` where the table is generated; else fill this column by another kind.",
            )
        return  # else the `ref` was told of
    other = before[table]
    theirs = {each: (kind, chosen) for each, kind, chosen in other["columns"]}
    if name not in theirs:
        tell(f"`{table}` has no column `{name}`.", did_you_mean(name, theirs) or "Name one of its columns.")
        return
    kind, chosen = theirs[name]
    if kind == "record":
        tell(f"`{name}` of `{table}` is a record, no column.", "Copy a column that is made from it.")
        return
    if chosen.get("nulls") or "only" in chosen:
        tell(f"`{table}.{name}` has no value in some rows.", "Copy a column that has one in every row.")
        return
    kind = chosen.get("kind", "") if kind == "copy" else kind
    rule = {each: other[each] for each in ("table", "rows", "random_seed")}
    options["there"] = {**rule, "columns": links.needed(other["columns"], name)}
    options |= {"kind": kind, "calculable": kind in (*links.NUMBERS, *links.TIMES)}


def _find(
    options: dict[str, Any], known: Mapping[str, Mapping[str, Any]], parts: Sequence[Part], part: Part, tell: Any
) -> bool:
    """The keys of a generated table, put into `options`."""
    table, _, column = options["to"].rpartition(".")
    if table not in known:
        later = next((each for each in parts if each.options["table"] == table), None)
        if later is None:
            hint = did_you_mean(table, known) or "Say how many rows it has: `rows: 5000` for keys from 1 to 5000."
            tell(f"No table `{table}` is generated before this one.", hint)
        elif part.options["table"] in _ahead(later, parts):
            tell(
                f"`{part.options['table']}` and `{table}` refer to each other.",
                "Rows go in table by table, so one of the two keys cannot be made: leave that column out, or set it in "
                "a SQL seed that stands after both.",
            )
        else:
            tell(f"No table `{table}` is generated before this one.", "Put its seed before this one.")
        return False
    other = {name: (kind, chosen) for name, kind, chosen in known[table]["columns"]}
    if column not in other:
        tell(f"`{table}` has no column `{column}`.", did_you_mean(column, other) or "Name one of its columns.")
        return False
    kind, chosen = other[column]
    if kind != "sequence":
        tell(f"`{options['to']}` is no sequence.", "Refer to a column of kind `sequence`.")
        return False
    options |= {"rows": known[table]["rows"], "from": chosen.get("from", 1), "step": chosen.get("step", 1)}
    return True


def _ahead(part: Part, parts: Sequence[Part]) -> set[str]:
    """`part`'s own table, and those whose rows must be there before."""
    refers = {
        each.options["table"]: [
            options["to"].rpartition(".")[0]
            for _, kind, options in each.options["columns"]
            if kind == "ref" and "rows" not in options
        ]
        for each in parts
    }
    return graph.reachable(refers, [part.options["table"]])
