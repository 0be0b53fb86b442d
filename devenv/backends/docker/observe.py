"""Reading what exists: the engine's answers in, frozen types out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from devenv.backends.docker.client import Client, name, together
from devenv.model import labels
from devenv.model.observed import (
    EngineInfo,
    Inventory,
    ObservedContainer,
    ObservedImage,
    ObservedNetwork,
    ObservedVolume,
)


def info(client: Client) -> EngineInfo:
    """Who answers."""
    found: Mapping[str, Any] = client.call("GET", "/info", what="ask the engine about itself")
    security = " ".join(found.get("SecurityOptions") or ())
    system = str(found.get("OperatingSystem", ""))
    host = client.url.removeprefix("unix://") if client.url.startswith("unix://") else client.url
    return EngineInfo(
        id=str(found.get("ID") or host),
        version=str(client.version.get("Version", "")),
        api=client.api,
        os=str(client.version.get("Os", "linux")),
        arch=str(client.version.get("Arch", "")),
        host=client.url,
        local=client.url.startswith("unix://") or "//127." in client.url or "//localhost" in client.url,
        # Docker Desktop keeps its containers in a machine of its own: their addresses are as far as a rootless one's.
        rootless="name=rootless" in security or "Docker Desktop" in system,
        desktop="Docker Desktop" in system,
        buildkit=client.version.get("Os", "linux") == "linux",
        data_root=str(found.get("DockerRootDir", "")),
        memory=int(found.get("MemTotal") or 0),
        cpus=int(found.get("NCPU") or 0),
    )


def sweep(client: Client, project: str, names: Sequence[str], images: Sequence[str]) -> dict[str, Any]:
    """The fields of `Observed` but the engine's own. Four questions side by side, then what must be inspected."""
    mine = {"label": [f"{labels.PROJECT}={project}"]}
    asked: list[Callable[[], Any]] = [
        lambda: client.call("GET", "/containers/json", params={"all": True}, what="list containers"),
        lambda: client.call("GET", "/networks", params={"filters": mine}, what="list networks"),
        lambda: client.call("GET", "/volumes", params={"filters": mine}, what="list volumes"),
        lambda: together([_image_of(client, ref) for ref in dict.fromkeys(images)]),
    ]
    listed, networks, volumes, found = together(asked)
    wanted = set(names)
    own, held = [], []
    for entry in listed or ():
        if (entry.get("Labels") or {}).get(labels.PROJECT) == project:
            own.append(entry["Id"])
        elif wanted.intersection(n.lstrip("/") for n in entry.get("Names") or ()):
            held.append(entry["Id"])
    seen = [c for c in together([_container_of(client, identity) for identity in own + held]) if c is not None]
    strangers = set(held)
    return {
        "containers": tuple(sorted((c for c in seen if c.id not in strangers), key=lambda c: c.name)),
        "networks": tuple(sorted((network(n) for n in networks or ()), key=lambda n: n.name)),
        "volumes": tuple(sorted((volume(v) for v in (volumes or {}).get("Volumes") or ()), key=lambda v: v.name)),
        "images": {image.ref: image for image in found if image is not None},
        "held": {c.name: c for c in seen if c.id in strangers},
    }


def projects(client: Client) -> dict[str, tuple[ObservedContainer, ...]]:
    """See `protocols.Engine.projects`. From one list: what only an inspect tells (exit code, health) is not in it."""
    listed = client.call(
        "GET",
        "/containers/json",
        params={"all": True, "filters": {"label": [labels.PROJECT]}},
        what="list containers",
    )
    found: dict[str, list[ObservedContainer]] = {}
    for entry in listed or ():
        container = _listed(entry)
        found.setdefault(container.labels[labels.PROJECT], []).append(container)
    return {project: tuple(sorted(some, key=lambda c: c.name)) for project, some in sorted(found.items())}


def running(client: Client) -> tuple[ObservedContainer, ...]:
    """See `protocols.Engine.running`."""
    listed = client.call("GET", "/containers/json", what="list containers")
    return tuple(sorted((_listed(entry) for entry in listed or ()), key=lambda c: c.name))


def networks(client: Client) -> tuple[ObservedNetwork, ...]:
    """See `protocols.Engine.networks`."""
    listed = client.call("GET", "/networks", what="list networks")
    return tuple(sorted((network(entry) for entry in listed or ()), key=lambda n: n.name))


def data_folders(client: Client) -> dict[str, frozenset[str]]:
    """See `protocols.Engine.data_folders`."""
    filters = {"label": [labels.PROJECT, labels.FOLDER]}
    listed = client.call("GET", "/volumes", params={"filters": filters}, what="list volumes")
    found: dict[str, frozenset[str]] = {}
    for entry in (listed or {}).get("Volumes") or ():
        marks = volume(entry).labels
        project = marks[labels.PROJECT]
        found[project] = found.get(project, frozenset()) | {marks[labels.FOLDER]}
    return found


def inventory(client: Client) -> Inventory:
    """See `protocols.Engine.inventory`."""
    asked: list[Callable[[], Any]] = [
        lambda: client.call("GET", "/containers/json", params={"all": True}, what="list containers"),
        lambda: client.call("GET", "/volumes", what="list volumes"),
        lambda: client.call("GET", "/images/json", what="list images"),
    ]
    containers, volumes, images = together(asked)
    return Inventory(
        containers=tuple(sorted((_listed(c) for c in containers or ()), key=lambda c: c.name)),
        volumes=tuple(sorted((volume(v) for v in (volumes or {}).get("Volumes") or ()), key=lambda v: v.name)),
        images=tuple(sorted((i for each in images or () for i in _tagged(each)), key=lambda i: (i.ref, i.id))),
    )


def _tagged(found: Mapping[str, Any]) -> list[ObservedImage]:
    one = ObservedImage(
        ref="",
        id=found["Id"],
        labels=dict(found.get("Labels") or {}),
        digests=tuple(d for d in found.get("RepoDigests") or () if not d.startswith("<none>")),
        size=int(found.get("Size") or 0),
    )
    tags = [tag for tag in found.get("RepoTags") or () if not tag.startswith("<none>")]
    return [replace(one, ref=tag) for tag in tags] or [one]


def container(found: Mapping[str, Any]) -> ObservedContainer:
    """From GET /containers/{id}/json. `config` has the shape of a create call's body: the container's Config, with
    `HostConfig` and `NetworkingConfig` beside its keys."""
    state = found.get("State") or {}
    config = found.get("Config") or {}
    settings = found.get("NetworkSettings") or {}
    networks = settings.get("Networks") or {}
    health = state.get("Health") or {}
    checks = health.get("Log") or ()
    return ObservedContainer(
        id=found["Id"],
        name=str(found.get("Name", "")).lstrip("/"),
        image=str(config.get("Image", "")),
        image_id=str(found.get("Image", "")),
        state=str(state.get("Status", "")),
        labels=dict(config.get("Labels") or {}),
        exit_code=int(state.get("ExitCode") or 0),
        oom_killed=bool(state.get("OOMKilled")),
        error=str(state.get("Error") or ""),
        health="" if health.get("Status") in (None, "none") else str(health["Status"]),
        health_log=str(checks[-1].get("Output", "")).strip() if checks else "",
        pid=int(state.get("Pid") or 0),
        restart_count=int(found.get("RestartCount") or 0),
        created=str(found.get("Created", "")),
        started_at=str(state.get("StartedAt", "")),
        finished_at=str(state.get("FinishedAt", "")),
        networks={
            key: (str(end.get("NetworkID") or ""), str(end.get("IPAddress") or "")) for key, end in networks.items()
        },
        ports={
            key: tuple((str(b.get("HostIp", "")), int(b.get("HostPort") or 0)) for b in bound or ())
            for key, bound in (settings.get("Ports") or {}).items()
        },
        mounts=_mounts(found.get("Mounts") or ()),
        config={
            **config,
            "HostConfig": found.get("HostConfig") or {},
            "NetworkingConfig": {"EndpointsConfig": networks},
        },
    )


def network(found: Mapping[str, Any]) -> ObservedNetwork:
    ranges = (found.get("IPAM") or {}).get("Config") or ()
    return ObservedNetwork(
        id=found["Id"],
        name=found["Name"],
        driver=str(found.get("Driver", "")),
        labels=dict(found.get("Labels") or {}),
        subnets=tuple(str(r["Subnet"]) for r in ranges if r.get("Subnet")),
    )


def volume(found: Mapping[str, Any]) -> ObservedVolume:
    return ObservedVolume(
        name=found["Name"],
        driver=str(found.get("Driver", "")),
        labels=dict(found.get("Labels") or {}),
        created=str(found.get("CreatedAt") or ""),
    )


def image(client: Client, ref: str) -> ObservedImage | None:
    """What the engine has under `ref`, a reference or an id; None where it has nothing."""
    found = client.call("GET", f"/images/{name(ref)}/json", what=f"look at image {ref}", accept=(404,))
    if found is None:
        return None
    config = found.get("Config") or found.get("ContainerConfig") or {}
    return ObservedImage(
        ref=ref,
        id=found["Id"],
        labels=dict(config.get("Labels") or {}),
        digests=tuple(found.get("RepoDigests") or ()),
        layers=tuple((found.get("RootFS") or {}).get("Layers") or ()),
        size=int(found.get("Size") or 0),
        created=str(found.get("Created") or ""),
        tagged=str((found.get("Metadata") or {}).get("LastTagTime") or ""),
        config=config,
    )


def _image_of(client: Client, ref: str) -> Callable[[], ObservedImage | None]:
    return lambda: image(client, ref)


def _container_of(client: Client, identity: str) -> Callable[[], ObservedContainer | None]:
    def read() -> ObservedContainer | None:
        # None: removed since it was listed.
        found = client.call("GET", f"/containers/{identity}/json", what="inspect a container", accept=(404,))
        return None if found is None else container(found)

    return read


def _listed(entry: Mapping[str, Any]) -> ObservedContainer:
    networks = (entry.get("NetworkSettings") or {}).get("Networks") or {}
    ports: dict[str, tuple[tuple[str, int], ...]] = {}
    for port in entry.get("Ports") or ():
        key = f"{port['PrivatePort']}/{port['Type']}"
        published = ((str(port.get("IP", "")), int(port["PublicPort"])),) if port.get("PublicPort") else ()
        ports[key] = ports.get(key, ()) + published
    return ObservedContainer(
        id=entry["Id"],
        # A link gives a container a second name, with a slash inside.
        name=next((n.lstrip("/") for n in entry.get("Names") or () if "/" not in n.lstrip("/")), ""),
        image=str(entry.get("Image", "")),
        image_id=str(entry.get("ImageID", "")),
        state=str(entry.get("State", "")),
        labels=dict(entry.get("Labels") or {}),
        networks={
            key: (str(end.get("NetworkID") or ""), str(end.get("IPAddress") or "")) for key, end in networks.items()
        },
        ports=ports,
        mounts=_mounts(entry.get("Mounts") or ()),
    )


def _mounts(found: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    return {m["Destination"]: str(m.get("Name") or m.get("Source") or "") for m in found if m.get("Destination")}
