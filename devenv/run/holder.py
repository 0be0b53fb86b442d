"""Who holds a port of this host that a container was to publish."""

from __future__ import annotations

import os
import re

from devenv.model.errors import DevenvError
from devenv.model.protocols import Engine

_PORT = re.compile(
    r"(?:Bind for|listen (?:tcp|udp)[46]?|bind host port(?: for)?) [\da-f.:\[\]]*?:(\d+)(?=[\s/:]|$)|\bport (\d+)", re.I
)
_TAKEN = re.compile(r"already allocated|already in use|not available|failed to bind", re.I)


def taken_port(message: str) -> int | None:
    """The port that an engine's refusal to start a container says is taken; None where it says something else."""
    found = _PORT.search(message) if _TAKEN.search(message) else None
    return int(found[1] or found[2]) if found else None


def holder(engine: Engine, port: int) -> str:
    """`container shop-web-1 of project shop` or `nginx (process 812)`; "" where that cannot be seen from here."""
    try:
        for project, containers in engine.projects().items():
            for container in containers:
                bound = [number for some in container.ports.values() for _, number in some]
                if port in bound and container.running:
                    return f"container {container.name} of project {project}"
    except DevenvError:
        return ""
    return _process(port) if engine.info.local else ""


def _process(port: int) -> str:
    """By the kernel's tables, proc(5): the socket that listens, then the process that has it open. Other people's
    processes are closed to anyone but root."""
    sockets = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6", "/proc/net/udp", "/proc/net/udp6"):
        try:
            with open(table, encoding="ascii") as file:
                rows = [line.split() for line in file][1:]
        except OSError:
            continue
        for row in rows:
            listens = row[3] == "0A" or "udp" in table
            if listens and int(row[1].rpartition(":")[2], 16) == port:
                sockets.add(f"socket:[{row[9]}]")
    for pid in filter(str.isdigit, os.listdir("/proc") if sockets else ()):
        try:
            if any(os.readlink(f"/proc/{pid}/fd/{fd}") in sockets for fd in os.listdir(f"/proc/{pid}/fd")):
                with open(f"/proc/{pid}/comm", encoding="utf-8", errors="replace") as file:
                    return f"{file.read().strip()} (process {pid})"
        except OSError:
            continue
    return ""
