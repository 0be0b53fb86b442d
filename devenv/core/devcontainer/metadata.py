"""What several sources say of one container (image, features, devcontainer.json), merged into one.

Rules: containers.dev/implementors/spec/#merge-logic; the label `devcontainer.metadata` holds the sources.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from devenv.core.devcontainer.properties import HOOKS, right
from devenv.model import labels
from devenv.model.devcontainer import Devcontainer, Feature

_OF_FEATURE = (*HOOKS, "init", "privileged", "capAdd", "securityOpt", "entrypoint", "mounts", "customizations")
_OF_CONFIG = (
    *HOOKS, "waitFor", "customizations", "mounts", "containerEnv", "containerUser", "init", "privileged", "capAdd",
    "securityOpt", "remoteUser", "userEnvProbe", "remoteEnv", "overrideCommand", "portsAttributes",
    "otherPortsAttributes", "forwardPorts", "shutdownAction", "updateRemoteUserUID", "hostRequirements",
)  # fmt: skip
_LAST = ("containerUser", "remoteUser", "overrideCommand", "updateRemoteUserUID", "waitFor", "userEnvProbe")
_JOINED = ("containerEnv", "remoteEnv")
_UNITED = ("capAdd", "securityOpt")


def of_labels(found: Mapping[str, str]) -> list[dict[str, Any]]:
    """The sources that an image or a container carries in its label; none where it cannot be read."""
    try:
        value = json.loads(found.get(labels.DEVCONTAINER_METADATA) or "[]")
    except ValueError:
        return []
    items = value if isinstance(value, list) else [value]
    return [right(item) for item in items if isinstance(item, Mapping)]


def of_feature(feature: Feature) -> dict[str, Any]:
    """What a feature adds."""
    return {"id": feature.id, **{key: feature.about[key] for key in _OF_FEATURE if key in feature.about}}


def of_config(config: Mapping[str, Any]) -> dict[str, Any]:
    """What devcontainer.json adds."""
    return {key: config[key] for key in _OF_CONFIG if key in config}


def sources(devcontainer: Devcontainer, image: Mapping[str, str], *, written: bool = False) -> list[dict[str, Any]]:
    """All sources in their order, where the image has the labels `image`. `written`: devcontainer.json as it stands in
    the file, for the label; else with the host's variables filled in."""
    own = of_config(devcontainer.written if written else devcontainer.config)
    found = [*of_labels(image), *(of_feature(feature) for feature in devcontainer.features), own]
    return [entry for entry in found if entry]


def merged(entries: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """What they say together. `entrypoints` are the features' own, in order; mounts of one target: the last one."""
    found: dict[str, Any] = {
        "init": any(entry.get("init") for entry in entries),
        "privileged": any(entry.get("privileged") for entry in entries),
        "entrypoints": [str(entry["entrypoint"]) for entry in entries if entry.get("entrypoint")],
    }
    for key in _UNITED:
        found[key] = list(dict.fromkeys(str(item) for entry in entries for item in entry.get(key) or ()))
    for key in _JOINED:
        found[key] = {name: value for entry in entries for name, value in (entry.get(key) or {}).items()}
    for entry in entries:
        found |= {key: entry[key] for key in _LAST if entry.get(key) is not None}
    mounts: dict[str, dict[str, Any]] = {}
    for entry in entries:
        for item in entry.get("mounts") or ():
            one = mount(item)
            mounts.pop(one.get("target", ""), None)
            mounts[one.get("target", "")] = one
    found["mounts"] = list(mounts.values())
    return found


def mount(item: str | Mapping[str, Any]) -> dict[str, Any]:
    """A mount as a mapping with `type`, `source`, `target` and what else it says; a flag without a value is true."""
    if isinstance(item, Mapping):
        return dict(item)
    names = {"src": "source", "dst": "target", "destination": "target", "ro": "readonly"}
    found: dict[str, Any] = {}
    for part in item.split(","):
        name, given, value = part.strip().partition("=")
        found[names.get(name, name)] = value if given else True
    found.setdefault("type", "volume")
    return found


def remote_user(found: Mapping[str, str]) -> str:
    """The user that editors work as in a container with the labels `found`, "" where they do not say."""
    return str(merged(of_labels(found)).get("remoteUser") or "")
