from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from ipaddress import IPv4Network
from typing import Any

import pytest

from devenv.backends.fake import Behaviour, Call, FakeEngine
from devenv.core.compose.hash import config_hash
from devenv.model import labels
from devenv.model.errors import Conflict, DevenvError, ExitCode, NotFound, Span
from devenv.model.events import Done, Failed, Outcome
from devenv.model.observed import ObservedImage
from devenv.model.plan import (
    Bootstrap,
    Build,
    ConnectNetwork,
    CopyIn,
    CreateContainer,
    CreateNetwork,
    CreateVolume,
    Exec,
    Node,
    Pull,
    Remove,
    Rename,
    Run,
    SeedData,
    Start,
    Step,
    Stop,
    Tag,
    WaitReady,
)
from devenv.model.protocols import Cancel, ExecResult, IsReady, Report, SeedResult, SeedTarget, Trust
from devenv.model.stack import Build as BuildConfig
from devenv.model.stack import Hook, Ready, Seed
from devenv.run.cancel import CancelToken
from devenv.run.perform import Performer
from tests.engines import Told
from tests.unit.run.virtual import IMAGE, Answers, Sleeper, VirtualClock, container

NAME = "shop-app-1"


class FakeHost:
    def bootstrap(self, suite: str, *, report: Report, cancel: Cancel) -> Iterator[bytes]:
        yield suite.encode()

    def trust(self) -> Trust:
        return Trust(certificates="PEM", proxies={"HTTP_PROXY": "http://proxy"})

    def process(self, port: int, protocol: str) -> str:
        return f"nginx (process {port})"

    def routes(self) -> tuple[IPv4Network, ...]:
        return ()


class FakeSeeder:
    kind = "postgres"

    def __init__(self, answer: Callable[[SeedTarget, Callable[[str], bool]], SeedResult]) -> None:
        self.answer = answer

    def seed(self, target: SeedTarget, seed: Seed, **how: Any) -> SeedResult:
        assert how["again"] is True
        return self.answer(target, how["consent"])


class Bench:
    """A Performer on a fake engine; call it with a step."""

    def __init__(
        self,
        *,
        behaviour: Behaviour | None = None,
        seeder: Callable[[SeedTarget, Callable[[str], bool]], SeedResult] | None = None,
        taken: tuple[int, ...] = (),
    ) -> None:
        self.clock = VirtualClock()
        self.engine = FakeEngine(
            images=[IMAGE],
            registry=["web:1"],
            behaviours={IMAGE: behaviour or Behaviour()},
            clock=self.clock,
            taken=taken,
        )
        self.told, self.cancel = Told(), CancelToken()
        self.perform = Performer(
            engine=self.engine,
            probes={"http": Answers(IsReady())},
            seeders={} if seeder is None else {"postgres": FakeSeeder(seeder)},  # type: ignore[dict-item]
            host=FakeHost(),
            clock=self.clock,
            consent=lambda question: question == "sure?",
        )

    def __call__(self, step: Step, cancel: Cancel | None = None) -> Outcome:
        return self.perform(Node(id="n", step=step, cause="test"), self.told, cancel or self.cancel)


def failure(outcome: object) -> Failed:
    assert isinstance(outcome, Failed), outcome
    assert outcome.hint
    return outcome


def made(outcome: Outcome) -> Mapping[str, Any]:
    assert isinstance(outcome, Done)
    return outcome.data


def test_images_are_pulled_made_built_and_tagged() -> None:
    do = Bench()
    pulled = made(do(Pull(ref="web:1")))["image"]
    base = made(do(Bootstrap(ref="debian:trixie", suite="trixie", labels={labels.RECIPE: "d1"})))["image"]
    build = Build(ref="shop-api", build=BuildConfig(context="/x"))
    built = made(do(build))["image"]
    assert do(Tag(source="shop-api", ref="api:1")) == Done()
    found = {ref: do.engine.image(ref) for ref in ("web:1", "debian:trixie", "shop-api", "api:1")}
    assert [image and image.id for image in found.values()] == [pulled, base, built, built]
    assert found["debian:trixie"].labels == {labels.RECIPE: "d1"}  # type: ignore[union-attr]


@pytest.mark.parametrize(("trust", "certificates"), [(True, "PEM"), (False, "")])
def test_a_build_gets_the_hosts_ca_only_where_its_step_says_so(trust: bool, certificates: str) -> None:
    do, given = Bench(), []

    class Seen(FakeEngine):
        def build(self, step: Build, *, trust: Trust, report: Report, cancel: Cancel) -> str:
            given.append(trust)
            return "sha256:1"

    do.engine.__class__ = Seen
    do(Build(ref="shop-api", build=BuildConfig(context="/x"), trust=trust))
    assert given == [Trust(certificates=certificates, proxies={"HTTP_PROXY": "http://proxy"})]


def test_a_build_that_comes_out_as_before_leaves_the_image_that_runs() -> None:
    do = Bench()

    class Layered(FakeEngine):
        def image(self, ref: str) -> ObservedImage | None:
            found = super().image(ref)
            return found and replace(found, layers=("l1",), config={})

    do.engine.__class__ = Layered
    build = Build(ref="shop-api", build=BuildConfig(context="/x", tags=("api:1",)), labels={labels.SOURCE: "1"})
    first = made(do(build))
    do(Tag(source="shop-api", ref="running:1"))  # the fake forgets what has no name
    again = made(do(replace(build, labels={labels.SOURCE: "2"})))
    assert again == {"image": first["image"], "fits": {labels.SOURCE: "2"}}
    there = [do.engine.image(ref) for ref in ("shop-api", "api:1")]
    assert [image and image.id for image in there] == [first["image"]] * 2
    do(replace(build, labels={labels.SOURCE: "3", "theirs": "x"}))
    gone = made(do(replace(build, labels={labels.SOURCE: "4", "theirs": "x"})))
    assert gone == {"image": do.engine.image("shop-api").id}  # type: ignore[union-attr]
    other = made(do(replace(build, labels={labels.SOURCE: "2", "theirs": "x"})))
    assert other["image"] != first["image"]
    assert "fits" not in other


def test_networks_and_volumes_are_made_once_however_often_the_step_is_done() -> None:
    do = Bench()
    marks = {labels.PROJECT: "shop"}
    for _ in range(2):
        do(CreateNetwork(name="shop_default", labels=marks))
        do(CreateVolume(name="shop_data", labels=marks))
    do(CreateNetwork(name="shop_back", labels=marks))
    container(do.engine)
    assert do(ConnectNetwork(container=NAME, network="shop_back")) == Done()
    assert do(ConnectNetwork(container=NAME, network="shop_back")) == Done(detail="was connected")
    seen = do.engine.observe("shop")
    assert sorted(network.name for network in seen.networks) == ["shop_back", "shop_default"]
    assert [volume.name for volume in seen.volumes] == ["shop_data"]
    assert "shop_back" in do.engine.inspect(NAME).networks


CREATE = CreateContainer(service="app", name=NAME, image=IMAGE, payload={"Image": IMAGE, "Labels": {"a": "b"}})


def test_a_container_carries_the_id_of_the_image_it_was_made_from() -> None:
    do = Bench()
    image = do.engine.image(IMAGE)
    assert image is not None
    assert made(do(CREATE))["image"] == image.id
    assert do.engine.inspect(NAME).labels == {"a": "b", labels.IMAGE: image.id}
    assert CREATE.payload["Labels"] == {"a": "b"}


def test_who_joins_a_namespace_is_hashed_with_the_id_of_its_container() -> None:
    do = Bench()
    container(do.engine)
    other = do.engine.inspect(NAME).id
    config = {"image": IMAGE, "network_mode": "service:app", "ipc": "service:app"}
    body = {
        "Image": IMAGE,
        "Labels": {labels.CONFIG_HASH: config_hash(config)},
        "HostConfig": {"NetworkMode": f"container:{NAME}", "IpcMode": f"container:{NAME}", "PidMode": "host"},
    }
    for _ in range(2):  # and what a killed run had made of it is known again
        do(CreateContainer(service="side", name="side", image=IMAGE, payload=body, joins=config))
    made = do.engine.inspect("side")
    joined = {"network_mode": f"container:{other}", "ipc": f"container:{other}"}
    assert made.labels[labels.CONFIG_HASH] == config_hash({**config, **joined})
    assert made.config["HostConfig"]["IpcMode"] == f"container:{other}"
    assert made.config["HostConfig"]["PidMode"] == "host"


def test_who_takes_over_volumes_is_hashed_with_the_ids_of_their_containers() -> None:
    do = Bench()
    container(do.engine)
    other = do.engine.inspect(NAME).id
    config = {"image": IMAGE, "volumes_from": ["app:ro", "container:old:rw"]}
    body = {
        "Image": IMAGE,
        "Labels": {labels.CONFIG_HASH: config_hash(config)},
        "HostConfig": {"VolumesFrom": [f"{NAME}:ro", "old:rw"]},
    }
    do(CreateContainer(service="side", name="side", image=IMAGE, payload=body, joins=config))
    made = do.engine.inspect("side")
    assert made.config["HostConfig"]["VolumesFrom"] == [f"{other}:ro", "old:rw"]
    assert made.labels[labels.CONFIG_HASH] == config_hash({**config, "volumes_from": [other, "old"]})


def test_what_a_killed_run_had_created_is_kept_and_nothing_else_is() -> None:
    do = Bench()
    first = made(do(CREATE))["container"]
    assert made(do(CREATE))["container"] == first
    do.engine.start(NAME)
    with pytest.raises(Conflict):
        do(CREATE)
    do.engine.remove_container(NAME)
    container(do.engine, start=False, Labels={"a": "another"})
    with pytest.raises(Conflict):
        do(CREATE)


def test_an_image_that_went_away() -> None:
    with pytest.raises(NotFound, match="image api:7 is not there"):
        Bench()(CreateContainer(service="app", name=NAME, image="api:7", payload={}))


def test_files_are_put_in_and_a_start_may_be_repeated() -> None:
    do = Bench()
    container(do.engine, "cat", "/run/secrets/token", start=False)
    assert do(CopyIn(container=NAME, files={"/run/secrets/token": (b"hello\n", 0o400)})) == Done()
    assert do(Start(service="app", container=NAME)) == Done()
    assert [line.line for line in do.engine.logs(NAME)] == ["hello"]
    assert do(Start(service="app", container=NAME)) == Done()


def test_the_start_that_it_made_is_what_a_deadline_counts_from() -> None:
    do = Bench()
    container(do.engine, start=False)
    do(Start(service="app", container=NAME))
    do.clock.pass_(25)
    assert made(do(WaitReady(service="app", container=NAME, ready=(Ready(kind="http", options={}),)))) == {"looks": 1}
    assert do.perform._started == {NAME: do.clock.monotonic() - 25}


def publishing(port: int, **more: Any) -> dict[str, Any]:
    bound = [{"HostIp": "127.0.0.1", "HostPort": str(port)}]
    return {"HostConfig": {"PortBindings": {"80/tcp": bound}}, **more}


def test_a_port_that_is_taken_names_its_holder() -> None:
    do = Bench()
    container(do.engine, name="other-web-1", **publishing(8080, Labels={labels.PROJECT: "other"}))
    container(do.engine, start=False, **publishing(8080))
    found = failure(do(Start(service="app", container=NAME)))
    assert found.message == (
        "app cannot start: port 8080 of this host is held by container other-web-1 of project other"
    )
    assert found.data == {"port_taken": 8080, "holder": "container other-web-1 of project other"}


def test_a_port_that_is_taken_by_nobody_knows_whom() -> None:
    do = Bench(taken=(8080,))
    container(do.engine, start=False, **publishing(8080))
    found = failure(do(Start(service="app", container=NAME)))
    assert "held by something else" in found.message
    assert "sport = :8080" in found.hint


def test_a_start_that_fails_for_another_reason_keeps_its_words() -> None:
    do = Bench(behaviour=Behaviour(start_error=Conflict("cannot start a paused container", hint="unpause it")))
    container(do.engine, start=False)
    with pytest.raises(Conflict, match="paused"):
        do(Start(service="app", container=NAME))


def hook(*command: str, which: str = "post_start 1", **more: Any) -> Exec:
    return Exec(service="app", container=NAME, hook=Hook(command=command, **more), which=which)


def test_a_hook_is_told_line_by_line() -> None:
    do = Bench()
    container(do.engine)
    assert do(hook("sh", "-c", "echo one; echo two >&2")) == Done()
    assert do.told.lines == ["one", "two"]


def test_a_post_start_that_fails_stops_its_container_and_a_pre_stop_leaves_it() -> None:
    do = Bench()
    container(do.engine)
    found = failure(do(hook("sh", "-c", "echo bad; exit 3", which="pre_stop 2")))
    assert found.message == "the hook pre_stop 2 of app ended with exit code 3: so it was not stopped"
    assert (found.log, found.data) == (("bad",), {"exit_code": 3, "hook": "pre_stop 2"})
    assert do.engine.inspect(NAME).running
    found = failure(do(hook("sh", "-c", "exit 1")))
    assert found.message == "the hook post_start 1 of app ended with exit code 1: its container was stopped"
    assert "`sh -c exit 1`" in found.hint
    assert not do.engine.inspect(NAME).running


def test_what_has_ended_needs_no_hook_before_its_stop() -> None:
    do = Bench()
    container(do.engine, start=False)
    assert do(hook("x", which="pre_stop 1")) == Done(detail="had ended before")
    with pytest.raises(DevenvError, match="not running"):
        do(hook("x"))


def test_a_container_for_a_hook_is_removed_when_it_is_through_and_kept_when_it_failed() -> None:
    do = Bench()
    container(do.engine, "sh", "-c", "exit 0", start=False)
    step = Run(service="app", container=NAME, again=True, hook=1)
    assert do(step, Sleeper(do.clock)) == Done(data={"exit_code": 0})
    with pytest.raises(NotFound):
        do.engine.inspect(NAME)
    container(do.engine, "sh", "-c", "echo oh; exit 4", start=False)
    found = failure(do(step, Sleeper(do.clock)))
    assert found.message == "the hook pre_start 1 of app ended with exit code 4, so app was not started"
    assert (found.data["hook"], found.log) == ("pre_start 1", ("oh",))
    assert do.engine.inspect(NAME).exit_code == 4


def test_half_a_line_is_a_line_at_the_end() -> None:
    do = Bench(behaviour=Behaviour(exec=lambda command, given: ExecResult(exit_code=0, output=b"one\r\ntw")))
    container(do.engine)
    do(hook("x"))
    assert do.told.lines == ["one", "tw"]


def test_a_one_shot_is_followed_to_its_end() -> None:
    do = Bench()
    container(do.engine, "sh", "-c", "echo migrating; sleep 0.1; echo done; sleep 0.1", start=False)
    step, sleeper = Run(service="app", container=NAME), Sleeper(do.clock)
    assert do(step, sleeper) == Done(data={"exit_code": 0})
    assert do.told.lines == ["migrating", "done"]
    do.clock.pass_(5)
    again = Run(service="app", container=NAME, again=True)
    assert do(again, sleeper) == Done(data={"exit_code": 0})
    assert do.told.lines == ["migrating", "done"] * 2  # its earlier output is not told again
    # Another devenv began it, and it has ended since this one looked.
    starts = sum(call.method == "start" for call in do.engine.calls)
    assert do(step, sleeper) == Done(data={"exit_code": 0})
    assert sum(call.method == "start" for call in do.engine.calls) == starts


def test_a_one_shot_that_runs_already_is_joined() -> None:
    do = Bench()
    container(do.engine, "sh", "-c", "sleep 0.1; echo done")
    starts = sum(call.method == "start" for call in do.engine.calls)
    assert do(Run(service="app", container=NAME), Sleeper(do.clock)) == Done(data={"exit_code": 0})
    assert sum(call.method == "start" for call in do.engine.calls) == starts


def test_a_one_shot_that_fails_has_its_code_and_last_words() -> None:
    do = Bench()
    container(do.engine, "sh", "-c", "echo no such table >&2; exit 4", start=False)
    found = failure(do(Run(service="app", container=NAME)))
    assert found.message == "app ended with exit code 4 right after its start"
    assert found.log == ("no such table",)


class EachEnd(FakeEngine):
    """Its `wait` returns at each end of a container, also of one that is started again, as the real engine's does."""

    def wait(self, container: str, *, cancel: Cancel) -> int:
        return self.inspect(container).exit_code


def test_a_one_shot_whose_policy_tries_again() -> None:
    do = Bench()
    do.engine.__class__ = EachEnd
    again = {"HostConfig": {"RestartPolicy": {"Name": "on-failure"}}}
    container(do.engine, "sh", "-c", "exit 4", start=False, **again)
    found = failure(do(Run(service="app", container=NAME), Sleeper(do.clock)))
    assert "started again and again" in found.message
    always = {"HostConfig": {"RestartPolicy": {"Name": "always"}}}
    container(do.engine, "true", start=False, name="b", **always)
    assert do(Run(service="b", container="b")) == Done(data={"exit_code": 0})
    assert Call(method="stop", object=do.engine.inspect("b").id) in do.engine.calls


def test_a_one_shot_whose_output_cannot_be_read() -> None:
    class Mute(FakeEngine):
        def logs(self, container: str, **how: Any):  # type: ignore[no-untyped-def]
            raise DevenvError("its logging driver keeps nothing", hint="", code=ExitCode.FAILED)

    do = Bench()
    do.engine.__class__ = Mute
    container(do.engine, "true", start=False)
    assert do(Run(service="app", container=NAME)) == Done(data={"exit_code": 0})


SEED = SeedData(
    service="db",
    container=NAME,
    seeder="postgres",
    seed=Seed(name="seeds/a.csv", kind="csv", file="/a.csv"),
    values={"user": "app"},
    again=True,
)


@pytest.mark.parametrize(
    ("result", "detail"),
    [
        (SeedResult(rows=5000), "5,000 rows"),
        (SeedResult(rows=1), "1 row"),
        (SeedResult(), "loaded"),
        (SeedResult(rows=7, skipped=True), "loaded before"),
    ],
)
def test_what_a_seed_came_to(result: SeedResult, detail: str) -> None:
    def seed(target: SeedTarget, consent: Callable[[str], bool]) -> SeedResult:
        assert (target.service, target.container, target.values) == ("db", NAME, {"user": "app"})
        assert consent("sure?")
        return result

    outcome = Bench(seeder=seed)(SEED)
    assert outcome == Done(detail=detail, data={"rows": result.rows, "skipped": result.skipped, "kept": ""})


def test_rows_of_the_users_that_were_kept_are_said_and_hold_nothing_up() -> None:
    why = "2 rows of products are not its own"
    outcome = Bench(seeder=lambda target, consent: SeedResult(kept=why))(SEED)
    assert outcome == Done(detail="left as it is", data={"rows": None, "skipped": False, "kept": why})


def raising(error: DevenvError, then: Callable[[], None] = lambda: None) -> Callable[..., SeedResult]:
    def seed(target: SeedTarget, consent: Callable[[str], bool]) -> SeedResult:
        then()
        raise error

    return seed


def test_a_seed_that_fails_keeps_its_words_and_place() -> None:
    error = DevenvError(
        "invalid number", hint="mend it", code=ExitCode.FAILED, where=Span(file="a.csv", line=17, column=1)
    )
    do = Bench(seeder=raising(error))
    assert failure(do(SEED)).message == "invalid number (a.csv:17:1)"
    container(do.engine)
    assert failure(do(SEED)).message == "invalid number (a.csv:17:1)"


def test_a_server_that_died_of_a_seed_is_what_is_told() -> None:
    do = Bench(seeder=raising(DevenvError("the connection broke", hint="x", code=ExitCode.FAILED)))
    container(do.engine, "sh", "-c", "echo PANIC; exit 2")
    found = failure(do(SEED))
    assert found.message == "db ended with exit code 2 right after its start, while seeds/a.csv was loaded"
    assert found.log == ("PANIC",)


def test_an_engine_that_dies_and_a_cancel_are_not_a_seeds_failure() -> None:
    with pytest.raises(DevenvError, match="no engine"):
        Bench(seeder=raising(DevenvError("no engine", hint="x", code=ExitCode.UNFIT)))(SEED)
    do = Bench()
    do.perform._seeders = {
        "postgres": FakeSeeder(raising(DevenvError("cut off", hint="", code=ExitCode.FAILED), do.cancel.cancel))  # type: ignore[dict-item]
    }
    with pytest.raises(DevenvError, match="cut off"):
        do(SEED)


def test_a_seeder_that_nobody_knows() -> None:
    with pytest.raises(DevenvError, match="no seeder 'postgres'"):
        Bench()(SEED)


def test_a_recreate_may_be_repeated_from_any_gap() -> None:
    do = Bench()
    container(do.engine)
    container(do.engine, name="new", start=False)
    for _ in range(2):
        assert isinstance(do(Stop(service="app", container=NAME)), Done)
        assert isinstance(do(Remove(service="app", kind="container", name=NAME)), Done)
    for _ in range(2):
        assert isinstance(do(Rename(service="app", container="new", name=NAME)), Done)
    assert do.engine.inspect(NAME).state == "created"
    assert isinstance(do(Rename(service="app", container=NAME, name=NAME)), Done)
    assert [call for call in do.engine.calls if call.method == "rename"] == [Call(method="rename", object="new")]
    with pytest.raises(NotFound):
        do(Rename(service="app", container="x", name="y"))


def test_what_is_removed() -> None:
    do = Bench()
    do(CreateNetwork(name="n", labels={}))
    do(CreateVolume(name="v", labels={}))
    removed: list[tuple[str, bool]] = []

    class Seen(FakeEngine):
        def remove_container(self, container: str, *, volumes: bool = False) -> None:
            removed.append((container, volumes))

    do.engine.__class__ = Seen
    do(Remove(kind="network", name="n"))
    do(Remove(kind="volume", name="v", destructive=True))
    do(Remove(kind="container", name="c"))
    do(Remove(kind="container", name="c", volumes=True))
    assert removed == [("c", False), ("c", True)]
    assert (do.engine._networks, do.engine._volumes) == ({}, {})


@pytest.mark.parametrize(
    ("seconds", "code", "init", "detail"),
    [
        (1, 137, False, ""),
        (10, 143, False, ""),
        (10, 137, False, "did not hear the stop, and was killed: `init: true` lets it"),
        (10, 137, True, "did not end when it was asked to, and was killed"),
    ],
)
def test_a_stop_that_had_to_kill_says_what_would_help(seconds: int, code: int, init: bool, detail: str) -> None:
    do = Bench()

    class Slow(FakeEngine):
        def stop(self, container: str, timeout: int | None = None) -> None:
            do.clock.pass_(seconds)
            machine = self._machine(container)
            machine.end(self._clock.now(), code)

    do.engine.__class__ = Slow
    container(do.engine, "sleep", "600", HostConfig={"Init": init})
    assert do(Stop(service="app", container=NAME)) == Done(detail=detail)
