"""Commands run again and again, and what is said of their times."""

from __future__ import annotations

import os
import statistics
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One finished process: `wall` seconds from its start to its end, `cpu` those it worked (user and system), `peak`
    the most bytes it had in memory (at least what whoever started it had)."""

    wall: float
    cpu: float
    peak: int


def once(command: Sequence[str], folder: Path) -> Run:
    """Run `command` in `folder`, its input empty and its output read and dropped. Raises where it does not end
    with 0."""
    begun = time.monotonic()
    process = subprocess.Popen(
        command, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    _, status, used = os.wait4(process.pid, 0)
    wall = time.monotonic() - begun
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    return Run(wall=wall, cpu=used.ru_utime + used.ru_stime, peak=used.ru_maxrss * 1024)


def in_turn(commands: Mapping[str, Sequence[str]], folder: Path, runs: int) -> dict[str, list[Run]]:
    """Each of `commands`, by name, `runs` times, one after the other in each round; a first round does not count."""
    found: dict[str, list[Run]] = {name: [] for name in commands}
    for turn in range(runs + 1):
        for name, command in commands.items():
            run = once(command, folder)
            if turn:
                found[name].append(run)
    return found


def table(found: Mapping[str, Sequence[Run]], yardstick: str) -> str:
    """Medians, least and most of each command in milliseconds, and the median ratio to its `yardstick`'s paired run."""
    width = max(map(len, found))
    lines = [f"{'':{width}}  {'wall ms: median':>15} {'min':>6} {'max':>6}  {'cpu ms':>6}  {'wall / ' + yardstick}"]
    for name, runs in found.items():
        walls = [run.wall * 1000 for run in runs]
        cpu = statistics.median(run.cpu * 1000 for run in runs)
        ratio = statistics.median(run.wall / base.wall for run, base in zip(runs, found[yardstick], strict=True))
        lines.append(
            f"{name:{width}}  {statistics.median(walls):15.0f} {min(walls):6.0f} {max(walls):6.0f}  {cpu:6.0f}  "
            f"{ratio:.1f}"
        )
    return "\n".join(lines)
