"""What was written: the decoded `devenv.yaml`, merged over its base, before anything of this host is in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from devenv.model.errors import Span

Path = tuple[str | int, ...]
"""Where a value stands in a document: `("services", "db", "ports", 0)`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """YAML as plain values, with the place of every key and value beside it.

    `spans[path]` is the place of the value at `path`, `key_spans[path]` that of its key. `resets` are the paths whose
    values in the document that this one is laid over do not count (Compose's `!reset` and `!override`). `listed` are
    the paths of mappings that Compose holds as lists, as they were merged: no single key of these is reset.
    """

    file: str
    value: Any
    spans: Mapping[Path, Span] = field(default_factory=dict)
    key_spans: Mapping[Path, Span] = field(default_factory=dict)
    resets: tuple[Path, ...] = ()
    listed: frozenset[Path] = frozenset()

    def where(self, path: Path) -> Span:
        """The place of `path`, else of its nearest known ancestor, else the file."""
        for end in range(len(path), -1, -1):
            span = self.key_spans.get(path[:end]) or self.spans.get(path[:end])
            if span:
                return span
        return Span(file=self.file)


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogueService:
    """One folder of `stacks/services/`, decoded from its `service.yaml`.

    `config` holds Compose keys that `use:` puts under the user's own. `commands` names, for a readiness kind
    (`http`, `tcp`), a command inside the image that says the same, for the rendered healthcheck.
    `recipe` is None where no substitute can be built.
    """

    name: str
    title: str
    image: str
    default: str
    versions: tuple[str, ...]
    config: Mapping[str, Any]
    port: int | None = None
    host_port: int | None = None
    data: str | None = None
    server: bool = False
    values: Mapping[str, str] = field(default_factory=dict)
    url: str | None = None
    ready: tuple[Mapping[str, Any], ...] = ()
    commands: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    seeder: str | None = None
    recipe: Recipe | None = None
    folder: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """How a substitute for an official image is made from one pinned suite's packages.

    `image` is the official repository it stands for, `tags` the official tags (shell patterns), `version` what it
    makes, `suite` the Debian suite. `folder` is the build context: an ordinary Dockerfile that says
    `FROM debian:trixie-slim`; where `bootstrap` is true there is none and the suite's minimal root file system itself
    is the image.
    """

    name: str
    image: str
    version: str
    tags: tuple[str, ...]
    suite: str
    folder: str = ""
    bootstrap: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """A whole stack as it was written and merged over its base.

    `document` is the merged, templated and valid document: Compose's keys and devenv's, with their places.
    `base_folder` is the folder of the base, "" where there is none. `folder` is the repository's.
    `copies` are files and folders of a base outside of the repository: (path in the repository, absolute source).
    """

    name: str
    folder: str
    file: str
    document: Document
    base: str | None = None
    base_folder: str = ""
    variables: Mapping[str, str] = field(default_factory=dict)
    copies: tuple[tuple[str, str], ...] = ()
