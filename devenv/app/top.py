"""`devenv top`: what the services use of the machine."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from devenv.app.context import Context
from devenv.app.observing import labelled
from devenv.app.session import Session, session
from devenv.core.selection import check as check_services
from devenv.model.errors import DevenvError, ExitCode
from devenv.model.observed import ObservedContainer, Usage
from devenv.run.cancel import CancelToken

PERIOD = 1.0
"""Seconds between two looks; the engine counts once a second."""
_ANEW = 3.0
"""Seconds after which one that does not run is looked for again."""
_FIRST = 5.0
"""Seconds in which every container should have been counted twice."""


def top(ctx: Context, services: Sequence[str] = (), *, no_stream: bool = False) -> int:
    """Show what `services` (all where none is named) use: live on a terminal until `q` or Ctrl-C, for programs a JSON
    line a service and second; once with `no_stream`, and where nobody watches. Raises DevenvError (FAILED) where
    nothing runs."""
    from devenv.ui.watch import Watch, watches

    with session(ctx, named=services) as here, _Meters(here, tuple(services) or tuple(here.stack.services)) as meters:
        check_services(here.stack, services)
        meters.begin()
        if not meters.running:
            raise _nothing_runs(meters.rows() if services else ())
        if no_stream or (ctx.output != "json" and not watches()):
            meters.counted_twice(ctx)
            _print(ctx, meters.rows())
        elif ctx.output == "json":
            meters.counted_twice(ctx)
            while not ctx.cancel.cancelled and meters.running:
                _print(ctx, meters.rows())
                ctx.cancel.wait(PERIOD)
                meters.begin()
        else:
            from devenv.ui.tables import top_table

            with Watch(ctx.cancel) as watch:
                while not watch.draw(f"{top_table(meters.rows())}\n`q` ends", PERIOD):
                    meters.begin()
    return ExitCode.DONE


def _nothing_runs(asked: Sequence[dict[str, Any]]) -> DevenvError:
    """`asked` are the services that were named."""
    states = [f"`{row['service']}` ({row['state']})" for row in asked]
    if not states:
        return DevenvError("Nothing runs.", hint="Bring the stack up: devenv up", code=ExitCode.FAILED)
    return DevenvError(
        f"`{asked[0]['service']}` does not run ({asked[0]['state']})."
        if len(states) == 1
        else f"None of these runs: {', '.join(states)}.",
        hint=f"Bring it up first: devenv up {' '.join(str(row['service']) for row in asked)}",
        code=ExitCode.FAILED,
    )


def _print(ctx: Context, rows: Sequence[dict[str, Any]]) -> None:
    if ctx.output != "json":
        from devenv.ui.tables import top_table

        ctx.ui.print(top_table(rows))
        return
    for row in rows:
        if row["state"] == "running":
            ctx.ui.print(json.dumps(row, ensure_ascii=False))


@dataclass(slots=True)
class _Meter:
    """One container, counted: the last two counts, and whether more come."""

    container: ObservedContainer
    before: Usage | None = None
    now: Usage | None = None
    ended: bool = False


@dataclass(slots=True)
class _Meters:
    """A reader a container, each a thread of its own; closed, they let go."""

    here: Session
    services: tuple[str, ...]
    cancel: CancelToken = field(default_factory=CancelToken)
    _meters: dict[str, _Meter] = field(default_factory=dict)
    _states: dict[str, str] = field(default_factory=dict)
    _again: float = 0.0
    _changed: threading.Condition = field(default_factory=threading.Condition)

    def __enter__(self) -> _Meters:
        return self

    def __exit__(self, *error: object) -> None:
        self.cancel.cancel()

    @property
    def running(self) -> bool:
        return any(not meter.ended for meter in self._meters.values())

    def begin(self) -> None:
        """Count what runs and is not counted yet, such as a container that was made anew or started meanwhile."""
        alive = [name for name in self._states if name in self._meters and not self._meters[name].ended]
        if alive and (len(alive) == len(self._states) or time.monotonic() < self._again):
            return
        self._again = time.monotonic() + _ANEW
        observed = self.here.engine.observe(self.here.name)
        there: dict[str, ObservedContainer | None] = {}
        for service in self.services:
            found = labelled(observed.containers, service)
            there.update(found if found else dict.fromkeys((service,)))
        self._states = {name: container.state if container else "missing" for name, container in there.items()}
        for name, container in there.items():
            old = self._meters.get(name)
            if container is None or container.state != "running" or (old is not None and not old.ended):
                continue
            self._meters[name] = _Meter(container)
            threading.Thread(target=self._read, args=(self._meters[name],), daemon=True).start()

    def counted_twice(self, ctx: Context) -> None:
        """Wait until what a second takes of the processor is known of all, or the user stops it."""
        until = time.monotonic() + _FIRST
        take_back = ctx.cancel.on_cancel(self._notify)
        try:
            with self._changed:
                while not ctx.cancel.cancelled and time.monotonic() < until:
                    if all(meter.before or meter.ended for meter in self._meters.values()):
                        return
                    self._changed.wait(until - time.monotonic())
        finally:
            take_back()

    def rows(self) -> list[dict[str, Any]]:
        """A row a service, one for each of its containers where it has several, as JSON has it; None for what is not
        known (yet)."""
        return [_row(name, self._meters.get(name), state) for name, state in self._states.items()]

    def _read(self, meter: _Meter) -> None:
        try:
            for usage in self.here.engine.usage(meter.container.id, cancel=self.cancel):
                with self._changed:
                    meter.before, meter.now = meter.now, usage
                    self._changed.notify_all()
        except DevenvError:
            pass  # gone meanwhile, which its state says
        finally:
            meter.ended = True
            self._notify()

    def _notify(self) -> None:
        with self._changed:
            self._changed.notify_all()


def _row(name: str, meter: _Meter | None, state: str) -> dict[str, Any]:
    now = meter.now if meter is not None and not meter.ended else None
    if meter is None or now is None:
        return {"service": name, "state": state if meter is None or not meter.ended else "exited", "at": None,
                "cpu_percent": None, "memory": None, "memory_limit": None, "received": None, "sent": None,
                "pids": None}  # fmt: skip
    before = meter.before
    limit = int((meter.container.config.get("HostConfig") or {}).get("Memory") or 0)
    share = (now.cpu - before.cpu) / (now.at - before.at) * 100 if before and now.at > before.at else None
    return {
        "service": name,
        "state": state,
        "at": datetime.fromtimestamp(now.at, UTC).isoformat(timespec="milliseconds"),
        "cpu_percent": None if share is None else round(max(share, 0.0), 1),
        "memory": now.memory,
        "memory_limit": limit or None,
        "received": now.received,
        "sent": now.sent,
        "pids": now.pids,
    }
