"""Several Compose files as one: merged, with what they include and extend, their `${…}` as they were written."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from devenv.core.compose.grafts import absolute
from devenv.core.compose.layers import Given, Layers
from devenv.core.scalars import each_text
from devenv.model.errors import DevenvError, raise_all
from devenv.model.manifest import Document


class _AsWritten(Layers):
    """Layers in which no variable is filled in."""

    def _filled_in(self, document: Document, variables: Mapping[str, str]) -> Document | None:
        if not isinstance(document.value, Mapping):
            self.wrong(document, (), "A Compose file is a mapping with `services`.", "Begin with `services:`.")
            return None
        return document


def merged(documents: Sequence[Document], working_dir: str, folder: str, given: Given) -> Document:
    """The `documents`, whose paths count from `working_dir`, as one whose paths count from `folder` (both absolute).
    `given` are the files that they name. Raises DevenvErrors (INPUT), also where a name of a file that is included or
    extended holds a variable: which file that is cannot be written down."""
    layers = _AsWritten(given, lenient=True)
    found = layers.document(documents, {}, working_dir, ())
    for wanted in layers.wanted.values():
        layers.errors.append(
            DevenvError(
                f"`{posixpath.relpath(wanted.path, working_dir)}` cannot be taken in.",
                hint="Write the file's name without a variable, then import.",
                where=wanted.where,
            )
        )
    raise_all(layers.errors)
    if found is None:
        raise DevenvError("The Compose file is empty.", hint="Begin with `services:`.")
    if working_dir != folder:
        found = absolute(found, working_dir)
    return replace(found, value=relative(found.value, folder))


def relative(value: Any, folder: str) -> Any:
    """`value` with each text that begins with the absolute `folder` as seen from there."""

    def seen(text: str) -> str:
        if text == folder or text.startswith(f"{folder}:"):
            return f".{text.removeprefix(folder)}"
        inside = text.removeprefix(f"{folder.rstrip('/')}/")
        return f"./{inside}" if inside != text else text.replace(f"={folder}/", "=./")

    return each_text(value, seen)
