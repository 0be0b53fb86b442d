"""`devenv logs`: what the services said, in the order in which they said it."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Sequence
from datetime import UTC, datetime

from devenv.app.context import Context
from devenv.app.logreading import Reading
from devenv.app.observing import labelled
from devenv.app.session import session
from devenv.core.logline import readable, visible
from devenv.core.mask import mask
from devenv.core.selection import check as check_services
from devenv.core.selection import number_of
from devenv.core.since import moment
from devenv.host.lock import project_is_held
from devenv.model.errors import DevenvError, ExitCode


def logs(
    ctx: Context,
    services: Sequence[str] = (),
    *,
    follow: bool = False,
    tail: int | None = None,
    timestamps: bool = False,
    since: str | None = None,
    grep: str | None = None,
    index: int = 0,
) -> int:
    """Print what `services` (all where none is named) said; `tail` lines of each, all where None. `follow`: go on
    until the containers end or the user stops it. `since`: what was said from then on (`core.since`); `grep`: only
    lines in which this regular expression is found; `index`: only of containers with this number. Raises DevenvError
    (INPUT) for an expression that is none."""
    begin = None if since is None else moment(since, time.time(), datetime.now().astimezone().tzinfo or UTC)
    wanted = _pattern(grep)
    with session(ctx, named=services) as here:
        check_services(here.stack, services)
        observed = here.engine.observe(here.name)
        names = tuple(services) or tuple(here.stack.services)
        chosen = {
            name if name == service or name not in here.stack.services else container.name: container
            for service in names
            for name, container in labelled(observed.containers, service).items()
            if index in (0, number_of(container))
        }
        if not chosen:
            raise DevenvError(
                "There are no containers to read from.", hint="Bring the stack up: devenv up", code=ExitCode.FAILED
            )
        secrets = [secret.value for secret in here.stack.secrets]
        reading = Reading(
            engine=here.engine, project=here.name, services=names, cancel=ctx.cancel, notice=ctx.ui.notice,
            tail=tail, since=begin, index=index, busy=lambda: project_is_held(here.engine.info.id, here.name),
        )  # fmt: skip
        width = max(map(len, (*names, *chosen) if follow else chosen))
        for service, line in reading.followed(chosen) if follow else reading.merged(chosen):
            text = mask(line.line, secrets)
            if wanted is not None and not wanted.search(text):
                continue
            if ctx.output == "json":
                which = {} if service in names else {"index": int(service.rpartition("-")[2])}
                own = service if not which else service.rpartition("-")[0]
                record = {"service": own, **which, "at": line.at, "stream": line.stream, "line": text}
                ctx.ui.print(json.dumps(record, ensure_ascii=False))
                continue
            # Decoded it may hold what was hidden by how it was written.
            shown = mask(readable(text, service), secrets)
            begins = f"{service:<{width}} | " if len(names) > 1 or len(chosen) > 1 else ""
            begins += f"{line.at} " if timestamps else ""
            ctx.ui.print("\n".join(begins + visible(each) for each in shown.split("\n")))
    return ExitCode.DONE


def _pattern(grep: str | None) -> re.Pattern[str] | None:
    try:
        return None if grep is None else re.compile(grep)
    except (re.error, RecursionError, OverflowError) as error:
        raise DevenvError(
            f"`{grep}` is no regular expression: {error}.", hint="Escape what is meant literally, as in `\\(`."
        ) from None
