"""`up SERVICE…`: these and what they need, and nothing else."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.repository import Repository
from tests.engines import new_name

pytestmark = pytest.mark.engine

_COMPOSE = """\
name: {name}
services:
  base:
    build: {{context: ., dockerfile_inline: "FROM python:3.13-slim"}}
    image: {name}-api
    command: [sleep, infinity]
    init: true
    ports: ["127.0.0.1::8000"]
  broken:
    build: ./nowhere
    image: {name}-broken
  gone:
    image: registry.invalid/gone:1
  store:
    image: {name}-api
    command: [sleep, infinity]
    init: true
  tool:
    image: {name}-api
    command: [sleep, infinity]
    init: true
    profiles: [tools]
    depends_on: [store]
  other:
    image: {name}-api
    profiles: [tools]
"""


@pytest.fixture
def plain(tmp_path: Path) -> Iterator[Repository]:
    """A team's own Compose file, parts of which cannot be had."""
    name = new_name()
    repository = Repository(tmp_path, name)
    repository.write("compose.yaml", _COMPOSE.format(name=name))
    try:
        yield repository
    finally:
        repository.clean()


def test_one_of_a_profile_with_an_image_that_another_builds(plain: Repository) -> None:
    plan = plain.run("up", "tool", "--dry-run")
    assert plan.returncode == 0, plan.stderr
    assert "base:" not in plan.stdout
    plain.up("tool")
    assert set(plain.containers()) == {"tool", "store"}
    assert "nothing to do" in plain.up("tool", "store")
    before = plain.identities()
    plain.up("tool", "--force-recreate")
    after = plain.identities()
    assert after["store"] == before["store"]
    assert after["tool"] != before["tool"]
    plain.client.containers.get(f"{plain.name}-store-1").stop(timeout=0)
    plain.up("tool")
    assert plain.containers()["store"].status == "running"
    unknown = plain.run("up", "tol")
    assert unknown.returncode == 2
    assert "There is no service tol" in unknown.stderr


def test_the_end_names_the_addresses_of_what_is_up(repository: Repository) -> None:
    told = repository.up("db")
    assert set(repository.containers()) == {"db"}
    assert "127.0.0.1" in told
    assert "http://127.0.0.1" not in told
    assert not repository.client.images.list(name=f"{repository.name}-api")


def test_leaving_one_of_a_profile_to_the_host_brings_no_other_profile(tmp_path: Path) -> None:
    service = "{image: 'python:3.13-slim', command: [sleep, infinity], profiles: [%s]}"
    text = "services:\n" + "".join(f"  {name}: {service % name}\n" for name in ("debug", "load", "mine"))
    repository = Repository(tmp_path, new_name())
    repository.write("compose.yaml", f"name: {repository.name}\n{text}  web: {{image: 'python:3.13-slim'}}\n")

    def planned(*words: str, profiles: str = "") -> set[str]:
        plan = repository.run("up", *words, "--dry-run", "--output", "json", env={"COMPOSE_PROFILES": profiles})
        assert plan.returncode == 0, plan.stderr
        return {node["service"] for node in json.loads(plan.stdout) if node["step"] == "Start"}

    assert planned("--except", "debug") == {"debug", "web"}
    assert planned("--except", "debug", profiles="mine") == {"debug", "mine", "web"}
    assert planned("load", "--except", "debug") == {"load"}
