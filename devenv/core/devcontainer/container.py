"""What devcontainer.json, features and the image's own label add to the create call of the workspace's container."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from devenv.core.devcontainer import metadata
from devenv.core.devcontainer.image import known
from devenv.core.devcontainer.properties import COMPOSE, HOOKS, kind
from devenv.core.devcontainer.variables import substituted
from devenv.model import labels
from devenv.model.devcontainer import Devcontainer
from devenv.model.observed import ObservedImage

_CREATION = ("containerEnv", "containerUser", "mounts", "init", "privileged", "capAdd", "securityOpt")


def digest(devcontainer: Devcontainer) -> str:
    """Hex over all that makes the container another one. Hooks count only with features: the label that editors read
    in place of devcontainer.json is written then."""
    said: dict[str, Any] = {key: devcontainer.config[key] for key in _CREATION if key in devcontainer.config}
    said |= {"ids": devcontainer.ids, "override": devcontainer.override_command}
    if devcontainer.features:
        said |= {key: devcontainer.config[key] for key in HOOKS if key in devcontainer.config}
        said["features"] = [[f.id, f.digest, sorted(f.options.items())] for f in devcontainer.features]
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()


def is_plain(devcontainer: Devcontainer) -> bool:
    """Whether it adds nothing to what its service says."""
    return not (
        devcontainer.derives or devcontainer.override_command or any(devcontainer.config.get(key) for key in _CREATION)
    )


def additions(devcontainer: Devcontainer) -> tuple[str, ...]:
    """What it adds to what its service says, in words; () where that is nothing."""
    said = [key for key in _CREATION if devcontainer.config.get(key)]
    if devcontainer.config.get("features"):
        said.append("features")
    if devcontainer.override_command:
        said.append("overrideCommand")
    if devcontainer.ids is not None and devcontainer.user not in ("", "root") and not devcontainer.user.isdigit():
        said.append(f"the number {devcontainer.ids[0]} for {devcontainer.user}")
    return tuple(said)


def furnished(payload: Mapping[str, Any], devcontainer: Devcontainer, image: ObservedImage) -> dict[str, Any]:
    """`payload` (the body of the engine's create call) with all that its sources say, where it is made from `image`."""
    entries = metadata.sources(devcontainer, image.labels)
    found = metadata.merged(substituted(entries, known(devcontainer)))
    body: dict[str, Any] = {**payload, "Labels": {**(payload.get("Labels") or {})}}
    if image.labels.get(labels.DEVCONTAINER_METADATA) or devcontainer.features:
        # Editors read it in place of devcontainer.json: all of that is in it.
        written = metadata.sources(devcontainer, image.labels, written=True)
        body["Labels"][labels.DEVCONTAINER_METADATA] = json.dumps(written)
    if found["containerEnv"]:
        body["Env"] = _environment(body.get("Env") or (), found["containerEnv"])
    if found.get("containerUser"):
        body["User"] = str(found["containerUser"])
    host: dict[str, Any] = dict(body.get("HostConfig") or {})
    for key, name in (("init", "Init"), ("privileged", "Privileged")):
        if found[key]:
            host[name] = True
    for key, name in (("capAdd", "CapAdd"), ("securityOpt", "SecurityOpt")):
        if found[key]:
            host[name] = list(dict.fromkeys([*(host.get(name) or ()), *found[key]]))
    if found["mounts"]:
        _mount(host, found["mounts"], body["Labels"] if kind(devcontainer.written) == COMPOSE else {})
    if found["entrypoints"] or devcontainer.override_command:
        _entrypoint(body, found["entrypoints"], devcontainer.override_command, image)
    return {**body, "HostConfig": host}


def _environment(env: Any, more: Mapping[str, Any]) -> list[str]:
    found = dict.fromkeys(str(item).partition("=")[0] for item in env)
    values = dict(str(item).partition("=")[::2] for item in env if "=" in str(item))
    values |= {name: str(value) for name, value in more.items() if value is not None}
    names = {**found, **dict.fromkeys(more)}
    return [f"{name}={values[name]}" if name in values else name for name in sorted(names)]


def _mount(host: dict[str, Any], mounts: list[dict[str, Any]], marks: Mapping[str, str]) -> None:
    """Mounts of the same target give way: what an editor asks for comes last, as a Compose override would."""
    targets = {str(one.get("target", "")).rstrip("/") for one in mounts}
    host["Binds"] = [bind for bind in host.get("Binds") or () if bind.rsplit(":", 2)[1].rstrip("/") not in targets]
    kept = [one for one in host.get("Mounts") or () if str(one.get("Target", "")).rstrip("/") not in targets]
    host["Mounts"] = [*kept, *(_mounted(one, marks) for one in mounts)]


def _mounted(one: Mapping[str, Any], marks: Mapping[str, str]) -> dict[str, Any]:
    project = marks.get(labels.PROJECT, "")
    source = str(one.get("source") or "")
    found: dict[str, Any] = {
        "Type": one["type"],
        "Source": source,
        "Target": one.get("target", ""),
        "ReadOnly": one.get("readonly") in (True, "true", "1"),
    }
    if one["type"] == "volume" and source and project and not one.get("external"):
        # Named as Compose names a volume of the project, and labelled so that `down --volumes` finds it. Beside an
        # image the name is the engine's own: editors share such volumes among projects.
        found["Source"] = f"{project}_{source}"
        found["VolumeOptions"] = {
            "Labels": {
                labels.PROJECT: project, labels.VOLUME: source, labels.VERSION: labels.COMPOSE_VERSION,
                labels.FOLDER: marks.get(labels.FOLDER, ""),
            }
        }  # fmt: skip
    if one["type"] == "bind" and one.get("bind-propagation"):
        found["BindOptions"] = {"Propagation": one["bind-propagation"]}
    if one["type"] == "tmpfs" and str(one.get("tmpfs-size", "")).isdigit():
        found["TmpfsOptions"] = {"SizeBytes": int(one["tmpfs-size"])}
    return found


def _entrypoint(body: dict[str, Any], entrypoints: list[str], override: bool, image: ObservedImage) -> None:
    """A shell that runs the features' entrypoints and then the container's own command (nothing where `override`),
    and stays: the person's terminal must not end with a program that does."""
    lines = ["trap 'exit 0' TERM INT", *entrypoints]
    words: list[str] = []
    if not override:
        entry = body.get("Entrypoint")
        words = [*(entry if entry is not None else image.config.get("Entrypoint") or ())]
        command = body.get("Cmd")
        words += command if command is not None else ([] if entry is not None else image.config.get("Cmd") or ())
        lines.append('exec "$@"')
    else:
        lines.append("while :; do sleep 3600 & wait $!; done")
    body["Entrypoint"] = ["/bin/sh", "-c", "\n".join(lines)]
    body["Cmd"] = ["-", *words]
