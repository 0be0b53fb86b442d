"""The documents of a project as one: merged, interpolated, in their normal form.

Nothing is read here: `wanted` says which further files and folders count; their contents are given.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from devenv.core.compose import extension, seccomp
from devenv.core.compose.layers import Given, Layers, WantedFile
from devenv.core.compose.normalise import Normal, is_asleep, named_files, normalise
from devenv.core.compose.values import Reader
from devenv.model.errors import DevenvError, Span, raise_all
from devenv.model.manifest import Document

NOTHING = Given()
"""No further file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What app reads before `load`: files of variables and labels, files of rules for generated rows, and the names
    of the files in seed folders (all absolute), with the rules among those.

    Where `files` (Compose files that are included or extended) or `texts` (variables of included projects) are not
    empty, nothing else is known before these are read."""

    files: tuple[WantedFile, ...] = ()
    texts: tuple[WantedFile, ...] = ()
    env_files: tuple[WantedFile, ...] = ()
    rules: tuple[WantedFile, ...] = ()
    folders: tuple[str, ...] = ()


def wanted(
    documents: Sequence[Document],
    *,
    variables: Mapping[str, str],
    working_dir: str,
    given: Given = NOTHING,
    lenient: bool = False,
) -> Wanted:
    """What the documents name besides themselves. `working_dir` (absolute) is what relative paths are relative to,
    `given` what was read already; `lenient` as for `load`. Raises DevenvErrors as `load` does, for what is already
    wrong before those are read."""
    layers = Layers(given, lenient=lenient)
    document = layers.document(documents, variables, working_dir, ())
    if layers.wanted or layers.wanted_texts:
        return Wanted(files=tuple(layers.wanted.values()), texts=tuple(layers.wanted_texts.values()))
    document = _whole(layers, document, documents)
    reader = Reader(document, variables, working_dir)
    files: dict[str, WantedFile] = {}
    rules: dict[str, WantedFile] = {}
    folders: dict[str, None] = {}
    for name, service in services_of(document.value).items():
        at = ("services", name)
        asleep = is_asleep(reader, service)
        for file in named_files(reader, service, at):
            known = files.get(file.path)
            required = (file.required and not asleep) or (known is not None and known.required)
            files[file.path] = WantedFile(path=file.path, required=required, where=document.where(file.at))
        for profile in seccomp.named(reader, service.get("security_opt")).values():
            where = document.where((*at, "security_opt"))
            files.setdefault(profile, WantedFile(path=profile, required=False, where=where))
        ours = service.get(extension.KEY)
        if isinstance(ours, Mapping):
            for item, here in extension.seed_items(ours.get("seed"), (*at, extension.KEY, "seed")):
                if (folder := extension.seed_folder(reader, item)) is not None:
                    folders[folder] = None
                if (path := extension.seed_rules(reader, item)) is not None:
                    rules[path] = WantedFile(path=path, required=True, where=document.where(here))
    return Wanted(env_files=tuple(files.values()), rules=tuple(rules.values()), folders=tuple(folders))


def merged(
    documents: Sequence[Document], *, variables: Mapping[str, str], working_dir: str, given: Given = NOTHING
) -> Document:
    """The documents as one, every `${…}` in them as it is written; arguments and errors as for `load.load`."""
    layers = Layers(given, lenient=True, raw=True)
    return _whole(layers, layers.document(documents, variables, working_dir, ()), documents)


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """All that the files say, as `docker compose config` knows it: `normal`, and the merged `document` behind it, in
    which also stands what means nothing to Compose (`x-…`). `looked_up` are the variables that the services' own
    `env_file`s name."""

    normal: Normal
    document: Document
    notices: tuple[str, ...] = ()
    looked_up: frozenset[str] = frozenset()


def model(
    documents: Sequence[Document],
    *,
    variables: Mapping[str, str],
    working_dir: str,
    project: str | None = None,
    texts: Mapping[str, str] | None = None,
    given: Given = NOTHING,
    lenient: bool = False,
) -> Model:
    """The documents in their normal form; arguments and errors as for `load.load`."""
    read_ = read(documents, variables, working_dir, project, texts, given, lenient=lenient)
    raise_all(unique(read_.reader.errors))
    if read_.normal is None:  # pragma: no cover: without it there is an error
        raise AssertionError(documents)
    reader = read_.reader
    looked_up = frozenset(reader.asked)
    return Model(normal=read_.normal, document=reader.document, notices=read_.notices, looked_up=looked_up)


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """The documents in their normal form (None where nothing can be read); what is wrong stands in the Reader,
    `notices` are what Compose warns of."""

    reader: Reader
    normal: Normal | None
    notices: tuple[str, ...]


def read(
    documents: Sequence[Document],
    variables: Mapping[str, str],
    working_dir: str,
    project: str | None,
    texts: Mapping[str, str] | None,
    given: Given,
    *,
    lenient: bool,
) -> Read:
    """The documents as one; arguments and errors as for `load.load`."""
    if project is not None:
        variables = {**variables, "COMPOSE_PROJECT_NAME": project}
    layers = Layers(given, lenient=lenient)
    document = _whole(layers, layers.document(documents, variables, working_dir, ()), documents)
    reader = Reader(document, {**layers.extra, **variables}, working_dir)
    notices = [
        *layers.notices,
        *(
            f"{document.where(('version',))}: `version` means nothing any more, and is ignored: remove it"
            for document in documents
            if isinstance(document.value, Mapping) and "version" in document.value
        ),
    ]
    normal = normalise(reader, project=project, texts=texts or {})
    for name, where in {**reader.unset, **(layers.unset or {})}.items():
        notices.append(f"{where}: `{name}` is not set, so nothing stands there: set it in the shell or in .env")
    return Read(reader=reader, normal=normal, notices=tuple(notices))


def _whole(layers: Layers, document: Document | None, documents: Sequence[Document]) -> Document:
    """Raise DevenvErrors where the layers are not whole."""
    for file in (*layers.wanted.values(), *(each for each in layers.wanted_texts.values() if each.required)):
        hint = "Correct the path, or make the file."
        layers.errors.append(DevenvError(f"The file {file.path} is not there.", hint=hint, where=file.where))
    if document is None and not layers.errors:
        layers.errors.append(DevenvError("The Compose file is empty.", hint="Begin with `services:`."))
    raise_all(unique(layers.errors))
    assert document is not None
    return document


def unique(errors: Sequence[DevenvError]) -> list[DevenvError]:
    """Each once, in the order of the files."""

    def place(error: DevenvError) -> tuple[str, int, int]:
        where = error.where or Span(file="")
        return (where.file, where.line, where.column)

    return sorted({(str(error.where), error.message): error for error in errors}.values(), key=place)


def services_of(value: Any) -> dict[str, Mapping[str, Any]]:
    services = value.get("services") if isinstance(value, Mapping) else None
    if not isinstance(services, Mapping):
        return {}
    return {name: item for name, item in services.items() if isinstance(item, Mapping)}
