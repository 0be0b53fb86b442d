from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from devenv.host.apt import Consent
from devenv.host.bootstrap import bootstrap, command
from devenv.model.errors import DevenvError, ExitCode


class _Report:
    def __init__(self) -> None:
        self.current = 0

    def progress(self, current: int = 0, total: int = 0, unit: str = "", text: str = "") -> None:
        self.current = current or self.current

    def log(self, line: str, stream: str = "stdout") -> None:
        raise AssertionError("mmdebstrap's own words are told only where it fails")


class _Cancel:
    def __init__(self) -> None:
        self.cancelled = False
        self.calls: list[Callable[[], None]] = []

    def wait(self, seconds: float) -> bool:
        return self.cancelled

    def on_cancel(self, call: Callable[[], None]) -> Callable[[], None]:
        self.calls.append(call)
        if self.cancelled:  # it may have come while the process was started
            call()
        return lambda: self.calls.remove(call)

    def cancel(self) -> None:
        self.cancelled = True
        for call in list(self.calls):
            call()


CONSENT = Consent(install=False, ask=lambda question: False, say=print, terminal=False)
Make = Callable[[str], None]


@pytest.fixture
def make(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Make:
    """Puts a stand-in for mmdebstrap first in PATH."""
    if not Path("/usr/share/keyrings/debian-archive-keyring.gpg").exists():
        pytest.skip("needs Debian's keyring, which would be installed")
    monkeypatch.setenv("PATH", f"{tmp_path}/bin:{os.environ['PATH']}")
    (tmp_path / "bin").mkdir()

    def write(script: str) -> None:
        (tmp_path / "bin/mmdebstrap").write_text(f"#!/bin/sh\n{script}\n")
        (tmp_path / "bin/mmdebstrap").chmod(0o755)

    return write


def _read(tmp_path: Path, report: _Report | None = None) -> bytes:
    pieces = bootstrap("trixie", consent=CONSENT, report=report or _Report(), cancel=_Cancel(), cache=tmp_path)
    return b"".join(pieces)


def _kept(tmp_path: Path) -> list[Path]:
    return sorted(tmp_path.glob("trixie-*"))


def test_it_is_made_once_and_then_taken_from_the_cache(tmp_path: Path, make: Make) -> None:
    make("head -c 3000000 /dev/zero")
    report = _Report()
    assert len(_read(tmp_path, report)) == report.current == 3_000_000
    make("exit 9")
    assert len(_read(tmp_path)) == 3_000_000
    (kept,) = _kept(tmp_path)
    old = time.time() - 31 * 24 * 3600
    os.utime(kept, (old, old))
    with pytest.raises(DevenvError):
        _read(tmp_path)


def test_a_failure_gets_a_sentence_and_leaves_nothing(tmp_path: Path, make: Make) -> None:
    make("echo half; echo 'I: fetching' >&2; echo 'E: mirror is gone' >&2; exit 1")
    with pytest.raises(DevenvError, match="could not be made by mmdebstrap: E: mirror is gone") as caught:
        _read(tmp_path)
    assert caught.value.code == ExitCode.UNFIT
    assert _kept(tmp_path) == []


def test_cancelling_ends_it_and_all_it_started(tmp_path: Path, make: Make) -> None:
    make(f"echo first; sleep 1000 & echo $! >{tmp_path}/pid; wait")
    cancel = _Cancel()
    pieces = bootstrap("trixie", consent=CONSENT, report=_Report(), cancel=cancel, cache=tmp_path)
    make_time = time.monotonic() + 30
    import threading

    def stop() -> None:
        while not (tmp_path / "pid").exists() and time.monotonic() < make_time:
            time.sleep(0.01)
        cancel.cancel()

    thread = threading.Thread(target=stop)
    thread.start()
    with pytest.raises(DevenvError) as caught:
        list(pieces)
    thread.join()
    assert caught.value.code == ExitCode.INTERRUPTED
    assert _kept(tmp_path) == []
    pid = int((tmp_path / "pid").read_text())
    state = Path(f"/proc/{pid}/stat")
    assert not state.exists() or state.read_text().rpartition(")")[2].split()[0] == "Z"


def test_a_reader_that_stops_leaves_nothing(tmp_path: Path, make: Make) -> None:
    make("cat /dev/zero")
    pieces = bootstrap("trixie", consent=CONSENT, report=_Report(), cancel=_Cancel(), cache=tmp_path)
    assert next(pieces)
    pieces.close()  # type: ignore[attr-defined]
    assert _kept(tmp_path) == []


def test_who_is_not_root_uses_user_namespaces() -> None:
    assert "--mode=unshare" in command("trixie", root=False, mirrors=())
    words = command("trixie", root=True, mirrors=("deb http://m/debian {suite} main",))
    assert words[-3:] == ["trixie", "-", "deb http://m/debian trixie main"]
