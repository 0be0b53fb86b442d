"""The table of commands, as Typer sees it."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches

import typer
import typer.main

from devenv import __version__
from devenv.model.errors import DevenvError, ExitCode

app = typer.Typer(
    name="devenv",
    help="One manifest, one command: the whole development stack, healthy and seeded.",
    no_args_is_help=False,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


@app.callback()
def options() -> None:
    """One manifest, one command: the whole development stack, healthy and seeded."""


@app.command()
def version() -> None:
    """Print devenv's version."""
    print(f"devenv {__version__}")


def dispatch(arguments: Sequence[str]) -> int:
    """Parse `arguments`, run the command; returns its exit code. Raises DevenvError (INPUT) for what is no command."""
    words = list(arguments)
    known = [command.name or command.callback.__name__ for command in app.registered_commands if command.callback]
    if words and not words[0].startswith("-") and words[0] not in known:
        near = get_close_matches(words[0], known, n=1)
        meant = f"Did you mean `devenv {near[0]}`? " if near else ""
        raise DevenvError(
            f"`{words[0]}` is not a command of devenv {__version__}.",
            hint=f"{meant}There is: {', '.join(known)}. `devenv --help` says more.",
            code=ExitCode.INPUT,
        )
    command = typer.main.get_command(app)
    try:
        result = command.main(words or ["--help"], prog_name="devenv", standalone_mode=False)
    except Exception as error:
        said = getattr(error, "format_message", None)
        if said is None:
            raise
        raise DevenvError(said(), hint="`devenv --help` lists commands and options.", code=ExitCode.INPUT) from error
    return result if isinstance(result, int) else ExitCode.DONE
