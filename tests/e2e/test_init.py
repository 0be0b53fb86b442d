"""`devenv init` in eight small repositories that say nothing of containers: what it wrote comes up without an edit, and
a service in it answers."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.repository import Repository
from tests.engines import new_name

# Each builds an image of its language, and a workspace beside it.
pytestmark = [pytest.mark.engine, pytest.mark.slow]

CASES = Path(__file__).parents[1] / "cases/init"
KINDS = {
    # Service, what it answers, whether there are tests to run.
    "python": ("app", "Bread", True),
    "node": ("app", '"visits":', True),
    "go": ("app", "hello, world", True),
    "ruby": ("app", "hello", True),
    "php": ("app", "Middlemarch", False),
    "java": ("app", "hello", False),
    "rust": ("app", "hello", True),
    "static": ("web", "<h1>hello</h1>", False),
}


@pytest.fixture
def repository(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Repository]:
    """A copy of one of the repositories, in a folder that is called as its project is to be."""
    folder = tmp_path / new_name()
    shutil.copytree(CASES / request.param, folder)
    one = Repository(folder, folder.name)
    try:
        yield one
    finally:
        one.clean()


def answer(repository: Repository, service: str) -> str:
    """What the page of `service` says."""
    (address,) = [url for url in repository.status()[service]["urls"].values() if url.startswith("http://")]
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(address, timeout=10) as page:
        return str(page.read().decode())


@pytest.mark.parametrize(("repository", "kind"), [(kind, kind) for kind in KINDS], indirect=["repository"], ids=KINDS)
def test_what_init_wrote_comes_up_and_answers(repository: Repository, kind: str) -> None:
    service, said, tested = KINDS[kind]
    written = repository.run("init")
    assert written.returncode == 0, written.stderr
    repository.up()
    assert said in answer(repository, service)
    assert "nothing to do" in repository.up()
    assert repository.run("render", "--check").returncode == 0
    if tested:
        tests = repository.run("run", "test")
        assert tests.returncode == 0, tests.stdout + tests.stderr


@pytest.mark.parametrize("repository", ["static"], indirect=True)
def test_the_wrapper_that_init_wrote_is_all_that_the_next_person_needs(repository: Repository, tmp_path: Path) -> None:
    assert repository.run("init").returncode == 0
    # As a clone has it: another folder, nothing set up, and no devenv but that of the repository.
    git = ["git", "-c", "user.name=A", "-c", "user.email=a@example.test"]
    for words in (["init", "-q"], ["add", "-A"], ["commit", "-q", "-m", "All"]):
        subprocess.run([*git, *words], cwd=repository.folder, check=True, timeout=60)
    clone = tmp_path / "clone"
    subprocess.run([*git, "clone", "-q", repository.folder, clone], check=True, timeout=60)
    env = {key: value for key, value in os.environ.items() if not key.startswith(("DEVENV", "PYTHON", "VIRTUAL"))}
    env["XDG_CACHE_HOME"] = str(tmp_path / "cache")

    def dev(*words: str) -> str:
        ended = subprocess.run(
            ["./dev", *words], cwd=clone, env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True,
            timeout=420, check=False,
        )  # fmt: skip
        assert ended.returncode == 0, ended.stdout + ended.stderr
        return ended.stdout

    assert dev("version") == repository.run("version").stdout
    dev("up")
    assert [row["ready"] for row in json.loads(dev("status", "--output", "json"))["services"]] == [True]
    assert "<h1>hello</h1>" in answer(Repository(clone, repository.name), "web")
