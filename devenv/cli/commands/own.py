"""version, uninstall, completion: about devenv itself."""

from __future__ import annotations

from typing import Annotated

import typer

from devenv import __version__
from devenv.cli.commands import Given, call
from devenv.model.errors import ExitCode


def version(typed: typer.Context) -> int:
    """Print devenv's version.

    \b
    Examples:
      devenv version
      devenv version --output json
    """
    given: Given = typed.obj
    if given.ctx.output == "json":
        import json

        given.ctx.ui.print(json.dumps({"version": __version__}))
    else:
        given.ctx.ui.print(f"devenv {__version__}")
    return ExitCode.DONE


def uninstall(
    typed: typer.Context,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only list it.")] = False,
    volumes: Annotated[
        bool, typer.Option("--volumes", "-v", help="With --yes: the data of all stacks, too. They are gone then.")
    ] = False,
) -> int:
    """List what devenv put on this machine, and remove what you say yes to: stacks, images, the engine that it started,
    packages that it installed, caches. What was there before devenv stays; so does what lies in repositories.

    \b
    Examples:
      devenv uninstall --dry-run        what there is
      devenv uninstall                  ask for each kind
      devenv uninstall --yes            all but data
      devenv uninstall --yes --volumes  all
    """
    return call(typed, "uninstall", dry_run=dry_run, volumes=volumes)


def completion(
    typed: typer.Context,
    shell: Annotated[str, typer.Argument(metavar="bash|zsh|fish", help="The shell you type in.")],
) -> int:
    """Print what makes the shell complete commands, options, services and tasks. It serves `devenv` and `./dev`.

    \b
    Examples:
      source <(devenv completion bash)          in ~/.bashrc
      source <(devenv completion zsh)           in ~/.zshrc, after compinit
      devenv completion fish | source           in ~/.config/fish/config.fish
    """
    from devenv.cli.completion import SCRIPTS

    if shell not in SCRIPTS:
        raise typer.BadParameter(f"`{shell}` is none of bash, zsh and fish", param_hint="the shell")
    given: Given = typed.obj
    given.ctx.ui.print(SCRIPTS[shell])
    return ExitCode.DONE
