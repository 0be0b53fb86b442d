"""A plan as data: nodes, each one step with its cause and what must be done before it.

Decide, then do: `core.reconcile` returns a plan, `run.executor` walks it, and `Plan.text()` is what tests compare and
`up --dry-run` prints.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from devenv.model.devcontainer import Devcontainer
from devenv.model.stack import Build as BuildConfig
from devenv.model.stack import Check, CopiedFile, Hook, Ready, Seed

_LONG = 40
"""Characters from which on a cause is said once a service."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What a node does. `service` is the service it is shown under ("" for the project's own)."""

    service: str = ""

    @property
    def verb(self) -> str:
        return type(self).__name__

    @property
    def object(self) -> str:
        """What it is done to, in one word or two."""
        return self.service


@dataclass(frozen=True, slots=True, kw_only=True)
class Pull(Step):
    ref: str
    platform: str | None = None

    @property
    def object(self) -> str:
        return self.ref


@dataclass(frozen=True, slots=True, kw_only=True)
class Bootstrap(Step):
    """Make the base image `ref` of a Debian `suite` on the host and import it; `packages` are included in it."""

    ref: str
    suite: str
    labels: Mapping[str, str] = field(default_factory=dict)

    @property
    def object(self) -> str:
        return self.ref


@dataclass(frozen=True, slots=True, kw_only=True)
class Build(Step):
    """Build `build` and tag it `ref`. `bases` maps a `FROM` reference to the one that stands in for it in the copy of
    the Dockerfile that is sent. `trust` says that the host's private CA goes into what is built; `drop_syntax` that
    `# syntax=` is left out of that copy (else the engine's backend finds out whether its frontend can be had).
    `on` are images of other services that it is built on, whose IDs it is marked with. `folder`: the image is what is
    in `build.context` and nothing else; older ones of that folder go."""

    ref: str
    build: BuildConfig
    bases: Mapping[str, str] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)
    trust: bool = False
    drop_syntax: bool = False
    folder: bool = False
    on: tuple[str, ...] = ()

    @property
    def object(self) -> str:
        return self.ref


@dataclass(frozen=True, slots=True, kw_only=True)
class Derive(Step):
    """Build the workspace's image `ref` from `base`, its service's: with what `devcontainer` adds. How is decided when
    `base` is there, since its label and its user count. `user` is the service's own."""

    ref: str
    base: str
    devcontainer: Devcontainer
    labels: Mapping[str, str] = field(default_factory=dict)
    user: str = ""

    @property
    def verb(self) -> str:
        return "Build"

    @property
    def object(self) -> str:
        return self.ref


@dataclass(frozen=True, slots=True, kw_only=True)
class Tag(Step):
    source: str
    ref: str

    @property
    def object(self) -> str:
        return f"{self.source} as {self.ref}"


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateNetwork(Step):
    name: str
    config: Mapping[str, Any] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)

    @property
    def object(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectNetwork(Step):
    container: str
    network: str
    config: Mapping[str, Any] = field(default_factory=dict)

    @property
    def object(self) -> str:
        return f"{self.container} to {self.network}"


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateVolume(Step):
    name: str
    config: Mapping[str, Any] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)

    @property
    def object(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateContainer(Step):
    """Create `name` from `payload`, the body of the engine's POST /containers/create as far as it is known before the
    image is: the performer adds the image's ID to the labels, and what `devcontainer` and the image's own label say.
    `joins` is the service's configuration where it lives in another's namespace: Compose hashes it with that
    container's id, which is known only then."""

    name: str
    image: str
    payload: Mapping[str, Any] = field(repr=False)
    joins: Mapping[str, Any] | None = field(default=None, repr=False)
    devcontainer: Devcontainer | None = None

    @property
    def object(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True, kw_only=True)
class CopyIn(Step):
    """Put `files` (by their path in the container) into `container` before it starts."""

    container: str
    files: Mapping[str, CopiedFile] = field(repr=False)

    @property
    def object(self) -> str:
        return self.container


@dataclass(frozen=True, slots=True, kw_only=True)
class Start(Step):
    container: str

    @property
    def object(self) -> str:
        return self.container


@dataclass(frozen=True, slots=True, kw_only=True)
class Run(Step):
    """Start a one-shot and follow it to its end; any exit code but 0 is a failure. One that runs is joined, one
    that has ended with 0 meanwhile is left, but for `again`. `hook`: not the service itself is run but its `pre_start`
    hook with this number, from 1, in a container that is removed when it is through."""

    container: str
    again: bool = False
    hook: int = 0

    @property
    def object(self) -> str:
        return self.container


@dataclass(frozen=True, slots=True, kw_only=True)
class Exec(Step):
    """Run the hook `which` (`post_start 1`) in a container. Where a `post_start` fails, the container is stopped."""

    container: str
    hook: Hook
    which: str

    @property
    def object(self) -> str:
        return f"{self.which} in {self.container}"


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitReady(Step):
    """Look with every probe of `ready`, in order, until all are met. Empty `ready`: the container must run."""

    container: str
    ready: tuple[Ready, ...] = ()

    @property
    def object(self) -> str:
        return self.container


@dataclass(frozen=True, slots=True, kw_only=True)
class SeedData(Step):
    """Load one seed through the seeder `seeder`. `values` are the service's (user, database, …). `again` redoes it."""

    container: str
    seeder: str
    seed: Seed
    values: Mapping[str, str] = field(default_factory=dict)
    again: bool = False

    @property
    def verb(self) -> str:
        return "Seed"

    @property
    def object(self) -> str:
        return f"{self.container} with {self.seed.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class RunCheck(Step):
    """Walk a check of the manifest, as a user of the stack would. `values` are those of the services it names."""

    check: Check
    values: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    @property
    def verb(self) -> str:
        return "Check"

    @property
    def object(self) -> str:
        return self.check.name


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop(Step):
    """`timeout` is in seconds; None is the container's own."""

    container: str
    timeout: int | None = None

    @property
    def object(self) -> str:
        return self.container


@dataclass(frozen=True, slots=True, kw_only=True)
class Rename(Step):
    container: str
    name: str

    @property
    def object(self) -> str:
        return f"{self.container} to {self.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Remove(Step):
    """Remove a `container`, `network` or `volume` (`kind`). `destructive` where data goes with it: asked for in app.
    `volumes`: a container's anonymous volumes go too."""

    kind: str
    name: str
    destructive: bool = False
    volumes: bool = False

    @property
    def object(self) -> str:
        return f"{self.kind} {self.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """One step of a plan. `needs` are ids of nodes that must be Done before; `after` are ids that must have ended,
    however. `resource` names what two nodes must not hold at once ("" for none), e.g. `build`, `exec`."""

    id: str
    step: Step
    cause: str
    needs: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    resource: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Nodes in an order in which they could be done one by one. `orphans` are containers of the project that no
    service names: said, never touched unasked. `done` are one-shots that ran to their end and need not again."""

    nodes: tuple[Node, ...] = ()
    orphans: tuple[str, ...] = ()
    done: tuple[str, ...] = ()
    notices: tuple[str, ...] = ()

    def text(self) -> str:
        """One line a node: `[3] db: CreateContainer shop-db-1, no container (after 1, 2)`. Empty: `nothing to do`.
        A long cause is said once a service: `as [3]`."""
        if not self.nodes:
            return "nothing to do"
        number = {node.id: index for index, node in enumerate(self.nodes, 1)}
        lines = []
        causes: dict[tuple[str, str], int] = {}
        for node in self.nodes:
            first = causes.setdefault((node.step.service, node.cause), number[node.id])
            cause = f"as [{first}]" if first != number[node.id] and len(node.cause) > _LONG else node.cause
            before = ", ".join(str(number[n]) for n in sorted((*node.needs, *node.after), key=lambda n: number[n]))
            who = f"{node.step.service}: " if node.step.service else ""
            lines.append(
                f"[{number[node.id]}] {who}{node.step.verb} {node.step.object}, {cause}"
                + (f" (after {before})" if before else "")
            )
        return "\n".join(lines)

    @property
    def told(self) -> tuple[tuple[str, str, str, str, str], ...]:
        """The nodes as `RunStarted.nodes` tells them."""
        return tuple((n.id, n.step.service, n.step.verb, n.step.object, n.cause) for n in self.nodes)

    @property
    def needs(self) -> dict[str, tuple[str, ...]]:
        """What each node with needs waits for, as `RunStarted.needs` tells it."""
        return {n.id: (*n.needs, *n.after) for n in self.nodes if n.needs or n.after}

    @property
    def destructive(self) -> tuple[Node, ...]:
        return tuple(n for n in self.nodes if isinstance(n.step, Remove) and n.step.destructive)
