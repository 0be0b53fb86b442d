"""The kinds of seeds: how their files end, and who loads them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from devenv.model.observed import LedgerEntry
from devenv.model.stack import Seed

SEED_KINDS = {
    ".sql": "sql", ".csv": "csv", ".jsonl": "jsonl", ".ndjson": "jsonl", ".redis": "commands", ".json": "json",
    ".rdb": "rdb", ".yaml": "generate", ".yml": "generate",
}  # fmt: skip
"""How a seed's file ends → its kind."""
SEED_FILES = ("sql", "csv", "jsonl", "commands", "json", "rdb")
"""Kinds of seeds whose value in the long form is a path; that of `generate` may be one."""
SEEDER_KINDS = {"postgres": ("sql", "csv", "jsonl", "generate"), "redis": ("commands", "json", "jsonl", "rdb")}
"""Seeder → the kinds that it loads."""
SEEDS = (*SEED_FILES, "generate")
"""All kinds."""
ROWS = ("csv", "jsonl")
"""Kinds whose file's rows go into a table of a database, which the seed owns."""
SCALE = "DEVENV_SCALE"
"""The variable that multiplies the rows of generated tables."""


def generated(written: Any) -> str:
    """The name of a seed `generate`, where it is given none: the path of its rules, else made of the table."""
    return written.removeprefix("./") if isinstance(written, str) else f"generated {written.get('table')}"


def causes(
    seeds: Sequence[Seed], ledger: Mapping[str, LedgerEntry], origins: Mapping[str, Mapping[str, Mapping[str, str]]]
) -> dict[str, str]:
    """Why generated rows are no longer those in the data, by seed's name, where that is known: `origins` says by seed's
    name and digest what its rows were made of."""
    now = {seed.name: seed.origin for seed in seeds}
    was = {name: origins.get(name, {}).get(entry.digest, {}) for name, entry in ledger.items()}

    def differs(name: str, key: str) -> bool:
        return bool(was.get(name)) and was[name].get(key) != now[name].get(key)

    found: dict[str, str] = {}
    for index, seed in enumerate(seeds):
        if not seed.origin or not was.get(seed.name):
            continue
        parents = [p.name for p in seeds[:index] if any(child.name == seed.name for child in p.children)]
        scale = f"the scale changed from {was[seed.name].get('scale')} to {seed.origin.get('scale')}"
        if differs(seed.name, "rules"):
            found[seed.name] = f"{seed.name} changed" + (f", {scale}" if differs(seed.name, "scale") else "")
        elif differs(seed.name, "scale"):
            found[seed.name] = scale
        else:
            stirred = [p for p in parents if differs(p, "rules") or differs(p, "scale")]
            if stirred:
                found[seed.name] = f"{stirred[0]}, which it refers to, changed"
    return found


def is_rules(path: str) -> bool:
    """Whether the seed at `path` is a file of rules."""
    return SEED_KINDS.get("." + path.rpartition(".")[2].lower()) == "generate"
