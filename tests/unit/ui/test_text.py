from __future__ import annotations

import pytest

from devenv.ui import text


@pytest.mark.parametrize(
    ("raw", "seen"),
    [
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x1b]0;title\x07here", "here"),
        ("10 %\r100 %", "100 %"),
        ("windows\r\nline", "windows\nline"),
        ("a\tb", "a   b"),
        ("bell\x07\x00", "bell"),
    ],
)
def test_what_would_move_the_cursor_is_taken_out(raw: str, seen: str) -> None:
    assert text.clean(raw) == seen


def test_one_line_is_made_of_many() -> None:
    assert text.line_of("  one\n\n two\t three ") == "one two three"


@pytest.mark.parametrize(
    ("whole", "columns", "shown"),
    [
        ("short", 5, "short"),
        ("longer", 5, "long…"),
        ("one two", 5, "one…"),
        ("日本語", 6, "日本語"),
        ("日本語", 5, "日本…"),
        ("e\u0301tude", 5, "e\u0301tude"),
        ("x", 0, ""),
    ],
)
def test_text_is_cut_by_columns_not_characters(whole: str, columns: int, shown: str) -> None:
    assert text.cut(whole, columns) == shown
    assert text.width(text.pad(whole, columns)) == columns


@pytest.mark.parametrize(
    ("value", "said"), [(0.04, "0.0 s"), (9.94, "9.9 s"), (59.6, "60 s"), (125, "2 min 05 s"), (3600, "60 min 00 s")]
)
def test_durations(value: float, said: str) -> None:
    assert text.seconds(value) == said


@pytest.mark.parametrize(
    ("current", "total", "unit", "said"),
    [
        (0, 0, "rows", ""),
        (3, 9, "steps", "3 of 9 steps"),
        (120000, 0, "rows", "120,000 rows"),
        (12_340_000, 40_000_000, "bytes", "12.3 of 40.0 MB"),
        (500, 0, "bytes", "0.5 kB"),
        (1, 2, "", "1 of 2"),
    ],
)
def test_how_far(current: int, total: int, unit: str, said: str) -> None:
    assert text.amount(current, total, unit) == said


@pytest.mark.parametrize(
    ("ref", "name"),
    [
        ("localhost/devenv/postgres:17-3f2a90c1d2e3", "postgres:17"),
        ("localhost/devenv/trusted/python:3.13-slim-3f2a90c1d2e3", "python:3.13-slim"),
        ("nginx:1.27", "nginx:1.27"),
        ("ghcr.io/x/y:1-3f2a90c1d2e3", "ghcr.io/x/y:1-3f2a90c1d2e3"),
    ],
)
def test_our_own_images_are_named_as_people_know_them(ref: str, name: str) -> None:
    assert text.short_image(ref) == name


def test_a_terminal_without_unicode_gets_the_nearest() -> None:
    assert "a → b… ✔ é \udcff".encode("ascii", text.ERRORS) == b"a -> b... + ? ?"
    assert "é →".encode("latin-1", text.ERRORS) == b"\xe9 ->"


def test_words_wrap_at_spaces() -> None:
    assert text.wrap("one two three", 7) == ["one two", "three"]
    assert text.wrap("", 7) == [""]
