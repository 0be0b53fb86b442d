"""The parts of a service that have a short and a long form: ports, volumes, devices, secrets, networks, hosts, …

Each gives the long form in compose-go's order of keys, as `docker compose config` prints it.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping
from typing import Any

from devenv.core import longform
from devenv.core.compose import values
from devenv.core.compose.values import Reader, fields
from devenv.model.manifest import Path

_PORT = re.compile(r"(\d+)(?:-(\d+))?")
_PROPAGATION = ("private", "rprivate", "shared", "rshared", "slave", "rslave")


def clean(path: str) -> str:
    """A path without `.`, `..`, doubled or closing slashes."""
    return "/" + posixpath.normpath(path).lstrip("/") if path.startswith("/") else posixpath.normpath(path)


def absolute(reader: Reader, path: str) -> str:
    """A path of the file: `~` is the user's home, relative ones start at the working directory."""
    if path == "~" or path.startswith("~/"):
        path = (reader.variables.get("HOME") or "~") + path[1:]
    return clean(posixpath.join(reader.working_dir, path))


def path(reader: Reader, value: Any, at: Path) -> str | None:
    """A path on the host, made absolute."""
    given = values.text(reader, value, at)
    return absolute(reader, given) if given else None


def _published(reader: Reader, value: Any, at: Path) -> str | None:
    given = values.word(reader, value, at)
    return given or None


def _target_port(reader: Reader, value: Any, at: Path) -> int | None:
    number = values.count(reader, value, at)
    if number is not None and not 0 < number <= 65_535:
        reader.not_a(at, "a port from 1 to 65535")
        return None
    return number


_PORT_KEYS: dict[str, values.Read] = {
    "name": values.text,
    "mode": values.choice("ingress", "host"),
    "host_ip": values.text,
    "target": _target_port,
    "published": _published,
    "protocol": values.text,
    "app_protocol": values.text,
}


def ports(reader: Reader, value: Any, at: Path) -> list[dict[str, Any]] | None:
    """`ports`: one entry a container port, repeated ones once."""
    if not isinstance(value, list):
        reader.not_a(at, "a list of ports")
        return None
    found: dict[tuple[Any, ...], dict[str, Any]] = {}
    for index, item in enumerate(value):
        for port in _ports(reader, item, (*at, index)):
            identity = (port.get("host_ip"), port.get("published"), port["target"], port.get("protocol"))
            found[identity] = port
    return list(found.values()) or None


def _ports(reader: Reader, item: Any, at: Path) -> list[dict[str, Any]]:
    if isinstance(item, Mapping):
        long = fields(reader, {"mode": "ingress", "protocol": "tcp", **item}, at, _PORT_KEYS)
        if long is not None and "target" not in item:
            reader.wrong(at, "A port has no `target`.", "Name the port inside the container: `target: 80`.")
        return [long] if long and "target" in long else []
    if isinstance(item, bool) or not isinstance(item, (int, str)):
        reader.not_a(at, "a port such as `8080:80`")
        return []
    return _short_port(reader, str(item), at)


def _short_port(reader: Reader, short: str, at: Path) -> list[dict[str, Any]]:
    body, _, protocol = short.partition("/")
    *before, target = longform.split(body, ":")
    host_ip, published = "", ""
    if before:
        published = before[-1]
        host_ip = ":".join(before[:-1]).strip("[]")
    inside, outside = _PORT.fullmatch(target), _PORT.fullmatch(published)
    if not inside or (published and not outside) or protocol.lower() not in ("", "tcp", "udp", "sctp"):
        reader.wrong(
            at,
            f"`{short}` is no port.",
            "Write `80`, `8080:80`, `127.0.0.1:8080:80`, `8000-8003:80-83`, `53:53/udp`.",
        )
        return []
    first, last = int(inside[1]), int(inside[2] or inside[1])
    start, end = (int(outside[1]), int(outside[2] or outside[1])) if outside else (0, 0)
    if not 0 < first <= last <= 65_535 or end > 65_535 or start > end:
        reader.wrong(at, f"`{short}` is no port.", "Ports go from 1 to 65535.")
        return []
    if last > first and outside and end - start != last - first:
        reader.wrong(at, f"The two ranges of `{short}` differ in length.", "Give both as many ports.")
        return []
    several = []
    for number in range(first, last + 1):
        host = published if last == first else str(start + number - first) if outside else ""
        several.append(
            {
                "mode": "ingress",
                **({"host_ip": host_ip} if host_ip else {}),
                "target": number,
                **({"published": host} if host else {}),
                "protocol": protocol.lower() or "tcp",
            }
        )
    # compose-go sorts a range by the text of its ports.
    return sorted(several, key=lambda port: f"{port['target']}/{port['protocol']}")


def _target(reader: Reader, value: Any, at: Path) -> str | None:
    given = values.text(reader, value, at)
    return clean(given) if given else None


def _opt_out(reader: Reader, value: Any, at: Path) -> bool | None:
    """True is the rule and is left out."""
    return False if values.flag(reader, value, at) is False else None


def _bits(reader: Reader, value: Any, at: Path) -> int | None:
    if isinstance(value, bool) or not isinstance(value, int):
        reader.not_a(at, "permissions such as `0o1777`, without quotes")
        return None
    return value or None


_BIND: dict[str, values.Read] = {
    "selinux": values.choice("z", "Z"),
    "propagation": values.choice(*_PROPAGATION),
    "create_host_path": _opt_out,
    "recursive": values.choice("enabled", "disabled", "writable", "readonly"),
}
_VOLUME: dict[str, values.Read] = {"labels": values.labels, "nocopy": values.boolean, "subpath": values.text}
_TMPFS: dict[str, values.Read] = {"size": values.size, "mode": _bits}
_IMAGE: dict[str, values.Read] = {"subpath": values.text}
_MOUNT: dict[str, values.Read] = {
    "type": values.choice("bind", "volume", "tmpfs", "image", "npipe", "cluster"),
    "source": values.text,
    "target": _target,
    "read_only": values.boolean,
    "consistency": values.text,
    "bind": lambda reader, value, at: fields(reader, value, at, _BIND),
    "volume": lambda reader, value, at: fields(reader, value, at, _VOLUME),
    "tmpfs": lambda reader, value, at: fields(reader, value, at, _TMPFS),
    "image": lambda reader, value, at: fields(reader, value, at, _IMAGE),
}


def volumes(reader: Reader, value: Any, at: Path) -> list[dict[str, Any]] | None:
    """`volumes`: a later mount at the same target takes the place of the earlier one."""
    if not isinstance(value, list):
        reader.not_a(at, "a list of mounts")
        return None
    found: dict[str, dict[str, Any]] = {}
    for index, item in enumerate(value):
        mount = _mount(reader, item, (*at, index))
        if mount is not None:
            found[mount["target"]] = mount
    return list(found.values()) or None


def _mount(reader: Reader, item: Any, at: Path) -> dict[str, Any] | None:
    if isinstance(item, str):
        return _short_mount(reader, item, at)
    mount = fields(reader, item, at, _MOUNT)
    if mount is None:
        return None
    missing = [key for key in ("type", "target") if key not in item]
    if mount.get("type") == "bind" and "source" not in mount:
        missing.append("source")
    if missing:
        reader.wrong(at, f"A mount has no `{missing[0]}`.", "Give it `type`, `source` and `target`.")
    if missing or "type" not in mount or "target" not in mount:
        return None
    if mount["type"] == "bind":
        mount["source"] = absolute(reader, mount["source"])
    return mount


def _short_mount(reader: Reader, short: str, at: Path) -> dict[str, Any] | None:
    parts = short.split(":")
    if len(parts) > 3 or not all(parts):
        reader.wrong(at, f"`{short}` is no mount.", "Write `./folder:/target`, `volume:/target` or `…:/target:ro`.")
        return None
    if len(parts) == 1:
        return {"type": "volume", "target": clean(short), "volume": {}}
    source, target, *rest = parts
    if len(source) == 1 and source.isalpha():
        reader.wrong(
            at,
            f"Compose reads the `{source}:` of `{short}` as a drive of Windows.",
            "Give the volume a longer name, or write the mount in its long form.",
        )
        return None
    chosen = rest[0].split(",") if rest else []
    kind = "bind" if longform.is_path(source) else "volume"
    mount: dict[str, Any] = {
        "type": kind,
        "source": absolute(reader, source) if kind == "bind" else source,
        "target": clean(target),
    }
    details: dict[str, Any] = {}
    for option in chosen:
        if option == "ro":
            mount["read_only"] = True
        elif option == "nocopy" and kind == "volume":
            details["nocopy"] = True
        elif option in ("z", "Z") and kind == "bind":
            details["selinux"] = option
        elif option in _PROPAGATION and kind == "bind":
            details["propagation"] = option
        elif option not in ("rw", "cached", "delegated", "consistent"):
            reader.wrong(at, f"`{option}` is no option of a mount.", "Options are `ro`, `rw`, `z`, `Z` and `nocopy`.")
    ordered = {key: details[key] for key in ("selinux", "propagation", "nocopy") if key in details}
    return {**mount, kind: ordered}


_DEVICE: dict[str, values.Read] = {"source": values.text, "target": values.text, "permissions": values.text}


def devices(reader: Reader, value: Any, at: Path) -> list[dict[str, str]] | None:
    """`devices`, one a target."""
    if not isinstance(value, list):
        reader.not_a(at, "a list of devices")
        return None
    found: dict[str, dict[str, str]] = {}
    for index, item in enumerate(value):
        here = (*at, index)
        if isinstance(item, Mapping):
            long = fields(reader, item, here, _DEVICE)
            if long is not None and not {"source", "target"} <= set(long):
                end = "target" if "source" in long else "source"
                reader.wrong(here, f"The device has no `{end}`.", "Give it both `source` and `target`.")
        else:
            parts = (values.text(reader, item, here) or "").split(":")
            if len(parts) > 3 or not all(parts):
                reader.wrong(here, f"`{item}` is no device.", "Write `/dev/source:/dev/target:rwm`.")
                continue
            long = {"source": parts[0], "target": parts[min(1, len(parts) - 1)], "permissions": "rwm"}
            if len(parts) == 3:
                long["permissions"] = parts[2]
        if long:
            found[long.get("target", long.get("source", ""))] = long
    return list(found.values()) or None


_GRANT: dict[str, values.Read] = {
    "source": values.text,
    "target": values.text,
    "uid": values.word,
    "gid": values.word,
    "mode": values.mode,
}


def _grants(reader: Reader, value: Any, at: Path, folder: str) -> list[dict[str, Any]] | None:
    if not isinstance(value, list):
        reader.not_a(at, "a list")
        return None
    found: dict[str, dict[str, Any]] = {}
    for index, item in enumerate(value):
        here = (*at, index)
        long = fields(reader, {"source": item} if isinstance(item, str) else item, here, _GRANT)
        if long is None or "source" not in long:
            reader.wrong(here, "It has no `source`.", "Name one of the file's own at its top.")
            continue
        target = long.get("target") or (f"{folder}{long['source']}" if folder else None)
        ordered = {"source": long.pop("source"), **({"target": target} if target else {})}
        long.pop("target", None)
        found[target or f"/{ordered['source']}"] = {**ordered, **long}
    return list(found.values()) or None


def secrets(reader: Reader, value: Any, at: Path) -> list[dict[str, Any]] | None:
    """`secrets` of a service, with their targets."""
    return _grants(reader, value, at, "/run/secrets/")


def configs(reader: Reader, value: Any, at: Path) -> list[dict[str, Any]] | None:
    """`configs` of a service."""
    return _grants(reader, value, at, "")


_ENDPOINT: dict[str, values.Read] = {
    "aliases": values.strings,
    "driver_opts": values.options,
    "gw_priority": values.integer,
    "interface_name": values.text,
    "ipv4_address": values.text,
    "ipv6_address": values.text,
    "link_local_ips": values.strings,
    "mac_address": values.text,
    "priority": values.integer,
}


def networks(reader: Reader, value: Any, at: Path) -> dict[str, Any] | None:
    """`networks` of a service, by key, sorted; a network without options is None."""
    if isinstance(value, list):
        return dict.fromkeys(sorted(values.strings(reader, value, at) or ())) or None
    if not isinstance(value, Mapping):
        reader.not_a(at, "a list or a mapping of networks")
        return None
    unsupported = frozenset(("use_service_name_alias",))
    return {
        key: None if item is None else fields(reader, item, (*at, key), _ENDPOINT, unsupported=unsupported)
        for key, item in sorted(value.items())
    } or None


def hosts(reader: Reader, value: Any, at: Path) -> list[str] | None:
    """`extra_hosts` as sorted `name=address`; a name may have several."""
    found: list[str] = []
    if isinstance(value, Mapping):
        for name, item in value.items():
            for address in values.one_or_more(reader, item, (*at, name)) or ():
                found.append(f"{name}={_bare(address)}")
    elif isinstance(value, list):
        for index, item in enumerate(value):
            given = values.text(reader, item, (*at, index)) or ""
            sign = "=" if "=" in given else ":"
            name, _, address = given.partition(sign)
            if not name or not address:
                reader.wrong((*at, index), f"`{given}` names no address.", "Write `name=address`.")
                continue
            found.append(f"{name}={_bare(address)}")
    else:
        reader.not_a(at, "a list of `name=address`")
    return sorted(dict.fromkeys(found)) or None


def _bare(address: str) -> str:
    return address[1:-1] if address.startswith("[") and address.endswith("]") else address


_LIMIT: dict[str, values.Read] = {"soft": values.integer, "hard": values.integer}


def ulimits(reader: Reader, value: Any, at: Path) -> dict[str, Any] | None:
    """`ulimits` by name: one number, or `soft` and `hard`."""
    if not isinstance(value, Mapping):
        reader.not_a(at, "a mapping of limits")
        return None
    found: dict[str, Any] = {}
    for name, item in sorted(value.items()):
        here = (*at, name)
        if isinstance(item, Mapping):
            if not {"soft", "hard"} <= set(item):
                reader.wrong(here, f"`{name}` needs both `soft` and `hard`.", "Give both, or one number for both.")
            found[name] = fields(reader, item, here, _LIMIT)
        else:
            single = values.count(reader, item, here)
            found[name] = {} if single == 0 else single
    return found or None
