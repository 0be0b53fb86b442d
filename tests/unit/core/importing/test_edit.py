"""A person's YAML changed line by line: what is not meant stays to the byte."""

from __future__ import annotations

from typing import Any

import pytest

from devenv.core.importing.edit import edited, same
from devenv.core.source import read_yaml

TEXT = """\
# The shop.
services:
  # Where orders lie.
  db:
    image: postgres:17   # as in production
    environment:
      - POSTGRES_PASSWORD=a
      # the pool
      - POOL=5
    command: |
      one
        # no comment

      two
    ports:
    - "5432"

  # The page.
  web: {image: nginx, ports: [80]}   # small
  small: {image: nginx, ports: [80]}
volumes:
  data:
"""
SMALL = "  small:\n    image: caddy\n    ports:\n      - 80\n"
"""A mapping in one line is written out."""


def change(value: Any, path: tuple[str, ...], new: Any) -> Any:
    if not path:
        return new
    return {**value, path[0]: change(value.get(path[0]), path[1:], new)}


def done(path: tuple[str, ...], new: Any, text: str = TEXT) -> str | None:
    document = read_yaml(text, "compose.yaml")
    return edited(text, document, change(document.value, path, new))


def test_what_is_the_same_stays_to_the_byte() -> None:
    document = read_yaml(TEXT, "compose.yaml")
    assert edited(TEXT, document, document.value) == TEXT


@pytest.mark.parametrize(
    ("path", "new", "before", "after"),
    [
        (("services", "db", "image"), "redis:8", "image: postgres:17 ", 'image: "redis:8" '),
        (("services", "db", "ports"), ["5432", "80"], '    - "5432"\n', '    - "5432"\n    - "80"\n'),
        (
            ("services", "db", "environment"),
            ["POSTGRES_PASSWORD=a", "POOL={{ x.y }}"],
            "- POOL=5",
            '- "POOL={{ x.y }}"',
        ),
        (
            ("services", "db", "environment"),
            ["POSTGRES_PASSWORD=a", "POOL=5", "C=d"],
            "POOL=5\n",
            "POOL=5\n      - C=d\n",
        ),
        (("services", "small", "image"), "caddy", "  small: {image: nginx, ports: [80]}\n", SMALL),
        (("volumes", "data"), {"name": "d"}, "  data:\n", "  data:\n    name: d\n"),
        (("name",), "shop", "  data:\n", "  data:\nname: shop\n"),
    ],
)
def test_only_the_lines_that_differ_are_others(path: tuple[str, ...], new: Any, before: str, after: str) -> None:
    result = done(path, new)
    assert result is not None
    if before.endswith("17 "):
        assert "    image: redis:8   # as in production\n" in result
    else:
        assert result == TEXT.replace(before, after)


def test_a_key_comes_where_the_value_has_it_and_takes_the_place_of_one_that_goes() -> None:
    document = read_yaml(TEXT, "compose.yaml")
    db = document.value["services"]["db"]
    new = {"use": "postgres", **{key: item for key, item in db.items() if key != "image"}}
    value = {"name": "shop", **change(document.value, ("services", "db"), new)}
    result = edited(TEXT, document, value)
    assert result is not None
    assert result.startswith("# The shop.\nname: shop\nservices:\n")
    assert "  # Where orders lie.\n  db:\n    use: postgres   # as in production\n    environment:\n" in result
    assert result.endswith(
        "  # The page.\n  web: {image: nginx, ports: [80]}   # small\n"
        "  small: {image: nginx, ports: [80]}\nvolumes:\n  data:\n"
    )


SHARED = """\
x-one: &one
  image: a
  environment: &env {A: b}
services:
  web:
    <<: *one
    command: c
  api:
    image: d
    environment: *env
"""


def test_what_an_anchor_shares_is_not_changed_for_one_alone() -> None:
    assert done(("services", "web", "image"), "b", SHARED) is None
    assert done(("services", "api", "environment", "A"), "c", SHARED) is None
    assert done(("services", "web", "image"), "caddy") is None  # the comment would be lost
    assert done(("services", "db", "command"), "x") is None
    assert done(("x-one", "environment"), {"A": "c"}, SHARED) is None
    assert done(("services", "api", "image"), "e", SHARED) == SHARED.replace("image: d", "image: e")
    assert done(("services", "web", "command"), "e", SHARED) == SHARED.replace("command: c", "command: e")


def test_a_file_in_one_line_is_left_to_others() -> None:
    text = '{"services": {"a": {"image": "b"}}}\n'
    assert done(("services", "a", "image"), "c", text) is None


def test_kinds_of_scalars_are_told_apart() -> None:
    assert same({"a": [1, None]}, {"a": [1, None]})
    assert not same({"a": 1}, {"a": True})
    assert not same({"a": "1"}, {"a": 1})
    assert not same([1], [1, 2])
