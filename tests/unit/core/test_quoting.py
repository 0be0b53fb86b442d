from __future__ import annotations

import subprocess
from typing import Any

import pytest

from devenv.core import checks
from devenv.core.quoting import in_shell, in_sql
from devenv.model.stack import CheckStep

EVIL = """it's "x"; $(touch gone) `touch gone` \\ '; DROP TABLE a; --"""


@pytest.mark.parametrize(
    ("query", "value", "said"),
    [
        ("SELECT {a}", 7, "SELECT 7"),
        ("SELECT {a}", "7.50", "SELECT 7.50"),
        ("SELECT 1 -{a}", -7, "SELECT 1 -(-7)"),
        ("SELECT {a}", "007 a", "SELECT '007 a'"),
        ("SELECT {a}", None, "SELECT NULL"),
        ("SELECT {a}", True, "SELECT 'true'"),
        ("SELECT {a} {b}", "O'Hara", "SELECT 'O''Hara' {b}"),
        ("SELECT{a}", "a\\'$$", r"SELECT E'a\\''\x24\x24'"),
        ("SELECT 'no {a}'", "O'Hara", "SELECT 'no O''Hara'"),
        ("SELECT E'no {a}'", "\\'", r"SELECT E'no \\'''"),
        ('SELECT "{a}"', 'col"umn', 'SELECT "col""umn"'),
        ("SELECT 'it''s', {a} -- it's {a}\n, {a}", "x", "SELECT 'it''s', 'x' -- it's {a}\n, 'x'"),
        ("SELECT /* ' {a} */ {a}", "x", "SELECT /* ' {a} */ 'x'"),
    ],
)
def test_a_value_in_sql_is_a_literal(query: str, value: Any, said: str) -> None:
    assert in_sql(query, {"a": value}) == said


@pytest.mark.parametrize(
    "text",
    [
        "printf %s {a}",
        'printf %s "{a}"',
        "printf %s '{a}'",
        "printf %s \"\"'{a}'",
        "printf '%s' '\\'{a}",
    ],
)
@pytest.mark.parametrize("value", [EVIL, "plain", 7])
def test_a_value_in_a_shell_s_text_is_one_word_that_no_shell_reads(text: str, value: Any, tmp_path: Any) -> None:
    command = in_shell(text, {"a": value})
    got = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=20, check=True).stdout
    assert got.removeprefix("\\") == str(value)
    assert list(tmp_path.iterdir()) == []


def test_a_value_in_a_command_within_a_text_is_not_read_either(tmp_path: Any) -> None:
    command = in_shell('printf %s "$(printf %s "{a}")"', {"a": EVIL})
    got = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=20, check=True).stdout
    assert "$(touch" in got
    assert list(tmp_path.iterdir()) == []


def test_what_was_not_taken_stays_as_it_is() -> None:
    assert in_shell("echo {b}", {"a": 1}) == ["sh", "-c", "echo {b}"]


def test_steps_ask_with_quoted_values_and_are_told_as_written() -> None:
    taken = {"a": "x'y"}
    sql = CheckStep(kind="sql", options={"service": "db", "query": "SELECT {a}"})
    assert checks.asked(sql, taken)["query"] == "SELECT 'x''y'"
    text = CheckStep(kind="exec", options={"service": "api", "command": "test {a}"})
    assert checks.asked(text, taken)["command"] == ["sh", "-c", 'test "${1}"', "sh", "x'y"]
    assert checks.says(text, checks.asked(text, taken), taken) == "`test x'y` in api"
    shell = CheckStep(kind="exec", options={"service": "api", "command": ["bash", "-ec", "test {a}"]})
    assert checks.asked(shell, taken)["command"] == ["bash", "-ec", 'test "${1}"', "bash", "x'y"]
    words = CheckStep(kind="exec", options={"service": "api", "command": ["test", "{a}"]})
    assert checks.asked(words, taken)["command"] == ["test", "x'y"]
