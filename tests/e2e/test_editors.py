"""The real YAML language server on a fresh clone of what `init` wrote: the schema is found, offline, and helps."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.language_server import LanguageServer

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
MODELINE = "# yaml-language-server: $schema="


def devenv(folder: Path, *words: str) -> str:
    start = "import sys; sys.path.insert(0, sys.argv.pop(1)); from devenv.cli.main import main; main()"
    command = [sys.executable, "-I", "-c", start, str(ROOT), *words]
    done = subprocess.run(command, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout


def git(folder: Path, *words: str) -> None:
    subprocess.run(["git", "-c", "user.name=x", "-c", "user.email=x@x", *words], cwd=folder, check=True, timeout=60)


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository that `init` looked at, committed, and cloned by somebody else."""
    folder = tmp_path_factory.mktemp("editors")
    shutil.copytree(ROOT / "tests" / "cases" / "init" / "python", folder / "origin")
    devenv(folder / "origin", "init", "--no-wrapper")
    git(folder / "origin", "init", "-q")
    git(folder / "origin", "add", ".")
    git(folder / "origin", "commit", "-qm", "one")
    git(folder, "clone", "-q", "origin", "clone")
    return folder / "clone"


@pytest.fixture(scope="module")
def server(clone: Path) -> Iterator[LanguageServer]:
    it = LanguageServer(clone)
    yield it
    it.close()


def test_what_init_wrote_has_no_mark_and_explains_itself(clone: Path, server: LanguageServer) -> None:
    file = clone / "devenv.yaml"
    text = file.read_text()
    assert text.startswith(MODELINE)
    assert server.opened(file, text) == []
    lines = text.split("\n")
    line = next(number for number, each in enumerate(lines) if each.startswith("    ready:"))
    told = server.hover(file, line, 6)
    assert "When it can be used. Of several, all must be met." in told
    assert "http: /health" in told


def test_names_of_the_catalogue_are_offered_and_a_wrong_key_is_marked(clone: Path, server: LanguageServer) -> None:
    modeline = (clone / "devenv.yaml").read_text().split("\n")[0]
    keys = "    use: \n    redy: {tcp: 5432}\n    mem_limit: 512m\n    init: yes\n"
    text = f"{modeline}\nname: shop\nservices:\n  db:\n{keys}"
    file = clone / "other.yaml"
    marks = server.opened(file, text)
    assert any("redy" in mark["message"] and mark["range"]["start"]["line"] == 5 for mark in marks), marks
    assert [mark for mark in marks if mark["range"]["start"]["line"] > 5] == []
    offered = server.complete(file, 4, 9)
    assert {"postgres", "postgres@17", "redis", "node"} <= set(offered)
    assert offered["postgres"] == "PostgreSQL 17."
    assert "ready" in server.complete(file, 5, 4)


def test_x_devenv_of_a_compose_file_is_helped_with_too(clone: Path, server: LanguageServer) -> None:
    (clone / "compose.schema.json").write_text(devenv(clone, "schema", "--compose"))
    file = clone / "compose.yaml"
    keys = "    image: x\n    x-devenv:\n      seed: [a.sql]\n      redy: 1\n"
    text = f"{MODELINE}compose.schema.json\nservices:\n  db:\n{keys}"
    marks = server.opened(file, text)
    assert [(mark["range"]["start"]["line"], "redy" in mark["message"]) for mark in marks] == [(6, True)]
    assert "What to load once it is ready" in server.hover(file, 5, 8)
    assert "What devenv adds to the service." in server.hover(file, 4, 6)


@pytest.mark.parametrize(
    "path", sorted((ROOT / "stacks" / "examples").glob("*/devenv.yaml")), ids=lambda p: p.parent.name
)
def test_manifests_that_are_right_have_no_mark(path: Path, clone: Path, server: LanguageServer) -> None:
    (clone / "schema.json").write_text(json.dumps(json.loads(devenv(clone, "schema"))))
    text = f"{MODELINE}schema.json\n{path.read_text()}"
    assert server.opened(clone / f"{path.parent.name}.yaml", text) == []
