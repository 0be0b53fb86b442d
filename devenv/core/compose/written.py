"""A model whose `${…}` stay as they are written, as `docker compose config --no-interpolate` prints it: files merged,
paths absolute, short forms made long where that needs no value, names and the default network put in.

Source: compose-go `transform/` (short forms), `loader/defaults_node.go` and `normalize.go` (what is put in).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from devenv.core import paths
from devenv.core.compose import mounts, values
from devenv.core.compose.grafts import mapping_of
from devenv.core.compose.hooks import inherited
from devenv.core.compose.service import KEYS
from devenv.core.compose.values import Reader
from devenv.core.scalars import text_of
from devenv.model.manifest import Document, Path

_STARTED = {"condition": "service_started", "required": True}
_NAMESPACES = ("network_mode", "ipc", "pid", "uts", "cgroup")
_RESOURCES = ("networks", "volumes", "configs", "secrets")
_Change = Callable[[Any], Any]


def written(
    document: Document, *, project: str, variables: Mapping[str, str], working_dir: str, home: str
) -> dict[str, Any]:
    """The merged `document`, nothing of it interpolated, in the form in which it is printed, its keys by name.
    `variables` give values to a build's arguments that are named alone, `working_dir` is what relative paths are
    relative to, `home` what `~` stands for."""
    reader = Reader(document, {**variables, "HOME": home}, working_dir)
    top = {key: item for key, item in document.value.items() if key not in ("version", "include")}
    value = paths.moved(top, lambda path: mounts.absolute(reader, path), homes=True)
    for at in document.listed:
        value = _as_list(value, at)
    services = {
        name: _service(item, reader, ("services", name)) if isinstance(item, Mapping) else item
        for name, item in mapping_of(value.get("services")).items()
    }
    for name, given in mapping_of(top.get("services")).items():
        if "credential_spec" in mapping_of(given):  # this one is left to the engine
            services[name]["credential_spec"] = given["credential_spec"]
    jobs = {name: _service(item, reader, ("jobs", name)) for name, item in mapping_of(value.get("jobs")).items()}
    found = {**value, "name": project, "services": services, **({"jobs": jobs} if jobs else {})}
    networks = {name: item or {} for name, item in mapping_of(value.get("networks")).items()}
    everyone = (*services.values(), *jobs.values())
    if any("default" in mapping_of(mapping_of(item).get("networks")) for item in everyone):
        networks.setdefault("default", {})
    if networks:
        found["networks"] = networks
    for kind in _RESOURCES:
        if isinstance(found.get(kind), Mapping):
            found[kind] = {name: _resource(item, project, name) for name, item in found[kind].items()}
    return _sorted(found)  # type: ignore[no-any-return]


def _sorted(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _sorted(value[key]) for key in sorted(value, key=str)}
    return [_sorted(item) for item in value] if isinstance(value, list | tuple) else value


def _as_list(value: Any, at: Path) -> Any:
    """`value` with the pairs at `at` as a list: one for Compose once files were merged."""
    if not at:
        return _pairs(value) if isinstance(value, Mapping) else value
    if not isinstance(value, Mapping) or at[0] not in value:
        return value
    return {**value, at[0]: _as_list(value[at[0]], at[1:])}


def _pairs(value: Mapping[str, Any]) -> list[str]:
    return [name if item is None else f"{name}={text_of(item)}" for name, item in value.items()]


def _resource(item: Any, project: str, key: str) -> Any:
    if item is not None and not isinstance(item, Mapping):
        return item
    found = dict(item or {})
    external = found.get("external")
    if isinstance(external, Mapping):
        found |= {"external": True, "name": external.get("name", key)}
    if not found.get("name"):
        found["name"] = key if external else f"{project}_{key}"
    return found


def _service(given: Mapping[str, Any], reader: Reader, at: Path) -> dict[str, Any]:
    found = dict(given)
    for key, change in _LONG.items():
        if found.get(key) is not None:
            found[key] = change(found[key])
    for key, read in _READ.items():
        if isinstance(found.get(key), list):
            found[key] = read(found[key], reader, (*at, key))
    if isinstance(found.get("build"), Mapping):
        found["build"] = _with_arguments(found["build"], reader.variables)
    if not found.get("networks") and not found.get("network_mode") and "provider" not in found:
        found["networks"] = {"default": None}
    known = mapping_of(found.get("depends_on"))
    if needs := {**known, **_implied(found, known)}:
        found["depends_on"] = needs
    if found.get("pull_policy") == "if_not_present":
        found["pull_policy"] = "missing"
    if isinstance(found.get("pre_start"), list):
        found["pre_start"] = [
            {**inherited(found, KEYS), **hook} if isinstance(hook, Mapping) else hook for hook in found["pre_start"]
        ]
    return found


def _implied(found: Mapping[str, Any], known: Mapping[str, Any]) -> dict[str, Any]:
    others = {str(item).partition(":")[0]: True for item in found.get("links") or ()}
    others |= {str(found[key]).partition("service:")[2]: True for key in _NAMESPACES if found.get(key)}
    for item in found.get("volumes_from") or ():
        if not str(item).startswith("container:"):
            others.setdefault(str(item).partition(":")[0], False)
    return {name: {**_STARTED, "restart": again} for name, again in others.items() if name and name not in known}


def _ports(items: list[Any], reader: Reader, at: Path) -> list[Any]:
    """Each long and once, or all as they stand: a reference may be a range."""
    long: list[Any] = []
    for item in items:
        own = Reader(reader.document, {}, reader.working_dir)
        found = [item] if isinstance(item, Mapping) else mounts.ports(own, [item], at)
        if own.errors or not found:
            return [_port(item) for item in items]
        long += map(_port, found)
    once: dict[str, Any] = {}
    for port in long:
        once.setdefault(f"{port.get('host_ip')} {port.get('published')} {port.get('target')} {port['protocol']}", port)
    return [*once.values()]


def _port(item: Any) -> Any:
    return {"mode": "ingress", "protocol": "tcp", **item} if isinstance(item, Mapping) else item


def _volume(item: Any, reader: Reader, at: Path) -> Any:
    long = _long(mounts.volumes, item, reader, at)
    if not isinstance(long, Mapping):
        return long
    target = long.get("target")
    found = {**long, "target": mounts.clean(target)} if isinstance(target, str) and "$" not in target else {**long}
    if isinstance(found.get("bind"), Mapping):
        found["bind"] = {"create_host_path": True, **found["bind"]}
    return found


def _long(read: values.Read, item: Any, reader: Reader, at: Path) -> Any:
    """`item` in its long form; as it stands where it has none."""
    if isinstance(item, Mapping):
        return item
    own = Reader(reader.document, reader.variables, reader.working_dir)
    long = read(own, [item], at)
    return long[0] if long and not own.errors else item


def _build(build: Any) -> Any:
    found: dict[str, Any] = {"context": build} if isinstance(build, str) else dict(mapping_of(build))
    if "dockerfile" not in found and not found.get("dockerfile_inline"):
        found["dockerfile"] = "Dockerfile"
    if isinstance(found.get("additional_contexts"), list):
        halves = [str(each).partition("=") for each in found["additional_contexts"]]
        found["additional_contexts"] = {name: item for name, _, item in halves}
    if isinstance(found.get("ssh"), list):
        halves = [str(each).partition("=") for each in found["ssh"]]
        found["ssh"] = {name: item if sign else None for name, sign, item in halves}
    if isinstance(found.get("secrets"), list):
        found["secrets"] = _grants("")(found["secrets"])
    if isinstance(found.get("tags"), list):
        found["tags"] = [*dict.fromkeys(found["tags"])]
    for key in ("provenance", "sbom"):
        if isinstance(found.get(key), bool):
            found[key] = text_of(found[key])
    return found


def _with_arguments(build: Mapping[str, Any], variables: Mapping[str, str]) -> dict[str, Any]:
    """`build` with the values of the arguments that are named alone; without those that nothing gives a value."""
    args = build.get("args")
    if isinstance(args, Mapping):
        args = {
            name: variables.get(name) if item is None else item
            for name, item in args.items()
            if item is not None or name in variables
        }
    elif isinstance(args, list):
        args = [
            item if "=" in str(item) else f"{item}={variables[item]}"
            for item in args
            if "=" in str(item) or item in variables
        ]
    return {**build, "args": args} if args is not None else dict(build)


def _needs(needs: Any) -> Any:
    if isinstance(needs, list):
        return {str(name): dict(_STARTED) for name in needs}
    return {name: {"required": True, **mapping_of(item)} for name, item in mapping_of(needs).items()}


def _env_files(files: Any) -> list[Any]:
    return [{"required": True, **(item if isinstance(item, Mapping) else {"path": item})} for item in _listed(files)]


def _grants(folder: str) -> _Change:
    def change(items: Any) -> Any:
        found = []
        for item in _listed(items):
            long = {"source": item} if isinstance(item, str) else dict(mapping_of(item))
            if folder and "source" in long:
                long.setdefault("target", f"{folder}{long['source']}")
            found.append(long)
        return found

    return change


def _gpus(gpus: Any) -> Any:
    items = [{}] if gpus == "all" else gpus
    if not isinstance(items, list):
        return items
    return [item if {"count", "device_ids"} & mapping_of(item).keys() else {**item, "count": "all"} for item in items]


def _deploy(deploy: Any) -> Any:
    resources = mapping_of(mapping_of(deploy).get("resources"))
    held = mapping_of(resources.get("reservations"))
    if not isinstance(held.get("devices"), list):
        return deploy
    return {**deploy, "resources": {**resources, "reservations": {**held, "devices": _gpus(held["devices"])}}}


def _develop(develop: Any) -> Any:
    rules = mapping_of(develop).get("watch")
    if not isinstance(rules, list):
        return develop
    return {**develop, "watch": [
        {key: _listed(item) if key in ("ignore", "include") else item for key, item in rule.items()} for rule in rules
    ]}  # fmt: skip


def _triggers(triggers: Any) -> Any:
    found = mapping_of(triggers)
    if not isinstance(found.get("schedule"), list | str):
        return triggers
    schedule = [{"cron": item} if isinstance(item, str) else item for item in _listed(found["schedule"])]
    return {**found, "schedule": schedule}


def _named(items: Any) -> Any:
    return {text_of(name): None for name in items} if isinstance(items, list) else items


def _listed(items: Any) -> list[Any]:
    return items if isinstance(items, list) else [items]


_LONG: dict[str, _Change] = {
    "build": _build,
    "configs": _grants(""),
    "depends_on": _needs,
    "deploy": _deploy,
    "develop": _develop,
    "dns": _listed,
    "env_file": _env_files,
    "gpus": _gpus,
    "label_file": _listed,
    "models": _named,
    "networks": _named,
    "triggers": _triggers,
    "secrets": _grants("/run/secrets/"),
}
"""What makes the long form of a service's key of its short one."""
_READ: dict[str, Callable[[list[Any], Reader, Path], list[Any]]] = {
    "devices": lambda items, reader, at: [_long(mounts.devices, item, reader, at) for item in items],
    "ports": _ports,
    "volumes": lambda items, reader, at: [_volume(item, reader, at) for item in items],
}
"""So for lists whose short items are read."""
