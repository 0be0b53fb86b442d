"""The record of packages that devenv installed on this machine, so that `uninstall` takes away these and no others.

A line each in `packages` in the user's state folder: `installed NAME` for one that was not there before, `manual NAME`
for one that was there because others needed it and that apt now takes for asked for. `dev` writes the same file.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from devenv.host.files import write_atomic
from devenv.host.state import state_dir

_NEW = re.compile(r"^Inst (\S+) \(", re.MULTILINE)
"""What apt-get would unpack and is not there in another version: that one stands in brackets before the parenthesis."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """`installed` were not on the machine before devenv, `manual` were, and were not marked as asked for."""

    installed: tuple[str, ...] = ()
    manual: tuple[str, ...] = ()


def record_file() -> Path:
    """Where the record lies."""
    return state_dir() / "packages"


def recorded() -> Recorded:
    """What was written down, each package once, in the order in which it came."""
    installed: dict[str, None] = {}
    manual: dict[str, None] = {}
    for line in _lines():
        word, _, package = line.partition(" ")
        {"installed": installed, "manual": manual}.get(word, {})[package] = None
    return Recorded(installed=tuple(installed), manual=tuple(name for name in manual if name not in installed))


def foresee(packages: Sequence[str]) -> Recorded:
    """What installing `packages` would put on this machine, as apt-get says it without doing it."""
    said = _said(["apt-get", "install", "-s", "-q", "--no-install-recommends", *packages])
    return Recorded(
        installed=tuple(_NEW.findall(said)), manual=tuple(_said(["apt-mark", "showauto", *packages]).split())
    )


def note(found: Recorded) -> None:
    """Write `found` down. Before it is done: what a kill interrupts is found again."""
    lines = _lines()
    new = [*(f"installed {name}" for name in found.installed), *(f"manual {name}" for name in found.manual)]
    _write([*lines, *(line for line in new if line not in lines)])


def forget(packages: Collection[str]) -> None:
    """Take `packages` out of the record; nobody is left in it: the file goes."""
    _write([line for line in _lines() if line.partition(" ")[2] not in packages])


def installed(packages: Collection[str]) -> tuple[str, ...]:
    """Those of `packages` that are on this machine now, wholly or in part, in their order."""
    if not packages:
        return ()
    said = _said(["dpkg-query", "-W", "-f", "${Package} ${Package}:${Architecture} ${db:Status-Abbrev}\n", *packages])
    there: set[str] = set()
    for line in said.splitlines():
        name, full, state = line.split(maxsplit=2)
        if state[1:2] not in ("n", ""):
            there |= {name, full}
    return tuple(name for name in packages if name in there)


def _lines() -> list[str]:
    try:
        return record_file().read_text(encoding="utf-8").split("\n")[:-1]
    except OSError:
        return []


def _write(lines: Sequence[str]) -> None:
    if lines:
        write_atomic(record_file(), "".join(f"{line}\n" for line in lines).encode(), 0o600)
    else:
        record_file().unlink(missing_ok=True)


def _said(command: Sequence[str]) -> str:
    environment = {**os.environ, "LC_ALL": "C"}
    return subprocess.run(
        command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, env=environment
    ).stdout
