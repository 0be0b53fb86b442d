"""The person's ssh agent and git identity, for a command that runs in a container."""

from __future__ import annotations

import os
import shutil
import socket
import stat
import struct
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path

from devenv.host.git import call

_PATIENCE = 3.0
_CHUNK = 65536
_CREDENTIALS = struct.Struct("iII")


def agent_socket() -> str:
    """Where the ssh agent listens, "" where there is none."""
    path = os.environ.get("SSH_AUTH_SOCK", "")
    try:
        return path if path and stat.S_ISSOCK(os.stat(path).st_mode) else ""
    except OSError:
        return ""


def forwarded(agent: str, place: Path, container: str = "") -> AbstractContextManager[None]:
    """A socket at `place` that leads to the ssh agent's at `agent`, as long as the `with` block lasts, for those whom
    `listening` lets in. The agent's own may move from login to login: a mount of it would have to be made anew each
    time. And an agent answers its own user alone: here that is who asks, whoever it is in the container."""
    return listening(place, lambda near: _join(near, agent), container)


@contextmanager
def listening(place: Path, serve: Callable[[socket.socket], None], container: str = "") -> Iterator[None]:
    """A socket at `place`, as long as the `with` block lasts, for this user, root, and all that runs in the container
    with the id `container`, whose users may have other numbers than this one; `serve` is called with each connection in
    a thread of its own, and closes it."""
    place.parent.mkdir(mode=0o711, parents=True, exist_ok=True)
    with suppress(OSError):  # an earlier devenv's is closed to others
        place.parent.chmod(0o711)
    with suppress(FileNotFoundError):
        place.unlink()
    with socket.socket(socket.AF_UNIX) as server:
        # A socket's path is short: it is named from its folder.
        folder = os.open(place.parent, os.O_RDONLY)
        try:
            server.bind(f"/proc/self/fd/{folder}/{place.name}")
        finally:
            os.close(folder)
        # Which users there are in the container nobody knows beforehand: each may knock, and is looked at.
        place.chmod(0o666 if container else 0o600)
        server.listen()
        threading.Thread(target=_accept, args=(server, serve, container), daemon=True).start()
        try:
            yield
        finally:
            with suppress(OSError):
                server.shutdown(socket.SHUT_RDWR)
            with suppress(OSError):
                place.unlink()


def _accept(server: socket.socket, serve: Callable[[socket.socket], None], container: str) -> None:
    while True:
        try:
            near, _ = server.accept()
        except OSError:
            return
        if _let_in(near, container):
            threading.Thread(target=serve, args=(near,), daemon=True).start()
        else:
            near.close()


def _let_in(near: socket.socket, container: str) -> bool:
    """Whether who asks may (unix(7), SO_PEERCRED; cgroups(7): the engine names a container's group after its id)."""
    said = near.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    pid, uid, _ = _CREDENTIALS.unpack(said)
    if uid in (0, os.getuid()):
        return True
    try:
        return bool(container) and container in Path(f"/proc/{pid}/cgroup").read_text(encoding="utf-8")
    except OSError:
        return False


def _join(near: socket.socket, agent: str) -> None:
    with near, socket.socket(socket.AF_UNIX) as far:
        try:
            far.connect(agent)
        except OSError:
            return
        back = threading.Thread(target=_pump, args=(far, near), daemon=True)
        back.start()
        _pump(near, far)
        back.join(_PATIENCE)


def _pump(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(_CHUNK):
            target.sendall(data)
    with suppress(OSError):
        target.shutdown(socket.SHUT_WR)


def git_identity(folder: Path) -> dict[str, str]:
    """The `user.name` and `user.email` that git has for `folder` on this host; none where it has no git."""
    if not shutil.which("git"):
        return {}
    try:
        said = call(folder, "config", "--get-regexp", r"^user\.(name|email)$", patience=_PATIENCE).stdout
    except (OSError, subprocess.TimeoutExpired):
        return {}
    return dict(line.split(" ", 1) for line in said.splitlines() if " " in line)
