"""`devenv watch`, `devenv up --watch`: what changes on the host, brought to the containers as `develop.watch` says."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from devenv.app.context import Context
from devenv.app.project import read_project
from devenv.app.session import Session, session
from devenv.app.up import Wishes, bring_up
from devenv.app.watcher import Watcher, shown
from devenv.core.selection import select
from devenv.core.watch import Chosen, Rule, mounted, rules
from devenv.host.files import read_text
from devenv.host.project import COMPOSE, MANIFESTS
from devenv.host.tree import Tree
from devenv.host.watching import Watching
from devenv.model.errors import DevenvError, ExitCode
from devenv.model.stack import Service

_REST = 2.0
"""Seconds between two looks for a container that was made anew, while nothing changes."""


def watch(ctx: Context, services: Sequence[str] = (), *, no_up: bool = False) -> int:
    """Bring `services` (all for none) up unless `no_up`, then carry out `develop.watch` of these and of what they need
    until the user stops it; the exit code. Raises DevenvErrors (INPUT) where there is nothing to watch."""
    if not no_up:
        code = bring_up(ctx, read_project(ctx), Wishes(services=tuple(services)))
        if code:
            return code
    return follow(ctx, services)


def follow(ctx: Context, services: Sequence[str] = (), *, logs: bool = False) -> int:
    """`watch` of what is up already. `logs`: what the services say is shown meanwhile."""
    with session(ctx) as here:
        chosen = select(here.stack, services)
        told = _watched(ctx, chosen)
        watcher = Watcher(here=here, rules=told)
        trees = [Tree(rule.path, Chosen(rule, _ignored(chosen[rule.service]))) for rule in told]
        watching = Watching(trees, ctx.cancel)
        for rule in told:
            if rule.initial and rule.copies:
                watcher.copy(rule, _at_first(rule, chosen[rule.service], here).files)
        places = dict.fromkeys(shown(rule.path, here.project.folder) for rule in told)
        ctx.ui.say(f"watching {', '.join(places)} (Ctrl-C ends it)")
        if logs:
            threading.Thread(target=_logs, args=(ctx, tuple(services)), daemon=True).start()
        looked = time.monotonic()
        for changes in watching.batches():
            if changes is not None:
                watcher.carry_out(changes)
            elif time.monotonic() - looked > _REST:
                watcher.catch_up()
                looked = time.monotonic()
    return ExitCode.DONE


def _watched(ctx: Context, services: Mapping[str, Service]) -> tuple[Rule, ...]:
    """The rules that there is something to do for."""
    found = []
    for rule in rules(services):
        if services[rule.service].on_host is not None:
            ctx.ui.notice(f"{rule.service} runs on the host: nothing is copied for it")
        elif mounted(rule, services[rule.service]):
            ctx.ui.notice(f"{rule.path} is mounted in {rule.service}, which sees its changes anyway: it is not watched")
        else:
            found.append(rule)
            if not os.path.lexists(rule.path):
                ctx.ui.notice(f"{rule.path} is not there: it is watched as soon as it is")
    if not found:
        raise DevenvError(
            "Nothing is left to watch.", hint="Leave out the mounts of what is to be copied, or the rules that copy it."
        )
    return tuple(found)


def _ignored(service: Service) -> list[tuple[str, str]]:
    """What `.dockerignore` of the service's build says, and what its patterns are relative to."""
    build = service.own.build
    if build is None or not os.path.isdir(build.context):
        return []
    own = Path(build.context, build.dockerfile + ".dockerignore")
    for path in (own, Path(build.context, ".dockerignore")):
        if path.is_file():
            return [(build.context, read_text(path))]
    return []


def _at_first(rule: Rule, service: Service, here: Session) -> Tree:
    """What `initial_sync` copies: manifests and Dockerfiles are left out, wherever they lie."""
    names = {*COMPOSE, *MANIFESTS, *(Path(name).name for name in here.stack.files), "Dockerfile"}
    build = service.own.build
    names |= {Path(build.dockerfile).name} if build else set()
    tree = Tree(rule.path, Chosen(rule, _ignored(service), names=sorted(names)))
    tree.all()
    return tree


def _logs(ctx: Context, services: tuple[str, ...]) -> None:
    from devenv.app.logs import logs

    try:
        logs(ctx, services, follow=True, tail=0)
    except DevenvError as error:
        ctx.ui.error(error)
