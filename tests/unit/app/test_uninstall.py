"""`devenv uninstall` against an engine in memory and a home of the test's own; packages are stand-ins."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from devenv.app import uninstall as module
from devenv.app.context import Context
from devenv.app.uninstall import uninstall
from devenv.backends.fake import FakeEngine
from devenv.host import packages, remains
from devenv.host.apt import Consent
from devenv.host.lock import project_lock
from devenv.host.packages import Recorded
from devenv.model import labels
from devenv.model.errors import DevenvError, ExitCode
from devenv.run.cancel import CancelToken
from tests.unit.app.heard import Heard as Listening

INSTALLED = ("docker.io", "containerd", "python3")
OUR_IMAGE = "localhost/devenv/redis:8-1"


class Heard(Listening):
    """Answers `answers` one by one, in the order of the questions, and no after that."""

    def __init__(self, *answers: bool) -> None:
        super().__init__()
        self.answers = list(answers)

    def ask(self, question: str) -> bool:
        self.questions.append(question)
        return bool(self.answers) and self.answers.pop(0)

    def error(self, error: DevenvError) -> None:
        self.noticed.append(error.message)


class Machine:
    """`gone` are the packages that were purged, in their order."""

    def __init__(self, engine: FakeEngine, home: Path) -> None:
        self.engine, self.home = engine, home
        self.gone: list[str] = []
        self.engine_data = True

    def run(self, ui: Heard, *, yes: bool = False, output: str = "text", **options: bool) -> int:
        return uninstall(Context(ui=ui, yes=yes, output=output, cancel=CancelToken()), **options)

    @property
    def there(self) -> tuple[int, list[str], list[str]]:
        """Containers, volumes and images on the engine."""
        found = self.engine.inventory()
        return len(found.containers), [v.name for v in found.volumes], [i.ref for i in found.images]


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    (tmp_path / "cache/devenv").mkdir(parents=True)
    (tmp_path / "cache/devenv/trixie.tar").write_bytes(b"x" * 1000)
    packages.note(Recorded(installed=INSTALLED, manual=("ca-certificates",)))
    engine = FakeEngine(images=[OUR_IMAGE, "localhost/devenv/mine:1"])
    monkeypatch.setattr(engine, "_info", replace(engine.info, local=True))
    marks = {labels.PROJECT: "shop", labels.FOLDER: "/home/ann/shop"}
    engine.create_volume("shop_data", {}, marks)
    host = {"Binds": ["shop_data:/data"]}
    engine.start(engine.create_container("shop-db-1", {"Image": OUR_IMAGE, "Labels": marks, "HostConfig": host}))
    one = Machine(engine, tmp_path)

    def purge(names: Sequence[str], consent: Consent) -> None:
        one.gone += names
        packages.forget({*names, "ca-certificates"})

    def removable(keep: Sequence[str] = ()) -> tuple[str, ...]:
        held = {*keep, "containerd"} if "docker.io" in keep else set(keep)
        return tuple(name for name in packages.recorded().installed if name not in held)

    def empty(consent: Consent) -> None:
        one.engine_data = False

    monkeypatch.setattr(module, "connect_engine", lambda ctx, ensure: engine)
    monkeypatch.setattr(packages, "installed", lambda names: tuple(n for n in names if n in INSTALLED))
    monkeypatch.setattr(remains, "remove_packages", purge)
    monkeypatch.setattr(remains, "removable", removable)
    monkeypatch.setattr(remains, "remove_engine_data", empty)
    monkeypatch.setattr(module.engine_start, "runs_for_us", lambda: False)
    monkeypatch.setattr(module.engine_start, "is_own", lambda url: url == "fake://")
    return one


def test_a_dry_run_lists_and_leaves_all(machine: Machine) -> None:
    ui, before = Heard(), machine.there
    assert machine.run(ui, dry_run=True) == 0
    assert "shop of /home/ann/shop (1 container)" in ui.printed
    assert "docker.io, containerd, python3" in ui.printed
    assert "shop_data" in ui.printed
    assert (machine.there, machine.gone, ui.questions) == (before, [], [])
    assert (machine.home / "cache/devenv/trixie.tar").exists()


def test_images_are_listed_by_name_and_a_person_s_own_stay(machine: Machine) -> None:
    marks = {labels.SOURCE: "d", labels.PROJECT: "shop", labels.SERVICE: "api"}
    machine.engine.import_image("shop-api", [b"x"], labels=marks, cancel=CancelToken())
    machine.engine.tag("shop-api", "kept:1")
    ui = Heard()
    assert machine.run(ui, yes=True) == 0
    assert "3 images that devenv made, up to " in ui.printed
    assert "; of stacks shop-api" in ui.printed
    assert machine.engine.image("shop-api") is None
    assert machine.engine.image("kept:1") is not None


def test_an_engine_stays_where_another_one_was_looked_at(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module.engine_start, "is_own", lambda url: False)  # DOCKER_HOST names one
    monkeypatch.setattr(module.engine_start, "runs_for_us", lambda: True)
    monkeypatch.setattr(module.engine_start, "stop_started", lambda: pytest.fail("it was stopped"))
    ui = Heard()
    assert machine.run(ui, yes=True, volumes=True) == 0
    assert (machine.gone, machine.engine_data) == (["python3"], True)
    assert "engine (what is on it is not known)" in ui.printed
    assert "the container engine stays: what is on it is not known" in ui.noticed


def test_yes_and_volumes_take_all(machine: Machine) -> None:
    (machine.home / "src/devenv/cli").mkdir(parents=True)
    (machine.home / "src/devenv/cli/main.py").touch()
    (machine.home / "src/dev").touch()
    (machine.home / ".local/bin").mkdir(parents=True)
    (machine.home / ".local/bin/devenv").symlink_to(machine.home / "src/dev")
    ui = Heard()
    assert machine.run(ui, yes=True, volumes=True) == 0
    assert machine.there == (0, [], [])
    assert (machine.gone, machine.engine_data) == (list(INSTALLED), False)
    assert not (machine.home / "cache/devenv").exists()
    assert not (machine.home / "state/devenv").exists()
    assert not (machine.home / ".local/bin/devenv").is_symlink()
    assert (machine.home / "src/dev").exists(), "the checkout is the user's"
    assert ui.printed.splitlines()[-1] == "removed: stacks, data, images, packages, link, state, caches"
    again = Heard()
    assert machine.run(again, yes=True) == 0


def test_yes_alone_keeps_the_data_and_the_engine_that_holds_them(machine: Machine) -> None:
    ui = Heard()
    assert machine.run(ui, yes=True) == 0
    assert machine.there == (0, ["shop_data"], [])
    assert (machine.gone, machine.engine_data) == (["python3"], True)
    assert ui.noticed == ["the container engine stays: the data in shop_data are on it (--volumes removes them)"]
    assert packages.recorded().installed == ("docker.io", "containerd"), "what stays is on record for the next time"


def test_what_somebody_else_has_on_the_engine_keeps_it(machine: Machine) -> None:
    machine.engine.create_container("theirs", {"Image": "localhost/devenv/mine:1"})
    ui = Heard()
    assert machine.run(ui, yes=True, volumes=True) == 0
    assert machine.there == (1, [], ["localhost/devenv/mine:1"])
    assert machine.gone == ["python3"]
    assert "the container engine stays: on it 1 container is not devenv's" in ui.noticed
    assert "images (in use: localhost/devenv/mine:1)" in ui.printed


def test_each_group_is_asked_for_and_a_no_keeps_what_hangs_on_it(machine: Machine) -> None:
    ui = Heard(False, True)  # no to the stacks; data and images are not even asked for
    assert machine.run(ui) == 0
    assert ui.questions == [
        "take down shop?",
        "remove the packages python3?",
        f"remove {machine.home}/state/devenv?",
        f"remove {machine.home}/cache/devenv?",
    ]
    assert machine.there[0] == 1
    assert machine.gone == ["python3"]
    assert (machine.home / "cache/devenv").exists()


def test_data_are_a_question_of_their_own(machine: Machine) -> None:
    ui = Heard(True, False)
    assert machine.run(ui) == 0
    assert ui.questions[:2] == ["take down shop?", "remove the data in shop_data? Nothing brings it back."]
    assert machine.there[:2] == (0, ["shop_data"])


def test_where_nobody_says_yes_nothing_goes(machine: Machine) -> None:
    before = machine.there
    with pytest.raises(DevenvError, match="nobody said yes") as caught:
        machine.run(Heard())
    assert caught.value.code == ExitCode.INPUT
    assert (machine.there, machine.gone) == (before, [])


def test_a_stack_that_stays_keeps_what_it_needs(machine: Machine) -> None:
    error = DevenvError("the engine says no", hint="h", code=ExitCode.FAILED)
    machine.engine.fail("remove_container", "shop-db-1", error)
    ui = Heard()
    assert machine.run(ui, yes=True, volumes=True, output="json") == 1
    groups = {group["name"]: group for group in json.loads(ui.printed)["groups"]}
    assert groups["stacks"]["kept"] == "the engine says no"
    assert groups["packages"]["kept"] == "the stacks could not be removed"
    assert groups["caches"]["removed"]
    assert machine.gone == []


def test_without_an_engine_what_it_holds_is_not_touched(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    def nowhere(ctx: Context, *, ensure: bool) -> FakeEngine:
        raise DevenvError("No container engine runs on this machine.", hint="h", code=ExitCode.UNFIT)

    monkeypatch.setattr(module, "connect_engine", nowhere)
    ui = Heard()
    assert machine.run(ui, yes=True, volumes=True) == 0
    assert "No container engine runs on this machine: what it holds is not listed, and stays." in ui.printed
    assert machine.gone == ["python3"]
    monkeypatch.setenv("DEVENV_WORKSPACE", "1")
    with pytest.raises(DevenvError, match="No container engine"):
        machine.run(Heard(), yes=True)


def test_of_an_engine_on_another_machine_nothing_is_listed(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine.engine, "_info", replace(machine.engine.info, local=False, host="ssh://far"))
    ui, before = Heard(), machine.there
    assert machine.run(ui, yes=True, volumes=True) == 0
    assert "The engine is on another machine (ssh://far): what it holds is not listed, and stays." in ui.printed
    assert "shop" not in ui.printed
    assert (machine.there, machine.gone) == (before, ["python3"])


def test_stacks_of_another_user_are_a_question_of_their_own(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remains, "is_ours", lambda folder: folder != "/home/ann/shop")
    before, ui = machine.there[:2], Heard()
    assert machine.run(ui, yes=True, volumes=True) == 0
    assert "theirs    shop of /home/ann/shop (1 container), another user's" in ui.printed
    assert "theirs (another user's; without --yes it is asked for)" in ui.printed
    assert "the container engine stays: stacks of another user are on it" in ui.noticed
    assert (machine.there[:2], machine.gone) == (before, ["python3"])
    asked = Heard(True)
    assert machine.run(asked) == 0
    assert asked.questions[0] == "take down shop, of another user?"
    assert machine.there[:2] == (0, ["shop_data"]), "the data are not even asked for"
    assert "docker.io" not in machine.gone


def test_a_lock_that_another_devenv_holds_stays(machine: Machine) -> None:
    state = machine.home / "state/devenv"
    with project_lock("other", "shop", print):
        ui = Heard()
        assert machine.run(ui, yes=True, volumes=True) == 0
        assert "state (another devenv is at work)" in ui.printed
        assert len([*state.glob("locks/*.json")]) == 1
    assert machine.run(Heard(), yes=True) == 0
    assert not state.exists()
