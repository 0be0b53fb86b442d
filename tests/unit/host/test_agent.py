"""The person's ssh agent led to a socket of devenv's, and their name as git has it."""

from __future__ import annotations

import socket
import struct
import subprocess
import threading
from pathlib import Path
from typing import Any

import pytest

from devenv.host import agent
from devenv.host.agent import agent_socket, forwarded, git_identity, listening


def test_what_is_said_reaches_the_agent_and_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket(socket.AF_UNIX) as agent:
        agent.bind(str(tmp_path / "agent"))
        agent.listen()
        monkeypatch.setenv("SSH_AUTH_SOCK", str(tmp_path / "agent"))
        assert agent_socket() == str(tmp_path / "agent")

        def answer() -> None:
            near, _ = agent.accept()
            with near:
                near.sendall(b"you said " + near.recv(100))

        threading.Thread(target=answer, daemon=True).start()
        place = tmp_path / ("deep-" * 20) / "1.sock"  # longer than a socket's path may be
        with forwarded(agent_socket(), place):
            assert place.stat().st_mode & 0o777 == 0o600
            (tmp_path / "short").symlink_to(place.parent)
            with socket.socket(socket.AF_UNIX) as client:
                client.connect(str(tmp_path / "short" / "1.sock"))
                client.sendall(b"hello")
                assert client.recv(100) == b"you said hello"
                assert client.recv(100) == b""
        assert not place.exists()


def test_without_an_agent_there_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    assert agent_socket() == ""
    (tmp_path / "file").touch()
    for path in ("file", "gone"):
        monkeypatch.setenv("SSH_AUTH_SOCK", str(tmp_path / path))
        assert agent_socket() == ""


def test_an_agent_that_is_gone_ends_the_connection(tmp_path: Path) -> None:
    with forwarded(str(tmp_path / "gone"), tmp_path / "1.sock"), socket.socket(socket.AF_UNIX) as client:
        client.connect(str(tmp_path / "1.sock"))
        assert client.recv(100) == b""


def test_who_the_person_is_to_git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    subprocess.run(["git", "init", "-q", str(tmp_path / "repo")], check=True)
    assert git_identity(tmp_path / "repo") == {}
    (tmp_path / ".gitconfig").write_text("[user]\n  name = Anna of the Shop\n  email = anna@shop.test\n")
    assert git_identity(tmp_path / "repo") == {"user.name": "Anna of the Shop", "user.email": "anna@shop.test"}
    monkeypatch.setenv("PATH", str(tmp_path))
    assert git_identity(tmp_path / "repo") == {}


def _knock(place: Path) -> bytes:
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(str(place))
        return client.recv(100)


def test_who_is_let_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """This process stands for all who ask: its user is another than the person's, its group may be a container's."""

    def greet(near: socket.socket) -> None:
        with near:
            near.sendall(b"hello")

    place = tmp_path / "agent" / "1.sock"
    own = Path("/proc/self/cgroup").read_text(encoding="utf-8").splitlines()[0]
    place.parent.mkdir(mode=0o700)
    with listening(place, greet, "4f2a"):
        assert (place.stat().st_mode & 0o777, place.parent.stat().st_mode & 0o777) == (0o666, 0o711)
        assert _knock(place) == b"hello"
    monkeypatch.setattr(agent, "_CREDENTIALS", Somebody(1234))
    for container, answer in (("4f2a", b""), ("", b""), (own, b"hello")):
        with listening(place, greet, container):
            assert _knock(place) == answer
    monkeypatch.setattr(agent, "_CREDENTIALS", Somebody(1234, pid=0))
    with listening(place, greet, own):
        assert _knock(place) == b""


class Somebody(struct.Struct):
    """What the kernel says of who asks, but for the user's number (and that of the process)."""

    def __new__(cls, uid: int, pid: int | None = None) -> Somebody:
        return super().__new__(cls, "iII")

    def __init__(self, uid: int, pid: int | None = None) -> None:
        super().__init__("iII")
        self.uid, self.pid = uid, pid

    def unpack(self, said: Any) -> tuple[Any, ...]:
        pid, _, gid = super().unpack(said)
        return (pid if self.pid is None else self.pid), self.uid, gid
