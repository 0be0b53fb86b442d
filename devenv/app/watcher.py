"""One batch of changed files carried out after the other, one line each."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from devenv.app.delivery import Delivery, Sent
from devenv.app.observing import sweep
from devenv.app.project import read_project
from devenv.app.running import carry_out
from devenv.app.session import Session, session
from devenv.app.up import Wishes, bring_up
from devenv.core import teardown
from devenv.core.mask import mask
from devenv.core.watch import Changes, Rule, Work, work
from devenv.model.errors import DevenvError, ExitCode

_COMMAND = 600.0
"""Seconds that a command after a copy may take."""


def shown(path: str, folder: Path) -> str:
    """The path as seen from the repository."""
    relative = os.path.relpath(path, folder)
    return path if relative.startswith("..") else relative


@dataclass(slots=True, kw_only=True)
class Watcher:
    """Carries batches out. `rules` are in the order of the batches' changes. What fails is told, and the next batch is
    carried out all the same; only where the engine is gone DevenvError (UNFIT) is raised."""

    here: Session
    rules: Sequence[Rule]
    _deliveries: dict[str, Delivery] = field(default_factory=dict)
    _told: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        engine, project, cancel = self.here.engine, self.here.name, self.here.ctx.cancel
        for name in dict.fromkeys(rule.service for rule in self.rules if rule.copies or rule.exec.get("command")):
            self._deliveries[name] = Delivery(engine=engine, project=project, service=name, cancel=cancel)
            self._deliveries[name].begin()

    def copy(self, rule: Rule, paths: Iterable[str]) -> None:
        """Copy `paths`, whether they changed or not."""
        with self._telling():
            self._send(rule.service, Work(copies={rule.inside(path): path for path in paths}), time.monotonic())

    def carry_out(self, changes: Sequence[Changes]) -> None:
        """Do what one batch asks for: images first, then copies, restarts, commands."""
        begun = time.monotonic()
        todo = work(zip(self.rules, changes, strict=True))
        new = [name for name, each in todo.items() if each.rebuild]
        if new:
            with self._telling():
                self._rebuild(new)
            self.catch_up()
        for name, each in todo.items():
            if each.copies:
                with self._telling():
                    self._send(name, each, begun)
        again = [name for name, each in todo.items() if each.restart and not each.rebuild]
        if again:
            with self._telling():
                self._restart(again)
        for each in todo.values():
            for rule in each.runs:
                with self._telling():
                    self._run(rule)

    def catch_up(self) -> None:
        """Bring what was copied so far into containers that came to be since. One that does not take it is tried each
        time, and told once."""
        for name, delivery in self._deliveries.items():
            with self._telling(again=True):
                if delivery.behind():
                    self._send(name, Work(), time.monotonic())

    @contextmanager
    def _telling(self, *, again: bool = False) -> Iterator[None]:
        """`again`: it is only tried once more, and what was told before is not told again."""
        ctx = self.here.ctx
        try:
            yield
        except DevenvError as error:
            if ctx.cancel.cancelled:
                return
            if error.code == ExitCode.UNFIT:
                self.here.engine.projects()  # raises where it is gone
            if not again or error.message not in self._told:
                ctx.ui.error(error)
            self._told.add(error.message)

    def _rebuild(self, services: Sequence[str]) -> None:
        """As `devenv up SERVICE…`: what is built from other files than before is built, and its container made anew."""
        ctx = self.here.ctx
        ctx.ui.say(f"{', '.join(services)}: files of the image changed")
        if bring_up(ctx, read_project(ctx), Wishes(services=tuple(services))) and not ctx.cancel.cancelled:
            ctx.ui.say("the watching goes on")

    def _restart(self, services: Sequence[str]) -> None:
        """Containers as they are, and those that say `restart: true` about them: what was copied is in them."""
        ctx = self.here.ctx
        with session(ctx, locked=True) as here:
            observed, _ = sweep(here.engine, here.stack, look=False, seeds=False)
            carry_out(here, teardown.off_and_on(here.stack, observed, services), "restart", named=services)

    def _run(self, rule: Rule) -> None:
        """The command of a rule, in each container that runs."""
        ctx, command = self.here.ctx, rule.exec
        secrets = [secret.value for secret in self.here.stack.secrets]
        for container in self._deliveries[rule.service].containers():
            ended = self.here.engine.exec(
                container.id,
                command["command"],
                user=str(command.get("user") or ""),
                env={key: str(value) for key, value in (command.get("environment") or {}).items() if value is not None},
                workdir=str(command.get("working_dir") or ""),
                privileged=bool(command.get("privileged")),
                timeout=_COMMAND,
                cancel=ctx.cancel,
            )
            words = " ".join(command["command"])
            for line in mask((ended.output + ended.errors).decode(errors="replace"), secrets).splitlines():
                ctx.ui.say(f"{rule.service} | {line}")
            if ended.exit_code:
                raise DevenvError(
                    f"`{mask(words, secrets)}` ended with {ended.exit_code} in `{rule.service}`.",
                    hint="What it said stands above; it is run again with the next change.",
                    code=ExitCode.FAILED,
                )

    def _send(self, name: str, each: Work, begun: float) -> None:
        delivery = self._deliveries[name]
        delivery.add(each)
        sent = delivery.send()
        seconds = time.monotonic() - begun
        ctx = self.here.ctx
        if ctx.output == "json":
            record = {
                "kind": "Synced", "service": name, "copied": len(sent.copied), "removed": len(sent.removed),
                "spared": list(sent.spared), "containers": sent.containers, "seconds": round(seconds, 3),
            }  # fmt: skip
            ctx.ui.print(json.dumps(record))
            return
        for path in sent.spared:
            ctx.ui.notice(f"{name}: {path} was not removed in the container, since other things than yours lie there")
        if not sent.containers:
            ctx.ui.say(f"{name}: does not run; what changed is copied once it does")
        elif sent.copied or sent.removed:
            new = "" if each.copies else "a new container: "
            ctx.ui.say(f"{name}: {new}{self._words(sent)} ({seconds:.2f} s)")

    def _words(self, sent: Sent) -> str:
        parts = []
        for paths, what, done in (
            (sent.copied, "files", "copied"),
            (sent.removed, "files or folders", "removed"),  # of what went together the topmost alone is known
        ):
            if len(paths) == 1:
                parts.append(f"{shown(next(iter(paths)), self.here.project.folder)} {done}")
            elif paths:
                parts.append(f"{len(paths):,} {what} {done}")
        return ", ".join(parts)
