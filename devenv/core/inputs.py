"""What a plan is decided from beside stack and observation: what was asked for, the images, how things are made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from devenv.model.observed import ObservedContainer
from devenv.model.plan import Node
from devenv.model.stack import CopiedFile, Network, Service, Stack, Volume


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What `up` was asked for.

    `services` are those wanted, with all that they need; () is all. `force_recreate` makes their containers anew,
    changed or not (those of `services` alone, where it names some). `again` are services whose seeds are loaded
    again. `remove_orphans` removes containers of services that the stack no longer has. `no_start` only creates.
    `marks` are the labels (local folder, config file) by which editors find the workspace's container; None where there
    is nothing for them to open. `for_ide`: one is about to.
    """

    services: tuple[str, ...] = ()
    force_recreate: bool = False
    again: frozenset[str] = frozenset()
    remove_orphans: bool = False
    no_start: bool = False
    marks: tuple[str, str] | None = None
    for_ide: bool = False


class ImageChoices(Protocol):
    """Which image each service's container is created from, and what makes it: `core.resolve.Images`."""

    @property
    def use(self) -> Mapping[str, str]:
        """Service → image reference."""

    @property
    def nodes(self) -> tuple[Node, ...]:
        """What pulls and builds, each after what it needs."""

    @property
    def after(self) -> Mapping[str, tuple[str, ...]]:
        """Service → ids of `nodes` that must be done before its container is created; () where its image stays."""

    @property
    def causes(self) -> Mapping[str, str]:
        """Service → why its image changes."""

    @property
    def under(self) -> Mapping[str, str]:
        """Service → the image that Compose would create its container from, where devcontainer.json makes another of
        it."""


class Creator(Protocol):
    """How a stack's things are made, and whether a container is still what its service says."""

    def payload(self, service: Service) -> Mapping[str, Any]:
        """The body of the engine's create call; the first network is in it."""

    def connections(self, service: Service) -> tuple[tuple[str, Mapping[str, Any]], ...]:
        """(network name, endpoint) of every further network."""

    def changes(self, service: Service, container: ObservedContainer) -> tuple[str, ...]:
        """The keys in which `container` differs from what `service` says; () for none. Images are not compared."""

    def copies(self, service: Service) -> Mapping[str, CopiedFile]:
        """What is copied in before a start, by its path in the container."""

    def network_labels(self, network: Network) -> Mapping[str, str]: ...

    def volume_labels(self, volume: Volume) -> Mapping[str, str]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ComposeCreator:
    """`Creator` by `core.compose.create`. `proxies` are the proxy variables that go under each service's environment;
    `devcontainer` the values of the labels (local folder, config file) that the workspace's container gets, `logins`
    what a service that may speak to the engine logs in with (a `config.json`)."""

    stack: Stack
    proxies: Mapping[str, str] = field(default_factory=dict)
    devcontainer: tuple[str, str] | None = None
    logins: str = field(default="", repr=False)

    def payload(self, service: Service) -> Mapping[str, Any]:
        from devenv.core.compose import create

        workspace = service.name == self.stack.workspace.get("service")
        marks = self.devcontainer if workspace else None
        return create.payload(service, self.stack, proxies=self.proxies, devcontainer=marks)

    def connections(self, service: Service) -> tuple[tuple[str, Mapping[str, Any]], ...]:
        from devenv.core.compose import create

        return create.connections(service, self.stack)

    def changes(self, service: Service, container: ObservedContainer) -> tuple[str, ...]:
        from devenv.core.compose import create

        return create.changes(service, self.stack, container)

    def copies(self, service: Service) -> Mapping[str, CopiedFile]:
        from devenv.core.compose import create

        return create.copies(service, self.stack, logins=self.logins)

    def network_labels(self, network: Network) -> Mapping[str, str]:
        from devenv.core.compose import create

        return create.network_labels(network, self.stack)

    def volume_labels(self, volume: Volume) -> Mapping[str, str]:
        from devenv.core.compose import create

        return create.volume_labels(volume, self.stack)
