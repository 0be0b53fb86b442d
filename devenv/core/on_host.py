"""`up --except`: a service that a person runs on the host, say in a debugger, while the rest runs in containers.

In its place stands a forwarder, as its very container: same name, same networks and aliases, so that Compose and the
others see nothing new, and the next plain `up` (of devenv or of Compose) finds a container that is not what the
service says and makes the right one. A second container, Compose's "replica 2" of it, is in the host's network: only
from there is a server reached that listens on 127.0.0.1. The two share a volume, with one socket in it a port
(`run/forward.py`). Nothing of it is rendered.

Where the engine runs in a machine of its own (Docker Desktop, Colima) that network is not the host's. There the
forwarder goes to `host.docker.internal`, which these engines give their containers and which reaches servers on
127.0.0.1, too; this was written from their documents and not tried.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any

from devenv.core.inputs import Creator, ImageChoices
from devenv.core.nodes import Nodes
from devenv.core.selection import BESIDE, is_beside, one_shots, service_of
from devenv.core.selection import check as check_services
from devenv.model import labels
from devenv.model.errors import DevenvError, raise_all
from devenv.model.observed import Observed, ObservedContainer
from devenv.model.plan import CopyIn, CreateContainer, Remove, Start
from devenv.model.stack import SERVICE_COMPLETED, Grant, Need, OnHost, Ready, Secret, Service, Stack, Volume

IMAGE = "python:3.13-slim"
PROGRAM = "/opt/devenv/forward.py"
FOLDER = "/run/devenv"
HOST = "host.docker.internal"
_READY = Ready(kind="log", options={"pattern": "^ready$"}, timeout=30.0)
_KEPT = ("networks", "network_mode", "depends_on")
"""What the forwarder has of the service's own configuration."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """How this host is reached: the text of the forwarder's `program`, and `direct` as in `OnHost`."""

    program: str
    direct: bool = False


def excepted(stack: Stack, names: Collection[str], way: Way) -> Stack:
    """`stack` with a forwarder in place of each of `names`. Raises DevenvErrors (INPUT) for what has to be in one."""
    if not names:
        return stack
    check_services(stack, names)
    raise_all(error for name in sorted(names) if (error := _refusal(stack, stack.services[name])) is not None)
    services = {
        name: _forwarder(stack, service, way) if name in names else service for name, service in stack.services.items()
    }
    shared = {
        key: Volume(key=key, name=f"{stack.project}_{key}", config={"labels": {labels.ON_HOST: name}})
        for name in sorted(names)
        for key in (services[name].volumes)
    }
    return replace(stack, services=services, volumes={**stack.volumes, **shared})


def _refusal(stack: Stack, service: Service) -> DevenvError | None:
    name = service.name
    if service.config.get("network_mode") in ("host", "none"):
        return DevenvError(
            f"`{name}` cannot be left out with --except: it has no address of its own in the stack's network "
            f"(`network_mode: {service.config['network_mode']}`).",
            hint=f"`devenv stop {name}` stops its container; then start yours.",
            where=service.where,
        )
    if name in one_shots(stack.services):
        return DevenvError(
            f"`{name}` cannot be left out with --except: it is meant to end, and others wait for that.",
            hint="Leave out a service that stays.",
            where=service.where,
        )
    if name == stack.workspace.get("service"):
        return DevenvError(
            f"`{name}` cannot be left out with --except: it is the workspace, which an editor opens.",
            hint=f"`devenv stop {name}` stops it.",
            where=service.where,
        )
    return None


def ports(service: Service) -> dict[int, int]:
    """Each TCP port that `service` listens on in its network → where the host has it: where it was published, else the
    same number."""
    found: dict[int, int] = {}
    for port in service.config.get("ports") or ():
        if str(port.get("protocol", "tcp")).lower() == "tcp":
            published = str(port.get("published") or "")
            found.setdefault(int(port["target"]), int(published) if published.isdecimal() else int(port["target"]))
    for item in service.config.get("expose") or ():
        numbers, _, protocol = str(item).partition("/")
        first, _, last = numbers.partition("-")
        if protocol in ("", "tcp"):
            found |= {port: port for port in range(int(first), int(last or first) + 1) if port not in found}
    asked = [ready.options.get("port") for ready in service.ready if ready.kind in ("http", "tcp")]
    for given in (*asked, service.values.get("port")):
        if str(given).isdecimal():
            found.setdefault(int(str(given)), int(str(given)))
    return found


def _forwarder(stack: Stack, service: Service, way: Way) -> Service:
    """The service that stands in `service`'s place."""
    doors = ports(service)
    pairs = [f"{port}={behind}" for port, behind in doors.items()]
    key = f"{service.name}-on-host"
    place = HOST if way.direct else FOLDER
    config: dict[str, Any] = {
        **{name: service.config[name] for name in _KEPT if name in service.config},
        "image": IMAGE,
        "command": ["python", "-u", PROGRAM, "to" if way.direct else "in", place, *pairs],
        "entrypoint": None,
        "expose": [str(port) for port in doors],
        "labels": {labels.ON_HOST: json.dumps({str(port): behind for port, behind in doors.items()})},
        "restart": "unless-stopped",
        "stop_grace_period": "2s",
        "cap_drop": ["ALL"],
        "cap_add": ["NET_BIND_SERVICE"],
        # Two containers on one socket: SELinux would keep them apart.
        "security_opt": ["label=disable"],
    }
    if way.direct:
        config["extra_hosts"] = [f"{HOST}=host-gateway"]
    elif doors:
        config["volumes"] = [{"type": "volume", "source": key, "target": FOLDER, "volume": {}}]
    return Service(
        name=service.name,
        config=config,
        image=IMAGE,
        container_name=service.container_name,
        # It is there at once, whatever becomes of these; but who starts it wants them, too.
        needs=tuple(_loosely(need) for need in service.needs),
        ready=(_READY,),
        urls=service.urls,
        values=service.values,
        about=service.about,
        variables=service.variables,
        grants=(Grant(target=PROGRAM, content=Secret(value=way.program)),),
        on_host=OnHost(ports=doors, service=service, direct=way.direct),
        where=service.where,
    )


def _loosely(need: Need) -> Need:
    if need.condition == SERVICE_COMPLETED:  # the word by which the other is known as one that ends
        return Need(target=need.target, condition=SERVICE_COMPLETED, required=False)
    return Need(target=need.target, required=False)


def beside(service: Service) -> Service | None:
    """The second container of a forwarder, in the host's network; None where there is none."""
    if service.on_host is None or service.on_host.direct or not service.on_host.ports:
        return None
    dropped = ("networks", "depends_on", "expose", "cap_add")
    config = {key: value for key, value in service.config.items() if key not in dropped}
    command = ["out" if word == "in" else word for word in service.config["command"]]
    # With user namespaces the host's network is for those alone that are in the host's.
    config |= {"network_mode": "host", "userns_mode": "host", "command": command}
    return replace(service, config=config, container_name=service.container_name + BESIDE, needs=())


def plan_beside(
    nodes: Nodes,
    services: Mapping[str, Service],
    observed: Observed,
    images: ImageChoices,
    creator: Creator,
    *,
    no_start: bool = False,
) -> None:
    """Add what makes and starts the second containers of the forwarders among `services`, and what removes the volumes
    that two shared where there is no forwarder any more."""
    for service in services.values():
        one = beside(service)
        current = next((c for c in observed.containers if is_beside(c) and service_of(c) == service.name), None)
        if one is not None:
            _plan_one(nodes, one, current, observed, images, creator, no_start=no_start)
        for volume in observed.volumes:
            if volume.labels.get(labels.ON_HOST) == service.name and one is None:
                users = [c.name for c in observed.containers if volume.name in c.mounts.values()]
                gone = [f"remove:{service.name}", *(f"remove:container:{name}" for name in users)]
                step = Remove(kind="volume", name=volume.name)
                nodes.add(f"remove:volume:{volume.name}", step, "it was the forwarder's", nodes.has(gone))


def _plan_one(
    nodes: Nodes,
    one: Service,
    current: ObservedContainer | None,
    observed: Observed,
    images: ImageChoices,
    creator: Creator,
    *,
    no_start: bool,
) -> None:
    name, container = one.name, one.container_name
    image = images.use.get(name, one.image)
    there = observed.images.get(image)
    before: list[str] = []
    cause = "no container"
    if current is not None:
        changed = [f"{key} changed" for key in creator.changes(one, current)]
        if there is None or there.id != current.image_id:
            changed.append("image changed")
        if not changed and current.state == "running":
            return
        cause = ", ".join(changed) or f"ended with {current.exit_code}"
        if changed:
            before = [nodes.discard(current, cause)]
            current = None
    if current is None:
        payload = dict(creator.payload(one))
        # To Compose it is a second one of the service: seen, and removed with it.
        payload["Labels"] = {**payload["Labels"], labels.NUMBER: "2"}
        before += [*images.after.get(name, ()), *nodes.has(f"volume:{key}" for key in one.volumes)]
        step = CreateContainer(service=name, name=container, image=image, payload={**payload, "Image": image})
        before = [nodes.add(f"create:{name}:host", step, cause, before)]
        files = creator.copies(one)
        before = [nodes.add(f"copy:{name}:host", CopyIn(service=name, container=container, files=files), cause, before)]
    if not no_start:
        nodes.add(f"start:{name}:host", Start(service=name, container=container), cause, before)
