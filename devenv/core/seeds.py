"""The kinds of seeds: how their files end, and who loads them."""

from __future__ import annotations

SEED_KINDS = {
    ".sql": "sql", ".csv": "csv", ".jsonl": "jsonl", ".ndjson": "jsonl", ".redis": "commands", ".json": "json",
    ".rdb": "rdb",
}  # fmt: skip
"""How a seed's file ends → its kind."""
SEED_FILES = ("sql", "csv", "jsonl", "commands", "json", "rdb")
"""Kinds of seeds whose value in the long form is a path."""
SEEDER_KINDS = {"postgres": ("sql", "csv", "jsonl", "generate"), "redis": ("commands", "json", "jsonl", "rdb")}
"""Seeder → the kinds that it loads."""
SEEDS = (*SEED_FILES, "generate")
"""All kinds."""
ROWS = ("csv", "jsonl")
"""Kinds whose file's rows go into a table of a database, which the seed owns."""
SCALE = "DEVENV_SCALE"
"""The variable that multiplies the rows of generated tables."""


def generated(table: str) -> str:
    """The name of the seed of a generated table, where it is given none."""
    return f"generated {table}"
