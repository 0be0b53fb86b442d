"""What no schema can say of the seeds in a manifest: which of them nothing can load."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from devenv.core.check import place, services, texts
from devenv.core.compose.guess import guess, loads_itself
from devenv.core.seeds import ROWS, SEED_FILES, SEED_KINDS, SEEDER_KINDS, SEEDS, generated, is_rules
from devenv.model.errors import DevenvError
from devenv.model.manifest import CatalogueService, Document, Path


def wrong(document: Document, catalogue: Mapping[str, CatalogueService]) -> Iterator[DevenvError]:
    """Seeds that nothing can load."""
    for name, service in services(document).items():
        written = service.get("seed")
        if not written:
            continue
        kind = catalogue.get(str(service.get("use", "")).partition("@")[0])
        unknown = "use" in service and kind is None  # told already
        seeder = kind.seeder if kind else _by_image(service)
        if not unknown and seeder is None:
            known = [item.name for item in catalogue.values() if item.seeder]
            hint = loads_itself(_image(service), str(service.get("use", ""))) or (
                "Give it `use:` with one of " + ", ".join(f"`{item}`" for item in sorted(known)) + "."
                if known
                else "Take it out."
            )
            yield DevenvError(
                f"devenv cannot seed `{name}`.", hint=hint, where=document.where(("services", name, "seed"))
            )
        for index, seed in enumerate(written if isinstance(written, list) else [written]):
            path: Path = ("services", name, "seed", index) if isinstance(written, list) else ("services", name, "seed")
            yield from _seed(document, path, seed, seeder)
        if seeder != "redis":
            yield from _tables(document, name, written)
        yield from _generated(document, name, written)


def _by_image(service: Mapping[str, Any]) -> str | None:
    """The seeder of a service that is no `use`, where the name of its image says what it is."""
    return guess(_image(service), {}).seeder or None


def _image(service: Mapping[str, Any]) -> str:
    """Its image, a variable in that by its default."""
    return re.sub(r"\$\{\w+:?-([^${}]*)\}", r"\1", str(service.get("image") or ""))


def _tables(document: Document, service: str, written: Any) -> Iterator[DevenvError]:
    """Two seeds of rows for one table: each would replace what the other put there, at every `up`."""
    owners: dict[str, str] = {}
    for index, seed in enumerate(written if isinstance(written, list) else ()):
        long = seed if isinstance(seed, Mapping) else {"csv": seed} if _rows(seed) else {}
        file = next((str(long[kind]) for kind in ROWS if kind in long), "")
        table = str(long.get("table") or file.rpartition("/")[2].rpartition(".")[0])
        if isinstance(long.get("generate"), Mapping):
            table = str(long["generate"].get("table"))
            file = str(long.get("name", generated(long["generate"])))
        if file and owners.setdefault(table, file) != file:
            yield DevenvError(
                f"`{owners[table]}` and `{file}` are both seeds of the table `{table}`.",
                hint="A table has one seed of rows, which owns it: make one file of the two, or name another `table:`.",
                where=place(document, ("services", service, "seed", index)),
            )


def _rows(seed: Any) -> bool:
    return isinstance(seed, str) and SEED_KINDS.get("." + seed.rpartition(".")[2].lower()) in ROWS


def _generated(document: Document, service: str, written: Any) -> Iterator[DevenvError]:
    """Tables that cannot be generated. One that takes values of variables is looked at when those are known."""
    items = list(enumerate(written)) if isinstance(written, list) else []
    made = [(index, item) for index, item in items if isinstance(item, Mapping) and _inline(item)]
    if not made or any("$" in text for _, item in made for _, text in texts(item)):
        return
    from devenv.core.generate import parents, spec

    errors: list[DevenvError] = []
    parts = []
    for index, item in made:
        at: Path = ("services", service, "seed", index, "generate")

        def wrong(path: Path, message: str, hint: str, at: Path = at) -> None:
            errors.append(DevenvError(message, hint=hint, where=place(document, (*at, *path))))

        if (options := spec.read(item["generate"], wrong)) is not None:
            parts.append(parents.Part(options=options, wrong=wrong))
    # What refers to tables whose rules stand in files is looked at when those are read.
    if not errors and not any(_elsewhere(item) for _, item in items):
        parents.resolve(parts)
    yield from errors


def _inline(seed: Mapping[str, Any]) -> bool:
    return "generate" in seed and not isinstance(seed["generate"], str)


def _elsewhere(seed: Any) -> bool:
    if isinstance(seed, str):  # a file of rules, or a folder
        return is_rules(seed) or "." + seed.rpartition(".")[2].lower() not in SEED_KINDS
    return "generate" in seed and not _inline(seed)


def _seed(document: Document, path: Path, seed: Any, seeder: str | None) -> Iterator[DevenvError]:
    where = place(document, path)
    known = SEEDER_KINDS.get(seeder or "", SEEDS)
    if isinstance(seed, str):
        suffix = re.search(r"(\.[A-Za-z0-9]+)$", seed.rpartition("/")[2])
        if suffix and (kind := SEED_KINDS.get(suffix[1].lower())) not in known:
            endings = ", ".join(ending for ending, each in SEED_KINDS.items() if each in known)
            hint = f"A seed is a file of {endings}, or a folder of them."
            what = f"no kind of seed that {seeder} takes" if kind else "no kind of seed that devenv knows"
            yield DevenvError(f"`{seed}` is {what}.", hint=hint, where=where)
        return
    kinds = [kind for kind in SEEDS if kind in seed]
    if len(kinds) != 1:
        files = " or ".join(f"`{kind}:`" for kind in known if kind in SEED_FILES)
        hint = f"A long form names one file ({files})" + (", or says `generate:`." if "generate" in known else ".")
        yield DevenvError(
            "This seed names no file." if not kinds else "This seed names several files.", hint=hint, where=where
        )
        return
    if kinds[0] not in known:
        hint = f"It takes {', '.join(f'`{kind}`' for kind in known)}."
        yield DevenvError(f"{seeder} takes no seed of {kinds[0]}.", hint=hint, where=document.where((*path, kinds[0])))
        return
    only_rows = {"table", "columns"} if kinds[0] not in ROWS or seeder == "redis" else set()
    only_csv = {"delimiter", "null", "header"} if kinds[0] != "csv" else set()
    only_sql = {"transactional"} if kinds[0] == "generate" else set()
    only_made = {"scale"} if kinds[0] != "generate" else set()
    for key in (key for key in seed if key in only_sql | only_made):
        hint = "Take it out." if key == "transactional" else "It is for `generate`: take it out."
        yield DevenvError(
            f"`{key}` means nothing for a seed of {kinds[0]}.", hint=hint, where=document.where((*path, key))
        )
    for key in (key for key in seed if key in only_rows | only_csv):
        hint = "It is for `csv`" + (" and `jsonl`" if key in ("table", "columns") else "") + ": take it out."
        yield DevenvError(
            f"`{key}` means nothing for a seed of {kinds[0]}.", hint=hint, where=document.where((*path, key))
        )
