"""One document over another, as Compose merges a second file (compose-go's `override` package).

Mappings are merged key by key, lists one after the other, and what can stand as a list or as a mapping
(`environment`, `labels`, `depends_on`, …) is brought to a mapping first. Items of lists that have an identity
(a volume's target, a port, a secret's target) replace the item of the same identity. `command`, `entrypoint`,
`healthcheck.test` and devenv's `ready` are replaced whole.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from devenv.core.scalars import text_of
from devenv.model.errors import DevenvError, Span, raise_all
from devenv.model.manifest import Document, Path

_REPLACED = frozenset(
    {
        "services.*.command",
        "services.*.entrypoint",
        "services.*.healthcheck.test",
        "services.*.provider",
        "services.*.ready",
        "services.*.x-devenv.ready",
        "tasks.*.command",
        "x-devenv.tasks.*.command",
        *(f"{top}workspace.{when}Command" for top in ("", "x-devenv.") for when in ("initialize", "onCreate")),
        *(f"{top}workspace.{when}Command" for top in ("", "x-devenv.") for when in ("updateContent", "postCreate")),
        *(f"{top}workspace.{when}Command" for top in ("", "x-devenv.") for when in ("postStart", "postAttach")),
    }
)
_CLEARED = frozenset(("services.*.command", "services.*.entrypoint", "services.*.healthcheck.test"))
"""What nothing replaces, too: elsewhere a key without a value says nothing."""
_PAIRS = frozenset(
    {
        "services.*.annotations",
        "services.*.environment",
        "services.*.labels",
        "services.*.sysctls",
        "services.*.build.args",
        "services.*.build.labels",
        "services.*.build.additional_contexts",
        "services.*.deploy.labels",
        "services.*.volumes.*.volume.labels",
        "networks.*.labels",
        "volumes.*.labels",
    }
)
_LISTED = frozenset(
    {
        "services.*.dns",
        "services.*.dns_search",
        "services.*.env_file",
        "services.*.label_file",
        "services.*.tmpfs",
        "services.*.seed",
        "services.*.x-devenv.seed",
    }
)
_NAMED = frozenset(("services.*.depends_on", "services.*.networks", "services.*.models"))
_NEED = {"condition": "service_started", "required": True}
_HOSTS = frozenset({"services.*.extra_hosts", "services.*.build.extra_hosts"})


def _plain(item: Any) -> str | None:
    return None if isinstance(item, dict | list) or item is None else text_of(item)


def _name(item: Any) -> str | None:
    text = _plain(item)
    return text.partition("=")[0] if text is not None else None


def _port(item: Any) -> str | None:
    if not isinstance(item, dict):
        return _plain(item)
    published = text_of(item.get("published") or "")
    return f"{item.get('host_ip', '')}:{published}:{item.get('target')}/{item.get('protocol', 'tcp')}"


def _target(item: Any) -> str | None:
    if isinstance(item, dict):
        return text_of(item["target"]) if item.get("target") else None
    text = _plain(item)
    if text is None:
        return None
    parts = _outside_references(text)
    return parts[0] if len(parts) == 1 else parts[1]


def _device(item: Any) -> str | None:
    if isinstance(item, dict):
        return text_of(item["target"]) if item.get("target") else None
    text = _plain(item)
    parts = _outside_references(text) if text is not None else []
    return (parts[1] if len(parts) > 1 else parts[0]) if parts else None


def _mount(folder: str) -> Callable[[Any], str | None]:
    def identity(item: Any) -> str | None:
        if isinstance(item, dict):
            return str(item.get("target") or f"{folder}{item.get('source')}")
        return f"{folder}{item}"

    return identity


def _path(item: Any) -> str | None:
    return str(item.get("path")) if isinstance(item, dict) else _plain(item)


_IDENTITY: dict[str, Callable[[Any], str | None]] = {
    **dict.fromkeys(
        (
            *(f"services.*.{key}" for key in ("cap_add", "cap_drop", "security_opt", "group_add", "expose", "dns")),
            *(f"services.*.{key}" for key in ("dns_opt", "dns_search", "external_links", "links", "label_file")),
            *(f"services.*.{key}" for key in ("device_cgroup_rules", "tmpfs", "profiles", "volumes_from")),
            *(f"services.*.build.{key}" for key in ("tags", "platforms")),
            "services.*.networks.*.aliases",
            "services.*.networks.*.link_local_ips",
        ),
        _plain,
    ),
    "services.*.ports": _port,
    "services.*.volumes": _target,
    "services.*.devices": _device,
    "services.*.secrets": _mount("/run/secrets/"),
    "services.*.configs": _mount("/"),
    "services.*.env_file": _path,
    "networks.*.ipam.config": lambda item: str(item.get("subnet")) if isinstance(item, dict) else None,
    **dict.fromkeys(_HOSTS, _plain),
}


def _outside_references(text: str) -> list[str]:
    """`text` at each `:` that does not stand in a `${…}`."""
    parts, depth = [""], 0
    for index, character in enumerate(text):
        if character == "{" and text[index - 1 : index] == "$":
            depth += 1
        elif character == "}" and depth:
            depth -= 1
        if character == ":" and not depth:
            parts.append("")
        else:
            parts[-1] += character
    return parts


def merge(under: Document, over: Document) -> Document:
    """`over` laid over `under`; both are YAML mappings (or empty), before or after interpolation.

    What `over` takes back (`resets`) is taken out of `under` first, as far as Compose does: what can stand as a list
    is one for it from the first merge on, and of a list it takes no single item back. Every value of the result
    keeps the place of the file it comes from. Raises DevenvError (all at once) where a mapping or a list meets a value
    of another kind.
    """
    merger = _Merger(under, over)
    low = under.value
    for path in over.resets:
        if not any(path[:end] in under.listed for end in range(len(path))):
            low = _without(low, path)
            merger.listed = {at for at in merger.listed if at[: len(path)] != path}
    value = merger.both(low, over.value, (), (), ())
    raise_all(merger.errors)
    return Document(
        file=over.file, value=value, spans=merger.spans, key_spans=merger.key_spans, listed=frozenset(merger.listed)
    )


def _without(value: Any, path: Path, at: Path = ()) -> Any:
    """`value`, which stands at `at`, without what is at `path` below it; a short form is taken as the long one."""
    if not path:
        return value
    value = _long(value, pattern(at))
    if not isinstance(value, dict) or path[0] not in value:
        return value
    if len(path) == 1:
        return {key: item for key, item in value.items() if key != path[0]}
    return {**value, path[0]: _without(value[path[0]], path[1:], (*at, path[0]))}


def _long(value: Any, kind: str) -> Any:
    if kind == "services.*.build" and isinstance(value, str):
        return {"context": value}
    if not isinstance(value, list):
        return value
    return _named(value, _NEED if kind.endswith("depends_on") else None) if kind in _NAMED else value


def pattern(path: Path) -> str:
    """`("services", "db", "ports")` as `services.*.ports`: names that the user chose become `*`."""
    parts = [str(part) for part in path]
    start = 1 if parts and parts[0] == "x-devenv" else 0
    if len(parts) > start + 1 and parts[start] in ("services", "networks", "volumes", "secrets", "configs", "tasks"):
        parts[start + 1] = "*"
    if len(parts) > 3 and parts[0] == "services" and parts[2] in ("networks", "volumes", "ulimits", "depends_on"):
        parts[3] = "*"
    return ".".join(parts)


class _Merger:
    """Walks both values at once; `at_u` and `at_o` are where they stand in their documents, `at` in the result."""

    def __init__(self, under: Document, over: Document) -> None:
        self.under, self.over = under, over
        self.spans: dict[Path, Span] = {}
        self.key_spans: dict[Path, Span] = {}
        self.errors: list[DevenvError] = []
        self.listed: set[Path] = {*under.listed, *over.listed}

    def take(self, document: Document, value: Any, source: Path, at: Path) -> Any:
        """`value` as it is, its places carried to `at`."""
        self.place(document, source, at)
        if isinstance(value, dict):
            for key, item in value.items():
                self.take(document, item, (*source, key), (*at, key))
        elif isinstance(value, list):
            for index, item in enumerate(value):
                self.take(document, item, (*source, index), (*at, index))
        return value

    def place(self, document: Document, source: Path, at: Path) -> None:
        span = document.spans.get(source)
        if span:
            self.spans[at] = span
        key = document.key_spans.get(source)
        if key:
            self.key_spans[at] = key

    def both(self, low: Any, high: Any, at_u: Path, at_o: Path, at: Path) -> Any:
        kind = pattern(at)
        if kind in _PAIRS and kind != "services.*.build.additional_contexts":  # a mapping again before the next file
            self.listed.add(at)
        if high is None and kind not in _CLEARED:
            return self.take(self.under, low, at_u, at)
        if low is None or kind in _REPLACED:
            return self.take(self.over, high, at_o, at)
        if kind in _PAIRS:
            return self.mappings(self.pairs(low, at_u), self.pairs(high, at_o), at_u, at_o, at)
        if kind in _LISTED:
            return self.lists(_list(low), _list(high), at_u, at_o, at, kind)
        if kind in _HOSTS:
            return self.lists(_hosts(low), _hosts(high), at_u, at_o, at, kind)
        if kind in _NAMED:
            empty = _NEED if kind.endswith("depends_on") else None
            return self.mappings(_named(low, empty), _named(high, empty), at_u, at_o, at)
        if kind == "services.*.build":
            low, high = ({"context": each} if isinstance(each, str) else each for each in (low, high))
        if kind == "services.*.logging" and _other_driver(low, high):
            low = {key: item for key, item in low.items() if key != "options"}
        if kind == "services.*.ulimits.*" and not (isinstance(low, dict) and isinstance(high, dict)):
            return self.take(self.over, high, at_o, at)
        if isinstance(low, dict) and isinstance(high, dict):
            return self.mappings(low, high, at_u, at_o, at)
        if isinstance(low, list) and isinstance(high, list):
            return self.lists(low, high, at_u, at_o, at, kind)
        if isinstance(low, dict | list) or isinstance(high, dict | list):
            self.mismatch(low, high, at_u, at_o)
        return self.take(self.over, high, at_o, at)

    def mismatch(self, low: Any, high: Any, at_u: Path, at_o: Path) -> None:
        is_what = "a mapping" if isinstance(high, dict) else "a list" if isinstance(high, list) else "a plain value"
        was_what = "a mapping" if isinstance(low, dict) else "a list" if isinstance(low, list) else "a plain value"
        self.errors.append(
            DevenvError(
                f"`{'.'.join(map(str, at_o))}` is {is_what} here, and {was_what} at {self.under.where(at_u)}.",
                hint="Write it in the same form as the file that it is laid over.",
                where=self.over.where(at_o),
            )
        )

    def mappings(self, low: Any, high: Any, at_u: Path, at_o: Path, at: Path) -> dict[str, Any]:
        self.place(self.under, at_u, at)
        self.place(self.over, at_o, at)
        result: dict[str, Any] = {}
        for key, item in low.items():
            where_u, where_o, where = (*at_u, key), (*at_o, key), (*at, key)
            if key in high:
                result[key] = self.both(item, high[key], where_u, where_o, where)
                if high[key] is None and pattern(at) in _PAIRS:
                    result[key] = self.take(self.over, None, where_o, where)
            else:
                result[key] = self.take(self.under, item, where_u, where)
        for key, item in high.items():
            if key not in low:
                result[key] = self.take(self.over, item, (*at_o, key), (*at, key))
        return result

    def lists(self, low: list[Any], high: list[Any], at_u: Path, at_o: Path, at: Path, kind: str) -> list[Any]:
        self.place(self.under, at_u, at)
        self.place(self.over, at_o, at)
        identity = _IDENTITY.get(kind)
        items: list[tuple[Document, Any, Path]] = []
        seen: dict[str, int] = {}
        sources = [(self.under, item, (*at_u, index)) for index, item in enumerate(low)]
        sources += [(self.over, item, (*at_o, index)) for index, item in enumerate(high)]
        for source in sources:
            name = identity(source[1]) if identity else None
            if name is not None and name in seen:
                items[seen[name]] = source
                continue
            if name is not None:
                seen[name] = len(items)
            items.append(source)
        return [self.take(document, item, where, (*at, index)) for index, (document, item, where) in enumerate(items)]

    def pairs(self, value: Any, at: Path) -> dict[str, Any]:
        return value if isinstance(value, dict) else _pairs(_list(value))


def _pairs(items: list[Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for item in items:
        name, given, rest = (_plain(item) or "").partition("=")
        found[name] = rest if given else None
    return found


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _named(value: Any, empty: dict[str, Any] | None) -> dict[str, Any]:
    if isinstance(value, dict):
        return value
    return {str(item): dict(empty) if empty else None for item in _list(value)}


def _hosts(value: Any) -> list[Any]:
    if isinstance(value, list):
        return value
    if not isinstance(value, dict):
        return [value]
    return [f"{name}={each}" for name, given in value.items() for each in _list(given)]


def _other_driver(low: Any, high: Any) -> bool:
    return isinstance(low, dict) and isinstance(high, dict) and high.get("driver") not in (None, low.get("driver"))
