"""Docker Compose as it is installed on this host, where it is: found, and asked for the hashes that it compares by."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

LIMIT = 2.0
"""Seconds that it may take: what it says is good to have, no more."""
_NAME = "docker-compose"
_SYSTEM = (
    "/usr/local/lib/docker/cli-plugins",
    "/usr/local/libexec/docker/cli-plugins",
    "/usr/lib/docker/cli-plugins",
    "/usr/libexec/docker/cli-plugins",
)
_HASH = re.compile(r"(\S+) ([0-9a-f]{64})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Installed:
    """The program at `path`; `mark` is another one when the program is."""

    path: str
    mark: str


def plugin(name: str, env: Mapping[str, str] | None = None, system: Sequence[str] = _SYSTEM) -> str | None:
    """The path of the plugin of `docker` that is the program `name` (`docker-compose`); None where there is none.

    Source: docker/cli `cli-plugins/manager` (where plugins lie, the user's own first).
    """
    env = os.environ if env is None else env
    folder = Path(env.get("DOCKER_CONFIG") or Path(env.get("HOME") or "/") / ".docker")
    for place in (*_extra(folder), str(folder / "cli-plugins"), *system):
        found = os.path.join(place, name)
        if os.access(found, os.X_OK) and os.path.isfile(found):
            return found
    return None


def find(env: Mapping[str, str] | None = None, system: Sequence[str] = _SYSTEM) -> Installed | None:
    """What `docker compose` runs, else what `docker-compose` does; None where there is neither. Nothing is run."""
    env = os.environ if env is None else env
    if found := plugin(_NAME, env, system):
        return _installed(found)
    command = shutil.which(_NAME, path=env.get("PATH", os.defpath))
    return _installed(command) if command else None


def version(program: Installed) -> str:
    """What it says its version is; "" where it is the first Compose, whose hashes are its own, or none at all."""
    said = _say([program.path, "version", "--short"], None, "/").strip().removeprefix("v")
    return said if re.match(r"[2-9]|\d\d", said) else ""


def hashes(
    program: Installed,
    files: Iterable[str],
    *,
    project: str,
    folder: str,
    env: Mapping[str, str],
    env_files: Iterable[str] = (),
) -> dict[str, str]:
    """Its hash of each service of `files`, whatever its profile; {} where it fails or is slow. `folder` is what
    relative paths are relative to, `env` all of its environment, `env_files` what it reads in place of `.env`."""
    named = [word for file in env_files for word in ("--env-file", file)]
    named += [word for file in files for word in ("-f", file)]
    place = ["--project-directory", folder, "-p", project, "--profile", "*"]
    said = _say([program.path, *named, *place, "config", "--hash", "*"], env, folder)
    return {str(name): str(digest) for name, digest in _HASH.findall(said)}


def _extra(folder: Path) -> list[str]:
    try:
        said = json.loads((folder / "config.json").read_bytes())
        return [str(place) for place in said.get("cliPluginsExtraDirs", ())]
    except (OSError, ValueError, AttributeError, TypeError):
        return []


def _installed(path: str) -> Installed | None:
    try:
        seen = os.stat(path)
    except OSError:
        return None
    return Installed(path=path, mark=f"{os.path.realpath(path)} {seen.st_size} {seen.st_mtime_ns}")


def _say(command: Sequence[str], env: Mapping[str, str] | None, folder: str) -> str:
    """What it writes to standard output; "" where it cannot be run, fails or takes too long (then it is ended)."""
    try:
        done = subprocess.run(
            command, env=env, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            timeout=LIMIT, check=False,
        )  # fmt: skip
    except (OSError, ValueError, subprocess.SubprocessError):
        return ""
    return done.stdout.decode("utf-8", "replace") if done.returncode == 0 else ""
