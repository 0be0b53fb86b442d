"""Seeds of generated rows in a Compose file: read, scaled, and told of the tables that they refer to."""

from __future__ import annotations

import hashlib
import json
import posixpath
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from devenv.core.compose import mounts, values
from devenv.core.compose.values import Reader, fields
from devenv.core.generate import ALGORITHM
from devenv.core.seeds import SCALE, generated
from devenv.model.errors import DevenvError, DevenvErrors
from devenv.model.manifest import Document, Path
from devenv.model.stack import Seed

_KEYS: dict[str, values.Read] = {
    "generate": lambda reader, value, at: value,
    "name": values.text,
    "scale": values.word,
}

Found = tuple[Seed, Path]
"""A seed, and where it stands."""


class Rules:
    """The generated tables of one service. `texts` are the contents of files of rules, by absolute path; a seed whose
    file is not there is left out, as whoever reads files tells of it. `folder` is the repository's, for names."""

    def __init__(self, reader: Reader, texts: Mapping[str, str], folder: str) -> None:
        self._reader = reader
        self._texts = texts
        self._folder = folder
        self._told: dict[str, Any] = {}
        """Seed's name → who is told what is wrong with its rules."""
        self._whole = True

    def read(self, item: Any, at: Path) -> Seed | None:
        """A seed with `generate`, or the path of rules. Its rows are multiplied by `scale`, without one by the
        variable DEVENV_SCALE."""
        seed = self._read({"generate": item} if isinstance(item, str) else item, at)
        self._whole = self._whole and seed is not None
        return seed

    def _read(self, item: Mapping[str, Any], at: Path) -> Seed | None:
        from devenv.core.generate import parents, spec

        reader = self._reader
        long = fields(reader, item, at, _KEYS) or {}
        written, name, wrong = item["generate"], long.get("name"), _wrong(reader, at)
        if isinstance(written, str):
            file = mounts.absolute(reader, written)
            document = self._file(file)
            if document is None:
                return None
            written, wrong = _with_table(document.value, file), _wrong_in(reader, document)
            name = name or posixpath.relpath(file, self._folder)
        rules = hashlib.sha256(json.dumps(written, sort_keys=True, default=str).encode()).hexdigest()
        options = spec.read(written, wrong)
        given = str(long.get("scale", reader.variables.get(SCALE) or "1"))
        scale = parents.factor(given)
        if scale is None:
            reader.wrong(
                (*at, "scale") if "scale" in item else at,
                f"The scale of generated rows is `{given}`.",
                f"Write a number above 0 and up to 1,000,000, such as 0.1 or 5 (`--scale`, or the variable {SCALE}).",
            )
        if options is None or scale is None:
            return None
        name = name or generated(options)
        self._told[name] = wrong
        return Seed(
            name=name,
            kind="generate",
            file="",
            table=options["table"],
            options={**options, "rows": parents.scaled(options["rows"], scale), "algorithm": ALGORITHM},
            origin={"rules": rules, "scale": given},
            where=reader.document.where(at),
        )

    def _file(self, file: str) -> Document | None:
        from devenv.core.source import read_yaml

        if file not in self._texts:
            return None
        try:
            return read_yaml(self._texts[file], posixpath.relpath(file, self._folder))
        except DevenvErrors as error:
            self._reader.errors += error.errors
        except DevenvError as error:
            self._reader.errors.append(error)
        return None

    def resolve(self, found: Sequence[Found]) -> tuple[Seed, ...]:
        """The seeds of the service, each generated table with the keys that it refers to and its children."""
        from devenv.core.generate import parents

        if not self._whole:  # what is missing would be told of as if nobody had written it
            return tuple(seed for seed, _ in found)
        parents.resolve(
            [
                parents.Part(options=seed.options, wrong=self._told[seed.name])  # type: ignore[arg-type]
                for seed, _ in found
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


def _with_table(written: Any, file: str) -> Any:
    """The rules, for the table that the file is named after where they name none."""
    if not isinstance(written, Mapping):
        return written
    return {"table": posixpath.splitext(posixpath.basename(file))[0], **written}


def _parents(seed: Seed) -> set[str]:
    columns = seed.options["columns"] if seed.kind == "generate" else ()
    return {options["to"].rpartition(".")[0] for _, kind, options in columns if kind == "ref"}


def _wrong(reader: Reader, at: Path) -> Any:
    def wrong(path: Path, message: str, hint: str) -> None:
        reader.wrong((*at, "generate", *path), message, hint)

    return wrong


def _wrong_in(reader: Reader, document: Document) -> Any:
    def wrong(path: Path, message: str, hint: str) -> None:
        reader.errors.append(DevenvError(message, hint=hint, where=document.where(path)))

    return wrong
