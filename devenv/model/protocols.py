"""The seams. `run` knows engines, probes, seeders, clocks and hosts only by these; `backends`, `extensions` and `host`
implement them. Kept narrow: widened when a verb needs it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from devenv.model.observed import (
    EngineInfo,
    Inventory,
    LedgerEntry,
    Observed,
    ObservedContainer,
    ObservedImage,
    ObservedNetwork,
    PathStat,
    Usage,
)
from devenv.model.plan import Build
from devenv.model.stack import CopiedFile, Ready, Seed

if TYPE_CHECKING:
    from ipaddress import IPv4Network


class Cancel(Protocol):
    """Told once, heard everywhere."""

    @property
    def cancelled(self) -> bool: ...

    def wait(self, seconds: float) -> bool:
        """Sleep up to `seconds`; True as soon as it is cancelled."""

    def on_cancel(self, call: Callable[[], None]) -> Callable[[], None]:
        """Call `call` when cancelled (at once if it is already). Returns what takes it back."""


class Report(Protocol):
    """How a step tells of itself while it runs; the executor makes events of it."""

    def progress(self, current: int = 0, total: int = 0, unit: str = "", text: str = "") -> None: ...

    def log(self, line: str, stream: str = "stdout") -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ExecResult:
    """`output` is at most the last 64 KiB of stdout, `errors` of stderr."""

    exit_code: int
    output: bytes = b""
    errors: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class InnerFile:
    """A file in a container, links followed: its `head` (at most 64 KiB), `mode` its permissions. A `folder` has no
    head."""

    head: bytes
    mode: int = 0o644
    folder: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class LogLine:
    """`at` is RFC 3339 text where timestamps were asked for."""

    container: str
    line: str
    stream: str = "stdout"
    at: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trust:
    """What a build or container needs of this host to reach the network: `certificates` is PEM text of the private CAs
    ("" for none), `proxies` the proxy variables (upper case names)."""

    certificates: str = ""
    proxies: Mapping[str, str] = field(default_factory=dict)


class Engine(Protocol):
    """A container engine. All methods block. Errors are DevenvError: code UNFIT where the engine cannot be reached or
    does not answer, FAILED where it refuses; `NotFound` and `Conflict` below where the caller must tell them apart."""

    @property
    def info(self) -> EngineInfo: ...

    def observe(self, project: str, *, names: Sequence[str] = (), images: Sequence[str] = ()) -> Observed:
        """One sweep: all containers (also stopped), networks and volumes of `project`, whoever else holds one of
        `names`, and which of `images` are there."""

    def projects(self) -> Mapping[str, tuple[ObservedContainer, ...]]:
        """Every container that carries a Compose project label, by project: who holds a project name."""

    def running(self) -> tuple[ObservedContainer, ...]:
        """Every container that runs now, of any project or none: who has a port. As listed, not inspected."""

    def networks(self) -> tuple[ObservedNetwork, ...]:
        """Every network, of any project or none."""

    def data_folders(self) -> Mapping[str, frozenset[str]]:
        """The folders whose data volumes hold (label FOLDER), by project: who comes back to a name when it is down."""

    def inventory(self) -> Inventory:
        """All containers, volumes and images: for who must tell what is devenv's from what is not."""

    def inspect(self, container: str) -> ObservedContainer:
        """By name or id. Raises NotFound."""

    def image(self, ref: str) -> ObservedImage | None: ...

    def registry_has(self, ref: str, timeout: float) -> bool | None:
        """Whether a registry offers `ref`, asked through the engine; None where none answers in `timeout` seconds."""

    def registry_digest(self, ref: str, timeout: float) -> str | None:
        """The digest (`sha256:…`) that a registry offers `ref` with; "" where it does not offer it, None where none
        answers in `timeout` seconds. A registry that was silent once is not asked again."""

    def pull(self, ref: str, *, platform: str | None = None, report: Report, cancel: Cancel) -> str:
        """Returns the image ID."""

    def build(self, step: Build, *, trust: Trust, report: Report, cancel: Cancel) -> str:
        """Build as the step says, `.dockerignore` applied by us; BuildKit where the engine has it, else the classic
        builder. Returns the image ID. A failed step raises DevenvError with the Dockerfile line and the last 20 lines
        of its output in `BuildFailed.log`."""

    def import_image(self, ref: str, tar: Iterable[bytes], *, labels: Mapping[str, str], cancel: Cancel) -> str:
        """A root file system as an image. Returns the image ID."""

    def tag(self, source: str, ref: str) -> None: ...

    def remove_image(self, ref: str) -> None:
        """A reference, or an id without one. Gone already is done. Raises Conflict where a container uses it."""

    def create_network(
        self, name: str, config: Mapping[str, Any], labels: Mapping[str, str], *, avoid: Sequence[IPv4Network] = ()
    ) -> str:
        """`config` is the normalised Compose network. Returns its id. One of the same project and name is kept.
        Where `config` names no subnet it gets one that overlaps none of `avoid`."""

    def connect_network(self, container: str, network: str, config: Mapping[str, Any]) -> None: ...

    def create_volume(self, name: str, config: Mapping[str, Any], labels: Mapping[str, str]) -> None: ...

    def create_container(self, name: str, payload: Mapping[str, Any]) -> str:
        """Returns the id. Raises Conflict where the name is held, NotFound where the image is not there."""

    def copy_in(self, container: str, files: Mapping[str, CopiedFile]) -> None: ...

    def read_file(self, container: str, path: str) -> InnerFile | None:
        """What stands at the absolute `path` of a container, also of one that does not run; None: nothing."""

    def path_stat(self, container: str, path: str) -> PathStat | None:
        """What is at `path`, links not followed; None where nothing is."""

    def get_archive(self, container: str, path: str, *, cancel: Cancel) -> Iterator[bytes]:
        """A tar of `path`, its last part the top of the names in it (`/.` at the end: its content). Raises NotFound
        at the first piece."""

    def put_archive(
        self, container: str, folder: str, tar: Iterable[bytes], *, own: bool = False, cancel: Cancel
    ) -> None:
        """Unpack `tar` in `folder`, which must be there. Owners are those that the tar names; `own`: the container's
        user."""

    def start(self, container: str) -> None:
        """Raises CannotRun where its program cannot be started, Conflict where a port is taken."""

    def wait(self, container: str, *, cancel: Cancel) -> int:
        """Block until it is not running; its exit code."""

    def stop(self, container: str, timeout: int | None = None) -> None: ...

    def rename(self, container: str, name: str) -> None: ...

    def remove_container(self, container: str, *, volumes: bool = False) -> None:
        """By force. Gone already is done. `volumes`: anonymous ones go too."""

    def remove_network(self, name: str) -> None:
        """Waits out "has active endpoints" for up to 10 s. Gone already is done."""

    def remove_volume(self, name: str) -> None: ...

    def exec(
        self,
        container: str,
        command: Sequence[str],
        *,
        user: str = "",
        env: Mapping[str, str] | None = None,
        workdir: str = "",
        privileged: bool = False,
        stdin: Iterable[bytes] | None = None,
        on_output: Callable[[str, bytes], None] | None = None,
        timeout: float | None = None,
        cancel: Cancel | None = None,
    ) -> ExecResult:
        """Run `command` inside. `stdin` is streamed with back pressure and half-closed at its end. `on_output` is
        called with ("stdout"|"stderr", bytes) as it comes. `timeout` in seconds raises TimedOut. Cancelling shuts the
        socket down (the process inside may live on: the caller must make that harmless)."""

    def exec_attached(
        self,
        container: str,
        command: Sequence[str],
        *,
        user: str = "",
        env: Mapping[str, str] | None = None,
        workdir: str = "",
        tty: bool,
    ) -> int:
        """Join this process's standard streams to `command` inside; its exit code."""

    def logs(
        self,
        container: str,
        *,
        tail: int | None = None,
        follow: bool = False,
        timestamps: bool = False,
        since: float | None = None,
        cancel: Cancel | None = None,
    ) -> Iterator[LogLine]: ...

    def usage(self, container: str, *, cancel: Cancel) -> Iterator[Usage]:
        """What it uses, about once a second, until it ends or `cancel` is told. Raises NotFound at the first."""

    def close(self) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class IsReady:
    """It can be used, as far as this probe sees."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NotYet:
    """Not now; `why` is one short sentence, shown while one waits."""

    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Broken:
    """Never: waiting longer cannot help (the probe cannot run, the container is dead)."""

    why: str


Look = IsReady | NotYet | Broken


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeTarget:
    """Where a probe looks: the container as inspected just now, the engine to exec and log through."""

    service: str
    container: ObservedContainer
    engine: Engine


class Probe(Protocol):
    """One attempt of one kind. Never retries, never sleeps, is done within `timeout` seconds."""

    kind: str

    def look(self, target: ProbeTarget, ready: Ready, *, timeout: float) -> Look: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class SeedTarget:
    """Where a seeder works. `values` are the service's (`user`, `password`, `database`, …)."""

    service: str
    container: str
    engine: Engine
    values: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class SeedResult:
    """`rows` that it put there (None where that cannot be said), each a `unit`; `skipped` where the ledger had it as
    done already; `kept` says why a changed seed was not loaded ("" where it was): the rows in the table are the
    user's."""

    rows: int | None = None
    skipped: bool = False
    kept: str = ""
    unit: str = "row"


class Seeder(Protocol):
    """One server's seeds. The ledger lies inside the data, so data and ledger cannot part."""

    kind: str

    def digest(self, seed: Seed) -> str:
        """Hex sha256 over content and the options that shape it. Raises DevenvError where the file cannot be read."""

    def ledger(self, target: SeedTarget) -> Mapping[str, LedgerEntry]:
        """What is in the data, by seed name; empty where nothing was ever seeded."""

    def seed(
        self,
        target: SeedTarget,
        seed: Seed,
        *,
        again: bool,
        consent: Callable[[str], bool],
        report: Report,
        cancel: Cancel,
    ) -> SeedResult:
        """Load `seed` unless the ledger has its digest as done (`again` loads it all the same). Whole or not at all.
        Raises DevenvError (FAILED) with file, line and statement in message and hint."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came back from one step of a check: `code` is the status or the exit code, `text` the body or the output."""

    code: int = 0
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckTarget:
    """Where a step asks: the engine, the running containers' names by service, the values of services."""

    engine: Engine
    project: str
    values: Mapping[str, Mapping[str, str]]


class CheckKind(Protocol):
    """One kind of step of a check. One attempt; never retries."""

    kind: str

    def ask(self, target: CheckTarget, options: Mapping[str, Any], *, timeout: float) -> Answer:
        """The answer. Raises DevenvError (FAILED), in one sentence, where there is none in `timeout` seconds."""


class Clock(Protocol):
    def now(self) -> float:
        """Seconds since the epoch, for people."""

    def monotonic(self) -> float:
        """Seconds for deadlines; a suspended laptop does not use them up."""


class Host(Protocol):
    """What a step needs of this machine."""

    def bootstrap(self, suite: str, *, report: Report, cancel: Cancel) -> Iterator[bytes]:
        """A tar of the minimal root file system of Debian `suite`, by mmdebstrap. Raises DevenvError (UNFIT)."""

    def trust(self) -> Trust: ...

    def process(self, port: int, protocol: str) -> str:
        """The process of this host that has `port`, as `nginx (process 812)`; "" where it cannot be seen."""

    def routes(self) -> tuple[IPv4Network, ...]:
        """The networks that this host has a route to, the default route left out."""
