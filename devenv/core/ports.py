"""Which ports devenv chooses, and the variables they stand under.

A container's port alone (`8000`, `{target: 8000}`) is devenv's to place on the host: loopback, a variable with a
preferred number, moved when it is taken. All that a person wrote with a host's port is taken literally.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from devenv.core import longform
from devenv.model.manifest import CatalogueService

LOOPBACK = "127.0.0.1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Port:
    """One container port of a service. `published` is Compose text: a reference for a chosen port, else what was
    written. `variable` and `preferred` are set for chosen ones. `extra` are the other keys of its long form."""

    service: str
    target: int
    protocol: str
    published: str
    host_ip: str | None
    variable: str | None = None
    preferred: int | None = None
    extra: Mapping[str, Any]

    @property
    def host(self) -> str:
        """Where a program on this host reaches it."""
        if self.host_ip in (None, "", "0.0.0.0", "::"):
            return LOOPBACK
        return f"[{self.host_ip}]" if ":" in str(self.host_ip) and "$" not in str(self.host_ip) else str(self.host_ip)


def variable_part(name: str) -> str:
    """A service's name as part of a variable's: `my-db` → `MY_DB`."""
    return re.sub(r"[^A-Za-z0-9]", "_", name).upper()


def port_variable(service: str, target: int, protocol: str = "tcp") -> str:
    """`DEVENV_PORT_DB_5432`, `DEVENV_PORT_DNS_53_UDP`."""
    suffix = "" if protocol == "tcp" else f"_{protocol.upper()}"
    return f"DEVENV_PORT_{variable_part(service)}_{target}{suffix}"


def image_variable(service: str) -> str:
    """`DEVENV_IMAGE_DB`."""
    return f"DEVENV_IMAGE_{variable_part(service)}"


def reference(variable: str, default: object) -> str:
    """`${NAME:-default}`, the default escaped so that Compose reads it back as it is."""
    return "${" + f"{variable}:-{str(default).replace('$', '$$')}" + "}"


def table(services: Mapping[str, Any], catalogue: Mapping[str, CatalogueService]) -> dict[str, list[Port | str]]:
    """The ports of every service, in order; a text is one whose parts are known only with its variables' values.

    No two chosen ports prefer the same number, and none prefers one that is taken literally.
    """
    long = {name: longform.ports(service.get("ports")) for name, service in services.items()}
    taken = {
        item["published"] for items in long.values() for item in items if isinstance(item, dict) and "published" in item
    }
    found: dict[str, list[Port | str]] = {}
    for name, items in long.items():
        kind = catalogue.get(str(services[name].get("use", "")).partition("@")[0])
        once = [item for index, item in enumerate(items) if item not in items[:index] and _is_known(item)]
        found[name] = [item if isinstance(item, str) else _port(name, item, kind, taken) for item in once]
    return found


def _is_known(item: Mapping[str, Any] | str) -> bool:
    return isinstance(item, str) or isinstance(item["target"], int)  # others `check` has told of


def _port(service: str, item: Mapping[str, Any], kind: CatalogueService | None, taken: set[str]) -> Port | str:
    extra = {key: value for key, value in item.items() if key not in ("target", "protocol", "published", "host_ip")}
    target, protocol = item["target"], str(item["protocol"])
    if "published" in item:
        return Port(
            service=service, target=target, protocol=protocol, published=str(item["published"]),
            host_ip=item.get("host_ip"), extra=extra,
        )  # fmt: skip
    preferred = kind.host_port if kind and kind.port == target and kind.host_port else target
    preferred = preferred + 8000 if preferred < 1024 else preferred
    while str(preferred) in taken:
        preferred = preferred + 1 if preferred < 65_535 else 1024
    taken.add(str(preferred))
    variable = port_variable(service, target, protocol)
    return Port(
        service=service, target=target, protocol=protocol, published=reference(variable, preferred),
        host_ip=item.get("host_ip", LOOPBACK), variable=variable, preferred=preferred, extra=extra,
    )  # fmt: skip
