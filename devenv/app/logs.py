"""`devenv logs`: what the services said, in the order in which they said it."""

from __future__ import annotations

import heapq
import json
import queue
import re
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from devenv.app.context import Context
from devenv.app.observing import container_of
from devenv.app.session import session
from devenv.core.logline import readable
from devenv.core.mask import mask
from devenv.core.selection import check as check_services
from devenv.core.since import moment
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
    since: str | None = None,
    grep: str | None = None,
) -> int:
    """Print what `services` (all where none is named) said; `tail` lines of each, all where None. `follow`: go on
    until the containers end or the user stops it. `since`: what was said from then on (`core.since`); `grep`: only
    lines in which this regular expression is found. Raises DevenvError (INPUT) for one that is none."""
    begin = None if since is None else moment(since, time.time())
    wanted = _pattern(grep)
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
        reading = _Reading(engine=here.engine, chosen=chosen, tail=tail, since=begin)
        for service, line in reading.followed(ctx) if follow else reading.merged():
            text = mask(line.line, secrets)
            if wanted is not None and not wanted.search(text):
                continue
            if ctx.output == "json":
                record = {"service": service, "at": line.at, "stream": line.stream, "line": text}
                ctx.ui.print(json.dumps(record, ensure_ascii=False))
                continue
            stamp, text = f"{line.at} " if timestamps else "", readable(text)
            ctx.ui.print(f"{service:<{width}} | {stamp}{text}" if len(chosen) > 1 else f"{stamp}{text}")
    return ExitCode.DONE


def _pattern(grep: str | None) -> re.Pattern[str] | None:
    try:
        return None if grep is None else re.compile(grep)
    except (re.error, RecursionError, OverflowError) as error:
        raise DevenvError(
            f"`{grep}` is no regular expression: {error}.", hint="Escape what is meant literally, as in `\\(`."
        ) from None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reading:
    """What is read: the containers by service, `tail` lines of each (None: all), from `since` on (None: ever)."""

    engine: Engine
    chosen: dict[str, ObservedContainer]
    tail: int | None
    since: float | None

    def merged(self) -> Iterator[tuple[str, LogLine]]:
        """All lines so far in the order of their times."""
        streams = [
            _named(name, self.engine.logs(c.id, tail=self.tail, timestamps=True, since=self.since))
            for name, c in self.chosen.items()
        ]
        return heapq.merge(*streams, key=lambda item: item[1].at)

    def followed(self, ctx: Context) -> Iterator[tuple[str, LogLine]]:
        """Lines as they come, one reader a container, until all have ended or the user stops it."""
        said: queue.SimpleQueue[tuple[str, LogLine] | None] = queue.SimpleQueue()

        def read(service: str, container: str) -> None:
            try:
                for line in self.engine.logs(
                    container, tail=self.tail, follow=True, timestamps=True, since=self.since, cancel=ctx.cancel
                ):
                    said.put((service, line))
            except DevenvError as error:
                if not ctx.cancel.cancelled:
                    said.put((service, LogLine(container=container, line=str(error), stream="stderr")))
            finally:
                said.put(None)

        def stop() -> None:
            for _ in self.chosen:
                said.put(None)

        for name, container in self.chosen.items():
            threading.Thread(target=read, args=(name, container.id), daemon=True).start()
        open_ = len(self.chosen)
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


def _named(service: str, lines: Iterable[LogLine]) -> Iterator[tuple[str, LogLine]]:
    for line in lines:
        yield service, line
