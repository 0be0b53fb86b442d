"""What the fake engine keeps, and how a change to it is made, recorded, failed or killed."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from devenv.backends.fake.machine import Behaviour, Machine, identity, stamp
from devenv.model.errors import Conflict, DevenvError, ExitCode, NotFound
from devenv.model.observed import EngineInfo, ObservedContainer, ObservedImage, ObservedNetwork, ObservedVolume
from devenv.model.plan import Build
from devenv.model.protocols import Cancel, Clock

BUILT_IN = ("bridge", "default", "none", "host")


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A call that changes something: its method, and what it was done to."""

    method: str
    object: str


class RealClock:
    def now(self) -> float:
        return time.time()

    def monotonic(self) -> float:
        return time.monotonic()


class Store:
    """`images` are references that it has; `registry` those that can be pulled, None where no registry answers.
    `behaviours` go by image reference; `taken` are host ports that something else holds.

    `calls` records every change, `builds` what was built. `before` and `after` are called with each change, and may
    raise: so a test kills a run between any two steps.
    """

    def __init__(
        self,
        *,
        images: Iterable[str] = (),
        registry: Iterable[str] | None = None,
        behaviours: Mapping[str, Behaviour] | None = None,
        taken: Iterable[int] = (),
        clock: Clock | None = None,
    ) -> None:
        self.calls: list[Call] = []
        self.builds: list[Build] = []
        self.behaviours = dict(behaviours or {})
        self.taken = set(taken)
        self.before: Callable[[Call], None] | None = None
        self.after: Callable[[Call], None] | None = None
        self._info = EngineInfo(
            id="fake", version="0", api="1.41", os="linux", arch="amd64", host="fake://", local=False, rootless=True
        )
        self._clock: Clock = clock or RealClock()
        self._registry = None if registry is None else {full(ref) for ref in registry}
        self._images: dict[str, ObservedImage] = {}
        self._containers: dict[str, Machine] = {}
        self._networks: dict[str, ObservedNetwork] = {}
        self._volumes: dict[str, ObservedVolume] = {}
        self._failures: dict[tuple[str, str], list[Exception]] = {}
        self._lock = threading.RLock()
        self._count = 0
        for ref in images:
            self._put_image(ref, {}, identity("image", full(ref)))

    def fail(self, method: str, thing: str, *errors: Exception) -> None:
        """The next calls of `method` on `thing` raise `errors`, one each."""
        with self._lock:
            self._failures.setdefault((method, thing), []).extend(errors)

    @contextlib.contextmanager
    def _change(self, method: str, thing: str) -> Iterator[None]:
        call = Call(method=method, object=thing)
        if self.before is not None:
            self.before(call)
        with self._lock:
            self.calls.append(call)
            self._raise_failure(method, thing)
            yield
        if self.after is not None:
            self.after(call)

    def _raise_failure(self, method: str, thing: str) -> None:
        waiting = self._failures.get((method, thing))
        if waiting:
            raise waiting.pop(0)

    def _find(self, container: str) -> Machine | None:
        return self._containers.get(container) or next(
            (c for c in self._containers.values() if c.name == container), None
        )

    def _machine(self, container: str) -> Machine:
        found = self._find(container)
        if found is None:
            raise NotFound(
                f"cannot find container {container}: No such container: {container}",
                hint="it is gone or was never made; `devenv up` makes it",
                code=ExitCode.FAILED,
            )
        return found

    def _seen(self, machine: Machine) -> ObservedContainer:
        return machine.observed(self._clock.now(), look=True)

    def _new_id(self, *parts: str) -> str:
        self._count += 1
        return identity(*parts, str(self._count))

    def _put_image(self, ref: str, labels: Mapping[str, str], image_id: str, *, digests: tuple[str, ...] = ()) -> str:
        self._images[full(ref)] = ObservedImage(
            ref=ref,
            id=f"sha256:{image_id}",
            labels=dict(labels),
            digests=digests,
            created=stamp(self._clock.now()),
            config={"Labels": dict(labels)},
        )
        return f"sha256:{image_id}"

    def _put_volume(self, name: str, driver: str, labels: Mapping[str, str]) -> None:
        if name not in self._volumes:
            self._volumes[name] = ObservedVolume(
                name=name, driver=driver, labels=dict(labels), created=stamp(self._clock.now())
            )

    def _attach(self, machine: Machine, network: str) -> None:
        found = self._networks.get(network)
        self._count += 1
        # A container may be created before its network is there; it cannot be started then.
        machine.networks[network] = (found.id if found else "", f"10.0.{self._count // 250}.{self._count % 250 + 2}")

    def _publish(self, machine: Machine) -> dict[str, tuple[tuple[str, int], ...]]:
        """Take the host ports of `machine`. Raises Conflict where one is held."""
        now = self._clock.now()
        used = set(self.taken)
        for other in self._containers.values():
            if other is not machine and other.running(now):
                used.update(port for bound in other.ports.values() for _, port in bound)
        found: dict[str, tuple[tuple[str, int], ...]] = {}
        for key, wanted in ((machine.payload.get("HostConfig") or {}).get("PortBindings") or {}).items():
            bound = []
            for binding in wanted or ():
                port = int(binding.get("HostPort") or 0)
                if not port:
                    port = next(p for p in range(49153, 65536) if p not in used)
                if port in used:
                    raise Conflict(
                        f"cannot start container {machine.name}: Bind for {binding.get('HostIp') or '0.0.0.0'}:{port} "
                        "failed: port is already allocated",
                        hint=f"free port {port} or publish another",
                        code=ExitCode.FAILED,
                    )
                used.add(port)
                bound.append((str(binding.get("HostIp") or "0.0.0.0"), port))
            found[key] = tuple(bound)
        return found


def full(ref: str) -> str:
    """`ref` with the tag that is meant."""
    return ref if "@" in ref or ":" in ref.rpartition("/")[2] else f"{ref}:latest"


def heed(cancel: Cancel | None, what: str) -> None:
    """Raise where it was cancelled."""
    if cancel is not None and cancel.cancelled:
        raise DevenvError(f"{what}: interrupted", hint="call devenv again", code=ExitCode.INTERRUPTED)
