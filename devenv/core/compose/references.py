"""Names of images as every engine reads them.

Source: distribution/reference `regexp.go`. Compose reads any text there, and leaves it to the engine to refuse it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from devenv.core.compose.values import Reader
from devenv.model.manifest import Path

_LABEL = r"(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])"
_HOST = rf"(?:{_LABEL}(?:\.{_LABEL})*|\[[a-fA-F0-9:]+\])(?::[0-9]+)?"
_PART = r"[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*"
_DIGEST = r"[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}"
_REFERENCE = re.compile(rf"(?:{_HOST}/)?{_PART}(?:/{_PART})*(?::\w[\w.-]{{0,127}})?(?:@{_DIGEST})?", re.ASCII)
_HINT = "Write `name:tag` in small letters, with a registry before it where there is one (`host/name:tag`)"


def refuse_unreadable(reader: Reader, services: Mapping[str, Mapping[str, Any]]) -> None:
    """Note in `reader` the names that no engine takes for those of images, mostly since a variable in them is not
    set."""
    for name, config in services.items():
        for at, reference in _named(name, config):
            if not _REFERENCE.fullmatch(reference):
                message = f"`{reference}` cannot be the name of an image."
                reader.cannot(at, message, f"{_HINT}; a variable in it may have no value.")


def _named(name: str, config: Mapping[str, Any]) -> Iterator[tuple[Path, str]]:
    if config.get("image"):
        yield ("services", name, "image"), config["image"]
    for index, tag in enumerate((config.get("build") or {}).get("tags", ())):
        yield ("services", name, "build", "tags", index), tag
