"""Git, as in a container, asks git on this host for user names and passwords over a socket: the real one, twice."""

from __future__ import annotations

import os
import socket
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from devenv.host.credentials import answered, settings

Git = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The home folder of this host's person."""
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    return home


def knows(home: Path, *lines: str, more: str = "") -> Path:
    """Let git on this host know `lines`; where they lie."""
    file = home / ".git-credentials"
    file.write_text("".join(f"{line}\n" for line in lines))
    (home / ".gitconfig").write_text(f"[credential]\n  helper = store\n{more}")
    return file


def inside(tmp_path: Path, place: Path, operation: str, given: str) -> subprocess.CompletedProcess[str]:
    """`git credential` as it runs in the container: another home, and devenv's settings."""
    found = settings(str(place))
    environment = {
        "PATH": os.environ["PATH"], "HOME": str(tmp_path), "GIT_CONFIG_NOSYSTEM": "1", "GIT_TERMINAL_PROMPT": "0",
        "GIT_CONFIG_COUNT": str(len(found)),
    }  # fmt: skip
    for index, (name, value) in enumerate(found.items()):
        environment |= {f"GIT_CONFIG_KEY_{index}": name, f"GIT_CONFIG_VALUE_{index}": value}
    return subprocess.run(
        ["git", "credential", operation], input=given, env=environment, cwd=tmp_path, capture_output=True, text=True,
        timeout=60, check=False,
    )  # fmt: skip


def test_what_this_host_knows_is_answered_and_kept(home: Path, tmp_path: Path) -> None:
    file = knows(home, "https://anna:open-sesame@forge.test")
    place = tmp_path / "it's here" / "1-git.sock"
    shop = "protocol=https\nhost=forge.test\n"
    with answered(place):
        assert place.stat().st_mode & 0o777 == 0o600
        found = inside(tmp_path, place, "fill", shop)
        assert found.returncode == 0, found.stderr
        assert {"username=anna", "password=open-sesame"} <= set(found.stdout.splitlines())
        other = inside(tmp_path, place, "fill", "protocol=https\nhost=other.test\n")
        assert other.returncode == 128  # it may not ask at a terminal here
        assert "credential-cache" not in other.stderr
        # What was typed there for a host that was asked for is kept here, what is refused is forgotten.
        typed = "protocol=https\nhost=other.test\nusername=ben\npassword=mellon\n"
        assert inside(tmp_path, place, "approve", typed).returncode == 0
        assert file.read_text() == "https://ben:mellon@other.test\nhttps://anna:open-sesame@forge.test\n"
        inside(tmp_path, place, "reject", shop + "username=anna\npassword=open-sesame\n")
        # Nobody asked for this one.
        inside(tmp_path, place, "approve", typed.replace("other", "third"))
        assert file.read_text() == "https://ben:mellon@other.test\n"
    assert not place.exists()
    assert inside(tmp_path, place, "fill", shop).returncode == 128
    assert inside(tmp_path, place, "approve", typed).returncode == 0
    assert not place.exists()  # no daemon was started in its place


def test_paths_count_where_they_count_on_this_host(home: Path, tmp_path: Path) -> None:
    knows(
        home, "https://anna:one@forge.test/shop.git", more='[credential "https://forge.test"]\n  useHttpPath = true\n'
    )
    place = tmp_path / "1.sock"
    with answered(place):
        found = inside(tmp_path, place, "fill", "protocol=https\nhost=forge.test\npath=shop.git\n")
        assert "password=one" in found.stdout
        found = inside(tmp_path, place, "fill", "protocol=https\nhost=forge.test\npath=other.git\n")
        assert found.returncode == 128


def test_what_the_repository_says_is_not_run(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who is in the container can write it."""
    knows(home)
    repository = tmp_path / "repository"
    subprocess.run(["git", "init", "-q", str(repository)], check=True)
    with (repository / ".git" / "config").open("a") as file:
        file.write(f'[credential]\n  helper = "!touch {tmp_path}/run; echo password=x; echo username=y; :"\n')
    monkeypatch.chdir(repository)
    monkeypatch.setenv("GIT_DIR", str(repository / ".git"))
    with answered(tmp_path / "1.sock"):
        assert inside(tmp_path, tmp_path / "1.sock", "fill", "protocol=https\nhost=a.test\n").returncode == 128
    assert not (tmp_path / "run").exists()


def test_where_git_has_nobody_to_ask_there_is_nothing(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert settings("/there") == {}
    (home / ".gitconfig").write_text("[credential]\n  helper =\n")
    assert settings("/there") == {}
    monkeypatch.setenv("PATH", str(tmp_path))
    assert settings("/there") == {}


@pytest.mark.parametrize(
    "request_", ["", "nonsense", "operation=get\nprotocol=https\n", "operation=x\nprotocol=a\nhost=b\n"]
)
def test_a_request_that_is_none_is_answered_with_nothing(home: Path, tmp_path: Path, request_: str) -> None:
    knows(home, "https://anna:open-sesame@forge.test")
    with answered(tmp_path / "1.sock"), socket.socket(socket.AF_UNIX) as client:
        client.connect(str(tmp_path / "1.sock"))
        client.sendall(request_.encode())
        client.shutdown(socket.SHUT_WR)
        assert client.recv(100) == b""


def test_a_request_without_end_is_not_kept(home: Path, tmp_path: Path) -> None:
    with answered(tmp_path / "1.sock"), socket.socket(socket.AF_UNIX) as client:
        client.connect(str(tmp_path / "1.sock"))
        with pytest.raises((BrokenPipeError, ConnectionResetError)):
            client.sendall(b"a" * 9_000_000)
