"""What a Compose file says that has no effect on one machine, or not on the engine that was found: nothing is dropped
in silence.

Source: docker/compose `pkg/compose/unsupported_attributes.go` and `api_versions.go` (what version 5.6.1 warns of and
refuses), the engine's API history.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from devenv.core.compose.values import Reader
from devenv.model.errors import DevenvError, ExitCode
from devenv.model.stack import Service

_SWARM = "is for a swarm alone, and has no effect"
_DEPLOY = ("mode", "labels", "update_config", "rollback_config", "endpoint_mode", "placement")
_WINDOWS = ("cpu_count", "cpu_percent")
_ELSEWHERE = {"cluster": "a swarm", "npipe": "Windows"}
_OF_A_KIND = ("bind", "volume", "tmpfs", "image")


def without_effect(
    services: Mapping[str, Mapping[str, Any]], objects: Mapping[str, Mapping[str, Mapping[str, Any]]]
) -> tuple[str, ...]:
    """A line for each thing that a file says in vain, of its normalised `services` and its `objects` (secrets and
    configs, by kind and key)."""
    found = [f"{name}: {line}" for name, config in services.items() for line in _of_service(config, objects)]
    for kind, known in objects.items():
        for key, item in known.items():
            found += [f"`{kind}.{key}.{each}` {_SWARM}" for each in ("labels", "driver_opts") if item.get(each)]
    return tuple(sorted(found))


def _of_service(config: Mapping[str, Any], objects: Mapping[str, Mapping[str, Mapping[str, Any]]]) -> Iterator[str]:
    deploy = config.get("deploy") or {}
    yield from (f"`deploy.{key}` {_SWARM}" for key in _DEPLOY if deploy.get(key))
    reserved = (deploy.get("resources") or {}).get("reservations") or {}
    for key in ("cpus", "generic_resources"):
        if key in reserved:
            yield f"`deploy.resources.reservations.{key}` {_SWARM}"
    for key in ("delay", "window"):
        if key in (deploy.get("restart_policy") or {}):
            yield f"`deploy.restart_policy.{key}` {_SWARM}: the engine has waits of its own"
    if "credential_spec" in config:
        yield "`credential_spec` is for a swarm of Windows machines alone, and has no effect"
    yield from (f"`{key}` is for Windows alone, and has no effect" for key in _WINDOWS if key in config)
    if "pull_refresh_after" in config:
        yield "`pull_refresh_after` has no effect, as with Compose: `pull_policy: every_24h` does what it says"
    for port in config.get("ports") or ():
        if port.get("mode") == "host":
            yield f"`mode: host` of port {port['target']} {_SWARM}"
    for mount in config.get("volumes") or ():
        for kind in _OF_A_KIND:
            if kind in mount and kind != mount["type"]:
                yield f"`{kind}` of the mount at {mount['target']} has no effect: its type is {mount['type']}"
    for kind in ("secrets", "configs"):
        for grant in config.get(kind) or ():
            if "file" not in objects.get(kind, {}).get(grant["source"], {}):
                continue
            ignored = [key for key in ("uid", "gid", "mode") if key in grant]
            if ignored:
                keys = " and ".join(f"`{key}`" for key in ignored)
                yield f"{keys} of {grant['source']} {_SWARM}: the file is mounted as it is on this machine"


def refuse_elsewhere(reader: Reader, services: Mapping[str, Mapping[str, Any]]) -> None:
    """What Compose reads, and no engine on Linux that is in no swarm can make."""
    for name, config in services.items():
        for mount in config.get("volumes") or ():
            if owner := _ELSEWHERE.get(mount["type"]):
                message = f"`{name}` mounts {mount['target']} as `{mount['type']}`, which only {owner} has."
                reader.cannot(("services", name, "volumes"), message, "Mount a `volume` or a folder (`bind`) there.")
        if config.get("isolation") not in (None, "default"):
            message = f"`{name}` wants the isolation `{config['isolation']}`, which only Windows has."
            reader.cannot(("services", name, "isolation"), message, "Remove it, or say `default`.")


def jobs_by_hand(jobs: Mapping[str, Mapping[str, Any]]) -> tuple[str, ...]:
    """A line for jobs, which no `up` starts (with Compose neither)."""
    if not jobs:
        return ()
    clock = [name for name, job in jobs.items() if (job.get("triggers") or {}).get("schedule")]
    more = f"; nothing here has a clock that would start {', '.join(clock)}" if clock else ""
    return (f"`up` starts no jobs ({', '.join(jobs)}): `docker compose run {next(iter(jobs))}` does{more}",)


def is_at_least(api: str, least: str) -> bool:
    """Whether the engine's API version is `least` or newer; so it is where it is not known."""
    return not api or _version(api) >= _version(least)


def _version(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split(".") if part.isdigit())


def unfit(services: Iterable[Service], api: str) -> list[DevenvError]:
    """What an engine with this API version cannot do, and what Compose refuses there."""
    return [
        DevenvError(
            f"`{service.name}`: {what} needs Docker Engine {engine} or newer; this one speaks API {api} only.",
            hint="Upgrade the engine, or take it out of the file.",
            where=service.where,
            code=ExitCode.UNFIT,
        )
        for service in services
        for what, least, engine in _needed(service.config)
        if not is_at_least(api, least)
    ]


def _needed(config: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """(what, API version, engine's version)."""
    for key, endpoint in (config.get("networks") or {}).items():
        if "interface_name" in (endpoint or {}):
            yield f"`interface_name` in network {key}", "1.49", "28.1"
    for mount in config.get("volumes") or ():
        if mount["type"] == "image":
            yield f"the image mounted at {mount['target']}", "1.48", "28.0"


def unknown_to(services: Iterable[Service], api: str) -> tuple[str, ...]:
    """A line for what an engine with this API version leaves out without a word, as Compose lets it."""
    return tuple(
        f"{service.name}: {what} has no effect on this engine: it needs version {engine}"
        for service in services
        for what, least, engine in _ignored(service.config)
        if not is_at_least(api, least)
    )


def _ignored(config: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    if "annotations" in config:
        yield "`annotations`", "1.43", "24.0"
    if "start_interval" in (config.get("healthcheck") or {}):
        yield "`healthcheck.start_interval`", "1.44", "25.0"
    for mount in config.get("volumes") or ():
        at = f"of the mount at {mount['target']}"
        if "subpath" in (mount.get("volume") or {}):
            yield f"`subpath` {at} (the whole volume is there instead)", "1.45", "26.0"
        recursive = (mount.get("bind") or {}).get("recursive")
        if recursive in ("writable", "readonly"):
            yield f"`recursive: {recursive}` {at}", "1.44", "25.0"
    for key, endpoint in (config.get("networks") or {}).items():
        if "gw_priority" in (endpoint or {}):
            yield f"`gw_priority` in network {key}", "1.48", "28.0"
    if not config.get("networks"):
        return
    macs = [key for key, endpoint in config["networks"].items() if "mac_address" in (endpoint or {})]
    if len(macs) > 1:
        yield f"`mac_address` in more than one network ({', '.join(macs)})", "1.44", "25.0"
