"""Which process of this host has a port: by the kernel's tables, proc(5)."""

from __future__ import annotations

import os

from devenv.host.facts import listeners


def process(port: int, protocol: str = "tcp") -> str:
    """`nginx (process 812)`; "" where it cannot be seen: other people's processes are closed to anyone but root."""
    sockets = {f"socket:[{one.inode}]" for one in listeners() if (one.port, one.protocol) == (port, protocol)}
    for pid in filter(str.isdigit, os.listdir("/proc") if sockets else ()):
        try:
            if any(os.readlink(f"/proc/{pid}/fd/{fd}") in sockets for fd in os.listdir(f"/proc/{pid}/fd")):
                with open(f"/proc/{pid}/comm", encoding="utf-8", errors="replace") as file:
                    return f"{file.read().strip()} (process {pid})"
        except OSError:
            continue
    return ""
