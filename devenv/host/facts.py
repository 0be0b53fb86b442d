"""What is so on this machine, read and never changed."""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass
from ipaddress import IPv4Network
from pathlib import Path

from devenv.host.proxy import proxies

_LISTEN = "0A"


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """`os_id` is os-release's ID ("debian", "ubuntu", …; "macos" there, "" unknown), `os_like` its relatives,
    `os_codename` the suite. `listening` are the TCP ports that something listens on (empty where the system does not
    tell: ask `taken`). `routes` are the networks this host has a route to, the default route left out."""

    uid: int
    gid: int
    home: Path
    is_root: bool
    os_id: str
    os_like: tuple[str, ...]
    os_codename: str
    in_container: bool
    wsl: bool
    proxies: dict[str, str]
    listening: frozenset[int]
    routes: tuple[IPv4Network, ...]


def facts(root: Path = Path("/")) -> Facts:
    """Read this machine. `root` is where `/proc` and `/etc` are looked for."""
    release = os_release(root)
    return Facts(
        uid=os.getuid(),
        gid=os.getgid(),
        home=Path.home(),
        is_root=os.geteuid() == 0,
        os_id="macos" if sys.platform == "darwin" else release.get("ID", ""),
        os_like=tuple(release.get("ID_LIKE", "").split()),
        os_codename=release.get("VERSION_CODENAME", ""),
        in_container=in_container(root),
        wsl="microsoft" in _text(root / "proc/sys/kernel/osrelease").lower(),
        proxies=proxies(),
        listening=listening(root),
        routes=routes(root),
    )


def os_release(root: Path = Path("/")) -> dict[str, str]:
    """The fields of os-release(5), quotes taken off."""
    text = _text(root / "etc/os-release") or _text(root / "usr/lib/os-release")
    fields = (line.split("=", 1) for line in text.splitlines() if "=" in line and not line.startswith("#"))
    return {key.strip(): value.strip().strip("\"'") for key, value in fields}


def in_container(root: Path = Path("/")) -> bool:
    """Whether this process runs in a container, as engines, systemd and cgroup names tell."""
    if (
        (root / ".dockerenv").exists()
        or (root / "run/.containerenv").exists()
        or (root / "run/systemd/container").exists()
    ):
        return True
    return any(word in _text(root / "proc/1/cgroup") for word in ("/docker", "/kubepods", "/lxc", "/libpod"))


def listening(root: Path = Path("/")) -> frozenset[int]:
    """TCP ports, IPv4 and IPv6, that are listened on in this network namespace (proc(5), /proc/net/tcp)."""
    found = set()
    for name in ("tcp", "tcp6"):
        for line in _text(root / "proc/net" / name).splitlines()[1:]:
            words = line.split()
            if len(words) > 3 and words[3] == _LISTEN:
                found.add(int(words[1].rpartition(":")[2], 16))
    return frozenset(found)


def taken(ports: Iterable[int]) -> frozenset[int]:
    """Which of `ports` cannot be listened on now. Where the kernel lists them it is read, else each is tried."""
    known = listening()
    return frozenset(port for port in ports if (port in known if known else not _can_bind(port)))


def _can_bind(port: int) -> bool:
    for family, address in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET, "0.0.0.0")):
        with closing(socket.socket(family, socket.SOCK_STREAM)) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((address, port))
            except OSError:
                return False
    return True


def routes(root: Path = Path("/")) -> tuple[IPv4Network, ...]:
    """Networks with an IPv4 route of their own (/proc/net/route; numbers there are little-endian hex)."""
    found = set()
    for line in _text(root / "proc/net/route").splitlines()[1:]:
        words = line.split()
        if len(words) > 7:
            base, mask = (int.from_bytes(bytes.fromhex(words[i]), "little") for i in (1, 7))
            if mask:
                found.add(IPv4Network((base, mask.bit_count())))
    return tuple(sorted(found))


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
