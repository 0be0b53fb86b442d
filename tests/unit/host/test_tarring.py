from __future__ import annotations

import io
import os
import socket
import tarfile
from pathlib import Path

import pytest

from devenv.host.tarring import pack, unpack
from devenv.model.errors import DevenvError


def _same(name: str) -> str:
    return name


def _made(folder: Path) -> Path:
    top = folder / "top"
    (top / "deep/er").mkdir(parents=True)
    (top / "empty").mkdir()
    (top / "data").write_bytes(os.urandom(700_001))
    (top / "run").write_bytes(b"#!/bin/sh\n")
    (top / "run").chmod(0o755)
    (top / "deep/er/ünï & co\n").write_bytes(b"")
    (top / ("l" * 200)).write_bytes(b"long name")
    os.link(top / "run", top / "same")
    (top / "link").symlink_to("deep/er")
    (top / "nowhere").symlink_to("/no/such")
    os.mkfifo(top / "pipe")
    with socket.socket(socket.AF_UNIX) as one:
        one.bind(str(folder / "s"))
        os.rename(folder / "s", top / "socket")
    return top


def _tree(top: Path) -> dict[str, object]:
    found: dict[str, object] = {}
    for path in sorted(top.rglob("*")):
        name = str(path.relative_to(top))
        if path.is_symlink():
            found[name] = ("link", os.readlink(path))
        elif path.is_file():
            found[name] = (path.read_bytes(), path.stat().st_mode, int(path.stat().st_mtime))
        elif not path.is_socket():
            found[name] = path.stat().st_mode
    return found


def test_a_folder_comes_out_as_it_went_in(tmp_path: Path) -> None:
    top = _made(tmp_path)
    (tmp_path / "out").mkdir()
    unpack(pack(top, "top"), tmp_path / "out", _same)
    assert _tree(tmp_path / "out/top") == _tree(top)
    assert (tmp_path / "out/top/same").stat().st_ino == (tmp_path / "out/top/run").stat().st_ino
    unpack(pack(top, "top"), tmp_path / "out", _same)
    assert _tree(tmp_path / "out/top") == _tree(top), "over what is there already, too"


def test_what_others_read_is_the_same(tmp_path: Path) -> None:
    packed = b"".join(pack(_made(tmp_path), "."))
    with tarfile.open(fileobj=io.BytesIO(packed)) as tar:
        assert tar.getnames()[0] == "."
        names = {os.path.normpath(name) for name in tar.getnames()}
    assert {"data", "deep/er", "link", "pipe", "l" * 200} <= names
    assert "socket" not in names
    assert len(packed) % 512 == 0


def test_the_content_of_a_folder_goes_into_one_that_is_there(tmp_path: Path) -> None:
    top = _made(tmp_path)
    (tmp_path / "out").mkdir()
    (tmp_path / "out/stays").touch()
    unpack(pack(top, "."), tmp_path / "out", os.path.normpath)
    assert {**_tree(top), "stays": _tree(tmp_path / "out")["stays"]} == _tree(tmp_path / "out")


def test_a_link_is_followed_when_asked(tmp_path: Path) -> None:
    _made(tmp_path)
    (tmp_path / "a").symlink_to("top")
    with tarfile.open(fileobj=io.BytesIO(b"".join(pack(tmp_path / "a", "a")))) as tar:
        assert [(m.name, m.issym()) for m in tar] == [("a", True)]
    with tarfile.open(fileobj=io.BytesIO(b"".join(pack(tmp_path / "a", "a", follow=True)))) as tar:
        assert "a/data" in tar.getnames()


def _evil(*entries: tuple[str, str, str]) -> list[bytes]:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        for name, kind, link in entries:
            entry = tarfile.TarInfo(name)
            entry.type = {"file": tarfile.REGTYPE, "sym": tarfile.SYMTYPE, "hard": tarfile.LNKTYPE}[kind]
            entry.linkname = link
            entry.size = 3 if kind == "file" else 0
            tar.addfile(entry, io.BytesIO(b"bad"))
    return [packed.getvalue()]


def test_nothing_is_written_out_of_the_folder(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "secret").write_text("mine")
    through = _evil(("a", "sym", ".."), ("a/secret", "file", ""))
    with pytest.raises(DevenvError, match="out of"):
        unpack(through, tmp_path / "out", _same)
    over = _evil(("b", "sym", str(tmp_path / "secret")), ("b", "file", ""))
    unpack(over, tmp_path / "out", _same)
    assert (tmp_path / "secret").read_text() == "mine"
    assert (tmp_path / "out/b").read_bytes() == b"bad"


def test_errors_have_sentences(tmp_path: Path) -> None:
    (tmp_path / "out/x").mkdir(parents=True)
    with pytest.raises(DevenvError, match="is a folder here"):
        unpack(_evil(("x", "file", "")), tmp_path / "out", _same)
    with pytest.raises(DevenvError, match="no tar"):
        unpack([b"x" * 1024], tmp_path / "out", _same)
    with pytest.raises(DevenvError, match="cannot be read: No such file"):
        list(pack(tmp_path / "none", "none"))
    growing = tmp_path / "shrinks"
    growing.write_bytes(b"x" * 1_000_000)
    pieces = pack(growing, "shrinks")
    next(pieces)
    growing.write_bytes(b"x")
    with pytest.raises(DevenvError, match="became shorter"):
        list(pieces)
