"""`runArgs` and `appPort` (words of `docker run`) as keys of a Compose service."""

from __future__ import annotations

import csv
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from devenv.core.suggest import did_you_mean
from devenv.model.errors import DevenvError, Span

_SHORT = {
    "-e": "--env", "-v": "--volume", "-p": "--publish", "-u": "--user", "-h": "--hostname", "-w": "--workdir",
    "-m": "--memory", "-l": "--label", "-t": "--tty", "-i": "--interactive", "-c": "--cpu-shares",
    "--net": "--network", "--net-alias": "--network-alias", "--dns-opt": "--dns-option",
}  # fmt: skip
_FLAGS = {"--init": "init", "--privileged": "privileged", "--read-only": "read_only", "--tty": "tty",
          "--interactive": "stdin_open"}  # fmt: skip
_TEXTS = {
    "--user": "user", "--hostname": "hostname", "--workdir": "working_dir", "--memory": "mem_limit",
    "--memory-swap": "memswap_limit", "--memory-reservation": "mem_reservation", "--shm-size": "shm_size",
    "--cpus": "cpus", "--cpu-shares": "cpu_shares", "--cpuset-cpus": "cpuset", "--ipc": "ipc", "--pid": "pid",
    "--userns": "userns_mode", "--uts": "uts", "--cgroupns": "cgroup", "--cgroup-parent": "cgroup_parent",
    "--runtime": "runtime", "--restart": "restart", "--platform": "platform", "--name": "container_name",
    "--stop-signal": "stop_signal", "--domainname": "domainname", "--mac-address": "mac_address",
    "--pids-limit": "pids_limit", "--isolation": "isolation", "--oom-score-adj": "oom_score_adj",
    "--pull": "pull_policy", "--entrypoint": "entrypoint",
}  # fmt: skip
_LISTS = {
    "--cap-add": "cap_add", "--cap-drop": "cap_drop", "--security-opt": "security_opt", "--add-host": "extra_hosts",
    "--dns": "dns", "--dns-search": "dns_search", "--dns-option": "dns_opt", "--device": "devices",
    "--group-add": "group_add", "--tmpfs": "tmpfs", "--publish": "ports", "--expose": "expose",
    "--env-file": "env_file", "--volume": "volumes", "--device-cgroup-rule": "device_cgroup_rules",
    "--volumes-from": "volumes_from",
}  # fmt: skip
_PAIRS = {"--env": "environment", "--label": "labels", "--sysctl": "sysctls", "--annotation": "annotations"}
_NONE = frozenset(("--rm", "--detach", "-d", "--sig-proxy", "--quiet", "-q"))
"""What concerns `docker run` itself, and not the container."""


def service(args: Sequence[str], where: Callable[[int], Span]) -> dict[str, Any]:
    """The keys that `runArgs` say. `where` gives the place of an argument. Raises DevenvError for one that no Compose
    service can have."""
    found: dict[str, Any] = {}
    ahead = deque(enumerate(args))
    while ahead:
        at, word = ahead.popleft()
        name, given, value = word.partition("=")
        if word[:1] == "-" and word[:2] != "--" and len(word) > 2:
            short = word[:2]
            if not given and (short in _NONE or _SHORT.get(short) in _FLAGS):  # -it
                name = short
                ahead.appendleft((at, f"-{word[2:]}"))
            elif short in _SHORT and name not in _SHORT:  # -eNAME=value
                name, given, value = short, "=", word[2:].removeprefix("=")
        name = _SHORT.get(name, name)
        if name in _NONE:
            continue
        if name in _FLAGS:
            found[_FLAGS[name]] = value != "false"
            continue
        if not given:
            if not ahead:
                raise _refused(f"`{word}` in `runArgs` has no value.", "Give it one, or take it out.", where(at))
            _, value = ahead.popleft()
        try:
            _take(found, name, value, where(at))
        except ValueError:
            raise _refused(
                f"`{value}` is no value of `{name}` in `runArgs`.", f"Write what `docker run {name}` takes.", where(at)
            ) from None
    return found


def _take(found: dict[str, Any], name: str, value: str, where: Span) -> None:
    if name in _TEXTS:
        found[_TEXTS[name]] = [value] if name == "--entrypoint" else value
    elif name in _LISTS:
        found.setdefault(_LISTS[name], []).append(value)
    elif name in _PAIRS:
        key, given, text = value.partition("=")
        found.setdefault(_PAIRS[name], {})[key] = text if given else None
    elif name == "--mount":
        from devenv.core.devcontainer.metadata import mount

        found.setdefault("volumes", []).append(volume(mount(value)))
    elif name == "--network":
        _network(found, value)
    elif name == "--network-alias":
        found.setdefault("networks", {}).setdefault("default", {}).setdefault("aliases", []).append(value)
    elif name == "--ulimit":
        limit, _, text = value.partition("=")
        soft, _, hard = text.partition(":")
        found.setdefault("ulimits", {})[limit] = {"soft": int(soft), "hard": int(hard or soft)}
    elif name == "--gpus":
        found.setdefault("gpus", []).append(_gpus(value))
    elif name in ("--log-driver", "--log-opt"):
        log = found.setdefault("logging", {})
        if name == "--log-driver":
            log["driver"] = value
        else:
            key, _, text = value.partition("=")
            log.setdefault("options", {})[key] = text
    else:
        hint = did_you_mean(name, (*_TEXTS, *_LISTS, *_PAIRS, *_FLAGS, "--mount", "--network", "--ulimit", "--gpus"))
        raise _refused(
            f"devenv cannot do `{name}` of `runArgs`.",
            hint or "Take it out, or write the container as a service of a Compose file (`dockerComposeFile`).",
            where,
        )


def _gpus(value: str) -> dict[str, Any]:
    """A request for devices: `all`, a number, or fields such as `"device=0,1",capabilities=utility`. Raises ValueError
    for others."""
    found: dict[str, Any] = {}
    for field in next(csv.reader([value]), []):
        name, given, text = field.partition("=")
        if not given:
            name, text = "count", name
        if name == "count":
            found["count"] = text if text == "all" else int(text)
        elif name in ("device", "capabilities"):
            found["device_ids" if name == "device" else name] = text.split(",")
        elif name == "driver":
            found["driver"] = text
        else:
            raise ValueError(name)
    return found


def _network(found: dict[str, Any], value: str) -> None:
    if value in ("host", "none", "bridge") or value.startswith("container:"):
        found["network_mode"] = value
        return
    found.setdefault("networks", {})[value] = None


def volume(one: Mapping[str, Any]) -> dict[str, Any]:
    """A mount of `docker run` as Compose's long form of a volume."""
    long: dict[str, Any] = {"type": one["type"], "target": one.get("target", "")}
    if one.get("source"):
        long["source"] = one["source"]
    if one.get("readonly") in (True, "true", "1"):
        long["read_only"] = True
    if one["type"] == "bind":
        long["bind"] = {"create_host_path": False}
        if one.get("bind-propagation"):
            long["bind"]["propagation"] = one["bind-propagation"]
    if one["type"] == "tmpfs" and one.get("tmpfs-size"):
        long["tmpfs"] = {"size": one["tmpfs-size"]}
    return long


def ports(value: Any) -> list[str]:
    """`appPort` as Compose's `ports`: a number is published on this machine alone."""
    items = value if isinstance(value, list) else [value]
    return [f"127.0.0.1:{item}:{item}" if isinstance(item, int) or item.isdigit() else item for item in items]


def _refused(message: str, hint: str, where: Span) -> DevenvError:
    return DevenvError(message, hint=hint, where=where)
