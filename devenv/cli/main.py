"""The command line: options in, exit code out. The only place that ends the process."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from devenv import __version__
from devenv.model.errors import DevenvError, ExitCode

if TYPE_CHECKING:
    from devenv.cli.arguments import Arguments
    from devenv.cli.signals import Interrupts
    from devenv.cli.verbs import Load
    from devenv.ui.protocol import Ui

_OWN_CODE = ("exec", "shell", "run")
"""Verbs whose exit code is that of the command they run."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one command and end the process with its exit code (DESIGN, rule 12).

    `arguments` are those after the program's name, by default the process's own.
    """
    code = run(sys.argv[1:] if arguments is None else arguments)
    if code == ExitCode.INTERRUPTED:
        # Workers may be left in a call that does not end, and one may hold a stream that a normal end waits for.
        for stream in (sys.stdout, sys.stderr):
            with suppress(OSError, ValueError):
                stream.flush()
        os._exit(code)
    sys.exit(code)


def run(words: Sequence[str], *, load: Load | None = None) -> int:
    """Run one command; returns the exit code. Every DevenvError becomes its sentence on stderr (JSON on stdout where
    that was asked for), Ctrl-C is 130, what nobody foresaw is kept in a file. `load` gives the verbs; the app's by
    default."""
    if list(words) == ["--version"]:  # before anything heavy is imported: editors ask this often
        print(f"devenv {__version__}")
        return ExitCode.DONE
    from devenv.cli.arguments import Arguments, parse, wants_json
    from devenv.ui.make import make_ui

    _say_what_can_be_said()
    try:
        given, problem = parse(words), None
    except DevenvError as error:
        given, problem = Arguments(output="json" if wants_json(words) else "text"), error
    ui = make_ui(given.output, verbose=given.verbose)
    if problem is not None:
        return _end(ui, problem.code, problem)
    return _end(ui, *_guarded(given, ui, load))


def _guarded(given: Arguments, ui: Ui, load: Load | None) -> tuple[int, DevenvError | None]:
    """The command, with every end it can take: the exit code, and what is to be told."""
    from devenv.cli.signals import Interrupts

    with Interrupts(ui.say) as interrupts:
        try:
            code = _dispatched(given, ui, interrupts, load)
            stopped = interrupts.cancel.cancelled and code and given.verb not in _OWN_CODE
            return (ExitCode.INTERRUPTED if stopped else code), None
        except KeyboardInterrupt:
            ui.say("interrupted")
            return ExitCode.INTERRUPTED, None
        except BrokenPipeError:  # whoever read has had enough (`devenv logs | head`): no failure
            return ExitCode.DONE, None
        except Exception as error:
            if interrupts.cancel.cancelled:  # what broke because it was told to stop needs no sentence
                return ExitCode.INTERRUPTED, None
            if isinstance(error, DevenvError):
                return error.code, error
            if isinstance(error, FileNotFoundError) and not _is_somewhere():
                return ExitCode.INPUT, DevenvError(
                    "The folder that this is typed in is not there any more.",
                    hint='`cd "$PWD"` where it was made anew, else go to one that is there.',
                )
            from devenv.cli.crash import crashed

            return ExitCode.FAILED, crashed(error, given.verb)


def _is_somewhere() -> bool:
    try:
        os.getcwd()
    except FileNotFoundError:
        return False
    return True


def _dispatched(given: Arguments, ui: Ui, interrupts: Interrupts, load: Load | None) -> int:
    if given.version:
        ui.print(f"devenv {__version__}")
        return ExitCode.DONE
    from devenv.app.context import Context
    from devenv.cli import verbs
    from devenv.cli.dispatch import dispatch

    ctx = Context(
        ui=ui,
        directory=given.directory,
        files=given.files,
        project=given.project,
        env_files=given.env_files,
        profiles=given.profiles,
        output=given.output,
        yes=given.yes,
        no_install=given.no_install,
        verb=given.verb,
        cancel=interrupts.cancel,
    )
    return dispatch(given, ctx, load=load or verbs.load)


def _end(ui: Ui, code: int, error: DevenvError | None) -> int:
    """The last words of a command, which nobody may be there to read; returns the exit code."""
    try:
        if error is not None:
            ui.error(error)
        ui.close(code)
        sys.stdout.flush()
    except BrokenPipeError:
        _drop_stdout()
    except (DevenvError, OSError) as lost:
        with suppress(OSError, ValueError):
            print(f"devenv: the output cannot be written: {lost}", file=sys.stderr)
        _drop_stdout()
        return code or ExitCode.FAILED
    return code


def _drop_stdout() -> None:
    """What is still in stdout's buffer would raise once more when Python ends."""
    with suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)


def _say_what_can_be_said() -> None:
    """A terminal that is not UTF-8 gets the nearest there is, never a traceback."""
    from devenv.ui.text import ERRORS

    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            with suppress(OSError, ValueError):
                reconfigure(errors=ERRORS)
