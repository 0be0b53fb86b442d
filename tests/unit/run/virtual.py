"""Time that only passes when someone waits, and what else the tests of this floor share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from devenv.backends.fake import FakeEngine
from devenv.model.protocols import Look, ProbeTarget
from devenv.model.stack import Ready

IMAGE = "app:1"


class VirtualClock:
    """Stands still, until `pass_` is called."""

    def __init__(self, start: float = 1_000_000.0) -> None:
        self.time = start

    def now(self) -> float:
        return self.time

    def monotonic(self) -> float:
        return self.time - 1000

    def pass_(self, seconds: float) -> None:
        self.time += seconds


class Sleeper:
    """A Cancel whose waiting lets the clock go on at once. It is cancelled after `cancel_after` waits."""

    def __init__(self, clock: VirtualClock, *, cancel_after: int = 1_000_000) -> None:
        self.clock = clock
        self.waits: list[float] = []
        self.cancel_after = cancel_after

    @property
    def cancelled(self) -> bool:
        return len(self.waits) >= self.cancel_after

    def wait(self, seconds: float) -> bool:
        self.waits.append(seconds)
        self.clock.pass_(seconds)
        return self.cancelled

    def on_cancel(self, call: Callable[[], None]) -> Callable[[], None]:
        return lambda: None


class Answers:
    """A probe that gives one answer after another; the last one stays."""

    kind = "http"

    def __init__(self, *looks: Look, each: Callable[[ProbeTarget, float], None] = lambda target, timeout: None) -> None:
        self.looks = list(looks)
        self.each = each
        self.timeouts: list[float] = []

    def look(self, target: ProbeTarget, ready: Ready, *, timeout: float) -> Look:
        self.timeouts.append(timeout)
        self.each(target, timeout)
        return self.looks.pop(0) if len(self.looks) > 1 else self.looks[0]


def container(engine: FakeEngine, *command: str, name: str = "shop-app-1", start: bool = True, **payload: Any) -> str:
    """A container of IMAGE that runs `command`; its name."""
    engine.create_container(name, {"Image": IMAGE, "Cmd": list(command), **payload})
    if start:
        engine.start(name)
    return name
