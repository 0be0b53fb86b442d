"""exec, shell, run: commands inside the stack; their exit code is the command's own. cp: its files. env: beside it."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Annotated

import typer

from devenv.cli.commands import Index, call
from devenv.model.errors import DevenvError


def exec_(
    typed: typer.Context,
    service: Annotated[str, typer.Argument(metavar="SERVICE", help="Where to run it.")],
    command: Annotated[list[str], typer.Argument(metavar="COMMAND", help="What to run, passed on as it is.")],
    user: Annotated[str, typer.Option("--user", "-u", metavar="USER", help="Run as this user.")] = "",
    workdir: Annotated[str, typer.Option("--workdir", "-w", metavar="DIR", help="Run in this folder.")] = "",
    env: Annotated[
        list[str] | None,
        typer.Option("--env", "-e", metavar="NAME[=VALUE]", help="Set a variable; without =VALUE as it is here."),
    ] = None,
    no_tty: Annotated[
        bool, typer.Option("--no-tty", "-T", help="No terminal inside, also where there is one here.")
    ] = False,
    index: Index = 0,
    tty: Annotated[bool, typer.Option("--tty", "-t", hidden=True)] = False,
    interactive: Annotated[bool, typer.Option("--interactive", "-i", hidden=True)] = False,
) -> int:
    """Run a command in the container of a service that runs. Standard input, output and exit code are the command's.

    \b
    Examples:
      devenv exec db psql -U app app
      devenv exec -u root workspace apt-get update
      devenv exec db psql -U app -f - app < query.sql
    """
    return call(
        typed,
        "exec",
        service,
        tuple(command),
        user=user,
        # None: a terminal inside where there is one here, which is what -i and -t ask for.
        tty=False if no_tty else None,
        workdir=workdir,
        env=variables(env or (), os.environ),
        index=index,
    )


def cp(
    typed: typer.Context,
    source: Annotated[str, typer.Argument(metavar="SOURCE", help="What: SERVICE:PATH, or a path here; - is a tar.")],
    target: Annotated[str, typer.Argument(metavar="TARGET", help="Where to: a path here, or SERVICE:PATH.")],
    archive: Annotated[
        bool,
        typer.Option("--archive", "-a", help="Files in the container belong to its user, not to whom they do here."),
    ] = False,
    follow_link: Annotated[
        bool, typer.Option("--follow-link", "-L", help="A source that is a link: what it names, not the link.")
    ] = False,
    index: Index = 0,
) -> int:
    """Copy files and folders between a service's container and this machine, as Compose's cp does. `FOLDER/.` is what
    lies in the folder; `-` is a tar on standard input or output.

    \b
    Examples:
      devenv cp db:/etc/hosts .
      devenv cp ./dump.sql db:/tmp/
      devenv cp api:/app/. copy-of-app
      devenv cp api:/var/log - | tar -t
    """
    return call(typed, "cp", source, target, archive=archive, follow_link=follow_link, index=index)


def shell(
    typed: typer.Context,
    service: Annotated[str | None, typer.Argument(metavar="SERVICE", help="Where; the workspace without.")] = None,
) -> int:
    """Open a shell in the workspace, or in another service.

    \b
    Examples:
      devenv shell
      devenv shell db
    """
    return call(typed, "shell", service)


def run(
    typed: typer.Context,
    task: Annotated[
        str | None,
        typer.Argument(metavar="TASK", help="Its name; without, the tasks are listed."),
    ] = None,
    arguments: Annotated[
        list[str] | None, typer.Argument(metavar="ARGUMENT", help="Given to the task as they are.")
    ] = None,
) -> int:
    """Run a task that the manifest names, in its service. The exit code is the task's.

    \b
    Examples:
      devenv run                   the tasks there are
      devenv run test
      devenv run test -k search    what stands after the task is the task's
    """
    return call(typed, "run", task, tuple(arguments or ()))


def env(
    typed: typer.Context,
    service: Annotated[
        str | None, typer.Argument(metavar="SERVICE", help="Whose; the one left to the host without.")
    ] = None,
    export: Annotated[bool, typer.Option("--export", help="Lines for a shell: export NAME='value'.")] = False,
    dotenv: Annotated[bool, typer.Option("--dotenv", help="A .env file, as editors and Compose read it.")] = False,
    json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> int:
    """Print a service's environment for a process on the host: addresses in the stack become the host's. Secrets are
    printed as they are.

    \b
    Examples:
      devenv up --except api            the API is yours to run
      eval "$(devenv env --export)"     this shell has its environment
      devenv env api --dotenv > .devenv/api.env
    """
    styles = [name for name, asked in (("export", export), ("dotenv", dotenv), ("json", json)) if asked]
    if len(styles) > 1:
        *first, last = (f"`--{name}`" for name in styles)
        raise DevenvError(f"{', '.join(first)} and {last} exclude each other.", hint="Give one of them.")
    return call(typed, "env", service, style=styles[0] if styles else "")


def variables(given: Sequence[str], env: Mapping[str, str]) -> dict[str, str]:
    """`NAME=VALUE` and `NAME` as a mapping; the latter with its value from `env`, left out where it has none."""
    found = {}
    for item in given:
        name, equals, value = item.partition("=")
        if not name:
            raise typer.BadParameter(f"`{item}` has no name before the `=`", param_hint="--env")
        if equals:
            found[name] = value
        elif name in env:
            found[name] = env[name]
    return found
