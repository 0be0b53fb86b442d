"""Documents cut into pieces and put together again, every value with its place; paths and names that a piece leaves to
its own file are settled first.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from devenv.core import paths
from devenv.model.errors import Span
from devenv.model.manifest import Document, Path


class _Elsewhere(Mapping[Path, Span]):
    """Places of a document under another path: what stands at `source` is asked for at `at`."""

    def __init__(self, spans: Mapping[Path, Span], source: Path, at: Path) -> None:
        self._spans, self._source, self._at = spans, source, at

    def __getitem__(self, path: Path) -> Span:
        size = len(self._at)
        if path[:size] != self._at:
            raise KeyError(path)
        return self._spans[(*self._source, *path[size:])]

    def __iter__(self) -> Iterator[Path]:
        size = len(self._source)
        return ((*self._at, *path[size:]) for path in self._spans if path[:size] == self._source)

    def __len__(self) -> int:
        return sum(1 for _ in self)


class Builder:
    """A document that takes parts of others, with their places."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self.value: dict[str, Any] = dict(document.value)
        self._spans, self._key_spans = dict(document.spans), dict(document.key_spans)
        self._listed = document.listed

    def put(self, other: Document, path: tuple[str, str]) -> None:
        """What stands at `path` of `other`."""
        kind, name = path
        self.value[kind] = {**mapping_of(self.value.get(kind)), name: other.value[kind][name]}
        for mine, theirs in ((self._spans, other.spans), (self._key_spans, other.key_spans)):
            for place in [place for place in mine if place[:2] == path]:
                del mine[place]
            mine.update({place: span for place, span in theirs.items() if place[:2] == path})
        self._listed = frozenset(place for place in self._listed if place[:2] != path) | other.listed

    def document(self) -> Document:
        return replace(
            self._document, value=self.value, spans=self._spans, key_spans=self._key_spans, listed=self._listed
        )


def mapping_of(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def only(document: Document, name: str) -> Document:
    at = ("services", name)
    return replace(
        document,
        value={"services": {name: document.value["services"][name]}},
        resets=tuple(path for path in document.resets if path[:2] == at),
        listed=frozenset(path for path in document.listed if path[:2] == at),
    )


def renamed(document: Document, name: str, to: str) -> Document:
    if name == to:
        return document
    source, at = ("services", name), ("services", to)
    return Document(
        file=document.file,
        value={"services": {to: document.value["services"][name]}},
        spans=_Elsewhere(document.spans, source, at),
        key_spans=_Elsewhere(document.key_spans, source, at),
        listed=frozenset((*at, *path[2:]) for path in document.listed if path[:2] == source),
    )


def absolute(document: Document, folder: str) -> Document:
    """The document with its relative paths taken from `folder`."""

    def change(path: str) -> str:
        return posixpath.normpath(posixpath.join(folder, path))

    value = paths.moved(document.value, change)
    for name, service in mapping_of(value.get("services")).items():
        spec = mapping_of(mapping_of(document.value["services"])[name]).get("credential_spec")
        if spec is not None:  # Compose leaves this one to the engine
            service["credential_spec"] = spec
    return replace(document, value=value)


def resolved(document: Document, variables: Mapping[str, str]) -> Document:
    """The document with the values of `environment` that are named alone: its own variables know them."""

    def one(environment: Any) -> Any:
        if isinstance(environment, Mapping):
            return {name: variables.get(name) if item is None else item for name, item in environment.items()}
        if isinstance(environment, list):
            return [
                f"{item}={variables[item]}" if isinstance(item, str) and item in variables else item
                for item in environment
            ]
        return environment

    services = {
        name: {**service, "environment": one(service["environment"])}
        if isinstance(service, Mapping) and "environment" in service
        else service
        for name, service in mapping_of(document.value.get("services")).items()
    }
    return replace(document, value={**document.value, "services": services}) if services else document
