"""One at a time: one `up` per project (DESIGN, rule 11), one who installs packages or starts the engine."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from devenv.host.state import state_dir


@contextmanager
def project_lock(
    engine_id: str, project: str, waiting: Callable[[str], None], *, folder: Path | None = None
) -> Iterator[None]:
    """Hold the lock of `project` on the engine `engine_id`. Where another process holds it, `waiting` is called once
    with a sentence that says whose it is, and this one waits. A holder that dies, however, lets go: the lock is the
    kernel's. `folder` is the state folder, by default the user's."""
    with _held(_named(engine_id, project), {"project": project}, f"works on {project}", waiting, folder):
        yield


def project_is_held(engine_id: str, project: str, *, folder: Path | None = None) -> bool:
    """Whether a process holds the lock of `project` at this moment."""
    try:
        with open((folder or state_dir()) / "locks" / _named(engine_id, project), encoding="utf-8") as file:
            if not file.read(1):
                return False  # nobody: it is not even tried, so that nobody has to wait for this look
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        pass  # there never was one, or it is not for this user to know
    return False


@contextmanager
def machine_lock(name: str, does: str, waiting: Callable[[str], None], *, folder: Path | None = None) -> Iterator[None]:
    """Hold the lock `name` of this user's machine, as `project_lock` does; `does` ends the sentence of who waits:
    "waiting for another devenv that installs packages"."""
    with _held(f"{name}.json", {}, does, waiting, folder):
        yield


def remove_free(locks: Path) -> int:
    """Remove the lock files in the folder `locks` that nobody holds; how many are held, and stay."""
    held = 0
    for path in locks.glob("*.json"):
        with open(path, "a", encoding="utf-8") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                held += 1
                continue
            path.unlink(missing_ok=True)
    return held


@contextmanager
def _held(
    name: str, about: Mapping[str, str], does: str, waiting: Callable[[str], None], folder: Path | None
) -> Iterator[None]:
    locks = (folder or state_dir()) / "locks"
    locks.mkdir(mode=0o700, parents=True, exist_ok=True)
    with open(locks / name, "a+", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            waiting(f"waiting for another devenv that {does} ({_holder(file.name)})")
            fcntl.flock(file, fcntl.LOCK_EX)
        file.truncate(0)
        file.write(json.dumps({"pid": os.getpid(), "started": int(time.time()), **about}))
        file.flush()
        try:
            yield
        finally:
            # The file stays: removing it would let two processes lock two files of one name.
            file.truncate(0)


def _named(engine_id: str, project: str) -> str:
    return hashlib.sha256(f"{engine_id}\0{project}".encode()).hexdigest()[:16] + ".json"


def _holder(path: str) -> str:
    """Who wrote the lock file last, in words; it may be empty for the moment between locking and writing."""
    try:
        with open(path, encoding="utf-8") as file:
            holder = json.load(file)
        started = time.strftime("%H:%M:%S", time.localtime(holder["started"]))
        return f"process {holder['pid']}, since {started}"
    except (OSError, ValueError, KeyError, TypeError):
        return "it has just begun"
