"""A minimal Debian root file system by mmdebstrap: what recipes build on where no registry has `debian:…`."""

from __future__ import annotations

import os
import platform
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import IO

from devenv.host import apt
from devenv.host.apt import Consent
from devenv.host.facts import os_release
from devenv.host.state import cache_dir
from devenv.model.errors import DevenvError, ExitCode
from devenv.model.protocols import Cancel, Report

KEEP_SECONDS = 30 * 24 * 3600.0
"""How long a root file system is used again before it is made anew with the suite's updates."""
PIECE = 1 << 20
_MIRROR = "http://deb.debian.org/debian"
_KEYS = Path("/usr/share/keyrings/debian-archive-keyring.gpg")


def bootstrap(
    suite: str, *, consent: Consent, report: Report, cancel: Cancel, cache: Path | None = None
) -> Iterator[bytes]:
    """The tar of Debian `suite`'s minimal system and CA certificates, piece by piece. It is kept in the user's cache
    (`cache`) and taken from there for 30 days. Installs mmdebstrap as `consent` allows. Raises DevenvError (UNFIT)
    where it cannot be had, also after the first pieces: who reads must throw away what came."""
    kept = (cache or cache_dir()) / f"{suite}-{platform.machine()}.tar"
    if _fresh(kept):
        with open(kept, "rb") as file:
            yield from _pieces(file, report, kept.stat().st_size)
        return
    _need_mmdebstrap(consent)
    handle, partial = tempfile.mkstemp(dir=kept.parent, prefix=f"{kept.name}.")
    try:
        with os.fdopen(handle, "wb") as copy:
            for piece in _run(command(suite), suite, report, cancel):
                copy.write(piece)
                yield piece
        os.replace(partial, kept)  # only a whole one gets the name
    finally:
        with suppress(FileNotFoundError):
            os.unlink(partial)


def command(suite: str, *, root: bool | None = None, mirrors: tuple[str, ...] | None = None) -> list[str]:
    """The mmdebstrap call that writes `suite` to its standard output. Who is not root needs user namespaces."""
    root = os.geteuid() == 0 if root is None else root
    words = ["mmdebstrap", "--quiet", "--variant=minbase", "--include=ca-certificates", "--format=tar"]
    if not root:
        words.append("--mode=unshare")
    if _KEYS.exists():
        words.append(f"--keyring={_KEYS}")
    sources = [line.format(suite=suite) for line in (_mirror_lines() if mirrors is None else mirrors)]
    return [*words, suite, "-", *sources]


def _mirror_lines() -> tuple[str, ...]:
    """The mirror that this machine uses itself, where it is a Debian with another than the public one; () leaves the
    choice to mmdebstrap. Ubuntu's mirrors do not hold Debian."""
    if os_release().get("ID") != "debian":
        return (f"deb {_MIRROR} {{suite}} main", f"deb {_MIRROR} {{suite}}-updates main")
    shown = subprocess.run(
        ["apt-get", "indextargets", "--format", "$(REPO_URI)", "Created-By: Packages"],
        capture_output=True,
        text=True,
        check=False,
    ).stdout
    found = (line.strip().rstrip("/") for line in shown.splitlines())
    mirror = next((uri for uri in found if uri.endswith("/debian")), _MIRROR)
    if mirror == _MIRROR:
        return ()
    return (f"deb {mirror} {{suite}} main", f"deb {mirror} {{suite}}-updates main")


def _environment() -> Mapping[str, str]:
    """apt inside the new root reads none of this machine's settings; its proxy is handed over by the variable, which
    leaves no trace in the root."""
    environment = dict(os.environ, LC_ALL="C.UTF-8")
    if not (environment.get("http_proxy") or environment.get("HTTP_PROXY")):
        shown = subprocess.run(
            ["apt-config", "dump", "--format", "%v", "Acquire::http::Proxy"],
            capture_output=True,
            text=True,
            check=False,
        ).stdout.strip()
        if shown.startswith("http"):
            environment["http_proxy"] = shown
    return environment


def _need_mmdebstrap(consent: Consent) -> None:
    missing = [] if shutil.which("mmdebstrap") else ["mmdebstrap"]
    missing += [] if _KEYS.exists() else ["debian-archive-keyring"]
    if not missing:
        return
    if not apt.usable():
        raise DevenvError(
            "No registry answers, and on this system no images can be built from Debian's packages.",
            hint="Connect to a registry or a mirror, or run this on Debian or Ubuntu.",
            code=ExitCode.UNFIT,
        )
    if os.geteuid() != 0 and not shutil.which("newuidmap"):
        missing.append("uidmap")
    apt.install(missing, "to build images from Debian's packages", consent)


def _fresh(kept: Path) -> bool:
    try:
        return time.time() - kept.stat().st_mtime < KEEP_SECONDS
    except OSError:
        return False


def _pieces(file: IO[bytes], report: Report, total: int = 0) -> Iterator[bytes]:
    done = 0
    while piece := file.read(PIECE):
        done += len(piece)
        report.progress(current=done, total=total, unit="bytes")
        yield piece


def _run(words: list[str], suite: str, report: Report, cancel: Cancel) -> Iterator[bytes]:
    report.progress(text=f"making Debian {suite} from packages")
    with tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(
            words,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
            env=_environment(),
            start_new_session=True,  # a Ctrl-C is ours to hear; the whole group is ended below
        )
        assert process.stdout is not None
        take_back = cancel.on_cancel(lambda: _end(process))
        try:
            yield from _pieces(process.stdout, report)
            code = process.wait()
        finally:
            take_back()
            _end(process)
            process.stdout.close()
            process.wait()
        if code and not cancel.cancelled:
            errors.seek(0)
            raise _failed(suite, errors.read().decode("utf-8", "replace"))
    if cancel.cancelled:
        raise DevenvError(f"Making Debian {suite} was cancelled.", hint="Run it again.", code=ExitCode.INTERRUPTED)


def _end(process: subprocess.Popen[bytes]) -> None:
    """End mmdebstrap and all it started. It takes its mounts down when it is asked to end."""
    if process.poll() is not None:
        return
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)


def _failed(suite: str, said: str) -> DevenvError:
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    errors = [line for line in lines if line.startswith("E:")] or lines[-3:]
    told = " ".join(errors[:3]) or "it said nothing"
    if "unshare" in said or "newuidmap" in said:
        hint = (
            "Allow user namespaces for this user (/etc/subuid, kernel.unprivileged_userns_clone), or run this as root."
        )
    else:
        hint = "Check that this machine reaches a Debian mirror ('apt-get update' tells), and run this again."
    return DevenvError(f"Debian {suite} could not be made by mmdebstrap: {told}", hint=hint, code=ExitCode.UNFIT)
