"""Where this machine's container engine is: DOCKER_HOST, the context in force, the usual sockets."""

from __future__ import annotations

import hashlib
import json
import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from devenv.host.ping import Alive, Dead, ping
from devenv.model.errors import DevenvError, ExitCode

DEFAULT_SOCKET = "/var/run/docker.sock"


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """`url` as docker clients take it; `source` says where it was found ("DOCKER_HOST", "context NAME",
    "socket PATH"). `tls` is a folder with ca.pem, cert.pem and key.pem, or "". `started` is True where this process
    has just started that engine."""

    url: str
    source: str
    tls: str = ""
    started: bool = False

    @property
    def chosen(self) -> bool:
        """Whether the user named it, so that no other may be put in its place."""
        return not self.source.startswith("socket ")


def find(env: Mapping[str, str] | None = None, root: Path = Path("/")) -> Address | None:
    """The engine to use. What the user named (DOCKER_HOST, then a context) counts, alive or not; else the first usual
    socket that answers, else the first that is there but does not open or answer; else None. Raises DevenvError
    (UNFIT) for a context that does not exist."""
    env = os.environ if env is None else env
    if env.get("DOCKER_HOST"):
        secured = bool(env.get("DOCKER_TLS_VERIFY"))
        folder = env.get("DOCKER_CERT_PATH") or str(_config(env))
        return Address(url=env["DOCKER_HOST"], source="DOCKER_HOST", tls=folder if secured else "")
    named = _context(env)
    if named:
        return named
    hindered = None
    for path in sockets(env, root):
        address = Address(url=f"unix://{path}", source=f"socket {path}")
        answer = ping(address.url)
        if isinstance(answer, Alive):
            return address
        if not isinstance(answer, Dead):
            hindered = hindered or address
    return hindered


def sockets(env: Mapping[str, str], root: Path = Path("/")) -> list[Path]:
    """The usual sockets that exist, in the order of preference."""
    home = Path(env.get("HOME") or "/")
    runtime = Path(env.get("XDG_RUNTIME_DIR") or f"/run/user/{os.getuid()}")
    candidates = [
        root / DEFAULT_SOCKET.lstrip("/"),
        runtime / "docker.sock",  # rootless
        home / ".docker/run/docker.sock",  # Docker Desktop
        home / ".docker/desktop/docker.sock",  # Docker Desktop for Linux
        home / ".colima/default/docker.sock",
        home / ".orbstack/run/docker.sock",
        home / ".rd/docker.sock",  # Rancher Desktop
        runtime / "podman/podman.sock",
        root / "run/podman/podman.sock",
    ]
    return [path for path in candidates if _is_socket(path)]


def _is_socket(path: Path) -> bool:
    try:
        return stat.S_ISSOCK(path.stat().st_mode)
    except PermissionError:
        return True  # it may be one: opening it will tell
    except OSError:
        return False


def _config(env: Mapping[str, str]) -> Path:
    return Path(env.get("DOCKER_CONFIG") or Path(env.get("HOME") or "/") / ".docker")


def _context(env: Mapping[str, str]) -> Address | None:
    """The context in force, unless it is the default one. Its layout is that of the docker CLI: a folder named by the
    sha256 of the context's name."""
    folder = _config(env)
    name, said_by = env.get("DOCKER_CONTEXT", ""), "DOCKER_CONTEXT"
    if not name:
        said_by = str(folder / "config.json")
        try:
            settings = json.loads((folder / "config.json").read_text(encoding="utf-8"))
            name = settings.get("currentContext") or ""
        except (OSError, ValueError, AttributeError):
            return None
    if not name or name == "default":
        return None
    key = hashlib.sha256(name.encode()).hexdigest()
    meta = folder / "contexts/meta" / key / "meta.json"
    try:
        url = json.loads(meta.read_text(encoding="utf-8"))["Endpoints"]["docker"]["Host"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DevenvError(
            f"The docker context {name!r}, named by {said_by}, cannot be read.",
            hint="'docker context ls' lists what is there; 'docker context use default' goes back to the usual engine.",
            code=ExitCode.UNFIT,
        ) from error
    tls = folder / "contexts/tls" / key / "docker"
    return Address(url=str(url), source=f"context {name}", tls=str(tls) if tls.is_dir() else "")
