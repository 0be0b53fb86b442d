"""Secrets reach the container and nothing else that is kept or shown."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.e2e.repository import made
from tests.engines import new_name

pytestmark = pytest.mark.engine

_MANIFEST = """\
name: {name}
services:
  api:
    build: ./api
    command: [sh, -c, "echo begun; cat /run/secrets/token /run/secrets/filed; sleep infinity"]
    init: true
    secrets: [token, filed]
    ready: {{log: begun}}
  direct:
    build: ./api
    command: [sh, -c, "echo begun with $$KEY; sleep infinity"]
    init: true
    environment: {{KEY: "${{DEVENV_TEST_KEY}}"}}
    ready: {{log: begun}}
secrets:
  token: {{environment: DEVENV_TEST_TOKEN}}
  key: {{environment: DEVENV_TEST_KEY}}
  filed: {{file: ./filed.txt}}
"""
_TOKEN, _KEY, _FILED = "tok-secret-of-the-shell", "key-of-the-shell", "word-of-a-file"


def test_a_secret_is_in_its_file_and_nowhere_else(tmp_path: Path) -> None:
    with made(tmp_path / "repository", new_name(), _MANIFEST) as repository:
        repository.write("filed.txt", f"{_FILED}\n")
        missing = repository.run("up")
        assert missing.returncode == 2
        assert "DEVENV_TEST_TOKEN" in missing.stderr
        assert repository.things() == ([], [], [])

        env = {"DEVENV_TEST_TOKEN": _TOKEN, "DEVENV_TEST_KEY": _KEY}
        result = repository.run("up", "--output", "json", env=env)
        assert result.returncode == 0, result.stdout + result.stderr
        container = repository.containers()["api"]
        code, output = container.exec_run(["cat", "/run/secrets/token", "/run/secrets/filed"])
        assert (code, output) == (0, f"{_TOKEN}{_FILED}\n".encode())

        every = repository.containers()
        assert every["direct"].exec_run(["printenv", "KEY"]).output == f"{_KEY}\n".encode()
        records = [path.read_text(encoding="utf-8") for path in (repository.folder / ".devenv/runs").glob("*.jsonl")]
        assert records
        shown = [result.stdout, result.stderr, *records, json.dumps([one.labels for one in every.values()])]
        shown.append((repository.folder / ".devcontainer/compose.yaml").read_text(encoding="utf-8"))
        shown += [repository.run("logs").stdout, repository.run("config").stdout]
        for secret in (_TOKEN, _KEY, _FILED):
            assert not [text for text in shown if secret in text], secret

        # From another shell, which does not have it: kept for what devenv and Compose do next, masked in what is shown.
        said = repository.run("logs", "api")
        assert said.returncode == 0, said.stderr
        assert said.stdout == "begun\n******\n"
        assert "nothing to do" in repository.up()
        assert repository.run("status").returncode == 0

        # Lost with what was kept: what runs can still be looked at and stopped; only to make it anew it is asked for.
        (repository.folder / ".devcontainer/.env").unlink()
        (repository.folder / "filed.txt").unlink()
        assert repository.run("status").returncode == 0
        assert repository.run("logs", "direct").returncode == 0
        assert repository.run("up").returncode == 2
        (repository.folder / ".devcontainer/compose.yaml").write_text("services: [", encoding="utf-8")
        gone = repository.run("down")
        assert gone.returncode == 0, gone.stderr
        assert repository.things() == ([], [], [])
