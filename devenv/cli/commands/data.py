"""check, seed, reset."""

from __future__ import annotations

from typing import Annotated

import typer

from devenv.cli.commands import call


def check(
    typed: typer.Context,
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[CHECK]...", help="These checks; all without.", show_default=False)
    ] = None,
    watch: Annotated[
        bool, typer.Option("--watch", help="Go on, every few seconds, and tell what changes; Ctrl-C ends it.")
    ] = False,
) -> int:
    """Walk the manifest's checks as a user of the stack would. Ends 1 where one does not hold. `up` does it, too.

    \b
    Examples:
      devenv check
      devenv check order
      devenv check --watch
    """
    return call(typed, "check", tuple(names or ()), watch=watch)


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
