"""What devenv leaves on a machine beside an engine's things, and how it goes: packages, caches, state, its own link."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Collection, Sequence
from contextlib import suppress
from pathlib import Path

from devenv.host import packages
from devenv.host.apt import PATIENCE, Consent, as_root
from devenv.host.engine_start import PLACES
from devenv.host.lock import machine_lock
from devenv.host.state import cache_dir, state_dir
from devenv.model.errors import DevenvError, ExitCode

ENGINE = ("docker.io", "docker-cli", "iptables", "apparmor")
"""Packages without which the installed engine does not run, or is not reached."""
ENGINE_DATA = ("/var/lib/docker", "/var/lib/containerd", "/run/docker", "/run/containerd", "/run/docker.sock")
"""What the engine leaves when its packages are gone."""
_GOES = re.compile(r"^(?:Remv|Purg) (\S+)", re.MULTILINE)


def removable(keep: Collection[str] = ()) -> tuple[str, ...]:
    """The packages that devenv installed and that may go: all that the machine had before works without them, and so
    does whatever was installed since, and `keep` (names; what they need stays too)."""
    there = packages.installed(packages.recorded().installed)
    stay = set(keep)
    while True:
        needed = _needed(stay)
        going = [name for name in there if name not in stay and name.partition(":")[0] not in needed]
        if not going:
            return ()
        said = _said(["apt-get", "purge", "-s", "-q", *going])
        more = {name for name in _GOES.findall(said) if not {name, name.partition(":")[0]} & _plain(going)}
        if not more:
            return tuple(going)
        if more <= stay:  # apt sees a need that its own list does not show: nothing is safer than too much
            return ()
        stay |= more


def remove_packages(names: Sequence[str], consent: Consent) -> None:
    """Purge `names` (of `removable`), and let apt take what it marked for devenv as it did before. Raises DevenvError
    (UNFIT) with apt's own words."""
    prefix = as_root(consent, f"remove {' '.join(names)}")
    manual = packages.installed(packages.recorded().manual)
    settings = ["env", "DEBIAN_FRONTEND=noninteractive", "LC_ALL=C"]
    with machine_lock("packages", "works on packages", consent.say):
        purge = ["apt-get", "purge", "-y", "-q", "-o", PATIENCE, *names]
        result = _run([*prefix, *settings, *purge])
        if result.returncode:
            lines = [line for line in result.stdout.splitlines() if line.startswith(("E:", "dpkg: error"))]
            raise DevenvError(
                f"apt-get could not remove the packages: {' '.join(lines[-3:]) or result.stdout[-300:]}",
                hint=f"Mend what it says, or run 'apt-get purge {' '.join(names)}' as root.",
                code=ExitCode.UNFIT,
            )
        if manual:
            _run([*prefix, "apt-mark", "auto", *manual])
        packages.forget({*names, *manual})


def remove_engine_data(consent: Consent) -> None:
    """The folders of an engine that is gone. One that is a mount point of its own is emptied."""
    prefix = as_root(consent, "remove the engine's folders")
    script = (
        'for each; do [ ! -e "$each" ] || find "$each" -xdev -mindepth 1 -delete; rmdir "$each" || rm -f "$each"; done'
    )
    _run([*prefix, "sh", "-c", script, "sh", *ENGINE_DATA])
    # The engine's own identity, and folders that containerd makes for plugins: gone only where nobody uses them.
    script = "rm -f /etc/docker/key.json; rmdir /etc/docker /opt/containerd/bin /opt/containerd/lib /opt/containerd"
    _run([*prefix, "sh", "-c", script])


def folders() -> dict[str, tuple[Path, int]]:
    """ "caches" and "state": the user's folders of devenv and their size in bytes."""
    return {what: (folder, _size(folder)) for what, folder in (("caches", cache_dir()), ("state", state_dir()))}


def link(env: dict[str, str] | None = None) -> Path | None:
    """`~/.local/bin/devenv`, where it is a link to a checkout's `./dev`."""
    home = Path((os.environ if env is None else env).get("HOME") or "/")
    found = home / ".local/bin/devenv"
    if not found.is_symlink():
        return None
    target = Path(os.path.realpath(found))
    # A checkout that is gone leaves a link to nowhere.
    ours = target.name == "dev" and (not target.exists() or (target.parent / "devenv/cli/main.py").is_file())
    return found if ours else None


def is_ours(folder: str) -> bool:
    """Whether `folder` is this user's, or who is behind a `sudo`; one that is gone is nobody else's."""
    try:
        owner = os.stat(folder).st_uid
    except PermissionError:
        return False
    except OSError:
        return True
    return str(owner) in (str(os.getuid()), os.environ.get("SUDO_UID"))


def remove(path: Path) -> None:
    """Raises DevenvError (UNFIT) for what cannot be removed; what is gone already is done."""
    try:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
    except FileNotFoundError:
        return
    except OSError as error:
        raise DevenvError(
            f"{error.filename or path} cannot be removed: {error.strerror}.",
            hint=f"Remove {path} yourself.",
            code=ExitCode.UNFIT,
        ) from error


def _needed(names: Collection[str]) -> set[str]:
    """`names` and all installed packages that they need, without architecture."""
    if not names:
        return set()
    leave_out = ("recommends", "suggests", "conflicts", "breaks", "replaces", "enhances")
    options = ["--recurse", "--installed", *(f"--no-{what}" for what in leave_out)]
    said = _said(["apt-cache", "depends", *options, *packages.installed(tuple(names))])
    return {line.strip().partition(":")[0] for line in said.splitlines() if line[:1] not in (" ", "|", "<", "")}


def _plain(names: Sequence[str]) -> set[str]:
    return {*names, *(name.partition(":")[0] for name in names)}


def _size(folder: Path) -> int:
    total = 0
    for at, _, files in os.walk(folder):
        for name in files:
            with suppress(OSError):
                total += os.lstat(os.path.join(at, name)).st_size
    return total


def _said(command: Sequence[str]) -> str:
    return _run(["env", "LC_ALL=C", *command]).stdout


def _run(command: Sequence[str]) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PATH": f"{os.environ.get('PATH', '')}:{PLACES}"}
    return subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        env=environment,
    )
