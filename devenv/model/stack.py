"""What shall exist: the rendered (or a team's own) Compose file, read back, normalised, this host's values in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from devenv.model.devcontainer import Devcontainer
from devenv.model.errors import DevenvError, Span

SERVICE_STARTED = "service_started"
SERVICE_HEALTHY = "service_healthy"
SERVICE_COMPLETED = "service_completed_successfully"
SERVICE_PREFIX = "service:"
"""How a value names another service: `service:db`."""
IMAGE_PREFIX = "docker-image://"
"""How a build's additional context names an image."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Secret:
    """A value that must never be seen: its repr and str are `***`."""

    value: str = field(repr=False)

    def __repr__(self) -> str:
        return "***"

    def __str__(self) -> str:
        return "***"


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """`target` must have met `condition` (Compose's own words) before the service that says so starts."""

    target: str
    condition: str = SERVICE_STARTED
    required: bool = True
    restart: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """One condition for "can be used". `kind` is a key of the table of probes, `options` what that probe takes.

    `timeout` is in seconds, counted from the start of the container.
    """

    kind: str
    options: Mapping[str, Any]
    timeout: float = 120.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Seed:
    """One unit of data: loaded whole or not at all, once per data.

    `name` is its identity in the ledger (the path as written in the manifest, by default). `kind` is one of
    `core.seeds.SEEDS`; `file` is absolute, "" for generated rows. `table` is set for data seeds, which own it.
    `options` holds what the kind takes (`delimiter`, `columns`, `null`, …), part of the digest. `children` are later
    seeds of the same service whose generated rows hold keys of this one's table, each after those that refer to it.
    `origin` is what generated rows are made of (a digest of their own `rules`, the `scale`), to tell what changed.
    """

    name: str
    kind: str
    file: str
    table: str | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    transactional: bool = True
    children: tuple[Seed, ...] = ()
    origin: Mapping[str, str] = field(default_factory=dict)
    where: Span | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildSecret:
    """What a RUN step may mount by `id` while it runs: the content of `file` (absolute), or `content`."""

    id: str
    file: str = ""
    content: Secret | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Build:
    """A Compose `build`, with absolute paths. `dockerfile` is relative to `context`, or inline text in `inline`.
    A `context` of "" (devenv's own builds) is an empty one; a git or web address stands as it was written.

    `contexts` are the additional ones by name: an absolute folder, `docker-image://…`, `service:…` or an address.
    `cache_inline`: the image carries its cache. `ssh` maps an id to a socket or key ("" is the agent of the shell).
    `shm_size` is in bytes, `ulimits` map a name to (soft, hard), `extra_hosts` are `name=address`, `tags` further names
    of the image. `refusals` are raised when it is to be built."""

    context: str
    dockerfile: str = "Dockerfile"
    inline: str | None = None
    args: Mapping[str, str] = field(default_factory=dict)
    target: str | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    platform: str | None = None
    network: str | None = None
    no_cache: bool = False
    no_cache_filter: tuple[str, ...] = ()
    contexts: Mapping[str, str] = field(default_factory=dict)
    cache_from: tuple[str, ...] = ()
    cache_inline: bool = False
    extra_hosts: tuple[str, ...] = ()
    pull: bool = False
    privileged: bool = False
    secrets: tuple[BuildSecret, ...] = ()
    ssh: Mapping[str, str] = field(default_factory=dict)
    shm_size: int = 0
    tags: tuple[str, ...] = ()
    ulimits: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    refusals: tuple[DevenvError, ...] = ()
    where: Span | None = None

    def place(self, ref: str) -> str | None:
        """What the Dockerfile means by `ref` where it is one of `contexts`; None: it is an image's name. By BuildKit's
        rule `FROM alpine:latest` and `FROM docker.io/library/alpine` both mean the context `alpine`."""
        name = ref.lower().removeprefix("docker.io/").removeprefix("library/").removesuffix(":latest")
        return next((place for known, place in self.contexts.items() if known.lower() == name), None)

    @property
    def context_names(self) -> frozenset[str]:
        """The names of `contexts`, in lower case as stages are called."""
        return frozenset(name.lower() for name in self.contexts)


CopiedFile = tuple[bytes, int] | tuple[bytes, int, int, int]
"""A file that is put into a container: content, permissions and, where it is not root's, the owner's uid and gid."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """A secret or config as one service sees it, at the absolute path `target` in the container.

    `source` is the file on the host that is mounted there read-only; where the value comes from a variable or stands
    in the Compose file, `content` is copied in before each start instead, with the permissions `mode` and the owner
    `uid` and `gid`.
    """

    target: str
    source: str | None = None
    content: Secret | None = None
    mode: int = 0o444
    uid: int = 0
    gid: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Hook:
    """A command that is run inside a container after its start or before its stop. "" for user and folder: the
    container's; `environment` goes over its own."""

    command: tuple[str, ...]
    user: str = ""
    privileged: bool = False
    workdir: str = ""
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class OnHost:
    """A service that a person runs on the host instead (`up --except`). `ports` maps each port that it listens on in
    the network to the host's, where the person's process shall listen; `service` is what the manifest says.

    `direct`: the engine gives containers an address of the host (`host.docker.internal`); else they reach it through a
    second container in the host's own network.
    """

    ports: Mapping[int, int]
    service: Service
    direct: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """One service.

    `config` is the normalised Compose service, as `docker compose config --format json` prints it (but for a `$`, which
    Compose doubles): containers are created from it and Compose's hash is taken over it. The other fields are what
    devenv plans with.
    `image` is what the container is created from (`<project>-<service>` where it is built); `official` is the image
    as the manifest named it where `image` is a substitute or a built one.
    `seeder` is a key of the table of seeders, `server` is `postgres/17` and the like, put on the data volume.
    `urls` are the host's addresses by label, passwords included (mask before showing).
    `variables` are the host values that devenv chose (`DEVENV_…`, no secrets) and that the service's own text names.
    `content` is what a one-shot is given to read: path in the container → digest of what is mounted there (put in by
    the app; it is part of what the container is, so that the one-shot runs again when it changes).
    `on_host` is set where all else describes the forwarder that stands in for it (`core.on_host`).
    `seccomp` maps an option that names a seccomp profile to what the engine is told in its place.
    `scale` is how many containers it has. A plan looks at each as a service of its own, which differs in `number`
    (from 1, Compose's) and `container_name` (`core.replicas`).
    `devcontainer` is what devcontainer.json adds to the workspace's container: Compose knows nothing of it.
    `post_start` and `pre_stop` are hooks inside its containers; `pre_start` are containers that run to their end before
    the first of its own is started, each described as a service of the same name.
    """

    name: str
    config: Mapping[str, Any]
    image: str
    container_name: str
    build: Build | None = None
    official: str | None = None
    needs: tuple[Need, ...] = ()
    ready: tuple[Ready, ...] = ()
    seeds: tuple[Seed, ...] = ()
    seeder: str | None = None
    values: Mapping[str, str] = field(default_factory=dict)
    server: str | None = None
    data: str | None = None
    one_shot: bool = False
    use: str | None = None
    urls: Mapping[str, str] = field(default_factory=dict)
    about: Mapping[str, Any] = field(default_factory=dict)
    variables: Mapping[str, str] = field(default_factory=dict)
    grants: tuple[Grant, ...] = ()
    content: Mapping[str, str] = field(default_factory=dict)
    on_host: OnHost | None = None
    seccomp: Mapping[str, str] = field(default_factory=dict)
    scale: int = 1
    number: int = 1
    devcontainer: Devcontainer | None = None
    pre_start: tuple[Service, ...] = ()
    post_start: tuple[Hook, ...] = ()
    pre_stop: tuple[Hook, ...] = ()
    where: Span | None = None

    @property
    def key(self) -> str:
        """What one of its containers is called in a plan: the service's name; `web:2` where it may have several."""
        return self.name if self.scale == 1 else f"{self.name}:{self.number}"

    @property
    def container_names(self) -> tuple[str, ...]:
        """The names of its containers, number by number."""
        first = self.container_name.removesuffix("-1")
        return (self.container_name, *(f"{first}-{n}" for n in range(2, self.scale + 1)))[: self.scale]

    @property
    def own(self) -> Service:
        """The service as the manifest says it, whatever stands in for it."""
        return self.on_host.service if self.on_host else self

    @property
    def volumes(self) -> tuple[str, ...]:
        """Keys of the named volumes it mounts, in order of first use."""
        found = [m["source"] for m in self.config.get("volumes") or () if m.get("type") == "volume" and m.get("source")]
        return tuple(dict.fromkeys(found))


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """A network by key; `name` is the engine's. An external one is never made or removed."""

    key: str
    name: str
    config: Mapping[str, Any] = field(default_factory=dict)
    external: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Volume:
    """A named volume by key; `name` is the engine's. `server` says whose data it holds, where known."""

    key: str
    name: str
    config: Mapping[str, Any] = field(default_factory=dict)
    external: bool = False
    server: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """A named command in a service (`devenv run NAME`)."""

    name: str
    service: str
    command: tuple[str, ...]
    description: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckStep:
    """One request of a check. `kind` is `http`, `sql` or `exec`, `options` what it takes, `expect` what must come back,
    `take` the values of the answer that later steps may name. It is tried again for `within` seconds; one answer may
    take `timeout` seconds. `hint` says what to do where it does not hold."""

    kind: str
    options: Mapping[str, Any]
    expect: Mapping[str, Any] = field(default_factory=dict)
    take: Mapping[str, str] = field(default_factory=dict)
    within: float = 0.0
    timeout: float = 10.0
    name: str = ""
    hint: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """A critical path: its steps one after the other. `finally_` are walked at the end, whether the steps held or not,
    so that nothing of the check is left behind."""

    name: str
    steps: tuple[CheckStep, ...]
    finally_: tuple[CheckStep, ...] = ()
    description: str = ""
    where: Span | None = None

    @property
    def all_steps(self) -> tuple[CheckStep, ...]:
        """The steps, and after them those of `finally`."""
        return (*self.steps, *self.finally_)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stack:
    """The whole. `folder` is the repository, `working_dir` the Compose project's directory, `files` its config files.

    `variables` are the host values that devenv chose and that the file names (`DEVENV_…`), as interpolated.
    `left_out` are services of the file whose profile is not active: their containers are no orphans. `models` are
    the language models that services use, as a model runner is told. `notices` are
    lines that a person should see: what Compose warns of, and what the files say in vain; `unmakeable` is what they say
    rightly and nothing can be made of. `env_files` are those that were named in place of `.env`;
    `looked_up` are the variables that the services' own `env_file`s name.
    """

    project: str
    folder: str
    working_dir: str
    files: tuple[str, ...]
    services: Mapping[str, Service]
    networks: Mapping[str, Network]
    volumes: Mapping[str, Volume]
    tasks: Mapping[str, Task] = field(default_factory=dict)
    checks: Mapping[str, Check] = field(default_factory=dict)
    workspace: Mapping[str, Any] = field(default_factory=dict)
    about: Mapping[str, Any] = field(default_factory=dict)
    variables: Mapping[str, str] = field(default_factory=dict)
    secrets: tuple[Secret, ...] = ()
    left_out: tuple[str, ...] = ()
    models: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    notices: tuple[str, ...] = ()
    unmakeable: tuple[DevenvError, ...] = ()
    env_files: tuple[str, ...] = ()
    looked_up: frozenset[str] = frozenset()
