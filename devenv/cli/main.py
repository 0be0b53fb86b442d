"""The command line: options in, exit code out. The only place that ends the process."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from devenv import __version__
from devenv.model.errors import DevenvError, ExitCode


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one command and end the process with its exit code (DESIGN, rule 12).

    `arguments` are those after the program's name, by default the process's own.
    """
    sys.exit(run(sys.argv[1:] if arguments is None else arguments))


def run(arguments: Sequence[str]) -> int:
    """Run one command; returns the exit code. Every DevenvError becomes its sentence on stderr, Ctrl-C is 130."""
    if list(arguments) == ["--version"]:  # before anything heavy is imported: editors ask this often
        print(f"devenv {__version__}")
        return ExitCode.DONE
    from devenv.cli.commands import dispatch

    try:
        return dispatch(arguments)
    except DevenvError as error:
        from devenv.ui.errors import render_error

        print(render_error(error), file=sys.stderr)
        return error.code
    except KeyboardInterrupt:
        return ExitCode.INTERRUPTED
