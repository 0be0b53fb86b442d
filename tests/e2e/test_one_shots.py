"""Services that are meant to end: run to their end, done by 0, run again when they or the data behind them changed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.compose import compose
from tests.e2e.repository import Repository, made
from tests.engines import new_name

pytestmark = pytest.mark.engine

MANIFEST = """\
name: {name}
services:
  db:
    use: postgres
    seed: [db/schema.sql]
  migrate:
    image: postgres:17
    one_shot: true
    environment: {{URL: "{{{{ db.url }}}}", WORD: first}}
    volumes: ["./migrations:/migrations:ro"]
    command: [sh, -c, "cat /migrations/*.sql | psql -X -q -v ON_ERROR_STOP=1 $$URL"]
  app:
    image: postgres:17
    command: [sleep, infinity]
    init: true
    depends_on: {{migrate: {{condition: service_completed_successfully}}}}
"""
RUN = "CREATE TABLE IF NOT EXISTS runs (number serial);\nINSERT INTO runs DEFAULT VALUES;\n"
PLAIN = """\
name: {name}
services:
  fetch:
    image: {image}
    restart: "no"
    command: [sh, -c, "echo fetched >>/out/fetched"]
    volumes: ["./out:/out"]
  tidy:
    image: {image}
    command: [sh, -c, "echo tidied >>/out/tidied; exit $${{CODE:-0}}"]
    volumes: ["./out:/out"]
    x-devenv: {{one_shot: true}}
  app:
    image: {image}
    command: [sleep, infinity]
    init: true
    depends_on:
      fetch: {{condition: service_completed_successfully}}
"""


@pytest.fixture
def migrated(tmp_path: Path) -> Iterator[Repository]:
    with made(tmp_path / "repository", new_name(), MANIFEST) as one:
        one.write("migrations/1.sql", RUN)
        one.up()
        yield one


def _runs(repository: Repository) -> int:
    return int(repository.sql("SELECT count(*) FROM runs"))


def test_it_is_keyed_by_its_content(migrated: Repository) -> None:
    repository = migrated
    assert _runs(repository) == 1
    assert "nothing to do" in repository.up()
    assert "migrate: already done" in repository.run("up", "--dry-run").stdout
    row = next(line for line in repository.run("status").stdout.splitlines() if line.startswith("migrate"))
    assert row.split()[1:3] == ["done", "yes"]
    repository.edit("devenv.yaml", "WORD: first", "WORD: second")
    assert "environment.WORD changed" in repository.run("up", "--dry-run").stdout
    repository.up()
    assert _runs(repository) == 2
    before = repository.identities()["app"]
    repository.write("migrations/2.sql", "CREATE TABLE more (id integer);\n")
    assert "content of /migrations changed" in repository.run("up", "--dry-run").stdout
    repository.up()
    assert _runs(repository) == 3
    assert repository.sql("SELECT count(*) FROM more") == "0"
    assert repository.identities()["app"] == before
    assert "nothing to do" in repository.up()

    # One that fails blocks who waits for it, and is run again by the next `up`.
    repository.run("down")
    repository.write("migrations/2.sql", "CREATE TABLE IF NOT EXISTS more (id integer);\nSELECT wrong;\n")
    told = repository.up(code=1)
    assert "✘ migrate ended with exit code 3" in told
    assert 'column "wrong" does not exist' in told
    assert "Not started because of it: app" in told
    assert repository.status()["app"]["state"] == "created"
    assert "ended with 3" in repository.run("up", "--dry-run").stdout
    repository.write("migrations/2.sql", "CREATE TABLE IF NOT EXISTS more (id integer);\n")
    repository.up()
    assert repository.status()["migrate"]["ready"]
    assert "nothing to do" in repository.up()


@pytest.mark.slow
def test_its_witness_is_its_container_and_the_data(migrated: Repository) -> None:
    repository = migrated
    repository.containers()["migrate"].remove()
    repository.up()
    assert _runs(repository) == 2
    # Data that are gone take its work with them, whoever made the new ones.
    for name in ("app", "db"):
        repository.containers()[name].remove(force=True)
    repository.client.volumes.get(f"{repository.name}_db-data").remove()
    assert "db has new data" in repository.run("up", "--dry-run").stdout
    repository.up()
    assert _runs(repository) == 1
    repository.containers()["db"].remove(force=True)
    repository.client.volumes.get(f"{repository.name}_db-data").remove()
    file = str(repository.folder / ".devcontainer/compose.yaml")
    assert compose("-f", file, "up", "-d", "--wait", "--no-deps", "db").returncode == 0
    repository.up()
    assert _runs(repository) == 1
    assert repository.status()["db"]["seeded"] == "done"
    # Plain Compose runs it at every `up`; that is no reason to run it once more.
    result = compose("-f", file, "up", "-d")
    assert result.returncode == 0, result.stderr
    repository.containers()["migrate"].wait(timeout=30)
    assert "nothing to do" in repository.up()
    assert _runs(repository) == 2


def test_in_a_plain_compose_file(tmp_path: Path, docker_base: str) -> None:
    with made(tmp_path / "repository", new_name()) as one:
        (one.folder / "devenv.yaml").unlink()
        one.write("compose.yaml", PLAIN.format(name=one.name, image=docker_base))
        (one.folder / "out").mkdir()
        one.up()
        assert "nothing to do" in one.up()
        assert [(one.folder / "out" / name).read_text() for name in ("fetched", "tidied")] == ["fetched\n", "tidied\n"]
        one.edit("compose.yaml", "CODE:-0", "CODE:-4")
        assert "✘ tidy ended with exit code 4" in one.up(code=1)
        assert one.status()["app"]["state"] == "running"
        assert not (one.folder / ".devcontainer").exists()
