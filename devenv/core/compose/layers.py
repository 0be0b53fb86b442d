"""The files of a Compose project laid over one another, with what they `include` and what their services `extends`.

Source: compose-go `loader/loader.go`, `include.go`, `extends.go`. Files are given, never read here: what a document
names and is not given stands in `Layers.wanted`, and the result is whole once nothing does.
"""

from __future__ import annotations

import posixpath
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from devenv.core.compose.dotenv import parse
from devenv.core.compose.grafts import Builder, absolute, mapping_of, only, renamed, resolved
from devenv.core.compose.interpolate import interpolate
from devenv.core.compose.merge import merge
from devenv.core.compose.remote import is_remote
from devenv.core.suggest import did_you_mean
from devenv.model.errors import DevenvError, DevenvErrors, Span
from devenv.model.manifest import Document, Path

_KINDS = ("services", "networks", "volumes", "secrets", "configs", "models")
_SOURCES = ("secrets", "configs")


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedFile:
    """A file that must be read first, by its absolute `path` (for a Compose file in a repository elsewhere: its
    address); where it may be absent, `required` is false."""

    path: str
    required: bool
    where: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What was read: Compose files by path or address (`files`, with the documents of each), files of variables by
    path (`texts`), and where files of other repositories lie now, by address: `local` is the file, `roots` the folder
    of its repository, from which Compose takes the paths of what is extended there."""

    files: Mapping[str, Sequence[Document]] = field(default_factory=dict)
    texts: Mapping[str, str] = field(default_factory=dict)
    local: Mapping[str, str] = field(default_factory=dict)
    roots: Mapping[str, str] = field(default_factory=dict)


class Layers:
    """One reading. `wanted` are Compose files that are not given yet, `wanted_texts` files of variables; `errors` what
    is wrong, `notices` what Compose passes over; `unset` variables that are not set, where `lenient` lets that pass;
    `extra` the values of secrets and configs that only the variables of an included project know. `raw`: every `${…}`
    stays as it is written."""

    def __init__(self, given: Given, *, lenient: bool, raw: bool = False) -> None:
        self.given = given
        self.raw = raw
        self.wanted: dict[str, WantedFile] = {}
        self.wanted_texts: dict[str, WantedFile] = {}
        self.errors: list[DevenvError] = []
        self.unset: dict[str, Span] | None = {} if lenient else None
        self.extra: dict[str, str] = {}
        self.notices: list[str] = []

    def document(
        self, documents: Sequence[Document], variables: Mapping[str, str], working_dir: str, chain: tuple[str, ...]
    ) -> Document | None:
        """`documents`, the later laid over the earlier, as one; None where there is none. `chain` are the files that
        include one another on the way here."""
        merged: Document | None = None
        for document in documents:
            layer = self._layer(document, variables, working_dir, chain)
            if layer is None:
                continue
            try:
                merged = layer if merged is None else merge(merged, layer)
            except DevenvError as error:
                self._take(error)
        return merged

    def _take(self, error: DevenvError) -> None:
        self.errors += error.errors if isinstance(error, DevenvErrors) else [error]

    def wrong(self, document: Document, at: Path, message: str, hint: str) -> None:
        self.errors.append(DevenvError(message, hint=hint, where=document.where(at)))

    def _filled_in(self, document: Document, variables: Mapping[str, str]) -> Document | None:
        if not isinstance(document.value, Mapping):
            self.wrong(document, (), "A Compose file is a mapping with `services`.", "Begin with `services:`.")
            return None
        if self.raw:
            return document
        try:
            return interpolate(document, variables, self.unset)
        except DevenvError as error:
            self._take(error)
            return None

    def _layer(
        self, document: Document, variables: Mapping[str, str], working_dir: str, chain: tuple[str, ...]
    ) -> Document | None:
        filled = self._filled_in(document, variables)
        if filled is None:
            return None
        services = filled.value.get("services")
        if isinstance(services, Mapping) and any(isinstance(s, Mapping) and "extends" in s for s in services.values()):
            found = Builder(filled)
            for name, service in services.items():
                if isinstance(service, Mapping) and "extends" in service:
                    found.put(self._extended(filled, name, variables, working_dir, ()), ("services", name))
            filled = found.document()
        if "include" in filled.value:
            filled = self._included(filled, variables, working_dir, chain)
        return filled

    # extends

    def _extended(
        self,
        document: Document,
        name: str,
        variables: Mapping[str, str],
        working_dir: str,
        trail: tuple[tuple[str, str], ...],
    ) -> Document:
        """The service `name` of `document` over what it extends, as a document that has nothing else."""
        own = only(document, name)
        service = own.value["services"][name]
        if not isinstance(service, Mapping) or service.get("extends") is None:
            return own
        at: Path = ("services", name, "extends")
        without = {key: item for key, item in service.items() if key != "extends"}
        own = replace(own, value={"services": {name: without}})
        reference, file = self._reference(document, service["extends"], at)
        if reference is None:
            return own
        if (document.file, name) in trail:
            circle = [*(each for _, each in trail), name]
            self.wrong(
                document, at, f"Services extend each other: {' → '.join(f'`{each}`' for each in circle)}.",
                "Take one of these out of `extends`.",
            )  # fmt: skip
            return own
        base_document: Document | None = document
        if file is not None:
            path = self._path(file, working_dir)
            base_document = self._base(document, at, path, variables)
            working_dir = self.given.roots.get(path) or posixpath.dirname(path)
        if base_document is None:
            return own
        services = base_document.value.get("services")
        if not isinstance(services, Mapping) or reference not in services:
            there = f"the file {file}" if file is not None else "this file"
            self.wrong(
                document, at, f"`{name}` extends `{reference}`, which is no service of {there}.",
                did_you_mean(reference, services if isinstance(services, Mapping) else ())
                or "Name a service that is there.",
            )  # fmt: skip
            return own
        base = self._extended(base_document, reference, variables, working_dir, (*trail, (document.file, name)))
        if base.value["services"][reference] is None:
            return own
        if not isinstance(base.value["services"][reference], Mapping):
            self.wrong(document, at, f"`{reference}` is no mapping, so nothing can extend it.", "Give it its keys.")
            return own
        try:
            return merge(renamed(base, reference, name), own)
        except DevenvError as error:
            self._take(error)
            return own

    def _reference(self, document: Document, extends: Any, at: Path) -> tuple[str | None, str | None]:
        """The service and the file that an `extends` names."""
        if isinstance(extends, str):
            return extends, None
        if not isinstance(extends, Mapping):
            self.wrong(document, at, "`extends` must be a service's name or a mapping.", "Write `extends: name`.")
            return None, None
        for key in extends:
            if key not in ("service", "file") and not str(key).startswith("x-"):
                hint = did_you_mean(str(key), ("service", "file")) or "It takes `service` and `file`."
                self.wrong(document, (*at, key), f"`{key}` is no key of `extends`.", hint)
        service, file = extends.get("service"), extends.get("file")
        if not isinstance(service, str) or not service:
            self.wrong(document, at, "`extends` names no service.", "Write `service: name` in it.")
            return None, None
        if file is not None and (not isinstance(file, str) or not file):
            self.wrong(document, (*at, "file"), "`file` must be a path.", "Name a Compose file.")
            return None, None
        return service, file

    def _base(self, document: Document, at: Path, path: str, variables: Mapping[str, str]) -> Document | None:
        """The file at `path` as what others extend: merged, its paths absolute, its own `extends` as they stand."""
        documents = self._file(document, (*at, "file"), path)
        merged: Document | None = None
        for each in documents or ():
            filled = self._filled_in(each, variables)
            if filled is not None:
                merged = filled if merged is None else merge(merged, filled)
        if documents is not None and merged is None and not self.errors:
            self.wrong(document, (*at, "file"), f"The file {path} is empty.", "Name a Compose file.")
        folder = self.given.roots.get(path) or posixpath.dirname(path)
        return None if merged is None else absolute(merged, folder)

    # include

    def _included(
        self, document: Document, variables: Mapping[str, str], working_dir: str, chain: tuple[str, ...]
    ) -> Document:
        items = document.value["include"]
        found = replace(document, value={key: item for key, item in document.value.items() if key != "include"})
        if items is not None and not isinstance(items, list):
            self.wrong(document, ("include",), "`include` must be a list.", "Write `- path` for each file.")
        for index, item in enumerate(items if isinstance(items, list) else ()):
            found = self._include(document, found, item, ("include", index), variables, working_dir, chain)
        return found

    def _include(
        self,
        document: Document,
        found: Document,
        item: Any,
        at: Path,
        variables: Mapping[str, str],
        working_dir: str,
        chain: tuple[str, ...],
    ) -> Document:
        """`found`, which came of `document` so far, with one item of its `include`."""
        files, folder, env_files = self._entry(document, item, at)
        if not files:
            return found
        paths_ = [self._path(file, working_dir) for file in files]
        main = paths_[0]
        folder = posixpath.normpath(posixpath.join(working_dir, folder)) if folder else posixpath.dirname(
            self.given.local.get(main, main)
        )  # fmt: skip
        if main in chain:
            circle = " → ".join((*chain[chain.index(main) :], main))
            self.wrong(document, at, f"Files include each other: {circle}.", "Take one of these out of `include`.")
            return found
        documents = [each for path in paths_ for each in self._file(document, at, path) or ()]
        if any(path not in self.given.files for path in paths_):
            return found
        known = {**self._variables(document, at, env_files, folder, working_dir, variables), **variables}
        child = self.document(documents, known, folder, (*chain, main))
        if child is None:
            if not self.errors:
                self.wrong(document, at, f"The file {main} is empty.", "Name a Compose file.")
            return found
        own = {name: item for name, item in known.items() if name not in variables} if self.raw else known
        child = absolute(resolved(child, own), folder)
        for kind in _SOURCES:
            for source in mapping_of(child.value.get(kind)).values():
                name = source.get("environment") if isinstance(source, Mapping) else None
                if isinstance(name, str) and name in known and name not in variables:
                    self.extra[name] = known[name]
        parts = {kind: child.value[kind] for kind in _KINDS if child.value.get(kind) is not None}
        ours = mapping_of(child.value.get("x-devenv"))
        if mine := {key: ours[key] for key in ("tasks", "checks") if ours.get(key) is not None}:
            parts["x-devenv"] = mine  # what is about its services; whose it is, and the workspace, the project says
        try:  # what is included lies below what stands here, and below what was included before
            merged = merge(replace(child, value=parts), found)
        except DevenvError as error:
            self._take(error)
            return found
        return replace(merged, resets=document.resets)

    def _entry(self, document: Document, item: Any, at: Path) -> tuple[list[str], str, list[str] | None]:
        """Files, project folder and files of variables (None: not said) of one item of `include`."""
        if isinstance(item, str):
            return [item], "", None
        if not isinstance(item, Mapping):
            self.wrong(document, at, "An item of `include` must be a path or a mapping.", "Write `- path`.")
            return [], "", None
        known = ("path", "project_directory", "env_file")
        for key in item:
            if key not in known and not str(key).startswith("x-"):
                near = did_you_mean(str(key), known) or "It takes `path`, `project_directory` and `env_file`."
                self.notices.append(
                    f"{document.where((*at, key))}: `{key}` is no key of `include`, and is ignored. {near}"
                )
        texts: dict[str, list[str]] = {}
        for key in known:
            value = item.get(key, [])
            listed = value if isinstance(value, list) and key != "project_directory" else [value] if value else []
            if not all(isinstance(each, str) for each in listed):
                self.wrong(document, (*at, key), f"`{key}` must be a path.", "Write a path, or a list of them.")
                return [], "", None
            texts[key] = listed
        if not texts["path"]:
            self.wrong(document, at, "An item of `include` has no `path`.", "Name a Compose file: `path: file`.")
        return texts["path"], "".join(texts["project_directory"]), texts["env_file"] or None

    def _variables(
        self,
        document: Document,
        at: Path,
        files: list[str] | None,
        folder: str,
        working_dir: str,
        variables: Mapping[str, str],
    ) -> dict[str, str]:
        found: dict[str, str] = {}
        for file in files if files is not None else [posixpath.join(folder, ".env")]:
            path = posixpath.normpath(posixpath.join(working_dir, file))
            text = self.given.texts.get(path)
            if text is None:
                wanted = WantedFile(path=path, required=files is not None, where=document.where(at))
                self.wanted_texts.setdefault(path, wanted)
                continue

            try:
                found |= parse(text, path, lookup=variables.get, earlier=found)
            except DevenvError as error:
                self._take(error)
        return found

    # files

    def _path(self, file: str, working_dir: str) -> str:
        return file if is_remote(file) else posixpath.normpath(posixpath.join(working_dir, file))

    def _file(self, document: Document, at: Path, path: str) -> Sequence[Document] | None:
        found = self.given.files.get(path)
        if found is None:
            self.wanted.setdefault(path, WantedFile(path=path, required=True, where=document.where(at)))
        return found
