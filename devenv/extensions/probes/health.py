"""`health: true`: the container's own healthcheck passes.

The engine runs it at the image's interval, which may be half a minute: its test is run here as well, at our rhythm.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from devenv.core.compose import values
from devenv.core.compose.values import Reader
from devenv.core.readiness import ReadyKind
from devenv.extensions.probes.exec import attempt, last_line
from devenv.model.manifest import Path
from devenv.model.protocols import Broken, IsReady, Look, NotYet, ProbeTarget
from devenv.model.stack import Ready

if TYPE_CHECKING:
    from devenv.core.schema.shapes import Schema

_SECOND = 1_000_000_000
"""The engine's durations are nanoseconds."""


class HealthProbe(ReadyKind):
    """No options. The engine's "healthy" suffices; its "unhealthy" does not end a wait, for the next test may pass."""

    kind = "health"
    means = "The engine's own healthcheck says healthy."
    example = True
    own = True

    def shape(self) -> Schema:
        """`true`."""
        return {"type": "boolean", "const": True, "title": "`true`"}

    def read(self, reader: Reader, value: Any, at: Path) -> dict[str, Any] | None:
        """No options; `false` asks for nothing."""
        return {} if values.flag(reader, value, at) else None

    def look(self, target: ProbeTarget, ready: Ready, *, timeout: float) -> Look:
        """The engine's verdict, else one run of the test."""
        container = target.container
        if container.health == "healthy":
            return IsReady()
        check = container.config.get("Healthcheck") or {}
        command = _command(check.get("Test") or (), container.config.get("Shell"))
        if not command:
            return Broken(why="the container has no healthcheck")
        own = (check.get("Timeout") or 0) / _SECOND
        look = attempt(target, command, min(timeout, own) if own else timeout)
        if isinstance(look, Broken):
            return Broken(why=f"the healthcheck's {look.why}")
        said = last_line(container.health_log.encode())
        if isinstance(look, NotYet) and container.health == "unhealthy" and said and said not in look.why:
            return NotYet(why=f"{look.why} (engine: unhealthy, {said})")
        return look


def _command(test: Sequence[str], shell: Any) -> tuple[str, ...]:
    """What a `Test` runs. Source: the engine's API, `HealthConfig.Test`."""
    if not test or test[0] == "NONE":
        return ()
    if test[0] == "CMD-SHELL":
        return (*(shell or ("/bin/sh", "-c")), *test[1:2])
    return tuple(test[1:] if test[0] == "CMD" else test)


PROBE = HealthProbe()
