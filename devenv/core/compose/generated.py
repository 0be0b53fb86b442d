"""Seeds of generated rows in a Compose file: read, scaled, and told of the tables that they refer to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from devenv.core.compose import values
from devenv.core.compose.values import Reader, fields
from devenv.core.generate import ALGORITHM
from devenv.core.seeds import SCALE, generated
from devenv.model.manifest import Path
from devenv.model.stack import Seed

_KEYS: dict[str, values.Read] = {
    "generate": lambda reader, value, at: value,
    "name": values.text,
    "scale": values.word,
}

Found = tuple[Seed, Path]
"""A seed, and where it stands."""


def read(reader: Reader, item: Mapping[str, Any], at: Path) -> Seed | None:
    """A seed with `generate`. Its rows are multiplied by `scale`, without one by the variable DEVENV_SCALE."""
    from devenv.core.generate import parents, spec

    long = fields(reader, item, at, _KEYS) or {}
    options = spec.read(item["generate"], _wrong(reader, at))
    written = str(long.get("scale", reader.variables.get(SCALE) or "1"))
    scale = parents.factor(written)
    if scale is None:
        reader.wrong(
            (*at, "scale") if "scale" in item else at,
            f"The scale of generated rows is `{written}`.",
            f"Write a number above 0, such as 0.1 or 5 (`--scale`, or the variable {SCALE}).",
        )
    if options is None or scale is None:
        return None
    rows = parents.scaled(options["rows"], scale)
    return Seed(
        name=long.get("name") or generated(options["table"]),
        kind="generate",
        file="",
        table=options["table"],
        options={**options, "rows": rows, "algorithm": ALGORITHM},
        where=reader.document.where(at),
    )


def resolve(reader: Reader, found: Sequence[Found]) -> tuple[Seed, ...]:
    """The seeds of one service, each generated table with the keys that it refers to and its children."""
    from devenv.core.generate import parents

    parents.resolve(
        [
            parents.Part(options=seed.options, wrong=_wrong(reader, at))  # type: ignore[arg-type]
            for seed, at in found
            if seed.kind == "generate"
        ]
    )
    done: list[Seed] = []
    for seed, _ in reversed(found):
        if seed.kind == "generate":
            own = [later for later in reversed(done) if seed.table in _parents(later)]
            children = {each.name: each for later in own for each in (*later.children, later)}
            seed = replace(seed, children=tuple(children.values()))
        done.append(seed)
    return tuple(reversed(done))


def _parents(seed: Seed) -> set[str]:
    columns = seed.options["columns"] if seed.kind == "generate" else ()
    return {options["to"].rpartition(".")[0] for _, kind, options in columns if kind == "ref"}


def _wrong(reader: Reader, at: Path) -> Any:
    def wrong(path: Path, message: str, hint: str) -> None:
        reader.wrong((*at, "generate", *path), message, hint)

    return wrong
