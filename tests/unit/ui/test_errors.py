from __future__ import annotations

import pytest

from devenv.model.errors import DevenvError, DevenvErrors, ExitCode, Span
from devenv.ui.errors import error_data, render_error

PLACED = DevenvError(
    "unknown key `helthcheck`",
    hint="Did you mean `healthcheck`?",
    where=Span(file="devenv.yaml", line=4, column=5, length=10, text="    helthcheck: {}\n"),
)
BARE = DevenvError("No engine answers.", hint="Start it.", code=ExitCode.UNFIT, link="https://example.org/engine")


def test_a_placed_error_shows_its_line_with_a_caret_under_the_place() -> None:
    assert render_error(PLACED) == (
        "devenv.yaml:4:5: unknown key `helthcheck`\n"
        "  4 |     helthcheck: {}\n"
        "    |     ^^^^^^^^^^\n"
        "  → Did you mean `healthcheck`?"
    )


def test_tabs_before_the_place_stay_tabs_under_it() -> None:
    where = Span(file="f", line=12, column=2, text="\tx")
    assert render_error(DevenvError("a tab", hint="h", where=where)).splitlines()[2] == "     | \t^"


def test_all_errors_of_one_reading_are_shown() -> None:
    text = render_error(DevenvErrors([PLACED, BARE]))
    assert text.endswith("\n\ndevenv: No engine answers.\n  → Start it.\n    https://example.org/engine")
    assert text.startswith("devenv.yaml:4:5:")


def test_the_same_for_a_program() -> None:
    assert error_data(DevenvErrors([PLACED, BARE])) == {
        "code": 2,
        "errors": [
            {
                "message": "unknown key `helthcheck`",
                "hint": "Did you mean `healthcheck`?",
                "file": "devenv.yaml",
                "line": 4,
                "column": 5,
            },
            {"message": "No engine answers.", "hint": "Start it.", "link": "https://example.org/engine"},
        ],
    }


def test_a_sentence_about_a_whole_file_says_its_name_once() -> None:
    about = DevenvError("a/b.yaml is not there.", hint="h", where=Span(file="a/b.yaml"))
    assert render_error(about).startswith("devenv: a/b.yaml is not there.")
    within = DevenvError("a/b.yaml is not UTF-8.", hint="h", where=Span(file="a/b.yaml", line=2, column=3))
    assert render_error(within).startswith("a/b.yaml:2:3: a/b.yaml")


@pytest.mark.parametrize(
    ("column", "length", "caret"),
    [
        (3, 3, "  ^^^"),
        (37, 3, " " * 26 + "^^^"),
        (8, 28, " " * 7 + "^" * 18),
        (22, 2, " " * 17 + "^"),
    ],
)
def test_a_password_in_the_line_is_masked_and_the_caret_stays_under_its_place(
    column: int, length: int, caret: str
) -> None:
    text = "  url: http://me:longer-secret@host bad\n"
    where = Span(file="f", line=1, column=column, length=length, text=text)
    shown = render_error(DevenvError("m", hint="h", where=where)).splitlines()
    assert shown[1:3] == ["  1 |   url: http://me:***@host bad", f"    | {caret}"]


def test_what_is_said_shows_no_password_either() -> None:
    error = DevenvError("http://token@host is wrong", hint="See http://me:pw@host.")
    assert render_error(error) == "devenv: http://***@host is wrong\n  → See http://me:***@host."
    assert error_data(error)["errors"] == [{"message": "http://***@host is wrong", "hint": "See http://me:***@host."}]
