"""What exists, read in one sweep and frozen: the other half of what a plan is decided from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineInfo:
    """Who answers. `buildkit` says whether `/build?version=2` works; `rootless` and `local` bound what the host
    reaches, `desktop` says that it is Docker Desktop's (which counts as rootless). `id` is the engine's own id,
    `data_root` its folder; `memory` in bytes.
    """

    id: str
    version: str
    api: str
    os: str
    arch: str
    host: str
    local: bool
    rootless: bool = False
    desktop: bool = False
    buildkit: bool = True
    data_root: str = ""
    memory: int = 0
    cpus: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ObservedContainer:
    """One container. `state` is the engine's word (created, running, restarting, exited, …); times are RFC 3339 text.

    `health` is the engine's verdict ("" without a healthcheck), `health_log` the last output of its check.
    `networks` maps network name to (network id, address); `ports` maps "80/tcp" to ((host ip, host port), …).
    `mounts` maps target path to volume name (named volumes) or source path (binds).
    """

    id: str
    name: str
    image: str
    image_id: str
    state: str
    labels: Mapping[str, str]
    exit_code: int = 0
    oom_killed: bool = False
    error: str = ""
    health: str = ""
    health_log: str = ""
    pid: int = 0
    restart_count: int = 0
    created: str = ""
    started_at: str = ""
    finished_at: str = ""
    networks: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    ports: Mapping[str, tuple[tuple[str, int], ...]] = field(default_factory=dict)
    mounts: Mapping[str, str] = field(default_factory=dict)
    config: Mapping[str, Any] = field(default_factory=dict)

    @property
    def running(self) -> bool:
        return self.state in ("running", "restarting", "paused")


@dataclass(frozen=True, slots=True, kw_only=True)
class ObservedNetwork:
    id: str
    name: str
    driver: str
    labels: Mapping[str, str]
    subnets: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ObservedVolume:
    name: str
    driver: str
    labels: Mapping[str, str]
    created: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ObservedImage:
    """An image the engine has: `id` is the image ID, `labels` those of its config, `layers` the digests of its layers
    (() where nobody says), `created` and `tagged` (when it got its name here) RFC 3339 text."""

    ref: str
    id: str
    labels: Mapping[str, str] = field(default_factory=dict)
    digests: tuple[str, ...] = ()
    layers: tuple[str, ...] = ()
    size: int = 0
    created: str = ""
    tagged: str = ""
    config: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerEntry:
    """A row of the seed ledger inside the data. `state` is `started` or `done`; `rows` is what it put there."""

    name: str
    digest: str
    state: str
    rows: int | None = None
    at: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    """One sweep: what carries the project's label (`containers`, `networks`, `volumes`), the images asked for that are
    there (by the reference asked), and strangers that hold a name we need (`held`: container name → container).

    `ready` and `ledgers` are looks at running services, made by the app beside the sweep; a service that was not
    looked at is not in them.
    """

    engine: EngineInfo
    containers: tuple[ObservedContainer, ...] = ()
    networks: tuple[ObservedNetwork, ...] = ()
    volumes: tuple[ObservedVolume, ...] = ()
    images: Mapping[str, ObservedImage] = field(default_factory=dict)
    held: Mapping[str, ObservedContainer] = field(default_factory=dict)
    ready: Mapping[str, bool] = field(default_factory=dict)
    ledgers: Mapping[str, Mapping[str, LedgerEntry]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Inventory:
    """All that is on an engine, whoever made it, as its lists tell it. An image is there once for each of its tags; one
    without a tag has "" for its reference."""

    containers: tuple[ObservedContainer, ...] = ()
    volumes: tuple[ObservedVolume, ...] = ()
    images: tuple[ObservedImage, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What a container has used of the machine at a moment: `at` and `cpu` in seconds (the latter since its start, all
    cores), `memory` without what the kernel may take back, in bytes like `received` and `sent` over its networks.
    `pids` counts threads as the engine does."""

    at: float
    cpu: float
    memory: int
    received: int = 0
    sent: int = 0
    pids: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class PathStat:
    """What is at a path in a container. `link` is what a symbolic link names, "" for anything else."""

    name: str
    directory: bool
    size: int = 0
    link: str = ""
