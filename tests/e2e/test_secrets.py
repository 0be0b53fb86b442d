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
    command: [sh, -c, "cat /run/secrets/token /run/secrets/filed; sleep infinity"]
    init: true
    secrets: [token, filed]
    ready: {{log: tok}}
secrets:
  token: {{environment: DEVENV_TEST_TOKEN}}
  filed: {{file: ./filed.txt}}
"""
_TOKEN = "tok-secret-of-the-shell"


def test_a_secret_is_in_its_file_and_nowhere_else(tmp_path: Path) -> None:
    with made(tmp_path / "repository", new_name(), _MANIFEST) as repository:
        repository.write("filed.txt", "of-a-file\n")
        missing = repository.run("up")
        assert missing.returncode == 2
        assert "DEVENV_TEST_TOKEN" in missing.stderr
        assert repository.things() == ([], [], [])

        env = {"DEVENV_TEST_TOKEN": _TOKEN}
        result = repository.run("up", "--output", "json", env=env)
        assert result.returncode == 0, result.stdout + result.stderr
        container = repository.containers()["api"]
        code, output = container.exec_run(["cat", "/run/secrets/token", "/run/secrets/filed"])
        assert (code, output) == (0, f"{_TOKEN}of-a-file\n".encode())

        assert _TOKEN not in result.stdout + result.stderr
        assert _TOKEN not in json.dumps(container.attrs)
        records = list((repository.folder / ".devenv/runs").glob("*.jsonl"))
        assert records
        assert not any(_TOKEN in path.read_text(encoding="utf-8") for path in records)
        assert _TOKEN not in (repository.folder / ".devcontainer/compose.yaml").read_text(encoding="utf-8")

        # From another shell, which does not have it: kept for what devenv and Compose do next, masked in what is shown.
        said = repository.run("logs", "api")
        assert said.returncode == 0, said.stderr
        assert said.stdout == "***of-a-file\n"
        assert "nothing to do" in repository.up()
        assert repository.run("status").returncode == 0
