"""What the scanner makes of SQL files: statements, psql's own commands, what is left open."""

from __future__ import annotations

import pytest

from devenv.core.sql import Meta, Scanner, Statement, literal, quoted, statements


def scan(text: str) -> list[Statement | Meta]:
    scanner = Scanner()
    found = [each for line in text.encode().splitlines(keepends=True) for each in scanner.feed(line)]
    return found + scanner.finish()


def lines(text: str) -> list[tuple[int, int]]:
    return [(s.line, s.end) for s in statements(text.encode().splitlines(keepends=True))]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("select 1;\nselect 2;\n", [(1, 1), (2, 2)]),
        ("-- a; b\n\nselect 1\n from t\n;\n", [(3, 5)]),
        ("/* a; /* b; */ c; */ select 1; select 2", [(1, 1), (1, 1)]),
        ("insert into t values ('a;b', 'it''s;', E'\\';', \"c;d\");\nselect 2;", [(1, 1), (2, 2)]),
        ("select 'a;\nb';\n", [(1, 2)]),
        ("do $$ begin a; end $$;\ndo $x$ $$;\n $x$;\n", [(1, 1), (2, 3)]),
        ("select a$ from t;\nselect b$;", [(1, 1), (2, 2)]),
        ("select a$1;b$1 from t;", [(1, 1), (1, 1)]),
        ("create rule r as on insert to t do (select 1; select 2);\nselect 1;", [(1, 1), (2, 2)]),
        (
            "create or replace function f() returns int begin atomic\n select 1;\nselect case when a then b end;\nend;",
            [(1, 4)],
        ),
        ('create table if not exists "a;b" (c text);', [(1, 1)]),
        (";;\n ; select 1;", [(2, 2)]),
        ("insert into t (a, b, c, d) values\n (1, E'a\\\\', 'b'), (2, 'x;\ny', ';');\nselect 1;", [(1, 3), (4, 4)]),
        ("select 1 \\g\nselect 2 as a \\gset\nselect 3", [(1, 1), (2, 2), (3, 3)]),
        ("select 'ä;ö', \"ü;\" from größe;", [(1, 1)]),
        ("select U&'d\\0061t;a', b'1;0';", [(1, 1)]),
    ],
)
def test_where_statements_begin_and_end(text: str, expected: list[tuple[int, int]]) -> None:
    assert lines(text) == expected


def test_rows_of_a_copy_are_no_statements() -> None:
    text = "COPY public.t (a, b)\n  FROM stdin;\n1\t'begin;\n\\.\nCOMMIT;\n"
    found = scan(text)
    assert [(f.line, f.end, f.data) for f in found if isinstance(f, Statement)] == [(1, 2, 3), (5, 5, 0)]


def test_a_copy_from_a_file_has_no_rows_here() -> None:
    assert [s.data for s in statements([b"copy t from '/x.csv';\n", b"select 1;\n"])] == [0, 0]


def test_commands_to_psql() -> None:
    found = scan("\\restrict abc\n\\copy t from stdin\n1;\n\\.\n\\connect other -- x\nselect 1 \\; select 2;\n\\r\n")
    metas = [(f.line, f.name, f.text) for f in found if isinstance(f, Meta)]
    assert metas == [(1, "restrict", "abc"), (2, "copy", "t from stdin"), (5, "connect", "other -- x"), (7, "r", "")]
    assert sum(isinstance(f, Statement) for f in found) == 2


@pytest.mark.parametrize(
    ("text", "control", "alone"),
    [
        ("begin;", "BEGIN", ""),
        ("Start Transaction isolation level serializable;", "START TRANSACTION", ""),
        ("COMMIT AND CHAIN;", "COMMIT", ""),
        ("end;", "END", ""),
        ("rollback;", "ROLLBACK", ""),
        ("rollback to savepoint a;", "", ""),
        ("savepoint a;", "", ""),
        ("select 'commit';", "", ""),
        ("create unique index concurrently i on t (a);", "", "CREATE UNIQUE INDEX CONCURRENTLY"),
        ("drop index concurrently i;", "", "DROP INDEX CONCURRENTLY"),
        ("refresh materialized view concurrently v;", "", ""),
        ("vacuum analyze t;", "", "VACUUM"),
        ("create database x;", "", "CREATE DATABASE"),
        ("create index i on t (a);", "", ""),
        ("(select 1);", "", ""),
    ],
)
def test_what_a_transaction_cannot_hold(text: str, control: str, alone: str) -> None:
    (found,) = statements([text.encode()])
    assert (found.control, found.alone) == (control, alone)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("select 1;\nselect 'a\n", ("a string", 2)),
        ("select E'a\\'\n", ("a string", 1)),
        ("/* a /* b */\n", ("a comment", 1)),
        ("do $x$ begin\n", ("a text in $x$", 1)),
        ('select "a\n', ("a quoted name", 1)),
        ("copy t from stdin;\n1\n", ("the data of a COPY", 1)),
        ("copy t from stdin;\n1\n\\.\nselect 1", ("", 0)),
    ],
)
def test_what_is_left_open(text: str, expected: tuple[str, int]) -> None:
    scanner = Scanner()
    for line in text.encode().splitlines(keepends=True):
        scanner.feed(line)
    assert scanner.unfinished == expected


def test_an_excerpt_is_one_short_line() -> None:
    (found,) = statements([b"insert into t\n", b"  values (" + b"1, " * 100 + b"2);\n"])
    assert found.excerpt.startswith("insert into t values (1, 1,")
    assert len(found.excerpt) <= 100
    assert found.excerpt.endswith("…")


def test_names_and_texts_are_quoted() -> None:
    assert quoted('a"b') == '"a""b"'
    assert literal("it's") == "'it''s'"
