from __future__ import annotations

import io

import pytest

from devenv.ui.jsonl import JsonLines
from devenv.ui.live import Live
from devenv.ui.make import make_ui
from devenv.ui.plain import Plain
from tests.unit.ui.runs import Screen

XTERM = {"TERM": "xterm"}


@pytest.mark.parametrize(
    ("env", "kind"),
    [
        (XTERM, Live),
        ({"TERM": "dumb"}, Plain),
        ({}, Plain),
        ({**XTERM, "CI": "true"}, Plain),
        ({**XTERM, "CI": "false"}, Live),
    ],
)
def test_a_table_only_where_it_can_be_drawn(env: dict[str, str], kind: type) -> None:
    assert type(make_ui("text", err=Screen(), env=env)) is kind


def test_a_pipe_gets_plain_lines_and_a_program_json() -> None:
    assert type(make_ui("text", err=io.StringIO(), env=XTERM)) is Plain
    assert type(make_ui("json", err=Screen(), env=XTERM)) is JsonLines


def test_a_closed_stream_is_no_terminal() -> None:
    closed = Screen()
    closed.isatty = io.StringIO.isatty.__get__(closed)  # type: ignore[method-assign]
    closed.close()
    assert type(make_ui("text", err=closed, env=XTERM)) is Plain


def test_no_color_and_no_unicode_are_respected() -> None:
    ui = make_ui("text", err=Screen(), env={**XTERM, "NO_COLOR": "1"})
    assert isinstance(ui, Live)
    assert (ui._colour, ui._unicode) == (False, True)
    latin = Screen()
    latin.encoding = "latin-1"  # type: ignore[misc]
    ui = make_ui("text", err=latin, env=XTERM)
    assert isinstance(ui, Live)
    assert (ui._colour, ui._unicode) == (True, False)
