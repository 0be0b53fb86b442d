"""Runs on a bare machine (`test_engine_kills.py`): the stack of `plugs`, and its engine killed under an `up`.

`engine` starts the engine, `prepare` makes the stack, NAME KIND kills the engine at the point NAME: KIND `dockerd` is
its process alone, `crash` all of it with all containers, as when the machine dies.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.e2e import plugs
from tests.e2e.repository import ROOT, Repository

POINTS = {
    "create": plugs.begun("create:web"),
    "start": plugs.begun("start:db"),
    "wait": plugs.progress("WaitReady", "db"),
    "build": plugs.nth("Build", 4),
    "copy-early": plugs.progress("Seed", "db", beyond=0.1),
    "copy-late": plugs.progress("Seed", "db", beyond=0.8),
    "seed-cache": plugs.begun("seed:cache:1"),
    "one-shot": plugs.progress("Run", "migrate", word="begins"),
    "wait-api": plugs.begun("ready:api"),
    "check": plugs.begun("check:greeting"),
}
_ENSURE = """
import sys
sys.path.insert(0, sys.argv[1])
from devenv.host import engine
engine.ensure(install=True, ask=lambda question: False, say=print)
"""
_ENGINE = ("dockerd", "containerd", "containerd-shim", "docker-proxy", "runc")


def main() -> None:
    # In a process of its own: what is our own child and is killed stays as a zombie.
    subprocess.run([sys.executable, "-c", _ENSURE, str(ROOT)], check=True)
    if sys.argv[1:] == ["engine"]:
        return
    repository = Repository(Path("/srv/shop"), "shop")
    if sys.argv[1:] == ["prepare"]:
        plugs.furnish(repository)
        repository.up()
        return
    name, kind = sys.argv[1:]
    rows = plugs.MANY if name.startswith("copy") else plugs.FEW
    plugs.from_nothing(repository, build=name == "build")
    plugs.products(repository, rows)
    how = plugs.hit(repository, POINTS[name], lambda pid: _kill(kind))
    assert "Traceback" not in how.words
    if name == "check" and how.code == 1:  # it asks the page, not the engine
        assert "check:greeting" in str(how.events[-2]), how.events[-5:]
    else:
        assert how.code == 3, how.events[-5:]
        assert "cannot be reached" in str(how.events), how.events[-20:]
    # A one-shot dies with its container's engine; the run that comes after it is the one that ends.
    plugs.mended(repository, rows=rows, runs=2)
    print(f"{name}: {kind} killed at {how.last['event']} {how.last['node']}; `up` ended 3 after {how.seconds:.1f} s")


def _kill(kind: str) -> None:
    names, parents = {}, {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            try:
                text = (entry / "stat").read_text()
            except OSError:
                continue
            head, _, rest = text.rpartition(")")
            names[int(entry.name)], parents[int(entry.name)] = head.partition("(")[2], int(rest.split()[1])
    victims = {pid for pid, name in names.items() if name == "dockerd"}
    if kind == "crash":
        victims |= {pid for pid, name in names.items() if name.startswith(_ENGINE)}
        shims = {pid for pid, name in names.items() if name.startswith("containerd-shim")}
        while more := {pid for pid, parent in parents.items() if parent in shims and pid not in shims}:
            shims |= more
        victims |= shims
    for pid in victims:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue


if __name__ == "__main__":
    main()
