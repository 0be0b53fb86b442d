"""`devenv config`: the stack as it is read from its Compose files, the values of this host in it."""

from __future__ import annotations

import json
from typing import Any

from devenv.app.context import Context
from devenv.app.project import read_project
from devenv.app.session import default_name, find_values, tell_elsewhere
from devenv.app.stack import load_stack
from devenv.app.told import as_written
from devenv.app.values import given
from devenv.core.compose.hash import config_hash
from devenv.core.mask import mask_values
from devenv.model.errors import ExitCode
from devenv.model.stack import Stack


def config(
    ctx: Context,
    *,
    format: str = "yaml",
    services: bool = False,
    images: bool = False,
    volumes: bool = False,
    hash_: bool = False,
) -> int:
    """Print the normalised stack (`format` yaml or json), or the names of its services, images or volumes, or
    Compose's hash a service. No engine is needed: ports are those that are preferred or kept."""
    project = read_project(ctx)
    known = given(project)
    said = known.known("DEVENV_PROJECT" if project.own else "COMPOSE_PROJECT_NAME")
    name = ctx.project or said or default_name(project, known)
    tell_elsewhere(ctx, project.folder, name)
    with as_written(project):
        stack = load_stack(project, find_values(project, known, name, (), local=False), name)
    listed = {
        "services": services and [*stack.services],
        "images": images and [service.image for service in stack.services.values()],
        "volumes": volumes and [*stack.volumes],
        "hash": hash_ and [f"{name} {config_hash(service.config)}" for name, service in stack.services.items()],
    }
    asked = [line for lines in listed.values() if lines for line in lines]
    if any((services, images, volumes, hash_)):
        ctx.ui.print("\n".join(asked))
        return ExitCode.DONE
    secrets = [secret.value for secret in stack.secrets]
    ctx.ui.print(mask_values(_text(_model(stack), "json" if ctx.output == "json" else format), secrets))
    return ExitCode.DONE


def _model(stack: Stack) -> dict[str, Any]:
    return {
        "name": stack.project,
        "services": {name: dict(service.config) for name, service in stack.services.items()},
        "networks": {key: {"name": item.name, **item.config} for key, item in stack.networks.items()},
        "volumes": {key: {"name": item.name, **item.config} for key, item in stack.volumes.items()},
    }


def _text(model: dict[str, Any], format: str) -> str:
    if format == "json":
        return json.dumps(model, indent=2, ensure_ascii=False)
    import yaml

    return str(yaml.safe_dump(model, sort_keys=True, allow_unicode=True, width=120)).rstrip("\n")
