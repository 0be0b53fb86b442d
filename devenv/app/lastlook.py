"""What the last look at each container saw, for when a new one gives no answer in time."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from devenv.host.files import write_atomic
from devenv.model.errors import DevenvError
from devenv.model.observed import ObservedContainer

_FILE = ".devenv/looks.json"


def last_looks(folder: Path, containers: Mapping[str, ObservedContainer]) -> dict[str, bool]:
    """By service, what was seen of the very same start of the same container; nothing where there was no look."""
    try:
        kept = json.loads((folder / _FILE).read_text(encoding="utf-8"))
        return {name: bool(kept[key]) for name, container in containers.items() if (key := _key(container)) in kept}
    except (OSError, ValueError, TypeError):
        return {}


def remember(folder: Path, containers: Mapping[str, ObservedContainer], ready: Mapping[str, bool]) -> None:
    """Keep what was seen, by service; what is known of containers that are not among these is forgotten."""
    known = {**last_looks(folder, containers), **ready}
    kept = {_key(container): known[name] for name, container in containers.items() if name in known}
    try:
        if (folder / _FILE).parent.is_dir():
            write_atomic(folder / _FILE, json.dumps(kept, indent=1, sort_keys=True).encode())
    except DevenvError:
        return  # a full disk costs the memory of a look, no more


def _key(container: ObservedContainer) -> str:
    return f"{container.id[:12]} {container.started_at}"
