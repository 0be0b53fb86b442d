"""up, down, status, logs, start, stop, restart."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Annotated

import typer

from devenv.cli.arguments import PULLS
from devenv.cli.commands import Index, call
from devenv.core.seeds import SCALE

Services = Annotated[list[str] | None, typer.Argument(metavar="SERVICE", help="These services; all of them without.")]
Timeout = Annotated[
    str | None,
    typer.Option("--timeout", "-t", metavar="SECONDS", help="Time to stop in; else the container's own."),
]


def up(
    typed: typer.Context,
    services: Services = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would be done and why; change nothing.")
    ] = False,
    excepted: Annotated[
        list[str] | None,
        typer.Option(
            "--except", metavar="SERVICE", help="You run this one on the host: see `devenv env` (repeatable)."
        ),
    ] = None,
    build: Annotated[bool, typer.Option("--build", help="Build images anew, also unchanged ones.")] = False,
    no_build: Annotated[bool, typer.Option("--no-build", help="Build nothing: use the images that are there.")] = False,
    pull: Annotated[
        bool, typer.Option("--pull", help="Ask registries for newer images (or `--pull missing`, `--pull never`).")
    ] = False,
    pull_policy: Annotated[str, typer.Option("--pull-policy", hidden=True)] = "",
    force_recreate: Annotated[
        bool, typer.Option("--force-recreate", help="Make containers anew, also unchanged ones.")
    ] = False,
    remove_orphans: Annotated[
        bool, typer.Option("--remove-orphans", help="Remove containers of services that are no longer there.")
    ] = False,
    scale: Annotated[
        list[str] | None,
        typer.Option(
            "--scale",
            metavar="FACTOR|SERVICE=N",
            help="Generated rows times this, such as 0.1 or 5; kept until said. SERVICE=N: so many containers of it.",
        ),
    ] = None,
    for_ide: Annotated[
        bool, typer.Option("--for-ide", help="As an editor calls it: end as soon as the workspace can be entered.")
    ] = False,
    watch: Annotated[
        bool, typer.Option("--watch", "-w", help="Then do what `develop.watch` says as files change; with the logs.")
    ] = False,
    detach: Annotated[bool, typer.Option("--detach", "-d", hidden=True)] = False,
    wait: Annotated[bool, typer.Option("--wait", hidden=True)] = False,
) -> int:
    """Bring the stack up, so that every service can be used and its data is there.

    Does only what differs from what runs: a second time there is nothing to do. Ends when all is ready and seeded,
    or has failed.

    \b
    Examples:
      devenv up                    all of it
      devenv up api                the API and what it needs
      devenv up --except api       all but the API, which you start in your debugger
      devenv up --scale 5          five times the generated rows, from now on
      devenv up --scale worker=3   three containers of one service, for now
      devenv up --dry-run          what would be done, and why
      devenv up --output json      the same as JSON lines, for programs
    """
    counts, times = _scale(scale or ())
    if times is not None:
        # A variable like every other, only said here: it is kept as those are.
        os.environ[SCALE] = times
    if watch and detach:
        raise typer.BadParameter("with --detach there is nobody who watches", param_hint="--watch")
    if build and no_build:
        raise typer.BadParameter("it contradicts --no-build", param_hint="--build")
    if pull_policy and pull_policy not in PULLS:
        raise typer.BadParameter(f"`{pull_policy}` is none of {', '.join(PULLS)}", param_hint="--pull")
    # What Compose's -d and --wait ask for is what `up` does anyway.
    return call(
        typed,
        "up",
        services=tuple(services or ()),
        dry_run=dry_run,
        for_ide=for_ide,
        build=build,
        no_build=no_build,
        pull=pull_policy or ("always" if pull else ""),
        force_recreate=force_recreate,
        remove_orphans=remove_orphans,
        excepted=tuple(excepted or ()),
        scaled=times is not None,
        scale=counts,
        watch=watch,
    )


def _scale(given: Sequence[str]) -> tuple[dict[str, int], str | None]:
    """(service → how many containers, the factor for generated rows), as `--scale` says them."""
    counts: dict[str, int] = {}
    times = None
    for item in given:
        service, equals, number = item.partition("=")
        if equals:
            if not number.isdecimal() or not service:
                raise typer.BadParameter(f"`{item}` is no service and a number, such as `web=3`", param_hint="--scale")
            counts[service] = int(number)
            continue
        from devenv.core.generate.parents import factor

        if factor(item) is None:
            raise typer.BadParameter(
                f"`{item}` is no number above 0 and up to 1,000,000, such as 0.1 or 5", param_hint="--scale"
            )
        times = item
    return counts, times


def down(
    typed: typer.Context,
    volumes: Annotated[
        bool, typer.Option("--volumes", "-v", help="The data, too: it is gone then. Asks first, or --yes.")
    ] = False,
    remove_orphans: Annotated[
        bool, typer.Option("--remove-orphans", help="Remove containers of services that are no longer there.")
    ] = False,
) -> int:
    """Stop and remove the stack's containers and networks. Data stays, unless --volumes says otherwise.

    \b
    Examples:
      devenv down                  the next `devenv up` finds its data again
      devenv down --volumes --yes  the data is removed, too; the next `up` seeds anew
    """
    return call(typed, "down", volumes=volumes, remove_orphans=remove_orphans)


def status(
    typed: typer.Context,
    services: Services = None,
    check: Annotated[bool, typer.Option("--check", help="End with 1 where something is not ready or seeded.")] = False,
) -> int:
    """Show what runs, whether it can be used as looked at now, what is seeded, and where to reach it. Also: ps.

    \b
    Examples:
      devenv status
      devenv status --check        for scripts: 0 where all is well
      devenv status --output json  one object, for programs
    """
    return call(typed, "status", tuple(services or ()), check=check)


def logs(
    typed: typer.Context,
    services: Services = None,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on as more is said.")] = False,
    tail: Annotated[
        str, typer.Option("--tail", "-n", metavar="LINES", help="So many last lines of each service, or all.")
    ] = "all",
    timestamps: Annotated[bool, typer.Option("--timestamps", "-t", help="When each line was said.")] = False,
    since: Annotated[
        str | None, typer.Option("--since", metavar="WHEN", help="Only from then on: 10m, 1h30m, 2026-01-31T08:00.")
    ] = None,
    grep: Annotated[
        str | None, typer.Option("--grep", "-g", metavar="REGEX", help="Only lines in which this is found.")
    ] = None,
    index: Index = 0,
) -> int:
    """Show what the services said, in the order in which they said it. Lines of JSON are shown as words.

    \b
    Examples:
      devenv logs                  all of it
      devenv logs -f api web       follow two services
      devenv logs -n 50 db         the last 50 lines of one
      devenv logs --since 10m -g ERROR
    """
    if tail != "all" and not tail.isdecimal():
        raise typer.BadParameter(f"`{tail}` is neither a number of lines nor `all`", param_hint="--tail")
    return call(
        typed,
        "logs",
        tuple(services or ()),
        follow=follow,
        tail=None if tail == "all" else int(tail),
        timestamps=timestamps,
        since=since,
        grep=grep,
        index=index,
    )


def top(
    typed: typer.Context,
    services: Services = None,
    no_stream: Annotated[bool, typer.Option("--no-stream", help="Once, not live.")] = False,
) -> int:
    """Show what services use: processor, memory and its limit, network, threads. Live on a terminal: q ends it.

    \b
    Examples:
      devenv top
      devenv top db api
      devenv top --no-stream --output json
    """
    return call(typed, "top", tuple(services or ()), no_stream=no_stream)


def port(
    typed: typer.Context,
    service: Annotated[str, typer.Argument(metavar="SERVICE", help="Whose port.")],
    private: Annotated[
        str | None,
        typer.Argument(metavar="[PORT[/udp]]", help="Inside the container; all without.", show_default=False),
    ] = None,
    index: Index = 0,
) -> int:
    """Print where a service's ports are on the host.

    \b
    Examples:
      devenv port web
      devenv port db 5432
    """
    return call(typed, "port", service, private, index=index)


def pull(typed: typer.Context, services: Services = None) -> int:
    """Get the images of services that are not built here: newer ones from the registry, else by their recipes.

    \b
    Examples:
      devenv pull
      devenv pull db
    """
    return call(typed, "pull", tuple(services or ()))


def build(typed: typer.Context, services: Services = None) -> int:
    """Build the images of services that have a `build`, also unchanged ones. `devenv up` then uses them.

    \b
    Examples:
      devenv build
      devenv build api
    """
    return call(typed, "build", tuple(services or ()))


def open_(
    typed: typer.Context,
    service: Annotated[
        str | None, typer.Argument(metavar="[SERVICE|EDITOR]", help="Which address; without, they are listed.")
    ] = None,
) -> int:
    """Open a service's address in the browser, or list the addresses there are. Or open the workspace, which must run,
    in an editor: code, cursor, codium, windsurf, jetbrains, or one of JetBrains' own (pycharm, goland, …).

    \b
    Examples:
      devenv open
      devenv open web
      devenv open code             the workspace, in Visual Studio Code
    """
    return call(typed, "open", service)


def watch(
    typed: typer.Context,
    services: Services = None,
    no_up: Annotated[bool, typer.Option("--no-up", help="Do not bring the stack up first.")] = False,
) -> int:
    """Bring the stack up; then, as files change, copy, rebuild or restart as `develop.watch` says. Ctrl-C ends it.

    \b
    Examples:
      devenv watch
      devenv watch api             the API's files alone, and those of what it needs
      devenv up --watch            the same, with what the services say
    """
    return call(typed, "watch", tuple(services or ()), no_up=no_up)


def start(typed: typer.Context, services: Services = None) -> int:
    """Start containers that were stopped, each when what it needs is ready.

    \b
    Examples:
      devenv start
      devenv start api
    """
    return call(typed, "start", tuple(services or ()))


def stop(typed: typer.Context, services: Services = None, timeout: Timeout = None) -> int:
    """Stop containers; they and their data stay.

    \b
    Examples:
      devenv stop
      devenv stop -t 2 web         two seconds, then by force
    """
    return call(typed, "stop", tuple(services or ()), timeout=_seconds(timeout))


def restart(typed: typer.Context, services: Services = None, timeout: Timeout = None) -> int:
    """Stop containers and start them again, each when what it needs is ready.

    \b
    Examples:
      devenv restart
      devenv restart api
    """
    return call(typed, "restart", tuple(services or ()), timeout=_seconds(timeout))


def _seconds(given: str | None) -> int | None:
    if given is not None and not given.isdecimal():
        raise typer.BadParameter(f"`{given}` is not a number of seconds", param_hint="--timeout")
    return None if given is None else int(given)
