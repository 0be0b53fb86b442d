"""What has to happen to each service's container, and why; and what cannot be done without losing something."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from devenv.core.inputs import Creator, ImageChoices, Options
from devenv.core.replicas import replicas
from devenv.core.selection import Found, is_oneoff, needs, orphans, reached, service_of, shares
from devenv.model import labels
from devenv.model.errors import Conflict, DevenvError, ExitCode
from devenv.model.observed import Observed, ObservedContainer
from devenv.model.stack import Service, Stack

Action = Literal["create", "recreate", "start", "restart", "keep"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What is done about a container of a service, and the cause: `service` is the service as this one of its
    containers, `found` is what there is of it.

    `reuse`: the temporary one that a killed run left is just what is wanted. `renew`: the old container must be gone
    before new data are made, or a kill between the two would leave it as the witness of work on data that are lost.
    `because`: the services whose new start makes this one restart; it must be stopped before they are, for the same
    reason.
    """

    action: Action
    service: Service
    found: Found
    cause: str = ""
    reuse: bool = False
    renew: bool = False
    because: tuple[str, ...] = ()

    @property
    def made(self) -> bool:
        """Its container will be another than before."""
        return self.action in ("create", "recreate")

    @property
    def container(self) -> str:
        """The name of its container, as it will be."""
        current = self.found.current
        return self.service.container_name if self.made or current is None else current.name


Verdicts = Mapping[str, tuple[Verdict, ...]]
"""By service, one a container."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judge:
    """Compares. `mounts` and networks are looked at by what the engine says, all else by the creator. `renewed` are the
    networks that are made anew, by key, and why."""

    stack: Stack
    observed: Observed
    images: ImageChoices
    options: Options
    creator: Creator
    renewed: Mapping[str, str] = field(default_factory=dict)

    def verdict(self, service: Service, found: Found, *, one_shot: bool, before: Verdicts) -> Verdict:
        """About `service` as one of its containers, whose needs have the verdicts `before`."""
        reuse = found.temporary is not None and not self.differences(service, found.temporary)
        current = found.current
        if current is None:
            return Verdict(service=service, action="create", found=found, reuse=reuse, cause="no container")
        cause = ", ".join(self.differences(service, current))
        if current.state in ("dead", "removing"):
            cause = cause or f"its container is {current.state}"
        elif not cause and self._forced(service):
            cause, reuse = "asked for", False
        cause = cause or self._namespace(service, current, before)
        if cause:
            return Verdict(service=service, action="recreate", found=found, reuse=reuse, cause=cause)
        return self._kept(service, found, current, one_shot, before)

    def _kept(
        self,
        service: Service,
        found: Found,
        current: ObservedContainer,
        one_shot: bool,
        before: Verdicts,
    ) -> Verdict:
        if current.state == "created":
            return Verdict(service=service, action="start", found=found, cause="never started")
        if one_shot and current.running:
            return Verdict(service=service, action="start", found=found, cause="not at its end")
        if one_shot and current.exit_code == 0:
            fresh = next((name for name in self._behind(service) if self._new_data(name, current.finished_at)), "")
            if fresh:  # what it did there (a migration) is gone with the old data
                spent = Found(temporary=found.temporary, others=(current, *found.others))
                return Verdict(service=service, action="create", found=spent, cause=f"{fresh} has new data", renew=True)
            return Verdict(service=service, action="keep", found=found)
        if not current.running:
            return Verdict(service=service, action="start", found=found, cause=f"ended with {current.exit_code}")
        if current.state == "paused":
            return Verdict(service=service, action="restart", found=found, cause="paused")
        if current.state == "restarting" and not one_shot:
            # Between two of the engine's tries lies up to a minute; what was mended meanwhile is tried now.
            return Verdict(service=service, action="restart", found=found, cause="it keeps restarting")
        for name in shares(service):
            for other in self._sharing(current, before.get(name, ()))[:1]:
                if other.action != "keep" or _later(other.found.current, current):
                    cause = f"{name} was started after it"
                    return Verdict(service=service, action="restart", found=found, cause=cause, because=(name,))
        stirred = tuple(n.target for n in needs(service) if n.restart and _stirred(before.get(n.target, ())))
        if stirred:
            cause = f"{stirred[0]} is made anew or restarted"
            return Verdict(service=service, action="restart", found=found, cause=cause, because=stirred)
        return Verdict(service=service, action="keep", found=found)

    def _namespace(self, service: Service, current: ObservedContainer, before: Verdicts) -> str:
        """Why the namespace that `current` shares is not that of its neighbour as it will be; "" where it is."""
        for name in shares(service):
            there = before.get(name, ())
            others = self._sharing(current, there)
            if any(other.made for other in (others or there)[:1]):
                return f"{name}, whose namespace it shares, is made anew"
            if not others and any(other.found.current for other in there):
                return f"{name}, whose namespace it shares, was made anew"
        return ""

    @staticmethod
    def _sharing(current: ObservedContainer, others: tuple[Verdict, ...]) -> tuple[Verdict, ...]:
        """The one of `others`, the containers of a neighbour, in whose namespace `current` lives; () where it is none
        of them. Where that cannot be told it is the first."""
        kind, _, held = str((current.config.get("HostConfig") or {}).get("NetworkMode") or "").partition(":")
        if kind != "container":
            return others[:1]
        there = ((other, other.found.current) for other in others)
        return tuple(other for other, one in there if one is not None and held in (one.id, one.name))

    def _behind(self, service: Service) -> tuple[str, ...]:
        """All that `service` needs, and what these need: its work may lie in the data of any of them."""
        behind = reached(self.stack, [need.target for need in needs(service)])
        return tuple(name for name in self.stack.services if name in behind)

    def _new_data(self, name: str, since: str) -> bool:
        """Whether the data of the service `name` are not those that there were at `since`: a volume is gone, the
        container that had the nameless ones, or all that was seeded (volumes have no identity of their own). Nothing
        seeded in a container that was there before says only that it has its first seed now."""
        service = self.stack.services[name]
        if service.on_host is not None or not service.scale:
            return False
        volumes = [self.stack.volumes[key] for key in service.volumes if key in self.stack.volumes]
        there = {volume.name for volume in self.observed.volumes}
        if any(not volume.external and volume.name not in there for volume in volumes):
            return True
        mine = [each.found for each in replicas(service, self.observed)]
        later = mine[0].current is not None and mine[0].current.created > since
        if service.seeds and later and self.observed.ledgers.get(name, True) == {}:
            return True
        return self._nameless(service) and all(each.current is None and each.temporary is None for each in mine)

    def _nameless(self, service: Service) -> bool:
        """Whether it keeps data in volumes without a name, which go with its container."""
        image = self.observed.images.get(self.images.use.get(service.name, service.image))
        mounts = service.config.get("volumes") or ()
        said = {str(mount.get("target")) for mount in mounts if mount.get("source") or mount.get("type") != "volume"}
        asked = {str(mount.get("target")) for mount in mounts} | set(image.config.get("Volumes") or () if image else ())
        return bool(asked - said)

    def _forced(self, service: Service) -> bool:
        named = self.options.services
        return self.options.force_recreate and (not named or service.name in named)

    def _hidden(self, service: Service, container: ObservedContainer) -> bool:
        """Whether editors would not find the container of the workspace again, as devenv made it before there was a
        devcontainer.json. Compose's own is no other for that, until an editor is about to open it."""
        wanted = self.options.marks
        if wanted is None or service.name != self.stack.workspace.get("service") or service.on_host is not None:
            return False
        if labels.CONFIG not in container.labels and not self.options.for_ide:
            return False
        found = (container.labels.get(labels.DEVCONTAINER_FOLDER), container.labels.get(labels.DEVCONTAINER_CONFIG))
        return found != wanted and not _is_an_editors(container)

    def _left(self, service: Service, container: ObservedContainer) -> bool:
        """Whether `container` is left without what devcontainer.json would make of its image, as Compose made it and no
        editor is about to open it."""
        return service.name in self.images.under and not self.options.for_ide and is_composes(container)

    def differences(self, service: Service, container: ObservedContainer) -> tuple[str, ...]:
        """Why `container` is not what `service` says, each naming what differs; () where it is."""
        return tuple(self._differences(service, container))

    def _differences(self, service: Service, container: ObservedContainer) -> Iterator[str]:
        if (service.on_host is not None) != (labels.ON_HOST in container.labels):
            yield "asked for with --except" if service.on_host else "it ran on the host"
            return
        for key in self.creator.changes(service, container):
            yield f"{key} changed"
        if service.devcontainer is not None and _is_an_editors(container):
            pass  # made from an image of the editor's own, with all that devcontainer.json says
        elif self.images.after.get(service.name) and not self._left(service, container):
            yield self.images.causes.get(service.name) or "its image is made anew"
        else:
            use = self.images.under if self._left(service, container) else self.images.use
            image = self.observed.images.get(use.get(service.name, service.image))
            if image is not None and image.id != container.image_id:
                yield self.images.causes.get(service.name) or "image changed"
        if self._hidden(service, container):
            yield f"editors do not find it by its label {labels.DEVCONTAINER_CONFIG}"
        there = {network.name: network.id for network in self.observed.networks}
        for key in service.config.get("networks") or ():
            network = self.stack.networks[key]
            if network.name not in container.networks:
                yield f"not in network {network.name}"
                continue
            if key in self.renewed:
                yield f"network {network.name}: {self.renewed[key]}"
                continue
            identity = container.networks[network.name][0]
            if not network.external and network.name not in there:
                yield f"network {network.name} is gone"
            # A container that never ran has no id of its networks yet; an external network was not looked at.
            elif identity and network.name in there and identity != there[network.name]:
                yield f"network {network.name} was made anew"
        for mount in service.config.get("volumes") or ():
            if mount.get("type") == "volume" and mount.get("source") in self.stack.volumes:
                name = self.stack.volumes[mount["source"]].name
                if container.mounts.get(mount["target"]) != name:
                    yield f"volume {name} is not mounted"


def _stirred(verdicts: tuple[Verdict, ...]) -> bool:
    """Whether a service is not what it was for those that depend on it: not where it has only more containers."""
    again = any(verdict.action in ("recreate", "restart") for verdict in verdicts)
    return again or (bool(verdicts) and all(verdict.made for verdict in verdicts))


def is_composes(container: ObservedContainer) -> bool:
    """Whether Compose by itself made it: neither devenv nor an editor."""
    return labels.CONFIG not in container.labels and labels.DEVCONTAINER_CONFIG not in container.labels


def _is_an_editors(container: ObservedContainer) -> bool:
    return labels.DEVCONTAINER_CONFIG in container.labels and labels.CONFIG not in container.labels


def _later(one: ObservedContainer | None, other: ObservedContainer) -> bool:
    return one is not None and one.running and one.started_at > other.started_at


def refusals(
    stack: Stack, services: Mapping[str, Service], observed: Observed, verdicts: Verdicts, options: Options
) -> Iterator[DevenvError]:
    """What stands in the way and is not ours to move: names that others hold, data of another server, one port for
    several containers."""
    removed = orphans(stack, observed) if options.remove_orphans else ()
    volumes = {volume.name: volume for volume in observed.volumes}
    for service in services.values():
        for verdict in verdicts[service.name]:
            if verdict.made:
                yield from _names(verdict.service, observed, removed)
        if service.scale > 1 and any(verdict.action != "keep" for verdict in verdicts[service.name]):
            yield from _one_port(service)
        for key in service.volumes:
            volume = stack.volumes.get(key)
            there = volumes.get(volume.name) if volume else None
            if volume and there and volume.server and there.labels.get(labels.SERVER, volume.server) != volume.server:
                yield _other_server(service, volume.name, there.labels[labels.SERVER], volume.server)


def _names(service: Service, observed: Observed, removed: tuple[ObservedContainer, ...]) -> Iterator[DevenvError]:
    holder = observed.held.get(service.container_name)
    if holder is not None:
        yield _held(service, holder)
    for other in observed.containers:
        stranger = is_oneoff(other) or service_of(other) != service.name
        if other.name == service.container_name and stranger and other not in removed:
            yield _held_here(service, other)


def _one_port(service: Service) -> Iterator[DevenvError]:
    """The host has each port once: several containers need a range, or none that is fixed."""
    for port in service.config.get("ports") or ():
        published, target = str(port.get("published") or ""), port["target"]
        first, _, last = published.partition("-")
        if published.strip("0") and int(last or first) - int(first) + 1 < service.scale:
            end = int(first) + service.scale - 1
            yield DevenvError(
                f"{service.name} has {service.scale} containers, and {published} of this host is "
                f"{'too few ports' if last else 'one port'} for the {target} of each.",
                hint=f"Publish a port for each (`{first}-{end}:{target}`), any that are free (`{target}`), or none and "
                "reach them through the network.",
                where=service.where,
            )


def _held(service: Service, holder: ObservedContainer) -> DevenvError:
    project = holder.labels.get(labels.PROJECT)
    folder = holder.labels.get(labels.FOLDER) or holder.labels.get(labels.WORKING_DIR)
    whose = f" of project {project}" if project else ""
    place = f" in {folder}" if folder else ""
    return Conflict(
        f"{service.name} cannot have the container name {service.container_name}: a container{whose}{place} has it.",
        hint=f"Remove that one (`docker rm -f {service.container_name}`), or give this project another name with -p, "
        "or this service another container_name.",
        code=ExitCode.FAILED,
        where=service.where,
    )


def _held_here(service: Service, other: ObservedContainer) -> DevenvError:
    return Conflict(
        f"{service.name} cannot have the container name {service.container_name}: "
        f"the container of {service_of(other) or 'something else'} in this project has it.",
        hint=f"Remove that one (`docker rm -f {service.container_name}`"
        + ("" if is_oneoff(other) else ", or `devenv up --remove-orphans` where the stack no longer has it")
        + ").",
        code=ExitCode.FAILED,
        where=service.where,
    )


def _other_server(service: Service, volume: str, there: str, wanted: str) -> DevenvError:
    name, _, version = there.partition("/")
    return DevenvError(
        f"Volume {volume} holds data of {there}, and {service.name} is {wanted}: it would not start, or spoil them. "
        "Nothing was changed.",
        hint=f"Keep the data as they are: `use: {name}@{version}` in {service.name}. Or take them along: dump them "
        f"with {there} up, then `devenv reset {service.name}` and load the dump. Or begin anew: "
        f"`devenv reset {service.name}` deletes the data and seeds again.",
        code=ExitCode.FAILED,
        where=service.where,
    )
