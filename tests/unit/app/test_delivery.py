"""Changed files on their way into containers, on the engine in memory."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from devenv.app.delivery import Delivery, _in_parts
from devenv.backends.fake import Behaviour, FakeEngine
from devenv.core.watch import Work
from devenv.model.errors import DevenvError
from devenv.model.protocols import ExecResult
from devenv.run.cancel import CancelToken

LABELS = {"com.docker.compose.project": "p", "com.docker.compose.service": "api"}


class Made:
    """An engine with containers of `api`; `ran` are the commands run in them, each ending with `code`."""

    def __init__(self, code: int = 0, user: str = "") -> None:
        self.ran: list[Sequence[str]] = []
        self.user = user

        def run(command: Sequence[str], given: bytes) -> ExecResult:
            self.ran.append(command)
            return ExecResult(exit_code=code, errors=b"rm: cannot\n")

        self.engine = FakeEngine(images=["api"], behaviours={"api": Behaviour(exec=run)})

    def container(self, name: str, host: object = None, **labels: str) -> str:
        body = {"Image": "api", "User": self.user, "Labels": {**LABELS, **labels}, "HostConfig": host or {}}
        made = self.engine.create_container(name, body)
        self.engine.start(made)
        return made

    def delivery(self) -> Delivery:
        one = Delivery(engine=self.engine, project="p", service="api", cancel=CancelToken())
        one.begin()
        return one

    def inside(self, container: str, path: str) -> bytes | None:
        found = self.engine.read_file(container, path)
        return found.head if found else None


@pytest.fixture
def src(tmp_path: Path) -> Path:
    (tmp_path / "one").write_text("1")
    (tmp_path / "folder").mkdir()
    return tmp_path


def test_files_go_into_each_container_that_runs_and_no_other(src: Path) -> None:
    made = Made()
    first, second = made.container("p-api-1"), made.container("p-api-2")
    others = [
        made.container("p-api-1_devenv_new"),
        made.container("p-api-run", **{"com.docker.compose.oneoff": "True"}),
    ]
    to = made.delivery()
    to.add(Work(copies={"/w/one": str(src / "one"), "/w/folder": str(src / "folder")}))
    sent = to.send()
    assert (list(sent.copied), sent.containers) == ([str(src / "one")], 2)
    assert [made.inside(each, "/w/one") for each in (first, second, *others)] == [b"1", b"1", None, None]
    assert made.ran == []


def test_what_is_gone_by_then_is_removed_and_what_was_there_first_is_cleared(src: Path) -> None:
    made = Made()
    made.container("p-api-1")
    to = made.delivery()
    to.add(Work(copies={"/w/a": str(src / "gone"), "/w/one": str(src / "one")}, clear={"/w/one": None}))
    sent = to.send()
    assert made.ran == [["rm", "-rf", "--", "/w/one", "/w/a"]]
    assert (list(sent.copied), list(sent.removed)) == ([str(src / "one")], [str(src / "gone")])
    assert to.send().copied == {}


def test_a_container_that_is_made_anew_gets_all_that_was_ever_copied(src: Path) -> None:
    made = Made()
    first = made.container("p-api-1")
    to = made.delivery()
    assert not to.behind()
    to.add(Work(copies={"/w/one": str(src / "one")}))
    to.send()
    assert not to.behind()
    made.engine.remove_container(first)
    (src / "one").write_text("22")
    to.add(Work(copies={"/w/one": str(src / "one")}))
    assert to.send().containers == 0
    second = made.container("p-api-1")
    assert to.behind()
    assert to.send().containers == 1
    assert made.inside(second, "/w/one") == b"22"
    assert not to.behind()


def test_what_changed_while_none_ran_is_not_lost(src: Path) -> None:
    made = Made()
    to = made.delivery()
    to.add(Work(copies={"/w/one": str(src / "one")}))
    assert to.send().containers == 0
    late = made.container("p-api-1")
    assert to.behind()
    to.send()
    assert made.inside(late, "/w/one") == b"1"


@pytest.mark.parametrize(("code", "words"), [(127, "has no `rm`"), (1, "rm: cannot")])
def test_what_cannot_be_removed_is_told_and_tried_again(src: Path, code: int, words: str) -> None:
    made = Made(code=code)
    made.container("p-api-1")
    to = made.delivery()
    to.add(Work(copies={"/w/a": str(src / "gone")}))
    with pytest.raises(DevenvError, match=words) as caught:
        to.send()
    assert caught.value.hint
    assert to.behind()


def test_what_is_mounted_is_never_removed(src: Path) -> None:
    """A folder that is gone here may hold a volume's data, or another folder of the host, in the container."""
    made = Made()
    made.container("p-api-1", {"Binds": ["p_data:/w/folder/data", "/home/me/cache:/w/cache"]})
    to = made.delivery()
    gone = {f"/w/{name}": str(src / "gone" / name) for name in ("folder", "folders", "cache", "folder/data/one")}
    to.add(Work(copies={**gone, "/": str(src / "gone")}, clear=dict.fromkeys((*gone, "/"))))
    sent = to.send()
    assert made.ran == [["rm", "-rf", "--", "/w/folders", "/w/folder/data/one"]]
    assert sorted(sent.spared) == ["/", "/w/cache", "/w/folder"]
    assert sorted(sent.removed) == [str(src / "gone" / name) for name in ("folder/data/one", "folders")]


def test_a_container_that_can_only_be_read_is_told_so(src: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = Made()
    made.container("p-api-1", {"ReadonlyRootfs": True})

    def refuse(*_: object, **__: object) -> None:
        raise DevenvError("cannot copy into /: container rootfs is marked read-only", hint="see the engine's log")

    monkeypatch.setattr(made.engine, "put_archive", refuse)
    to = made.delivery()
    to.add(Work(copies={"/w/one": str(src / "one")}))
    with pytest.raises(DevenvError, match=r"Nothing can be copied into `api`: .*`read_only: true`") as caught:
        to.send()
    assert "compose.override.yaml" in caught.value.hint


def test_a_user_whom_nobody_knows_is_told(src: Path) -> None:
    made = Made(user="nobody-here")
    made.container("p-api-1")
    to = made.delivery()
    to.add(Work(copies={"/w/one": str(src / "one")}))
    with pytest.raises(DevenvError, match="runs as `nobody-here`"):
        to.send()


def test_many_paths_are_removed_part_by_part() -> None:
    paths = [f"/w/{number:05}-{'x' * 90}" for number in range(2000)]
    parts = list(_in_parts(paths))
    assert [path for part in parts for path in part] == paths
    assert len(parts) > 2
    assert max(sum(len(path) + 1 for path in part) for part in parts) <= 64 * 1024 + 100
