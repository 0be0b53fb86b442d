from __future__ import annotations

import tracemalloc

import pytest

from devenv.core.source import MAX_CHARACTERS, read_layers, read_yaml
from devenv.model.errors import DevenvError, DevenvErrors


def errors(text: str) -> list[DevenvError]:
    with pytest.raises(DevenvError) as caught:
        read_yaml(text, "f.yaml")
    error = caught.value
    return list(error.errors) if isinstance(error, DevenvErrors) else [error]


def places(text: str) -> list[str]:
    return [f"{e.where} {e.message}" for e in errors(text)]


def test_every_key_and_value_has_its_place() -> None:
    document = read_yaml("services:\n  db:\n    ports: [80, '81']\n", "f.yaml")
    assert document.value == {"services": {"db": {"ports": [80, "81"]}}}
    assert str(document.key_spans[("services", "db")]) == "f.yaml:2:3"
    span = document.spans[("services", "db", "ports", 1)]
    assert (span.line, span.column, span.length, span.text) == (3, 17, 4, "    ports: [80, '81']")
    assert str(document.where(("services", "db", "image"))) == "f.yaml:2:3"
    assert set(document.spans) >= {("services",), ("services", "db")}
    assert len(document.key_spans) == 3


def test_an_empty_file_is_none() -> None:
    assert read_yaml("# nothing\n", "f.yaml").value is None


def test_merge_keys_and_aliases_keep_the_places_of_what_they_repeat() -> None:
    document = read_yaml("a: &a {x: 1, y: 2}\nb:\n  <<: *a\n  x: 3\nc:\n  <<: [*a, {z: 1, x: 4}]\nd: *a\n", "f.yaml")
    assert document.value["b"] == {"x": 3, "y": 2}
    assert document.value["c"] == {"x": 1, "y": 2, "z": 1}
    assert str(document.key_spans[("b", "y")]) == "f.yaml:1:14"
    assert str(document.key_spans[("b", "x")]) == "f.yaml:4:3"
    assert str(document.spans[("d", "y")]) == "f.yaml:1:17"
    assert read_yaml("&k a: b\nc: *k\n", "f.yaml").value == {"a": "b", "c": "a"}


def test_a_key_given_twice_names_both_places_and_all_are_found() -> None:
    found = errors("a: 1\na: 2\nb: {c: 1, c: 3}\n")
    assert [str(e.where) for e in found] == ["f.yaml:2:1", "f.yaml:3:11"]
    assert "f.yaml:1:1" in found[0].hint


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: {{ x }}\nb: {{ y }}/z\n", ["f.yaml:1:4 A template", "f.yaml:2:4 A template"]),
        ("e:\n  - {{ x }}/a\n", ["f.yaml:2:5 A template"]),
        ("e: {A: {{ x }}}\n", ["f.yaml:1:8 A template"]),
        ("a:\n\tb: c\n\td: e\n", ["f.yaml:2:1 A tab", "f.yaml:3:1 A tab"]),
        ("a:\n  b: 1\n c: 2\n", ["f.yaml:3:2 This line does not fit"]),
        ("a: b: c", ["f.yaml:1:5 A `:` stands here"]),
        ("a: 'x", ["f.yaml:1:4 A quote"]),
        ("a: [1\nb: 2\n", ["f.yaml:1:4 A list that begins"]),
        ("- a\nb: c", ["f.yaml:2:1 A list item"]),
        ("a: %x", ["f.yaml:1:4 A value cannot begin with `%`"]),
        ("a: `x`", ["f.yaml:1:4 A value cannot begin with a backtick"]),
        ("a: [", ["f.yaml:1:5 A value was due"]),
        ("a: b\x00c", ["f.yaml:1:5 The character U+0000"]),
        ("a: \ud800", ["f.yaml:1:4 The character U+D800"]),
        ("a: *no", ["f.yaml:1:4 The alias `*no` names no anchor"]),
        ("a: &a [*a]", ["f.yaml:1:8 The alias `*a` stands inside"]),
        ("a: !reset null\nb: !foo x", ["f.yaml:1:4 The tag `!reset`", "f.yaml:2:4 The tag `!foo`"]),
        ("a: !!int x", ["f.yaml:1:4 `x` is not what its tag"]),
        ("1: x", ["f.yaml:1:1 The key `1` is not text"]),
        ("a: &x [1]\n*x : 2", ["f.yaml:2:1 The key `*x` is not text"]),
        ("? [a, b]\n: 1", ["f.yaml:1:3 A key cannot be a list"]),
        ("a: 1\n---\nb: 2", ["f.yaml:2:1 A second YAML document"]),
        ("a:\n  <<: 5", ["f.yaml:2:7 `<<` takes a mapping"]),
        ("[" * 300, ["f.yaml:1:65 More than 64 levels"]),
        ("%FOO\n%YAML 9.9\n---\na: 1", ["f.yaml:1:5 This is not YAML"]),
    ],
)
def test_what_cannot_be_read_has_a_place_and_a_sentence(text: str, expected: list[str]) -> None:
    found = places(text)
    assert len(found) == len(expected)
    for got, begin in zip(found, expected, strict=True):
        assert got.startswith(begin)
    assert all(e.hint for e in errors(text))


def test_an_alias_bomb_is_refused_before_it_takes_memory() -> None:
    bomb = "a0: &a0 [x,x,x,x,x,x,x,x,x]\n"
    bomb += "".join(f"a{i}: &a{i} [{','.join([f'*a{i - 1}'] * 9)}]\n" for i in range(1, 10))
    tracemalloc.start()
    assert "expand to more than" in places(bomb)[0]
    assert tracemalloc.get_traced_memory()[1] < 100_000_000
    tracemalloc.stop()


def test_aliases_of_long_text_and_long_files_are_bounded() -> None:
    assert "expand to more than" in places(f"a: &a {'x' * 100_000}\nb: [{'*a,' * 100}]\n")[0]
    assert f"may have {MAX_CHARACTERS}" in places("#" * (MAX_CHARACTERS + 1))[0]


def test_tags_that_say_what_a_value_is() -> None:
    assert read_yaml("[!!str 12, !!int '7', !!float 1, ! 5, !!null ~]", "f").value == ["12", 7, 1.0, "5", None]


def test_layers_are_documents_with_what_they_take_back() -> None:
    first, second = read_layers(
        "a: 1\nb: [x, !reset y]\n---\na: !reset 1\nb: !override [z]\nc: {d: !reset }\n", "f.yaml"
    )
    assert (first.value, first.resets) == ({"a": 1, "b": ["x"]}, (("b", 1),))
    assert second.value == {"b": ["z"], "c": {}}
    assert second.resets == (("a",), ("b",), ("c", "d"))
    assert str(second.where(("b", 0))) == "f.yaml:5:15"
    assert read_layers("# nothing\n", "f.yaml") == ()
    (shared,) = read_layers("x: &x {a: !reset 1, b: 2}\ny: *x\nz: {<<: *x}\n", "f.yaml")
    assert shared.value == {"x": {"b": 2}, "y": {"b": 2}, "z": {"b": 2}}
    assert {("y", "a"), ("z", "a")} <= {*shared.resets}
