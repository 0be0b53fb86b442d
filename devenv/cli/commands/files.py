"""init, import, render, config, schema: what devenv reads and writes."""

from __future__ import annotations

from typing import Annotated

import typer

from devenv.cli.commands import call

FORMATS = ("yaml", "json")
KINDS = ("compose", "devcontainer")


def init(
    typed: typer.Context,
    directory: Annotated[str | None, typer.Argument(metavar="DIR", help="The repository; by default here.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print what would be written, and write nothing.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Overwrite files that are there.")] = False,
    wrapper: Annotated[
        bool, typer.Option("--wrapper", help="Only ./dev and what belongs to it, also beside a Compose file.")
    ] = False,
    no_wrapper: Annotated[bool, typer.Option("--no-wrapper", help="No ./dev.")] = False,
    wheel: Annotated[
        str | None,
        typer.Option(
            metavar="WHEEL",
            help="The devenv that ./dev runs: a file, or an address with #sha256=HEX; by default this one, "
            "whose package is put into the repository.",
        ),
    ] = None,
) -> int:
    """Look at a repository and write the devenv.yaml that a person would have written, a Dockerfile for development
    where there is none, and a ./dev with which the next person needs nothing installed. Each guess says in the file
    where it comes from. At a terminal it asks; nothing that is there is overwritten without a yes. Needs no engine.

    \b
    Examples:
      devenv init
      devenv init --dry-run ../shop
      devenv init --wrapper               this devenv's ./dev, anew
    """
    if wrapper and no_wrapper:
        raise typer.BadParameter("--wrapper and --no-wrapper exclude each other", param_hint="--wrapper")
    return call(
        typed, "init", directory, dry_run=dry_run, force=force, wrapper=wrapper, no_wrapper=no_wrapper, wheel=wheel
    )


def import_(
    typed: typer.Context,
    kind: Annotated[str, typer.Argument(metavar="compose|devcontainer", help="What is made a devenv.yaml of.")],
    files: Annotated[
        list[str] | None, typer.Argument(metavar="[FILE]...", help="These files; by default the project's own.")
    ] = None,
    print_: Annotated[bool, typer.Option("--dry-run", "--print", help="Print it, and write nothing.")] = False,
) -> int:
    """Make a devenv.yaml of the Compose files or of the devcontainer.json that a team has: what is a server of the
    catalogue says `use:`, all else stays as it is, comments too. Tells what is another than it was, what has no place
    in it, and what devenv can do now. Never overwrites. Needs no engine.

    \b
    Examples:
      devenv import compose
      devenv import compose --dry-run docker/compose.yml
      devenv import devcontainer       with the Compose files that it names
    """
    if kind not in KINDS:
        raise typer.BadParameter(f"`{kind}` is neither compose nor devcontainer", param_hint="compose|devcontainer")
    return call(typed, "import", kind, tuple(files or ()), print_=print_)


def render(
    typed: typer.Context,
    check: Annotated[bool, typer.Option("--check", help="Write nothing; end with 1 where a file differs.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Overwrite files that were edited by hand, too.")] = False,
    devcontainer: Annotated[
        bool, typer.Option("--devcontainer", help="A devcontainer.json beside a Compose file of your own.")
    ] = False,
) -> int:
    """Write the Compose and devcontainer files under .devcontainer/ from devenv.yaml. Needs no engine.

    \b
    Examples:
      devenv render
      devenv render --devcontainer for editors, beside your own compose.yaml
      devenv render --check        for CI: are the committed files what devenv.yaml says?
    """
    return call(typed, "render", check=check, force=force, devcontainer=devcontainer)


def config(
    typed: typer.Context,
    only: Annotated[list[str] | None, typer.Argument(metavar="[SERVICE]...", help="These and what they need.")] = None,
    format: Annotated[
        str, typer.Option("--format", metavar="yaml|json", help="How to print it; yaml by default.")
    ] = "",
    services: Annotated[bool, typer.Option("--services", help="Only the names of the services.")] = False,
    images: Annotated[bool, typer.Option("--images", help="Only the images.")] = False,
    volumes: Annotated[bool, typer.Option("--volumes", help="Only the names of the volumes.")] = False,
    networks: Annotated[bool, typer.Option("--networks", help="Only the names of the networks.")] = False,
    profiles: Annotated[bool, typer.Option("--profiles", help="Only the names of the profiles.")] = False,
    models: Annotated[bool, typer.Option("--models", help="Only the names of the models.")] = False,
    environment: Annotated[bool, typer.Option("--environment", help="Only the variables that `${…}` finds.")] = False,
    variables: Annotated[
        bool, typer.Option("--variables", help="Only the variables that the files name, with their defaults.")
    ] = False,
    no_interpolate: Annotated[
        bool, typer.Option("--no-interpolate", help="Leave every `${…}` as it is written.")
    ] = False,
    to: Annotated[str, typer.Option("-o", "--to", metavar="FILE", help="Write it to this file.")] = "",
    hash_: Annotated[
        str, typer.Option("--hash", metavar="SERVICE|*", help="Only Compose's hash of these services.")
    ] = "",
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print nothing: is it right?")] = False,
) -> int:
    """Print the stack as containers are made from it: merged, filled in, normalised, as `docker compose config` does.
    Needs no engine.

    \b
    Examples:
      devenv config
      devenv config --services
      devenv config --format json
      devenv config --hash '*'
      devenv config --no-interpolate -o whole.yaml
    """
    if format and format not in FORMATS:
        raise typer.BadParameter(f"`{format}` is neither yaml nor json", param_hint="--format")
    return call(
        typed, "config", only=tuple(only or ()), format=format, services=services, images=images, volumes=volumes,
        networks=networks, models=models, profiles=profiles, environment=environment, variables=variables,
        no_interpolate=no_interpolate, to=to, hash_=hash_, quiet=quiet,
    )  # fmt: skip


def schema(
    typed: typer.Context,
    compose: Annotated[
        bool, typer.Option("--compose", help="Of a Compose file with `x-devenv`, instead of devenv.yaml.")
    ] = False,
) -> int:
    """Print the JSON schema of devenv.yaml, for editors.

    \b
    Examples:
      devenv schema > devenv.schema.json
      devenv schema --compose > compose.schema.json
    """
    return call(typed, "schema", compose=compose)
