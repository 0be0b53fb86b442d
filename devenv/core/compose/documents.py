"""The documents of a project as one: merged, interpolated, in their normal form.

Nothing is read here: `wanted` says which further files and folders count; their contents are given.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from devenv.core.compose import extension
from devenv.core.compose.interpolate import interpolate
from devenv.core.compose.merge import merge
from devenv.core.compose.normalise import Normal, named_files, normalise
from devenv.core.compose.values import Reader
from devenv.model.errors import DevenvError, DevenvErrors, Span, raise_all
from devenv.model.manifest import Document


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedFile:
    """A file whose content `load` needs in `texts`, by its absolute `path`; where it may be absent, `required` is
    false."""

    path: str
    required: bool
    where: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What app reads before `load`: files of variables and labels, files of rules for generated rows, and the names
    of the files in seed folders (all absolute), with the rules among those."""

    env_files: tuple[WantedFile, ...] = ()
    rules: tuple[WantedFile, ...] = ()
    folders: tuple[str, ...] = ()


def wanted(documents: Sequence[Document], *, variables: Mapping[str, str], working_dir: str) -> Wanted:
    """What the documents name besides themselves. `working_dir` (absolute) is what relative paths are relative to.
    Raises DevenvErrors as `load` does, for what is already wrong before those are read."""
    document = _document(documents, variables)
    reader = Reader(document, variables, working_dir)
    files: dict[str, WantedFile] = {}
    rules: dict[str, WantedFile] = {}
    folders: dict[str, None] = {}
    for name, service in services_of(document.value).items():
        at = ("services", name)
        for file in named_files(reader, service, at):
            known = files.get(file.path)
            required = file.required or (known is not None and known.required)
            files[file.path] = WantedFile(path=file.path, required=required, where=document.where(file.at))
        ours = service.get(extension.KEY)
        if isinstance(ours, Mapping):
            for item, here in extension.seed_items(ours.get("seed"), (*at, extension.KEY, "seed")):
                if (folder := extension.seed_folder(reader, item)) is not None:
                    folders[folder] = None
                if (path := extension.seed_rules(reader, item)) is not None:
                    rules[path] = WantedFile(path=path, required=True, where=document.where(here))
    return Wanted(env_files=tuple(files.values()), rules=tuple(rules.values()), folders=tuple(folders))


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """All that the files say, as `docker compose config` knows it: `normal`, and the merged `document` behind it, in
    which also stands what means nothing to Compose (`x-…`)."""

    normal: Normal
    document: Document


def model(
    documents: Sequence[Document],
    *,
    variables: Mapping[str, str],
    working_dir: str,
    project: str | None = None,
    texts: Mapping[str, str] | None = None,
) -> Model:
    """The documents in their normal form; arguments and errors as for `load.load`."""
    reader, normal = read(documents, variables, working_dir, project, texts)
    raise_all(unique(reader.errors))
    if normal is None:  # pragma: no cover: without it there is an error
        raise AssertionError(documents)
    return Model(normal=normal, document=reader.document)


def read(
    documents: Sequence[Document],
    variables: Mapping[str, str],
    working_dir: str,
    project: str | None,
    texts: Mapping[str, str] | None,
) -> tuple[Reader, Normal | None]:
    """The documents in their normal form (None where nothing can be read); what is wrong stands in the Reader."""
    if project is not None:
        variables = {**variables, "COMPOSE_PROJECT_NAME": project}
    reader = Reader(_document(documents, variables), variables, working_dir)
    return reader, normalise(reader, project=project, texts=texts or {})


def unique(errors: Sequence[DevenvError]) -> list[DevenvError]:
    """Each once, in the order of the files."""

    def place(error: DevenvError) -> tuple[str, int, int]:
        where = error.where or Span(file="")
        return (where.file, where.line, where.column)

    return sorted({(str(error.where), error.message): error for error in errors}.values(), key=place)


def _document(documents: Sequence[Document], variables: Mapping[str, str]) -> Document:
    errors: list[DevenvError] = []
    read: list[Document] = []
    for document in documents:
        try:
            read.append(interpolate(document, variables))
        except DevenvErrors as found:
            errors += found.errors
        except DevenvError as found:
            errors.append(found)
    raise_all(errors)
    merged = read[0]
    for over in read[1:]:
        merged = merge(merged, over)
    return merged


def services_of(value: Any) -> dict[str, Mapping[str, Any]]:
    services = value.get("services") if isinstance(value, Mapping) else None
    if not isinstance(services, Mapping):
        return {}
    return {name: item for name, item in services.items() if isinstance(item, Mapping)}
