"""One service of a Compose file in its normal form: what `docker compose config --format json` prints of it.

Texts are the real ones (Compose prints a `$` as `$$`). Keys are in compose-go's order.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from devenv.core.compose import build, develop, hooks, mounts, plugins, pull, resources, shell, values
from devenv.core.compose.hash import ORDER
from devenv.core.compose.values import Reader, fields
from devenv.model.manifest import Path

_NAMESPACES = ("network_mode", "ipc", "pid")
_OLD = {
    "dockerfile": "`build: {dockerfile: …}`",
    "log_driver": "`logging: {driver: …}`",
    "log_opt": "`logging: {options: …}`",
    "net": "`network_mode`",
    "volume_driver": "`driver` of a volume under `volumes:` at the top of the file",
}
"""Keys of the first Compose files, which none reads any more, and what took their place."""
_UMASK = 'Set it in the command: `["sh", "-c", "umask 0022 && exec …"]`.'


def command(reader: Reader, value: Any, at: Path) -> list[str] | None:
    """`command` or `entrypoint`: a list, or a text that is split into words. Empty ones clear the image's."""
    if value is None:
        return None
    if isinstance(value, list):
        for index, item in enumerate(value):
            if not isinstance(item, str):
                values.text(reader, item, (*at, index))
        return [item for item in value if isinstance(item, str)]
    if not isinstance(value, str):
        reader.not_a(at, "a text or a list of texts")
        return None
    try:
        return shell.words(value)
    except ValueError as error:
        reader.wrong(at, f"The command cannot be split into words: {error}.", "Write it as a list of its words.")
        return None


def _test(reader: Reader, value: Any, at: Path) -> list[str] | None:
    if isinstance(value, str):
        return ["CMD-SHELL", value]
    words = command(reader, value, at)
    if words and words[0] not in ("NONE", "CMD", "CMD-SHELL"):
        reader.wrong(
            at,
            f"The test begins with `{words[0]}`.",
            'Begin the list with "CMD", "CMD-SHELL" or "NONE", or write one text.',
        )
    return words or None


_HEALTHCHECK: dict[str, values.Read] = {
    "test": _test,
    "timeout": values.duration,
    "interval": values.duration,
    "retries": values.count,
    "start_period": values.duration,
    "start_interval": values.duration,
    "disable": values.boolean,
}


def _healthcheck(reader: Reader, value: Any, at: Path) -> dict[str, Any] | None:
    return fields(reader, value, at, _HEALTHCHECK)


def _logging(reader: Reader, value: Any, at: Path) -> dict[str, Any] | None:
    return fields(reader, value, at, {"driver": values.text, "options": values.options})


_NEED: dict[str, values.Read] = {
    "condition": values.choice("service_started", "service_healthy", "service_completed_successfully"),
    "restart": values.boolean,
    "required": values.flag,
}


def _depends_on(reader: Reader, value: Any, at: Path) -> dict[str, Any] | None:
    if isinstance(value, list):
        value = {name: {"condition": "service_started"} for name in values.strings(reader, value, at) or ()}
    elif not isinstance(value, Mapping):
        reader.not_a(at, "a list or a mapping of services")
        return None
    found: dict[str, Any] = {}
    for name, item in sorted(value.items()):
        need = fields(reader, item, (*at, name), _NEED)
        if need is None:
            continue
        if "condition" not in item:
            reader.wrong((*at, name), f"`{name}` has no `condition`.", "Give it one, such as `service_started`.")
        found[name] = {"condition": "service_started", **need}
        found[name].setdefault("required", True)
    return found or None


def _size_or_nothing(reader: Reader, value: Any, at: Path) -> str | None:
    if isinstance(value, float):
        reader.not_a(at, "a whole number of bytes, or a size such as `512m`", "Compose drops a number with a point.")
        return None
    return values.size(reader, value, at)


def _sorted_pairs(reader: Reader, value: Any, at: Path) -> dict[str, str | None] | None:
    return values.resolved(reader, value, at) or None


def _restart(reader: Reader, value: Any, at: Path) -> str | None:
    given = "no" if value is False else values.text(reader, value, at)
    name, colon, tries = (given or "no").partition(":")
    if name not in ("no", "always", "on-failure", "unless-stopped") or (colon and not tries.isdigit()):
        reader.not_a(at, "`no`, `always`, `on-failure`, `on-failure:3` or `unless-stopped`")
        return None
    return given


def _expose(reader: Reader, value: Any, at: Path) -> list[str] | None:
    found = values.strings(reader, value, at)
    for item in found or ():
        if not re.fullmatch(r"\d+(?:-\d+)?(?:/(?:tcp|udp|sctp))?", item):
            reader.not_a(at, "a list of ports such as `8000` or `53/udp`")
    return found


def _hooks(reader: Reader, value: Any, at: Path) -> list[dict[str, Any]] | None:
    return hooks.inside(reader, value, at, command=command)


KEYS: dict[str, values.Read] = {
    "annotations": values.labels,
    "attach": values.flag,
    "blkio_config": resources.blkio,
    "build": build.build,
    "cap_add": values.strings,
    "cap_drop": values.strings,
    "cgroup": values.choice("host", "private"),
    "cgroup_parent": values.text,
    "command": command,
    "configs": mounts.configs,
    "container_name": values.text,
    "cpu_count": values.integer,
    "cpu_percent": resources.within(0, 100),
    "cpu_period": values.integer,
    "cpu_quota": values.integer,
    "cpu_rt_period": values.integer,
    "cpu_rt_runtime": values.integer,
    "cpu_shares": values.integer,
    "cpus": values.number,
    "cpuset": values.text,
    "credential_spec": resources.credential_spec,
    "depends_on": _depends_on,
    "deploy": resources.deploy,
    "develop": develop.develop,
    "device_cgroup_rules": values.strings,
    "devices": mounts.devices,
    "dns": values.one_or_more,
    "dns_opt": values.strings,
    "dns_search": values.one_or_more,
    "domainname": values.text,
    "entrypoint": command,
    "environment": _sorted_pairs,
    "expose": _expose,
    "external_links": values.strings,
    "extra_hosts": mounts.hosts,
    "gpus": resources.gpus,
    "group_add": values.strings,
    "healthcheck": _healthcheck,
    "hostname": values.text,
    "image": values.text,
    "init": values.flag,
    "ipc": values.text,
    "isolation": values.text,
    "labels": values.labels,
    "links": values.strings,
    "logging": _logging,
    "mac_address": values.text,
    "mem_limit": _size_or_nothing,
    "mem_reservation": _size_or_nothing,
    "mem_swappiness": _size_or_nothing,
    "memswap_limit": _size_or_nothing,
    "network_mode": values.text,
    "networks": mounts.networks,
    "oom_kill_disable": values.boolean,
    "oom_score_adj": resources.within(-1000, 1000),
    "pid": values.text,
    "pids_limit": values.integer,
    "platform": values.text,
    "ports": mounts.ports,
    "models": plugins.used_models,
    "post_start": _hooks,
    "pre_stop": _hooks,
    "privileged": values.boolean,
    "profiles": values.strings,
    "provider": plugins.provider,
    "pull_policy": pull.pull_policy,
    "pull_refresh_after": values.text,
    "read_only": values.boolean,
    "restart": _restart,
    "runtime": values.text,
    "scale": values.count,
    "secrets": mounts.secrets,
    "security_opt": values.strings,
    "shm_size": _size_or_nothing,
    "stdin_open": values.boolean,
    "stop_grace_period": values.duration,
    "stop_signal": values.text,
    "storage_opt": values.options,
    "sysctls": values.labels,
    "tmpfs": values.one_or_more,
    "tty": values.boolean,
    "ulimits": mounts.ulimits,
    "use_api_socket": values.boolean,
    "user": values.text,
    "userns_mode": values.text,
    "uts": values.text,
    "volumes": mounts.volumes,
    "volumes_from": values.strings,
    "working_dir": values.text,
}
"""What devenv reads of a service, and how."""
_ELSEWHERE = frozenset(("env_file", "label_file", "pre_start"))
REFUSED = frozenset(ORDER) - frozenset(KEYS) - _ELSEWHERE


def _implied(found: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Services that another key of a service names: they come first, too."""
    needs: dict[str, dict[str, Any]] = {}
    for item in found.get("volumes_from") or ():
        if not item.startswith("container:"):
            needs[item.partition(":")[0]] = {"condition": "service_started", "required": True}
    others = [item.partition(":")[0] for item in found.get("links") or ()]
    others += [str(found.get(key) or "").partition("service:")[2] for key in _NAMESPACES]
    for other in filter(None, others):
        needs[other] = {"condition": "service_started", "restart": True, "required": True}
    return needs


def service(
    reader: Reader,
    value: Mapping[str, Any],
    at: Path,
    *,
    environment: Mapping[str, str],
    labels: Mapping[str, str],
) -> dict[str, Any]:
    """The service at `at`. `environment` and `labels` are what its `env_file` and `label_file` hold."""
    found: dict[str, Any] = {}
    for key, item in value.items():
        if key in KEYS:
            found[key] = KEYS[key](reader, item, (*at, key))
        elif key in _OLD:
            reader.wrong((*at, key), f"`{key}` is a key of old files, which Compose refuses.", f"Write {_OLD[key]}.")
        elif key == "umask":
            reader.wrong((*at, key), "No version of Compose carries `umask` out yet, nor does devenv.", _UMASK)
        elif key not in _ELSEWHERE and not key.startswith("x-"):
            reader.unknown(at, key, {**KEYS, **dict.fromkeys(_ELSEWHERE)}, REFUSED)
    if environment:
        found["environment"] = dict(sorted({**environment, **(found.get("environment") or {})}.items()))
    if labels:
        found["labels"] = dict(sorted({**labels, **(found.get("labels") or {})}.items()))
    if value.get("label_file"):
        files = values.one_or_more(reader, value["label_file"], (*at, "label_file"))
        found["label_file"] = [mounts.absolute(reader, file) for file in files or ()]
    if not found.get("networks"):
        found["networks"] = None if found.get("network_mode") or found.get("provider") else {"default": None}
    elif found.get("network_mode"):
        reader.wrong((*at, "network_mode"), "`network_mode` and `networks` exclude each other.", "Keep one of them.")
    needs = {**_implied(found), **(found.get("depends_on") or {})}
    found["depends_on"] = dict(sorted(needs.items())) or None
    resources.check_agreement(reader, found, at)
    if found.get("scale") is not None and found.get("deploy") is not None:
        found["deploy"].setdefault("replicas", found["scale"])
    if not {"image", "build", "provider"} & set(value):
        reader.wrong(at, f"The service `{at[-1]}` has neither `image` nor `build`.", "Give it one of the two.")
    elif value.get("image") == "" and not {"build", "provider"} & set(value):
        reader.wrong((*at, "image"), f"The `image` of `{at[-1]}` is empty.",
                     "Name an image; where a variable stands, set it in the shell or in `.env`.")  # fmt: skip
    if "pre_start" in value:
        here = (*at, "pre_start")
        found["pre_start"] = hooks.before(reader, value["pre_start"], here, service=found, keys=KEYS)
    return {key: found.get(key) for key in ORDER if found.get(key) is not None or key in ("command", "entrypoint")}
