"""What the engine is told to make of a normalised service, network or volume (compose's `pkg/compose/create.go`)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from devenv.core import options
from devenv.core.compose.changes import changes as changes
from devenv.core.compose.changes import config_label
from devenv.core.compose.hash import LOGINS_FOLDER, config_hash, with_engine
from devenv.core.compose.hostconfig import host_config, links, port
from devenv.core.compose.values import nanoseconds
from devenv.model import labels
from devenv.model.stack import CopiedFile, Network, Service, Stack, Volume

PROJECT_VARIABLE = "DEVENV_PROJECT"
INTERFACE_OPTION = "com.docker.network.endpoint.ifname"
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
    config = with_engine(service.config)
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
    }
    if "stop_signal" in config:
        body["StopSignal"] = config["stop_signal"]
    if "stop_grace_period" in config:
        body["StopTimeout"] = nanoseconds(config["stop_grace_period"]) // 1_000_000_000
    if config.get("healthcheck"):
        body["Healthcheck"] = _healthcheck(config["healthcheck"])
    if config.get("platform"):
        body["Platform"] = config["platform"]
    first = next(iter(_networks(service)), None)
    network = stack.networks[first].name if first else None
    body["HostConfig"] = host_config(service, stack, network)
    if first:
        body["NetworkingConfig"] = {"EndpointsConfig": {network: _endpoint(service, stack, first)}}
    if mac := _mac_address(service, first):
        body["MacAddress"] = mac
    return body


def _mac_address(service: Service, first: str | None) -> str:
    """The container's own, which engines before API 1.44 ask for; newer ones take that of the endpoint."""
    own = str(service.config.get("mac_address", ""))
    return str((service.config["networks"][first] or {}).get("mac_address", own)) if first else own


def connections(service: Service, stack: Stack) -> tuple[tuple[str, dict[str, Any]], ...]:
    """The networks beside the first: (the engine's name, endpoint configuration), to be joined before the start."""
    return tuple((stack.networks[key].name, _endpoint(service, stack, key)) for key in _networks(service)[1:])


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


def copies(service: Service, stack: Stack, *, logins: str = "") -> dict[str, CopiedFile]:
    """What is copied in before each start, by its path in the container. `logins` is the text of the
    configuration by which a client of the engine logs in at registries, for a service that may speak to the engine."""
    found: dict[str, CopiedFile] = {}
    for grant in service.grants:
        if grant.content is not None:
            content = grant.content.value.encode()
            owned = grant.uid or grant.gid
            found[grant.target] = (content, grant.mode, grant.uid, grant.gid) if owned else (content, grant.mode)
    if service.config.get("use_api_socket"):
        found[f"{LOGINS_FOLDER}/config.json"] = ((logins or "{}").encode(), 0o444)
    return found


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
        labels.CONFIG_HASH: config_hash(with_engine(service.config)),
        labels.CONFIG_FILES: ",".join(stack.files),
        **({labels.ENV_FILES: ",".join(stack.env_files)} if stack.env_files else {}),
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


def _endpoint(service: Service, stack: Stack, key: str) -> dict[str, Any]:
    options: Mapping[str, Any] = service.config["networks"][key] or {}
    aliases = dict.fromkeys((service.container_name, service.name, *options.get("aliases", ())))
    endpoint: dict[str, Any] = {"Aliases": list(aliases)}
    if linked := links(service, stack):
        endpoint["Links"] = linked
    addresses = {
        "IPv4Address": options.get("ipv4_address"),
        "IPv6Address": options.get("ipv6_address"),
        "LinkLocalIPs": options.get("link_local_ips"),
    }
    if any(addresses.values()):
        endpoint["IPAMConfig"] = {name: value for name, value in addresses.items() if value}
    mac = options.get("mac_address") or (service.config.get("mac_address") if key == _networks(service)[0] else None)
    further = {
        "MacAddress": mac,
        "DriverOpts": {**options.get("driver_opts", {}), **_interface(options)},
        "GwPriority": options.get("gw_priority"),
    }
    return endpoint | {name: value for name, value in further.items() if value}


def _interface(options: Mapping[str, Any]) -> dict[str, str]:
    return {INTERFACE_OPTION: options["interface_name"]} if "interface_name" in options else {}


def _exposed(config: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for item in config.get("expose") or ():
        ports, _, protocol = item.partition("/")
        first, _, last = ports.partition("-")
        found |= {f"{number}/{protocol or 'tcp'}": {} for number in range(int(first), int(last or first) + 1)}
    for item in config.get("ports") or ():
        found[port(item)] = {}
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
