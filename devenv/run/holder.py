"""Who holds a port of this host that a container was to publish."""

from __future__ import annotations

import re

from devenv.core.clashes import in_words
from devenv.model.errors import DevenvError
from devenv.model.protocols import Engine, Host

_PORT = re.compile(
    r"(?:Bind for|listen (?:tcp|udp)[46]?|bind host port(?: for)?) [\da-f.:\[\]]*?:(\d+)(?=[\s/:]|$)|\bport (\d+)", re.I
)
_TAKEN = re.compile(r"already allocated|already in use|not available|failed to bind", re.I)


_UDP = re.compile(r"\blisten udp|\bport UDP\b|\d/udp\b", re.I)


def taken_port(message: str) -> int | None:
    """The port that an engine's refusal to start a container says is taken; None where it says something else."""
    found = _PORT.search(message) if _TAKEN.search(message) else None
    return int(found[1] or found[2]) if found else None


def protocols(message: str) -> tuple[str, ...]:
    """Of which protocol that port may be: not every message of an engine says it."""
    return ("udp",) if _UDP.search(message) else ("tcp", "udp")


def holder(engine: Engine, host: Host, port: int, protocol: str = "tcp") -> str:
    """`container shop-web-1 of project shop` or `nginx (process 812)`; "" where that cannot be seen from here."""
    try:
        for container in engine.running():
            bound = [number for key, some in container.ports.items() if key.endswith(protocol) for _, number in some]
            if port in bound:
                return in_words(container)
    except DevenvError:
        return ""
    return host.process(port, protocol) if engine.info.local else ""
