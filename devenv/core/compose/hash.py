"""Compose's `config-hash`: sha256 over Go's JSON of a normalised service.

Source: docker/compose `pkg/compose/hash.go` and compose-go `types/types.go` (the order of keys), version 5.6.1.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

ORDER: tuple[str, ...] = (
    "profiles", "annotations", "attach", "build", "develop", "blkio_config", "cap_add", "cap_drop", "cgroup_parent",
    "cgroup", "cpu_count", "cpu_percent", "cpu_period", "cpu_quota", "cpu_rt_period", "cpu_rt_runtime", "cpus",
    "cpuset", "cpu_shares", "command", "configs", "container_name", "credential_spec", "depends_on", "deploy",
    "device_cgroup_rules", "devices", "dns", "dns_opt", "dns_search", "dockerfile", "domainname", "entrypoint",
    "provider", "environment", "env_file", "expose", "extends", "external_links", "extra_hosts", "group_add", "gpus",
    "hostname", "healthcheck", "image", "init", "ipc", "isolation", "labels", "label_file", "links", "logging",
    "log_driver", "log_opt", "mem_limit", "mem_reservation", "memswap_limit", "mem_swappiness", "mac_address",
    "models", "net", "network_mode", "networks", "oom_kill_disable", "oom_score_adj", "pid", "pids_limit", "platform",
    "ports", "privileged", "pull_policy", "read_only", "restart", "runtime", "scale", "secrets", "security_opt",
    "shm_size", "stdin_open", "stop_grace_period", "stop_signal", "storage_opt", "sysctls", "tmpfs", "tty", "ulimits",
    "use_api_socket", "user", "userns_mode", "uts", "volume_driver", "volumes", "volumes_from", "working_dir",
    "pre_start", "post_start", "pre_stop", "pull_refresh_after",
)  # fmt: skip
"""Compose's keys of a service, in the order in which they are hashed; the last one is none of compose-go's own yet."""
UNHASHED = frozenset(("build", "pull_policy", "scale", "depends_on", "profiles"))
"""Keys that say nothing of a container as it runs."""
NAMESPACES = {"network_mode": "NetworkMode", "ipc": "IpcMode", "pid": "PidMode"}
"""Keys that may say `service:x`, and where the engine has the container that is meant."""
ENGINE_SOCKET = "/var/run/docker.sock"
LOGINS_FOLDER = "/run/secrets/docker"
"""Where a container that may speak to the engine finds its socket, and the logins of registries."""
_ESCAPED = {ord(character): f"\\u{ord(character):04x}" for character in "<>&\u2028\u2029"}


def config_hash(config: Mapping[str, Any]) -> str:
    """The hex hash of a service's normalised `config`, its nested keys in compose-go's order (as `service` gives)."""
    hashed = {key: of_one(key, config[key]) for key in ORDER if key in config and key not in UNHASHED}
    return hashlib.sha256(go_json(hashed).encode()).hexdigest()


def of_one(key: str, value: Any) -> Any:
    """The `value` of `key` as it counts for one container: how many there are of it is not its own affair."""
    if key == "deploy" and value:
        return {name: item for name, item in value.items() if name != "replicas"}
    return value


def with_engine(config: Mapping[str, Any]) -> Mapping[str, Any]:
    """`config` as Compose makes and hashes it where it says `use_api_socket`: with the engine's socket, and the logins
    of registries in a file that clients of the engine find (compose's `pkg/compose/apiSocket.go`)."""
    if not config.get("use_api_socket"):
        return config
    environment = {"DOCKER_CONFIG": LOGINS_FOLDER, **(config.get("environment") or {})}
    socket = {"type": "bind", "source": ENGINE_SOCKET, "target": ENGINE_SOCKET}
    logins = {"source": "#apisocket", "target": f"{LOGINS_FOLDER}/config.json"}
    return {
        **config,
        "environment": dict(sorted(environment.items())),
        "volumes": [*(config.get("volumes") or ()), socket],
        "configs": [*(config.get("configs") or ()), logins],
    }


def joined(config: Mapping[str, Any], host: Mapping[str, Any]) -> dict[str, Any]:
    """`config` as Compose hashes it when it creates: what is `service:x` in the file is by then `container:<id>`, as in
    the container's `host` configuration, and what `volumes_from` names is its containers' ids, without `:ro`."""
    found: dict[str, Any] = {
        key: host[name]
        for key, name in NAMESPACES.items()
        if str(config.get(key, "")).startswith("service:") and str(host.get(name)).startswith("container:")
    }
    if config.get("volumes_from"):
        found["volumes_from"] = [str(item).partition(":")[0] for item in host.get("VolumesFrom") or ()]
    return {**config, **found}


def go_json(value: Any) -> str:
    """`value` as Go's encoding/json writes it."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).translate(_ESCAPED)
