"""What the engine is told to make of a normalised service, network or volume (compose's `pkg/compose/create.go`)."""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from devenv.core import options
from devenv.core.compose.changes import changes as changes
from devenv.core.compose.changes import config_label
from devenv.core.compose.hash import config_hash
from devenv.core.compose.values import nanoseconds
from devenv.model import labels
from devenv.model.stack import Network, Service, Stack, Volume

PROJECT_VARIABLE = "DEVENV_PROJECT"
_NONE: Mapping[str, str] = MappingProxyType({})


def payload(
    service: Service,
    stack: Stack,
    *,
    proxies: Mapping[str, str] = _NONE,
    devcontainer: tuple[str, str] | None = None,
    image: str | None = None,
) -> dict[str, Any]:
    """The body of the engine's POST /containers/create for `service`, attached to its first network; `connections` are
    the others. Every label of Compose's is in it but `image`, which needs the image's ID.

    `proxies` are variables that the service's own environment goes over. `devcontainer` (local folder, config file),
    for the workspace's service, are the labels by which editors find it. `image` stands in for the service's own.
    `Platform` is not of the body: it goes into the query.
    """
    config = service.config
    body: dict[str, Any] = {
        "Image": image or service.image,
        "Hostname": config.get("hostname", ""),
        "Domainname": config.get("domainname", ""),
        "User": config.get("user", ""),
        "WorkingDir": config.get("working_dir", ""),
        "Env": _environment({**proxies, **(config.get("environment") or {})}),
        "Cmd": config.get("command"),
        "Entrypoint": config.get("entrypoint"),
        "Tty": config.get("tty", False),
        "OpenStdin": config.get("stdin_open", False),
        "AttachStdout": True,
        "AttachStderr": True,
        "ExposedPorts": _exposed(config),
        "Labels": _labels(service, stack, devcontainer),
        "HostConfig": _host_config(service, stack),
    }
    if "stop_signal" in config:
        body["StopSignal"] = config["stop_signal"]
    if "stop_grace_period" in config:
        body["StopTimeout"] = nanoseconds(config["stop_grace_period"]) // 1_000_000_000
    if config.get("healthcheck"):
        body["Healthcheck"] = _healthcheck(config["healthcheck"])
    if config.get("platform"):
        body["Platform"] = config["platform"]
    first = _networks(service)[:1]
    if first:
        name = stack.networks[first[0]].name
        body["NetworkingConfig"] = {"EndpointsConfig": {name: _endpoint(service, first[0])}}
    return body


def connections(service: Service, stack: Stack) -> tuple[tuple[str, dict[str, Any]], ...]:
    """The networks beside the first: (the engine's name, endpoint configuration), to be joined before the start."""
    return tuple((stack.networks[key].name, _endpoint(service, key)) for key in _networks(service)[1:])


def network_labels(network: Network, stack: Stack) -> dict[str, str]:
    """Compose's labels of a network. Without a hash: Compose then leaves it as it is."""
    return {
        labels.CONFIG: options.label(network.config),
        labels.NETWORK: network.key,
        labels.PROJECT: stack.project,
        labels.VERSION: labels.COMPOSE_VERSION,
    }


def volume_labels(volume: Volume, stack: Stack) -> dict[str, str]:
    """Compose's labels of a volume, and whose data it holds."""
    found = {
        labels.CONFIG: options.label(volume.config),
        labels.VOLUME: volume.key, labels.PROJECT: stack.project, labels.VERSION: labels.COMPOSE_VERSION,
        labels.FOLDER: stack.folder,
    }  # fmt: skip
    return {**found, labels.SERVER: volume.server} if volume.server else found


def copies(service: Service, stack: Stack) -> dict[str, tuple[bytes, int]]:
    """What is copied in before each start: path in the container → (content, permissions)."""
    return {
        grant.target: (grant.content.value.encode(), grant.mode)
        for grant in service.grants
        if grant.content is not None
    }


def _environment(variables: Mapping[str, str | None]) -> list[str]:
    """A variable without a value takes the image's away."""
    return [name if value is None else f"{name}={value}" for name, value in sorted(variables.items())]


def _labels(service: Service, stack: Stack, devcontainer: tuple[str, str] | None) -> dict[str, str]:
    needs = [f"{need.target}:{_written(service, need.target)}:{str(need.restart).lower()}" for need in service.needs]
    found = {
        **service.config.get("labels", {}),
        labels.PROJECT: stack.project,
        labels.SERVICE: service.name,
        labels.NUMBER: str(service.number),
        labels.ONEOFF: "False",
        labels.CONFIG_HASH: config_hash(service.config),
        labels.CONFIG_FILES: ",".join(stack.files),
        labels.WORKING_DIR: stack.working_dir,
        labels.DEPENDS_ON: ",".join(needs),
        labels.VERSION: labels.COMPOSE_VERSION,
        labels.CONFIG: config_label(service, stack),
        labels.FOLDER: stack.folder,
        labels.ENV: json.dumps({**service.variables, PROJECT_VARIABLE: stack.project}, sort_keys=True),
    }
    if devcontainer is not None:
        found[labels.DEVCONTAINER_FOLDER], found[labels.DEVCONTAINER_CONFIG] = devcontainer
    return found


def _written(service: Service, target: str) -> str:
    """The condition as the Compose file has it: the label is Compose's."""
    return str((service.config.get("depends_on") or {}).get(target, {}).get("condition", "service_started"))


def _networks(service: Service) -> list[str]:
    """Keys of the networks to join, the most important first."""
    networks: Mapping[str, Any] = service.config.get("networks") or {}
    return sorted(networks, key=lambda key: (-(networks[key] or {}).get("priority", 0), key))


def _endpoint(service: Service, key: str) -> dict[str, Any]:
    options: Mapping[str, Any] = service.config["networks"][key] or {}
    aliases = dict.fromkeys((service.container_name, service.name, *options.get("aliases", ())))
    endpoint: dict[str, Any] = {"Aliases": list(aliases)}
    addresses = {
        "IPv4Address": options.get("ipv4_address"),
        "IPv6Address": options.get("ipv6_address"),
        "LinkLocalIPs": options.get("link_local_ips"),
    }
    if any(addresses.values()):
        endpoint["IPAMConfig"] = {name: value for name, value in addresses.items() if value}
    for name, option in (("MacAddress", "mac_address"), ("DriverOpts", "driver_opts"), ("GwPriority", "gw_priority")):
        if option in options:
            endpoint[name] = options[option]
    return endpoint


def _exposed(config: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for item in config.get("expose") or ():
        ports, _, protocol = item.partition("/")
        first, _, last = ports.partition("-")
        found |= {f"{number}/{protocol or 'tcp'}": {} for number in range(int(first), int(last or first) + 1)}
    for port in config.get("ports") or ():
        found[_port(port)] = {}
    return found


def _port(port: Mapping[str, Any]) -> str:
    return f"{port['target']}/{port['protocol'].lower()}"


def _bindings(config: Mapping[str, Any]) -> dict[str, list[dict[str, str]]]:
    found: dict[str, list[dict[str, str]]] = {}
    for port in config.get("ports") or ():
        binding = {"HostIp": port.get("host_ip", ""), "HostPort": port.get("published", "")}
        found.setdefault(_port(port), []).append(binding)
    return found


def _healthcheck(check: Mapping[str, Any]) -> dict[str, Any]:
    names = {
        "interval": "Interval",
        "timeout": "Timeout",
        "start_period": "StartPeriod",
        "start_interval": "StartInterval",
    }
    found: dict[str, Any] = {names[key]: nanoseconds(check[key]) for key in names if key in check}
    if check.get("disable"):
        found["Test"] = ["NONE"]
    elif "test" in check:
        found["Test"] = check["test"]
    if "retries" in check:
        found["Retries"] = check["retries"]
    return found


def _mode(service: Service, stack: Stack, value: str) -> str:
    """`service:x` as the container that it means."""
    other = value.partition("service:")[2]
    return f"container:{stack.services[other].container_name}" if other in stack.services else value


def _host_config(service: Service, stack: Stack) -> dict[str, Any]:
    config = service.config
    binds, mounts = _mounts(service, stack)
    first = _networks(service)[:1]
    mode = _mode(service, stack, config["network_mode"]) if "network_mode" in config else "none"
    found: dict[str, Any] = {
        "NetworkMode": stack.networks[first[0]].name if first else mode,
        "PortBindings": _bindings(config),
        "Binds": binds,
        "Mounts": mounts,
        "RestartPolicy": _restart(config.get("restart", "")),
    }
    lists = {
        "CapAdd": "cap_add", "CapDrop": "cap_drop", "Dns": "dns", "DnsOptions": "dns_opt", "DnsSearch": "dns_search",
        "GroupAdd": "group_add", "Init": "init", "Privileged": "privileged", "ReadonlyRootfs": "read_only",
        "Sysctls": "sysctls", "Annotations": "annotations",
    }  # fmt: skip
    found |= {name: config[key] for name, key in lists.items() if key in config}
    sizes = {
        "Memory": "mem_limit", "MemoryReservation": "mem_reservation", "MemorySwap": "memswap_limit",
        "ShmSize": "shm_size",
    }  # fmt: skip
    found |= {name: int(config[key]) for name, key in sizes.items() if key in config}
    found |= {name: _mode(service, stack, config[key]) for name, key in (("PidMode", "pid"), ("IpcMode", "ipc"))
              if key in config}  # fmt: skip
    if "cpus" in config:
        found["NanoCpus"] = round(config["cpus"] * 1e9)
    if "extra_hosts" in config:
        found["ExtraHosts"] = [item.replace("=", ":", 1) for item in config["extra_hosts"]]
    if "tmpfs" in config:
        found["Tmpfs"] = {target: rest for target, _, rest in (item.partition(":") for item in config["tmpfs"])}
    if "logging" in config:
        found["LogConfig"] = {
            "Type": config["logging"].get("driver", ""),
            "Config": config["logging"].get("options", {}),
        }
    if "ulimits" in config:
        found["Ulimits"] = [_ulimit(name, item) for name, item in config["ulimits"].items()]
    if "devices" in config:
        found["Devices"] = [_device(item) for item in config["devices"]]
    if "security_opt" in config:
        options = [item for item in config["security_opt"] if item != "systempaths=unconfined"]
        found["SecurityOpt"] = options
        if len(options) < len(config["security_opt"]):
            found |= {"MaskedPaths": [], "ReadonlyPaths": []}
    return found


def _restart(text: str) -> dict[str, Any]:
    name, _, tries = text.partition(":")
    return {"Name": name or "no", "MaximumRetryCount": int(tries) if tries else 0}


def _ulimit(name: str, limit: Any) -> dict[str, Any]:
    if isinstance(limit, Mapping):
        return {"Name": name, "Soft": limit.get("soft", 0), "Hard": limit.get("hard", 0)}
    return {"Name": name, "Soft": limit, "Hard": limit}


def _device(device: Mapping[str, str]) -> dict[str, str]:
    source = device.get("source", "")
    return {
        "PathOnHost": source,
        "PathInContainer": device.get("target", source),
        "CgroupPermissions": device.get("permissions", "rwm"),
    }


def _mounts(service: Service, stack: Stack) -> tuple[list[str], list[dict[str, Any]]]:
    """`Binds` for what they can say (the engine makes a missing folder for them), `Mounts` for the rest."""
    binds: list[str] = []
    mounts: list[dict[str, Any]] = []
    taken = set()
    for mount in service.config.get("volumes") or ():
        source = mount.get("source", "")
        taken.add(mount["target"])
        if mount["type"] == "volume" and source in stack.volumes:
            source = stack.volumes[source].name
        if _is_plain(mount) and not re.search(r"[:,]", mount["target"] + source):
            binds.append(f"{source}:{mount['target']}:{_bind_options(mount)}")
        else:
            mounts.append(_mount(mount, source))
    for grant in service.grants:
        if grant.source is not None and grant.target not in taken:
            mounts.append({"Type": "bind", "Source": grant.source, "Target": grant.target, "ReadOnly": True})
    return binds, mounts


def _is_plain(mount: Mapping[str, Any]) -> bool:
    bind, volume = mount.get("bind") or {}, mount.get("volume") or {}
    if mount["type"] == "bind":
        return bind.get("create_host_path", True) and not bind.get("recursive")
    return mount["type"] == "volume" and bool(mount.get("source")) and not ({"labels", "subpath"} & set(volume))


def _bind_options(mount: Mapping[str, Any]) -> str:
    bind, volume = mount.get("bind") or {}, mount.get("volume") or {}
    chosen = ["ro" if mount.get("read_only") else "rw", bind.get("selinux"), bind.get("propagation")]
    return ",".join([option for option in chosen if option] + (["nocopy"] if volume.get("nocopy") else []))


def _mount(mount: Mapping[str, Any], source: str) -> dict[str, Any]:
    found: dict[str, Any] = {
        "Type": mount["type"],
        "Source": source,
        "Target": posixpath.normpath(mount["target"]),
        "ReadOnly": mount.get("read_only", False),
    }
    bind, volume, tmpfs = (mount.get(kind) or {} for kind in ("bind", "volume", "tmpfs"))
    if mount["type"] == "bind" and bind:
        found["BindOptions"] = {
            **({"Propagation": bind["propagation"]} if "propagation" in bind else {}),
            **({"NonRecursive": True} if bind.get("recursive") == "disabled" else {}),
            **({"ReadOnlyNonRecursive": True} if bind.get("recursive") == "writable" else {}),
            **({"ReadOnlyForceRecursive": True} if bind.get("recursive") == "readonly" else {}),
            **({"CreateMountpoint": True} if bind.get("create_host_path", True) else {}),
        }
    if mount["type"] == "volume" and volume:
        found["VolumeOptions"] = {
            "NoCopy": volume.get("nocopy", False),
            "Labels": volume.get("labels", {}),
            **({"Subpath": volume["subpath"]} if "subpath" in volume else {}),
        }
    if mount["type"] == "tmpfs" and tmpfs:
        found["TmpfsOptions"] = {
            **({"SizeBytes": int(tmpfs["size"])} if "size" in tmpfs else {}),
            **({"Mode": tmpfs["mode"]} if "mode" in tmpfs else {}),
        }
    return found
