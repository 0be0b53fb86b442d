"""What a container listens on, seen from inside: why a server that runs may still not be reached."""

from __future__ import annotations

import re

from devenv.model.errors import DevenvError
from devenv.model.protocols import Engine

_LISTEN = "0A"
_LOOPBACK = re.compile(r"(?:0000000000000000FFFF0000)?[0-9A-F]{6}7F|0{24}01000000")
"""127.0.0.0/8 (the engine's own name server is there), the same as IPv6, and ::1, as proc(5) writes them where the low
byte comes first."""
_PATIENCE = 2.0


def why_not_reached(engine: Engine, container: str, service: str, port: int) -> tuple[str, str]:
    """(sentence, remedy) where `service` listens elsewhere than on `port` for all the world; ("", "") where that is not
    so or cannot be seen."""
    found = _listeners(engine, container)
    if found is None:
        return "", ""
    here = [address for address, number in found if number == port]
    if here and all(_LOOPBACK.fullmatch(address) for address in here):
        return (
            f"it listens on port {port}, but only on 127.0.0.1 inside its container",
            f"let {service} listen on 0.0.0.0 (many servers call it --host or bind), then `devenv up` again",
        )
    others = sorted({number for address, number in found if not _LOOPBACK.fullmatch(address)})
    if not here and others:
        numbers = ", ".join(map(str, others))
        return (
            f"nothing listens on port {port} in its container, but on {numbers}",
            f"let {service} listen on {port}, or name {numbers} in its `ports` and `ready`",
        )
    return "", ""


def _listeners(engine: Engine, container: str) -> list[tuple[str, int]] | None:
    """(address in hex, port) of every listening TCP socket; None where the image cannot tell."""
    try:
        result = engine.exec(container, ("cat", "/proc/net/tcp", "/proc/net/tcp6"), timeout=_PATIENCE)
    except DevenvError:
        return None
    rows = [line.split() for line in result.output.decode("ascii", "replace").splitlines()]
    found = []
    for words in rows:
        address, _, port = words[1].partition(":") if len(words) > 3 else ("", "", "")
        if len(words) > 3 and words[3] == _LISTEN:
            found.append((address, int(port, 16)))
    return found if any("local_address" in words for words in rows) else None
