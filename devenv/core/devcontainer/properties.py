"""Every property of devcontainer.json (containers.dev/implementors/json_reference): its shape, and where it counts."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from devenv.core.suggest import did_you_mean
from devenv.model.errors import DevenvError
from devenv.model.manifest import Document

COMPOSE, IMAGE, DOCKERFILE = "compose", "image", "dockerfile"
_ALL = (COMPOSE, IMAGE, DOCKERFILE)
_ALONE = (IMAGE, DOCKERFILE)

HOOKS = ("onCreateCommand", "updateContentCommand", "postCreateCommand", "postStartCommand", "postAttachCommand")
"""What editors run in the container, in this order."""


def _text(value: Any) -> bool:
    return isinstance(value, str)


def _flag(value: Any) -> bool:
    return isinstance(value, bool)


def _texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def _mapping(value: Any) -> bool:
    return isinstance(value, Mapping)


def _variables(value: Any) -> bool:
    return isinstance(value, Mapping) and all(item is None or isinstance(item, str) for item in value.values())


def _command(value: Any) -> bool:
    one = _text(value) or _texts(value)
    return one or (isinstance(value, Mapping) and all(_text(item) or _texts(item) for item in value.values()))


def _ports(value: Any) -> bool:
    items = value if isinstance(value, list) else [value]
    return all(isinstance(item, (int, str)) and not isinstance(item, bool) for item in items)


def _mounts(value: Any) -> bool:
    return isinstance(value, list) and all(_is_mount(item) for item in value)


def _is_mount(value: Any) -> bool:
    if isinstance(value, str):
        return any(part.strip().partition("=")[0] in ("target", "dst", "destination") for part in value.split(","))
    return isinstance(value, Mapping) and _text(value.get("target")) and _text(value.get("type"))


def _files(value: Any) -> bool:
    return _text(value) or (_texts(value) and bool(value))


def _words(*words: str) -> Callable[[Any], bool]:
    return lambda value: value in words


@dataclass(frozen=True, slots=True, kw_only=True)
class Property:
    """`is_right` judges a value, which is `shape`; `kinds` are the devcontainers that it counts in."""

    shape: str
    is_right: Callable[[Any], bool]
    kinds: tuple[str, ...] = _ALL


def _of(shape: str, is_right: Callable[[Any], bool], *kinds: str) -> Property:
    return Property(shape=shape, is_right=is_right, kinds=kinds or _ALL)


_HOOK = _of("a text, a list of texts or a mapping of commands", _command)
_PROBES = ("none", "loginShell", "loginInteractiveShell", "interactiveShell")

PROPERTIES: Mapping[str, Property] = {
    "$schema": _of("a text", _text),
    "name": _of("a text", _text),
    "image": _of("a text", _text, IMAGE),
    "build": _of("a mapping", _mapping, DOCKERFILE),
    "dockerFile": _of("a path", _text, DOCKERFILE),
    "context": _of("a path", _text, DOCKERFILE),
    "dockerComposeFile": _of("a path or a list of them", _files, COMPOSE),
    "service": _of("the name of a service", _text, COMPOSE),
    "runServices": _of("a list of services", _texts, COMPOSE),
    "runArgs": _of("a list of texts", _texts, *_ALONE),
    "appPort": _of("a port or a list of them", _ports, *_ALONE),
    "workspaceMount": _of("a mount", _text, *_ALONE),
    "workspaceFolder": _of("an absolute path", _text),
    "features": _of("a mapping of features", _mapping),
    "overrideFeatureInstallOrder": _of("a list of features", _texts),
    "mounts": _of("a list of mounts such as `type=volume,source=x,target=/x`", _mounts),
    "containerEnv": _of("a mapping of texts", _variables),
    "containerUser": _of("a user", _text),
    "remoteEnv": _of("a mapping of texts", _variables),
    "remoteUser": _of("a user", _text),
    "updateRemoteUserUID": _of("`true` or `false`", _flag),
    "userEnvProbe": _of("one of " + ", ".join(f"`{word}`" for word in _PROBES), _words(*_PROBES)),
    "overrideCommand": _of("`true` or `false`", _flag),
    "shutdownAction": _of("`none`, `stopContainer` or `stopCompose`", _words("none", "stopContainer", "stopCompose")),
    "init": _of("`true` or `false`", _flag),
    "privileged": _of("`true` or `false`", _flag),
    "capAdd": _of("a list of texts", _texts),
    "securityOpt": _of("a list of texts", _texts),
    "forwardPorts": _of("a list of ports", _ports),
    "portsAttributes": _of("a mapping", _mapping),
    "otherPortsAttributes": _of("a mapping", _mapping),
    "initializeCommand": _HOOK,
    **dict.fromkeys(HOOKS, _HOOK),
    "waitFor": _of("the name of a hook", _words("initializeCommand", *HOOKS)),
    "hostRequirements": _of("a mapping", _mapping),
    "secrets": _of("a mapping of secrets", _mapping),
    "customizations": _of("a mapping of editors", _mapping),
    "extensions": _of("a list of texts", _texts),
    "settings": _of("a mapping", _mapping),
    "devPort": _of("a port", _ports),
}

_BUILD: Mapping[str, Property] = {
    "dockerfile": _of("a path", _text),
    "context": _of("a path", _text),
    "args": _of("a mapping of texts", _variables),
    "target": _of("a text", _text),
    "cacheFrom": _of("an image or a list of them", _files),
    "options": _of("a list of texts", _texts),
}


_OF_FEATURES: Mapping[str, Property] = {
    "options": _of("a mapping of options", _mapping),
    "dependsOn": _of("a mapping of features", _mapping),
    "installsAfter": _of("a list of features", _texts),
    "legacyIds": _of("a list of texts", _texts),
    "entrypoint": _of("a text", _text),
}
_SHARED = ("containerEnv", "mounts", "init", "privileged", "capAdd", "securityOpt", "customizations")


def of_feature(document: Document, name: str) -> Iterator[DevenvError]:
    """Everything that is wrong in the devcontainer-feature.json of the feature `name`, each at its place."""
    known = {**_OF_FEATURES, **{key: PROPERTIES[key] for key in (*_SHARED, *HOOKS)}}
    for key, item in document.value.items():
        if key in known and not known[key].is_right(item):
            yield DevenvError(
                f"`{key}` of the feature `{name}` is not {known[key].shape}.",
                hint=f"Give it {known[key].shape}, or take another version of the feature.",
                where=document.where((key,)),
            )


def right(entry: Mapping[str, Any]) -> dict[str, Any]:
    """`entry` of an image's label without what has another shape than its property: nobody here can mend it."""
    known = {**PROPERTIES, "entrypoint": _OF_FEATURES["entrypoint"]}
    return {key: item for key, item in entry.items() if key not in known or known[key].is_right(item)}


def kind(value: Mapping[str, Any]) -> str:
    """Which of the three kinds of devcontainer it is: compose, dockerfile or image."""
    if "dockerComposeFile" in value:
        return COMPOSE
    return DOCKERFILE if "build" in value or "dockerFile" in value else IMAGE


def faults(document: Document) -> Iterator[DevenvError]:
    """Everything that is wrong with the properties, each at its place."""
    value: Mapping[str, Any] = document.value
    for name, item in value.items():
        known = PROPERTIES.get(name)
        if known is not None and not known.is_right(item):
            yield DevenvError(f"`{name}` is not {known.shape}.", hint=f"Give it {known.shape}.",
                              where=document.where((name,)))  # fmt: skip
    build = value.get("build")
    for name, item in build.items() if isinstance(build, Mapping) else ():
        known = _BUILD.get(name)
        if known is None:
            hint = did_you_mean(str(name), _BUILD) or f"Take it out; `build` has {', '.join(_BUILD)}."
            yield DevenvError(f"`build.{name}` is no property.", hint=hint, where=document.where(("build", name)))
        elif not known.is_right(item):
            yield DevenvError(f"`build.{name}` is not {known.shape}.", hint=f"Give it {known.shape}.",
                              where=document.where(("build", name)))  # fmt: skip
    yield from _whole(document, value)


def _whole(document: Document, value: Mapping[str, Any]) -> Iterator[DevenvError]:
    found = kind(value)
    if found == COMPOSE and not value.get("service"):
        yield DevenvError(
            "It names Compose files, and no service of theirs.",
            hint='Say which one an editor opens: `"service": "app"`.',
            where=document.where(("dockerComposeFile",)),
        )
    build = value.get("build")
    own = build.get("dockerfile") if isinstance(build, Mapping) else None
    if found == DOCKERFILE and not isinstance(value.get("dockerFile", own), str):
        yield DevenvError(
            "`build` names no Dockerfile.",
            hint='Say where it is: `"build": {"dockerfile": "Dockerfile"}`.',
            where=document.where(("build",)),
        )
    if found == IMAGE and not value.get("image"):
        yield DevenvError(
            "It names neither an image, nor a Dockerfile, nor Compose files.",
            hint="Give it `image`, `build.dockerfile`, or `dockerComposeFile` and `service`.",
            where=document.where(()),
        )


def notices(document: Document) -> Iterator[str]:
    """A line for each property that means nothing here: editors leave these out without a word."""
    value: Mapping[str, Any] = document.value
    found = kind(value)
    for name in value:
        known = PROPERTIES.get(name)
        where = document.where((name,))
        if known is None:
            hint = did_you_mean(name, PROPERTIES)
            yield f"{where}: `{name}` is no property of a devcontainer.json and is left out" + (
                f" ({hint.rstrip('.')})" if hint else ""
            )
        elif found not in known.kinds:
            why = "there are Compose files" if found == COMPOSE else "there are no Compose files"
            yield f"{where}: `{name}` means nothing where {why} and is left out"
