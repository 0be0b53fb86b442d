"""`devenv up` on a real engine: what it leaves, what a second one does, what a change does."""

from __future__ import annotations

import json
import subprocess

import pytest

from tests.e2e.repository import PRODUCTS, Repository
from tests.unit.test_imports import LIBRARIES, SLOW, WORK

pytestmark = pytest.mark.engine


def test_everything_runs_is_ready_and_seeded(running: Repository) -> None:
    status = running.status()
    assert {name: (row["state"], row["ready"], row["seeded"]) for name, row in status.items()} == {
        "db": ("running", True, "done"),
        "api": ("running", True, None),
        "web": ("running", True, None),
        "workspace": ("running", True, None),
    }
    assert running.sql("SELECT count(*) FROM products") == str(PRODUCTS)
    assert running.sql("SELECT count(*) FROM notes WHERE body->>'said' = 'so'") == "10"


def test_a_second_up_has_nothing_to_do(running: Repository) -> None:
    before = running.identities()
    with running.watched() as seen:
        told = running.up()
    assert "nothing to do" in told
    assert seen == []
    assert running.identities() == before


def test_an_up_with_nothing_to_do_loads_nothing_that_does_something(running: Repository) -> None:
    running.up()
    start = (
        "import atexit, sys; sys.path.insert(0, sys.argv.pop(1)); atexit.register(lambda: print(*sys.modules)); "
        "from devenv.cli.main import main; main()"
    )
    python, isolated, _, _, *rest = running.command("up")
    told = subprocess.run(
        [python, isolated, "-c", start, *rest],
        cwd=running.folder,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    ).stdout
    assert "nothing to do" in told
    assert not set(told.split()) & {*LIBRARIES, *SLOW, *WORK}


def test_seeding_again_changes_no_count(running: Repository) -> None:
    for words in (("seed",), ("seed", "db")):
        result = running.run(*words)
        assert result.returncode == 0, result.stderr
        assert running.sql("SELECT count(*) FROM products") == str(PRODUCTS)
        assert running.sql("SELECT count(*) FROM notes") == "10"


def test_chosen_ports_listen_on_loopback_alone(running: Repository) -> None:
    bound = [
        address["HostIp"]
        for container in running.containers().values()
        for addresses in (container.attrs["NetworkSettings"]["Ports"] or {}).values()
        for address in addresses or ()
    ]
    assert bound
    assert set(bound) == {"127.0.0.1"}


def test_render_check_holds_after_up_and_not_after_an_edit(running: Repository) -> None:
    assert running.run("render", "--check").returncode == 0
    path = running.folder / ".devcontainer" / "compose.yaml"
    text = path.read_text(encoding="utf-8")
    try:
        path.write_text(text.replace("hello", "edited"), encoding="utf-8")
        result = running.run("render", "--check")
        assert result.returncode == 1
        assert "-      GREETING: edited" in result.stdout
    finally:
        path.write_text(text, encoding="utf-8")


def test_dry_run_changes_nothing(repository: Repository) -> None:
    told = repository.up("--dry-run")
    assert "CreateContainer" in told
    assert repository.things() == ([], [], [])
    assert not (repository.folder / ".devcontainer").exists()
    assert not (repository.folder / ".devenv").exists()


def test_json_lines_end_in_one_run_finished(running: Repository) -> None:
    result = running.run("up", "--output", "json")
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    assert [line["event"] for line in lines].count("run_finished") == 1
    assert lines[-1]["event"] == "run_finished"
    assert lines[-1]["code"] == 0


def test_commands_in_a_service_give_their_own_code(running: Repository) -> None:
    result = running.run("exec", "db", "sh", "-c", "echo $0 $1; exit 7", "-x", "--user")
    assert (result.returncode, result.stdout) == (7, "-x --user\n")
    result = running.run("run", "words", "two")
    assert (result.returncode, result.stdout) == (0, "one-two-")
    assert "say some words" in running.run("run").stdout


def test_logs_are_those_of_the_service(running: Repository) -> None:
    result = running.run("logs", "db")
    assert result.returncode == 0
    assert "ready to accept connections" in result.stdout
    result = running.run("logs", "--tail", "1", "db")
    assert len(result.stdout.splitlines()) == 1


def test_one_variable_recreates_exactly_that_service(repository: Repository) -> None:
    repository.up()
    before = repository.identities()
    repository.edit("devenv.yaml", '"hello"', '"good morning"')
    assert "environment.GREETING" in repository.up("--dry-run")
    repository.up()
    after = repository.identities()
    assert {name for name in after if after[name] != before[name]} == {"api"}

    before = after
    repository.write("api/server.py", (repository.folder / "api/server.py").read_text() + "# changed\n")
    plan = repository.up("--dry-run")
    assert {"Build"} == {line.split()[2] for line in plan.splitlines() if "Build" in line}
    repository.up()
    after = repository.identities()
    assert {name for name in after if after[name] != before[name]} == {"api", "workspace"}  # both are built from it

    before = after
    seeds = repository.folder / "db/products.csv"
    seeds.write_text(seeds.read_text() + f"{PRODUCTS + 1},One more,1.00\n")
    plan = [line for line in repository.up("--dry-run").splitlines() if line.startswith("[")]
    assert len(plan) == 1
    assert "db/products.csv" in plan[0]
    repository.up()
    assert repository.sql("SELECT count(*) FROM products") == str(PRODUCTS + 1)
    assert repository.identities() == before


def test_data_outlives_down_and_goes_with_its_volumes_only_when_said(repository: Repository) -> None:
    repository.up()
    repository.sql("DELETE FROM notes WHERE id > 5")
    assert repository.run("down").returncode == 0
    containers, networks, volumes = repository.things()
    assert (containers, networks) == ([], [])
    assert volumes == [f"{repository.name}_db-data"]
    repository.up()
    assert repository.sql("SELECT count(*) FROM notes") == "5"

    before = repository.things()
    refused = repository.run("down", "--volumes")
    assert refused.returncode == 2
    assert "db-data" in refused.stderr
    assert repository.things() == before

    assert repository.run("down", "--volumes", "--yes").returncode == 0
    assert repository.things() == ([], [], [])
    repository.up()
    assert repository.sql("SELECT count(*) FROM notes") == "10"


def test_what_is_written_is_kept_from_git(running: Repository) -> None:
    lines = (running.folder / ".devcontainer/.gitignore").read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if not line.startswith("#")] == ["/.env"]
    assert (running.folder / ".devenv/.gitignore").read_text(encoding="utf-8") == "*\n"
    assert (running.folder / ".devcontainer/.env").stat().st_mode & 0o777 == 0o600
