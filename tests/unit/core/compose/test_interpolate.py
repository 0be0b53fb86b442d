from __future__ import annotations

import pytest

from devenv.core.compose.interpolate import BadReference, Missing, Name, interpolate, named, names, substitute
from devenv.core.source import read_yaml
from devenv.model.errors import DevenvError, DevenvErrors

SET = {"A": "a", "EMPTY": "", "_x1": "x"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("$A-${A}", "a-a"),
        ("$$A $${A}", "$A ${A}"),
        ("${_x1}", "x"),
        ("${EMPTY:-d}${EMPTY-d}", "d"),
        ("${NO:-d}${NO-e}", "de"),
        ("${NO:-}", ""),
        ("${NO:-${A}/${NO2:-z}}", "a/z"),
        ("${NO:-a:b-c?d}", "a:b-c?d"),
        ("${NO:-$$x}", "$x"),
        ("${A:+yes}${EMPTY:+yes}${EMPTY+set}${NO+set}", "yesset"),
        ("${A:?why}${EMPTY?why}", "a"),
        ("${NO:-{x}}", "{x}"),
        ("{{.Name}}", "{{.Name}}"),
        ("$ a$ $1 $(b) ${NO:-$}", "$ a$ $1 $(b) $"),
    ],
)
def test_references_are_replaced(text: str, expected: str) -> None:
    assert substitute(text, SET.get) == expected


@pytest.mark.parametrize("text", ["${", "${A", "${1}", "${A b}", "${}", "${A:-\n}"])
def test_what_is_no_reference_is_refused(text: str) -> None:
    with pytest.raises(BadReference):
        substitute(text, SET.get)


def test_what_must_be_set() -> None:
    with pytest.raises(Missing) as caught:
        substitute("${NO:?set it, $A}", SET.get)
    assert (caught.value.name, caught.value.message) == ("NO", "set it, a")
    with pytest.raises(Missing):
        substitute("${EMPTY:?}", SET.get)
    with pytest.raises(Missing):
        substitute("$NO", SET.get)
    assert substitute("<$NO>", SET.get, lenient=True) == "<>"
    with pytest.raises(Missing):
        substitute("${NO?}", SET.get, lenient=True)


def test_a_document_keeps_its_places_and_its_keys() -> None:
    document = interpolate(read_yaml("a:\n  - $A\n  - 3\n$A: {b: x}\n", "f.yaml"), SET)
    assert document.value == {"a": ["a", 3], "$A": {"b": "x"}}
    assert str(document.where(("a", 0))) == "f.yaml:2:5"


def test_all_that_is_wrong_is_told_at_once_each_variable_once() -> None:
    text = "a: ${NO}\nb: [x, 'y ${NO} $']\nc: ${OTHER:?the reason}\nd: $NO\n"
    with pytest.raises(DevenvErrors) as caught:
        interpolate(read_yaml(text, "f.yaml"), SET)
    errors = caught.value.errors
    assert [(str(e.where), e.message) for e in errors] == [
        ("f.yaml:1:4", "The variable `NO` has no value."),
        ("f.yaml:3:4", "The variable `OTHER` has no value: the reason"),
    ]
    assert "`${NO:-…}`" in errors[0].hint
    assert "`.env`" in errors[1].hint
    with pytest.raises(DevenvError, match="no reference") as one:
        interpolate(read_yaml("a: b ${ c", "f.yaml"), {})
    assert "`$$`" in one.value.hint


def test_names() -> None:
    found = names(read_yaml("a: ${A:-x$B} $$C\nb: ['$A', '${D?}', '${B-q}', '${broken']\n", "f.yaml"))
    assert found == (
        Name(name="A", default="x$B"),
        Name(name="B", default="q", required=True),
        Name(name="D", required=True),
    )
    assert [str(name.where) for name in found] == ["f.yaml:1:4", "f.yaml:1:4", "f.yaml:2:11"]
    assert named({"k": ["$A", {"x": "${B:-$C}"}]}) == {"A", "B", "C"}
