"""`devenv logs`: what the services said, in the order in which they said it."""

from __future__ import annotations

import heapq
import json
import queue
import threading
from collections.abc import Iterable, Iterator, Sequence

from devenv.app.context import Context
from devenv.app.observing import container_of
from devenv.app.session import session
from devenv.core.mask import mask
from devenv.core.selection import check as check_services
from devenv.model.errors import DevenvError, ExitCode
from devenv.model.observed import ObservedContainer
from devenv.model.protocols import Engine, LogLine


def logs(
    ctx: Context,
    services: Sequence[str] = (),
    *,
    follow: bool = False,
    tail: int | None = None,
    timestamps: bool = False,
) -> int:
    """Print what `services` (all where none is named) said; `tail` lines of each, all where None. `follow`: go on
    until the containers end or the user stops it."""
    with session(ctx) as here:
        check_services(here.stack, services)
        observed = here.engine.observe(here.name)
        chosen = {
            name: container
            for name in services or here.stack.services
            if (container := container_of(observed, name)) is not None
        }
        if not chosen:
            raise DevenvError(
                "There are no containers to read from.", hint="Bring the stack up: devenv up", code=ExitCode.FAILED
            )
        secrets = [secret.value for secret in here.stack.secrets]
        width = max(map(len, chosen))
        lines = _followed(here.engine, chosen, tail, ctx) if follow else _merged(here.engine, chosen, tail)
        for service, line in lines:
            text = mask(line.line, secrets)
            if ctx.output == "json":
                record = {"service": service, "at": line.at, "stream": line.stream, "line": text}
                ctx.ui.print(json.dumps(record, ensure_ascii=False))
                continue
            stamp = f"{line.at} " if timestamps else ""
            ctx.ui.print(f"{service:<{width}} | {stamp}{text}" if len(chosen) > 1 else f"{stamp}{text}")
    return ExitCode.DONE


def _merged(engine: Engine, chosen: dict[str, ObservedContainer], tail: int | None) -> Iterator[tuple[str, LogLine]]:
    """All lines so far in the order of their times."""
    streams = [_named(name, engine.logs(c.id, tail=tail, timestamps=True)) for name, c in chosen.items()]
    return heapq.merge(*streams, key=lambda item: item[1].at)


def _named(service: str, lines: Iterable[LogLine]) -> Iterator[tuple[str, LogLine]]:
    for line in lines:
        yield service, line


def _followed(
    engine: Engine, chosen: dict[str, ObservedContainer], tail: int | None, ctx: Context
) -> Iterator[tuple[str, LogLine]]:
    """Lines as they come, one reader a container, until all have ended or the user stops it."""
    said: queue.SimpleQueue[tuple[str, LogLine] | None] = queue.SimpleQueue()

    def read(service: str, container: str) -> None:
        try:
            for line in engine.logs(container, tail=tail, follow=True, timestamps=True, cancel=ctx.cancel):
                said.put((service, line))
        except DevenvError as error:
            if not ctx.cancel.cancelled:
                said.put((service, LogLine(container=container, line=str(error), stream="stderr")))
        finally:
            said.put(None)

    for name, container in chosen.items():
        threading.Thread(target=read, args=(name, container.id), daemon=True).start()
    open_ = len(chosen)

    def stop() -> None:
        for _ in chosen:
            said.put(None)

    take_back = ctx.cancel.on_cancel(stop)
    try:
        while open_ > 0 and not ctx.cancel.cancelled:
            item = said.get()
            if item is None:
                open_ -= 1
            else:
                yield item
    finally:
        take_back()
