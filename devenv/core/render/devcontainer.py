"""The manifest's workspace as `devcontainer.json`: plain JSON, so that every reader takes it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from devenv.core.ports import Port
from devenv.core.render.compose import to_repository, workspace_folder, workspace_service
from devenv.core.render.frame import framed, stamp
from devenv.core.rendered import HOST_FOLDER
from devenv.model.manifest import Manifest

_AS_THEY_ARE = (
    "otherPortsAttributes", "features", "overrideFeatureInstallOrder", "secrets", "remoteEnv", "userEnvProbe",
    "waitFor", "onCreateCommand", "updateContentCommand", "postCreateCommand", "postStartCommand", "postAttachCommand",
)  # fmt: skip
_SIZE = re.compile(r"([0-9]+)([kmgt])(?:i?b)?", re.I)


def devcontainer(
    manifest: Manifest, table: Mapping[str, list[Port | str]], *, template: str, initialize: str
) -> str | None:
    """The file's text, None where the manifest has no workspace. `initialize` is the command the editor runs on the
    host before it looks for the container."""
    service = workspace_service(manifest)
    if service is None:
        return None
    published = {
        (port.target if name == service else f"{name}:{port.target}"): str(port.extra.get("name") or name)
        for name, ports in table.items()
        for port in ports
        if isinstance(port, Port) and port.protocol == "tcp"
    }
    return written(
        manifest.document.value["workspace"],
        name=manifest.name,
        service=service,
        folder=workspace_folder(manifest),
        files=("compose.yaml",),
        published=published,
        requires=manifest.document.value.get("requires") or {},
        template=template,
        initialize=initialize,
    )


def written(
    workspace: Mapping[str, Any],
    *,
    name: str,
    service: str,
    folder: str,
    files: Sequence[str],
    published: Mapping[int | str, str],
    requires: Mapping[str, Any],
    template: str,
    initialize: str,
) -> str:
    """The text of a devcontainer.json for what `workspace` says. `name` is the project's, `folder` where the repository
    is in the container, `files` the Compose files as seen from where it lies; `published` are the ports (`8000`,
    `db:5432`) with what they are called; `initialize` as for `devcontainer`."""
    more: dict[str, Any] = {"remoteUser": workspace["user"]} if "user" in workspace else {}
    forwarded, attributes = _ports(workspace, published)
    if forwarded:
        more["forwardPorts"] = forwarded
    if attributes:
        more["portsAttributes"] = attributes
    more |= {key: workspace[key] for key in _AS_THEY_ARE if key in workspace}
    if "features" in more:
        more["features"] = {_beside(name): options for name, options in more["features"].items()}
    if "overrideFeatureInstallOrder" in more:
        more["overrideFeatureInstallOrder"] = [_beside(name) for name in more["overrideFeatureInstallOrder"]]
    requirements = {
        **_requirements(requires),
        **workspace.get("hostRequirements", {}),
    }
    if requirements:
        more["hostRequirements"] = requirements
    # So that devenv can say inside where on the host a command must be typed.
    more["remoteEnv"] = {HOST_FOLDER: "${localWorkspaceFolder}", **more.get("remoteEnv", {})}
    more["customizations"] = _customizations(workspace)
    return framed(
        template,
        {
            "name": _json(workspace.get("name", name)),
            "compose": _json(files[0]) if len(files) == 1 else json.dumps(list(files), ensure_ascii=False),
            "service": _json(service),
            "folder": _json(folder),
            "initialize": _json(initialize),
            "more": _json(more)[2:-2],
        },
    )


def _beside(feature: str) -> str:
    """A feature that is a folder of the repository, as devcontainer.json names it: from where that lies."""
    return to_repository(feature) if feature.startswith("./") else feature


def _requirements(requires: Mapping[str, Any]) -> dict[str, Any]:
    """What the machine must have, in the words of `hostRequirements`."""
    found: dict[str, Any] = {"cpus": requires["cpus"]} if "cpus" in requires else {}
    for key, name in (("memory", "memory"), ("disk", "storage")):
        if key in requires:
            size = _SIZE.fullmatch(str(requires[key]))
            found[name] = f"{size[1]}{size[2].lower()}b" if size else str(requires[key]).lower().removesuffix("b")
    return found


def _json(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)


def _ports(workspace: Mapping[str, Any], published: Mapping[int | str, str]) -> tuple[list[Any], dict[str, Any]]:
    """What the editor forwards: what the manifest says, else every published port as seen from the workspace."""
    forwarded = list(workspace.get("forwardPorts", published))
    attributes = {
        str(port): {"label": label, "onAutoForward": "silent"} for port, label in published.items() if port in forwarded
    }
    return forwarded, {**attributes, **workspace.get("portsAttributes", {})}


def _customizations(workspace: Mapping[str, Any]) -> dict[str, Any]:
    """Every editor's own part, ours (the stamp) last."""
    given = dict(workspace.get("customizations", {}))
    code = dict(given.pop("vscode", {}))
    for key in ("extensions", "settings"):
        if key in workspace:
            code[key] = workspace[key]
    return {**({"vscode": code} if code else {}), **given, "devenv": {"made": stamp()}}
