"""Whether services can be used at this moment: all looked at at once, nobody waited for."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Mapping

from devenv.model.observed import ObservedContainer
from devenv.model.protocols import Engine, IsReady, Probe, ProbeTarget
from devenv.model.stack import Ready
from devenv.run.wait import own_check

Item = tuple[ObservedContainer, tuple[Ready, ...], bool]
"""A container as seen just now, the conditions of its service, whether it is a one-shot."""


def look_all(
    engine: Engine, items: Mapping[str, Item], probes: Mapping[str, Probe], timeout: float = 0.2
) -> Mapping[str, bool | None]:
    """For each service of `items` whether it is ready, within `timeout` seconds in all.

    Without conditions and healthcheck it is while it runs; a one-shot when it ended with 0. A service that gives no
    answer in time has the engine's verdict, and None where the engine has none: that is not known.
    """
    until = time.monotonic() + timeout
    answers: queue.SimpleQueue[tuple[str, bool | None]] = queue.SimpleQueue()
    found: dict[str, bool | None] = {}
    waiting = 0
    for service, (container, ready, one_shot) in items.items():
        wanted = ready or own_check(container)
        if one_shot:
            found[service] = container.state == "exited" and container.exit_code == 0
        elif container.state != "running" or not wanted:
            found[service] = container.state == "running"
        else:
            found[service] = {"healthy": True, "unhealthy": False}.get(container.health)
            target = ProbeTarget(service=service, container=container, engine=engine)
            waiting += 1
            threading.Thread(
                target=_look, args=(target, wanted, probes, until, answers), name=f"look at {service}", daemon=True
            ).start()
    while waiting:
        try:
            service, answer = answers.get(timeout=max(0.0, until - time.monotonic()))
        except queue.Empty:
            break
        waiting -= 1
        found[service] = found[service] if answer is None else answer
    return found


def _look(
    target: ProbeTarget,
    ready: tuple[Ready, ...],
    probes: Mapping[str, Probe],
    until: float,
    answers: queue.SimpleQueue[tuple[str, bool | None]],
) -> None:
    answer: bool | None = True
    try:
        for one in ready:
            left = until - time.monotonic()
            if left <= 0:
                answer = None
            elif not isinstance(probes[one.kind].look(target, one, timeout=left), IsReady):
                # A look that used up its time has not said no.
                answer = False if time.monotonic() < until else None
            if not answer:
                break
    except Exception:
        answer = None  # the engine went away, or there is no such probe: not known
    answers.put((target.service, answer))
