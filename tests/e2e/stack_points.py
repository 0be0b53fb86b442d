"""Larger Compose files (tests/cases/stacks), each brought up by devenv and by the real Docker Compose, under two names
and one after the other; what the engine then says of containers, networks and volumes is equal but for identity.

`test_stacks.py` runs it here; on a bare machine it is a program: NAME….
"""

from __future__ import annotations

import json
import os
import re
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from devenv.core.compose.hash import NAMESPACES
from devenv.model import labels
from tests.e2e.compose import compose
from tests.e2e.repository import Repository
from tests.engines import BASE

CASES = Path(__file__).resolve().parents[1] / "cases" / "stacks"
IMAGES = {"POSTGRES": "postgres:17", "REDIS": "redis:8", "PYTHON": "python:3.13", "NGINX": "nginx:1.26"}
"""Variable of the files → the catalogue's image that stands for it; BASE is a bare Debian."""
PROJECT = "<project>"

LEFT_OUT = {
    # Identity: each container, network and volume has its own.
    "container.Id": "made by the engine, another for each",
    "container.Created": "when it was made",
    "container.State.StartedAt": "when it was started",
    "container.State.FinishedAt": "when it ended",
    "container.State.Pid": "of its process",
    "container.State.Health.Log": "when the engine looked, and how often by then",
    "container.State.Health.FailingStreak": "how often it was looked at before it was healthy",
    "container.State.Health.Status": "devenv looks itself and waits for no interval of the engine's: it may say "
    "`starting` of what can be used already",
    "container.ExecIDs": "looks that are being made just now",
    "container.ResolvConfPath": "has the id in it",
    "container.HostnamePath": "has the id in it",
    "container.HostsPath": "has the id in it",
    "container.LogPath": "has the id in it",
    "container.GraphDriver.Data": "layers of this container",
    "container.Config.Hostname": "the id, where the file says none (compared where it says one)",
    "container.Mounts.Name": "of an anonymous volume (named ones are compared)",
    "container.Mounts.Source": "of a volume: in the engine's own folder (those of binds are compared)",
    "container.NetworkSettings.SandboxID": "made by the engine",
    "container.NetworkSettings.SandboxKey": "has the sandbox's id in it",
    "container.NetworkSettings.Ports.HostPort": "where the file leaves it to the engine, or a range of them",
    "container.NetworkSettings.EndpointID": "of the default network, made by the engine",
    "container.NetworkSettings.Networks.NetworkID": "of the network (that it is this one is compared by its name)",
    "container.NetworkSettings.Networks.EndpointID": "made by the engine",
    "container.NetworkSettings.Networks.Gateway": "of the network's addresses, which the engine chose",
    "container.NetworkSettings.Networks.IPAddress": "chosen by the engine (what the file asks for is in IPAMConfig)",
    "container.NetworkSettings.Networks.IPPrefixLen": "of the network's addresses, which the engine chose",
    "container.NetworkSettings.Networks.MacAddress": "follows from the address where the file says none",
    "container.NetworkSettings.Networks.Aliases": "the short id among them",
    "container.NetworkSettings.Networks.DNSNames": "the short id among them",
    "network.Id": "made by the engine",
    "network.Created": "when it was made",
    "network.Containers": "ids and addresses; each container's own view of its networks is compared",
    "network.IPAM.Config": "addresses that the engine chose, where the file says none",
    "volume.CreatedAt": "when it was made",
    "volume.Mountpoint": "in the engine's own folder",
    "container.Config.Labels.com.docker.compose.depends_on": "the order, which Compose leaves to chance",
    # What is meant to differ.
    "container.Config.Labels.dev.devenv.*": "devenv's own labels: extra ones are free, nobody compares them",
    "container.HostConfig.VolumesFrom": "`:ro`, which Compose drops and devenv keeps",
    "container.Config.MacAddress": "Compose says the address to the network alone, which an engine before API 1.44 "
    "does not hear; devenv says it to that one here",
    "network.Labels.dev.devenv.*": "devenv's own labels",
    "volume.Labels.dev.devenv.*": "devenv's own labels",
    "network.Labels.com.docker.compose.config-hash": "devenv writes none: Compose then leaves the network alone",
    "volume.Labels.com.docker.compose.config-hash": "devenv writes none: Compose then leaves the volume, and its data, "
    "alone",
    "container.Config.Labels.com.docker.compose.config-hash": "has the project's name in it where the file does, and "
    "ids of containers that are joined; it is compared with what Compose says of the same file under the same name",
}  # fmt: skip
"""Every field that is not compared, and why. The path is the engine's; names of networks and the like are left out.
Beside that, nothing is nothing however it is said (null, "", [], {}), and what is a set has no order (`_SETS`)."""


class Stack(Repository):
    """The files of one case, under the project's name `name`. `case.yaml` beside them may say an environment (`env`)
    and what to look at inside, a shell command a service (`look`)."""

    def __init__(self, folder: Path, name: str) -> None:
        super().__init__(folder, name)
        settings = folder / "case.yaml"
        self.settings = yaml.safe_load(settings.read_text()) if settings.is_file() else {}


def images(client: Any) -> dict[str, str]:
    """The variables of the files, with images that the engine has."""
    found = {"BASE": BASE}
    tags = [tag for image in client.api.images() for tag in image["RepoTags"] or ()]
    for variable, name in IMAGES.items():
        own = sorted(tag for tag in tags if tag == name or tag.startswith(f"localhost/devenv/{name}"))
        assert own, f"the engine has no {name}: `devenv up` of a stack with it makes one"
        found[variable] = own[0]
    return found


def seen(stack: Stack) -> dict[str, Any]:
    """What the engine says of the whole project, by kind and name, its own name taken out."""
    api = stack.client.api
    mine = {"label": f"{labels.PROJECT}={stack.name}"}
    found: dict[str, Any] = {}
    for item in api.containers(all=True, filters=mine):
        about = api.inspect_container(item["Id"])
        found[f"container {about['Name'].lstrip('/')}"] = about
    for item in api.networks(filters=mine):
        found[f"network {item['Name']}"] = api.inspect_network(item["Id"])
    for item in api.volumes(filters=mine)["Volumes"] or ():
        found[f"volume {item['Name']}"] = api.inspect_volume(item["Name"])
    identities = {about["Id"]: name.replace(stack.name, PROJECT) for name, about in found.items() if "Id" in about}
    text = json.dumps(found)
    for identity, name in identities.items():
        text = text.replace(identity, f"<{name}>")
    return {name: comparable(name.partition(" ")[0], about) for name, about in
            json.loads(text.replace(stack.name, PROJECT)).items()}  # fmt: skip


def comparable(kind: str, about: Mapping[str, Any]) -> dict[str, Any]:
    """`about` as one flat mapping, path → value, without what LEFT_OUT names."""
    about = dict(about)
    if kind == "container":
        _container(about)
    found = dict(_flat(kind, about))
    if kind == "container":
        short = about["Config"].get("Hostname", "")
        for path in [path for path in found if path.endswith((".Aliases", ".DNSNames"))]:
            found[path] = sorted(name for name in found[path] or () if not re.fullmatch(r"[0-9a-f]{12}", name))
        if re.fullmatch(r"[0-9a-f]{12}", short):
            found.pop("container.Config.Hostname")
    if kind == "network":
        found["network.IPAM.Config"] = [
            item for item in about["IPAM"].get("Config") or () if str(item.get("Subnet")).startswith("10.214.")
        ]
    return found


def _container(about: dict[str, Any]) -> None:
    """Lists without an order in theirs; what is a mapping by its nature as one."""
    about["Mounts"] = {
        mount["Destination"]: {
            key: value
            for key, value in mount.items()
            if key != "Source" or mount["Type"] != "volume"
            if key != "Name" or not re.fullmatch(r"[0-9a-f]{64}", str(value))
        }
        for mount in about["Mounts"]
    }
    host = about["HostConfig"]
    for key in _SETS:
        host[key] = sorted(host.get(key) or (), key=json.dumps)
    host["VolumesFrom"] = [item.removesuffix(":ro") for item in host.get("VolumesFrom") or ()]
    marks = about["Config"]["Labels"]
    marks[labels.DEPENDS_ON] = sorted(marks.get(labels.DEPENDS_ON, "").split(","))
    about["Config"]["Env"] = sorted(about["Config"].get("Env") or ())
    asked = host.get("PortBindings") or {}
    for port, bound in (about["NetworkSettings"].get("Ports") or {}).items():
        if bound and not any(item.get("HostPort", "").isdecimal() for item in asked.get(port) or ()):
            about["NetworkSettings"]["Ports"][port] = [{"HostIp": item["HostIp"]} for item in bound]
        elif bound:
            bound.sort(key=json.dumps)


_SETS = ("Binds", "Mounts", "CapAdd", "CapDrop", "SecurityOpt", "ExtraHosts", "Ulimits")
_SKIPPED = {path for path in LEFT_OUT if not path.endswith((".Hostname", ".Aliases", ".DNSNames", "IPAM.Config"))} - {
    "container.Mounts.Name", "container.Mounts.Source", "container.NetworkSettings.Ports.HostPort",
    f"container.Config.Labels.{labels.DEPENDS_ON}", "container.HostConfig.VolumesFrom",
}  # fmt: skip
"""Left out wholly; the others are seen to in `comparable`, as they are left out in part."""
_NAMED = ("container.NetworkSettings.Networks", "container.Mounts", "container.NetworkSettings.Ports")
"""Mappings whose keys are names."""


def _flat(path: str, value: Any, shown: str = "", *, named: bool | None = None) -> Iterator[tuple[str, Any]]:
    """Leaves with their paths. `path` is without names, as in LEFT_OUT; `shown` with them; `named`: its keys are."""
    shown, named = shown or path, path in _NAMED if named is None else named
    if path in _SKIPPED or (".Labels.dev.devenv." in path):
        return
    if isinstance(value, dict) and value:
        for key, item in value.items():
            yield from (
                _flat(path, item, f"{shown}.{key}", named=False)
                if named
                else _flat(f"{path}.{key}", item, f"{shown}.{key}")
            )
    elif value not in (None, "", [], {}):
        yield shown, value


def differences(ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> list[str]:
    """Every field in which what devenv made differs from what Compose made."""
    found = []
    for name in sorted({*ours, *theirs}):
        one, other = (side.get(name.replace(PROJECT, PROJECT), {}) for side in (ours, theirs))
        if not one or not other:
            found.append(f"{name}: made by {'devenv' if one else 'Compose'} alone")
            continue
        for path in sorted({*one, *other}):
            if one.get(path) != other.get(path):
                found.append(f"{name}: {path}: devenv {one.get(path)!r}, Compose {other.get(path)!r}")
    return found


def compare(folder: Path, name: str) -> None:
    """The case whose files lie in `folder`: first devenv's, then Compose's; raises where they differ."""
    ours, theirs = Stack(folder, f"{name}-a"), Stack(folder, f"{name}-b")
    settings = ours.settings
    os.environ.update({**images(ours.client), **{key: str(value) for key, value in settings.get("env", {}).items()}})
    looked = []
    try:
        made = ours.run("-p", ours.name, "up")
        assert made.returncode == 0, made.stdout + made.stderr
        first = seen(ours)
        looked.append(_look(ours))
        # Compose finds nothing to change in it, and its hashes are ours.
        config = compose("-p", ours.name, "config", "--hash", "*", cwd=folder)
        hashes = dict(line.split() for line in config.stdout.splitlines())
        assert hashes, config.stderr
        told = ours.run("-p", ours.name, "config", "--hash", "*")
        assert dict(line.split() for line in told.stdout.splitlines()) == hashes, told.stderr
        assert _hashed(ours) == {name: hashes[name] for name in _hashed(ours)}
        before = {c.name: c.id for c in _containers(ours)}
        again = compose("-p", ours.name, "up", "-d", cwd=folder)
        assert again.returncode == 0, again.stderr
        assert {c.name: c.id for c in _containers(ours)} == before, again.stderr
        down = ours.run("-p", ours.name, "down", "--volumes", "--yes")
        assert down.returncode == 0, down.stderr
        assert ours.things() == ([], [], [])
        up = compose("-p", theirs.name, "up", "-d", "--wait", cwd=folder)
        assert up.returncode == 0, up.stderr
        second = seen(theirs)
        looked.append(_look(theirs))
        # Nor devenv in Compose's.
        before = {c.name: c.id for c in _containers(theirs)}
        assert "nothing to do" in _up(theirs, "up")
        assert {c.name: c.id for c in _containers(theirs)} == before
    finally:
        ours.clean()
        theirs.clean()
    renamed = [{name.replace(s.name, PROJECT): about for name, about in side.items()}
               for s, side in ((ours, first), (theirs, second))]  # fmt: skip
    assert differences(*renamed) == [], "\n".join(differences(*renamed))
    said = [[f"{service}: {line}" for service, text in each.items() for line in text.splitlines()] for each in looked]
    assert said[0] == said[1]


def _up(stack: Stack, *words: str) -> str:
    """`devenv up` until it says that nothing is left to do: what it waits for once may take a second one."""
    for _ in range(2):
        result = stack.run("-p", stack.name, *words)
        assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout + result.stderr


def _containers(stack: Stack) -> list[Any]:
    return list(stack.client.containers.list(all=True, filters={"label": f"{labels.PROJECT}={stack.name}"}))


def _hashed(stack: Stack) -> dict[str, str]:
    """The label by service, but of who joins another's namespace or volumes: in that hash are ids."""
    found = {}
    for container in _containers(stack):
        host = container.attrs["HostConfig"]
        joins = any(str(host.get(name)).startswith("container:") for name in NAMESPACES.values())
        if not joins and not host.get("VolumesFrom"):
            found[container.labels[labels.SERVICE]] = container.labels[labels.CONFIG_HASH]
    return found


def _look(stack: Stack) -> dict[str, str]:
    """What the case's commands say inside."""
    said = {}
    for service, command in stack.settings.get("look", {}).items():
        container = next(c for c in _containers(stack) if c.labels[labels.SERVICE] == service)
        code, output = container.exec_run(["sh", "-c", command])
        assert code == 0, output
        said[service] = output.decode().replace(stack.name, PROJECT)
    return said


def main() -> None:
    import shutil

    for case in sys.argv[1:]:
        begun = time.monotonic()
        folder = Path("/srv/stacks") / case
        shutil.copytree(CASES / case, folder)
        compare(folder, f"stack-{case}")
        print(f"{case}: equal ({time.monotonic() - begun:.0f} s)")


if __name__ == "__main__":
    main()
