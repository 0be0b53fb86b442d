"""Docker Compose on what devenv brought up: from another folder it sees the same stack, and nothing to change."""

from __future__ import annotations

import pytest

from devenv.model import labels
from tests.e2e.compose import compose
from tests.e2e.repository import Repository

pytestmark = pytest.mark.engine

_NAMING = """\
  named:
    build: ./api
    environment: {GREETING: hello}
    env_file: [app.env, {path: raw.env, format: raw}]
"""


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


def test_variables_that_a_file_of_variables_names_are_the_same_for_both(repository: Repository) -> None:
    repository.edit("devenv.yaml", "services:\n", "services:\n" + _NAMING)
    repository.write("app.env", "URL=http://${HOST_SAID}/${DOTENV_SAID}\nBARE\nNOT=[${NOBODY_SAID}]\n")
    repository.write("raw.env", "RAW=${HOST_SAID}\nALONE\n")
    repository.write(".env", "DOTENV_SAID=path\nALONE=one\n")
    began = repository.run("up", "named", env={"HOST_SAID": "there", "BARE": "b"})
    assert began.returncode == 0, began.stderr
    assert "app.env:3:5: `NOBODY_SAID` is not set" in began.stdout + began.stderr
    before = repository.containers()["named"]
    assert {item for item in before.attrs["Config"]["Env"] if not item.startswith("PATH=")} >= {
        "URL=http://there/path", "BARE=b", "NOT=[]", "RAW=${HOST_SAID}", "ALONE=one"
    }  # fmt: skip
    result = compose("-f", _file(repository), "up", "-d", "--wait", "named")
    assert result.returncode == 0, result.stderr
    repository.up("named")  # no longer in the shell: what was said is kept
    assert repository.containers()["named"].id == before.id
