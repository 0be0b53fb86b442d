"""Events in, rows out."""

from __future__ import annotations

from devenv.core.view import Row, View
from devenv.model.events import (
    Cancelled,
    Done,
    Event,
    Failed,
    RunFinished,
    RunStarted,
    Skipped,
    StepFinished,
    StepLog,
    StepProgress,
    StepStarted,
)

NODES = (
    ("build:api", "", "Build", "shop-api", "no image"),
    ("network:default", "", "CreateNetwork", "shop_default", "no network"),
    ("create:db", "db", "CreateContainer", "shop-db-1", "no container"),
    ("create:api", "api", "CreateContainer", "shop-api-1", "no container"),
    ("start:db", "db", "Start", "shop-db-1", "not running"),
    ("ready:db", "db", "WaitReady", "shop-db-1", "not ready"),
    ("seed:db:0", "db", "Seed", "shop-db-1 with s.sql", "not in the data"),
    ("start:api", "api", "Start", "shop-api-1", "not running"),
    ("ready:api", "api", "WaitReady", "shop-api-1", "not ready"),
)
NEEDS = {
    "create:db": ("network:default",),
    "create:api": ("build:api", "network:default"),
    "start:db": ("create:db",),
    "ready:db": ("start:db",),
    "seed:db:0": ("ready:db",),
    "start:api": ("create:api", "seed:db:0"),
    "ready:api": ("start:api",),
}


class Told:
    """A view, and what it is told."""

    def __init__(self) -> None:
        self.view = View()
        self.seq = 0
        self.say(RunStarted, 100.0, project="shop", verb="up", nodes=NODES, needs=NEEDS, services=("db", "api", "web"))

    def say(self, kind: type[Event], at: float, **fields: object) -> None:
        self.seq += 1
        self.view.apply(kind(seq=self.seq, at=at, **fields))  # type: ignore[arg-type]

    def done(self, node: str, begun: float, ended: float, detail: str = "") -> None:
        self.say(StepStarted, begun, node=node)
        self.say(StepFinished, ended, node=node, outcome=Done(detail=detail), seconds=ended - begun)

    def row(self, name: str, now: float = 110.0) -> Row:
        return next(row for row in self.view.rows(now) if row.name == name)


def test_rows_are_images_then_services_and_what_has_no_step_is_unchanged() -> None:
    told = Told()
    assert [(row.kind, row.name) for row in told.view.rows(100.0)] == [
        ("image", "shop-api"),
        ("service", "db"),
        ("service", "api"),
        ("service", "web"),
    ]
    assert told.row("web") == Row(name="web", phase="unchanged", state="ok")
    assert (told.view.project, told.view.verb, told.view.started, told.view.total) == ("shop", "up", 100.0, 9)


def test_what_waits_says_for_what() -> None:
    told = Told()
    assert told.row("db").why == "its network"
    assert told.row("api").why == "shop-api to be built"
    told.done("build:api", 100.0, 101.0)
    told.done("network:default", 100.0, 100.5)
    told.done("create:db", 100.5, 100.6)
    told.done("create:api", 101.0, 101.5)
    assert told.row("api", 104.0) == Row(name="api", why="db to be seeded", seconds=3.0)
    told.done("start:db", 101.0, 102.0)
    assert told.row("db").why == ""  # its own next step is about to start
    assert told.row("shop-api") == Row(name="shop-api", kind="image", phase="built", seconds=1.0, state="ok")


def test_what_runs_shows_its_phase_its_progress_and_its_last_reason() -> None:
    told = Told()
    told.say(StepStarted, 101.0, node="build:api")
    told.say(StepProgress, 102.0, node="build:api", current=3, total=7, unit="steps", text="RUN pip install")
    told.say(StepLog, 102.0, node="build:api", line="a line")
    assert told.row("shop-api", 103.0) == Row(
        name="shop-api",
        kind="image",
        phase="building",
        why="RUN pip install",
        seconds=2.0,
        current=3,
        total=7,
        unit="steps",
        state="running",
    )
    told.done("create:db", 101.0, 101.5)
    told.say(StepStarted, 102.0, node="start:db")
    assert told.row("db", 103.0) == Row(name="db", phase="starting", seconds=2.0, state="running")
    told.say(StepFinished, 102.5, node="start:db", outcome=Done())
    told.say(StepStarted, 102.5, node="ready:db")
    told.say(StepProgress, 103.0, node="ready:db", text="connection refused")
    assert (told.row("db").phase, told.row("db").why) == ("checking", "connection refused")


def test_what_is_done_says_what_came_of_it() -> None:
    told = Told()
    told.done("create:db", 100.0, 101.0)
    told.done("start:db", 101.0, 102.0)
    told.done("ready:db", 102.0, 103.0)
    told.done("seed:db:0", 103.0, 105.0, "5000 rows")
    assert told.row("db", 200.0) == Row(name="db", phase="ready", why="5000 rows", seconds=5.0, state="ok")
    assert told.view.done == 4


def test_rows_of_several_seeds_are_counted_together() -> None:
    told = Told()
    seeds = tuple((f"seed:{n}", "db", "Seed", f"shop-db-1 with {n}", "new data") for n in range(3))
    told.say(RunStarted, 100.0, project="shop", verb="up", nodes=seeds, needs={}, services=("db",))
    for (node, *_), detail in zip(seeds, ("loaded", "5,000 rows", "1 row"), strict=True):
        told.done(node, 103.0, 104.0, detail)
    assert told.row("db").why == "loaded, 5,001 rows"


def test_one_failure_names_what_was_skipped_because_of_it() -> None:
    told = Told()
    told.done("create:api", 100.0, 101.0)
    told.say(StepStarted, 101.0, node="ready:db")
    gone = Failed(message="db ended with 1", hint="look", log=("boom",))
    told.say(StepFinished, 103.0, node="ready:db", outcome=gone, seconds=2.0)
    for node in ("seed:db:0", "start:api", "ready:api"):
        told.say(StepFinished, 103.0, node=node, outcome=Skipped(because="ready:db"))
    told.say(RunFinished, 104.0, code=1, seconds=4.0)
    (failure,) = told.view.failures()
    assert (failure.name, failure.step, failure.object, failure.seconds) == ("db", "WaitReady", "shop-db-1", 2.0)
    assert failure.outcome is gone
    assert failure.skipped == ("api",)
    assert (told.row("db").phase, told.row("db").why, told.row("db").state) == ("failed", "ended with 1", "failed")
    assert (told.row("api").state, told.row("api").why) == ("skipped", "db failed")
    assert told.view.finished is not None
    assert told.view.finished.code == 1


def test_a_seed_that_gave_way_to_the_users_rows_is_told() -> None:
    told = Told()
    told.say(StepFinished, 101.0, node="seed:db:0", outcome=Done(detail="kept", data={"kept": "2 rows changed"}))
    assert told.view.kept() == (("db", "shop-db-1 with s.sql", "2 rows changed"),)


def test_what_was_stopped_is_neither_failed_nor_well() -> None:
    told = Told()
    told.say(StepFinished, 101.0, node="start:api", outcome=Cancelled())
    assert told.row("api").state == "cancelled"
    assert told.view.failures() == ()


def test_a_record_without_its_head_still_shows() -> None:
    view = View()
    view.apply(StepStarted(seq=7, at=5.0, node="seed:db:0", service="db", step="Seed"))
    assert [(row.name, row.phase, row.seconds) for row in view.rows(6.0)] == [("db", "seeding", 1.0)]
    view.apply(StepProgress(seq=8, at=6.0, node="pull:x", step="Pull", current=1, total=2, unit="bytes"))
    assert view.rows(8.0)[0].kind == "image"
    view.apply(StepFinished(seq=9, at=7.0, node="start:x", service="x", step="Start", outcome=Skipped(because="gone")))
    assert [row.why for row in view.rows(8.0) if row.name == "x"] == ["gone failed"]


def test_seeds_that_were_there_already_are_said_once() -> None:
    nodes = tuple((f"seed:db:{n}", "db", "Seed", f"shop-db-1 with {n}.csv", "not looked at yet") for n in range(3))
    view = View()
    view.apply(RunStarted(seq=1, at=100.0, project="shop", verb="up", nodes=nodes, services=("db",)))
    for seq, (node, *_) in enumerate(nodes, 2):
        outcome = Done(detail="10 rows") if node.endswith("2") else Done(detail="loaded before", data={"skipped": True})
        view.apply(StepFinished(seq=seq, at=101.0, node=node, service="db", step="Seed", outcome=outcome))
    assert view.rows(102.0)[0].why == "loaded before, 10 rows"
