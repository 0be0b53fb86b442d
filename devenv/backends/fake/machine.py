"""The containers of the fake engine: what one is set to do, and what it looks like at a moment."""

from __future__ import annotations

import datetime
import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from devenv.backends.fake.shell import Ran, run
from devenv.model.observed import ObservedContainer
from devenv.model.protocols import ExecResult

NEVER = "0001-01-01T00:00:00Z"


@dataclass(frozen=True, slots=True, kw_only=True)
class Behaviour:
    """What containers of an image do. As it stands: they run their command if `shell` knows it, else until stopped.

    `exit_code` with `exit_after` seconds (by the engine's clock) and `exit_looks` (times inspected) lets them end by
    themselves. `health` are the verdicts that one inspect after another gives, the last one stays. `log` are lines of
    ("stdout"|"stderr", text) said at the start. `exec` answers (command, all of stdin) and may raise.
    `create_error` and `start_error` are raised instead.
    """

    exit_code: int | None = None
    exit_after: float = 0.0
    exit_looks: int = 0
    oom_killed: bool = False
    health: tuple[str, ...] = ()
    log: tuple[tuple[str, str], ...] = ()
    exec: Callable[[Sequence[str], bytes], ExecResult] | None = None
    create_error: Exception | None = None
    start_error: Exception | None = None


@dataclass(slots=True, kw_only=True)
class Machine:
    """A container's state. Times are the clock's `now`."""

    id: str
    name: str
    image_id: str
    payload: Mapping[str, Any]
    behaviour: Behaviour
    created: float
    started: float | None = None
    ended: float | None = None
    code: int = 0
    stopped: bool = False
    """By someone's wish, so that no restart policy applies."""
    ran: Ran = field(default_factory=Ran)
    looks: int = 0
    files: dict[str, bytes] = field(default_factory=dict)
    modes: dict[str, int] = field(default_factory=dict)
    networks: dict[str, tuple[str, str]] = field(default_factory=dict)
    ports: dict[str, tuple[tuple[str, int], ...]] = field(default_factory=dict)
    lines: list[tuple[float, str, str]] = field(default_factory=list)

    @property
    def labels(self) -> Mapping[str, str]:
        return self.payload.get("Labels") or {}

    @property
    def environment(self) -> dict[str, str]:
        return dict(str(line).partition("=")[::2] for line in self.payload.get("Env") or ())

    @property
    def command(self) -> list[str]:
        return [*(self.payload.get("Entrypoint") or ()), *(self.payload.get("Cmd") or ())]

    def start(self, now: float) -> None:
        self.started, self.ended, self.stopped, self.looks = now, None, False, 0
        self.ran = run(self.command, env=self.environment, files=self.files)
        if self.ran.code == 127 or not self.command:
            # A program of the image's own, which is not known here: it runs until it is stopped.
            self.ran = Ran(seconds=float("inf"))
        for offset, stream, text in self.ran.said:
            self.lines += [(now + offset, stream, line) for line in text.decode(errors="replace").splitlines()]
        self.lines += [(now, stream, line) for stream, line in self.behaviour.log]

    def settle(self, now: float) -> None:
        """Let it end, if its time has come."""
        if self.started is None or self.ended is not None:
            return
        if self.behaviour.exit_code is None:
            due, code = self.started + self.ran.seconds, self.ran.code
        elif self.looks < self.behaviour.exit_looks:
            return
        else:
            due, code = self.started + self.behaviour.exit_after, self.behaviour.exit_code
        if now >= due:
            self.ended, self.code = due, code

    def end(self, now: float, code: int) -> None:
        if self.started is not None and self.ended is None:
            self.ended, self.code = now, code
        self.stopped = True

    def running(self, now: float) -> bool:
        self.settle(now)
        return self.started is not None and self.ended is None

    def restarts(self) -> bool:
        policy = ((self.payload.get("HostConfig") or {}).get("RestartPolicy") or {}).get("Name", "no")
        return not self.stopped and (
            policy in ("always", "unless-stopped") or (policy == "on-failure" and self.code != 0)
        )

    def state(self, now: float) -> str:
        if self.started is None:
            return "created"
        if self.running(now):
            return "running"
        return "restarting" if self.restarts() else "exited"

    def volumes(self) -> tuple[str, ...]:
        """Named volumes it mounts."""
        return tuple(source for source, _ in self._mounts() if not source.startswith("/"))

    def observed(self, now: float, *, look: bool) -> ObservedContainer:
        """What an inspect says; `look` counts it as one of those that health and end wait for."""
        if look and self.started is not None:
            self.looks += 1
        state = self.state(now)
        return ObservedContainer(
            id=self.id,
            name=self.name,
            image=str(self.payload.get("Image", "")),
            image_id=self.image_id,
            state=state,
            labels=dict(self.labels),
            exit_code=self.code if state in ("exited", "restarting") else 0,
            oom_killed=self.behaviour.oom_killed and self.ended is not None,
            health=self._health() if state == "running" else "",
            restart_count=int(now - (self.ended or now)) + 1 if state == "restarting" else 0,
            created=stamp(self.created),
            started_at=NEVER if self.started is None else stamp(self.started),
            finished_at=NEVER if self.ended is None else stamp(self.ended),
            networks=dict(self.networks),
            ports=dict(self.ports) if state == "running" else {},
            mounts={target: source for source, target in self._mounts()},
            config={key: value for key, value in self.payload.items() if key != "Platform"},
        )

    def _health(self) -> str:
        if self.behaviour.health:
            return self.behaviour.health[min(max(self.looks, 1), len(self.behaviour.health)) - 1]
        test = (self.payload.get("Healthcheck") or {}).get("Test") or ["NONE"]
        return "" if test[0] == "NONE" else "healthy"

    def _mounts(self) -> Iterable[tuple[str, str]]:
        host = self.payload.get("HostConfig") or {}
        for bind in host.get("Binds") or ():
            source, target = str(bind).split(":")[:2]
            yield source, target
        for mount in host.get("Mounts") or ():
            if mount.get("Source") and mount.get("Target"):
                yield str(mount["Source"]), str(mount["Target"])


def identity(*parts: str) -> str:
    """An id like the engine's, always the same for the same parts."""
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def stamp(now: float) -> str:
    return datetime.datetime.fromtimestamp(now, datetime.UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
