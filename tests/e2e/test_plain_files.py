"""A team's own Compose file with `x-devenv`: every verb, and not a byte written outside of `.devenv`."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from devenv.cli.verbs import VERBS
from tests.e2e.cli import Cli
from tests.e2e.plain import Plain, plain
from tests.engines import BASE, new_name

pytestmark = pytest.mark.engine

TEXT = """\
services:
  cache:
    image: redis:8
    volumes: [data:/data]
    x-devenv: {seed: [seeds/cache.redis], owner: team-cache}
  web:
    build: .
    init: true
    stop_grace_period: 1s
    depends_on: {cache: {condition: service_healthy}}
    ports: ["8000"]
    x-devenv: {ready: {exec: [test, -e, /ready]}, runbook: docs/web.md}
    develop: {watch: [{path: ./word, action: rebuild}]}
volumes: {data: }
x-devenv:
  owner: team-shop
  workspace: {service: web}
  tasks: {say: "cat /word"}
  checks:
    word: [{exec: {service: web, command: [cat, /word]}, expect: {body: one}}]
"""
DOCKERFILE = f'FROM {BASE}\nCOPY word /word\nCMD ["sh", "-c", "sleep 0.3; touch /ready; exec sleep infinity"]\n'


def git(folder: Path, *words: str) -> str:
    named = ("-c", "user.name=x", "-c", "user.email=x@x")
    done = subprocess.run(["git", *named, *words], cwd=folder, check=True, capture_output=True, text=True, timeout=60)
    return done.stdout


def listing(folder: Path) -> set[str]:
    """All that lies in `folder`, but for git's and devenv's own."""
    found = set()
    for at, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if name not in (".git", ".devenv")]
        found |= {os.path.relpath(os.path.join(at, name), folder) for name in (*folders, *files)}
    return found


def furnish(it: Plain) -> None:
    it.write("Dockerfile", DOCKERFILE)
    it.write("word", "one\n")
    it.write("seeds/cache.redis", "SET greeting hello\n")
    git(it.folder, "init", "-q")
    git(it.folder, "add", ".")
    git(it.folder, "commit", "-qm", "one")


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Plain]:
    with plain(tmp_path_factory.mktemp("plain") / "project", new_name(), TEXT) as it:
        furnish(it)
        before = listing(it.folder)
        it.up()
        assert listing(it.folder) == before
        yield it


def test_nothing_is_written_outside_of_devenv_and_git_sees_nothing(stack: Plain) -> None:
    assert git(stack.folder, "status", "--porcelain", "--untracked-files=all") == ""
    assert (stack.folder / ".devenv" / ".gitignore").read_text() == "*\n"


LINES = {
    "status": ("status --check", "team-cache|hello|running"),
    "logs": ("logs cache", "Redis"),
    "run": ("run say", "one"),
    "exec": ("exec cache redis-cli get greeting", "hello"),
    "shell": ("shell web", ""),
    "check": ("check", "passed"),
    "cp": ("cp word web:/tmp/word", ""),
    "top": ("top --no-stream", "cache"),
    "env": ("env web", ""),
    "port": ("port web 8000", ":"),
    "open": ("open", ""),
    "pull": ("pull", ""),
    "build": ("build web", ""),
    "seed": ("seed cache --again", ""),
    "stop": ("stop web", ""),
    "start": ("start web", ""),
    "restart": ("restart web", ""),
    "config": ("config --services", "cache"),
    "render": ("render --devcontainer --check", "dockerComposeFile"),
    "schema": ("schema --compose", "x-devenv"),
    "reset": ("reset cache --yes", ""),
    "up": ("up", ""),
    "down": ("down --volumes --yes", ""),
    "version": ("version", "devenv"),
    "completion": ("completion bash", "complete"),
}
"""Each verb as it is typed in a plain project, and what it says."""
_NO_MATTER = frozenset(("watch", "uninstall", "init", "import"))
"""Those that never end, are about the machine, or begin a manifest: tests of their own walk them."""
_ENDS = {"render": 1}


@pytest.mark.slow
def test_every_verb_works_on_a_plain_file(stack: Plain) -> None:
    assert VERBS.keys() - LINES.keys() <= _NO_MATTER
    before = listing(stack.folder)
    for verb, (line, words) in LINES.items():
        done = stack.run(*line.split())
        said = done.stdout + done.stderr
        assert done.returncode == _ENDS.get(verb, 0), f"{line}\n{said}"
        assert any(word in said for word in words.split("|")), f"{line}\n{said}"
        assert listing(stack.folder) == before, line
    stack.up()


def test_an_editor_opens_the_container_itself_where_no_devcontainer_json_is(stack: Plain, tmp_path: Path) -> None:
    editor = tmp_path / "codium"
    editor.write_text(f'#!/bin/sh\necho "$2" > {tmp_path}/address\n')
    editor.chmod(0o755)
    done = stack.run("open", "codium", env={"PATH": f"{tmp_path}:{os.environ['PATH']}"})
    assert done.returncode == 0, done.stderr
    kind, _, rest = (tmp_path / "address").read_text().strip().partition("+")
    assert kind == "vscode-remote://attached-container"
    assert json.loads(bytes.fromhex(rest.partition("/")[0])) == {"containerName": f"/{stack.name}-web-1"}


def test_a_second_clone_is_refused_with_both_folders_and_a_way_out(stack: Plain) -> None:
    other = stack.folder.parent / "other"
    shutil.copytree(stack.folder, other, ignore=shutil.ignore_patterns(".devenv"))
    done = stack.run("up", cwd=other)
    assert done.returncode == 2
    for word in (str(other), str(stack.folder), "-p"):
        assert word in done.stderr, done.stderr


def test_what_another_file_adds_counts_too(stack: Plain) -> None:
    over = {
        "services": {"cache": {"x-devenv": {"seed": ["seeds/more.redis"]}}},
        "x-devenv": {"tasks": {"more": {"service": "cache", "command": "redis-cli get more"}}},
    }
    stack.write("more.json", json.dumps(over))
    stack.write("seeds/more.redis", "SET more two\n")
    files = ("-f", "compose.yaml", "-f", "more.json")
    try:
        done = stack.run(*files, "up")
        assert done.returncode == 0, done.stderr
        assert stack.run(*files, "run", "more").stdout.strip() == "two"
        assert stack.run(*files, "run", "say").stdout.strip() == "one"
        over["services"]["cache"]["x-devenv"]["sead"] = []
        stack.write("more.json", json.dumps(over, indent=1))
        done = stack.run(*files, "up")
        assert done.returncode == 2
        assert "more.json:" in done.stderr
        assert "`seed`" in done.stderr
    finally:
        (stack.folder / "more.json").unlink()
        (stack.folder / "seeds" / "more.redis").unlink()


def test_a_devcontainer_is_written_when_asked_and_never_over_a_person_s(stack: Plain) -> None:
    file = stack.folder / ".devcontainer" / "devcontainer.json"
    try:
        assert stack.run("render").returncode == 2
        assert stack.run("render", "--devcontainer").returncode == 0
        found = json.loads(file.read_text())
        assert (found["dockerComposeFile"], found["service"], found["overrideCommand"]) == (
            "../compose.yaml",
            "web",
            False,
        )
        assert found["initializeCommand"] == "devenv up --for-ide"
        assert stack.run("render", "--devcontainer", "--check").returncode == 0
        stack.up()
        assert stack.run("render", "--devcontainer", "--check").returncode == 0
        file.write_text(file.read_text().replace('"web"', '"cache"'))
        edited = stack.run("render", "--devcontainer")
        assert edited.returncode == 2
        assert "edited by hand" in edited.stderr
        assert stack.run("render", "--devcontainer", "--force").returncode == 0
        mine = '{"dockerComposeFile": "../compose.yaml", "service": "web", "workspaceFolder": "/"}'
        file.write_text(mine)
        for words in (("--devcontainer",), ("--devcontainer", "--force")):
            done = stack.run("render", *words)
            assert done.returncode == 2
            assert "is yours" in done.stderr
        assert file.read_text() == mine
    finally:
        shutil.rmtree(stack.folder / ".devcontainer", ignore_errors=True)


@pytest.mark.slow
def test_an_editor_lands_in_the_container_that_devenv_made(stack: Plain, tmp_path: Path) -> None:
    try:
        assert stack.run("render", "--devcontainer").returncode == 0
        stack.up()
        before = stack.identities()
        cli = Cli(stack.folder, tmp_path / "tools", stack.command())
        answer, said = cli.up()
        assert answer["containerId"] == before["web"][0]
        assert " up -d" not in said
        assert stack.identities() == before
        assert cli.inside("cat /word").strip() == "one"
        stack.run("down", "--volumes", "--yes")  # and from nothing: the editor's call brings all of it up, seeded
        answer, _ = cli.up()
        assert answer["containerId"] == stack.identities()["web"][0]
        assert stack.run("exec", "cache", "redis-cli", "get", "greeting").stdout.strip() == "hello"
    finally:
        shutil.rmtree(stack.folder / ".devcontainer", ignore_errors=True)
