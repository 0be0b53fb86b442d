"""render, config, schema: what devenv reads and writes."""

from __future__ import annotations

from typing import Annotated

import typer

from devenv.cli.commands import call

FORMATS = ("yaml", "json")


def render(
    typed: typer.Context,
    check: Annotated[bool, typer.Option("--check", help="Write nothing; end with 1 where a file differs.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Overwrite files that were edited by hand, too.")] = False,
) -> int:
    """Write the Compose and devcontainer files under .devcontainer/ from devenv.yaml. Needs no engine.

    \b
    Examples:
      devenv render
      devenv render --check        for CI: are the committed files what devenv.yaml says?
    """
    return call(typed, "render", check=check, force=force)


def config(
    typed: typer.Context,
    only: Annotated[list[str] | None, typer.Argument(metavar="[SERVICE]...", help="These and what they need.")] = None,
    format: Annotated[str, typer.Option("--format", metavar="yaml|json", help="How to print it.")] = "yaml",
    services: Annotated[bool, typer.Option("--services", help="Only the names of the services.")] = False,
    images: Annotated[bool, typer.Option("--images", help="Only the images.")] = False,
    volumes: Annotated[bool, typer.Option("--volumes", help="Only the names of the volumes.")] = False,
    networks: Annotated[bool, typer.Option("--networks", help="Only the names of the networks.")] = False,
    profiles: Annotated[bool, typer.Option("--profiles", help="Only the names of the profiles.")] = False,
    environment: Annotated[bool, typer.Option("--environment", help="Only the variables that `${…}` finds.")] = False,
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
    """
    if format not in FORMATS:
        raise typer.BadParameter(f"`{format}` is neither yaml nor json", param_hint="--format")
    return call(
        typed, "config", only=tuple(only or ()), format=format, services=services, images=images, volumes=volumes,
        networks=networks, profiles=profiles, environment=environment, hash_=hash_, quiet=quiet,
    )  # fmt: skip


def schema(typed: typer.Context) -> int:
    """Print the JSON schema of devenv.yaml, for editors.

    \b
    Examples:
      devenv schema > devenv.schema.json
    """
    return call(typed, "schema")
