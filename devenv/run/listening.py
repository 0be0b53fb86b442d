"""What a container listens on, seen from inside: why a server that runs may still not be reached."""

from __future__ import annotations

from devenv.core.sockets import Listener, listeners
from devenv.model.errors import DevenvError
from devenv.model.protocols import Engine

_PATIENCE = 2.0


def why_not_reached(engine: Engine, container: str, service: str, port: int) -> tuple[str, str]:
    """(sentence, remedy) where `service` listens elsewhere than on `port` for all the world; ("", "") where that is not
    so or cannot be seen."""
    found = _listeners(engine, container)
    if found is None:
        return "", ""
    here = [listener for listener in found if listener.port == port]
    if here and all(listener.loopback for listener in here):
        return (
            f"it listens on port {port}, but only on 127.0.0.1 inside its container",
            f"let {service} listen on 0.0.0.0 (many servers call it --host or bind), then `devenv up` again",
        )
    others = sorted({listener.port for listener in found if not listener.loopback})
    if not here and others:
        numbers = ", ".join(map(str, others))
        return (
            f"nothing listens on port {port} in its container, but on {numbers}",
            f"let {service} listen on {port}, or name {numbers} in its `ports` and `ready`",
        )
    return "", ""


def _listeners(engine: Engine, container: str) -> list[Listener] | None:
    """Its listening TCP sockets (on 127.0.0.11 is the engine's own name server); None where the image cannot tell."""
    try:
        result = engine.exec(container, ("cat", "/proc/net/tcp", "/proc/net/tcp6"), timeout=_PATIENCE)
    except DevenvError:
        return None
    table = result.output.decode("ascii", "replace")
    return list(listeners(table)) if "local_address" in table else None
