"""Files that change are noticed: each kind of change, on a real file system."""

from __future__ import annotations

import os
import shutil
import subprocess
import tarfile
import threading
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from queue import Queue

import pytest

from devenv.core.watch import Changes, Chosen, Owner, Rule
from devenv.host import watching as module
from devenv.host.sending import changed
from devenv.host.tree import Tree
from devenv.host.watching import Watching, git_lock
from devenv.model.errors import DevenvError, ExitCode
from devenv.run.cancel import CancelToken

PATIENCE = 20


def tree(root: Path, **more: object) -> Tree:
    rule = Rule(service="one", path=str(root), action="sync", target="/app", **more)  # type: ignore[arg-type]
    return Tree(str(root), Chosen(rule))


class Heard:
    """What a Watching brings, one batch after the other."""

    def __init__(self, *trees: Tree) -> None:
        self.cancel = CancelToken()
        self.watching = Watching(trees, self.cancel)
        self.batches: Queue[list[Changes]] = Queue()
        self.thread = threading.Thread(target=self._run)
        self.thread.start()

    def _run(self) -> None:
        for batch in self.watching.batches():
            if batch is not None:
                self.batches.put(batch)

    def until(self, root: Path, done: Callable[[set[str], set[str]], bool]) -> tuple[set[str], set[str]]:
        """What is there and what is gone of the first tree, batch after batch until `done`; relative to `root`."""
        there: set[str] = set()
        gone: set[str] = set()
        while not done(there, gone):
            (first, *_) = self.batches.get(timeout=PATIENCE)
            there |= {os.path.relpath(path, root) for path in first.there}
            gone |= {os.path.relpath(path, root) for path in first.gone}
        return there, gone

    def close(self) -> None:
        self.cancel.cancel()
        self.thread.join(PATIENCE)
        assert not self.thread.is_alive()


@pytest.fixture
def src(tmp_path: Path) -> Path:
    (tmp_path / "src" / "deep").mkdir(parents=True)
    (tmp_path / "src" / "modules" / "one").mkdir(parents=True)
    (tmp_path / "src" / "deep" / "a.py").write_text("1")
    return tmp_path / "src"


@pytest.fixture
def heard(src: Path) -> Iterator[Heard]:
    one = Heard(tree(src, ignore=("modules/",)))
    yield one
    one.close()


def test_an_edit_a_new_folder_and_what_is_in_it(src: Path, heard: Heard) -> None:
    (src / "deep" / "a.py").write_text("22")
    assert heard.until(src, lambda there, _: "deep/a.py" in there) == ({"deep/a.py"}, set())
    (src / "new" / "er").mkdir(parents=True)
    (src / "new" / "er" / "b.py").write_text("1")
    there, _ = heard.until(src, lambda there, _: "new/er/b.py" in there)
    assert {"new", "new/er"} <= there
    (src / "new" / "er" / "c.py").write_text("1")
    heard.until(src, lambda there, _: "new/er/c.py" in there)


def test_what_is_ignored_is_neither_heard_nor_listened_to(src: Path, heard: Heard) -> None:
    assert not [folder for folder in heard.watching._folders() if "modules" in folder]
    (src / "modules" / "one" / "x.js").write_text("1")
    (src / "deep" / "a.py").write_text("333")
    assert heard.until(src, lambda there, _: bool(there)) == ({"deep/a.py"}, set())


def test_a_renamed_folder_goes_and_comes_as_a_whole(src: Path, heard: Heard) -> None:
    os.rename(src / "deep", src / "other")
    there, gone = heard.until(src, lambda there, gone: "other/a.py" in there and bool(gone))
    assert gone == {"deep"}
    assert there == {"other", "other/a.py"}


def test_a_root_that_is_removed_and_made_anew(src: Path, heard: Heard) -> None:
    shutil.rmtree(src)
    _, gone = heard.until(src, lambda _, gone: "deep" in gone)
    assert "." not in gone
    src.mkdir()
    (src / "b.py").write_text("1")
    heard.until(src, lambda there, _: "b.py" in there)
    (src / "b.py").write_text("22")
    heard.until(src, lambda there, _: "b.py" in there)


def test_a_root_that_is_one_file_replaced_as_editors_do(tmp_path: Path) -> None:
    (tmp_path / "conf").write_text("1")
    heard = Heard(tree(tmp_path / "conf"))
    try:
        for text in ("22", "333"):
            (tmp_path / "conf.new").write_text(text)
            os.rename(tmp_path / "conf.new", tmp_path / "conf")
            assert heard.until(tmp_path, lambda there, _: "conf" in there) == ({"conf"}, set())
        (tmp_path / "conf").unlink()
        assert heard.until(tmp_path, lambda _, gone: "conf" in gone) == (set(), {"conf"})
    finally:
        heard.close()


def test_a_root_that_comes_later(tmp_path: Path) -> None:
    heard = Heard(tree(tmp_path / "not" / "yet"))
    try:
        (tmp_path / "not" / "yet").mkdir(parents=True)
        (tmp_path / "not" / "yet" / "a").write_text("1")
        heard.until(tmp_path / "not" / "yet", lambda there, _: "a" in there)
    finally:
        heard.close()


def test_a_thousand_files_of_a_switch_of_branches_are_one_batch(src: Path) -> None:
    def git(*words: str) -> None:
        named = ("-c", "user.name=x", "-c", "user.email=x@x")
        subprocess.run(["git", *named, *words], cwd=src, check=True, capture_output=True, timeout=60)

    git("init", "-q", "-b", "main")
    git("add", ".")
    git("commit", "-qm", "one")
    git("checkout", "-qb", "many")
    for number in range(1000):
        (src / f"d{number % 20}").mkdir(exist_ok=True)
        (src / f"d{number % 20}" / f"{number}.py").write_text(str(number))
    (src / "deep" / "a.py").unlink()
    git("add", ".")
    git("commit", "-qm", "many")
    git("checkout", "-q", "main")
    heard = Heard(tree(src))
    try:
        git("checkout", "-q", "many")
        ((first,),) = [heard.batches.get(timeout=PATIENCE)]
        assert len([path for path in first.there if path.endswith(".py")]) == 1000
        assert [os.path.relpath(path, src) for path in first.gone] == ["deep"]
        git("checkout", "-q", "main")
        ((second,),) = [heard.batches.get(timeout=PATIENCE)]
        assert len(second.gone) == 20
        assert heard.batches.empty()
    finally:
        heard.close()


def test_the_lock_of_git_in_a_repository_a_worktree_and_nowhere(tmp_path: Path) -> None:
    (tmp_path / "repo" / ".git").mkdir(parents=True)
    (tmp_path / "repo" / "src").mkdir()
    assert git_lock(str(tmp_path / "repo" / "src")) == str(tmp_path / "repo" / ".git" / "index.lock")
    (tmp_path / "tree").mkdir()
    (tmp_path / "tree" / ".git").write_text(f"gitdir: {tmp_path}/repo/.git/worktrees/tree\n")
    assert git_lock(str(tmp_path / "tree")) == f"{tmp_path}/repo/.git/worktrees/tree/index.lock"
    assert git_lock("/") == ""


def test_a_lock_that_a_killed_git_left_holds_nothing_up(src: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (src / ".git").mkdir()
    lock = src / ".git" / "index.lock"
    lock.write_text("")
    os.utime(lock, (1, 1))
    heard = Heard(tree(src))
    try:
        (src / "deep" / "a.py").write_text("22")
        heard.until(src, lambda there, _: "deep/a.py" in there)
    finally:
        heard.close()


def test_a_machine_that_cannot_watch_so_much_says_what_to_do(src: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import watchfiles._rust_notify as library

    def full(*words: object) -> None:
        raise OSError("OS file watch limit reached")

    monkeypatch.setattr(library, "RustNotify", full)
    with pytest.raises(DevenvError, match="cannot watch 5 folders") as caught:
        Watching([tree(src)], CancelToken())
    assert caught.value.code == ExitCode.UNFIT
    assert "max_user_watches" in caught.value.hint


def test_many_changes_are_looked_for_everywhere(src: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MANY", 0)
    heard = Heard(tree(src))
    try:
        (src / "deep" / "a.py").write_text("22")
        heard.until(src, lambda there, _: "deep/a.py" in there)
    finally:
        heard.close()


def test_what_is_of_another_kind_goes_first(src: Path) -> None:
    one = tree(src)
    one.all()
    shutil.rmtree(src / "deep")
    (src / "deep").write_text("a file")
    (src / "modules" / "one" / "link").symlink_to("nowhere")
    found = one.look([str(src / "deep"), str(src / "modules"), "/elsewhere"])
    assert str(src / "deep") in found.gone
    assert {str(src / "deep"), str(src / "modules" / "one" / "link")} == set(found.there)
    assert not one.all()


def test_what_was_only_looked_at_did_not_change(src: Path) -> None:
    one = tree(src)
    one.all()
    os.utime(src / "deep" / "a.py", ns=(1, os.stat(src / "deep" / "a.py").st_mtime_ns))
    assert not one.look([str(src / "deep" / "a.py")])
    (src / "deep" / "a.py").chmod(0o755)
    assert one.look([str(src / "deep" / "a.py")]).there


def test_with_include_folders_are_walked_but_not_told(src: Path) -> None:
    one = tree(src, include=("**/*.py",))
    one.all()
    (src / "new").mkdir()
    (src / "new" / "b.py").write_text("1")
    (src / "new" / "b.txt").write_text("1")
    assert [os.path.relpath(path, src) for path in one.all().there] == ["new/b.py"]
    assert [os.path.relpath(path, src) for path in one.files] == ["deep/a.py", "new/b.py"]
    shutil.rmtree(src / "new")
    assert [os.path.relpath(path, src) for path in one.all().gone] == ["new/b.py"]


def test_what_is_sent_is_what_is_there_now(src: Path) -> None:
    (src / "run").write_text("#!/bin/sh")
    (src / "run").chmod(0o755)
    (src / "link").symlink_to("run")
    os.link(src / "run", src / "twice")
    (src / "big").write_bytes(b"x" * 5_000_001)
    files = {"/app": src, "/app/run": src / "run", "/app/link": src / "link", "/app/twice": src / "twice",
             "/app/gone": src / "gone", "/app/big": src / "big"}  # fmt: skip
    tar = b"".join(changed({target: str(path) for target, path in files.items()}, Owner(uid=7, gid=8)))
    with tarfile.open(fileobj=BytesIO(tar)) as found:
        entries = {entry.name: entry for entry in found.getmembers()}
        assert list(entries) == ["app", "app/big", "app/link", "app/run", "app/twice"]
        assert {(entry.uid, entry.gid, entry.uname) for entry in entries.values()} == {(7, 8, "")}
        assert entries["app"].isdir()
        assert entries["app/run"].mode == 0o755
        assert entries["app/link"].linkname == "run"
        assert entries["app/big"].size == 5_000_001
        twice = found.extractfile("app/twice")
        assert twice is not None
        assert twice.read() == b"#!/bin/sh"
