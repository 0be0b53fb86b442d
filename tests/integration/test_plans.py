"""Plans on the real engine, done by the real performer: killed in every gap, and then nothing is left to do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest

from devenv.core.reconcile import reconcile
from devenv.core.teardown import down, off_and_on, stop
from devenv.extensions.probes import PROBES
from devenv.host.machine import ThisHost
from devenv.model.events import Done
from devenv.model.observed import Observed
from devenv.model.plan import Node, Plan
from devenv.model.protocols import Engine
from devenv.model.stack import SERVICE_HEALTHY, Need, Network, Ready, Service, Stack, Volume
from devenv.run.cancel import CancelToken
from devenv.run.clock import SystemClock
from devenv.run.perform import Performer
from tests.engines import BASE, Told, clean, new_name
from tests.unit.core.planning import Images

pytestmark = pytest.mark.engine


class Shop:
    """A database that is only a shell, and an api that needs it, in two networks."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.project = new_name()
        self.perform = Performer(
            engine=engine,
            probes=PROBES,
            seeders={},
            host=ThisHost(install=False, ask=lambda question: False, say=lambda line: None),
            clock=SystemClock(),
            consent=lambda question: False,
        )

    def stack(self, value: str, shared: bool = False) -> Stack:
        back, default = f"{self.project}_back", f"{self.project}_default"
        networks = {"network_mode": "service:db"} if shared else {"networks": {"back": None, "default": None}}
        db = self._service(
            "db",
            {
                "environment": {"A": value},
                "networks": {"default": None},
                "volumes": [{"type": "volume", "source": "data", "target": "/data"}],
            },
            ready=(Ready(kind="exec", options={"command": ["test", "-d", "/data"]}, timeout=10.0),),
        )
        api = self._service("api", networks, needs=(Need(target="db", condition=SERVICE_HEALTHY, restart=True),))
        return Stack(
            project=self.project,
            folder="/repo",
            working_dir="/repo",
            files=("/repo/compose.yaml",),
            services={"db": db, "api": api},
            networks={"default": Network(key="default", name=default), "back": Network(key="back", name=back)},
            volumes={"data": Volume(key="data", name=f"{self.project}_data", server="sh/1")},
        )

    def _service(self, name: str, config: Mapping[str, Any], **fields: Any) -> Service:
        return Service(
            name=name,
            config={"image": BASE, "command": ["sleep", "1d"], "entrypoint": None, "init": True, **config},
            image=BASE,
            container_name=f"{self.project}-{name}-1",
            **fields,
        )

    def observe(self) -> Observed:
        found = self.engine.observe(self.project, images=[BASE])
        running = {c.labels["com.docker.compose.service"]: True for c in found.containers if c.running}
        return replace(found, ready=running)

    def plan(self, wanted: Stack) -> Plan:
        return reconcile(wanted, self.observe(), Images())

    def do(self, nodes: Sequence[Node]) -> None:
        for node in nodes:
            outcome = self.perform(node, Told(), CancelToken())
            assert isinstance(outcome, Done), (node, outcome)


@pytest.fixture
def shop(docker_engine: Engine, docker_base: str) -> Iterator[Shop]:
    made = Shop(docker_engine)
    yield made
    clean(docker_engine, made.project)


@pytest.mark.parametrize("shared", [False, pytest.param(True, marks=pytest.mark.slow)], ids=["networks", "namespace"])
def test_a_recreate_that_is_killed_in_any_gap_is_mended(shop: Shop, shared: bool) -> None:
    shop.do(shop.plan(shop.stack("0", shared)).nodes)
    assert shop.plan(shop.stack("0", shared)).text() == "nothing to do"
    gap = 0
    while True:
        wanted = shop.stack(str(gap + 1), shared)
        plan = shop.plan(wanted)
        shop.do(plan.nodes[:gap])
        shop.do(shop.plan(wanted).nodes)
        assert shop.plan(wanted).text() == "nothing to do", gap
        found = {c.name: c for c in shop.observe().containers}
        db, api = f"{shop.project}-db-1", f"{shop.project}-api-1"
        assert {name: c.state for name, c in found.items()} == {db: "running", api: "running"}
        assert found[api].started_at > found[db].started_at
        if gap >= len(plan.nodes):
            break
        gap += 1


def test_a_first_up_that_is_killed_in_any_gap_is_mended_and_down_leaves_nothing(shop: Shop) -> None:
    wanted = shop.stack("1")
    for gap in range(1, len(shop.plan(wanted).nodes), 3):
        shop.do(shop.plan(wanted).nodes[:gap])
        shop.do(shop.plan(wanted).nodes)
        assert shop.plan(wanted).text() == "nothing to do", gap
        shop.do(down(shop.observe(), stack=wanted, volumes=True).nodes)
        found = shop.observe()
        assert (found.containers, found.networks, found.volumes) == ((), (), ())


def test_what_is_stopped_or_restarted_is_as_it_was(shop: Shop) -> None:
    wanted = shop.stack("1")
    shop.do(shop.plan(wanted).nodes)
    before = {c.name: c.id for c in shop.observe().containers}
    shop.do(stop(shop.observe(), stack=wanted).nodes)
    assert {c.state for c in shop.observe().containers} == {"exited"}
    shop.do(shop.plan(wanted).nodes)
    shop.do(off_and_on(wanted, shop.observe(), ["db"]).nodes)
    assert shop.plan(wanted).text() == "nothing to do"
    assert {c.name: c.id for c in shop.observe().containers} == before
