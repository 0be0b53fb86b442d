"""docs/devcontainer.md names every property once, and no other."""

from __future__ import annotations

import re
from pathlib import Path

from devenv.core.devcontainer.properties import PROPERTIES

PAGE = Path(__file__).resolve().parents[2] / "docs" / "devcontainer.md"


def test_the_table_names_every_property() -> None:
    rows = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("| `")]
    named = [name for row in rows for name in re.findall(r"`([^`]+)`", row.split("|")[1])]
    assert sorted(named) == sorted(PROPERTIES)
