"""Bare machines with engines of their own, 20.10 and 26.1: the ten points of `sharing_points` for both kinds of
projects, the larger Compose files, and an older Docker Compose from the distribution's packages."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.compose import binary
from tests.e2e.machine import Machine
from tests.e2e.sharing_points import KINDS, POINTS
from tests.e2e.stack_points import CASES
from tests.engines import BASE

pytestmark = [pytest.mark.slow, pytest.mark.engine]

ENGINES = {"bookworm": "20.10", "trixie": "26.1"}
IMAGES = ("redis:8", "postgres:17", "python:3.13", "nginx:1.26")
_PYTHON = "$(ls -d ~/.cache/devenv/env-*/bin/python | head -n 1)"
_CLI = '#!/bin/sh\nexec node /opt/cli/node_modules/@devcontainers/cli/devcontainer.js "$@"\n'
_TOOLS = "DEVENV_TEST_COMPOSE=/opt/docker-compose DEVENV_TEST_DEVCONTAINER=/opt/devcontainer"


@pytest.fixture(scope="module")
def cli(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which the devcontainers CLI is installed."""
    if not shutil.which("npm"):
        subprocess.run(["apt-get", "install", "-y", "-qq", "--no-install-recommends", "nodejs", "npm"], check=True)
    folder = tmp_path_factory.mktemp("cli")
    subprocess.run(["npm", "install", "--no-audit", "--no-fund", "@devcontainers/cli"], cwd=folder, check=True)
    return folder


@pytest.fixture(scope="module", params=ENGINES)
def machine(request: pytest.FixtureRequest, cli: Path) -> Iterator[Machine]:
    """A machine with an engine, the images, and both tools."""
    with Machine(request.param) as made:
        for command in (
            "./dev version",
            f"{_PYTHON} tests/e2e/engine_points.py engine",
            "DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends nodejs procps "
            "$(apt-cache show docker-cli >/dev/null 2>&1 && echo docker-cli)",
        ):
            code, output = made.run(command, timeout=900)
            assert code == 0, output
        code, output = made.run("docker version --format '{{.Server.Version}}'")
        assert (code, output.startswith(ENGINES[request.param])) == (0, True), output
        for name in IMAGES:
            made.carry(f"localhost/devenv/{name}", name)
        made.carry(BASE, BASE)
        made.write("/opt/docker-compose", binary().read_bytes())
        made.put(cli, "/opt/cli")
        made.write("/opt/devcontainer", _CLI.encode())
        code, output = made.run("chmod 755 /opt/docker-compose /opt/devcontainer && /opt/devcontainer --version")
        assert code == 0, output
        yield made


@pytest.mark.parametrize("point", POINTS)
@pytest.mark.parametrize("kind", KINDS)
def test_point(machine: Machine, kind: str, point: int) -> None:
    command = f"{_TOOLS} {_PYTHON} tests/e2e/sharing_points.py {kind} /srv/sharing {point}"
    code, output = machine.run(command, timeout=300)
    assert code == 0, output
    print(f"\n{ENGINES[machine.suite]} {output.strip()}")


@pytest.mark.parametrize("case", sorted(path.name for path in CASES.iterdir()))
def test_the_same_is_made(machine: Machine, case: str) -> None:
    code, output = machine.run(f"{_TOOLS} {_PYTHON} tests/e2e/stack_points.py {case}", timeout=300)
    assert code == 0, output
    print(f"\n{ENGINES[machine.suite]} {output.strip()}")


def test_an_older_compose_finds_nothing_to_change(machine: Machine) -> None:
    """The distribution's: 2.26, whose hashes are others; the first one, which is not asked, on the older machine."""
    code, output = machine.run(
        "DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends docker-compose", timeout=600
    )
    assert code == 0, output
    folder = "/srv/older"
    machine.write(f"{folder}/compose.yaml", _OLDER.encode())
    code, output = machine.run(f"/src/dev -C {folder} up && docker-compose version --short", folder="/")
    assert code == 0, output
    version = output.split()[-1].removeprefix("v")
    ids = "docker ps -aq --no-trunc --filter label=com.docker.compose.project=older"
    _, before = machine.run(ids)
    assert len(before.split()) == 2
    if machine.suite == "bookworm":
        assert version.startswith("1."), version
        code, output = machine.run(f"DEVENV_TEST_COMPOSE= /opt/docker-compose -f {folder}/compose.yaml up -d")
    else:
        assert version.startswith("2.26"), version
        kept = json.loads(machine.read(f"{folder}/.devenv/compose.json"))["hashes"]
        _, said = machine.run(f"/opt/docker-compose -f {folder}/compose.yaml config --hash '*'")
        newest = dict(line.split() for line in said.splitlines())
        assert kept.keys() == newest.keys()
        assert not kept.items() & newest.items()
        code, output = machine.run(f"docker compose -f {folder}/compose.yaml up -d")
    assert code == 0, output
    assert machine.run(ids)[1] == before
    code, output = machine.run(f"/src/dev -C {folder} up", folder="/")
    assert code == 0
    assert "nothing to do" in output


_OLDER = f"""\
name: older
services:
  web:
    image: {BASE}
    init: true
    command: [sleep, infinity]
    environment: {{A: one, B: "$$5"}}
    ports: ["127.0.0.1::80"]
    volumes: ["data:/data", "./there:/there:ro"]
    healthcheck: {{test: [CMD, "true"], interval: 1s}}
  worker:
    image: {BASE}
    init: true
    command: sleep infinity
    depends_on: {{web: {{condition: service_healthy}}}}
volumes: {{data: }}
"""
