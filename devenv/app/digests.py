"""Digests of seed files, kept by size and time, so that an unchanged file is not read again to know that it is."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from devenv.app.kept import keep, recall
from devenv.model.errors import DevenvError, raise_all
from devenv.model.observed import Observed
from devenv.model.stack import Seed, Stack

_FILE = ".devenv/digests.json"
_ORIGINS = ".devenv/origins.json"
_OLD = 16
"""Earlier digests of a seed that are remembered."""
_RACY = 2.0
"""Seconds: a file younger than that may change again within one tick of its time stamp."""

Digests = Mapping[str, Mapping[str, str]]
"""Service → seed's name → digest."""


def seed_digests(stack: Stack, *, settled: float = _RACY, lenient: bool = False) -> Digests:
    """The digest of every seed of the stack; those of files that did not change for `settled` seconds are kept. Raises
    DevenvErrors (INPUT), all at once, for files that cannot be read; `lenient`: they are left out."""
    from devenv.extensions.seeders import SEEDERS

    kept = recall(Path(stack.folder), _FILE)
    seen: dict[str, Any] = {}
    found: dict[str, dict[str, str]] = {}
    errors: list[DevenvError] = []
    for name, service in stack.services.items():
        if not service.seeds or not service.seeder:
            continue
        seeder = SEEDERS[service.seeder]
        found[name] = {}
        for seed in service.seeds:
            key, mark = f"{name} {seed.name}", _mark(seed, settled)
            known = kept.get(key)
            if mark is None or not isinstance(known, list) or known[:1] != [mark]:
                try:
                    known = [mark, seeder.digest(seed)]
                except DevenvError as error:
                    errors.append(error)
                    continue
            found[name][seed.name] = str(known[1])
            if mark is not None:
                seen[key] = known
    if not lenient:
        raise_all(errors)
    if seen != kept:
        keep(Path(stack.folder), _FILE, seen)
    return found


def _mark(seed: Seed, settled: float) -> str | None:
    """What the digest hangs on; None where the file is too young to be known by its time."""
    try:
        found = os.stat(seed.file)
    except (OSError, ValueError):
        return None
    if time.time() - max(found.st_mtime, found.st_ctime) < settled:
        return None
    options = json.dumps(dict(seed.options), sort_keys=True, default=str)
    return (
        f"{seed.file} {found.st_size} {found.st_mtime_ns} {found.st_ctime_ns} {found.st_ino} "
        f"{seed.kind} {seed.table} {seed.transactional} {options}"
    )


def origins(stack: Stack, digests: Digests) -> dict[str, dict[str, dict[str, Mapping[str, str]]]]:
    """By service, seed and digest what generated rows are made of, those of earlier calls with those of this one."""
    folder = Path(stack.folder)
    kept = recall(folder, _ORIGINS)
    found: dict[str, dict[str, dict[str, Mapping[str, str]]]] = {}
    for name, service in stack.services.items():
        for seed in service.seeds:
            digest = digests.get(name, {}).get(seed.name)
            if seed.origin and digest:
                try:
                    before = {str(old): dict(made) for old, made in kept[name][seed.name].items() if old != digest}
                except (LookupError, TypeError, ValueError, AttributeError):
                    before = {}
                newest = dict(list(before.items())[-_OLD:])
                found.setdefault(name, {})[seed.name] = {**newest, digest: dict(seed.origin)}
    if found != kept:
        keep(folder, _ORIGINS, found)
    return found


def seed_causes(stack: Stack, observed: Observed, digests: Digests) -> dict[str, dict[str, str]]:
    """Why generated rows are made again, by service and seed, where more is known than that they are others."""
    if not any(seed.origin for service in stack.services.values() for seed in service.seeds):
        return {}
    from devenv.core.seeds import causes

    made = origins(stack, digests)
    return {
        name: causes(stack.services[name].seeds, ledger, made.get(name, {}))
        for name, ledger in observed.ledgers.items()
    }
