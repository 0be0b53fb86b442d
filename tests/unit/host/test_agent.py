"""The person's ssh agent led to a socket of devenv's, and their name as git has it."""

from __future__ import annotations

import socket
import subprocess
import threading
from pathlib import Path

import pytest

from devenv.host.agent import agent_socket, forwarded, git_identity


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
