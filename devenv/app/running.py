"""A plan carried out: events to the screen and to `.devenv/runs`, the performer wired to this host, one end."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from devenv.app.built import remember
from devenv.app.context import Context
from devenv.app.session import Session
from devenv.core.mask import mask, mask_urls
from devenv.host.machine import ThisHost
from devenv.model.errors import ExitCode
from devenv.model.events import Done, Outcome, RunFinished, RunStarted
from devenv.model.plan import Node, Plan, SeedData
from devenv.model.protocols import Cancel, Clock, Host, Report
from devenv.run.bus import Bus
from devenv.run.executor import Perform, Result, execute

KEPT_RUNS = 20
_LIMITS = {"build": 2, "exec": 4}


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """What a run ends by saying: the host's addresses by service, and what was seeded in words."""

    urls: Mapping[str, str] = field(default_factory=dict)
    seeded: Mapping[str, str] = field(default_factory=dict)
    message: str = ""


def carry_out(
    here: Session,
    plan: Plan,
    verb: str,
    *,
    host: Host | None = None,
    ending: Callable[[Result], Ending | None] | None = None,
    begun: float | None = None,
    named: Sequence[str] = (),
    quiet: bool = False,
) -> tuple[int, Result]:
    """Do every node of `plan` for `verb`. Returns the exit code (DESIGN, rule 12) and how each node ended.

    `host` is this machine, by default one on which nothing may be installed. `ending` is asked for what to say at the
    end; where it says None the command goes on with another plan, and no end is told. `begun` is when the command began
    (`time.monotonic`), so that the time told is what the user waited. `named` are the services that
    the command is about, () for all. `quiet`: it is neither shown nor recorded.
    """
    from devenv.run.clock import SystemClock

    ctx, stack = here.ctx, here.stack
    host = host or ThisHost(install=False, ask=ctx.ask, say=ctx.ui.say)
    ending = ending or (lambda result: Ending(message="" if plan.nodes else "nothing to do"))
    secrets = [secret.value for secret in stack.secrets]
    clock = SystemClock()
    begun = time.monotonic() if begun is None else begun
    bus = Bus(clock, mask=lambda text: mask(text, secrets))
    perform = _performer(here, host, clock) if plan.nodes else _nothing
    # What had nothing to do would soon have pushed the record of the last failure out.
    with _record(ctx, here.project.runs if plan.nodes and not quiet else None, bus):
        if not quiet:
            bus.subscribe(ctx.ui.subscriber())
        bus.emit(
            RunStarted,
            project=stack.project,
            verb=verb,
            named=tuple(named),
            nodes=plan.told,
            needs=plan.needs,
            services=tuple(stack.services),
        )
        result = execute(plan, perform, cancel=ctx.cancel, bus=bus, clock=clock, limits=_LIMITS)
        remember(here.project.folder, result.outcomes.values())
        code = exit_code(result, ctx.cancel.cancelled)
        end = ending(result)
        if end is not None:
            bus.emit(
                RunFinished,
                code=int(code),
                seconds=time.monotonic() - begun,
                urls={name: mask_urls(url) for name, url in end.urls.items()},
                seeded=dict(end.seeded),
                message=end.message,
            )
    return int(code), result


def _performer(here: Session, host: Host, clock: Clock) -> Perform:
    """Who does the nodes of a plan. Loaded where there are some: most often `up` has nothing to do."""
    from devenv.extensions.checks import CHECKS
    from devenv.extensions.probes import PROBES
    from devenv.extensions.seeders import SEEDERS
    from devenv.run.perform import Performer

    asking = threading.Lock()

    def consent(question: str) -> bool:
        with asking:  # two seeds may ask at once; the person answers one question after the other
            return here.ctx.ask(question)

    return Performer(
        engine=here.engine, probes=PROBES, seeders=SEEDERS, checks=CHECKS, host=host, clock=clock, consent=consent,
        project=here.stack.project,
    )  # fmt: skip


def _nothing(node: Node, report: Report, cancel: Cancel) -> Outcome:
    raise AssertionError(f"{node.id} is of no plan")


def exit_code(result: Result, cancelled: bool) -> ExitCode:
    """130 where the user stopped it, 3 where the engine or host failed, 1 where the stack did or a changed seed was
    left alone for the sake of the user's rows, else 0."""
    if cancelled or result.cancelled:
        return ExitCode.INTERRUPTED
    codes = {failed.code for failed in result.failed.values()}
    if not codes:
        kept = any(isinstance(end, Done) and end.data.get("kept") for end in result.outcomes.values())
        return ExitCode.FAILED if kept else ExitCode.DONE
    return ExitCode.UNFIT if int(ExitCode.UNFIT) in codes else ExitCode.FAILED


def seeded_words(plan: Plan, result: Result) -> dict[str, str]:
    """What was seeded, by service: `schema.sql, products.csv (5,000 rows)`; what was there already is left out."""
    words: dict[str, list[str]] = {}
    for node in plan.nodes:
        outcome = result.outcomes.get(node.id)
        if not isinstance(node.step, SeedData) or not isinstance(outcome, Done):
            continue
        if not outcome.data.get("skipped") and not outcome.data.get("kept"):
            name = node.step.seed.name.rpartition("/")[2]
            said = f"{name} ({outcome.detail})" if outcome.data.get("rows") is not None else name
            words.setdefault(node.step.service, []).append(said)
    return {service: ", ".join(items) for service, items in words.items()}


@contextmanager
def _record(ctx: Context, folder: Path | None, bus: Bus) -> Iterator[None]:
    """Every event as a line of a file of its own. A disk that is full must not keep the stack from coming up."""
    if folder is None:
        yield
        return
    from devenv.run.record import Recorder

    try:
        file = _open(folder)
    except OSError as error:
        ctx.ui.notice(f"this run leaves no record in {folder}: {error.strerror}")
        yield
        return
    recorder = Recorder(file)
    bus.subscribe(recorder)
    try:
        yield
    finally:
        lost = recorder.close()
        if lost is not None:
            ctx.ui.notice(f"the record of this run, {file.name}, is not whole: {lost.strerror}")


def _open(folder: Path) -> IO[str]:
    name = time.strftime("%Y%m%d-%H%M%S", time.gmtime()) + f"-{os.getpid()}.jsonl"
    folder.mkdir(parents=True, exist_ok=True)
    for old in sorted(folder.glob("*.jsonl"))[: -(KEPT_RUNS - 1)]:
        old.unlink(missing_ok=True)
    return open(folder / name, "a", encoding="utf-8")  # appended to: a command may carry out more than one plan
