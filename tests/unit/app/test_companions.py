"""What a command in the workspace finds of the person's, by where the engine is."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from devenv.app.companions import companions, without_agent
from devenv.model.observed import EngineInfo, ObservedContainer

HERE = EngineInfo(id="1", version="26.1", api="1.45", os="linux", arch="x86_64", host="", local=True)
DESKTOP = replace(HERE, rootless=True, desktop=True)
LENT = "/run/host-services/ssh-auth.sock"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A repository, of a person who has an ssh agent and no helper of git's."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    monkeypatch.setenv("SSH_AUTH_SOCK", str(tmp_path / "agent"))
    with socket.socket(socket.AF_UNIX) as agent:
        agent.bind(str(tmp_path / "agent"))
        yield tmp_path / "shop"


def session(info: EngineInfo, folder: Path) -> Any:
    return SimpleNamespace(project=SimpleNamespace(folder=folder), engine=SimpleNamespace(info=info))


def container(**mounts: str) -> ObservedContainer:
    return ObservedContainer(
        id="4f2a", name="shop-ws-1", image="app", image_id="i", state="running", labels={}, mounts=mounts
    )


def test_the_agent_of_this_host_has_a_socket_in_the_repository(folder: Path) -> None:
    here, there = session(HERE, folder), container(**{"/ws": str(folder)})
    with companions(here, there) as found:
        assert list(found) == ["SSH_AUTH_SOCK"]
        assert (folder / Path(found["SSH_AUTH_SOCK"]).relative_to("/ws")).is_socket()
    assert without_agent(here, there) == ""


def test_the_agent_that_docker_desktop_lends_is_taken_where_it_is_mounted(folder: Path) -> None:
    here, there = session(DESKTOP, folder), container(**{"/ws": str(folder), LENT: LENT})
    with companions(here, there) as found:
        assert found == {"SSH_AUTH_SOCK": LENT}
    assert without_agent(here, there) == ""


@pytest.mark.parametrize(
    ("info", "said"),
    [
        (DESKTOP, f"volumes: ['{LENT}:{LENT}']"),
        (replace(HERE, local=False), "the engine is on another machine"),
        (replace(HERE, rootless=True), "the engine is a rootless one"),
    ],
)
def test_that_no_agent_is_there_is_said_with_what_brings_it(
    folder: Path, info: EngineInfo, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, there = session(info, folder), container(**{"/ws": str(folder)})
    with companions(here, there) as found:
        assert found == {}
    assert said in without_agent(here, there)
    monkeypatch.delenv("SSH_AUTH_SOCK")
    assert without_agent(here, there) == ""
