"""The real devcontainers CLI on what devenv rendered and brought up."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from typing import Any

import pytest

from tests.e2e.compose import binary
from tests.e2e.repository import Repository

pytestmark = [pytest.mark.slow, pytest.mark.engine]


@pytest.fixture(scope="session")
def devcontainer(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[str], dict[str, str]]:
    """The command, and an environment in which its docker has Compose."""
    if not shutil.which("npm"):
        subprocess.run(["apt-get", "install", "-y", "-qq", "--no-install-recommends", "nodejs", "npm"], check=True)
    folder = tmp_path_factory.mktemp("cli")
    subprocess.run(["npm", "install", "--no-audit", "--no-fund", "@devcontainers/cli"], cwd=folder, check=True)
    plugins = folder / "docker" / "cli-plugins"
    plugins.mkdir(parents=True)
    shutil.copy2(binary(), plugins / "docker-compose")
    environment = {**os.environ, "DOCKER_CONFIG": str(folder / "docker")}
    return [str(folder / "node_modules" / ".bin" / "devcontainer")], environment


def _call(cli: tuple[list[str], dict[str, str]], *words: str) -> tuple[dict[str, Any], str]:
    """The JSON object that it answers with, and what it said meanwhile."""
    command, environment = cli
    result = subprocess.run(
        [*command, *words], env=environment, capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=300,
        check=False,
    )  # fmt: skip
    assert result.returncode == 0, result.stdout + result.stderr
    return json.loads(result.stdout.strip().splitlines()[-1]), result.stderr


def test_it_reads_what_was_rendered(repository: Repository, devcontainer: tuple[list[str], dict[str, str]]) -> None:
    assert repository.run("render").returncode == 0
    answer, _ = _call(devcontainer, "read-configuration", "--workspace-folder", str(repository.folder))
    configuration = answer["configuration"]
    assert configuration["service"] == "workspace"
    assert configuration["workspaceFolder"] == f"/workspaces/{repository.name}"
    assert configuration["initializeCommand"] == "devenv up --for-ide"
    assert "api:8000" in configuration["forwardPorts"]


def test_it_lands_in_the_container_that_devenv_started(
    repository: Repository, devcontainer: tuple[list[str], dict[str, str]]
) -> None:
    repository.up()
    before = repository.identities()
    # The host's `devenv` is this checkout's.
    tools = repository.folder.parent / "bin"
    tools.mkdir()
    words = " ".join(f"'{word}'" for word in repository.command())
    (tools / "devenv").write_text(f'#!/bin/sh\nexec {words} "$@"\n', encoding="utf-8")
    (tools / "devenv").chmod(0o755)
    devcontainer[1]["PATH"] = f"{tools}:{os.environ['PATH']}"
    answer, said = _call(devcontainer, "up", "--workspace-folder", str(repository.folder))
    assert answer["outcome"] == "success"
    assert answer["containerId"] == before["workspace"][0]
    assert answer["composeProjectName"] == repository.name
    assert repository.identities() == before
    assert " up -d" not in said
    _call_exec = [*devcontainer[0], "exec", "--workspace-folder", str(repository.folder), "printenv", "PGHOST"]
    found = subprocess.run(_call_exec, env=devcontainer[1], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "db"
