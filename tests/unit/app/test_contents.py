"""What a one-shot is given to read is part of what it is."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from devenv.app import contents
from devenv.app.contents import with_contents
from devenv.core.compose.changes import config_label
from devenv.model.stack import Grant, Service, Stack


def _stack(folder: Path, *, one_shot: bool = True, grants: tuple[Grant, ...] = (), **config: Any) -> Stack:
    service = Service(
        name="once", config=config, image="x", container_name="shop-once-1", one_shot=one_shot, grants=grants
    )
    return Stack(
        project="shop", folder=str(folder), working_dir=str(folder), files=(), services={"once": service}, networks={},
        volumes={},
    )  # fmt: skip


def _bind(source: Path, target: str = "/in", *, read_only: bool = True) -> dict[str, Any]:
    return {"type": "bind", "source": str(source), "target": target, "read_only": read_only}


def _content(stack: Stack) -> dict[str, str]:
    return dict(with_contents(stack).services["once"].content)


def test_names_and_contents_count_and_times_do_not(tmp_path: Path) -> None:
    folder = tmp_path / "migrations"
    (folder / "later").mkdir(parents=True)
    file = folder / "later/1.sql"
    file.write_text("one")
    stack = _stack(tmp_path, volumes=[_bind(folder)])
    first = _content(stack)
    assert list(first) == ["/in"]
    os.utime(file, (1, 1))
    (folder / "__pycache__").mkdir()
    (folder / "__pycache__/x.pyc").write_bytes(b"x")
    assert _content(stack) == first
    file.write_text("two")
    second = _content(stack)
    file.rename(folder / "later/2.sql")
    third = _content(stack)
    (folder / "link").symlink_to("later")
    os.mkfifo(folder / "pipe")
    assert len({str(each) for each in (first, second, third, _content(stack))}) == 4


def test_a_large_file_is_known_by_size_and_time(tmp_path: Path) -> None:
    file = tmp_path / "large"
    file.write_bytes(bytes(2 << 20))
    os.utime(file, (1, 1))
    stack = _stack(tmp_path, volumes=[_bind(file)])
    first = _content(stack)
    file.write_bytes(b"1" * (2 << 20))
    os.utime(file, (1, 1))
    assert _content(stack) == first
    os.utime(file, (2, 2))
    assert _content(stack) != first


def test_what_it_may_write_to_and_what_lies_elsewhere_are_left_out(tmp_path: Path) -> None:
    folder = tmp_path / "repository"
    (folder / "a").mkdir(parents=True)
    for mounts in ([_bind(folder / "a", read_only=False)], [_bind(tmp_path)], [_bind(folder)], []):
        assert _content(_stack(folder, volumes=mounts)) == {}
    service = _stack(folder, one_shot=False, volumes=[_bind(folder / "a")])
    assert with_contents(service) is service
    assert _content(_stack(folder, volumes=[_bind(folder / "missing")])) != {}  # who mounts it tells


def test_configs_from_files_count_and_secrets_never(tmp_path: Path) -> None:
    file = tmp_path / "script"
    file.write_text("one")
    both = (Grant(target="/run.sh", source=str(file)), Grant(target="/run/secrets/key", source=str(file)))
    configs, secrets = [{"source": "script", "target": "/run.sh"}], [{"source": "key"}]
    stack = _stack(tmp_path, grants=both, configs=configs, secrets=secrets)
    found = with_contents(stack)
    assert list(found.services["once"].content) == ["/run.sh"]
    label = config_label(found.services["once"], found)
    assert "content of /run.sh" in label
    file.write_text("two")
    assert config_label(with_contents(stack).services["once"], stack) != label


def test_what_did_not_change_is_not_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder, memo = tmp_path / "migrations", tmp_path / ".devenv/contents.json"
    folder.mkdir()
    memo.parent.mkdir()
    for name in ("1.sql", "2.sql"):
        (folder / name).write_text(name)
    stack = _stack(tmp_path, volumes=[_bind(folder)])
    monkeypatch.setattr(contents, "_RACY", 0.0)
    first = _content(stack)
    kept = memo.read_text()
    assert json.loads(kept).keys() == {str(folder / "1.sql"), str(folder / "2.sql")}
    # What stands in the memo is believed, so the file was not read.
    path = str(folder / "1.sql")
    memo.write_text(json.dumps({**json.loads(kept), path: [json.loads(kept)[path][0], "else"]}))
    assert _content(stack) != first
    memo.write_text(kept)
    assert _content(stack) == first
    (folder / "2.sql").write_text("3.sql")  # as long as before
    assert _content(stack) != first
    memo.write_text("broken")
    (folder / "2.sql").write_text("2.sql")
    assert _content(stack) == first


def test_a_young_file_is_not_kept_and_where_nothing_can_be_kept_that_is_no_error(tmp_path: Path) -> None:
    folder = tmp_path / "migrations"
    folder.mkdir()
    (folder / "1.sql").write_text("one")
    (tmp_path / ".devenv").mkdir()
    stack = _stack(tmp_path, volumes=[_bind(folder)])
    first = _content(stack)
    assert not (tmp_path / ".devenv/contents.json").exists()
    (tmp_path / ".devenv").rmdir()
    assert _content(stack) == first
