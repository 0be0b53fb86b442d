"""What a detached engine must be told to run on this machine: in containers and cloud workspaces the usual choices of
storage, firewall and control groups may not be there. Everything is tried, nothing is guessed from names."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from devenv.host.facts import in_container
from devenv.host.state import state_dir

CGROUPS = Path("/sys/fs/cgroup")
SETTINGS = Path("/etc/docker/daemon.json")
FORWARD = Path("/proc/sys/net/ipv4/ip_forward")
DATA_ROOT = "/var/lib/docker"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fit:
    """Options for dockerd, and variables for its environment (`PATH` is to be put before the usual one)."""

    options: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)


def fit(say: Callable[[str], None]) -> Fit:
    """Prepare the control groups and choose storage driver and firewall. Needs root. `say` hears of every choice that
    takes something away."""
    settings = _settings()
    control_groups()
    options = [*storage(settings, say), *forwarding(settings, say)]
    firewall, environment = iptables(settings, say)
    return Fit(options=(*options, *firewall), environment=environment)


def _settings() -> Mapping[str, object]:
    """The administrator's own choices stand: dockerd refuses an option that its settings file names too."""
    try:
        found = json.loads(SETTINGS.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


# --- storage ----------------------------------------------------------------------------------------------------------


def storage(settings: Mapping[str, object], say: Callable[[str], None]) -> list[str]:
    """No option where overlay can be mounted on the data folder (the engine then chooses it), else fuse-overlayfs where
    it can run, else vfs, which copies every layer."""
    if "storage-driver" in settings:
        return []
    data = Path(str(settings.get("data-root", DATA_ROOT)))
    if overlay_mounts(data):
        return []
    if shutil.which("fuse-overlayfs") and os.access("/dev/fuse", os.R_OK | os.W_OK):
        return ["--storage-driver=fuse-overlayfs"]
    say(f"overlay file systems cannot be mounted on {data}: the engine copies every image layer, which is slow")
    return ["--storage-driver=vfs"]


def overlay_mounts(folder: Path) -> bool:
    """Whether an overlay can be mounted whose layers lie in `folder`: it cannot stack on another overlay."""
    folder.mkdir(mode=0o710, parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder, prefix="devenv-probe-") as probe:
        names = ("lower1", "lower2", "upper", "work", "merged")
        for name in names:
            (Path(probe) / name).mkdir()
        lower1, lower2, upper, work, merged = (f"{probe}/{name}" for name in names)
        layers = f"lowerdir={lower2}:{lower1},upperdir={upper},workdir={work}"
        if not _works(["mount", "-t", "overlay", "-o", layers, "overlay", merged]):
            return False
        try:
            (Path(merged) / "file").touch()
            return True
        except OSError:
            return False
        finally:
            subprocess.run(["umount", merged], check=False, capture_output=True)


# --- firewall ---------------------------------------------------------------------------------------------------------


def iptables(settings: Mapping[str, object], say: Callable[[str], None]) -> tuple[list[str], dict[str, str]]:
    """The flavour of iptables that this kernel takes. Where only the other one works, links to it are put before the
    engine's PATH: the machine's own choice is not changed."""
    if "iptables" in settings:
        return [], {}
    if _nat_works("iptables"):
        return [], {}
    for flavour in ("iptables-legacy", "iptables-nft"):
        if _nat_works(flavour):
            return [], {"PATH": f"{_links(flavour)}:"}
    say("no iptables works on this kernel: containers reach each other, but not the network outside")
    return ["--iptables=false", "--ip6tables=false"], {}


def _nat_works(program: str) -> bool:
    """Whether rules like the engine's own can be made: a chain in `nat` with its matches and targets."""
    found = shutil.which(program, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
    if not found:
        return False
    chain, base = f"DEVENV-{os.getpid()}", [found, "-w", "-t", "nat"]
    try:
        return _works([*base, "-N", chain]) and all(
            _works([*base, "-A", chain, *rule])
            for rule in (
                ["-m", "addrtype", "--dst-type", "LOCAL", "-j", "RETURN"],
                ["-s", "192.0.2.0/24", "-j", "MASQUERADE"],
            )
        )
    finally:
        _works([*base, "-F", chain])
        _works([*base, "-X", chain])


def _links(flavour: str) -> Path:
    folder = state_dir() / flavour
    folder.mkdir(exist_ok=True)
    for suffix in ("", "-save", "-restore"):
        for family in ("iptables", "ip6tables"):
            target = shutil.which(flavour.replace("iptables", family) + suffix, path="/usr/sbin:/sbin")
            link = folder / f"{family}{suffix}"
            link.unlink(missing_ok=True)
            if target:
                link.symlink_to(target)
    return folder


def forwarding(settings: Mapping[str, object], say: Callable[[str], None]) -> list[str]:
    """The engine turns IP forwarding on itself, and does not start where it may not."""
    try:
        on = FORWARD.read_text(encoding="ascii").strip() == "1"
    except OSError:
        on = False
    if on or "ip-forward" in settings or _writable(FORWARD):
        return []
    say("IP forwarding is off and may not be turned on here: containers will not reach the network outside")
    return ["--ip-forward=false"]


def _writable(path: Path) -> bool:
    # access(2) does not know of read-only mounts of /proc/sys in every kernel: opening does.
    try:
        with open(path, "r+b"):
            return True
    except OSError:
        return False


# --- control groups ---------------------------------------------------------------------------------------------------


def control_groups() -> None:
    """Mount them where nobody has, and in a container with version 2 make room for children: a group that holds
    processes may not hand controllers down (cgroups(7), "no internal processes")."""
    if not CGROUPS.is_dir():
        return
    if not any(CGROUPS.iterdir()):
        _mount_control_groups()
    if in_container() and (CGROUPS / "cgroup.controllers").exists() and (CGROUPS / "cgroup.type").exists():
        with contextlib.suppress(OSError):
            _make_room()


def _mount_control_groups() -> None:
    unified = "cgroup2" in Path("/proc/filesystems").read_text(encoding="ascii")
    controllers = _version_1_controllers(Path("/proc/cgroups").read_text(encoding="ascii"))
    if unified and not controllers:
        _works(["mount", "-t", "cgroup2", "cgroup2", str(CGROUPS)])
        return
    _works(["mount", "-t", "tmpfs", "-o", "mode=755", "cgroup", str(CGROUPS)])
    for name in controllers:
        (CGROUPS / name).mkdir(exist_ok=True)
        if not _works(["mount", "-t", "cgroup", "-o", name, "cgroup", str(CGROUPS / name)]):
            (CGROUPS / name).rmdir()


def _version_1_controllers(table: str) -> list[str]:
    """Enabled controllers that are mounted in a version 1 hierarchy, from /proc/cgroups: those of version 2 have
    hierarchy 0."""
    rows = [line.split() for line in table.splitlines() if not line.startswith("#")]
    return [name for name, hierarchy, _, enabled in rows if enabled == "1" and hierarchy != "0"]


def _make_room() -> None:
    leaf = CGROUPS / "init"
    leaf.mkdir(exist_ok=True)
    for pid in (CGROUPS / "cgroup.procs").read_text(encoding="ascii").split():
        with contextlib.suppress(OSError):  # it may have ended meanwhile
            (leaf / "cgroup.procs").write_text(pid, encoding="ascii")
    controllers = (CGROUPS / "cgroup.controllers").read_text(encoding="ascii").split()
    wanted = " ".join(f"+{name}" for name in controllers)
    (CGROUPS / "cgroup.subtree_control").write_text(wanted, encoding="ascii")


def _works(command: Sequence[str]) -> bool:
    try:
        return subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False).returncode == 0
    except OSError:
        return False
