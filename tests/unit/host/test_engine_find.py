from __future__ import annotations

import hashlib
import json
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from devenv.host.engine_find import Address, find
from devenv.host.engine_start import is_own
from devenv.model.errors import DevenvError, ExitCode


def _context(home: Path, name: str, url: str) -> None:
    folder = home / ".docker/contexts/meta" / hashlib.sha256(name.encode()).hexdigest()
    folder.mkdir(parents=True)
    (folder / "meta.json").write_text(json.dumps({"Name": name, "Endpoints": {"docker": {"Host": url}}}))


@pytest.fixture
def alive(tmp_path: Path) -> Iterator[Path]:
    """A rootless engine's socket that answers, below the runtime folder `tmp_path/run`."""
    path = tmp_path / "run/docker.sock"
    path.parent.mkdir()
    server = socket.socket(socket.AF_UNIX)
    server.bind(str(path))
    server.listen()

    def work() -> None:
        while True:
            try:
                connection, _ = server.accept()
            except OSError:
                return
            with connection:
                connection.recv(1000)
                connection.sendall(b"HTTP/1.1 200 OK\r\nApi-Version: 1.45\r\n\r\nOK")

    threading.Thread(target=work, daemon=True).start()
    yield path
    server.shutdown(socket.SHUT_RDWR)
    server.close()


def _env(tmp_path: Path, **more: str) -> dict[str, str]:
    return {"HOME": str(tmp_path), "XDG_RUNTIME_DIR": str(tmp_path / "run"), **more}


def test_docker_host_counts_before_all(tmp_path: Path, alive: Path) -> None:
    env = _env(tmp_path, DOCKER_HOST="tcp://x:2376", DOCKER_TLS_VERIFY="1", DOCKER_CERT_PATH="/c", DOCKER_CONTEXT="y")
    found = find(env, tmp_path)
    assert found == Address(url="tcp://x:2376", source="DOCKER_HOST", tls="/c")
    assert found.chosen


def test_a_context_counts_before_sockets(tmp_path: Path, alive: Path) -> None:
    _context(tmp_path, "far", "ssh://far")
    _context(tmp_path, "near", "unix:///near")
    (tmp_path / ".docker/config.json").write_text('{"currentContext": "far"}')
    assert find(_env(tmp_path), tmp_path) == Address(url="ssh://far", source="context far")
    assert find(_env(tmp_path, DOCKER_CONTEXT="near"), tmp_path) == Address(url="unix:///near", source="context near")
    found = find(_env(tmp_path, DOCKER_CONTEXT="default"), tmp_path)
    assert found == Address(url=f"unix://{alive}", source=f"socket {alive}")


def test_a_context_that_is_not_there_gets_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(DevenvError, match="'gone', named by DOCKER_CONTEXT") as caught:
        find(_env(tmp_path, DOCKER_CONTEXT="gone"), tmp_path)
    assert caught.value.code == ExitCode.UNFIT


def test_a_dead_socket_is_passed_over(tmp_path: Path, alive: Path) -> None:
    dead = tmp_path / "var/run/docker.sock"
    dead.parent.mkdir(parents=True)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(dead))
    assert find(_env(tmp_path), tmp_path) == Address(url=f"unix://{alive}", source=f"socket {alive}")


def test_none(tmp_path: Path) -> None:
    (tmp_path / ".docker").mkdir()
    (tmp_path / ".docker/config.json").write_text("[not json")
    assert find(_env(tmp_path), tmp_path) is None


def test_the_engine_that_is_installed_here_is_known_by_its_socket() -> None:
    assert is_own("unix:///var/run/docker.sock")
    assert not is_own("unix:///run/user/1000/docker.sock")
    assert not is_own("tcp://127.0.0.1:2375")
    assert not is_own("/var/run/docker.sock")
