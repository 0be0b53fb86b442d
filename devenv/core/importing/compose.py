"""What devenv.yaml says instead of a Compose file. Compose's keys stay as they are; what devenv knows better is said in
its words, where the file says nothing else."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from devenv.core import addresses, longform, ports
from devenv.core import catalogue as catalogue_of
from devenv.core.compose.guess import guess
from devenv.core.readiness import Kinds
from devenv.core.scalars import each_text, text_of
from devenv.core.schema import devenv_keys
from devenv.core.template import has_expression
from devenv.model.manifest import CatalogueService

_KEY = "x-devenv"
_INIT = "/docker-entrypoint-initdb.d"
_IMAGE = re.compile(r"(?:\$\{\w+:?-)?(?:docker\.io/)?(?:library/)?(?P<name>[a-z0-9-]+)(?::(?P<tag>[\w.-]+))?\}?")
_TEMPLATE = re.compile(r"\{\{(?!-?\s*\.)|\{%(?=.*?%\})|\{#(?=.*?#\})", re.DOTALL)
_OF_USE = ("server", "data", "seeder", "values")
"""What `use` says."""
_SERVERS = ("postgres", "redis-server", "mariadbd", "mysqld")
_IMAGES_OWN = {"POSTGRES_USER": "postgres"}
"""What the official image takes where nobody says it."""
_PORT = re.compile(r"(?:^|\s)(?:-p|--port|port=)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """`value` is what devenv.yaml says. `unsaid` are sentences about what it cannot say, for the file and the person;
    `gains` what devenv can do now that it could not."""

    value: Mapping[str, Any]
    unsaid: tuple[str, ...] = ()
    gains: tuple[str, ...] = ()


def taken(
    value: Mapping[str, Any],
    *,
    name: str,
    catalogue: Mapping[str, CatalogueService],
    kinds: Kinds,
    leave: frozenset[str] = frozenset(),
) -> Imported:
    """A Compose file's `value` as a devenv.yaml's. `name` is the project's where the file does not say it plainly;
    `leave` are services that get no `use`."""
    unsaid: list[str] = []
    gains: list[str] = []
    literal = _literal(value)
    written = str(literal.get("name") or "")
    plain = written if re.fullmatch(r"[a-z0-9][a-z0-9_-]*", written) else name
    if written and plain != written:
        unsaid.append(f"`name: {written}` is `{plain}` now: a devenv.yaml says its name plainly; `-p` gives another.")
    top: dict[str, Any] = {"name": plain}
    for key, item in literal.items():
        if key == _KEY:
            top |= {ours: given for ours, given in (item or {}).items() if ours not in literal}
        elif key not in ("version", "name"):
            top[key] = item
    if isinstance(top.get("services"), Mapping):
        top["services"] = {
            service: _service(service, keys, {} if service in leave else catalogue, unsaid, gains)
            if isinstance(keys, Mapping)
            else keys
            for service, keys in top["services"].items()
        }
        top["services"] = _addressed(top["services"], catalogue, kinds, gains)
    return Imported(value=top, unsaid=tuple(unsaid), gains=tuple(gains))


def _literal(value: Any) -> Any:
    """Every text so that no expression is read in it: Compose knows none."""

    def literal(text: str) -> str:
        return _TEMPLATE.sub(lambda found: "{{ '" + found[0] + "' }}", text) if has_expression(text) else text

    return each_text(value, literal)


def _service(
    name: str,
    service: Mapping[str, Any],
    catalogue: Mapping[str, CatalogueService],
    unsaid: list[str],
    gains: list[str],
) -> Mapping[str, Any]:
    found: dict[str, Any] = {}
    said: dict[str, Any] = {}
    for key, item in service.items():
        if key == _KEY:
            for ours, given in (item or {}).items():
                if ours in devenv_keys.SERVICE and ours not in service:
                    found[ours] = given
                elif ours in _OF_USE:
                    said[ours] = given
                else:
                    unsaid.append(f"`{ours}` of `{name}` in x-devenv has no place in a devenv.yaml.")
        else:
            found[key] = item
    if "use" not in found and (kind := _kind(found, catalogue)) is not None:
        found = _used(found, kind)
        gains.append(
            f"`{name}` is {kind.title} of the catalogue: waited for until it answers, its address is "
            f"`{{{{ {_spelled(name)}.url }}}}`" + (", and `seed:` loads data into it once." if kind.seeder else ".")
        )
        if kind.seeder and (scripts := [*_scripts(found)]):
            gains.append(
                f"{', '.join(scripts)}: run by the image at the first start alone, and half of them where one fails. "
                f"`seed:` of `{name}` loads SQL whole or not at all, and anew when it changes; take the mount out then."
            )
    if "use" in found:
        return found
    known = guess(str(found.get("image") or ""), longform.pairs(found.get("environment")))
    kind = catalogue.get(str(said.pop("seeder", "")))
    if kind is not None and "seed" in found and not known.seeder:  # its image says nothing, and `seeder` is no key
        found = {"use": kind.name, **found}
    unsaid += [
        f"`{key}` of `{name}` in x-devenv: a devenv.yaml says it by `use:`."
        for key, given in said.items()
        if getattr(known, key) != given
    ]
    return found


def _spelled(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9_]", "_", name)


def _kind(service: Mapping[str, Any], catalogue: Mapping[str, CatalogueService]) -> CatalogueService | None:
    """The server of the catalogue that the service surely is: its official image, run as that runs by itself."""
    image = service.get("image")
    match = _IMAGE.fullmatch(image) if isinstance(image, str) else None
    kind = next((each for each in catalogue.values() if match and each.server and each.image == match["name"]), None)
    other = ("build", "entrypoint", "network_mode", "extends", "scale", "provider", "one_shot")
    if kind is None or any(key in service for key in other) or "replicas" in (service.get("deploy") or {}):
        return None
    command = service.get("command")
    words = command.split() if isinstance(command, str) else [text_of(word) for word in command or ()]
    if words and (not (words[0] in _SERVERS or words[0].startswith("-")) or _PORT.search(" ".join(words))):
        return None
    return kind if _known(service, kind) is not None and not _elsewhere(service, kind) else None


def _known(service: Mapping[str, Any], kind: CatalogueService) -> dict[str, str] | None:
    """The variables that must be said lest the catalogue's values stand there; None where that cannot be known."""
    needed = (kind.config.get("environment") or {}).keys()
    if not needed:
        return {}
    given = longform.pairs(service.get("environment"))
    if any(name.endswith("_FILE") or name.startswith("MYSQL_") for name in given):
        return None
    missing = [name for name in needed if name not in given]
    if any(given.get(name, "") is None for name in needed) or (missing and service.get("env_file")):
        return None
    said = {name: _IMAGES_OWN[name] for name in missing if name in _IMAGES_OWN}
    if "POSTGRES_DB" in missing:
        said["POSTGRES_DB"] = str({**given, **said}.get("POSTGRES_USER"))
    return said if said.keys() == {*missing} else None


def _elsewhere(service: Mapping[str, Any], kind: CatalogueService) -> bool:
    """Whether its data lie elsewhere than where the catalogue has them."""
    data = str(kind.data).rstrip("/")
    targets = [
        posixpath.normpath(str(item.get("target", ""))) if isinstance(item, Mapping) else str(item)
        for item in longform.volumes(service.get("volumes"))
    ]
    targets += [text.partition(":")[0] for text in longform.texts(service.get("tmpfs"))]
    return any("$" in target or (target != data and _within(target, data)) for target in targets) or any(
        name in longform.pairs(service.get("environment")) for name in ("PGDATA",)
    )


def _within(one: str, other: str) -> bool:
    return one.startswith(f"{other}/") or other.startswith(f"{one.rstrip('/')}/")


def _used(service: Mapping[str, Any], kind: CatalogueService) -> dict[str, Any]:
    """`service` with `use` in the place of its image, which stays where it is another than the catalogue's."""
    image = str(service["image"])
    found: dict[str, Any] = {}
    for key, item in service.items():
        if key == "image":
            version = next((v for v in kind.versions if image == catalogue_of.official(kind, v)), None)
            found["use"] = kind.name if version is None else f"{kind.name}@{version}"
            if version is None:
                found["image"] = item
        else:
            found[key] = item
    more = _known(service, kind) or {}
    if more:
        environment = service.get("environment")
        found["environment"] = (
            [*environment, *(f"{name}={item}" for name, item in more.items())]
            if isinstance(environment, list)
            else {**(environment or {}), **more}
        )
    return found


def _scripts(service: Mapping[str, Any]) -> Iterator[str]:
    for item in longform.volumes(service.get("volumes")):
        if isinstance(item, Mapping) and str(item.get("target", "")).startswith(_INIT) and item.get("source"):
            yield str(item["source"])


def _addressed(
    services: Mapping[str, Any], catalogue: Mapping[str, CatalogueService], kinds: Kinds, gains: list[str]
) -> dict[str, Any]:
    """The services with `{{ db.url }}` where an environment says the very address."""
    every = {name: service for name, service in services.items() if isinstance(service, Mapping)}
    known = ports.table(every, catalogue)
    urls: dict[str, str] = {}
    for name, service in every.items():
        kind = catalogue_of.kind_of(service, catalogue)
        url = addresses.facts(name, service, kind, known[name], kinds).values.get("url") if kind else None
        if url and "$" not in url:
            urls[url] = name
    found = dict(services)
    for name, service in every.items():
        changed: list[str] = []
        environment = service.get("environment")
        if isinstance(environment, Mapping):
            now: Any = {key: _put(item, name, urls, changed) for key, item in environment.items()}
        elif isinstance(environment, list):
            halves = [str(item).partition("=") for item in environment]
            now = [
                f"{key}{sign}{_put(rest, name, urls, changed)}" if sign else item
                for item, (key, sign, rest) in zip(environment, halves, strict=True)
            ]
        if changed:
            found[name] = {**service, "environment": now}
            from_ = ", ".join(f"`{each}`" for each in dict.fromkeys(changed))
            gains.append(f"`{name}` takes the address of {from_} from there, and waits for it until it can be used.")
    return found


def _put(item: Any, own: str, urls: Mapping[str, str], changed: list[str]) -> Any:
    service = urls.get(item) if isinstance(item, str) else None
    if service is None or service == own:
        return item
    changed.append(service)
    return f"{{{{ {_spelled(service)}.url }}}}"
