"""The engine's HostConfig of a normalised service: what it may use of the host, and what is mounted into it.

Source: docker/compose `pkg/compose/create.go`, and what version 5.6.1 is seen to send.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping
from typing import Any

from devenv.core.compose.hash import with_engine
from devenv.model.stack import Service, Stack

_BLKIO = {
    "weight_device": "BlkioWeightDevice",
    "device_read_bps": "BlkioDeviceReadBps",
    "device_read_iops": "BlkioDeviceReadIOps",
    "device_write_bps": "BlkioDeviceWriteBps",
    "device_write_iops": "BlkioDeviceWriteIOps",
}
_AS_THEY_ARE = {
    "Dns": "dns", "DnsOptions": "dns_opt", "DnsSearch": "dns_search",
    "GroupAdd": "group_add", "Init": "init", "Privileged": "privileged", "ReadonlyRootfs": "read_only",
    "Sysctls": "sysctls", "Annotations": "annotations", "CgroupParent": "cgroup_parent", "CgroupnsMode": "cgroup",
    "CpuCount": "cpu_count", "CpuPeriod": "cpu_period", "CpuQuota": "cpu_quota", "CpuShares": "cpu_shares",
    "CpuRealtimePeriod": "cpu_rt_period", "CpuRealtimeRuntime": "cpu_rt_runtime", "CpusetCpus": "cpuset",
    "DeviceCgroupRules": "device_cgroup_rules", "Isolation": "isolation", "OomKillDisable": "oom_kill_disable",
    "OomScoreAdj": "oom_score_adj", "PidsLimit": "pids_limit", "Runtime": "runtime", "StorageOpt": "storage_opt",
    "UTSMode": "uts", "UsernsMode": "userns_mode",
}  # fmt: skip
_RECURSIVE = {
    "disabled": "NonRecursive",
    "writable": "ReadOnlyNonRecursive",
    "readonly": "ReadOnlyForceRecursive",
}
_SIZES = {
    "Memory": "mem_limit", "MemoryReservation": "mem_reservation", "MemorySwap": "memswap_limit",
    "MemorySwappiness": "mem_swappiness", "ShmSize": "shm_size",
}  # fmt: skip


def links(service: Service, stack: Stack) -> list[str]:
    """`links` and `external_links` as `container:name`: under its own name a service is linked as `database`, its
    container's short name and its whole name, as Compose does."""
    found = []
    for item in service.config.get("links") or ():
        name, _, alias = item.partition(":")
        for container in stack.services[name].container_names if name in stack.services else ():
            short = container.removeprefix(f"{stack.project}-")
            found += [f"{container}:{each}" for each in (alias or name, short, container)]
    for item in service.config.get("external_links") or ():
        name, _, alias = item.partition(":")
        found.append(f"{name}:{alias or name}")
    return found


def host_config(service: Service, stack: Stack, network: str | None) -> dict[str, Any]:
    """The HostConfig of the service's container, whose first network is `network` (the engine's name)."""
    config = service.config
    binds, mounts = _mounts(service, stack)
    mode = _mode(service, stack, config["network_mode"]) if "network_mode" in config else "none"
    found: dict[str, Any] = {
        "NetworkMode": network or mode,
        "PortBindings": _bindings(config),
        "Binds": binds,
        "Mounts": mounts,
        "RestartPolicy": _restart(config),
    }
    found |= {name: config[key] for name, key in _AS_THEY_ARE.items() if key in config}
    found |= {name: _capabilities(config[key]) for name, key in (("CapAdd", "cap_add"), ("CapDrop", "cap_drop"))
              if key in config}  # fmt: skip
    found |= {name: int(config[key]) for name, key in _SIZES.items() if key in config}
    found |= {name: _mode(service, stack, config[key]) for name, key in (("PidMode", "pid"), ("IpcMode", "ipc"))
              if key in config}  # fmt: skip
    if "cpus" in config:
        found["NanoCpus"] = round(config["cpus"] * 1e9)
    if "cpu_percent" in config:
        found["CpuPercent"] = round(config["cpu_percent"] * 100)
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
    if "volumes_from" in config:
        found["VolumesFrom"] = [_volumes_from(stack, item) for item in config["volumes_from"]]
    if linked := links(service, stack):
        found["Links"] = linked
    if "security_opt" in config:
        said = (service.seccomp.get(item, item) for item in config["security_opt"])
        options = [item for item in said if item != "systempaths=unconfined"]
        found["SecurityOpt"] = options
        if len(options) < len(config["security_opt"]):
            found |= {"MaskedPaths": [], "ReadonlyPaths": []}
    return found | _blkio(config) | _limits(config) | _devices(config)


def _capabilities(names: list[str]) -> list[str]:
    """As the engine's own client writes them: with `CAP_`, each once, sorted."""
    upper = {name.upper() for name in names}
    return ["ALL"] if "ALL" in upper else sorted(f"CAP_{name.removeprefix('CAP_')}" for name in upper)


def _mode(service: Service, stack: Stack, value: str) -> str:
    """`service:x` as the container that it means."""
    other = value.partition("service:")[2]
    return f"container:{stack.services[other].container_name}" if other in stack.services else value


def _volumes_from(stack: Stack, item: str) -> str:
    """The container (and `:ro`) that `container:name` or a service's name means."""
    if item.startswith("container:"):
        return item.removeprefix("container:")
    name, colon, access = item.partition(":")
    other = stack.services.get(name)
    return f"{other.container_name if other else name}{colon}{access}"


def port(port: Mapping[str, Any]) -> str:
    """A port as the engine names it: `80/tcp`."""
    return f"{port['target']}/{port['protocol'].lower()}"


def _bindings(config: Mapping[str, Any]) -> dict[str, list[dict[str, str]]]:
    found: dict[str, list[dict[str, str]]] = {}
    for item in config.get("ports") or ():
        binding = {"HostIp": item.get("host_ip", ""), "HostPort": item.get("published", "")}
        found.setdefault(port(item), []).append(binding)
    return found


def _restart(config: Mapping[str, Any]) -> dict[str, Any]:
    """`deploy.restart_policy` goes before `restart`; a swarm's words for the engine's."""
    policy = (config.get("deploy") or {}).get("restart_policy")
    if policy is not None:
        name, tries = policy.get("condition", ""), policy.get("max_attempts", 0)
    else:
        name, _, given = str(config.get("restart", "")).partition(":")
        tries = int(given or 0)
    return {"Name": {"none": "no", "any": "always"}.get(name, name), "MaximumRetryCount": tries}


def _ulimit(name: str, limit: Any) -> dict[str, Any]:
    if isinstance(limit, Mapping):
        return {"Name": name, "Soft": limit.get("soft", 0), "Hard": limit.get("hard", 0)}
    return {"Name": name, "Soft": limit, "Hard": limit}


def _blkio(config: Mapping[str, Any]) -> dict[str, Any]:
    blkio = config.get("blkio_config") or {}
    found: dict[str, Any] = {"BlkioWeight": blkio["weight"]} if "weight" in blkio else {}
    for key, name in _BLKIO.items():
        if key in blkio:
            found[name] = [{k: int(v) if k == "Rate" else v for k, v in item.items()} for item in blkio[key]]
    return found


def _limits(config: Mapping[str, Any]) -> dict[str, Any]:
    """Those of `deploy.resources`, which go before the service's own."""
    resources = (config.get("deploy") or {}).get("resources") or {}
    limits, reserved = resources.get("limits") or {}, resources.get("reservations") or {}
    found: dict[str, Any] = {}
    if "memory" in limits:
        found["Memory"] = int(limits["memory"])
    if "cpus" in limits:
        found["NanoCpus"] = round(limits["cpus"] * 1e9)
    if limits.get("pids", 0) > 0:
        found["PidsLimit"] = limits["pids"]
    if "memory" in reserved:
        found["MemoryReservation"] = int(reserved["memory"])
    return found


def _devices(config: Mapping[str, Any]) -> dict[str, Any]:
    """Devices by path, and those that are asked for by what they can do or by their CDI name."""
    devices, requests = [], []
    for item in config.get("devices") or ():
        source = item.get("source", "")
        if _is_cdi(source):
            requests.append({"Driver": "cdi", "DeviceIDs": [source]})
        else:
            devices.append(
                {
                    "PathOnHost": source,
                    "PathInContainer": item.get("target", source),
                    "CgroupPermissions": item.get("permissions", "rwm"),
                }
            )
    reserved = ((config.get("deploy") or {}).get("resources") or {}).get("reservations") or {}
    requests = [*map(_request, reserved.get("devices") or ()), *map(_gpu, config.get("gpus") or ()), *requests]
    return {**({"Devices": devices} if devices else {}), **({"DeviceRequests": requests} if requests else {})}


def _is_cdi(source: str) -> bool:
    """Whether a device is named as `vendor.com/class=name` instead of by its path."""
    return re.fullmatch(r"[a-zA-Z][\w.-]*/[a-zA-Z][\w-]*=[\w.:-]+", source) is not None


def _request(device: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "Driver": device.get("driver", ""),
        "Count": device.get("count", 0),
        "DeviceIDs": device.get("device_ids"),
        "Capabilities": [device.get("capabilities", [])],
        "Options": device.get("options"),
    }


def _gpu(device: Mapping[str, Any]) -> dict[str, Any]:
    capabilities = device.get("capabilities", [])
    return _request({**device, "capabilities": [*capabilities, *(() if "gpu" in capabilities else ("gpu",))]})


def _mounts(service: Service, stack: Stack) -> tuple[list[str], list[dict[str, Any]]]:
    """`Binds` for what they can say (the engine makes a missing folder for them), `Mounts` for the rest."""
    binds: list[str] = []
    mounts: list[dict[str, Any]] = []
    taken = set()
    for mount in with_engine(service.config).get("volumes") or ():
        source = mount.get("source", "")
        taken.add(mount["target"])
        if mount["type"] == "volume" and source in stack.volumes:
            source = stack.volumes[source].name
        if _is_plain(mount) and not re.search(r"[:,]", mount["target"] + source):
            binds.append(f"{source}:{mount['target']}:{_bind_options(mount)}")
        else:
            mounts.append(_mount(mount, source))
    secrets = {
        posixpath.join("/run/secrets", item.get("target") or item["source"])
        for item in service.config.get("secrets") or ()
    }
    for grant in service.grants:
        if grant.source is not None and grant.target not in taken:
            bind = {"Type": "bind", "Source": grant.source, "Target": grant.target, "ReadOnly": True}
            # Compose says so of secrets and not of configs; it means nothing.
            mounts.append({**bind, "BindOptions": {}} if grant.target in secrets else bind)
    return binds, mounts


def _is_plain(mount: Mapping[str, Any]) -> bool:
    bind, volume = mount.get("bind") or {}, mount.get("volume") or {}
    if mount["type"] == "bind":
        return bind.get("create_host_path", True) and not ({"recursive", "propagation"} & set(bind))
    return mount["type"] == "volume" and bool(mount.get("source")) and not volume


def _bind_options(mount: Mapping[str, Any]) -> str:
    chosen = ("ro" if mount.get("read_only") else "rw", (mount.get("bind") or {}).get("selinux"))
    return ",".join(option for option in chosen if option)


def _mount(mount: Mapping[str, Any], source: str) -> dict[str, Any]:
    found: dict[str, Any] = {
        "Type": mount["type"],
        "Source": source,
        "Target": mount["target"] if mount["type"] == "npipe" else posixpath.normpath(mount["target"]),
        "ReadOnly": mount.get("read_only", False),
    }
    if "consistency" in mount:
        found["Consistency"] = mount["consistency"]
    return found | dict(_options(mount))


def _options(mount: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The options of the mount's own kind; those of another are said in a notice (`core.compose.notices`)."""
    kind = mount["type"]
    given = mount.get(kind)
    if kind == "bind":
        bind = given or {}
        recursive = _RECURSIVE.get(bind.get("recursive", ""))
        yield (
            "BindOptions",
            {
                **({"Propagation": bind["propagation"]} if "propagation" in bind else {}),
                **({recursive: True} if recursive else {}),
                **({"CreateMountpoint": True} if bind.get("create_host_path", True) else {}),
            },
        )
    elif kind == "volume" and given is not None:
        yield (
            "VolumeOptions",
            {
                "NoCopy": given.get("nocopy", False),
                "Labels": given.get("labels", {}),
                **({"Subpath": given["subpath"]} if "subpath" in given else {}),
            },
        )
    elif kind == "tmpfs" and given is not None:
        size = {"SizeBytes": int(given["size"])} if "size" in given else {}
        yield "TmpfsOptions", {**size, **({"Mode": given["mode"]} if "mode" in given else {})}
    elif kind == "image" and given is not None:
        yield "ImageOptions", {"Subpath": given["subpath"]} if "subpath" in given else {}
