"""Rows on their way to COPY."""

from __future__ import annotations

from pathlib import Path

import pytest

from devenv.extensions.seeders.files import SeedError, Source
from devenv.extensions.seeders.postgres_rows import JsonLines, csv_copy, csv_rows, table_names
from devenv.model.stack import Seed
from tests.engines import Told


@pytest.mark.parametrize(
    ("name", "names"),
    [
        ("products", ['"products"']),
        ("Products", ['"Products"', '"products"']),
        ("10-Order Items", ['"10-Order Items"', '"Order Items"', '"10-order items"', '"order items"']),
        ("s.t", ['"s"."t"']),
        ('"s"."T"', ['"s"."T"']),
        ("2024", ['"2024"']),
    ],
)
def test_names_that_a_table_may_have(name: str, names: list[str]) -> None:
    assert table_names(name) == names


def seed_of(path: Path, content: bytes, **options: object) -> Seed:
    path.write_bytes(content)
    return Seed(name=path.name, kind=path.suffix[1:], file=str(path), options=options)


@pytest.mark.parametrize(
    ("content", "options", "copy"),
    [
        (b'\xef\xbb\xbfa ,"b ""c"\n', {}, '"a", "b ""c"'),
        (b"a;b\r\n", {"delimiter": ";"}, '"a", "b"'),
        (b"1,2\n", {"header": False}, ""),
        (b"x,y\n", {"columns": ["a", "b"]}, '"a", "b"'),
    ],
)
def test_columns_of_a_csv(tmp_path: Path, content: bytes, options: dict[str, object], copy: str) -> None:
    text = csv_copy(seed_of(tmp_path / "t.csv", content, **options))
    assert text.startswith(f"COPY :devenv_table ({copy}) FROM STDIN" if copy else "COPY :devenv_table FROM STDIN")
    assert f"HEADER {'false' if options.get('header') is False else 'true'}" in text
    assert f"DELIMITER '{options.get('delimiter', ',')}'" in text


@pytest.mark.parametrize(
    ("content", "why"),
    [(b"", "the file has no header"), (b"a,,b\n", "a column has no name"), (b"a,\xff\n", "not UTF-8 text")],
)
def test_headers_that_name_no_columns(tmp_path: Path, content: bytes, why: str) -> None:
    with pytest.raises(SeedError, match=f"t.csv:1: {why}"):
        csv_copy(seed_of(tmp_path / "t.csv", content))
    with pytest.raises(SeedError, match=r"t.csv:1: the header cannot be read"):
        csv_copy(seed_of(tmp_path / "t.csv", b"a\n", delimiter="--"))


@pytest.mark.parametrize("size", [1, 2, 3, 5, 1000])
@pytest.mark.parametrize(
    ("content", "line"),
    [
        (b"a\n1\n\\.\n2\n", 3),
        (b"\\.\na\n", 1),
        (b"a\r\n\\.\r\n", 2),
        (b"a\n1\n\\.", 3),
        (b"a\n\\.x\nx\\.\n\\\n.\n", 0),
    ],
)
def test_an_end_mark_in_the_rows_is_found_wherever_parts_meet(
    tmp_path: Path, size: int, content: bytes, line: int
) -> None:
    seed = seed_of(tmp_path / "t.csv", content)
    source = Source(seed, Told(), part=size)
    if line:
        with pytest.raises(SeedError, match=rf"t.csv:{line}: a line that is only"):
            list(csv_rows(seed, source))
    else:
        assert b"".join(csv_rows(seed, source)) == content + b"\\.\n"


@pytest.mark.parametrize(
    ("content", "end"),
    [(b"a\n1", b"\n\\.\n"), (b"a\r\n1\r\n", b"\\.\r\n"), (b"a\r\n1", b"\r\n\\.\r\n"), (b"", b"\\.\n")],
)
def test_the_end_is_a_line_of_the_files_own_kind(tmp_path: Path, content: bytes, end: bytes) -> None:
    seed = seed_of(tmp_path / "t.csv", content)
    assert b"".join(csv_rows(seed, Source(seed, Told()))) == content + end


def test_json_lines_are_numbered_and_told_apart_by_their_keys(tmp_path: Path) -> None:
    content = b'{"b": 1, "a": "x\\ty"}\n\n \n{"a": 2}\n{"a":\t3, "b": null}'
    seed = seed_of(tmp_path / "t.jsonl", content)
    lines = JsonLines(seed, Source(seed, Told()))
    assert b"".join(lines.rows()) == (
        b'1\t0\t{"b": 1, "a": "x\\\\ty"}\n4\t1\t{"a": 2}\n5\t0\t{"a": 3, "b": null}\n\\.\n'
    )
    assert lines.keys == {("a", "b"): 1, ("a",): 4}
    assert [lines.line(sent) for sent in (1, 2, 3)] == [1, 4, 5]
    assert lines.inserts(lambda number, keys: f"{number}={','.join(keys)};") == "0=a,b;1=a;"


def test_only_the_columns_that_are_named(tmp_path: Path) -> None:
    seed = seed_of(tmp_path / "t.jsonl", b'{"b": 1, "a": 2, "c": 3}\n', columns=["c", "a"])
    lines = JsonLines(seed, Source(seed, Told()))
    list(lines.rows())
    assert list(lines.keys) == [("c", "a")]


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (b"[1]", "no JSON object"),
        (b"{}", "an empty object"),
        (b'{"a": NaN}', "no JSON: NaN is no JSON"),
        (b'{"a": 1', "no JSON: Expecting ',' delimiter, column 8"),
        (b"\xff", "not UTF-8 text"),
        (b"[" * 100_000, "no JSON: maximum recursion"),
        (b'{"b": 1}', "none of a"),
    ],
)
def test_lines_that_are_no_objects(tmp_path: Path, line: bytes, why: str) -> None:
    seed = seed_of(tmp_path / "t.jsonl", b'{"a": 1}\n' + line + b"\n", columns=["a"])
    with pytest.raises(SeedError) as raised:
        list(JsonLines(seed, Source(seed, Told())).rows())
    assert raised.value.message.startswith(f"t.jsonl:2: {why}")
