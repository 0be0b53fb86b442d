"""Places in the rendered file, told where the manifest says it."""

from __future__ import annotations

import pytest

from devenv.core.source import read_yaml
from devenv.core.written import written
from devenv.model.errors import Span
from devenv.model.manifest import Document, Path

MANIFEST = read_yaml(
    """\
name: shop
services:
  db:
    use: postgres
    ready: {log: up}
  api:
    image: api
    environment: [A=1, B=2]
    ports: [80, 443]
    volumes: [data:/data]
checks:
  one: [{http: /}]
""",
    "devenv.yaml",
)
RENDERED = read_yaml(
    """\
name: shop
services:
  db:
    image: postgres
    x-devenv:
      ready:
        - log: up
  api:
    image: api
    environment:
      A: "1"
      B: "2"
    ports:
      - target: 80
      - target: 443
    volumes:
      - source: ..
      - source: data
  cache:
    image: redis
x-devenv:
  checks:
    one: [{http: /}]
""",
    ".devcontainer/compose.yaml",
)


def there(path: Path, document: Document = RENDERED) -> Span:
    return document.key_spans.get(path) or document.spans[path]


@pytest.mark.parametrize(
    ("rendered", "manifest"),
    [
        (("services", "api"), ("services", "api")),
        (("services", "db", "image"), ("services", "db")),  # `use` says it
        (("services", "db", "x-devenv", "ready", 0), ("services", "db", "ready")),
        (("services", "api", "environment", "B"), ("services", "api", "environment")),
        (("services", "api", "ports", 1, "target"), ("services", "api", "ports", 1)),
        (("services", "api", "volumes", 1, "source"), ("services", "api", "volumes")),  # one was added before it
        (("x-devenv", "checks", "one"), ("checks", "one")),
        (("name",), ("name",)),
    ],
)
def test_the_place_is_that_of_what_was_written(rendered: Path, manifest: Path) -> None:
    assert written(there(rendered), RENDERED, MANIFEST) == MANIFEST.where(manifest)


def test_what_the_manifest_does_not_name_stays_where_it_is() -> None:
    span = there(("services", "cache", "image"))
    assert written(span, RENDERED, MANIFEST) == span
    other = Span(file="api/Dockerfile", line=3, column=5)
    assert written(other, RENDERED, MANIFEST) == other
    assert written(Span(file=RENDERED.file), RENDERED, MANIFEST) == Span(file=RENDERED.file)
