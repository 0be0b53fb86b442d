"""What a seed is known by, and reading it once."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from devenv.extensions.seeders.files import SeedError, Source, digest, shown, table
from devenv.model.errors import ExitCode, Span
from devenv.model.stack import Seed
from tests.engines import Told


def seed_of(path: Path, **more: object) -> Seed:
    return Seed(name=f"seeds/{path.name}", kind=path.suffix[1:], file=str(path), **more)  # type: ignore[arg-type]


def test_a_digest_is_of_content_and_options_not_of_the_path(tmp_path: Path) -> None:
    one, other = tmp_path / "a.csv", tmp_path / "b.csv"
    one.write_text("id\n1\n")
    other.write_text("id\n1\n")
    seed = seed_of(one, table="t")
    assert len(digest(seed)) == 64
    assert digest(replace(seed, name="x", where=Span(file="m"))) == digest(seed_of(other, table="t")) == digest(seed)
    changed = [
        replace(seed, table="u"),
        replace(seed, kind="sql"),
        replace(seed, options={"header": False}),
        replace(seed, transactional=False),
    ]
    assert len({digest(each) for each in (seed, *changed)}) == 5
    one.write_text("id\n2\n")
    assert digest(seed) != digest(seed_of(other, table="t"))


def test_a_table_is_as_given_or_the_stem(tmp_path: Path) -> None:
    assert table(seed_of(tmp_path / "products.csv")) == "products"
    assert table(seed_of(tmp_path / "products.csv", table="s.t")) == "s.t"


def test_a_file_is_shown_as_it_was_written(tmp_path: Path) -> None:
    path = tmp_path / "seeds" / "a.sql"
    assert shown(seed_of(path)) == "seeds/a.sql"
    assert shown(replace(seed_of(path), name="schema")) == str(path)


def test_what_cannot_be_read_is_the_manifests_fault(tmp_path: Path) -> None:
    seed = seed_of(tmp_path / "no.sql", where=Span(file="devenv.yaml", line=4, column=7))
    with pytest.raises(SeedError, match=r"^cannot read the seed .*no.sql: No such file") as raised:
        digest(seed)
    assert raised.value.code == ExitCode.INPUT
    with pytest.raises(SeedError, match="cannot read the seed"):
        list(Source(replace(seed, where=None), Told()).lines())


def test_a_reading_tells_progress_and_knows_what_it_read(tmp_path: Path) -> None:
    (tmp_path / "seeds").mkdir()
    path = tmp_path / "seeds" / "a.sql"
    path.write_bytes(b"\xef\xbb\xbf" + b"select 1;\n" * 100_000)
    seed, told = seed_of(path), Told()
    source = Source(seed, told)
    assert b"".join(source.chunks()) == b"select 1;\n" * 100_000
    assert source.digest == digest(seed)
    assert told.steps[-1] == (1_000_003, 1_000_003, "bytes", "seeds/a.sql")
    assert len(told.steps) < 50
    assert list(Source(seed, told).lines())[:2] == [b"select 1;\n"] * 2
