"""What devenv asks the engine to make of a Compose file is what the real Docker Compose asks for.

Compose speaks to an engine that only remembers (`tests/recording.py`), on an old and on a new version of its API, so
that no device, runtime or system of a file need be there. What is left out of the comparison stands in `_OURS`, `_SAME`
and `DIFFERENT`, with the reason.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from devenv.core.compose.create import connections, payload
from devenv.core.compose.hash import config_hash, joined, with_engine
from devenv.core.compose.load import load
from devenv.core.source import read_yaml
from devenv.extensions.probes import PROBES
from devenv.model import labels
from devenv.model.stack import Stack
from tests.e2e.compose import binary
from tests.recording import Asked, recording

CASES = Path(__file__).parents[1] / "cases" / "compose"
ENVIRONMENT = {"APP_SECRET": "not-so-secret", "APP_CONF": "level = 1", "HOME": "/home/someone"}
QUICK = ("many-keys-at-once", "networks-of-a-service", "links", "volumes-bind-long", "deploy-devices", "use-api-socket")
NAMES = (
    *QUICK,
    "annotations", "blkio-limits", "blkio-weight", "cap-add-and-drop", "cgroup", "cgroup-parent", "command-forms",
    "configs-of-all-kinds", "container-name", "cpu-cfs", "cpu-of-windows", "cpu-real-time", "cpus", "cpuset",
    "credential-spec-file", "deploy-and-service-agree", "deploy-placement", "deploy-resources",
    "deploy-restart-policy", "device-cgroup-rules", "devices-long", "devices-short", "dns", "domainname-and-hostname",
    "entrypoint-forms", "expose", "external-links", "extra-hosts-forms", "gpus-all", "gpus-list", "group-add",
    "healthcheck-forms", "init", "ipc-of-another", "isolation", "labels-forms", "logging", "mac-address", "memory",
    "network-bridge-options", "network-ipam", "network-mode-forms", "network-of-both-families", "oom", "pid-forms",
    "pids-limit", "ports-long", "ports-range-to-one", "ports-short", "privileged-and-read-only", "restart-forms",
    "runtime", "secrets-of-all-kinds", "security-opt", "shm-size", "stdin-and-tty", "stop", "storage-opt",
    "sysctls-forms", "tmpfs-forms", "ulimits", "user-and-working-dir", "userns-mode", "uts", "volume-options",
    "volumes-from", "volumes-short", "volumes-tmpfs-long", "volumes-volume-long",
)  # fmt: skip
"""Cases whose containers are compared; what the others are about is no matter of a create call."""
_SAME = ("Mounts", "Binds", "ExtraHosts", "Ulimits")
"""Lists whose order means nothing: Compose has it by chance."""
_OURS = ("dev.devenv.", labels.IMAGE, "com.docker.compose.replace")
"""Labels that only one of both knows at that time."""
DIFFERENT = {
    "devices-long": "a device without `permissions` gets `rwm`, as the specification says; Compose sends nothing",
    "volumes-from": "`db:ro` is read-only; Compose drops the `:ro`",
    "many-keys-at-once": "(of `devices` and `volumes_from`, as above)",
}


def compose(case: Path, socket: Path, api: str) -> Asked:
    """What the real one asks for."""
    with recording(socket, api) as asked:
        done = subprocess.run(
            [str(binary()), "up", "--no-start"], cwd=case, capture_output=True, text=True, timeout=60,
            env={**ENVIRONMENT, "PATH": "/bin:/usr/bin", "DOCKER_HOST": f"unix://{socket}"},
        )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert not asked.strange
    return asked


def stack(case: Path) -> Stack:
    """What devenv reads."""
    document = read_yaml((case / "compose.yaml").read_text(), "compose.yaml")
    return load(
        [document], variables=ENVIRONMENT, folder=str(case), working_dir=str(case), files=["compose.yaml"],
        kinds=PROBES, project=case.name,
    )  # fmt: skip


def ours(found: Stack, asked: Asked, api: str) -> dict[str, dict[str, Any]]:
    """The bodies of devenv's own calls by container, the ids of others where they are named."""
    made = {}
    for service in found.services.values():
        body = json.loads(json.dumps(payload(service, found)))
        body.pop("Platform", None)
        if api == NEW:
            body.pop("MacAddress", None)
            for network, endpoint in connections(service, found):
                body["NetworkingConfig"]["EndpointsConfig"][network] = endpoint
        host = _by_ids(body["HostConfig"], asked)
        if body["Labels"][labels.CONFIG_HASH] != asked.containers[service.container_name]["Labels"][labels.CONFIG_HASH]:
            body["Labels"][labels.CONFIG_HASH] = config_hash(with_engine(joined(service.config, host)))
        made[service.container_name] = body
    return made


def _by_ids(host: Mapping[str, Any], asked: Asked) -> dict[str, Any]:
    text = json.dumps(host)
    for name in sorted(asked.containers, key=len, reverse=True):
        for before in ("container:", '"VolumesFrom": ["', '", "'):
            text = text.replace(f'{before}{name}"', f'{before}{asked.id_of(name)}"')
            text = text.replace(f'{before}{name}:ro"', f'{before}{asked.id_of(name)}"')
    found: dict[str, Any] = json.loads(text)
    return found


def plain(body: Mapping[str, Any], asked: Asked) -> Any:
    """A body without what says nothing, ids as names, in an order of its own."""
    text = json.dumps(body)
    for name in asked.containers:
        text = text.replace(asked.id_of(name), name)
    found = _pruned(json.loads(text))
    found["Labels"] = {key: item for key, item in found["Labels"].items() if not key.startswith(_OURS)}
    needs = found["Labels"].get(labels.DEPENDS_ON, "")
    found["Labels"][labels.DEPENDS_ON] = sorted(needs.split(","))
    found["Env"] = sorted(found.get("Env", ()))
    host = found["HostConfig"]
    host.pop("ConsoleSize", None)
    for key in _SAME:
        host[key] = sorted(host.get(key, ()), key=lambda item: json.dumps(item, sort_keys=True))
    for endpoint in found.get("NetworkingConfig", {}).get("EndpointsConfig", {}).values():
        endpoint.pop("IPAddress", None)  # Compose repeats the wanted addresses where the engine answers with its own
        endpoint.pop("IPv6Gateway", None)
    return found


def _pruned(value: Any) -> Any:
    if isinstance(value, dict):
        pruned = ((key, _pruned(item)) for key, item in value.items())
        return {key: item for key, item in pruned if item not in (None, "", 0, False, [], {})}
    return [_pruned(item) for item in value] if isinstance(value, list) else value


def differences(theirs: Any, mine: Any, at: str = "") -> Iterator[str]:
    """The places where the two bodies differ."""
    if isinstance(theirs, dict) and isinstance(mine, dict):
        for key in sorted({*theirs, *mine}):
            yield from differences(theirs.get(key), mine.get(key), f"{at}.{key}".lstrip("."))
    elif theirs != mine:
        yield f"{at}: Compose says {theirs!r}, devenv {mine!r}"


OLD, NEW = "1.41", "1.51"


def compare(name: str, api: str, tmp_path: Path) -> None:
    case = tmp_path / name
    shutil.copytree(CASES / name, case)
    asked = compose(case, tmp_path / "s", api)
    mine = ours(stack(case), asked, api)
    assert mine.keys() == asked.containers.keys()
    for container, body in asked.containers.items():
        found = list(differences(plain(body, asked), plain(mine[container], asked)))
        assert not [line for line in found if not _known(name, line, api)], found


def _known(name: str, line: str, api: str) -> bool:
    if api == OLD and line.startswith("MacAddress:"):
        return True  # on an old engine that of an endpoint does not count, and Compose gives that alone
    return name in DIFFERENT and line.startswith(("HostConfig.Devices:", "HostConfig.VolumesFrom:"))


@pytest.mark.parametrize("name", QUICK)
def test_a_container_is_asked_for_as_compose_does(name: str, tmp_path: Path) -> None:
    compare(name, NEW, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "api"),
    [(name, api) for name in NAMES for api in (OLD, NEW) if (name, api) != ("networks-of-a-service", OLD)],
)  # there both refuse `interface_name`: tests/unit/core/compose/test_notices.py
def test_every_container_is_asked_for_as_compose_does(name: str, api: str, tmp_path: Path) -> None:
    compare(name, api, tmp_path)
