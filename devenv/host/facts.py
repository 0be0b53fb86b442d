"""What is so on this machine, read and never changed."""

from __future__ import annotations

import errno
import os
import socket
import sys
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass
from ipaddress import IPv4Network
from pathlib import Path

from devenv.core import sockets
from devenv.host.proxy import proxies

_KINDS = {"tcp": socket.SOCK_STREAM, "udp": socket.SOCK_DGRAM}


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
    return frozenset(listener.port for listener in listeners(root) if listener.protocol == "tcp")


def listeners(root: Path = Path("/")) -> tuple[sockets.Listener, ...]:
    """Every socket of this network namespace that waits for others; none where the system does not tell."""
    return tuple(
        listener
        for table in sockets.TABLES
        for listener in sockets.listeners(
            _text(root / "proc/net" / table), table.removesuffix("6"), byteorder=sys.byteorder
        )
    )


def taken(ports: Iterable[int], protocol: str = "tcp") -> frozenset[int]:
    """Which of `ports` cannot be listened on at 127.0.0.1 now, or are another's at `::1`, which `localhost` may mean.
    Where the kernel lists them it is read, else each is tried."""
    known = {
        each.port
        for each in listeners()
        if each.protocol == protocol and (each.loopback or each.address.is_unspecified)
    }
    if known or Path("/proc/net/tcp").exists():
        return frozenset(port for port in ports if port in known)
    return frozenset(p for p in ports if not all(can_bind(a, p, protocol) for a in ("127.0.0.1", "0.0.0.0")))


def can_bind(address: str, port: int, protocol: str = "tcp") -> bool | None:
    """Whether a server could have `port` at `address` now, port 0 for any; None where this process may not try."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        with closing(socket.socket(family, _KINDS[protocol])) as probe:
            if family == socket.AF_INET6:
                probe.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            if protocol == "tcp":  # for UDP it would let two have the same
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((address, port))
    except OSError as error:
        return False if error.errno == errno.EADDRINUSE else None
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
