"""Compose's short forms as its long ones, before variables have their values.

What cannot be told before that (`"${PORTS}"`, `"${WHERE}:/data"`) stays as it was written; Compose and devenv read it
when the values are known.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from devenv.core.scalars import text_of

_OUTSIDE = re.compile(r"\$\{(?:[^{}]|\{[^{}]*\})*\}|\[[^\]]*\]|.", re.DOTALL)
REFERENCE = re.compile(r"(\$\$|\$\{(?:[^${}]|\$\$|\$\{[^{}]*\})*\}|\$[A-Za-z_][A-Za-z0-9_]*)")
"""A `$$` or a reference to a variable in a Compose text."""
_RANGE = re.compile(r"([0-9]+)(?:-([0-9]+))?")
_PROPAGATION = ("private", "rprivate", "shared", "rshared", "slave", "rslave")
_MOST_PORTS = 65_535


def split(text: str, by: str) -> list[str]:
    """`text` at each `by` that stands neither in `${…}` nor in `[…]`."""
    parts = [""]
    for match in _OUTSIDE.finditer(text):
        if match[0] == by:
            parts.append("")
        else:
            parts[-1] += match[0]
    return parts


def pairs(value: Any) -> dict[str, str | None]:
    """`environment`, `labels`, `args`, …: a mapping or a list of `NAME=value`, as a mapping to texts; None stands for
    a name without a value (taken from where Compose runs)."""
    if isinstance(value, list):
        found: dict[str, str | None] = {}
        for item in value:
            name, given, rest = str(item).partition("=")
            found[name] = rest if given else None
        return found
    return {name: None if item is None else text_of(item) for name, item in (value or {}).items()}


def texts(value: Any) -> list[str]:
    """A text or a list of them, as a list."""
    if value is None:
        return []
    return [text_of(item) for item in value] if isinstance(value, list) else [text_of(value)]


def needs(value: Any) -> dict[str, dict[str, Any]]:
    """`depends_on` by service; a list means `service_started`."""
    if isinstance(value, list):
        return {str(name): {"condition": "service_started"} for name in value}
    return {name: dict(item or {"condition": "service_started"}) for name, item in (value or {}).items()}


def build(value: Any) -> dict[str, Any]:
    """`build` as a mapping, its `args`, `labels` and further contexts as mappings."""
    long = {"context": value} if isinstance(value, str) else dict(value)
    if "context" not in long and "dockerfile_inline" not in long:
        long["context"] = "."
    for name in ("args", "labels", "additional_contexts"):
        if name in long:
            long[name] = pairs(long[name])
    if "secrets" in long:
        long["secrets"] = grants(long["secrets"])
    return long


def networks(value: Any) -> dict[str, Any]:
    """`networks` of a service by name."""
    return dict.fromkeys(value) if isinstance(value, list) else dict(value or {})


def grants(value: Any) -> list[dict[str, Any]]:
    """`secrets` or `configs` of a service."""
    return [{"source": item} if isinstance(item, str) else dict(item) for item in value or ()]


def env_files(value: Any) -> list[dict[str, Any]]:
    """`env_file` in its long form."""
    items = value if isinstance(value, list) else [value]
    return [{"path": item, "required": True} if isinstance(item, str) else dict(item) for item in items]


def ports(value: Any) -> list[dict[str, Any] | str]:
    """`ports`, each one container port: `target`, perhaps `published`, `host_ip`, `protocol`."""
    found: list[dict[str, Any] | str] = []
    for item in value or ():
        if isinstance(item, Mapping):
            long = dict(item)
            target = str(long["target"])
            long["target"] = int(target) if target.isdigit() else long["target"]
            if "published" in long:
                long["published"] = str(long["published"])
            long.setdefault("protocol", "tcp")
            found.append(long)
        else:
            found += _port(str(item))
    return found


def _port(short: str) -> Iterator[dict[str, Any] | str]:
    body, *protocol = split(short, "/")
    *before, target = split(body, ":")
    inside = _RANGE.fullmatch(target)
    if not inside or len(before) > 2 or len(protocol) > 1:
        yield short
        return
    first, last = int(inside[1]), int(inside[2] or inside[1])
    published = before[-1] if before else ""
    outside = _RANGE.fullmatch(published)
    start = 0
    if last > first and published:
        if not outside or int(outside[2] or outside[1]) - int(outside[1]) != last - first:
            yield short
            return
        start = int(outside[1])
    for number in range(first, min(last, _MOST_PORTS) + 1):
        long: dict[str, Any] = {"target": number, "protocol": protocol[0].lower() if protocol else "tcp"}
        if published:
            long["published"] = str(start + number - first) if start else published
        if len(before) == 2 and before[0]:
            long["host_ip"] = before[0].strip("[]")
        yield long


def volumes(value: Any) -> list[dict[str, Any] | str]:
    """`volumes` of a service."""
    return [dict(item) if isinstance(item, Mapping) else _volume(str(item)) for item in value or ()]


def _volume(short: str) -> dict[str, Any] | str:
    parts = split(short, ":")
    if len(parts) == 1:
        return short if "$" in short else {"type": "volume", "target": short}
    source, target, *rest = parts
    if source.startswith("$") or len(rest) > 1 or not target:
        return short
    kind = "bind" if is_path(source) else "volume"
    long: dict[str, Any] = {"type": kind, "source": source, "target": target}
    bind: dict[str, Any] = {}
    for option in split(rest[0], ",") if rest else ():
        if option == "ro":
            long["read_only"] = True
        elif option in ("z", "Z") and kind == "bind":
            bind["selinux"] = option
        elif option in _PROPAGATION and kind == "bind":
            bind["propagation"] = option
        elif option in ("nocopy", "volume-nocopy") and kind == "volume":
            long["volume"] = {"nocopy": True}
        elif option in ("cached", "delegated", "consistent"):
            long["consistency"] = option
        elif option != "rw":
            return short
    if kind == "bind":
        # Compose makes a missing folder for its short form; its long form alone does not in all versions.
        long["bind"] = {"create_host_path": True, **bind}
    return long


def is_path(source: str) -> bool:
    """Whether the source of a short mount is a path, and no volume's name: Compose's rule."""
    return source.startswith((".", "/", "~"))
