"""Debian's and Ubuntu's packages, installed only as rule 10 of the design allows."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from devenv.host import packages as record
from devenv.host.facts import os_release
from devenv.host.lock import machine_lock
from devenv.model.errors import DevenvError, ExitCode

_LISTS = Path("/var/lib/apt/lists")
_POLICY = Path("/usr/sbin/policy-rc.d")
_POLICY_TEXT = "#!/bin/sh\n# Made by devenv for one apt-get run: it starts what it installs itself.\nexit 101\n"
_LOCK_WAIT = 300.0
PATIENCE = f"DPkg::Lock::Timeout={_LOCK_WAIT:.0f}"
"""The option by which apt-get waits while another one works."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """What the user allows. `install` is False for `--no-install`; `ask` puts a yes-or-no question (False where there
    is nobody to answer); `say` tells what is done, one line a call; `terminal` says whether somebody could answer."""

    install: bool
    ask: Callable[[str], bool]
    say: Callable[[str], None]
    terminal: bool
    no_install_variable: bool = False

    @classmethod
    def given(
        cls,
        *,
        install: bool,
        ask: Callable[[str], bool],
        say: Callable[[str], None],
        env: Mapping[str, str] | None = None,
    ) -> Consent:
        """As this process stands: its terminal and DEVENV_NO_INSTALL."""
        env = os.environ if env is None else env
        return cls(
            install=install,
            ask=ask,
            say=say,
            terminal=sys.stdin is not None and sys.stdin.isatty() and sys.stderr.isatty(),
            no_install_variable=env.get("DEVENV_NO_INSTALL") == "1",
        )


def usable(root: Path = Path("/")) -> bool:
    """Whether this is Debian, Ubuntu or one of their kind."""
    release = os_release(root)
    names = {release.get("ID", ""), *release.get("ID_LIKE", "").split()}
    return bool(names & {"debian", "ubuntu"}) and shutil.which("apt-get") is not None


def as_root(consent: Consent, what: str) -> list[str]:
    """The words to put before a command that only root may run: none for root, `sudo` where it needs no password or
    somebody is there to type it. Raises DevenvError (UNFIT) that says `what` is to be done."""
    if os.geteuid() == 0:
        return []
    sudo = shutil.which("sudo")
    if sudo and (consent.terminal or _quiet([sudo, "-n", "true"])):
        return [sudo]
    raise DevenvError(
        f"Only root may {what}.",
        hint=f"Let an administrator {what}, or run this where sudo can ask for your password.",
        code=ExitCode.UNFIT,
    )


def install(packages: Sequence[str], why: str, consent: Consent, *, also: Sequence[str] = ()) -> None:
    """Install `packages`, because of `why` (a sentence that ends the question: "to run containers"). Asks at a
    terminal, goes ahead without one when it is root. `also` are added where this suite has them. Raises DevenvError
    (UNFIT) where it may not or cannot. What was not there before is written down for `uninstall`."""
    words = " ".join(packages)
    command = f"apt-get install {words}"
    if not consent.install or consent.no_install_variable:
        forbidden = "DEVENV_NO_INSTALL=1" if consent.no_install_variable else "--no-install"
        raise DevenvError(
            f"{words} must be installed {why}, and {forbidden} forbids it.",
            hint=f"Run '{command}' as root, or run this again without {forbidden}.",
            code=ExitCode.UNFIT,
        )
    nobody_to_ask = not consent.terminal and os.geteuid() == 0
    if not nobody_to_ask and not consent.ask(f"Install {words} with apt-get {why}?"):
        raise DevenvError(
            f"{words} must be installed {why}.",
            hint=f"Run '{command}' as root, or answer yes (--yes where there is no terminal).",
            code=ExitCode.UNFIT,
        )
    prefix = as_root(consent, f"install {words}")
    consent.say(f"installing {words} with apt-get {why}")
    settings = ["env", "DEBIAN_FRONTEND=noninteractive"]
    wanted = ["apt-get", "install", "-y", "-q", "--no-install-recommends", "-o", PATIENCE]
    with machine_lock("packages", "installs packages", consent.say), _services_stay_down(prefix):
        fresh = _fresh_lists()
        if not fresh:
            _run([*prefix, *settings, "apt-get", "update", "-q"], "refresh the package lists")
        chosen = [*packages, *(name for name in also if known(name))]
        wanted += chosen
        record.note(record.foresee(chosen))
        result = _apt([*prefix, *settings, *wanted])
        if result.returncode and fresh:  # the lists were older than the mirror after all
            _run([*prefix, *settings, "apt-get", "update", "-q"], "refresh the package lists")
            record.note(record.foresee(chosen))
            result = _apt([*prefix, *settings, *wanted])
        if result.returncode:
            noted = record.recorded().installed
            record.forget(set(noted) - set(record.installed(noted)))
            raise _failed(f"install {words}", result.stdout)


def known(package: str) -> bool:
    """Whether the package lists on this machine offer `package`."""
    shown = subprocess.run(["apt-cache", "policy", package], capture_output=True, text=True, check=False).stdout
    return "Candidate:" in shown and "Candidate: (none)" not in shown


def _fresh_lists(age: float = 3600.0) -> bool:
    """Whether there are package lists, fetched within `age` seconds."""
    updated = _LISTS / "partial"  # each update touches it, also one that found nothing new
    return updated.exists() and any(_LISTS.glob("*_Packages*")) and time.time() - updated.stat().st_mtime < age


def _run(command: Sequence[str], what: str) -> None:
    result = _apt(command)
    if result.returncode:
        raise _failed(what, result.stdout)


def _apt(command: Sequence[str]) -> subprocess.CompletedProcess[str]:
    """Run apt-get with its output kept. The lock of the lists has no waiting of its own in apt, so it is waited for
    here."""
    deadline = time.monotonic() + _LOCK_WAIT
    while True:
        result = subprocess.run(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
        )
        if result.returncode == 0 or "Could not get lock" not in result.stdout or time.monotonic() > deadline:
            return result
        time.sleep(2)


@contextmanager
def _services_stay_down(prefix: Sequence[str]) -> Iterator[None]:
    """While packages are unpacked in a place without a service manager their scripts start no daemon: devenv starts
    the engine with what fits this machine, and knows then that it did."""
    if Path("/run/systemd/system").exists() or _POLICY.exists():
        yield
        return
    write = ["sh", "-c", 'printf "%s" "$1" >"$2" && chmod 755 "$2"', "sh", _POLICY_TEXT, str(_POLICY)]
    subprocess.run([*prefix, *write], check=False)
    try:
        yield
    finally:
        subprocess.run([*prefix, "rm", "-f", str(_POLICY)], check=False)


def _failed(what: str, output: str) -> DevenvError:
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    errors = [line for line in lines if line.startswith(("E:", "Err:", "dpkg: error"))] or lines
    return DevenvError(
        f"apt-get could not {what}: {' '.join(errors[-3:])}",
        hint="Check the network, the proxy and the package sources of this machine; 'apt-get update' shows more.",
        code=ExitCode.UNFIT,
    )


def _quiet(command: Sequence[str]) -> bool:
    return subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False).returncode == 0
