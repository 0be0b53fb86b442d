"""A devcontainer of an image or a Dockerfile as a service of a Compose file."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from typing import Any

from devenv.core.devcontainer import metadata, runargs
from devenv.core.devcontainer.properties import DOCKERFILE, kind
from devenv.core.scalars import each_text
from devenv.model.devcontainer import Devcontainer
from devenv.model.errors import DevenvError
from devenv.model.manifest import Document

_BUILD_TEXTS = {"--network": "network", "--target": "target"}
_BUILD_FLAGS = {"--no-cache": "no_cache", "--pull": "pull"}
_BUILD_PAIRS = {"--build-arg": "args", "--label": "labels"}


def document(devcontainer: Devcontainer, written: Document, mount_folder: str) -> Document:
    """The Compose file that has the devcontainer for its one service. `mount_folder` is what is mounted where
    `workspaceMount` says nothing: the repository. Raises DevenvError for what no service can have."""
    config = devcontainer.config
    found: dict[str, Any] = {}
    if kind(config) == DOCKERFILE:
        found["build"] = _build(config, posixpath.dirname(devcontainer.file), written)
    else:
        found["image"] = config["image"]
    more = runargs.service(config.get("runArgs") or (), lambda index: written.where(("runArgs", index)))
    volumes = [*_mount(config, mount_folder), *more.pop("volumes", ())]
    published = [*runargs.ports(config.get("appPort") or []), *more.pop("ports", ())]
    found |= more
    if volumes:
        found["volumes"] = volumes
    if published:
        found["ports"] = published
    value: dict[str, Any] = {"services": {devcontainer.service: _literal(found)}}
    networks = [name for name in found.get("networks") or () if name != "default"]
    if networks:  # made by somebody else, as for `docker run`
        value["networks"] = {name: {"external": True, "name": name} for name in networks}
    used = [
        one["source"] for one in volumes if isinstance(one, Mapping) and one["type"] == "volume" and "source" in one
    ]
    used += [name for one in volumes if isinstance(one, str) if (name := one.partition(":")[0])[:1] not in ("/", ".")]
    if used:
        value["volumes"] = {name: {"name": name} for name in used}
    place = written.where(())
    return Document(
        file=written.file, value=value, spans={(): place}, key_spans={("services", devcontainer.service): place}
    )


def _literal(value: Any) -> Any:
    """Every `$` as itself: what devcontainer.json may name is filled in."""
    return each_text(value, lambda text: text.replace("$", "$$"))


def _mount(config: Mapping[str, Any], folder: str) -> list[dict[str, Any]]:
    said = config.get("workspaceMount")
    if said == "":
        return []
    if said:
        return [runargs.volume(metadata.mount(str(said)))]
    target = f"/workspaces/{posixpath.basename(folder)}"
    return [{"type": "bind", "source": folder, "target": target, "bind": {"create_host_path": False}}]


def _build(config: Mapping[str, Any], beside: str, written: Document) -> dict[str, Any]:
    said: Mapping[str, Any] = config.get("build") or {}
    file = str(config.get("dockerFile") or said.get("dockerfile"))
    context = posixpath.normpath(posixpath.join(beside, str(config.get("context") or said.get("context") or ".")))
    path = posixpath.normpath(posixpath.join(beside, file))
    found: dict[str, Any] = {"context": context, "dockerfile": path}
    if said.get("args"):
        found["args"] = dict(said["args"])
    if said.get("target"):
        found["target"] = said["target"]
    if said.get("cacheFrom"):
        found["cache_from"] = [said["cacheFrom"]] if isinstance(said["cacheFrom"], str) else said["cacheFrom"]
    _options(found, said.get("options") or (), written)
    return found


def _options(found: dict[str, Any], options: Any, written: Document) -> None:
    """Words of `docker build`."""
    index = 0
    while index < len(options):
        at = index
        name, given, value = options[index].partition("=")
        index += 1
        if name in _BUILD_FLAGS:
            found[_BUILD_FLAGS[name]] = value != "false"
            continue
        if not given and index < len(options):
            value = options[index]
            index += 1
        if name in _BUILD_PAIRS:
            key, _, text = value.partition("=")
            found.setdefault(_BUILD_PAIRS[name], {})[key] = text
        elif name == "--add-host":
            found.setdefault("extra_hosts", []).append(value)
        elif name in ("--cache-from", "--cache-to"):
            found.setdefault(name[2:].replace("-", "_"), []).append(value)
        elif name == "--platform":
            found["platforms"] = [value]
        elif name in _BUILD_TEXTS:
            found[_BUILD_TEXTS[name]] = value
        else:
            raise DevenvError(
                f"devenv cannot do `{name}` of `build.options`.",
                hint="Take it out; it can do --build-arg, --label, --target, --platform, --network, --add-host, "
                "--no-cache, --pull, --cache-from and --cache-to.",
                where=written.where(("build", "options", at)),
            )
