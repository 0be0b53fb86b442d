from __future__ import annotations

import os
from pathlib import Path

import pytest

from devenv.host import apt, packages
from devenv.host.apt import Consent
from devenv.host.packages import Recorded
from devenv.model.errors import DevenvError

_APT_GET = """\
case "$*" in
  *" -s "*) echo "Inst engine (1.0 Debian [all])"
            echo "Inst libengine:i386 (2.0 Debian [i386])"
            echo "Inst shell [1.0] (1.1 Debian [all])"
            echo "Conf engine (1.0 Debian [all])" ;;
  *install*) cp {record} {seen}; exit {code} ;;
esac"""


@pytest.fixture(autouse=True)
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine of the test's own: its state, and what a shell finds there. Returns the folder of its programs."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("PATH", f"{tmp_path}/bin:{os.environ['PATH']}")
    monkeypatch.setattr(apt, "_POLICY", tmp_path / "policy-rc.d")
    return tmp_path / "bin"


def _program(folder: Path, name: str, script: str) -> None:
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(f"#!/bin/sh\n{script}\n")
    (folder / name).chmod(0o755)


def _stand_ins(folder: Path, code: int = 0, there: str = "") -> Path:
    """apt and dpkg that change nothing; what was on record when packages were unpacked is in the file returned."""
    seen = folder.parent / "seen"
    _program(folder, "sudo", '[ "$1" = -n ] && shift; exec "$@"')
    _program(folder, "apt-get", _APT_GET.format(record=packages.record_file(), seen=seen, code=code))
    _program(folder, "apt-mark", "echo shell")
    _program(folder, "dpkg-query", f"printf '{there}'")
    return seen


def _install() -> None:
    consent = Consent(install=True, ask=lambda question: True, say=lambda line: None, terminal=False)
    apt.install(["engine", "shell"], "to run containers", consent)


def test_what_was_not_there_is_on_record_before_it_is_there(machine: Path) -> None:
    seen = _stand_ins(machine)
    _install()
    assert seen.read_text() == "installed engine\ninstalled libengine:i386\nmanual shell\n"
    _install()
    assert packages.recorded() == Recorded(installed=("engine", "libengine:i386"), manual=("shell",))


def test_what_could_not_be_installed_is_not_kept_on_record(machine: Path) -> None:
    _stand_ins(machine, code=1, there="engine engine:all iU \\n")
    with pytest.raises(DevenvError, match="apt-get could not install engine shell"):
        _install()
    assert packages.recorded().installed == ("engine",), "dpkg has begun with that one"


def test_without_a_record_there_is_nothing_and_the_last_one_forgotten_takes_the_file(tmp_path: Path) -> None:
    assert packages.recorded() == Recorded()
    packages.note(Recorded(installed=("a", "b"), manual=("c", "a")))
    assert packages.recorded() == Recorded(installed=("a", "b"), manual=("c",))
    packages.forget({"a"})
    assert packages.recorded() == Recorded(installed=("b",), manual=("c",))
    packages.forget({"b", "c"})
    assert not packages.record_file().exists()


@pytest.mark.skipif(not apt.usable(), reason="asks this machine's dpkg")
def test_what_is_installed_is_asked_of_dpkg() -> None:
    assert packages.installed(("no-such-package", "dpkg", "apt")) == ("dpkg", "apt")
    assert packages.installed(()) == ()
