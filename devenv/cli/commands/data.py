"""seed, reset."""

from __future__ import annotations

from typing import Annotated

import typer

from devenv.cli.commands import call


def seed(
    typed: typer.Context,
    service: Annotated[str | None, typer.Argument(metavar="SERVICE", help="This service; all without.")] = None,
    again: Annotated[bool, typer.Option("--again", help="Load all seeds, also those that are there.")] = False,
) -> int:
    """Load the seeds that are not in the data yet or have changed since, each whole or not at all.

    \b
    Examples:
      devenv seed
      devenv seed db --again       run every seed of the database once more
    """
    return call(typed, "seed", service, again=again)


def reset(
    typed: typer.Context,
    service: Annotated[str, typer.Argument(metavar="SERVICE", help="Whose data is made anew.")],
) -> int:
    """Remove the data of one service, make it anew and seed it.

    Asks first; --yes answers.

    \b
    Examples:
      devenv reset db
      devenv reset db --yes        no question
    """
    return call(typed, "reset", service)
