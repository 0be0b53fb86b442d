"""Where paths stand in a manifest, and how they are moved when the file that names them is another one."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from devenv.core.longform import is_path, split
from devenv.core.seeds import SEED_FILES

Change = Callable[[str], str]

_VARIABLE = re.compile(r"\$(?:\{(?P<name>\w+)(?::?-(?P<default>[^{}$]*))?[^{}]*\}|(?P<bare>\w+))")
SECCOMP = re.compile(r"seccomp[=:](?!unconfined$|builtin$|\{)(.+)", re.DOTALL)
"""A security option that names a file: a seccomp profile."""
_PAGE = re.compile(r"[\w./-]+\.(?:md|rst|adoc|txt|html|pdf)(?:#\S*)?")
_URL = re.compile(r"^[a-z][a-z0-9+.-]*://|^git@|^github\.com/|^(?:target|service|docker-image|oci-layout):")


def is_relative(path: str) -> bool:
    """Whether `path` depends on the folder of the file that names it (a path that begins with a variable may not)."""
    return bool(path) and not path.startswith(("/", "~", "$")) and not _URL.match(path)


def join(folder: str, path: str) -> str:
    """`path` as seen from above `folder`, with `./` before it where Compose would else read a name."""
    if "$" in path:  # a default may hold slashes and dots of its own
        whole = f"{folder}/{path.removeprefix('./')}"
        return whole if whole.startswith((".", "/")) else f"./{whole}"
    joined = posixpath.normpath(posixpath.join(folder, path))
    return joined if joined.startswith(("../", "/")) or joined in (".", "..") else f"./{joined}"


def moved(
    value: Mapping[str, Any], change: Change, *, open_ended: Change | None = None, homes: bool = False
) -> dict[str, Any]:
    """A manifest's or Compose file's value with every relative path changed, in short and in long forms.

    Of a path that begins with a variable its default is changed; `open_ended` is told of it, since a relative value
    of that variable cannot be. `homes`: so is a path that begins with `~`.
    """

    def path(text: Any) -> Any:
        if not isinstance(text, str):
            return text
        if (match := _VARIABLE.match(text)) is None:
            at_home = homes and (text == "~" or text.startswith("~/"))
            return change(text) if at_home or is_relative(text) else text
        if open_ended is not None:
            open_ended(match["name"] or match["bare"])
        default = match["default"] or ""
        return text.replace(default, change(default), 1) if is_relative(default) else text

    top = dict(value)
    if isinstance(top.get("services"), Mapping):
        top["services"] = {
            name: _service(service, path) if isinstance(service, Mapping) else service
            for name, service in top["services"].items()
        }
    for kind in ("secrets", "configs"):
        if isinstance(top.get(kind), Mapping):
            top[kind] = {
                name: {**item, "file": path(item["file"])} if isinstance(item, Mapping) and "file" in item else item
                for name, item in top[kind].items()
            }
    if isinstance(top.get("volumes"), Mapping):
        top["volumes"] = {name: _bound(item, path) for name, item in top["volumes"].items()}
    return top


def pages_moved(value: Mapping[str, Any], change: Change) -> dict[str, Any]:
    """The value with `docs` and `runbook`, of the whole and of each service, changed where they name a file that is
    there to be read. They are for people, and relative to the repository wherever they stand."""

    def of(thing: Mapping[str, Any]) -> dict[str, Any]:
        return {key: _page(item, change) if key in ("docs", "runbook") else item for key, item in thing.items()}

    top = of(value)
    if isinstance(top.get("services"), Mapping):
        top["services"] = {
            name: of(service) if isinstance(service, Mapping) else service for name, service in top["services"].items()
        }
    return top


def _page(text: Any, change: Change) -> Any:
    if not isinstance(text, str) or not _PAGE.fullmatch(text) or not is_relative(text):
        return text
    path, sign, place = text.partition("#")
    return change(path).removeprefix("./") + sign + place


def _service(service: Mapping[str, Any], path: Callable[[Any], Any]) -> dict[str, Any]:
    changed = dict(service)
    one_by_one: dict[str, Callable[[Any], Any]] = {
        "build": lambda build: _build(build, path),
        "volumes": lambda it: [_volume(volume, path) for volume in it] if isinstance(it, list) else it,
        "env_file": lambda files: _files(files, path),
        "label_file": lambda files: _files(files, path),
        "seed": lambda seeds: _seeds(seeds, path),
        "extends": lambda it: {**it, "file": path(it["file"])} if isinstance(it, Mapping) and "file" in it else it,
        "credential_spec": lambda it: {**it, "file": path(it["file"])} if "file" in it else it,
        "develop": lambda it: _develop(it, path),
        "x-devenv": lambda ours: {**ours, "seed": _seeds(ours["seed"], path)} if ours.get("seed") else ours,
    }
    for key, change in one_by_one.items():
        if changed.get(key) is not None:
            with suppress(
                AttributeError, LookupError, TypeError, ValueError
            ):  # what is of another kind is told of where it is read
                changed[key] = change(changed[key])
    return changed


def _build(build: Any, path: Callable[[Any], Any]) -> Any:
    if isinstance(build, str):
        return path(build)
    changed = dict(build)
    if "context" in changed or "dockerfile_inline" not in changed:
        changed["context"] = path(changed.get("context", "."))
    for key in ("additional_contexts", "ssh"):
        given = changed.get(key)
        if isinstance(given, Mapping):
            changed[key] = {name: path(item) if item else item for name, item in given.items()}
        elif isinstance(given, list):
            halves = [str(item).partition("=") for item in given]
            changed[key] = [f"{name}{sign}{path(item)}" if sign else name for name, sign, item in halves]
    return changed


def _volume(volume: Any, path: Callable[[Any], Any]) -> Any:
    if isinstance(volume, Mapping):
        if volume.get("type") == "bind" and "source" in volume:
            return {**volume, "source": path(volume["source"])}
        return volume
    source, *rest = split(str(volume), ":")
    default = _VARIABLE.match(source)
    named = default is None or is_path(default["default"] or ".")  # else the default is a volume's name
    return ":".join([path(source), *rest]) if rest and (is_path(source) or (default and named)) else volume


def profile_moved(option: Any, change: Change) -> Any:
    """A security option, the relative path in it changed: Compose takes it from the project's folder, wherever the file
    lies that says it."""
    match = SECCOMP.fullmatch(option) if isinstance(option, str) else None
    return f"{option[: match.start(1)]}{change(match[1])}" if match and is_relative(match[1]) else option


def _bound(volume: Any, path: Callable[[Any], Any]) -> Any:
    """A volume of the top that is a folder of the host."""
    options = volume.get("driver_opts") if isinstance(volume, Mapping) else None
    if not isinstance(options, Mapping) or options.get("o") != "bind" or volume.get("driver") != "local":
        return volume
    return {**volume, "driver_opts": {**options, "device": path(options["device"])}} if "device" in options else volume


def _files(files: Any, path: Callable[[Any], Any]) -> Any:
    if isinstance(files, list):
        return [{**item, "path": path(item["path"])} if isinstance(item, Mapping) else path(item) for item in files]
    return path(files)


def _seeds(seeds: Any, path: Callable[[Any], Any]) -> Any:
    if isinstance(seeds, list):
        return [_seeds(seed, path) for seed in seeds]
    if isinstance(seeds, Mapping):
        return {key: path(item) if key in (*SEED_FILES, "generate") else item for key, item in seeds.items()}
    return path(seeds)


def _develop(develop: Mapping[str, Any], path: Callable[[Any], Any]) -> dict[str, Any]:
    watch = [{**rule, "path": path(rule["path"])} if "path" in rule else rule for rule in develop.get("watch") or ()]
    return {**develop, "watch": watch} if "watch" in develop else dict(develop)
