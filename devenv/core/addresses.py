"""What other services, people and seeders may say of a service: host, port, user, url … inside and on the host.

All of it is Compose text: a `$` that is meant as such is `$$`, references stay `${…}`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from devenv.core import longform
from devenv.core.ports import Port
from devenv.core.readiness import Kinds, ReadyKind
from devenv.model.manifest import CatalogueService

_PART = longform.REFERENCE


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Of one service: `values` for `{{ }}` (host, port, url, host_port, host_url and the catalogue's), `missing`
    with the reason for each of those it has not, `credentials` (the catalogue's values alone), `urls` for people."""

    values: Mapping[str, str]
    missing: Mapping[str, str]
    credentials: Mapping[str, str] = field(default_factory=dict)
    urls: Mapping[str, str] = field(default_factory=dict)


def facts(
    name: str, service: Mapping[str, Any], kind: CatalogueService | None, ports: list[Port | str], kinds: Kinds
) -> Facts:
    """What is known of the service `name` from its merged keys and its ports; `kinds` are what `ready` may say."""
    credentials: dict[str, str] = {}
    missing: dict[str, str] = {}
    environment = longform.pairs(service.get("environment"))
    for value, variable in (kind.values if kind else {}).items():
        given = environment.get(variable)
        if given is None:
            missing[value] = f"`{variable}` is not set in its environment"
        else:
            credentials[value] = given
    port = _port(service, kind, ports, kinds)
    published = [item for item in ports if isinstance(item, Port) and item.protocol == "tcp"]
    main = next((item for item in published if item.target == port), None)
    values = {"host": name, **credentials}
    shape = _shape(service, kind, main, kinds)
    if port is None:
        missing |= dict.fromkeys(("port", "url"), "it serves no port that devenv knows of")
    else:
        values["port"] = str(port)
        if (url := _url(shape, credentials, name, str(port))) is None:
            missing["url"] = "its address needs a value that is not set"
        else:
            values["url"] = url
    if main is None:
        missing |= dict.fromkeys(("host_port", "host_url"), "it publishes no port on the host")
    else:
        values["host_port"] = main.published
        if (url := _url(shape, credentials, main.host, main.published)) is not None:
            values["host_url"] = url
        else:
            missing["host_url"] = "its address needs a value that is not set"
    urls: dict[str, str] = {}
    for item in published:
        url = values.get("host_url") if item is main else f"tcp://{item.host}:{item.published}"
        if url is not None:
            urls[str(item.extra.get("name") or (name if item is main else f"{name}:{item.target}"))] = url
    return Facts(values=values, missing=missing, credentials=credentials, urls=urls)


def _port(
    service: Mapping[str, Any], kind: CatalogueService | None, ports: list[Port | str], kinds: Kinds
) -> int | None:
    """The port that is meant by "its port": the catalogue's, the first published, the first exposed, one of `ready`."""
    if kind and kind.port is not None:
        return kind.port
    for item in ports:
        if isinstance(item, Port) and item.protocol == "tcp":
            return item.target
    for exposed in longform.texts(service.get("expose")):
        if exposed.partition("/")[0].isdigit():
            return int(exposed.partition("/")[0])
    for look, option in asked(service, kinds):
        number = str(look.port(option))
        if number.isdigit():
            return int(number)
    return None


def conditions(service: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """`ready` as a list."""
    ready = service.get("ready")
    return list(ready) if isinstance(ready, list) else [ready] if ready else []


def asked(service: Mapping[str, Any], kinds: Kinds) -> list[tuple[ReadyKind, Any]]:
    """What `ready` asks for, kind by kind, with what stands behind each."""
    return [
        (kind, condition[name])
        for condition in conditions(service)
        for name, kind in kinds.items()
        if name in condition
    ]


def _shape(service: Mapping[str, Any], kind: CatalogueService | None, main: Port | None, kinds: Kinds) -> str:
    if kind and kind.url:
        return kind.url
    if main and main.extra.get("app_protocol"):
        return f"{main.extra['app_protocol']}://{{host}}:{{port}}"
    schemes = [look.scheme for look, _ in asked(service, kinds)] or ["http"]
    return next((scheme for scheme in schemes if scheme != "tcp"), "tcp") + "://{host}:{port}"


def _url(shape: str, credentials: Mapping[str, str], host: str, port: str) -> str | None:
    """The address with its values quoted as an URL needs it; None where one of them is not there."""
    try:
        return shape.format(host=host, port=port, **{name: _quoted(value) for name, value in credentials.items()})
    except (KeyError, IndexError, ValueError):
        return None


def _quoted(value: str) -> str:
    """Percent-encoded for an URL; references stay."""
    if value.isalnum() and value.isascii():
        return value
    from urllib.parse import quote

    return "".join(
        part if part.startswith("$") and part != "$$" else quote(part.replace("$$", "$"), safe="")
        for part in _PART.split(value)
        if part
    )


def filled(value: Any, fact: Facts, **more: str) -> Any:
    """What the catalogue wrote, with `{port}`, `{user}`, … in its texts replaced; other braces stay."""
    if isinstance(value, Mapping):
        return {key: filled(item, fact, **more) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [filled(item, fact, **more) for item in value]
    if isinstance(value, str):
        for name, known in {**fact.values, **more}.items():
            value = value.replace("{" + name + "}", known)
    return value
