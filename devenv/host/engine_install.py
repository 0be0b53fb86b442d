"""Install an engine where devenv knows how, else say in one sentence where to get one."""

from __future__ import annotations

import shutil
from pathlib import Path

from devenv.host import apt
from devenv.host.apt import Consent
from devenv.host.facts import Facts
from devenv.model.errors import DevenvError, ExitCode

_LINKS = {
    "macos": "https://docs.docker.com/desktop/setup/install/mac-install/",
    "fedora": "https://docs.docker.com/engine/install/fedora/",
    "rhel": "https://docs.docker.com/engine/install/rhel/",
    "centos": "https://docs.docker.com/engine/install/centos/",
    "arch": "https://wiki.archlinux.org/title/Docker",
    "alpine": "https://wiki.alpinelinux.org/wiki/Docker",
    "nixos": "https://wiki.nixos.org/wiki/Docker",
    "opensuse": "https://en.opensuse.org/Docker",
    "suse": "https://en.opensuse.org/Docker",
    "gentoo": "https://wiki.gentoo.org/wiki/Docker",
}
_WSL = "https://docs.docker.com/desktop/features/wsl/"
_ANY = "https://docs.docker.com/engine/install/"


def install(facts: Facts, consent: Consent) -> None:
    """Install the distribution's engine (Debian, Ubuntu and their kind). Elsewhere, or where it may not: DevenvError
    (UNFIT) with the page that fits."""
    if not apt.usable():
        raise none_here(facts)
    # Newer suites split the client off; IDEs call it to open a devcontainer.
    client = () if shutil.which("docker") else ("docker-cli",)
    apt.install(packages(), "to run containers", consent, also=client)


def packages() -> list[str]:
    """docker.io, and what its package only recommends but containers need on this machine."""
    wanted = ["docker.io", "iptables", "ca-certificates"]
    enabled = Path("/sys/module/apparmor/parameters/enabled")
    if enabled.exists() and enabled.read_text(encoding="ascii").startswith("Y"):
        wanted.append("apparmor")  # with AppArmor in the kernel the engine calls its parser for every container
    return wanted


def none_here(facts: Facts) -> DevenvError:
    """The sentence for a machine where devenv installs nothing."""
    if facts.os_id == "macos" and Path("/Applications/Docker.app").exists():
        return DevenvError(
            "Docker Desktop is installed and does not run.",
            hint="Start it ('open -a Docker'), and run this again.",
            code=ExitCode.UNFIT,
        )
    name = {"macos": "macOS", "": "this system"}.get(facts.os_id, facts.os_id)
    return DevenvError(
        f"There is no container engine on this machine, and devenv does not know how to install one on {name}.",
        hint="Install Docker as the page below says, start it, and run this again.",
        code=ExitCode.UNFIT,
        link=link(facts),
    )


def link(facts: Facts) -> str:
    """The page that tells how to get an engine on a machine like this."""
    if facts.wsl:
        return _WSL
    for name in (facts.os_id, *facts.os_like):
        for known, page in _LINKS.items():
            if name.startswith(known):
                return page
    return _ANY
