"""From a place in the rendered file to where a person wrote it."""

from __future__ import annotations

from typing import Any

from devenv.model.errors import Span
from devenv.model.manifest import Document, Path

_OURS = "x-devenv"


def written(span: Span, rendered: Document, manifest: Document) -> Span:
    """The place in `manifest` of what stands at `span` in `rendered`; `span` itself where the manifest does not name
    it, as it came from a base. What is below a key in another form there (a list that is rendered as a mapping) is
    told by the place of that key."""
    if span.file != rendered.file:
        return span
    here = (span.line, span.column)
    # Keys first: a mapping begins where its first key does.
    at = (
        path
        for spans in (rendered.key_spans, rendered.spans)
        for path in spans
        if (spans[path].line, spans[path].column) == here
    )
    found = next(at, None)
    if found is None:
        return span
    path = _same(found, rendered.value, manifest.value)
    return manifest.where(path) if len(path) > 1 or path in manifest.key_spans else span


def _same(path: Path, rendered: Any, manifest: Any) -> Path:
    """The longest beginning of `path` that leads to the same thing in both."""
    found: list[str | int] = []
    for part in path:
        if part == _OURS:  # its keys stand beside Compose's own in the manifest
            rendered = rendered[part]
            continue
        if isinstance(part, int):
            if not isinstance(manifest, list) or len(manifest) != len(rendered):
                break
        elif not isinstance(manifest, dict) or part not in manifest:
            break
        found.append(part)
        rendered, manifest = rendered[part], manifest[part]
    return tuple(found) if found != ["services"] else ()
