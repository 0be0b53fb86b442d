"""The variables of a rendered Compose file, read back from it: what `render` says of them where the manifest can be
read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from devenv.core import longform, ports
from devenv.core.compose import interpolate
from devenv.core.compose.grants import secret_names
from devenv.core.render.compose import GID, PROJECT, UID
from devenv.core.rendered import Kind, Variable
from devenv.core.seeds import SCALE
from devenv.model.manifest import Document

_KINDS: Mapping[str, Kind] = {PROJECT: "project", UID: "uid", GID: "gid"}


def variables(document: Document) -> tuple[Variable, ...]:
    """Every variable that `document`, a rendered file, names, each once, as `core.render` gives them; but what it says
    of a variable's place (`where`) is a place in this file."""
    found: dict[str, Variable] = {}
    for variable in _ours(document):
        found.setdefault(variable.name, variable)
    for name in sorted(secret_names([document.value])):
        found.setdefault(name, Variable(name=name, kind="secret", required=True))
    for item in interpolate.names(document):
        if item.name in _KINDS:
            found.setdefault(item.name, Variable(name=item.name, kind=_KINDS[item.name], default=item.default))
        elif item.name != "COMPOSE_PROJECT_NAME":  # Compose gives it a value by itself
            required = item.required and item.name != SCALE
            found.setdefault(
                item.name,
                Variable(name=item.name, kind="user", default=item.default, required=required, where=item.where),
            )
    for name, service in _services(document):
        for key, given in longform.pairs(service.get("environment")).items():
            if given is None:
                where = document.where(("services", name, "environment", key))
                found.setdefault(key, Variable(name=key, kind="user", passed=True, where=where))
    return tuple(found.values())


def _ours(document: Document) -> Iterator[Variable]:
    """Images and ports that devenv chooses."""
    for name, service in _services(document):
        image = ports.image_variable(name)
        default = _default(service.get("image"), image)
        if default is not None:
            yield Variable(name=image, kind="image", default=default, service=name, ref=default)
        for port in longform.ports(service.get("ports")):
            if not isinstance(port, Mapping) or not str(port.get("target")).isdigit():
                continue
            target, protocol = int(port["target"]), str(port.get("protocol", "tcp"))
            variable = ports.port_variable(name, target, protocol)
            preferred = _default(port.get("published"), variable)
            if preferred is not None and preferred.isdigit():
                yield Variable(
                    name=variable, kind="port", default=preferred, service=name, container_port=target,
                    protocol=protocol, preferred=int(preferred),
                )  # fmt: skip


def _default(text: object, variable: str) -> str | None:
    """The default in `text`, where that is a reference to `variable` and nothing else."""
    opening = "${" + variable + ":-"
    written = str(text)
    if not (written.startswith(opening) and written.endswith("}")):
        return None
    return written[len(opening) : -1].replace("$$", "$")


def _services(document: Document) -> Iterator[tuple[str, Mapping[str, Any]]]:
    services = document.value.get("services") if isinstance(document.value, Mapping) else None
    for name, service in services.items() if isinstance(services, Mapping) else ():
        if isinstance(service, Mapping):
            yield str(name), service
