"""What the last look at each container saw, for when a new one gives no answer in time."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from devenv.app.kept import keep, recall
from devenv.model.observed import ObservedContainer

_FILE = ".devenv/looks.json"


def last_looks(folder: Path, containers: Mapping[str, ObservedContainer]) -> dict[str, bool]:
    """By service, what was seen of the very same start of the same container; nothing where there was no look."""
    kept = recall(folder, _FILE)
    return {name: bool(kept[key]) for name, container in containers.items() if (key := _key(container)) in kept}


def remember(folder: Path, containers: Mapping[str, ObservedContainer], ready: Mapping[str, bool]) -> None:
    """Keep what was seen, by service; what is known of containers that are not among these is forgotten."""
    known = {**last_looks(folder, containers), **ready}
    kept = {_key(container): known[name] for name, container in containers.items() if name in known}
    keep(folder, _FILE, kept)


def _key(container: ObservedContainer) -> str:
    return f"{container.id[:12]} {container.started_at}"
