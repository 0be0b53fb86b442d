"""Two clones of one repository side by side, and one that lost what it kept."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.compose import compose
from tests.e2e.repository import Repository, made
from tests.engines import new_name

pytestmark = pytest.mark.engine


@pytest.fixture
def clones(tmp_path: Path) -> Iterator[tuple[Repository, Repository]]:
    """Two folders with the same manifest; the second's project gets a name of its own at its first `up`."""
    name = new_name()
    with made(tmp_path / "first", name) as first, made(tmp_path / "second", name) as second:
        yield first, second


def _ports(repository: Repository) -> set[int]:
    return {port["published"] for row in repository.status().values() for port in row["ports"]}


def test_each_has_data_and_ports_of_its_own(clones: tuple[Repository, Repository]) -> None:
    first, second = clones
    first.up()
    before = first.identities()
    told = second.up()
    # What `up` says of its project is what the label says: the name with four digits of the folder behind it.
    second.name = next(line for line in told.splitlines() if " is up (" in line).split(" is up")[0]
    assert second.name.startswith(f"{first.name}-")
    assert first.identities() == before
    assert not _ports(first) & _ports(second)

    second.sql("DELETE FROM notes")
    assert first.sql("SELECT count(*) FROM notes") == "10"
    assert "nothing to do" in first.up()
    assert "nothing to do" in second.up()
    file = str(second.folder / ".devcontainer/compose.yaml")
    assert compose("-f", file, "up", "-d", "--wait").returncode == 0
    assert "nothing to do" in second.up()

    # Each comes back to its own data, whoever is up first.
    assert second.run("down").returncode == first.run("down").returncode == 0
    second.up()
    assert second.sql("SELECT count(*) FROM notes") == "0"
    first.up()
    assert first.sql("SELECT count(*) FROM notes") == "10"

    before = first.identities()
    assert second.run("down", "--volumes", "--yes").returncode == 0
    assert second.things() == ([], [], [])
    assert first.identities() == before


def test_what_was_kept_is_found_again_from_the_containers(repository: Repository) -> None:
    repository.edit("devenv.yaml", '"hello"', '"${APP_TEST_WORD:-hello}"')
    result = repository.run("up", env={"APP_TEST_WORD": "good evening", "DEVENV_PORT_API_8000": "48765"})
    assert result.returncode == 0, result.stdout + result.stderr
    before = repository.identities()
    (repository.folder / ".devcontainer/.env").unlink()
    shutil.rmtree(repository.folder / ".devenv")
    with repository.watched() as seen:
        repository.up()
    assert seen == []
    assert repository.identities() == before


@pytest.mark.slow
def test_a_worktree_beside_it_and_a_clean_checkout(tmp_path: Path) -> None:
    with made(tmp_path / "first", new_name()) as first:
        first.up()
        # `up` leaves nothing that git would not ignore, but for what is to be committed.
        _git(first, "init", "-q", "-b", "main")
        _git(first, "add", "-A")
        committed = set(_git(first, "ls-files", ".devcontainer", ".devenv").split())
        assert committed == {f".devcontainer/{n}" for n in ("compose.yaml", "devcontainer.json", ".gitignore")}
        _git(first, "-c", "user.name=t", "-c", "user.email=t@example.org", "commit", "-q", "-m", "all")
        _git(first, "worktree", "add", "-q", str(tmp_path / "second"), "-b", "other")
        before = first.identities()
        second = Repository(tmp_path / "second", first.name)
        try:
            told = second.up()
            second.name = next(line for line in told.splitlines() if " is up (" in line).split(" is up")[0]
            assert second.name.startswith(f"{first.name}-")
            assert not _ports(first) & _ports(second)
            second.sql("DELETE FROM notes")
            both = (before, second.identities())
            for one in (first, second):
                _git(one, "clean", "-fdxq")
                assert not (one.folder / ".devcontainer/.env").exists()
                assert not (one.folder / ".devenv").exists()
                with one.watched() as seen:
                    assert "nothing to do" in one.up()
                assert seen == []
            assert (first.identities(), second.identities()) == both
            assert (first.sql("SELECT count(*) FROM notes"), second.sql("SELECT count(*) FROM notes")) == ("10", "0")
            assert _git(second, "status", "--porcelain") == ""
        finally:
            second.clean()


def _git(repository: Repository, *words: str) -> str:
    done = subprocess.run(["git", *words], cwd=repository.folder, check=True, capture_output=True, text=True)
    return done.stdout


PLAIN = "name: {name}\nservices:\n  one: {{image: {image}, command: [sleep, infinity], init: true}}\n"


def test_a_plain_compose_project_of_the_same_name(tmp_path: Path, docker_base: str) -> None:
    with made(tmp_path / "theirs", new_name()) as theirs, made(tmp_path / "ours", theirs.name) as ours:
        for one in (theirs, ours):
            (one.folder / "devenv.yaml").unlink()
            one.write("compose.yaml", PLAIN.format(name=one.name, image=docker_base))
        assert compose("up", "-d", cwd=theirs.folder).returncode == 0
        before = theirs.identities()
        for words in (("up",), ("down", "--volumes", "--yes"), ("stop",)):
            refused = ours.run(*words)
            assert refused.returncode == 2
            assert f"`{ours.name}` of {ours.folder} is held by {theirs.folder}" in refused.stderr
            assert f"-p {ours.name}-2" in refused.stderr
        assert ours.run("-p", f"{ours.name}-2", "up").returncode == 0
        assert ours.run("-p", f"{ours.name}-2", "down", "--volumes", "--yes").returncode == 0
        assert theirs.identities() == before


def test_a_clone_that_is_gone_leaves_its_name(clones: tuple[Repository, Repository]) -> None:
    first, second = clones
    first.up()
    shutil.rmtree(first.folder)
    second.up()
    assert second.status()["db"]["seeded"] == "done"
    (mount,) = second.containers()["web"].attrs["Mounts"]
    assert mount["Source"] == str(second.folder / "web")
