"""The kinds of seeds: how their files end, and who loads them."""

from __future__ import annotations

from typing import Any

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


def is_rules(path: str) -> bool:
    """Whether the seed at `path` is a file of rules."""
    return SEED_KINDS.get("." + path.rpartition(".")[2].lower()) == "generate"
