from __future__ import annotations

import pytest

from devenv.core.compose.dotenv import parse
from devenv.model.errors import DevenvError, DevenvErrors, Span


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("X=1 # a comment", "1"),
        ("X=a#b", "a#b"),
        ("X=#x", "#x"),
        ("X= spaced  ", "spaced"),
        ("X: yaml", "yaml"),
        ("export X=g", "g"),
        ("X=", ""),
        ("X = 1", "1"),
        ("X='a $A \\n \\' b'", "a $A \\n ' b"),
        ('X="a\\tb \\$A \\"q\\" $A" # c', 'a\tb $A "q" a'),
        ('X="multi\nline"', "multi\nline"),
        ("X=${A:-q}${NO:-d}$NO", "ad"),
        ("X=$$x", "$x"),
        ('X="\\\\ \\0101 \\c"', "\\ A \\c"),
        ('X="\\0"', "\\0"),
        ('X=it\'s "q"', 'it\'s "q"'),
        ("X=a\\nb", "a\\nb"),
        ("\ufeff# c\r\n\r\nX=1\r\n", "1"),
    ],
)
def test_a_value(line: str, value: str) -> None:
    assert parse(line, ".env", lookup={"A": "a"}.get)["X"] == value


def test_several() -> None:
    text = "A=1\nB=$A\n  # c\nPASSED\nNOT_SET\nd.o-t[0]=x\nA=2\nlast"
    assert parse(text, ".env", lookup={"PASSED": "p", "last": "l"}.get) == {
        "A": "2",
        "B": "1",
        "PASSED": "p",
        "d.o-t[0]": "x",
        "last": "l",
    }
    assert parse("A=1\nB=$A", ".env", lookup={"A": "shell"}.get)["B"] == "shell"
    assert parse("", ".env") == {}


def test_errors_have_places() -> None:
    with pytest.raises(DevenvErrors) as caught:
        parse("A=1\nb c=1\n=x\nD=${X:?no\nE='open\nF=ok\n", "q/.env")
    errors = caught.value.errors
    assert [str(e.where) for e in errors] == ["q/.env:2:1", "q/.env:3:1", "q/.env:4:3", "q/.env:5:3"]
    assert "`b c` cannot be the name" in errors[0].message
    assert "missing before the `=`" in errors[1].message
    assert "not closed" in errors[3].message
    with pytest.raises(DevenvError, match="`X` has no value: why"):
        parse("D=${X:?why}", ".env")


def test_what_nothing_knows_is_told_with_its_place() -> None:
    unset: dict[str, Span] = {}
    text = "A=1\nB=${A}-${NO:-x}-$GONE\nC=\"${GONE}\"\nD='$QUOTED'\nBARE\nE=${OTHER}"
    assert parse(text, "q/.env", unset=unset)["B"] == "1-x-"
    assert {name: str(where) for name, where in unset.items()} == {"GONE": "q/.env:2:3", "OTHER": "q/.env:6:3"}
