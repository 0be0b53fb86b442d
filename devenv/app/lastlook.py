"""What the last look at each container saw, for when a new one gives no answer in time."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

from devenv.app.kept import keep, recall
from devenv.core.selection import service_of
from devenv.model.observed import ObservedContainer
from devenv.model.stack import Service

_FILE = ".devenv/looks.json"
_NONE: Mapping[str, Service] = {}


def last_looks(
    folder: Path, containers: Mapping[str, ObservedContainer], services: Mapping[str, Service] = _NONE
) -> dict[str, bool]:
    """By service, what was seen of the very same start of the same container; nothing where there was no look, or one
    with other eyes: `services` say what is looked for."""
    kept = recall(folder, _FILE)
    keys = {name: _key(container, services) for name, container in containers.items()}
    return {name: bool(kept[key]) for name, key in keys.items() if key in kept}


def remember(
    folder: Path,
    containers: Mapping[str, ObservedContainer],
    ready: Mapping[str, bool],
    services: Mapping[str, Service] = _NONE,
) -> None:
    """Keep what was seen, by service; what is known of containers that are not among these is forgotten."""
    known = {**last_looks(folder, containers, services), **ready}
    kept = {_key(container, services): known[name] for name, container in containers.items() if name in known}
    keep(folder, _FILE, kept)


def _key(container: ObservedContainer, services: Mapping[str, Service]) -> str:
    service = services.get(service_of(container))
    looked_for = hashlib.sha256(repr(service.ready).encode()).hexdigest()[:8] if service and service.ready else ""
    return f"{container.id[:12]} {container.started_at} {looked_for}".rstrip()
