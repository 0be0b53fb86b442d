"""A project of 30 services, 10 networks and 4 profiles: what is said and done is about the chosen profiles alone, and
about the same services as with the real Compose."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.plain import Plain, plain
from tests.engines import new_name

pytestmark = pytest.mark.engine

PROFILES = ("", "web", "data", "ops", "test")
NUMBERS = range(30)


def stack() -> str:
    """Every fifth service has no profile; each is in one network, every seventh keeps data."""
    lines = ["services:"]
    for number in NUMBERS:
        profile = PROFILES[number % len(PROFILES)]
        keys = [f"networks: [n{number % 10}]"]
        keys += [f"profiles: [{profile}]"] if profile else []
        keys += [f'volumes: ["v{number}:/v"]'] if number % 7 == 0 else []
        lines.append(f"  s{number}: {{<<: *wait, {', '.join(keys)}}}")
    lines.append("networks: {" + ", ".join(f"n{number}: {{}}" for number in range(10)) + "}")
    lines.append("volumes: {" + ", ".join(f"v{number}: {{}}" for number in NUMBERS if number % 7 == 0) + "}")
    return "\n".join(lines) + "\n"


def of(*profiles: str) -> set[str]:
    """The services of these profiles, and those without any."""
    return {f"s{number}" for number in NUMBERS if PROFILES[number % len(PROFILES)] in ("", *profiles)}


@pytest.fixture
def project(tmp_path: Path, docker_base: str) -> Iterator[Plain]:
    with plain(tmp_path, new_name(), stack()) as one:
        yield one


def things(project: Plain) -> tuple[set[str], set[str], set[str]]:
    """The services that have containers, and the keys of the networks and volumes that are there."""
    containers, networks, volumes = project.things()
    start = len(project.name) + 1
    return {name[start:-2] for name in containers}, {n[start:] for n in networks}, {v[start:] for v in volumes}


def told(output: str) -> set[str]:
    """The services that a run's events are about."""
    events = [json.loads(line) for line in output.splitlines()]
    (begun,) = (event for event in events if event["event"] == "run_started")
    return {*begun["services"], *(event.get("service") for event in events)} - {None, ""}


def test_up_status_and_down_are_about_the_chosen_profiles_alone(project: Plain) -> None:
    wanted = of("web")
    assert set(project.compose("--profile", "web", "config", "--services").split()) == wanted
    assert told(project.says("--profile", "web", "up", "--output", "json")) == wanted
    assert things(project) == (wanted, {"n0", "n1", "n5", "n6"}, {"v0", "v21"})
    assert set(project.compose("--profile", "web", "ps", "--services").split()) == wanted

    status = json.loads(project.says("--profile", "web", "status", "--output", "json"))
    assert {row["name"] for row in status["services"]} == wanted
    assert {row["name"] for row in status["services"] if row["ready"]} == wanted
    assert set(project.status()) == of()
    assert project.run("--profile", "web", "up").stdout.strip().endswith("nothing to do")
    assert "s16" not in project.says("status")

    assert project.says("exec", "s1", "echo", "here") == "here\n", "who names a service means it"
    assert set(project.says("logs").replace("|", " ").split()) & {f"s{n}" for n in NUMBERS} == of()
    assert "s6" in project.run("stop").stderr
    states = {name[:-2]: one.status for name, one in project.each().items()}
    assert {name for name, state in states.items() if state == "exited"} == of()
    assert {name for name, state in states.items() if state == "running"} == wanted - of()

    gone = project.run("down")
    assert gone.returncode == 0, gone.stderr
    assert "of profiles that are not active: s1, s11, s16, s21, s26, s6" in gone.stderr
    assert things(project) == (wanted - of(), {"n1", "n6"}, {"v0", "v21"})
    whole = project.says("--profile", "web", "down", "--volumes", "--yes", "--output", "json")
    assert told(whole) <= wanted
    assert things(project) == (set(), set(), set())


def test_a_named_service_needs_no_profile(project: Plain) -> None:
    project.says("up", "s2", "s14")
    assert things(project) == ({"s2", "s14"}, {"n2", "n4"}, {"v14"})
    project.compose("up", "-d", "s2")
    assert set(project.status()) == of()
    project.says("down", "--volumes", "--yes")
    assert things(project) == ({"s2", "s14"}, {"n2", "n4"}, {"v14"}), "as Compose does, and said"
    project.compose("--profile", "*", "down", "--volumes")
    assert things(project) == (set(), set(), set())
