"""Docker Compose on what devenv brought up: from another folder it sees the same stack, and nothing to change."""

from __future__ import annotations

import pytest

from devenv.model import labels
from tests.e2e.compose import compose
from tests.e2e.repository import Repository

pytestmark = pytest.mark.engine


def _file(repository: Repository) -> str:
    return str(repository.folder / ".devcontainer" / "compose.yaml")


def test_it_accepts_the_rendered_file(running: Repository) -> None:
    result = compose("-f", _file(running), "config", "-q")
    assert (result.returncode, result.stderr) == (0, "")


def test_its_up_changes_no_container(running: Repository) -> None:
    before = running.identities()
    with running.watched() as seen:
        result = compose("-f", _file(running), "up", "-d", "--wait")
    assert result.returncode == 0, result.stderr
    assert seen == []
    assert running.identities() == before


def test_its_hashes_are_our_labels(running: Repository) -> None:
    result = compose("-f", _file(running), "config", "--hash", "*")
    assert result.returncode == 0, result.stderr
    theirs = dict(line.split() for line in result.stdout.splitlines())
    ours = {name: c.labels[labels.CONFIG_HASH] for name, c in running.containers().items()}
    assert ours == theirs


def test_it_lists_what_devenv_started(running: Repository) -> None:
    result = compose("-f", _file(running), "ps", "--services")
    assert sorted(result.stdout.split()) == ["api", "db", "web", "workspace"]


def test_it_can_begin_and_devenv_goes_on(repository: Repository) -> None:
    repository.up()
    assert repository.run("down").returncode == 0
    result = compose("-f", _file(repository), "up", "-d", "--wait")
    assert result.returncode == 0, result.stderr
    before = repository.identities()
    repository.up()
    assert repository.identities() == before
