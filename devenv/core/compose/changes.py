"""Whether a container is still what its service says, and which keys differ.

devenv decides by its own label, a hash for each key of the configuration. A container that Compose made has none: there
Compose's own hash decides, and where that was made by another version (or by an editor's override), the container
itself is compared.
"""

from __future__ import annotations

import hashlib
import posixpath
from collections.abc import Iterator, Mapping
from typing import Any

from devenv.core import keyhashes
from devenv.core.compose.hash import ORDER, UNHASHED, config_hash, go_json, joined, of_one, with_engine
from devenv.model import labels
from devenv.model.observed import ObservedContainer
from devenv.model.stack import Service, Stack

_SPREAD = frozenset(("annotations", "environment", "labels", "logging", "networks", "sysctls", "ulimits"))
"""Keys whose own keys are told apart."""
_OVERRIDDEN = frozenset(
    ("command", "entrypoint", "image", "labels", "user", "init", "privileged", "cap_add", "security_opt")
)
"""What an editor changes in the service that it opens."""


def config_label(service: Service, stack: Stack) -> str:
    """The value of the label `dev.devenv.config`: canonical JSON, `{"version": 1, "keys": {key: hash}}`."""
    return keyhashes.label(_keys(service, stack))


def _digest(value: Any) -> str:
    return hashlib.sha256(go_json(value).encode()).hexdigest()[: keyhashes.DIGITS]


def _keys(service: Service, stack: Stack) -> dict[str, str]:
    found: dict[str, str] = {}
    for key in ORDER:
        value = of_one(key, service.config.get(key))
        if key in UNHASHED or value is None:
            continue
        if key in _SPREAD and isinstance(value, Mapping):
            found |= {f"{key}.{name}": _digest(item) for name, item in value.items()}
        else:
            found[key] = _digest(value)
    found["image"] = _digest(service.image)
    for key in service.config.get("networks") or ():
        found[f"networks.{key}"] = _digest([service.config["networks"][key], stack.networks[key].name])
    if names := [stack.volumes[key].name for key in service.volumes if key in stack.volumes]:
        found["volumes"] = _digest([service.config["volumes"], names])
    for grant in service.grants:
        content = None if grant.content is None else grant.content.value
        owner = (grant.uid, grant.gid) if content is not None and (grant.uid or grant.gid) else ()
        found[f"files.{grant.target}"] = _digest([grant.source, content, grant.mode, *owner])
    if service.seccomp:
        found["security_opt"] = _digest([service.config["security_opt"], sorted(service.seccomp.items())])
    found |= {f"content of {target}": digest[: keyhashes.DIGITS] for target, digest in service.content.items()}
    found["name"] = _digest(service.container_name)
    if service.devcontainer is not None:
        from devenv.core.devcontainer.container import digest, is_plain

        if not is_plain(service.devcontainer):
            found["devcontainer.json"] = digest(service.devcontainer)[: keyhashes.DIGITS]
    return found


def changes(service: Service, stack: Stack, container: ObservedContainer) -> tuple[str, ...]:
    """The names of the keys in which `container` differs from `service` (`environment.LOG_LEVEL`, `ports`, …), sorted;
    () where it is what the service says. Whether its image is still the newest is not asked here."""
    known = keyhashes.read(container.labels)
    if known is not None:
        return keyhashes.differing(known, _keys(service, stack))
    host = container.config.get("HostConfig") or {}
    if container.labels.get(labels.CONFIG_HASH) == config_hash(with_engine(joined(service.config, host))):
        return ()
    overridden = _is_overridden(stack, container)
    ignored = _OVERRIDDEN if overridden else frozenset()
    if overridden and service.devcontainer is not None:
        ignored |= {f"environment.{name}" for name in service.devcontainer.config.get("containerEnv") or ()}
    found = set(_differing(service, stack, container, ignored=ignored))
    differing = tuple(sorted(key for key in found if key not in ignored))
    if differing or overridden or container.labels.get(labels.VERSION) != labels.COMPOSE_VERSION:
        return differing
    return ("configuration",)


def _is_overridden(stack: Stack, container: ObservedContainer) -> bool:
    """Whether an editor's `docker compose` made it, with a file of its own laid over ours."""
    files = container.labels.get(labels.CONFIG_FILES, "").split(",")
    further = [posixpath.basename(file) for file in files if file not in stack.files]
    return any(name.startswith("docker-compose.devcontainer.") for name in further)


def _differing(
    service: Service, stack: Stack, container: ObservedContainer, *, ignored: frozenset[str]
) -> Iterator[str]:
    """Keys in which the inspected container differs from what we would create."""
    from devenv.core.compose.create import connections, payload

    body = payload(service, stack)
    seen, host = container.config, container.config.get("HostConfig") or {}
    if "image" not in ignored and container.image != service.image:
        yield "image"
    yield from _environment(body["Env"], seen.get("Env") or ())
    simple = {"user": "User", "working_dir": "WorkingDir", "hostname": "Hostname", "domainname": "Domainname"}
    simple |= {"command": "Cmd", "entrypoint": "Entrypoint", "stop_signal": "StopSignal"}
    for key, name in simple.items():
        if key in service.config and service.config[key] is not None and key not in ignored:  # noqa: SIM102
            if list(_as_list(body[name])) != list(_as_list(seen.get(name))):
                yield key
    for key, name in (("tty", "Tty"), ("stdin_open", "OpenStdin")):
        if bool(body[name]) != bool(seen.get(name)):
            yield key
    if body.get("StopTimeout") != seen.get("StopTimeout"):
        yield "stop_grace_period"
    if "labels" not in ignored:
        own = seen.get("Labels") or container.labels
        yield from (f"labels.{k}" for k, v in service.config.get("labels", {}).items() if own.get(k) != v)
    if _health(body.get("Healthcheck")) != _health(seen.get("Healthcheck")) and "healthcheck" in service.config:
        yield "healthcheck"
    yield from _host(service, body["HostConfig"], host)
    targets = {**_targets(body["HostConfig"]), **{grant.target: grant.source for grant in service.grants}}
    for target, source in targets.items():
        if source is not None and container.mounts.get(target) not in (source, None if source else ""):
            anonymous = source == "" and container.mounts.get(target)
            if not anonymous:
                yield "volumes"
    wanted = {
        *body.get("NetworkingConfig", {}).get("EndpointsConfig", {}),
        *(n for n, _ in connections(service, stack)),
    }
    if wanted and wanted != set(container.networks):
        yield "networks"


def _environment(wanted: list[str], seen: Any) -> Iterator[str]:
    """What the image brings along is not known here: only what the service sets is compared."""
    has = dict(str(item).partition("=")[::2] for item in seen)
    for item in wanted:
        name, given, value = item.partition("=")
        if has.get(name) != value if given else name in has:
            yield f"environment.{name}"


def _as_list(value: Any) -> Iterator[str]:
    yield from value if isinstance(value, list) else [value or ""]


def _health(check: Mapping[str, Any] | None) -> dict[str, Any]:
    return {key: value for key, value in (check or {}).items() if value}


_HOST_KEYS = {
    "ports": "PortBindings", "restart": "RestartPolicy", "cap_add": "CapAdd", "cap_drop": "CapDrop", "dns": "Dns",
    "dns_opt": "DnsOptions", "dns_search": "DnsSearch", "extra_hosts": "ExtraHosts", "group_add": "GroupAdd",
    "init": "Init", "privileged": "Privileged", "read_only": "ReadonlyRootfs", "security_opt": "SecurityOpt",
    "sysctls": "Sysctls", "mem_limit": "Memory", "cpus": "NanoCpus", "ulimits": "Ulimits", "tmpfs": "Tmpfs",
    "devices": "Devices",
}  # fmt: skip


def _host(service: Service, wanted: Mapping[str, Any], seen: Mapping[str, Any]) -> Iterator[str]:
    for key, name in _HOST_KEYS.items():
        if name == "RestartPolicy":
            policies = [(policy.get("Name") or "no") for policy in (wanted[name], seen.get(name) or {})]
            if policies[0] != policies[1]:
                yield key
        elif name == "SecurityOpt":
            if not set(wanted.get(name) or ()) <= set(seen.get(name) or ()):  # the engine adds some of its own
                yield key
        elif _unordered(wanted.get(name)) != _unordered(seen.get(name)):
            yield key
    if "shm_size" in service.config and wanted["ShmSize"] != seen.get("ShmSize"):
        yield "shm_size"


def _unordered(value: Any) -> Any:
    """What the engine may give back in another order, or with its prefix."""
    if isinstance(value, list):
        items = [item.removeprefix("CAP_") if isinstance(item, str) else item for item in value]
        return sorted(items, key=go_json) or None
    return value or None


def _targets(host: Mapping[str, Any]) -> dict[str, str]:
    """Where something is mounted, and its source ("" for an anonymous volume)."""
    found = {}
    for bind in host["Binds"]:
        source, target, _ = bind.rsplit(":", 2)
        found[target] = source
    for mount in host["Mounts"]:
        if mount["Type"] != "tmpfs":
            found[mount["Target"]] = mount["Source"]
    return found
