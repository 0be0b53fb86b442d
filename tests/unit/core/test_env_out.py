"""The env file that devenv writes is read back by devenv's own reader, whatever stands in it."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from devenv.core.compose.dotenv import parse
from devenv.core.render.env import render_env
from tests.unit.core.compiling import templates

VALUES = st.text(st.characters(codec="utf-8", exclude_characters="\0") | st.sampled_from("$'\"\\\n\r #=`{}"))


@settings(deadline=None)
@given(st.dictionaries(st.from_regex(r"\A[A-Z_][A-Z0-9_]{0,9}\Z"), VALUES))
def test_every_value_comes_back(values: dict[str, str]) -> None:
    text = render_env(values, templates=templates())
    assert parse(text, ".env") == values
    assert render_env(parse(text, ".env"), templates=templates()) == text
