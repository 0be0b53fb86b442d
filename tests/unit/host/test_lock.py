from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from multiprocessing.synchronize import Event
from pathlib import Path

from devenv.host.lock import machine_lock, project_is_held, project_lock


def _hold(folder: Path, held: Event, go: Event) -> None:
    with project_lock("engine", "shop", lambda line: None, folder=folder):
        held.set()
        go.wait(30)


def _holder(folder: Path) -> tuple[multiprocessing.context.SpawnProcess, Event]:
    context = multiprocessing.get_context("spawn")
    held, go = context.Event(), context.Event()
    process = context.Process(target=_hold, args=(folder, held, go))
    process.start()
    assert held.wait(30)
    return process, go


def test_the_second_waits_and_says_for_whom(tmp_path: Path) -> None:
    process, go = _holder(tmp_path)
    said: list[str] = []

    def waiting(line: str) -> None:
        said.append(line)
        go.set()

    with project_lock("engine", "shop", waiting, folder=tmp_path):
        process.join(30)
        assert process.exitcode == 0
    assert len(said) == 1
    assert "shop" in said[0]
    assert f"process {process.pid}" in said[0]


def test_other_projects_and_engines_do_not_wait(tmp_path: Path) -> None:
    said: list[str] = []
    with (
        project_lock("engine", "shop", said.append, folder=tmp_path),
        project_lock("engine", "shop-2", said.append, folder=tmp_path),
        project_lock("other", "shop", said.append, folder=tmp_path),
    ):
        assert said == []


def test_a_killed_holder_lets_go(tmp_path: Path) -> None:
    process, _ = _holder(tmp_path)
    assert process.pid is not None
    os.kill(process.pid, signal.SIGKILL)
    process.join(30)
    said: list[str] = []
    with project_lock("engine", "shop", said.append, folder=tmp_path):
        assert said == []


def test_one_who_installs_packages_is_waited_for(tmp_path: Path) -> None:
    said: list[str] = []
    with machine_lock("packages", "installs packages", said.append, folder=tmp_path):
        assert said == []
        begun = threading.Event()

        def waiting(line: str) -> None:
            said.append(line)
            begun.set()

        def second() -> None:
            with machine_lock("packages", "installs packages", waiting, folder=tmp_path):
                said.append("mine")

        thread = threading.Thread(target=second)
        thread.start()
        assert begun.wait(30)
    thread.join(30)
    assert said[0].startswith(f"waiting for another devenv that installs packages (process {os.getpid()}, since ")
    assert said[1:] == ["mine"]


def test_whether_a_project_is_held_is_known_without_waiting(tmp_path: Path) -> None:
    assert not project_is_held("engine", "shop", folder=tmp_path)
    process, go = _holder(tmp_path)
    assert project_is_held("engine", "shop", folder=tmp_path)
    assert not project_is_held("engine", "shop-2", folder=tmp_path)
    go.set()
    process.join(30)
    assert not project_is_held("engine", "shop", folder=tmp_path)
    killed, _ = _holder(tmp_path)
    killed.kill()
    killed.join(30)
    assert not project_is_held("engine", "shop", folder=tmp_path), "whoever died holds nothing"
