from __future__ import annotations

from typing import Any

import pytest

from devenv.core.compose import values
from devenv.core.compose.values import Reader, go_duration, nanoseconds
from devenv.model.manifest import Document

AT = ("services", "a", "key")


def read(how: values.Read, value: Any) -> tuple[Any, list[str]]:
    reader = Reader(Document(file="f", value=None), {}, "/")
    return how(reader, value, AT), [error.message for error in reader.errors]


@pytest.mark.parametrize(
    ("written", "printed"),
    [
        ("0s", "0s"), ("0", "0s"), ("1ns", "1ns"), ("1500ns", "1.5µs"), ("100us", "100µs"), ("0.1s", "100ms"),
        ("1.5s", "1.5s"), ("90s", "1m30s"), ("60s", "1m0s"), ("1h", "1h0m0s"), ("1d2h", "26h0m0s"), ("1w", "168h0m0s"),
        ("1h1.000000001s", "1h0m1.000000001s"), ("-1s", "-1s"), ("3µs", "3µs"),
    ],
)  # fmt: skip
def test_durations_are_printed_as_go_prints_them(written: str, printed: str) -> None:
    assert go_duration(nanoseconds(written)) == printed


@pytest.mark.parametrize("written", ["", "1", "s", "1x", "1 s", "1s!"])
def test_no_duration(written: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        nanoseconds(written)
    assert read(values.duration, written)[1]


@pytest.mark.parametrize(
    ("how", "value", "expected"),
    [
        (values.text, "x", "x"), (values.text, "", None),
        (values.word, 1.50, "1.5"), (values.word, True, "true"),
        (values.flag, "on", True), (values.flag, "NO", False), (values.flag, False, False),
        (values.boolean, False, None), (values.boolean, "true", True),
        (values.count, "0", 0), (values.count, "-3", -3), (values.integer, 0, None),
        (values.number, "0.50", 0.5), (values.number, 2, 2), (values.number, 2.0, 2), (values.number, 0, None),
        (values.number, 1.123456789, 1.1234568),
        (values.size, "1.5g", "1610612736"), (values.size, "128mb", "134217728"), (values.size, "64 KiB", "65536"),
        (values.size, 10, "10"), (values.size, "10b", "10"), (values.size, 0, None), (values.size, "-1", "-1"),
        (values.strings, ["a", 1, "a"], ["a", "1"]), (values.strings, [], None),
        (values.one_or_more, "a", ["a"]),
        (values.pairs, ["b=1=2", "a"], {"a": None, "b": "1=2"}),
        (values.pairs, {"b": 1, "a": None}, {"a": None, "b": "1"}),
        (values.labels, ["a"], {"a": ""}), (values.labels, {}, None),
        (values.options, {"a": True}, {"a": "true"}),
        (values.choice("a", "b"), "b", "b"),
        (values.mode, 0o440, "0440"), (values.mode, "0o440", "0440"), (values.mode, "640", "0640"),
    ],
)  # fmt: skip
def test_a_value_is_cast(how: values.Read, value: Any, expected: Any) -> None:
    assert read(how, value) == (expected, [])


@pytest.mark.parametrize(
    ("how", "value", "must"),
    [
        (values.text, 1, "a text"), (values.text, None, "a text"), (values.word, [], "a text"),
        (values.flag, "1", "`true` or `false`"), (values.count, True, "a whole number"),
        (values.count, "x", "a whole number"), (values.number, "x", "a number"), (values.number, True, "a number"),
        (values.number, float("inf"), "a number"), (values.size, "x", "a size such as `512m`"),
        (values.size, True, "a size"), (values.duration, 10, "a duration with its unit"),
        (values.strings, "a", "a list"), (values.pairs, 1, "a mapping or a list"), (values.pairs, [1], "a text `NAME"),
        (values.pairs, {"a": []}, "a text"), (values.options, ["a=b"], "a mapping"),
        (values.choice("a", "b"), "c", "one of `a`, `b`"), (values.mode, "9", "permissions"),
    ],
)  # fmt: skip
def test_a_value_of_the_wrong_kind_is_told(how: values.Read, value: Any, must: str) -> None:
    _, messages = read(how, value)
    assert len(messages) == 1
    assert messages[0].startswith("`services.a.key")
    assert f"must be {must}" in messages[0]


def test_fields() -> None:
    known: dict[str, values.Read] = {"b": values.text, "a": values.count}
    assert read(lambda r, v, at: values.fields(r, v, at, known), {"a": 1, "x-y": 2, "b": ""}) == ({"a": 1}, [])
    found, messages = read(
        lambda r, v, at: values.fields(r, v, at, known, unsupported=frozenset({"c"})), {"c": 1, "bb": 2}
    )
    assert found == {}
    assert messages == ["devenv cannot do `services.a.key.c` yet.", "`bb` is no key of `services.a.key`."]
    assert read(lambda r, v, at: values.fields(r, v, at, known), [])[0] is None
    assert values.name_of(()) == "the file"
    assert values.name_of(("a", 0, "b")) == "a[0].b"
