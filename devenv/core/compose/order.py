"""A printed model as text like Compose's, so that a comparison of the two texts is empty: keys in the order of
Compose's structs, what is no struct by name, and scalars quoted as its YAML writer quotes them.

Source: compose-go `types/types.go` (the order of fields), go.yaml.in `resolve.go` and `encode.go` (what is quoted).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

_S = ("services", "*")
_UPDATE = "parallelism delay failure_action monitor max_failure_ratio order"
_HOOK = "command user privileged working_dir environment"
_FILE = "name file environment content external labels driver driver_opts template_driver"
_GRANT = "source target uid gid mode"
_DEVICE = "capabilities driver count device_ids options"
_ORDERS = {
    (): "name services jobs networks volumes secrets configs models",
    _S: """
        profiles provider deploy develop restart scale attach container_name external_links links post_start pre_start
        pre_stop annotations blkio_config cap_add cap_drop cgroup_parent cgroup cpu_count cpu_percent cpu_period
        cpu_quota cpu_rt_period cpu_rt_runtime cpus cpuset cpu_shares command configs credential_spec
        device_cgroup_rules devices dns dns_opt dns_search domainname entrypoint environment env_file extra_hosts
        group_add gpus hostname image init ipc isolation network_mode labels label_file logging mem_limit
        mem_reservation memswap_limit mem_swappiness mac_address models networks oom_kill_disable oom_score_adj pid
        pids_limit platform privileged pull_policy pull_refresh_after read_only runtime secrets security_opt shm_size
        stop_grace_period stop_signal storage_opt sysctls tmpfs ulimits use_api_socket user userns_mode uts volumes
        volumes_from working_dir build depends_on expose healthcheck ports stdin_open tty
    """,
    (*_S, "blkio_config"): """
        weight weight_device device_read_bps device_read_iops device_write_bps device_write_iops
    """,
    (*_S, "build"): """
        context dockerfile dockerfile_inline entitlements args provenance sbom ssh labels cache_from cache_to no_cache
        no_cache_filter additional_contexts pull extra_hosts isolation network target secrets shm_size tags ulimits
        platforms privileged
    """,
    (*_S, "build", "secrets", "[]"): _GRANT,
    (*_S, "build", "ulimits", "*"): "soft hard",
    (*_S, "configs", "[]"): _GRANT,
    (*_S, "depends_on", "*"): "condition restart required",
    (*_S, "deploy"): """
        mode replicas labels update_config rollback_config resources restart_policy placement endpoint_mode
    """,
    (*_S, "deploy", "update_config"): _UPDATE,
    (*_S, "deploy", "rollback_config"): _UPDATE,
    (*_S, "deploy", "resources", "reservations"): "cpus memory devices generic_resources",
    (*_S, "deploy", "resources", "reservations", "devices", "[]"): _DEVICE,
    (*_S, "deploy", "placement"): "constraints preferences max_replicas_per_node",
    (*_S, "develop", "watch", "[]"): "path action target exec include ignore initial_sync",
    (*_S, "develop", "watch", "[]", "exec"): _HOOK,
    (*_S, "devices", "[]"): "source target permissions",
    (*_S, "gpus", "[]"): _DEVICE,
    (*_S, "healthcheck"): "test timeout interval retries start_period start_interval disable",
    (*_S, "ports", "[]"): "name mode host_ip target published protocol app_protocol",
    (*_S, "post_start", "[]"): _HOOK,
    (*_S, "pre_stop", "[]"): _HOOK,
    (*_S, "provider"): "type options",
    (*_S, "secrets", "[]"): _GRANT,
    (*_S, "ulimits", "*"): "soft hard",
    (*_S, "volumes", "[]"): "type source target read_only consistency bind volume tmpfs image",
    (*_S, "volumes", "[]", "bind"): "selinux propagation create_host_path recursive",
    (*_S, "volumes", "[]", "tmpfs"): "size mode",
    ("networks", "*"): """
        name driver driver_opts ipam external internal attachable labels enable_ipv4 enable_ipv6
    """,
    ("networks", "*", "ipam"): "driver config options",
    ("networks", "*", "ipam", "config", "[]"): "subnet gateway ip_range aux_addresses",
    ("volumes", "*"): "name driver driver_opts external labels",
    ("models", "*"): "name model context_size runtime_flags",
    ("jobs", "*", "triggers"): "manual schedule",
    ("jobs", "*", "triggers", "schedule", "[]"): "cron timezone concurrency missed_fires",
    ("secrets", "*"): _FILE,
    ("configs", "*"): _FILE,
}
_ORDERS["jobs", "*"] = f"name profiles triggers {_ORDERS[_S]}"
_NAMED = frozenset(("networks", "depends_on", "ulimits"))
"""Keys of a service below which structs stand by names that a person chose, as they do at the top."""
_RESOLVED = re.compile(
    r"~?|null|Null|NULL|true|True|TRUE|false|False|FALSE|<<|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)"
    r"|[-+]?(?:\.[0-9]+|[0-9][0-9_]*(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?"
    r"|[-+]?0[xX][0-9a-fA-F_]+|[-+]?0[bB][01_]+|[-+]?0[oO][0-7_]+|[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:[Tt ].*)?"
)
"""Texts that would be read as something else: in double quotes."""
_OLD = re.compile(r"[yYnN]|yes|Yes|YES|no|No|NO|on|On|ON|off|Off|OFF|[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?")
"""Texts that YAML 1.1 would have read as something else: in single quotes."""


def ordered(value: Any, *, json: bool = False) -> Any:
    """`value`, a whole printed model, with its keys in Compose's order; `json`: in which the top is by name."""
    return _ordered(value, ("json",) if json else ())


def _ordered(value: Any, at: tuple[str, ...]) -> Any:
    if isinstance(value, list | tuple):
        return [_ordered(item, (*at, "[]")) for item in value]
    if not isinstance(value, Mapping):
        return value
    top, here = at == ("json",), at[1:] if at[:1] == ("json",) else at
    # What stands directly below one of these keys is called as a person calls it.
    named = len(here) == 1 or (len(here) in (3, 4) and here[-1] in _NAMED)
    order = {} if top else {key: index for index, key in enumerate(_order(here).split())}
    keys = sorted(value, key=lambda key: (order.get(key, len(order)), key))
    return {key: _ordered(value[key], (*at, "*" if named else str(key))) for key in keys}


def _order(at: tuple[str, ...]) -> str:
    """The order below `at`; a job has the keys of a service."""
    return _ORDERS.get(at) or (_ORDERS.get((*_S, *at[2:]), "") if at[:1] == ("jobs",) else "")


def yaml_text(model: Mapping[str, Any], *, indent: int = 2) -> str:
    """The YAML of an ordered `model`, without the last line's end; each level begins `indent` spaces further in."""
    import yaml

    class Dumper(yaml.SafeDumper):
        def increase_indent(self, flow: bool = False, indentless: bool = False) -> Any:
            return super().increase_indent(flow, False)

        def ignore_aliases(self, data: Any) -> bool:
            return True

    def text(dumper: Any, value: str) -> Any:
        style = "|" if "\n" in value else '"' if _RESOLVED.fullmatch(value) else "'" if _OLD.fullmatch(value) else None
        return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=style)

    Dumper.add_representer(str, text)
    return str(yaml.dump(model, Dumper=Dumper, sort_keys=False, indent=indent, allow_unicode=True, width=80)).rstrip(
        "\n"
    )
