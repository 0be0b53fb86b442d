"""Generated tables of one service together: keys of other tables, and how many rows there are at a scale."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any

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
    """`rows` times `scale`, rounded to the nearest, a half upward."""
    return int((rows * scale).to_integral_value(ROUND_HALF_UP))


def resolve(parts: Sequence[Part]) -> None:
    """Give every `ref` the number of rows and the keys of the table that it names, which stands before it (or is its
    own); tell what does not fit."""
    known: dict[str, Mapping[str, Any]] = {}
    for part in parts:
        known[part.options["table"]] = part.options
        for name, kind, options in part.options["columns"]:
            if kind != "ref":
                continue

            def tell(what: str, hint: str, name: str = name, kind: str = kind, part: Part = part) -> None:
                part.wrong(("columns", name, kind), what, hint)

            if "rows" not in options and not _find(options, known, parts, tell):
                continue
            if not options["rows"] and part.options["rows"]:
                tell(f"`{options['to']}` has no rows to refer to.", "Give that table rows, or none to this one.")
        fitting(part.options, part.wrong)


def _find(options: dict[str, Any], known: Mapping[str, Mapping[str, Any]], parts: Sequence[Part], tell: Any) -> bool:
    """The keys of a generated table, put into `options`."""
    table, _, column = options["to"].rpartition(".")
    if table not in known:
        later = table in (part.options["table"] for part in parts)
        tell(
            f"No table `{table}` is generated before this one.",
            "Put its seed before this one."
            if later
            else did_you_mean(table, known) or "Say how many rows it has: `rows: 5000` for keys from 1 to 5000.",
        )
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
