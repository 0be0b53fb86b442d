"""What a container uses of the machine, as the engine counts it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from devenv.backends.docker.client import Client, name
from devenv.backends.docker.stream import Exchange
from devenv.model.errors import DevenvError
from devenv.model.observed import Usage
from devenv.model.protocols import Cancel


def usage(client: Client, container: str, *, cancel: Cancel) -> Iterator[Usage]:
    """See `protocols.Engine.usage`."""
    try:
        with Exchange(client, what=f"see what {container} uses", cancel=cancel) as exchange:
            exchange.send("GET", client.path(f"/containers/{name(container)}/stats", {"stream": True}))
            for said in exchange.messages():
                if not (said.get("pids_stats") or {}).get("current") and not (said.get("memory_stats") or {}):
                    return  # it does not run (any more): there is nothing in it but zeros
                yield read(said)
    except DevenvError:
        if not cancel.cancelled:
            raise


def read(said: Mapping[str, Any]) -> Usage:
    """One answer of the engine's."""
    memory = said.get("memory_stats") or {}
    detail = memory.get("stats") or {}
    # What the kernel keeps of files and gives back at once; the name is that of cgroup version 1, then 2.
    cached = detail.get("total_inactive_file", detail.get("inactive_file", 0))
    networks = (said.get("networks") or {}).values()
    return Usage(
        at=_seconds(str(said.get("read", ""))),
        cpu=int(((said.get("cpu_stats") or {}).get("cpu_usage") or {}).get("total_usage") or 0) / 1e9,
        memory=max(int(memory.get("usage") or 0) - int(cached or 0), 0),
        received=sum(int(each.get("rx_bytes") or 0) for each in networks),
        sent=sum(int(each.get("tx_bytes") or 0) for each in networks),
        pids=int((said.get("pids_stats") or {}).get("current") or 0),
    )


def _seconds(moment: str) -> float:
    """RFC 3339 with as many digits as the engine likes; datetime takes six."""
    whole, _, rest = moment.partition(".")
    digits = "".join(c for c in rest if c.isdecimal())
    try:
        return datetime.fromisoformat(f"{whole.rstrip('Z')}+00:00").timestamp() + float(f"0.{digits or 0}")
    except ValueError:
        return 0.0
