from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from devenv.app.digests import origins, seed_digests
from devenv.model.errors import DevenvError, DevenvErrors, Span
from devenv.model.stack import Seed, Service, Stack


def _stack(folder: Path, **options: object) -> Stack:
    seed = Seed(name="a.csv", kind="csv", file=str(folder / "a.csv"), table="a", options=options)
    service = Service(name="db", config={}, image="x", container_name="shop-db-1", seeds=(seed,), seeder="postgres")
    return Stack(
        project="shop", folder=str(folder), working_dir=str(folder), files=(), services={"db": service}, networks={},
        volumes={},
    )  # fmt: skip


def _digest(folder: Path, **options: object) -> str:
    return seed_digests(_stack(folder, **options), settled=0)["db"]["a.csv"]


def _put(folder: Path, text: str, second: int) -> None:
    (folder / "a.csv").write_text(text)
    os.utime(folder / "a.csv", (second, second))


def test_a_file_that_did_not_change_is_not_read_again(tmp_path: Path) -> None:
    (tmp_path / ".devenv").mkdir()
    _put(tmp_path, "id\n1\n", 1000)
    first = _digest(tmp_path)
    memo = tmp_path / ".devenv/digests.json"
    memo.write_text(memo.read_text().replace(first, "kept"))
    assert _digest(tmp_path) == "kept"


def test_other_content_under_the_same_size_and_time_is_seen(tmp_path: Path) -> None:
    (tmp_path / ".devenv").mkdir()
    _put(tmp_path, "id\n1\n", 1000)
    first = _digest(tmp_path)
    before = (tmp_path / "a.csv").stat().st_ctime_ns
    while (tmp_path / "a.csv").stat().st_ctime_ns == before:  # until the file system's clock has ticked
        os.utime(tmp_path / "a.csv", (1000, 1000))
    with (tmp_path / "a.csv").open("r+") as opened:
        opened.write("id\n2\n")
    os.utime(tmp_path / "a.csv", (1000, 1000))
    assert _digest(tmp_path) != first


def test_content_time_and_options_make_another(tmp_path: Path) -> None:
    (tmp_path / ".devenv").mkdir()
    _put(tmp_path, "id\n1\n", 1000)
    digests = [_digest(tmp_path), _digest(tmp_path, delimiter=";")]
    _put(tmp_path, "id\n2\n", 1001)
    digests.append(_digest(tmp_path))
    assert len(set(digests)) == 3
    _put(tmp_path, "id\n1\n", 1002)
    assert _digest(tmp_path) == digests[0]


def test_a_young_file_is_read_each_time_and_a_broken_memo_is_none(tmp_path: Path) -> None:
    (tmp_path / ".devenv").mkdir()
    (tmp_path / ".devenv/digests.json").write_text('{"db a.csv": 1}')
    (tmp_path / "a.csv").write_text("id\n1\n")
    first = seed_digests(_stack(tmp_path))
    (tmp_path / "a.csv").write_text("id\n2\n")
    assert seed_digests(_stack(tmp_path)) != first
    assert "a.csv" not in (tmp_path / ".devenv/digests.json").read_text()


def test_a_file_that_is_gone_is_told(tmp_path: Path) -> None:
    with pytest.raises(DevenvError, match=r"a\.csv"):
        _digest(tmp_path)


def test_all_files_that_are_gone_are_told_at_once_and_where_they_are_named(tmp_path: Path) -> None:
    stack = _stack(tmp_path)
    db = stack.services["db"]
    where = Span(file="devenv.yaml", line=7, column=9)
    later = replace(db.seeds[0], name="b.csv", file=str(tmp_path / "b.csv"), where=where)
    stack = replace(stack, services={"db": replace(db, seeds=(*db.seeds, later))})
    with pytest.raises(DevenvErrors) as caught:
        seed_digests(stack)
    first, second = caught.value.errors
    assert "a.csv" in first.message
    assert (second.where, second.message) == (where, "cannot read the seed b.csv: No such file or directory")
    assert seed_digests(stack, lenient=True) == {"db": {}}


def test_what_generated_rows_are_made_of_is_remembered_by_their_digest(tmp_path: Path) -> None:
    (tmp_path / ".devenv").mkdir()
    stack = _stack(tmp_path)
    db = stack.services["db"]

    def made(digest: str, scale: str) -> dict[str, dict[str, Mapping[str, str]]]:
        seed = Seed(name="rows", kind="generate", file="", origin={"scale": scale})
        wanted = replace(stack, services={"db": replace(db, seeds=(seed,))})
        return origins(wanted, {"db": {"rows": digest}})["db"]

    assert made("1", "1") == {"rows": {"1": {"scale": "1"}}}
    assert made("2", "2") == {"rows": {"1": {"scale": "1"}, "2": {"scale": "2"}}}
    (tmp_path / ".devenv/origins.json").write_text('{"db": {"rows": 3}}')
    assert made("2", "2") == {"rows": {"2": {"scale": "2"}}}
