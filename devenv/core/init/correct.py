"""A guess as a person corrects it: whatever follows from what they said changes with it."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import replace

from devenv.core.init.guess import Guess


def project_name(text: str) -> str:
    """A project's name made of a folder's or of what was typed: small letters, digits, `-` and `_`, as Compose has
    them."""
    return re.sub(r"[^a-z0-9_-]+", "-", text.lower()).strip("-_") or "app"


def with_port(guess: Guess, number: str) -> Guess:
    """The program listens at `number`: its command and the variable that says its port say so too."""
    app = guess.app
    if app is None or number == app.port.value:
        return guess
    old = re.compile(rf"(?<![0-9]){app.port.value}(?![0-9])")
    variables = tuple(
        replace(item, value=number)
        if item.name in ("PORT", app.port.variable) and item.value == app.port.value
        else item
        for item in guess.variables
    )
    command = tuple(old.sub(number, word) for word in app.command)
    port = replace(app.port, value=number, why="as you said")
    return replace(guess, app=replace(app, port=port, command=command), variables=variables)


def without(guess: Guess, names: Collection[str]) -> Guess:
    """Nothing is run for the services `names`, and no variable speaks of them."""
    gone = [service for service, _ in guess.backing if service.name in names]
    kept = tuple(item for item in guess.backing if item[0].name not in names)
    variables = tuple(
        item
        for item in guess.variables
        if not any(
            f"{{{{ {service.name}." in item.value or (item.value and item.value == service.url) for service in gone
        )
    )
    seeds = guess.seeds if any(service.sql for service, _ in kept) else ()
    return replace(guess, backing=kept, variables=variables, seeds=seeds)
