"""The real devcontainers CLI: never a part of the product."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.e2e.compose import binary
from tests.e2e.npm import program


class Cli:
    """The CLI for a repository in `folder`. `devenv` is the command line that `devenv` is on its PATH, `user` the
    number of the one that it runs as."""

    def __init__(self, folder: Path, tools: Path, devenv: Sequence[str], *, user: int = 0) -> None:
        self.folder, self.user = folder, user
        plugins = tools / "docker" / "cli-plugins"
        plugins.mkdir(parents=True)
        (plugins / "docker-compose").symlink_to(binary())
        (tools / "tmp").mkdir()
        self._script(tools / "devenv", f'exec {shlex.join(devenv)} "$@"')
        if user:  # it asks for the name of its user, whom this machine need not know
            self._script(tools / "id", '[ "$*" = "-u -n" ] && echo somebody || exec /usr/bin/id "$@"')
        self.environment = {
            **os.environ, "PATH": f"{tools}:{os.environ['PATH']}", "DOCKER_CONFIG": str(tools / "docker"),
            "HOME": str(tools), "TMPDIR": str(tools / "tmp"),
        }  # fmt: skip
        own(tools, user)

    @staticmethod
    def _script(path: Path, line: str) -> None:
        path.write_text(f"#!/bin/sh\n{line}\n", encoding="utf-8")
        path.chmod(0o755)

    def run(self, *words: str, timeout: float = 300) -> subprocess.CompletedProcess[str]:
        """`words[0]` on the repository, with the rest."""
        command = [
            str(program("@devcontainers/cli", "devcontainer")),
            words[0],
            "--workspace-folder",
            str(self.folder),
            *words[1:],
        ]
        return subprocess.run(
            [*as_user(self.user), *command], env=self.environment, cwd="/", capture_output=True, text=True,
            stdin=subprocess.DEVNULL, timeout=timeout, check=False,
        )  # fmt: skip

    def up(self) -> tuple[dict[str, Any], str]:
        """`devcontainer up`, which must succeed: its answer, and what it wrote meanwhile."""
        result = self.run("up")
        assert result.returncode == 0, result.stdout + result.stderr
        answer: dict[str, Any] = json.loads(result.stdout.strip().splitlines()[-1])
        assert answer["outcome"] == "success", answer
        return answer, result.stderr

    def inside(self, script: str) -> str:
        """What `script` prints in the workspace."""
        result = self.run("exec", "sh", "-c", script)
        assert result.returncode == 0, result.stdout + result.stderr
        return result.stdout


def as_user(user: int) -> list[str]:
    """What a command line begins with to be run by the user of this number, who may use the engine and read what root
    reads (this checkout, its Python), and nothing more."""
    if not user:
        return []
    socket = os.stat("/var/run/docker.sock").st_gid
    few = "-all,+dac_read_search"
    return [
        "setpriv", f"--reuid={user}", f"--regid={user}", f"--groups={socket}", f"--inh-caps={few}",
        f"--ambient-caps={few}", f"--bounding-set={few}",
    ]  # fmt: skip


def own(folder: Path, user: int) -> None:
    """Give `folder` and all in it to the user of this number."""
    for path in (folder, *folder.rglob("*")):
        os.chown(path, user, user, follow_symlinks=False)
