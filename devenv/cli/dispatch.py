"""From parsed words to the one command that is meant; only that one is built."""

from __future__ import annotations

import re
from importlib import import_module
from typing import Any

from devenv import __version__
from devenv.app.context import Context
from devenv.cli.arguments import FLAGS, VALUED, Arguments
from devenv.cli.verbs import ALIASES, VERBS, Load, load, usage
from devenv.core.suggest import closest, did_you_mean
from devenv.model.errors import DevenvError, ExitCode


def dispatch(arguments: Arguments, ctx: Context, *, load: Load = load) -> int:
    """Run the verb of `arguments`; returns its exit code. `load` gives the function behind a verb.

    Raises DevenvError (INPUT) for what is no command or option."""
    verb, rest = arguments.verb, arguments.rest
    if verb == "help":
        verb, rest = (rest[0], ("--help",)) if rest else ("", ())
    if not verb:
        ctx.ui.print(usage())
        return ExitCode.DONE
    if verb == "__complete":
        from devenv.cli.completion import complete

        ctx.ui.print("\n".join(complete(rest)))
        return ExitCode.DONE
    name = ALIASES.get(verb, verb)
    if name not in VERBS:
        raise DevenvError(
            f"`{verb}` is not a command of devenv {__version__}.",
            hint=_meant(verb),
        )
    if VERBS[name].bare and not rest and not arguments.help:
        return load(name)(ctx)
    from devenv.cli.commands import Given

    try:
        result = build(name).main(
            ["--help"] if arguments.help else list(rest),
            prog_name=f"devenv {verb}",
            standalone_mode=False,
            obj=Given(ctx=ctx, load=load),
        )
    except Exception as error:
        if not hasattr(error, "format_message"):  # Typer's own errors have it, whichever parser it brings along
            raise
        raise _usage_error(name, error) from error
    return result if isinstance(result, int) else ExitCode.DONE


_ELSEWHERE = {
    "kill": "`devenv stop` stops, `devenv stop -t 0` at once.",
    "rm": "`devenv down` removes the stack's containers.",
    "images": "`devenv uninstall --dry-run` lists the images that devenv made, `docker images` the engine's.",
}
"""Compose's commands that devenv says otherwise."""


_OPTIONS_ELSEWHERE = {
    "config --no-normalize": "It prints the normal form alone; the file itself is the other.",
    "config --no-path-resolution": "It prints absolute paths alone; the file itself has the others.",
    "config --no-consistency": "What is inconsistent is an error at its place: mend it there.",
    "config --no-env-resolution": "`devenv config --no-interpolate` names the files of `env_file`, and reads none.",
    "config --resolve-image-digests": "`devenv pull` takes the newest; write `image: NAME@sha256:…` to pin one.",
    "config --lock-image-digests": "Write `image: NAME@sha256:…` to pin an image.",
}
"""Options of Compose's that devenv has not, and what does the same."""


def _meant(word: str) -> str:
    if word in _ELSEWHERE:
        return _ELSEWHERE[word]
    near = closest(word, (*VERBS, *ALIASES))
    listed = "`devenv --help` lists the commands."
    return f"Did you mean `devenv {near}`? {listed}" if near else listed


def build(verb: str) -> Any:
    """The Typer command of `verb`, alone: building all of them costs more than most commands take."""
    import typer
    import typer.main

    from devenv.cli.commands import OneCommand

    known = VERBS[verb]
    app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)
    app.command(
        name=verb,
        cls=OneCommand,
        context_settings={
            "help_option_names": ["--help", "-h"],
            "max_content_width": 100,
            # What stands after the service or task is not ours to read.
            "allow_interspersed_args": verb not in ("exec", "run"),
        },
    )(getattr(import_module(f"devenv.cli.commands.{known.module}"), known.function))
    return typer.main.get_command(app)


def _usage_error(verb: str, error: Any) -> DevenvError:
    more = f"`devenv {verb} --help` shows its options and examples."
    option = getattr(error, "option_name", None)
    if type(error).__name__ == "NoSuchOption" and option:
        shown = [param for param in build(verb).params if not getattr(param, "hidden", False)]
        own = [name for param in shown for name in param.opts if name.startswith("-")]  # an argument is none
        meant = did_you_mean(option, [*own, *VALUED, *FLAGS]) if option.startswith("--") else ""
        meant = _OPTIONS_ELSEWHERE.get(f"{verb} {option}", meant)
        return DevenvError(f"`devenv {verb}` has no option `{option}`.", hint=f"{meant} {more}".strip())
    if type(error).__name__ == "MissingParameter":
        what = getattr(getattr(error, "param", None), "metavar", None) or "argument"
        return DevenvError(f"`devenv {verb}` needs its {what}.", hint=more)
    said = str(error.format_message()).rstrip(".")
    if verb == "down" and (extra := re.search(r"unexpected extra argument\S* \((.+)\)$", said)):
        return DevenvError(
            "`devenv down` takes the whole stack.", hint=f"One service alone: `devenv stop {extra[1]}`. {more}"
        )
    return DevenvError(f"`devenv {verb}`: {said[:1].lower()}{said[1:]}.", hint=more)
