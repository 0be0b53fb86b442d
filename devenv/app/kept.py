"""JSON that is remembered in a project's `.devenv`: what is lost of it costs time, no more."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from devenv.host.files import write_atomic
from devenv.model.errors import DevenvError


def recall(folder: Path, file: str) -> dict[str, Any]:
    """What was kept in `file` (`.devenv/…`) of the repository `folder`; empty where nothing, or nothing that can be
    read."""
    try:
        kept = json.loads((folder / file).read_text(encoding="utf-8"))
        return kept if isinstance(kept, dict) else {}
    except (OSError, ValueError):
        return {}


def keep(folder: Path, file: str, known: Mapping[str, Any]) -> None:
    """Keep `known`, where the project has a `.devenv`. What cannot be written, on a full disk, is not kept."""
    try:
        if (folder / file).parent.is_dir():
            write_atomic(folder / file, json.dumps(known).encode())
    except (OSError, DevenvError):
        return
