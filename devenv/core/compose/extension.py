"""`x-devenv` of a Compose file: what devenv adds to a service (ready, seed, …) and to the whole (tasks, workspace, …).

The rendered file and a team's own Compose file hold the same keys in the same shapes.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from devenv.core.compose import generated, mounts, values
from devenv.core.compose.values import Reader, fields
from devenv.core.readiness import Kinds, command, words
from devenv.core.seeds import ROWS, SEED_FILES, SEED_KINDS, SEEDER_KINDS, SEEDS, is_rules
from devenv.model.manifest import Path
from devenv.model.stack import Ready, Seed, Task

KEY = "x-devenv"
_NAMES = ", ".join(f"`{kind}`" for kind in SEEDS)
_SEED_OPTIONS = ("columns", "delimiter", "null", "header")
ABOUT = ("owner", "docs", "runbook", "links")
_SERVICE = frozenset(
    ("use", "server", "data", "seeder", "values", "ready", "seed", "one_shot", "urls", "depends_on", *ABOUT)
)
_SERVICE_REFUSED = frozenset(("lazy",))
_TOP = frozenset(("workspace", "tasks", "checks", "requires", *ABOUT))


SeedFiles = tuple[Mapping[str, Sequence[str]], Mapping[str, str]]
"""The names of the files in the folders that seeds name, and the contents of files of rules, by absolute paths."""


def of(reader: Reader, value: Mapping[str, Any], at: Path, *, top: bool = False) -> Mapping[str, Any]:
    """The `x-devenv` of what stands at `at`, its keys checked; empty where there is none."""
    ours = value.get(KEY)
    if ours is None:
        return {}
    here = (*at, KEY)
    if not isinstance(ours, Mapping):
        reader.not_a(here, "a mapping")
        return {}
    known = dict.fromkeys(_TOP if top else _SERVICE)
    for key in ours:
        if key not in known and not key.startswith("x-"):
            reader.unknown(here, key, known, frozenset() if top else _SERVICE_REFUSED)
    return ours


def ready(reader: Reader, value: Any, at: Path, kinds: Kinds) -> tuple[Ready, ...]:
    """`ready`: one condition or a list of them, each one of `kinds` with its options, perhaps a `timeout`."""
    found = []
    items = value if isinstance(value, list) else [value]
    for index, item in enumerate(items):
        here: Path = (*at, index) if isinstance(value, list) else at
        if not isinstance(item, Mapping):
            reader.not_a(here, f"a mapping with one of {words(kinds)}")
            continue
        for key in item:
            if key not in (*kinds, "timeout") and not key.startswith("x-"):
                reader.unknown(here, key, dict.fromkeys((*kinds, "timeout")))
        timeout = seconds(reader, item["timeout"], (*here, "timeout")) if "timeout" in item else None
        asked = [kind for kind in kinds if kind in item]
        if not asked:
            reader.wrong(here, "The condition says nothing.", f"Give it one of {words(kinds)}.")
        for kind in asked:
            options = kinds[kind].read(reader, item[kind], (*here, kind))
            if options is not None:
                condition = Ready(kind=kind, options=options)
                found.append(condition if timeout is None else Ready(kind=kind, options=options, timeout=timeout))
    return tuple(found)


def seconds(reader: Reader, value: Any, at: Path) -> float | None:
    """A duration in seconds; a bare number is one."""
    if isinstance(value, (int, float)) and not isinstance(value, bool) and value > 0:
        return float(value)
    duration = values.duration(reader, value, at)
    return values.nanoseconds(duration) / 1e9 if duration else None


def seed_items(value: Any, at: Path) -> Iterator[tuple[Any, Path]]:
    """Every item of a `seed`, with its place."""
    if isinstance(value, list):
        for index, item in enumerate(value):
            yield item, (*at, index)
    elif value is not None:
        yield value, at


def seed_folder(reader: Reader, item: Any) -> str | None:
    """The absolute folder that a seed names; None where it names a file."""
    if not isinstance(item, str) or not item or _kind(item):
        return None
    return mounts.absolute(reader, item)


def seed_rules(reader: Reader, item: Any) -> str | None:
    """The absolute path of the file of rules that a seed names, where it names one."""
    path = item.get("generate") if isinstance(item, Mapping) else item
    if not isinstance(path, str) or not (isinstance(item, Mapping) or is_rules(path)):
        return None
    return mounts.absolute(reader, path)


def _kind(path: str) -> str | None:
    return SEED_KINDS.get(posixpath.splitext(path)[1].lower())


def seeds(
    reader: Reader, value: Any, at: Path, *, seeder: str | None, folder: str, found: SeedFiles
) -> tuple[Seed, ...]:
    """`seed`, a folder as one seed a file of it in name order. `folder` is the repository's, for names. Kinds that
    `seeder` does not load are wrong."""
    listings, texts = found
    kinds = SEEDER_KINDS.get(seeder or "", SEEDS)
    by_name: dict[str, Seed] = {}
    places: list[generated.Found] = []
    rules = generated.Rules(reader, texts, folder)
    owners: dict[str, str] = {}
    for item, here in seed_items(value, at):
        for seed in _seeds(reader, item, here, folder, listings, rules):
            if seed.kind not in kinds:
                reader.wrong(
                    here,
                    f"{seeder} takes no seed of {seed.kind} (`{seed.name}`).",
                    "It takes " + ", ".join(f"`{kind}`" for kind in kinds) + ".",
                )
            if seeder == "redis":
                seed = replace(seed, table=None)
            if seed.table is not None and (owner := owners.setdefault(seed.table, seed.name)) != seed.name:
                reader.wrong(
                    here,
                    f"`{owner}` and `{seed.name}` are both seeds of the table `{seed.table}`.",
                    "A table has one seed of rows, which owns it: make one file of the two, or name another `table:`.",
                )
            if seed.name in by_name:
                reader.wrong(here, f"The seed `{seed.name}` is there twice.", "Remove one, or give it a `name:`.")
            by_name[seed.name] = seed
            places.append((seed, here))
    if any(seed.kind == "generate" for seed in by_name.values()):
        return rules.resolve(places)
    return tuple(by_name.values())


def _seeds(
    reader: Reader,
    item: Any,
    at: Path,
    folder: str,
    listings: Mapping[str, Sequence[str]],
    rules: generated.Rules,
) -> Iterator[Seed]:
    if isinstance(item, Mapping) or (isinstance(item, str) and _kind(item) == "generate"):
        ruled = isinstance(item, str) or "generate" in item
        seed = rules.read(item, at) if ruled else _long(reader, item, at, folder)  # type: ignore[arg-type]
        if seed is not None:
            yield seed
        return
    if not isinstance(item, str) or not item:
        reader.not_a(at, f"a path, or a mapping with one of {_NAMES}")
        return
    directory = seed_folder(reader, item)
    if directory is None:
        yield _seed(reader, item, at, folder)
        return
    names = sorted(name for name in listings.get(directory, ()) if _kind(name))
    if not names:
        reader.wrong(
            at,
            f"The folder {directory} holds no seeds." if directory in listings else f"There is no folder {directory}.",
            "Name a file or a folder with files that end in " + ", ".join(f"`{each}`" for each in SEED_KINDS) + ".",
        )
    for name in names:
        yield from _seeds(reader, posixpath.join(directory, name), at, folder, listings, rules)


def _seed(reader: Reader, path: str, at: Path, folder: str) -> Seed:
    kind = _kind(path) or "sql"
    file = mounts.absolute(reader, path)
    table = _stem(file) if kind in ROWS else None
    return Seed(name=_name(file, folder), kind=kind, file=file, table=table, where=reader.document.where(at))


def _stem(file: str) -> str:
    """The table that a file of rows is for: `public.orders.csv` is for `public.orders`."""
    return posixpath.splitext(posixpath.basename(file))[0]


def _name(file: str, folder: str) -> str:
    return posixpath.relpath(file, folder)


def _one_character(reader: Reader, value: Any, at: Path) -> str | None:
    if isinstance(value, str) and len(value) == 1:
        return value
    reader.not_a(at, "one character")
    return None


def _any_text(reader: Reader, value: Any, at: Path) -> str | None:
    return value if isinstance(value, str) else values.word(reader, value, at)


_SEED: dict[str, values.Read] = {
    **dict.fromkeys(SEED_FILES, values.text),
    "table": values.text,
    "name": values.text,
    "columns": values.strings,
    "delimiter": _one_character,
    "null": _any_text,
    "header": values.flag,
    "transactional": values.flag,
}


def _long(reader: Reader, item: Mapping[str, Any], at: Path, folder: str) -> Seed | None:
    long = fields(reader, item, at, _SEED) or {}
    kinds = [kind for kind in SEED_FILES if kind in item]
    if len(kinds) != 1:
        reader.wrong(at, "A seed is one file.", "Give it exactly one of " + _NAMES + ".")
    if len(kinds) != 1 or kinds[0] not in long:
        return None
    kind = kinds[0]
    file = mounts.absolute(reader, long[kind])
    return Seed(
        name=long.get("name") or _name(file, folder),
        kind=kind,
        file=file,
        table=long.get("table") or (_stem(file) if kind in ROWS else None),
        options={key: long[key] for key in _SEED_OPTIONS if key in long},
        transactional=long.get("transactional", True),
        where=reader.document.where(at),
    )


def tasks(
    reader: Reader, ours: Mapping[str, Any], services: Mapping[str, Any], workspace: str | None
) -> dict[str, Task]:
    """`tasks` of the top; a text is run by `sh -c`, without a service it runs in the workspace."""
    found: dict[str, Task] = {}
    written = {} if ours.get("tasks") is None else ours["tasks"]
    at: Path = (KEY, "tasks")
    known: dict[str, values.Read] = {"service": values.text, "command": command, "description": values.text}
    if not isinstance(written, Mapping):
        reader.not_a(at, "a mapping of tasks")
        return found
    for name, item in written.items():
        here = (*at, name)
        long = fields(reader, item if isinstance(item, Mapping) else {"command": item}, here, known)
        if long is None:
            continue
        service = long.get("service", workspace)
        if service is None or service not in services:
            said = f"`{service}`, which is no service of the file" if service else "no service"
            reader.wrong(here, f"The task `{name}` names {said}.", "Say in which `service:` it runs.")
        elif "command" not in long:
            if "command" not in item:
                reader.wrong(here, f"The task `{name}` has no `command`.", "Say what is run.")
        else:
            given = long["command"]
            run = ("sh", "-c", given) if isinstance(given, str) else tuple(given)
            description = long.get("description", "")
            found[name] = Task(name=name, service=service, command=run, description=description)
    return found
