"""YAML that is written: read back alike by a YAML 1.1 reader, by ours, and (tests/integration) by Compose."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from devenv.core.render.yaml import emit, scalar
from devenv.core.source import read_yaml

TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\0") | st.sampled_from("\n\t :#-'\"{}[],&*!|>%@`"))
KEYS = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), min_size=1, max_size=20)
SCALARS = (
    TEXTS | st.integers(-(10**9), 10**9) | st.booleans() | st.none() | st.sampled_from(["yes", "1e3", "1:30", "~"])
)
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner) | st.dictionaries(KEYS, inner), max_leaves=30)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(KEYS, VALUES))
def test_what_is_written_is_read_back(value: dict[str, Any]) -> None:
    text = emit(value)
    assert emit(value) == text
    assert yaml.safe_load(text) == value
    assert read_yaml(text, "x").value == value


@pytest.mark.parametrize(
    "word",
    ["yes", "No", "on", "OFF", "y", "null", "~", "true", "1", "0x1", "0o7", "017", "1.5", "1e3", ".5", "1:30",
     "2026-01-01", "", "-", "a:", "a: b", "a #b", "#a", " a", "a ", "'a'", '"a"', "=", "<<", "*a", "&a", "!a",
     "%a", "@a", "`a", "[a", "{a", "-1", ".inf", ".nan", "0b1", "1_000", "a\tb", "\x85", "\u2028", "\ufeff",
     "a,b", "---", "..."],
)  # fmt: skip
def test_a_text_stays_a_text(word: str) -> None:
    for value in ({"a": word}, {word: "a"}, [word], {"a": [word, {word: word}]}):
        if value == {"": "a"}:
            continue
        assert yaml.safe_load(emit(value)) == value


@pytest.mark.parametrize(
    "text", ["a\nb", "a\nb\n", "a\n\nb\n", "a\n", " a\nb", "a\nb\n\n", "a \nb", "\na", "#a\nb", "a\n\tb"]
)
def test_several_lines_stay_what_they_are(text: str) -> None:
    for value in ({"a": text}, {"a": {"b": text, "c": 1}}, {"a": [text, "z"]}):
        assert yaml.safe_load(emit(value)) == value


def test_it_reads_like_a_file_that_a_person_wrote() -> None:
    value = {"name": "shop", "list": [1, "two", {"a": 1, "b": []}, [3]], "empty": None, "map": {}, "text": "a\nb\n"}
    assert emit(value) == (
        "name: shop\nlist:\n  - 1\n  - two\n  - a: 1\n    b: []\n  -\n    - 3\nempty:\nmap: {}\ntext: |\n  a\n  b\n"
    )
    assert scalar(None) == "null"
