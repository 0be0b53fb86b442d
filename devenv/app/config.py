"""`devenv config`: the stack as it is read from its Compose files, the values of this host in it."""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import Any

from devenv.app.context import Context
from devenv.app.project import read_project
from devenv.app.session import default_name, find_values, load_naming, tell_elsewhere
from devenv.app.stack import load_model
from devenv.app.told import as_written
from devenv.app.values import given
from devenv.core.compose.documents import services_of
from devenv.core.compose.hash import config_hash
from devenv.core.compose.normalise import Normal
from devenv.core.compose.order import ordered, yaml_text
from devenv.core.compose.printed import as_json, as_yaml
from devenv.core.graph import reachable
from devenv.core.mask import mask_values
from devenv.core.suggest import did_you_mean
from devenv.host.files import write_atomic
from devenv.host.project import here
from devenv.model.errors import DevenvError, ExitCode, raise_all


def config(
    ctx: Context,
    *,
    only: tuple[str, ...] = (),
    format: str = "",
    services: bool = False,
    images: bool = False,
    volumes: bool = False,
    networks: bool = False,
    profiles: bool = False,
    models: bool = False,
    environment: bool = False,
    variables: bool = False,
    no_interpolate: bool = False,
    to: str = "",
    hash_: str = "",
    quiet: bool = False,
) -> int:
    """Print the normalised model (`format` json, else YAML) of the services `only` and what they need, of all by
    default; or one list of names, or Compose's hash of the service `hash_` ("*" for all), a line each;
    `no_interpolate`: the whole model with its `${…}` as they are written, `variables`: what these name. `to` is a file
    that takes the text in place of the standard output.

    No engine is needed: ports are those that are preferred or kept. What a devenv.yaml declares a secret is masked; a
    team's own Compose file is printed as Compose prints it, since other programs go on from there."""
    project = read_project(ctx)
    known = given(project)
    said = known.known("DEVENV_PROJECT" if project.own else "COMPOSE_PROJECT_NAME")
    name = ctx.project or said or default_name(project, known)
    tell_elsewhere(ctx, project.folder, name)
    if variables or no_interpolate:
        valued = {"--images": images, "--profiles": profiles, "--environment": environment, "--hash": bool(hash_)}
        for option in (option for option, asked in valued.items() if asked):
            raise DevenvError(
                f"`{option}` needs the values that `{'--variables' if variables else '--no-interpolate'}` leaves out.",
                hint="Give one of the two.",
            )
        from devenv.app.uninterpolated import text_of

        if only:
            option = "--variables" if variables else "--no-interpolate"
            ctx.ui.notice(f"{option} is about the whole model: services that are named count for nothing")
        lists = [kind for kind, asked in (("services", services), ("volumes", volumes), ("networks", networks),
                                          ("models", models)) if asked]  # fmt: skip
        chosen_format = "json" if ctx.output == "json" else format
        with as_written(project):
            text = text_of(project, known, name, format=chosen_format, variables=variables, keys=lists)
        return _given(ctx, text, to, quiet)
    with as_written(project):
        values, stack = load_naming(project, known, find_values(project, known, name, (), local=False), name, only)
        model = load_model(project, values, name)
        chosen = _chosen(model.normal, only)
        hashed = model.normal.services if hash_ == "*" else hash_.split(",") if hash_ else ()
        _known(model.normal, hashed)
    for line in (*(project.notices if project.theirs else ()), *model.notices):
        ctx.ui.notice(line)
    listed = {
        services: sorted(stack.services),
        images: [service.image for name, service in sorted(stack.services.items()) if name in chosen],
        volumes: [*model.normal.volumes],
        networks: [*model.normal.networks],
        models: [*model.normal.models],
        profiles: _profiles(model.document.value),
        environment: [f"{key}={value}" for key, value in sorted({**values, "COMPOSE_PROJECT_NAME": name}.items())],
        bool(hash_): [f"{each} {config_hash(model.normal.services[each])}" for each in sorted(hashed)],
    }
    secrets = [secret.value for secret in stack.secrets] if project.manifest is not None else []
    if True in listed:
        text = "\n".join(listed[True])
    elif ctx.output == "json" or format == "json":
        text = json.dumps(ordered(as_json(model, chosen), json=True), indent=2, ensure_ascii=False)
    else:
        text = yaml_text(ordered(as_yaml(model, chosen)))
    return _given(ctx, mask_values(text, secrets), to, quiet)


def _given(ctx: Context, text: str, to: str, quiet: bool) -> int:
    """`text` goes to the file `to`, or to the standard output."""
    if quiet or not text:
        return ExitCode.DONE
    if to:
        write_atomic(here() / to, f"{text}\n".encode())
    else:
        ctx.ui.print(text)
    return ExitCode.DONE


def _known(normal: Normal, names: Collection[str]) -> None:
    raise_all(
        DevenvError(
            f"There is no service `{name}`.",
            hint=did_you_mean(name, normal.services, what="Its services")
            or "`devenv config --services` lists them; a profile may have to be turned on.",
        )
        for name in names
        if name not in normal.services
    )


def _chosen(normal: Normal, only: Collection[str]) -> set[str]:
    """The services `only` and all that they need; every one where none is named."""
    _known(normal, only)
    needs = {name: [*(config.get("depends_on") or ())] for name, config in normal.services.items()}
    return reachable(needs, only or needs) & normal.services.keys()


def _profiles(document: Any) -> list[str]:
    named = (service.get("profiles") or () for service in services_of(document).values())
    return sorted({str(profile) for profiles in named for profile in profiles})
