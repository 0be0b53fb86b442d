from __future__ import annotations

import pytest

from devenv.core.compose.shell import words


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("", []),
        ("echo a b", ["echo", "a", "b"]),
        ("  a\t'b c'  d\n", ["a", "b c", "d"]),
        ("a \"\" '' b", ["a", "", "", "b"]),
        ('a\\ b "c\\"d" \'e\\f\'', ["a b", 'c"d', "e\\f"]),
        ("a\\tb\\n", ["a\tb\n"]),
        ("x='1 2'", ["x=1 2"]),
        ("a; b", ["a"]),
        ("a > b", ["a"]),
        ("a 2>b", ["a"]),
        ("a x2>b", ["a", "x2"]),
        ("a|b", ["a"]),
        ("a#b # c", ["a#b", "#", "c"]),
        ("a $(b c) `d e`", ["a", "$(b c)", "`d e`"]),
        ("a $(b\\ c)", ["a", "$(b\\ c)"]),
        ("a '(' \")\" ", ["a", "(", ")"]),
    ],
)
def test_words(line: str, expected: list[str]) -> None:
    assert words(line) == expected


@pytest.mark.parametrize("line", ["a (b", "a )", "'a", '"a', "a\\", "a $(b", "`a"])
def test_what_cannot_be_split(line: str) -> None:
    with pytest.raises(ValueError, match=r"bracket|quote"):
        words(line)
