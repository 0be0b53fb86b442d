from __future__ import annotations

import os
from pathlib import Path

import pytest

from devenv.host import apt, packages, remains
from devenv.host.apt import Consent
from devenv.host.packages import Recorded
from devenv.model.errors import DevenvError

CONSENT = Consent(install=True, ask=lambda question: True, say=lambda line: None, terminal=False)


@pytest.fixture(autouse=True)
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stand-ins for the programs of apt: everything on record is installed, docker.io needs containerd and libseccomp,
    `theirs` needs python3. Returns the file in which what was called is kept."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("PATH", f"{tmp_path}/bin:{os.environ['PATH']}")
    monkeypatch.setattr(apt, "_POLICY", tmp_path / "policy-rc.d")
    called = tmp_path / "called"
    called.touch()
    programs = {
        "sudo": '[ "$1" = -n ] && shift; exec "$@"',
        "dpkg-query": 'shift 3; for each; do echo "$each $each:all ii "; done',
        "apt-cache": """case "$*" in
          *docker.io*) printf 'docker.io\\n  Depends: containerd\\ncontainerd\\nlibseccomp2\\n' ;;
          *theirs*) printf 'theirs\\n  Depends: python3\\npython3\\n' ;; esac""",
        "apt-get": f"""case "$*" in
          *" -s "*) for each; do case $each in python3) echo "Purg theirs [1]"; echo "Purg python3 [1]" ;;
                    purge|-*) ;; *) echo "Purg $each [1]" ;; esac; done ;;
          *broken*) echo "E: dpkg was interrupted"; exit 100 ;;
          *) echo "apt-get $*" >>{called} ;; esac""",
        "apt-mark": f'echo "apt-mark $*" >>{called}',
    }
    (tmp_path / "bin").mkdir()
    for name, script in programs.items():
        (tmp_path / "bin" / name).write_text(f"#!/bin/sh\n{script}\n")
        (tmp_path / "bin" / name).chmod(0o755)
    return called


def test_what_others_need_and_what_is_kept_stays_with_what_it_needs() -> None:
    packages.note(Recorded(installed=("docker.io", "containerd", "libseccomp2", "mmdebstrap")))
    assert remains.removable() == ("docker.io", "containerd", "libseccomp2", "mmdebstrap")
    assert remains.removable(("docker.io",)) == ("mmdebstrap",)
    packages.note(Recorded(installed=("python3",)))
    assert "python3" not in remains.removable(), "`theirs` was installed since, and needs it"
    assert remains.removable() == ("docker.io", "containerd", "libseccomp2", "mmdebstrap")
    packages.forget({"docker.io", "containerd", "libseccomp2", "mmdebstrap", "python3"})
    assert remains.removable() == ()


def test_what_is_removed_leaves_the_record_and_marks_go_back(machine: Path) -> None:
    packages.note(Recorded(installed=("docker.io", "python3"), manual=("ca-certificates",)))
    remains.remove_packages(["docker.io"], CONSENT)
    purge, mark = machine.read_text().splitlines()
    assert purge.startswith("apt-get purge -y -q ")
    assert purge.endswith(" docker.io")
    assert mark == "apt-mark auto ca-certificates"
    assert packages.recorded() == Recorded(installed=("python3",))


def test_what_apt_refuses_stays_on_record() -> None:
    packages.note(Recorded(installed=("broken",)))
    with pytest.raises(DevenvError, match="dpkg was interrupted"):
        remains.remove_packages(["broken"], CONSENT)
    assert packages.recorded().installed == ("broken",)


def test_a_link_is_ours_where_it_names_a_checkout(tmp_path: Path) -> None:
    env = {"HOME": str(tmp_path)}
    assert remains.link(env) is None
    (tmp_path / ".local/bin").mkdir(parents=True)
    link = tmp_path / ".local/bin/devenv"
    for target, ours in (("gone/dev", True), ("other/program", False), ("checkout/dev", True), ("plain/dev", False)):
        (tmp_path / target).parent.mkdir()
        if not target.startswith("gone"):
            (tmp_path / target).touch()
        if target.startswith("checkout"):
            (tmp_path / "checkout/devenv/cli").mkdir(parents=True)
            (tmp_path / "checkout/devenv/cli/main.py").touch()
        link.symlink_to(tmp_path / target)
        assert (remains.link(env) == link) is ours, target
        link.unlink()
    link.touch()
    assert remains.link(env) is None, "a file is not ours"


def test_folders_and_files_go_and_what_is_gone_is_done(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    (tmp_path / "cache/devenv/env").mkdir(parents=True)
    (tmp_path / "cache/devenv/env/file").write_bytes(b"x" * 7)
    folder, size = remains.folders()["caches"]
    assert (folder, size) == (tmp_path / "cache/devenv", 7)
    (tmp_path / "link").symlink_to(folder)
    for path in (tmp_path / "link", folder, folder):
        remains.remove(path)
    assert not folder.exists()
    with pytest.raises(DevenvError, match="cannot be removed"):
        remains.remove(Path("/proc/self"))


def test_a_folder_is_ours_by_its_owner(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SUDO_UID", raising=False)
    assert remains.is_ours(str(tmp_path))
    assert remains.is_ours(str(tmp_path / "gone"))
    owner = tmp_path.stat().st_uid
    monkeypatch.setattr(os, "getuid", lambda: owner + 1)
    assert not remains.is_ours(str(tmp_path))
    monkeypatch.setenv("SUDO_UID", str(owner))
    assert remains.is_ours(str(tmp_path))
    with monkeypatch.context() as locked:
        locked.setattr(os, "stat", _refused)
        seen = remains.is_ours(str(tmp_path))
    assert not seen


def _refused(path: str) -> None:
    raise PermissionError(path)
