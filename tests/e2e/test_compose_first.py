"""A team that has only Docker Compose: its stack is up before anybody types devenv, and an editor opens it at last.

Compose's containers stay, all the way to `down`, but for the workspace: by the labels that Compose does not set editors
find their container, so their start makes that one anew, once.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.cli import Cli, as_user, own
from tests.e2e.compose import compose
from tests.e2e.repository import Repository, furnish, made
from tests.engines import new_name

pytestmark = [pytest.mark.slow, pytest.mark.engine]

TEXT = """\
services:
  db:
    image: {name}/postgres:17
    environment: {{POSTGRES_PASSWORD: app, POSTGRES_DB: shop}}
    volumes: [data:/var/lib/postgresql/data]
    healthcheck: {{test: [CMD, pg_isready, -q, -h, 127.0.0.1, -U, postgres], interval: 1s, retries: 60}}
  api:
    image: {name}/python:3
    init: true
    depends_on: {{db: {{condition: service_healthy}}}}
    command: [python, -m, http.server, "8000", --directory, /srv]
    working_dir: /srv
    volumes: ["./web:/srv:ro"]
    healthcheck:
      test: [CMD, python, -c, "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/')"]
      interval: 1s
      retries: 60
    ports: ["8000"]
  box:
    build: ./box
    init: true
    command: [sleep, infinity]
    entrypoint: []
    working_dir: /shop
    volumes: [".:/shop"]
    environment: {{PGHOST: db, PGUSER: postgres, PGPASSWORD: app, PGDATABASE: shop}}
volumes: {{data: }}
"""
SEED = "    x-devenv: {seed: [db/schema.sql, db/products.csv, db/notes.jsonl]}\n  api:"
WORKSPACE = "x-devenv: {workspace: {service: box, user: anna, postCreateCommand: echo made >>/tmp/made}}\n"
TEST = """\
set -e
test "$(psql -XAtc 'SELECT count(*) FROM products')" = 200
exec 3<>/dev/tcp/api/8000
printf 'GET /hello HTTP/1.0\\r\\n\\r\\n' >&3
grep -q 'hello from the api' <&3
echo "passed as $(id -u)"
"""


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Images that Compose finds without a registry; what their names begin with."""
    name = new_name()
    manifest = "name: {name}\nservices: {{db: {{use: postgres}}, py: {{use: python, command: [sleep, infinity]}}}}\n"
    with made(tmp_path_factory.mktemp("images") / "repository", name, manifest) as one:
        one.up()
        found = one.containers()
        refs = {f"{name}/postgres:17": found["db"].image, f"{name}/python:3": found["py"].image}
        for ref, image in refs.items():
            assert image.tag(ref)
        try:
            yield name
        finally:
            for ref in refs:
                one.client.images.remove(ref)


class Team(Repository):
    """A repository with a `compose.yaml` and no file of devenv's, of the person with the number `user`."""

    user = 0

    def command(self, *words: str) -> list[str]:
        return [*as_user(self.user), *super().command(*words)]

    def run(self, *words: str, **more: Any) -> subprocess.CompletedProcess[str]:
        home = self.folder.parent / "home"
        home.mkdir(exist_ok=True)
        own(home, self.user)
        return super().run(*words, **{**more, "env": {"HOME": str(home)} if self.user else {}})

    def belongs_to(self, user: int) -> None:
        self.user = user
        own(self.folder, user)

    def compose(self, *words: str) -> str:
        """The real Compose, as it is typed in the repository; what it wrote."""
        result = compose(*words, cwd=self.folder)
        assert result.returncode == 0, result.stdout + result.stderr
        return result.stdout + result.stderr

    def new_files(self) -> list[str]:
        """What git sees that the team did not commit."""
        listed = ("git", "-c", "safe.directory=*", "status", "--porcelain", "--untracked-files=all")
        done = subprocess.run(listed, cwd=self.folder, capture_output=True, text=True, check=True, timeout=60)
        return [line[3:] for line in done.stdout.splitlines()]


@pytest.fixture
def team(images: str, tmp_path: Path) -> Iterator[Team]:
    one = Team(tmp_path / new_name(), "")
    one.name = one.folder.name  # Compose's own default, and devenv's
    furnish(one)
    (one.folder / "devenv.yaml").unlink()
    one.write("compose.yaml", TEXT.format(name=images))
    one.write("box/Dockerfile", f"FROM {images}/postgres:17\nRUN useradd -m -u 1234 -s /bin/bash anna\n")
    one.write("web/hello", "hello from the api\n")
    one.write("test.sh", TEST)
    git = ("git", "-c", "user.name=x", "-c", "user.email=x@x")
    for words in (("init", "-q"), ("add", "."), ("commit", "-qm", "one")):
        subprocess.run([*git, *words], cwd=one.folder, check=True, timeout=60)
    try:
        yield one
    finally:
        one.clean()
        for image in one.client.images.list(name=f"{one.name}-box*"):
            one.client.images.remove(image.id, force=True)


@pytest.mark.parametrize("user", [0, 1001])
def test_from_compose_to_an_editor(team: Team, tmp_path: Path, user: int) -> None:
    if user and os.getuid():
        pytest.skip("only root is somebody else")
    team.edit("compose.yaml", "  api:", SEED)
    team.write("compose.yaml", (team.folder / "compose.yaml").read_text() + WORKSPACE)
    team.belongs_to(user or os.getuid())
    team.compose("up", "-d", "--wait")
    made_by_compose = team.identities()
    told = team.up()
    assert team.identities() == made_by_compose, told
    assert f"box stays as Docker Compose made it, without the number {team.user} for anna" in told
    assert all(row["ready"] for row in team.status().values()), team.status()
    assert "nothing to do" in team.up()
    assert team.new_files() == ["compose.yaml"]
    assert team.run("render", "--devcontainer").returncode == 0
    assert team.new_files() == ["compose.yaml", ".devcontainer/devcontainer.json"]
    assert "nothing to do" in team.up()
    assert team.identities() == made_by_compose

    cli = Cli(team.folder, tmp_path / "tools", super(Team, team).command(), user=team.user)
    answer, said = cli.up()
    opened = team.identities()
    assert " up -d" not in said
    assert {name for name in opened if opened[name] != made_by_compose[name]} == {"box"}, said
    assert answer["containerId"] == opened["box"][0]
    assert (answer["composeProjectName"], answer["remoteUser"]) == (team.name, "anna")
    assert cli.inside("bash test.sh; cat /tmp/made; touch here").splitlines() == [f"passed as {team.user}", "made"]

    assert (team.folder / "here").stat().st_uid == team.user

    again, _ = cli.up()
    assert again["containerId"] == opened["box"][0]
    team.compose("up", "-d", "--wait")
    assert "nothing to do" in team.up()
    assert team.identities() == opened
    assert cli.inside("cat /tmp/made").splitlines() == ["made"]
    assert team.run("exec", "box", "bash", "test.sh").stdout.startswith("passed as ")
    assert all(row["ready"] for row in team.status().values())
    assert team.run("down").returncode == 0
    containers, networks, volumes = team.things()
    assert (containers, networks, volumes) == ([], [], [f"{team.name}_data"])
    team.compose("down", "-v")
    assert team.things() == ([], [], [])


def test_without_a_word_for_devenv(team: Team, tmp_path: Path) -> None:
    """What render needs to know it says; a devcontainer.json that the team wrote tells it too."""
    team.compose("up", "-d", "--wait")
    made_by_compose = team.identities()
    told = team.up()
    assert team.identities() == made_by_compose, told
    assert all(row["ready"] for row in team.status().values()), team.status()
    refused = team.run("render", "--devcontainer")
    assert refused.returncode == 2
    assert "`x-devenv: {workspace: {service:" in refused.stderr
    assert team.new_files() == []
    theirs = {"dockerComposeFile": "../compose.yaml", "service": "box", "workspaceFolder": "/shop"}
    team.write(".devcontainer/devcontainer.json", json.dumps(theirs))
    assert "nothing to do" in team.up()

    cli = Cli(team.folder, tmp_path / "tools", team.command())
    answer, said = cli.up()
    assert answer["containerId"] == made_by_compose["box"][0]
    assert " up -d" not in said
    assert team.identities() == made_by_compose
    inside = cli.run("exec", "--container-id", answer["containerId"], "printenv", "PGHOST")
    assert (inside.returncode, inside.stdout) == (0, "db\n"), inside.stderr
    assert team.run("exec", "box", "printenv", "PGHOST").stdout == "db\n"
    assert "nothing to do" in team.up()
    team.compose("up", "-d", "--wait")
    assert team.identities() == made_by_compose
    assert team.run("down", "--volumes", "--yes").returncode == 0
    assert team.things() == ([], [], [])
