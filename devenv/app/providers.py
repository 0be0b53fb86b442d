"""Services that a provider makes (`provider`): asked for before anything is decided, as what it gives is part of what
depends on it."""

from __future__ import annotations

import os
from collections.abc import Collection
from typing import TYPE_CHECKING

from devenv.app.session import Session
from devenv.core.selection import select
from devenv.model.errors import DevenvError, ExitCode, raise_all
from devenv.model.stack import Service, Stack

if TYPE_CHECKING:
    from devenv.host.provider import Given


def provided(session: Session, names: Collection[str] = ()) -> Session:
    """`session` with the providers of `names` and what they need (all for none) brought up, and their variables in the
    services that depend on them. Raises DevenvError: UNFIT where a program is not there, FAILED where one fails."""
    chosen = _made(session.stack)
    if not chosen:
        return session
    wanted = select(session.stack, names)
    chosen = {name: service for name, service in chosen.items() if name in wanted}
    programs = {name: _program(service) for name, service in chosen.items()}
    raise_all(_missing(chosen[name]) for name, program in programs.items() if not program)
    variables: dict[str, dict[str, str]] = {}
    for name, service in chosen.items():
        given = _run(session, service, programs[name], "up")
        mine = {**{f"{name.upper()}_{key}": value for key, value in given.own.items()}, **given.raw}
        for user in _users(session.stack, name):
            variables[user] = {**variables.get(user, {}), **mine}
    return session.providing(variables)


def ended(session: Session, stack: Stack, verb: str, names: Collection[str] = ()) -> None:
    """Let the providers of `names` (all for none) do `verb` (`down`, `stop`); one that is not there any more is said.
    Raises DevenvError where one fails."""
    for name, service in _made(stack).items():
        if names and name not in names:
            continue
        program = _program(service)
        if program:
            _run(session, service, program, verb)
        else:
            session.ctx.ui.notice(_missing(service).message)


def _made(stack: Stack) -> dict[str, Service]:
    """The services that providers make: few stacks have one."""
    return {name: service for name, service in stack.services.items() if service.config.get("provider")}


def _users(stack: Stack, name: str) -> list[str]:
    return [user for user, service in stack.services.items() if name in (service.config.get("depends_on") or {})]


def _kind(service: Service) -> str:
    return str(service.config["provider"]["type"])


def _program(service: Service) -> str:
    from devenv.host.provider import find  # what runs programs: most commands have none to run

    return find(_kind(service)) or ""


def _run(session: Session, service: Service, program: str, verb: str) -> Given:
    from devenv.host.provider import Call, run

    call = Call(
        program=program,
        project=session.name,
        service=service.name,
        verb=verb,
        config=service.config,
        folder=str(session.project.working_dir),
        env={**os.environ, **session.values},
    )
    return run(call, tell=session.ctx.ui.say, cancel=session.ctx.cancel)


def _missing(service: Service) -> DevenvError:
    kind = _kind(service)
    return DevenvError(
        f"`{service.name}` is made by the provider `{kind}`, and neither Docker's plugin docker-{kind} nor a program "
        f"{kind} is on this machine.",
        hint="Install it and have it on the PATH; or give the service an `image` and take `provider` out.",
        code=ExitCode.UNFIT,
        where=service.where,
    )
