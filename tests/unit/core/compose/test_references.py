"""Which names of images are none."""

from __future__ import annotations

import pytest

from tests.unit.core.compose.stacks import stack


@pytest.mark.parametrize(
    "image",
    [
        "x", "postgres:16", "a/b/c", "localhost/a:1", "localhost:5000/a/b:Tag_1.2-x", "Reg.example.com:443/a",
        "[::1]:5000/a", "a__b/c--d.e_f", "ghcr.io/a/b@sha256:" + "0" * 64, "a:1@sha256:" + "f" * 64,
        "sha256:" + "0" * 64,
    ],
)  # fmt: skip
def test_what_engines_read(image: str) -> None:
    assert stack(f"services: {{a: {{image: '{image}'}}}}").unmakeable == ()


@pytest.mark.parametrize(
    "image",
    ["Foo", "a/Foo", "registry/:1", "a:", ":1", "/a", "a b", "a:1:2", "a@1", "a//b", "-a", "https://x/y", "a:é"],
)
def test_what_no_engine_reads(image: str) -> None:
    (error,) = stack(f"services:\n  a:\n    image: '{image}'\n").unmakeable
    assert error.message == f"`{image}` cannot be the name of an image."
    assert "a variable in it may have no value" in error.hint
    assert error.where
    assert error.where.line == 3


def test_a_tag_of_a_build_is_one_too() -> None:
    (error,) = stack("services:\n  a:\n    build:\n      tags:\n        - a:1\n        - B:1\n").unmakeable
    assert error.where
    assert error.where.line == 6
