"""From a place in the devenv.yaml that an import would write to where a team's file says the same."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from devenv.model.errors import Span
from devenv.model.manifest import Document, Path

_KEY = "x-devenv"


def origin(span: Span, made: Document, theirs: Sequence[Document]) -> Span:
    """The place in one of `theirs` of what stands at `span` in `made`, else of the nearest thing around it that is
    theirs, else their first file."""
    here = (span.line, span.column)
    spans = (*made.key_spans.items(), *made.spans.items())  # a mapping begins where its first key does
    path = next((path for path, each in spans if (each.line, each.column) == here), ())
    for end in range(len(path), 0, -1):
        for each in _spelled(path[:end]):
            for document in reversed(theirs):  # a later file is laid over an earlier one
                if found := document.key_spans.get(each) or document.spans.get(each):
                    return found
    return Span(file=theirs[0].file) if theirs else span


def _spelled(path: Path) -> Iterator[Path]:
    """`path`, as Compose's key and as one of x-devenv."""
    yield path
    if path[0] != "services":
        yield (_KEY, *path)
    elif len(path) > 2:
        yield (*path[:2], _KEY, *path[2:])
