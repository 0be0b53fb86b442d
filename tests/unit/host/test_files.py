from __future__ import annotations

import os
from pathlib import Path

import pytest

from devenv.host.files import read_text, write_atomic
from devenv.model.errors import DevenvError, ExitCode


def test_text_is_read_without_its_mark(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"\xef\xbb\xbfgr\xc3\xbc\xc3\x9fe\n")
    assert read_text(path) == "grüße\n"


@pytest.mark.parametrize(("content", "says"), [(None, "is not there"), (b"", "is a folder")])
def test_what_is_no_file_gets_a_sentence(tmp_path: Path, content: bytes | None, says: str) -> None:
    path = tmp_path / "a"
    if content is not None:
        path.mkdir()
    with pytest.raises(DevenvError, match=says):
        read_text(path)


def test_what_is_not_utf8_is_told_with_its_place(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes("ok\näb".encode() + b"\xff")
    with pytest.raises(DevenvError, match="0xff") as caught:
        read_text(path)
    assert caught.value.where is not None
    assert (caught.value.where.line, caught.value.where.column) == (2, 3)


def test_the_same_content_is_not_written_again(tmp_path: Path) -> None:
    path = tmp_path / "deep/a"
    assert write_atomic(path, b"one", 0o600)
    before = path.stat()
    assert not write_atomic(path, b"one", 0o600)
    assert path.stat().st_ino == before.st_ino
    assert before.st_mode & 0o777 == 0o600
    assert write_atomic(path, b"two")
    assert path.stat().st_mode & 0o777 == 0o600, "the permissions it had stay"
    assert write_atomic(path, b"two", 0o644)
    assert [p.name for p in path.parent.iterdir()] == ["a"]


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "real").write_bytes(b"one")
    (tmp_path / "link").symlink_to("real")
    assert write_atomic(tmp_path / "link", b"two")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_bytes() == b"two"


def test_the_umask_is_kept(tmp_path: Path) -> None:
    old = os.umask(0o027)
    try:
        write_atomic(tmp_path / "a", b"")
    finally:
        os.umask(old)
    assert (tmp_path / "a").stat().st_mode & 0o777 == 0o640


def test_what_cannot_be_written_gets_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(DevenvError, match="cannot be written") as caught:
        write_atomic(tmp_path / "file/a", b"")
    assert caught.value.code == ExitCode.UNFIT
