"""The nodes of `up`: from what has to happen to each service to the steps that do it, each after what it needs."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from devenv.core import graph
from devenv.core.hooks import image_key
from devenv.core.inputs import Creator, ImageChoices, Options
from devenv.core.judge import Verdict, Verdicts
from devenv.core.nodes import Nodes
from devenv.core.selection import TEMPORARY, needs, service_of, shares
from devenv.model import labels
from devenv.model.observed import LedgerEntry, Observed, ObservedContainer
from devenv.model.plan import (
    ConnectNetwork,
    CopyIn,
    CreateContainer,
    CreateNetwork,
    CreateVolume,
    Remove,
    Rename,
    Run,
    SeedData,
    Start,
    Stop,
    WaitReady,
)
from devenv.model.stack import SERVICE_COMPLETED, SERVICE_HEALTHY, Need, Seed, Service, Stack

ANONYMOUS = re.compile(r"[0-9a-f]{64}")


@dataclass(slots=True, kw_only=True)
class UpPlanner:
    """Adds nodes service by service, in the order of needs. `services` are the chosen ones, `one_shots` those of them
    that are meant to end; `digests` are their seeds' as they are now, `causes` why these
    changed, `renewed` the networks that are made anew, by key, and why."""

    stack: Stack
    services: Mapping[str, Service]
    observed: Observed
    images: ImageChoices
    options: Options
    creator: Creator
    verdicts: Verdicts
    one_shots: frozenset[str]
    digests: Mapping[str, Mapping[str, str]]
    causes: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    renewed: Mapping[str, str] = field(default_factory=dict)
    nodes: Nodes = field(default_factory=Nodes)
    _freed: dict[int, list[tuple[str, str]]] = field(default_factory=dict)

    @property
    def _each(self) -> Iterator[Verdict]:
        for verdicts in self.verdicts.values():
            yield from verdicts

    def images_networks_volumes(self) -> None:
        """What makes the images of containers that are made here; networks and volumes that are missing."""
        wanted = {node for verdict in self._each if verdict.made for node in self._image(verdict.service.name)}
        for verdict in self._each:
            for index in range(len(verdict.service.pre_start) if verdict.action != "keep" else 0):
                wanted |= {*self.images.after.get(image_key(verdict.service.name, index), ())}
        edges = {node.id: (*node.needs, *node.after) for node in self.images.nodes}
        wanted = graph.reachable(edges, wanted)
        self.nodes.found.update({node.id: node for node in self.images.nodes if node.id in wanted})
        spent = self._spent()
        networks = {network.name for network in self.observed.networks}
        volumes = {volume.name for volume in self.observed.volumes}
        for service in (one for each in self.services.values() for one in (each, *each.pre_start)):
            for key in service.config.get("networks") or ():
                network = self.stack.networks[key]
                cause = self.renewed.get(key, "")
                if not network.external and (cause or network.name not in networks):
                    marks = self.creator.network_labels(network)
                    step = CreateNetwork(name=network.name, config=network.config, labels=marks)
                    gone = self._clear(key) if cause else ()
                    self.nodes.add(f"network:{key}", step, cause or "no network", gone)
            for key in service.volumes:
                volume = self.stack.volumes.get(key)
                if volume and not volume.external and volume.name not in volumes:
                    marks = self.creator.volume_labels(volume)
                    made = CreateVolume(name=volume.name, config=volume.config, labels=marks)
                    self.nodes.add(f"volume:{key}", made, "no volume", spent)

    def _clear(self, key: str) -> list[str]:
        """Take a network away whose options changed. Who is in it is stopped first and made anew after: a kill in
        between leaves the old containers, with their nameless volumes, to be replaced."""
        network, cause = self.stack.networks[key], self.renewed[key]
        before = []
        for verdict in self._each:
            name, mine = verdict.service.name, verdict.service.key
            for container in (verdict.found.current, verdict.found.temporary, *verdict.found.others):
                if container is not None and container.running and network.name in container.networks:
                    identities = [f"stop:{mine}", f"stop:container:{container.name}"]
                    if not self.nodes.has(identities):
                        stop = Stop(service=name, container=container.name)
                        images = self._image(name) if verdict.made else ()
                        self.nodes.add(identities[0], stop, f"network {network.name}: {cause}", images)
                    before += self.nodes.has(identities)
        step = Remove(kind="network", name=network.name)
        return [self.nodes.add(f"remove:network:{key}", step, cause, before)]

    def leftovers(self, orphans: Iterable[ObservedContainer], unwanted: Iterable[ObservedContainer] = ()) -> None:
        """Containers that stand for nothing: `orphans`, those of services that shall have none (`unwanted`), more than
        a service shall have, a temporary one that is no use."""
        for container in orphans:
            self._free(container, self.nodes.discard(container, "an orphan: no service has it"))
        for container in unwanted:
            self._free(container, self.nodes.discard(container, f"{service_of(container)} shall have no container"))
        for verdict in self._each:
            name = verdict.service.name
            for container in verdict.found.others:
                cause = verdict.cause if verdict.renew else more_than(verdict.service)
                if labels.ON_HOST in container.labels:
                    cause = f"{name} runs in a container again"
                self._free(container, self.nodes.discard(container, cause))
            temporary = verdict.found.temporary
            if temporary is not None and not (verdict.made and verdict.reuse):
                self.nodes.discard(temporary, "left by a run that was killed")

    def containers(self) -> None:
        """Make, replace and stop containers; all that frees a name or a port, and nothing that waits for others."""
        for verdict in self._each:
            service, current = verdict.service, verdict.found.current
            if verdict.action == "create":
                self._create(service, verdict)
            elif verdict.action == "recreate" and current is not None:
                self._recreate(service, verdict, current)
            elif verdict.action == "restart" and current is not None and not self.options.no_start:
                stop = Stop(service=service.name, container=current.name)
                # As long as what it restarts for is not there, it may as well go on.
                made = [
                    f"create:{other.service.key}"
                    for name in verdict.because
                    if not shares(self.services[name])
                    for other in self.verdicts[name]
                ]
                self._free(current, self.nodes.add(f"stop:{service.key}", stop, verdict.cause, self.nodes.has(made)))
        for verdict in self._each:
            for other in (other for name in verdict.because for other in self.verdicts[name]):
                key = other.service.key
                for stopped in self.nodes.has([f"stop:{key}", f"remove:{key}"])[:1]:
                    if f"stop:{verdict.service.key}" in self.nodes:
                        self.nodes.later(stopped, f"stop:{verdict.service.key}")

    def starts(self) -> None:
        """Start, wait and seed."""
        if not self.options.no_start:
            for verdicts in self.verdicts.values():
                for verdict in verdicts:
                    self._start(verdict.service, verdict)
                    self._ready(verdict.service, verdict)
                for verdict in verdicts[:1]:  # the data are the service's, whichever of its containers one asks
                    self._seeds(verdict.service, verdict)

    # One service

    def _spent(self) -> list[str]:
        """What removes the containers of one-shots whose work is lost: before there are data in which it is missing."""
        return self.nodes.has(f"remove:container:{c.name}" for v in self._each if v.renew for c in v.found.others)

    def _image(self, service: str) -> tuple[str, ...]:
        return self.images.after.get(service, ())

    def _create(self, service: Service, verdict: Verdict) -> None:
        name, temporary = service.container_name, verdict.found.temporary
        if temporary is not None and verdict.reuse:
            step = Rename(service=service.name, container=temporary.name, name=name)
            self.nodes.add(f"rename:{service.key}", step, "an earlier run was killed before it had its name")
            return
        # A temporary one that is no use any more may hold the anonymous volumes of the one that it was to replace.
        self._make(service, name, verdict.cause, temporary)

    def _recreate(self, service: Service, verdict: Verdict, current: ObservedContainer) -> None:
        """Under a temporary name until the old one is gone: whatever a kill leaves, one of the two is whole."""
        name, key, cause = service.name, service.key, verdict.cause
        # A container that goes by another name (made by an older Compose) is not in the way of the new one's.
        target = service.container_name + (TEMPORARY if current.name == service.container_name else "")
        made = [] if verdict.reuse else self._make(service, target, cause, current)
        if f"stop:{key}" in self.nodes:  # it stood in the way of its network
            made = [*made, f"stop:{key}"]
        elif current.running:
            stop = Stop(service=name, container=current.name)
            made = [self.nodes.add(f"stop:{key}", stop, cause, made)]
        removed = Remove(service=name, kind="container", name=current.name)
        gone = self.nodes.add(f"remove:{key}", removed, cause, made)
        self._free(current, gone)
        source = verdict.found.temporary.name if verdict.reuse and verdict.found.temporary else target
        if source != service.container_name:
            step = Rename(service=name, container=source, name=service.container_name)
            self.nodes.add(f"rename:{key}", step, cause, [gone])

    def _make(self, service: Service, name: str, cause: str, old: ObservedContainer | None) -> list[str]:
        networks = [f"network:{key}" for key in service.config.get("networks") or ()]
        volumes = [f"volume:{key}" for key in service.volumes]
        holders = [f"remove:container:{name}"]
        neighbours = {other: self.verdicts[other][0] for other in shares(service) if self.verdicts.get(other)}
        shared = [f"{verb}:{v.service.key}" for v in neighbours.values() for verb in ("create", "rename")]
        image = self.images.use.get(service.name, service.image)
        there = {self.stack.services[other].container_name: v.container for other, v in neighbours.items()}
        payload = {**joining(self.creator.payload(service), there), "Image": image}
        step = CreateContainer(
            service=service.name,
            name=name,
            image=image,
            payload=inherit(payload, old) if old else payload,
            joins=service.config if shares(service) or service.config.get("volumes_from") else None,
            devcontainer=service.devcontainer,
        )
        before = (*self._image(service.name), *self.nodes.has([*networks, *volumes, *holders, *shared]), *self._spent())
        made = [self.nodes.add(f"create:{service.key}", step, cause, before)]
        for network, config in self.creator.connections(service):
            join = ConnectNetwork(service=service.name, container=name, network=network, config=config)
            made.append(self.nodes.add(f"connect:{service.key}:{network}", join, cause, made[:1]))
        return made

    def _start(self, service: Service, verdict: Verdict) -> None:
        name, key, current = service.name, service.key, verdict.found.current
        if verdict.action == "keep":
            return
        container = verdict.container
        before = self.nodes.has([f"{verb}:{key}" for verb in ("rename", "remove", "stop", "create")])[:1]
        if before == [f"create:{key}"]:
            before += [identity for identity in self.nodes.found if identity.startswith(f"connect:{key}:")]
        # Two servers on the same data would spoil them.
        before += self.nodes.has([f"remove:container:{other.name}" for other in verdict.found.others])
        files = self.creator.copies(service)
        if files and not (verdict.action == "start" and current is not None and current.running):
            step = CopyIn(service=name, container=container, files=files)
            before = [self.nodes.add(f"copy:{key}", step, verdict.cause, before)]
        after = [node for port in _ports(service) for owner, node in self._freed.get(port, ()) if owner != name]
        for need in needs(service):
            (before if need.required else after).extend(self._met(need))
        if name in self.one_shots:
            self.nodes.add(f"run:{key}", Run(service=name, container=container), verdict.cause, before, after)
        else:
            self.nodes.add(f"start:{key}", Start(service=name, container=container), verdict.cause, before, after)

    def _met(self, need: Need) -> list[str]:
        """The nodes whose end meets `need`, one a container of its target; none where it is met already."""
        name = need.target
        found = []
        for verdict in self.verdicts.get(name, ()):
            key = verdict.service.key
            # A one-shot is one step from its start to its end, so who waits for its start waits for its end.
            identities = [f"run:{key}"]
            if need.condition == SERVICE_HEALTHY:
                seeds = self.services[name].seeds if verdict is self.verdicts[name][0] else ()
                identities += [*(f"seed:{name}:{i}" for i in reversed(range(len(seeds)))), f"ready:{key}"]
            if need.condition != SERVICE_COMPLETED:
                identities += [f"start:{key}"]
            found += self.nodes.has(identities)[:1]
        return found

    def _ready(self, service: Service, verdict: Verdict) -> None:
        name, key = service.name, service.key
        if name in self.one_shots:
            return
        before = self.nodes.has([f"start:{key}"])
        if before:
            cause = "started"
        elif key not in self.observed.ready and service.ready:
            cause = "not looked at yet"
        elif not self.observed.ready.get(key, True):
            cause = "not ready when looked at"
        else:
            return
        step = WaitReady(service=name, container=verdict.container, ready=service.ready)
        self.nodes.add(f"ready:{key}", step, cause, before)

    def _seeds(self, service: Service, verdict: Verdict) -> None:
        name = service.name
        # What a container that is stopped holds cannot be asked; its seeder will see, and skip what is done.
        ledger = self.observed.ledgers.get(name) if verdict.action == "keep" else None
        new = any(f"volume:{key}" in self.nodes for key in service.volumes)
        before = [*self.nodes.has([f"ready:{service.key}"]), *self._spent()]
        script = ""
        for index, seed in enumerate(service.seeds):
            again = name in self.options.again
            cause = self._seed_cause(seed, ledger, self.digests.get(name, {}).get(seed.name), new)
            if cause == f"{seed.name} changed":
                cause = self.causes.get(name, {}).get(seed.name, cause)
            if not cause and script:
                # SQL may drop and make the tables of later seeds: their seeder looks, and skips what is still there.
                cause = f"{script} runs before it"
            if (again or cause) and seed.kind == "sql":
                script = script or seed.name
            if again or cause:
                step = SeedData(
                    service=name,
                    container=verdict.container,
                    seeder=service.seeder or "",
                    seed=seed,
                    values=service.values,
                    again=again,
                )
                identity = self.nodes.add(f"seed:{name}:{index}", step, "asked for" if again else cause, before)
                before = [identity]

    @staticmethod
    def _seed_cause(seed: Seed, ledger: Mapping[str, LedgerEntry] | None, digest: str | None, new: bool) -> str:
        if ledger is None:
            return "new data" if new else "not looked at yet"
        entry = ledger.get(seed.name)
        if entry is None:
            return "not in the data"
        if digest is None:
            return "not compared yet"
        if entry.state != "done":
            return "begun and not ended"
        return "" if entry.digest == digest else f"{seed.name} changed"

    def _free(self, container: ObservedContainer, node: str) -> None:
        """Remember that the host ports of `container` are free once `node` is done."""
        for bound in container.ports.values():
            for _, port in bound:
                self._freed.setdefault(port, []).append((service_of(container), node))


def joining(payload: Mapping[str, Any], names: Mapping[str, str]) -> Mapping[str, Any]:
    """`payload` with the containers whose namespaces and volumes it shares under the names that they have: by what they
    are called in it, what they are really called."""
    names = {said: name for said, name in names.items() if said != name}
    if not names:
        return payload
    host = dict(payload.get("HostConfig") or {})
    for key in ("NetworkMode", "IpcMode", "PidMode"):
        kind, colon, name = str(host.get(key) or "").partition(":")
        if kind == "container" and name in names:
            host[key] = kind + colon + names[name]
    if host.get("VolumesFrom"):
        said = [str(item).partition(":") for item in host["VolumesFrom"]]
        host["VolumesFrom"] = [names.get(name, name) + colon + access for name, colon, access in said]
    return {**payload, "HostConfig": host}


def more_than(service: Service) -> str:
    """Why one of its containers goes: there are more than `service` asks for."""
    several = "the one container" if service.scale == 1 else f"the {service.scale} containers"
    return f"more than {several} of {service.name}"


def inherit(payload: Mapping[str, Any], old: ObservedContainer) -> Mapping[str, Any]:
    """`payload` with the anonymous volumes of `old` mounted again where it mounts nothing else: their data stays, as
    with Compose."""
    host = payload.get("HostConfig") or {}
    binds = list(host.get("Binds") or ())
    mounts = list(host.get("Mounts") or ())
    # A volume without a name, as `volumes: [/data]` asks for, is the very one that is to be mounted again.
    nameless = [mount for mount in mounts if mount.get("Type") == "volume" and not mount.get("Source")]
    taken = {str(bind).split(":")[1] for bind in binds if ":" in str(bind)} | set(host.get("Tmpfs") or ())
    taken |= {str(mount.get("Target")) for mount in mounts if mount not in nameless}
    kept = {t: v for t, v in sorted(old.mounts.items()) if ANONYMOUS.fullmatch(v) and t not in taken}
    if not kept:
        return payload
    again = {"Binds": [*binds, *(f"{volume}:{target}" for target, volume in kept.items())]}
    if nameless:
        again["Mounts"] = [m for m in mounts if m not in nameless or str(m.get("Target")) not in kept]
    return {**payload, "HostConfig": {**host, **again}}


def _ports(service: Service) -> list[int]:
    found = [str(port.get("published") or "") for port in service.config.get("ports") or ()]
    return [int(text) for text in found if text.isdecimal()]
