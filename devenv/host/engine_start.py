"""Start an engine that is installed and does not run, and stop one that was started here."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from devenv.host.apt import Consent, as_root
from devenv.host.engine_find import DEFAULT_SOCKET, Address
from devenv.host.engine_fit import Fit, fit
from devenv.host.ping import Alive, Denied, ping
from devenv.host.state import state_dir
from devenv.model.errors import DevenvError, ExitCode

START_SECONDS = 90.0
STOP_SECONDS = 30.0

_PIDFILE = Path("/var/run/docker.pid")
_CONTAINERD = Path("/run/containerd/containerd.sock")
PLACES = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
"""Where programs for root are, behind a PATH that may leave them out."""
_children: list[subprocess.Popen[bytes]] = []
"""Engines that this process started: held so that their end is seen, and they are not waited for."""


def installed() -> bool:
    """Whether an engine that could be started is on this machine."""
    return dockerd() is not None


def dockerd() -> str | None:
    """The path of dockerd; a user's PATH often leaves out the folders it is in."""
    return shutil.which("dockerd", path=f"{os.environ.get('PATH', '')}:{PLACES}")


def is_own(url: str) -> bool:
    """Whether `url` is that of the engine which is installed and started here, and not of another one."""
    path = url.removeprefix("unix://")
    return path != url and os.path.realpath(path) == os.path.realpath(DEFAULT_SOCKET)


def started_here() -> tuple[subprocess.Popen[bytes], ...]:
    """The engines that this process started as processes of its own."""
    return tuple(_children)


def start(consent: Consent) -> Address:
    """Start the engine of this machine and wait until it answers. By systemd where that runs the machine, else by its
    own service manager, else as a detached process. Raises DevenvError (UNFIT) with the last lines of its log."""
    address = Address(url=f"unix://{DEFAULT_SOCKET}", source=f"socket {DEFAULT_SOCKET}", started=True)
    prefix = as_root(consent, "start the container engine")
    if Path("/run/systemd/system").exists():
        consent.say("starting the container engine (systemctl start docker)")
        _by_manager([*prefix, "systemctl", "start", "docker"], ["journalctl", "-u", "docker", "-n", "20", "--no-pager"])
        _record({"by": "systemd", "boot": _boot()})
    elif _openrc():
        consent.say("starting the container engine (rc-service docker start)")
        _by_manager([*prefix, "rc-service", "docker", "start"], ["tail", "-n", "20", "/var/log/docker.log"])
        _record({"by": "openrc", "boot": _boot()})
    else:
        _detached(consent, prefix)
    return address


def runs_for_us() -> bool:
    """Whether the engine that `start` recorded runs still."""
    record = _recorded()
    return bool(_by(record)) and (record["by"] != "devenv" or _same_process(record)) and _answers()


def stop_started() -> bool:
    """Stop the engine that `start` recorded, and wait until it is gone with its children. False where there is none
    (any more). Containers go down with it."""
    record = _recorded()
    by = _by(record)
    if by == "systemd":
        subprocess.run(["systemctl", "stop", "docker", "docker.socket"], check=False, capture_output=True)
    elif by == "openrc":
        subprocess.run(["rc-service", "docker", "stop"], check=False, capture_output=True)
    elif by == "devenv" and _same_process(record):
        pid = int(str(record["pid"]))
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGTERM)
            _until(lambda: not _same_process(record), STOP_SECONDS)
        if _same_process(record):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(pid, signal.SIGKILL)
            _until(lambda: not _same_process(record), 5)
    else:
        return False
    _record_file().unlink(missing_ok=True)
    return True


# --- by a manager -----------------------------------------------------------------------------------------------------


def _openrc() -> bool:
    return Path("/run/openrc/softlevel").exists() and shutil.which("rc-service") is not None


def _by_manager(command: Sequence[str], log: Sequence[str]) -> None:
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    answers = result.returncode == 0 and _until(_answers, START_SECONDS)
    if not answers:
        shown = subprocess.run(log, capture_output=True, text=True, check=False).stdout
        raise _did_not_start(f"'{' '.join(command)}' failed", (result.stderr + shown).splitlines())


# --- as a process of its own ------------------------------------------------------------------------------------------


def _detached(consent: Consent, prefix: Sequence[str]) -> None:
    program = dockerd() or "dockerd"
    if prefix:
        raise DevenvError(
            "The container engine does not run, and nothing here manages services, so only root can start it.",
            hint=f"Run 'sudo {program}' in another terminal, or run this as root.",
            code=ExitCode.UNFIT,
        )
    consent.say(f"starting the container engine ({program})")
    if _running_elsewhere() and _until(_answers, 15):
        return  # somebody else was just starting it
    _clear_leftovers()
    fitted: Fit = fit(consent.say)
    log = state_dir() / "dockerd.log"
    environment = {**os.environ, **fitted.environment}
    environment["PATH"] = f"{fitted.environment.get('PATH', '')}{os.environ.get('PATH', '')}:{PLACES}"
    with open(log, "wb") as output:
        process = subprocess.Popen(
            [program, *fitted.options],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            cwd="/",
            env=environment,
            start_new_session=True,
        )
    _children.append(process)
    _record({"by": "devenv", "pid": process.pid, "born": _born(process.pid), "log": str(log)})
    if not _until(lambda: _answers() or process.poll() is not None, START_SECONDS) or process.poll() is not None:
        lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
        ended = process.poll()
        if ended is None:
            stop_started()
        why = f"it ended with {ended}" if ended is not None else f"it did not answer within {START_SECONDS:.0f} s"
        _record_file().unlink(missing_ok=True)
        raise _did_not_start(why, lines)


def _running_elsewhere() -> bool:
    """Whether the engine's pid file names a live dockerd. One that names anything else is left over: in a container
    that was started anew the same numbers come again."""
    try:
        pid = int(_PIDFILE.read_text(encoding="ascii"))
        return Path(f"/proc/{pid}/comm").read_text(encoding="utf-8").strip() == "dockerd"
    except (OSError, ValueError):
        return False


def _clear_leftovers() -> None:
    """What an engine that was killed leaves behind and the next one trips over."""
    if not _running_elsewhere():
        _PIDFILE.unlink(missing_ok=True)
    if _CONTAINERD.exists():
        import socket

        with contextlib.closing(socket.socket(socket.AF_UNIX)) as probe:
            try:
                probe.connect(str(_CONTAINERD))
            except ConnectionRefusedError:
                _CONTAINERD.unlink(missing_ok=True)
            except OSError:
                return


def _answers() -> bool:
    """Whether it runs: one that this user may not open is told of by who asked for it."""
    return isinstance(ping(f"unix://{DEFAULT_SOCKET}", timeout=2), Alive | Denied)


def _until(true: Callable[[], bool], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while not true():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def _did_not_start(why: str, log: Sequence[str]) -> DevenvError:
    told = [line for line in log if line.strip()][-8:]
    return DevenvError(
        f"The container engine did not start: {why}.",
        hint="\n".join(["Its last words were:", *(f"  {line}" for line in told)]) if told else "It said nothing.",
        code=ExitCode.UNFIT,
    )


# --- the record -------------------------------------------------------------------------------------------------------


def _record_file() -> Path:
    return state_dir() / "engine.json"


def _record(values: dict[str, object]) -> None:
    _record_file().write_text(json.dumps(values), encoding="utf-8")


def _recorded() -> dict[str, object]:
    try:
        found = json.loads(_record_file().read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _by(record: dict[str, object]) -> object:
    """Who started it for devenv. What a manager did before the machine was started anew, it does by itself since."""
    return record.get("by") if record.get("boot", _boot()) == _boot() else None


def _boot() -> str:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return ""


def _born(pid: int) -> str:
    """When a process began, in ticks since boot: with it a number that was given again is not taken for the same."""
    try:
        # The name, in parentheses, may hold anything; what follows are fields from the third on (proc(5)).
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    except OSError:
        return ""
    return "" if fields[0] == "Z" else fields[19]


def _same_process(record: dict[str, object]) -> bool:
    for child in _children:
        child.poll()
    born = _born(int(str(record.get("pid", 0))))
    return bool(born) and born == record.get("born")
