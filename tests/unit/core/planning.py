"""What the tests of plans share: stacks in a few words, a stand-in for how containers are made, and a performer that
does a plan on the fake engine, one node after the other.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from devenv.backends.fake import FakeEngine
from devenv.core import options, replicas
from devenv.core.inputs import Options
from devenv.core.reconcile import reconcile
from devenv.model import labels
from devenv.model.observed import LedgerEntry, Observed, ObservedContainer
from devenv.model.plan import (
    Build,
    ConnectNetwork,
    CopyIn,
    CreateContainer,
    CreateNetwork,
    CreateVolume,
    Exec,
    Node,
    Plan,
    Remove,
    Rename,
    Run,
    SeedData,
    Start,
    Stop,
    WaitReady,
)
from devenv.model.protocols import Trust
from devenv.model.stack import Build as BuildConfig
from devenv.model.stack import Hook, Need, Network, Ready, Seed, Service, Stack, Volume
from devenv.run.cancel import CancelToken
from tests.engines import Told

PROJECT = "shop"
CONFIG = "test.config"


def stack(services: Mapping[str, Mapping[str, Any]], **fields: Any) -> Stack:
    """A stack from services in short: Compose keys, `needs: {db: service_healthy}` or `{db: {condition: …, …}}`,
    `seeds: [a.sql]`, `ready: true`, `data: volume-key`, `server`, `one_shot`, `container_name`, `scale`,
    `post_start: [words]`, `pre_stop: [words]`, `pre_start: [image]`."""
    made: dict[str, Service] = {}
    volumes: dict[str, Volume] = {}
    networks = {"default": Network(key="default", name=f"{PROJECT}_default")}
    for name, said in services.items():
        rest = dict(said)
        data, server = rest.pop("data", None), rest.pop("server", None)
        needs = tuple(
            Need(target=target, **({"condition": how} if isinstance(how, str) else how))
            for target, how in rest.pop("needs", {}).items()
        )
        seeds = tuple(Seed(name=s, kind=s.rpartition(".")[2], file=f"/repo/{s}") for s in rest.pop("seeds", ()))
        ready = (Ready(kind="tcp", options={"port": 1}),) if rest.pop("ready", False) else ()
        scale = rest.pop("scale", 1)
        inside = {kind: _hooks(rest.pop(kind, ())) for kind in ("post_start", "pre_stop")}
        before = tuple(
            Service(
                name=name,
                config={"image": image, "networks": {"default": None}},
                image=image,
                container_name=f"{PROJECT}-{name}-pre_start-{index}",
            )
            for index, image in enumerate(rest.pop("pre_start", ()))
        )
        one_shot, container = rest.pop("one_shot", False), rest.pop("container_name", f"{PROJECT}-{name}-1")
        config = {"image": "app", "networks": {"default": None}, **rest}
        if "network_mode" in config:
            del config["networks"]
        for key in config.get("networks") or ():
            networks.setdefault(key, Network(key=key, name=f"{PROJECT}_{key}"))
        if data:
            volumes[data] = Volume(key=data, name=f"{PROJECT}_{data}", server=server)
            config["volumes"] = [{"type": "volume", "source": data, "target": "/data"}]
        made[name] = Service(
            name=name,
            config=config,
            image=config["image"],
            container_name=container,
            needs=needs,
            ready=ready,
            seeds=seeds,
            seeder="postgres" if seeds else None,
            one_shot=one_shot,
            server=server,
            scale=scale,
            pre_start=before,
            **inside,
        )
    known: dict[str, Any] = {"networks": networks, "volumes": volumes, **fields}
    return Stack(project=PROJECT, folder="/repo", working_dir="/repo", files=(), services=made, **known)


def _hooks(said: Sequence[str]) -> tuple[Hook, ...]:
    return tuple(Hook(command=tuple(words.split())) for words in said)


@dataclass(frozen=True, kw_only=True)
class StandIn:
    """A Creator by a label that holds the service's config; what differs are its keys, one level down."""

    stack: Stack
    files: Mapping[str, Mapping[str, tuple[bytes, int]]] = field(default_factory=dict)

    def payload(self, service: Service) -> Mapping[str, Any]:
        ports = service.config.get("ports") or ()
        networks = [self.stack.networks[key].name for key in service.config.get("networks") or ()]
        mode = str(service.config.get("network_mode") or (networks or ["none"])[0])
        if mode.startswith("service:"):
            mode = "container:" + self.stack.services[mode.removeprefix("service:")].container_name
        return {
            "Image": service.image,
            "Env": [f"{key}={value}" for key, value in (service.config.get("environment") or {}).items()],
            "Labels": {
                **(service.config.get("labels") or {}),
                labels.PROJECT: PROJECT,
                labels.SERVICE: service.name,
                labels.NUMBER: str(service.number),
                labels.ONEOFF: "False",
                labels.DEPENDS_ON: ",".join(f"{n.target}:{n.condition}:{n.restart}" for n in service.needs),
                CONFIG: json.dumps(service.config),
            },
            "HostConfig": {
                "NetworkMode": mode,
                "Binds": [
                    f"{self.stack.volumes[v['source']].name}:{v['target']}" for v in service.config.get("volumes") or ()
                ],
                "PortBindings": {f"{p['target']}/tcp": [{"HostPort": p["published"]}] for p in ports},
            },
        }

    def connections(self, service: Service) -> tuple[tuple[str, Mapping[str, Any]], ...]:
        return tuple((self.stack.networks[key].name, {}) for key in list(service.config.get("networks") or ())[1:])

    def changes(self, service: Service, container: ObservedContainer) -> tuple[str, ...]:
        old = _flat(json.loads(container.labels.get(CONFIG, "{}")))
        new = _flat(json.loads(json.dumps(service.config)))
        return tuple(sorted(key for key in old.keys() | new.keys() if old.get(key, ...) != new.get(key, ...)))

    def copies(self, service: Service) -> Mapping[str, tuple[bytes, int]]:
        return self.files.get(service.name, {})

    def network_labels(self, network: Network) -> Mapping[str, str]:
        return {labels.PROJECT: PROJECT, labels.NETWORK: network.key, labels.CONFIG: options.label(network.config)}

    def volume_labels(self, volume: Volume) -> Mapping[str, str]:
        server = {labels.SERVER: volume.server} if volume.server else {}
        marks = {labels.PROJECT: PROJECT, labels.VOLUME: volume.key, labels.CONFIG: options.label(volume.config)}
        return {**marks, **server}


def _flat(config: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in config.items():
        inner = {f"{key}.{k}": v for k, v in value.items()} if isinstance(value, dict) and value else {key: value}
        found.update(inner)
    return found


@dataclass(frozen=True, kw_only=True)
class Images:
    """What `core.resolve` says of images."""

    use: Mapping[str, str] = field(default_factory=dict)
    nodes: tuple[Node, ...] = ()
    after: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    causes: Mapping[str, str] = field(default_factory=dict)
    under: Mapping[str, str] = field(default_factory=dict)


def built(service: str, ref: str, cause: str) -> Images:
    """The image of `service` is to be built."""
    step = Build(ref=ref, build=BuildConfig(context=f"/repo/{cause}"))
    node = Node(id=f"build:{ref}", step=step, cause=cause, resource="build")
    return Images(nodes=(node,), after={service: (node.id,)}, causes={service: cause})


class Killed(Exception):
    """The run ends between two steps."""


@dataclass(kw_only=True)
class World:
    """A fake engine, the data in its volumes, and what devenv looks at. `digests` are what the seeds hold now."""

    engine: FakeEngine
    ledgers: dict[str, dict[str, LedgerEntry]] = field(default_factory=dict)
    sick: set[str] = field(default_factory=set)
    digests: dict[str, dict[str, str]] = field(default_factory=dict)
    loads: list[tuple[str, str]] = field(default_factory=list)
    hooks: list[tuple[str, str]] = field(default_factory=list)
    done: list[str] = field(default_factory=list)

    def observe(self, wanted: Stack) -> Observed:
        names = [name for s in wanted.services.values() for name in s.container_names]
        found = self.engine.observe(PROJECT, names=names, images=[s.image for s in wanted.services.values()])
        there = {v.name for v in found.volumes}
        self.ledgers = {key: value for key, value in self.ledgers.items() if key in there}
        running = {key: c for s in wanted.services.values() for key, c in replicas.running(s, found).items()}
        ready = {key: key not in self.sick for key in running}
        asked = {key.partition(":")[0]: c for key, c in running.items() if key not in self.sick}
        ledgers = {name: self._ledger(c) for name, c in asked.items() if name in self.digests}
        return replace(found, ready=ready, ledgers=ledgers)

    def plan(self, wanted: Stack, images: Images | None = None, **options: Any) -> Plan:
        return reconcile(
            wanted,
            self.observe(wanted),
            images or Images(),
            Options(**options),
            digests=self.digests,
            creator=StandIn(stack=wanted),
        )

    def up(self, wanted: Stack, images: Images | None = None, *, kill_after: int | None = None, **options: Any) -> Plan:
        """Plan and do it, or only the first `kill_after` nodes."""
        plan = self.plan(wanted, images, **options)
        self.do(plan.nodes[:kill_after])
        return plan

    def do(self, nodes: Sequence[Node], before: Callable[[Node, Collection[str]], None] | None = None) -> None:
        ended: set[str] = set()
        self.done = []
        for node in nodes:
            assert {*node.needs, *node.after} <= ended
            if before:
                before(node, ended)
            self._perform(node)
            ended.add(node.id)
            self.done.append(node.id)

    def states(self) -> dict[str, str]:
        return {c.name: c.state for c in self.engine.observe(PROJECT).containers}

    def _ledger(self, container: ObservedContainer) -> dict[str, LedgerEntry]:
        return self.ledgers.setdefault(container.mounts.get("/data", container.id), {})

    def _perform(self, node: Node) -> None:
        engine, step = self.engine, node.step
        match step:
            case CreateNetwork():
                engine.create_network(step.name, step.config, step.labels)
            case CreateVolume():
                engine.create_volume(step.name, step.config, step.labels)
            case CreateContainer():
                engine.create_container(step.name, step.payload)
            case ConnectNetwork():
                engine.connect_network(step.container, step.network, step.config)
            case CopyIn():
                engine.copy_in(step.container, step.files)
            case Start():
                engine.start(step.container)
            case Run():
                engine.start(step.container)
                assert engine.wait(step.container, cancel=CancelToken()) == 0
                if step.hook:
                    engine.remove_container(step.container, volumes=True)
            case Exec():
                assert engine.inspect(step.container).started_at
                self.hooks.append((step.service, step.which))
            case WaitReady():
                assert engine.inspect(step.container).state == "running"
                self.sick.discard(step.service)
            case SeedData():
                self._seed(step)
            case Stop():
                engine.stop(step.container, step.timeout)
            case Rename():
                engine.rename(step.container, step.name)
            case Remove():
                self._remove(step)
            case Build():
                engine.build(step, trust=Trust(), report=Told(), cancel=CancelToken())
            case _:
                raise AssertionError(f"no such step: {step}")

    def _seed(self, step: SeedData) -> None:
        ledger = self._ledger(self.engine.inspect(step.container))
        digest = self.digests[step.service][step.seed.name]
        entry = ledger.get(step.seed.name)
        if step.again or entry is None or entry.digest != digest or entry.state != "done":
            self.loads.append((step.service, step.seed.name))
        ledger[step.seed.name] = LedgerEntry(name=step.seed.name, digest=digest, state="done")

    def _remove(self, step: Remove) -> None:
        if step.kind == "container":
            self.engine.remove_container(step.name, volumes=step.volumes)
        elif step.kind == "network":
            self.engine.remove_network(step.name)
        else:
            self.engine.remove_volume(step.name)


def world(*images: str, **fields: Any) -> World:
    """An engine that has `app`, `db` and `images`."""
    return World(engine=FakeEngine(images=["app", "db", *images], **fields))
