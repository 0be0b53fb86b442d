"""What devenv.yaml says instead of a devcontainer.json: its `workspace`, and the keys of the workspace's service."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from devenv.core.devcontainer import metadata, runargs
from devenv.core.devcontainer.document import document
from devenv.core.devcontainer.properties import COMPOSE, HOOKS
from devenv.core.devcontainer.read import Read
from devenv.core.devcontainer.variables import substituted
from devenv.core.importing.flatten import relative
from devenv.core.scalars import each_text

_AS_THEY_ARE = (
    "name", "overrideFeatureInstallOrder", "secrets", "forwardPorts", "portsAttributes", "otherPortsAttributes",
    "remoteEnv", *HOOKS, "waitFor", "userEnvProbe", "hostRequirements",
)  # fmt: skip
_FLAGS = {"init": "init", "privileged": "privileged"}
_LISTS = {"capAdd": "cap_add", "securityOpt": "security_opt"}
_UNSAID = {
    "initializeCommand": "devenv stands in its place: run it yourself before `devenv up`, or make it a task",
    "runServices": "`devenv up SERVICE` names services; without one all are meant",
    "shutdownAction": "devenv leaves the stack running when an editor closes; `devenv down` ends it",
    "devPort": "devenv takes no port for an editor",
}
_VARIABLE = re.compile("\ue000([^\ue001]*)\ue001([^\ue002]*)\ue002")


@dataclass(frozen=True, slots=True, kw_only=True)
class Workspace:
    """`value` is the `workspace` of devenv.yaml, `service` its service's name, `keys` what that gets beside its own,
    `top` what it brings along (networks, volumes). `unsaid` are sentences about what cannot be said."""

    value: Mapping[str, Any]
    service: str
    keys: Mapping[str, Any]
    top: Mapping[str, Any]
    unsaid: tuple[str, ...] = ()


def workspace(read: Read, mount_folder: str) -> Workspace:
    """What `read` comes to. `mount_folder` (absolute) is what is mounted where it does not say that: the repository.
    Raises DevenvError (INPUT) for what no service can have."""
    written = read.devcontainer.written
    beside = posixpath.dirname(read.devcontainer.file)
    folder = read.devcontainer.folder
    value: dict[str, Any] = {}
    if read.devcontainer.service != "workspace":
        value["service"] = read.devcontainer.service
    if written.get("remoteUser"):
        value["user"] = written["remoteUser"]
    inside = read.devcontainer.workspace_folder
    if inside not in ("", "/"):
        value["folder"] = inside
    value |= {key: written[key] for key in _AS_THEY_ARE if key in written}
    if "features" in written:
        value["features"] = {_from_top(name, beside, folder): item for name, item in written["features"].items()}
    value |= _editors(written)
    unsaid = [f"`{key}` of devcontainer.json: {why}." for key, why in _UNSAID.items() if key in written]
    if written.get("updateRemoteUserUID") is False:
        unsaid.append("`updateRemoteUserUID: false` of devcontainer.json: the workspace's user has the host's number.")
    config = _portable(read, folder)
    if read.kind == COMPOSE:
        keys, top = _more(config), {}
    else:
        found = document(replace(read.devcontainer, config=config), read.document, mount_folder).value
        keys = {**found["services"][read.devcontainer.service]}
        keys["volumes"] = [each for each in keys.get("volumes", ()) if not _repository(each, mount_folder, inside)]
        keys = joined(keys, _more(config))
        keys = {key: item for key, item in keys.items() if item or key not in ("volumes",)}
        top = {key: item for key, item in found.items() if key != "services"}
        if written.get("overrideCommand") is False:
            unsaid.append("`overrideCommand: false` of devcontainer.json: name the image's `command` in the service.")
    keys, top = (_restored(relative(each, folder)) for each in (keys, top))
    return Workspace(
        value=value, service=read.devcontainer.service, keys=keys, top=top, unsaid=(*read.notices, *unsaid)
    )


def _from_top(feature: str, beside: str, folder: str) -> str:
    if not feature.startswith(("./", "../")):
        return feature
    return f"./{posixpath.relpath(posixpath.join(beside, feature), folder)}"


def _editors(written: Mapping[str, Any]) -> dict[str, Any]:
    customizations = {key: item for key, item in (written.get("customizations") or {}).items() if key != "devenv"}
    code = dict(customizations.pop("vscode", None) or {})
    found: dict[str, Any] = {}
    extensions = [*(written.get("extensions") or ()), *(code.pop("extensions", None) or ())]
    settings = {**(written.get("settings") or {}), **(code.pop("settings", None) or {})}
    if extensions:
        found["extensions"] = extensions
    if settings:
        found["settings"] = settings
    if code:
        customizations["vscode"] = code
    if customizations:
        found["customizations"] = customizations
    return found


def _portable(read: Read, folder: str) -> dict[str, Any]:
    """The properties with the host's variables as Compose's: `${localEnv:NAME:default}` is `${NAME:-default}`."""
    texts = {
        "localWorkspaceFolder": folder,
        "containerWorkspaceFolder": read.devcontainer.workspace_folder,
        "containerWorkspaceFolderBasename": posixpath.basename(read.devcontainer.workspace_folder),
        "localWorkspaceFolderBasename": posixpath.basename(folder),
    }

    def known(name: str, rest: str | None) -> str | None:
        if name in ("localEnv", "env") and rest:
            variable, _, default = rest.partition(":")
            return f"\ue000{variable}\ue001{default}\ue002"
        return texts.get(name)

    found: dict[str, Any] = substituted(read.devcontainer.written, known)
    return found


def _restored(value: Any) -> Any:
    return each_text(value, lambda text: _VARIABLE.sub(r"${\1:-\2}", text))


def _more(config: Mapping[str, Any]) -> dict[str, Any]:
    """What it adds to the container, as keys of the service."""
    found: dict[str, Any] = {name: True for key, name in _FLAGS.items() if config.get(key)}
    found |= {name: list(config[key]) for key, name in _LISTS.items() if config.get(key)}
    if config.get("containerUser"):
        found["user"] = config["containerUser"]
    if environment := {k: v for k, v in (config.get("containerEnv") or {}).items() if v is not None}:
        found["environment"] = {name: str(item).replace("$", "$$") for name, item in environment.items()}
    if config.get("mounts"):
        found["volumes"] = [runargs.volume(metadata.mount(item)) for item in config["mounts"]]
    if "dockerComposeFile" in config and config.get("overrideCommand"):
        found |= {"entrypoint": ["sleep", "infinity"], "command": []}
    return found


def joined(service: Mapping[str, Any], more: Mapping[str, Any]) -> dict[str, Any]:
    """`service` with `more`: lists and mappings grow, all else is what `more` says."""
    found = dict(service)
    for key, item in more.items():
        old = found.get(key)
        if isinstance(old, list) and isinstance(item, list) and key not in ("entrypoint", "command"):
            found[key] = [*old, *(each for each in item if each not in old)]
        elif isinstance(old, list) and isinstance(item, Mapping):
            found[key] = [*old, *(f"{name}={text}" for name, text in item.items())]
        elif isinstance(old, Mapping) and isinstance(item, Mapping):
            found[key] = {**old, **item}
        else:
            found[key] = item
    return found


def _repository(volume: Any, folder: str, inside: str) -> bool:
    """Whether it is the repository where devenv mounts it by itself."""
    return isinstance(volume, Mapping) and volume.get("source") == folder and volume.get("target") == inside
