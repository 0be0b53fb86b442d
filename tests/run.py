"""`./dev test [pytest arguments]`: an engine first, then pytest, and nothing left over afterwards.

Packages and caches stay. What a failed or stopped test leaves on the engine is found again in three ways:
its name begins with `devenv-test-$DEVENV_TEST_RUN-`, its label `dev.devenv.test` has that value, or it belongs to a
project whose folder lies in this run's temporary folder. Processes that outlive pytest are ended.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import FrameType
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from devenv.host import engine, engine_start  # noqa: E402
from devenv.host.engine_find import DEFAULT_SOCKET  # noqa: E402
from devenv.model import labels  # noqa: E402
from devenv.model.errors import DevenvError  # noqa: E402

PREFIX = "devenv-test-"
RUN = os.urandom(3).hex()
LABEL = "dev.devenv.test"
_SUBREAPER = 36  # PR_SET_CHILD_SUBREAPER, prctl(2)


def main(arguments: Sequence[str]) -> int:
    signal.signal(signal.SIGTERM, _as_interrupt)
    signal.signal(signal.SIGHUP, _as_interrupt)
    try:
        with _engine() as address, _folder() as folder:
            try:
                return _pytest(arguments, address, folder)
            finally:
                with _undisturbed():
                    _sweep(address, folder)
    except DevenvError as error:
        print(f"{error.message}\n  {error.hint}", file=sys.stderr)
        return int(error.code)
    except KeyboardInterrupt:
        return 130


def _as_interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


@contextlib.contextmanager
def _engine() -> Iterator[engine.Address]:
    """An engine that answers. One that this call started is stopped; a person's own stays."""
    address = engine.ensure(install=True, ask=_ask, say=_say)
    try:
        yield address
    finally:
        with _undisturbed():
            if address.started and engine_start.stop_started():
                _say("stopped the container engine that this run had started")


def _ask(question: str) -> bool:
    print(f"{question} [y/N] ", end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def _say(line: str) -> None:
    print(f"devenv: {line}", file=sys.stderr, flush=True)


@contextlib.contextmanager
def _folder() -> Iterator[Path]:
    """Where every temporary file of the run goes."""
    folder = Path(tempfile.mkdtemp(prefix=PREFIX))
    folder.chmod(0o711)  # some tests act as another user, in folders of their own below it
    try:
        yield folder
    finally:
        with _undisturbed():
            shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def _undisturbed() -> Iterator[None]:
    """Cleaning up goes on when Ctrl-C is pressed again."""
    before = {
        number: signal.signal(number, signal.SIG_IGN) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    }
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _pytest(arguments: Sequence[str], address: engine.Address, folder: Path) -> int:
    _adopt_orphans()
    environment = {
        **os.environ,
        "TMPDIR": str(folder),
        "DEVENV_TEST_RUN": RUN,
        "XDG_STATE_HOME": str(folder / "state"),
        "TESTCONTAINERS_RYUK_DISABLED": "true",
        "PYTHONPATH": str(ROOT),
    }
    if not address.source.endswith(DEFAULT_SOCKET):
        environment["DOCKER_HOST"] = address.url
    command = [sys.executable, "-m", "pytest", f"--basetemp={folder / 'pytest'}", *map(_from_here, arguments)]
    process = subprocess.Popen(command, cwd=ROOT, env=environment)
    try:
        return process.wait()
    except KeyboardInterrupt:
        # A terminal's Ctrl-C reached pytest too; a signal sent to us alone did not.
        with _undisturbed(), contextlib.suppress(subprocess.TimeoutExpired):
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(2)
                raise
            process.send_signal(signal.SIGINT)
            process.wait(60)
        raise
    finally:
        with _undisturbed():
            if process.poll() is None:
                process.kill()
            process.wait()
            _end_orphans()


def _from_here(argument: str) -> str:
    """pytest runs at the root of the repository; a path that was typed elsewhere is meant from there."""
    path, colons, rest = argument.partition("::")
    return (
        f"{Path(path).resolve()}{colons}{rest}"
        if path and not path.startswith("-") and Path(path).exists()
        else argument
    )


def _adopt_orphans() -> None:
    """Processes whose parent dies become ours instead of init's, so that none can hide (Linux)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_SUBREAPER, 1, 0, 0, 0)


def _end_orphans() -> None:
    for number, seconds in ((signal.SIGTERM, 5.0), (signal.SIGKILL, 5.0)):
        deadline = time.monotonic() + seconds
        while (left := _children()) and time.monotonic() < deadline:
            for pid in left:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, number)
            with contextlib.suppress(ChildProcessError):
                while os.waitpid(-1, os.WNOHANG)[0]:
                    pass
            time.sleep(0.05)


def _children() -> list[int]:
    """Our own children, the engine that we started (it is stopped in its turn) left out."""
    engines = {process.pid for process in engine_start.started_here()}
    try:
        words = Path(f"/proc/self/task/{os.getpid()}/children").read_text(encoding="ascii").split()
    except OSError:
        return []
    return [pid for pid in map(int, words) if pid not in engines]


def _sweep(address: engine.Address, folder: Path) -> None:
    """Remove what tests left on the engine, and say so: a test that leaves something is to be mended."""
    import docker

    client: Any = docker.DockerClient(base_url=address.url) if not address.tls else docker.from_env()
    try:
        containers = client.containers.list(all=True)
        projects = {
            container.labels.get(labels.PROJECT)
            for container in containers
            if container.labels.get(labels.WORKING_DIR, "").startswith(f"{folder}/")
        }
        things = [
            *((container, container.labels) for container in containers),
            *((network, network.attrs.get("Labels") or {}) for network in client.networks.list()),
            *((volume, volume.attrs.get("Labels") or {}) for volume in client.volumes.list()),
        ]
        for thing, marks in things:
            named = thing.name.startswith(f"{PREFIX}{RUN}-") or marks.get(LABEL) == RUN
            if named or (projects and marks.get(labels.PROJECT, "") in projects):
                _say(f"removing what a test left: {type(thing).__name__.lower()} {thing.name}")
                with contextlib.suppress(docker.errors.APIError):
                    thing.remove(**({"force": True, "v": True} if type(thing).__name__ == "Container" else {}))
    finally:
        client.close()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
