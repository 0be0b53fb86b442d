"""A whole Compose file in its normal form, and whether what its services name is there."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from devenv.core.compose import build, jobs, mounts, plugins, values
from devenv.core.compose.dotenv import parse
from devenv.core.compose.service import service
from devenv.core.compose.uses import Uses
from devenv.core.compose.values import Reader, fields
from devenv.core.suggest import did_you_mean
from devenv.model.errors import DevenvError, DevenvErrors
from devenv.model.manifest import Path

_TOP = ("name", "include", "version", "services", "networks", "volumes", "secrets", "configs", "models", "jobs")
_PROJECT = re.compile(r"[a-z0-9][a-z0-9_-]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Normal:
    """`services`, `networks`, … by key, as `docker compose config` prints them; what no service uses is left out.
    `left_out` are services whose profile is not active. `contents` are those of configs, by key."""

    project: str
    services: Mapping[str, Mapping[str, Any]]
    networks: Mapping[str, Mapping[str, Any]]
    volumes: Mapping[str, Mapping[str, Any]]
    secrets: Mapping[str, Mapping[str, Any]]
    configs: Mapping[str, Mapping[str, Any]]
    models: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    jobs: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    left_out: tuple[str, ...] = field(default=())


def _mapping_at(reader: Reader, value: Mapping[str, Any], key: str) -> dict[str, Any]:
    found = value.get(key)
    if found is None:
        return {}
    if not isinstance(found, Mapping):
        reader.not_a((key,), "a mapping")
        return {}
    return dict(found)


def normalise(reader: Reader, *, project: str | None, texts: Mapping[str, str]) -> Normal | None:
    """The reader's document. `texts` are the contents of the files that `env_file` and `label_file` name, by absolute
    path. What is wrong stands in `reader.errors`; None where nothing could be read."""
    value = reader.document.value
    if not isinstance(value, Mapping):
        reader.wrong((), "A Compose file is a mapping with `services`.", "Begin with `services:`.")
        return None
    for key in value:
        if key not in _TOP and not key.startswith("x-"):
            hint = did_you_mean(key, _TOP) or "Remove it; keys of your own begin with `x-`."
            reader.wrong((key,), f"`{key}` is no key of a Compose file.", hint)
    name = _project(reader, value, project)
    services, left_out = _services(reader, _mapping_at(reader, value, "services"), texts)
    networks = {key: _network(reader, item, ("networks", key), name, key)
                for key, item in _mapping_at(reader, value, "networks").items()}  # fmt: skip
    networks.setdefault("default", {"name": f"{name}_default", "ipam": {}})
    volumes = {key: _volume(reader, item, ("volumes", key), name, key)
               for key, item in _mapping_at(reader, value, "volumes").items()}  # fmt: skip
    objects = {
        kind: {key: _object(reader, item, (kind, key), name, key, kind)
               for key, item in _mapping_at(reader, value, kind).items()}
        for kind in ("secrets", "configs")
    }  # fmt: skip
    _check_copies(reader, services, objects)
    found_jobs = jobs.jobs(reader, _mapping_at(reader, value, "jobs"))
    known_models = plugins.models(reader, _mapping_at(reader, value, "models"))
    used = Uses(reader, services, left_out, found_jobs)
    used.names()
    build.check(reader, services, left_out)
    return Normal(
        project=name,
        services=services,
        networks=used.of("network", networks, lambda item: item.get("networks") or ()),
        volumes=used.of("volume", volumes, _volume_keys),
        secrets=used.of("secret", objects["secrets"], secret_keys),
        configs=used.of("config", objects["configs"], lambda item: [g["source"] for g in item.get("configs") or ()]),
        models=used.of("model", known_models, lambda item: item.get("models") or ()),
        jobs=found_jobs,
        left_out=used.needs(),
    )


def secret_keys(service: Mapping[str, Any]) -> list[str]:
    """Those of its containers and those of its build."""
    grants = [*(service.get("secrets") or ()), *((service.get("build") or {}).get("secrets") or ())]
    return [grant["source"] for grant in grants]


def _volume_keys(service: Mapping[str, Any]) -> list[str]:
    return [m["source"] for m in service.get("volumes") or () if m["type"] == "volume" and m.get("source")]


def as_name(text: str) -> str:
    """What a project is called that a file or its folder calls `text`; "" where nothing is left."""
    return re.sub(r"[^a-z0-9_-]", "", text.lower()).lstrip("_-")


def _project(reader: Reader, value: Mapping[str, Any], given: str | None) -> str:
    if not isinstance(value.get("name", ""), str):
        reader.not_a(("name",), "a text", f'Quote it: "{value["name"]}".')
    name = given or value.get("name")
    if name and not given and isinstance(name, str):
        name = as_name(name) or name
    if name is None or name == "":
        name = as_name(reader.working_dir.rstrip("/").rpartition("/")[2]) or "default"
    if not isinstance(name, str) or not _PROJECT.fullmatch(name):
        reader.wrong(
            ("name",),
            f"`{name}` cannot be the name of a project.",
            "Use small letters, digits, `-` and `_`, and begin with a letter or digit.",
        )
        return "default"
    return name


def _services(
    reader: Reader, written: Mapping[str, Any], texts: Mapping[str, str]
) -> tuple[dict[str, dict[str, Any]], tuple[str, ...]]:
    if not written and not reader.errors:
        reader.wrong((), "The file names no service.", "Give it one under `services:`.")
    services: dict[str, dict[str, Any]] = {}
    left_out = []
    for name, item in written.items():
        at: Path = ("services", name)
        if not isinstance(item, Mapping):
            reader.not_a(at, "a mapping")
            continue
        if not re.fullmatch(r"[a-zA-Z0-9._-]+", name):
            reader.wrong(at, f"`{name}` cannot be the name of a service.", "Use letters, digits, `.`, `_` and `-`.")
        environment, labels = _from_files(reader, item, at, texts)
        config = service(reader, item, at, environment=environment, labels=labels)
        if values.is_active(reader, config.get("profiles")):
            services[name] = config
        else:
            left_out.append(name)
    return services, tuple(left_out)


def is_asleep(reader: Reader, written: Mapping[str, Any]) -> bool:
    """Whether none of the profiles of a service, as it is `written`, is active."""
    profiles = written.get("profiles")
    right = isinstance(profiles, list) and all(isinstance(each, str) for each in profiles)
    return right and not values.is_active(reader, profiles)


def _from_files(
    reader: Reader, written: Mapping[str, Any], at: Path, texts: Mapping[str, str]
) -> tuple[dict[str, str], dict[str, str]]:
    """What the files of `env_file` and of `label_file` hold. The first may name the project's variables and the
    service's own, the second none (as in Compose). Of a service whose profile is not active Compose reads none: what
    is wrong with them, or set nowhere, is not told."""
    # What they name is asked for all the same: the profile may be turned on with the values at hand.
    told = Reader(reader.document, {}, "") if is_asleep(reader, written) else reader
    own = values.pairs(Reader(reader.document, {}, ""), written.get("environment") or {}, at)

    def lookup(variable: str) -> str | None:
        reader.asked.add(variable)
        found = reader.variables.get(variable)
        return own.get(variable) if found is None else found

    environment: dict[str, str] = {}
    labels: dict[str, str] = {}
    for wanted in named_files(reader, written, at):
        text = texts.get(wanted.path)
        if text is None:
            if wanted.required:
                hint = "Make it, correct the path, or say `required: false`."
                told.wrong(wanted.at, f"The file {wanted.path} is not there.", hint)
            continue
        try:
            if wanted.key == "env_file":
                environment |= parse(
                    text, wanted.path, lookup=lookup, earlier=environment, raw=wanted.raw, unset=told.unset
                )
            else:
                labels |= parse(text, wanted.path)
        except DevenvErrors as error:
            told.errors += error.errors
        except DevenvError as error:
            told.errors.append(error)
    return environment, labels


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedFile:
    """A file that a service's `env_file` or `label_file` (`key`) names."""

    key: str
    path: str
    required: bool
    at: Path
    raw: bool = False


_FILE: dict[str, values.Read] = {
    "path": mounts.path,
    "required": values.flag,
    "format": values.choice("raw", ""),
}


def named_files(reader: Reader, written: Mapping[str, Any], at: Path) -> list[NamedFile]:
    """The files whose contents the service at `at` needs, in order."""
    found = []
    for key in ("env_file", "label_file"):
        given = written.get(key, [])
        for index, item in enumerate(given if isinstance(given, list) else [given]):
            here: Path = (*at, key, index) if isinstance(given, list) else (*at, key)
            if isinstance(item, Mapping) and key == "env_file":
                long = fields(reader, item, here, _FILE) or {}
            else:
                path = mounts.path(reader, item, here)
                long = {"path": path} if path else {}
            if "path" in long:
                found.append(
                    NamedFile(
                        key=key,
                        path=long["path"],
                        required=long.get("required", True),
                        at=here,
                        raw=long.get("format") == "raw",
                    )
                )
    return found


def _external(reader: Reader, value: Any, at: Path) -> Any:
    if isinstance(value, Mapping):  # `external: {name: x}` of old files
        return values.text(reader, value.get("name"), (*at, "name"))
    return values.boolean(reader, value, at)


_POOL: dict[str, values.Read] = {
    "subnet": values.text,
    "gateway": values.text,
    "ip_range": values.text,
    "aux_addresses": values.options,
}


def _pools(reader: Reader, value: Any, at: Path) -> list[dict[str, Any]] | None:
    if not isinstance(value, list):
        reader.not_a(at, "a list")
        return None
    return [fields(reader, item, (*at, index), _POOL) or {} for index, item in enumerate(value)] or None


def _ipam(reader: Reader, value: Any, at: Path) -> dict[str, Any]:
    known: dict[str, values.Read] = {"driver": values.text, "config": _pools, "options": values.options}
    return fields(reader, value, at, known) or {}


_NETWORK: dict[str, values.Read] = {
    "name": values.text,
    "driver": values.text,
    "driver_opts": values.options,
    "ipam": _ipam,
    "external": _external,
    "internal": values.boolean,
    "attachable": values.boolean,
    "labels": values.labels,
    "enable_ipv4": values.flag,
    "enable_ipv6": values.flag,
}
_VOLUME: dict[str, values.Read] = {
    key: _NETWORK[key] for key in ("name", "driver", "driver_opts", "external", "labels")
}
_OBJECT: dict[str, values.Read] = {
    "name": values.text,
    "file": mounts.path,
    "environment": values.text,
    "content": values.text,
    "external": _external,
    "labels": values.labels,
    "driver": values.text,
    "driver_opts": values.options,
    "template_driver": values.text,
}


def _named(found: dict[str, Any], project: str, key: str) -> dict[str, Any]:
    external = found.get("external")
    if isinstance(external, str):
        found = {**found, "name": external, "external": True}
    default = key if external else f"{project}_{key}"
    return {"name": found.get("name", default), **{k: v for k, v in found.items() if k != "name"}}


def _network(reader: Reader, value: Any, at: Path, project: str, key: str) -> dict[str, Any]:
    found = fields(reader, {} if value is None else value, at, _NETWORK) or {}
    named = _named(found, project, key)
    return {k: named.get(k, {}) for k in ("name", *_NETWORK) if k in named or k == "ipam"}


def _volume(reader: Reader, value: Any, at: Path, project: str, key: str) -> dict[str, Any]:
    read = fields(reader, {} if value is None else value, at, _VOLUME) or {}
    for key_of_ours in ("driver", "driver_opts", "labels") if read.get("external") else ():
        if read.get(key_of_ours):
            message = f"The volume `{key}` is external, and `{key_of_ours}` says how to make it."
            reader.wrong((*at, key_of_ours), message, f"Remove `{key_of_ours}`, or `external`.")
    found = _named(read, project, key)
    options = found.get("driver_opts") or {}
    if found.get("driver") == "local" and options.get("o") == "bind" and options.get("device"):
        found["driver_opts"] = {**options, "device": mounts.absolute(reader, options["device"])}
    return found


def _object(reader: Reader, value: Any, at: Path, project: str, key: str, kind: str) -> dict[str, Any]:
    absent = ("content",) if kind == "secrets" else ("driver", "driver_opts")
    known = {k: read for k, read in _OBJECT.items() if k not in absent}
    found = fields(reader, value, at, known) or {}
    word = kind.removesuffix("s")
    sources = [k for k in ("file", "environment", "content") if isinstance(value, Mapping) and k in value]
    if len(sources) != 1 and not found.get("external"):
        choices = "`file` or `environment`" if kind == "secrets" else "`file`, `environment` or `content`"
        reader.wrong(at, f"The {word} `{key}` needs one source.", f"Give it {choices}.")
    return _named(found, project, key)


def _check_copies(
    reader: Reader, services: Mapping[str, Mapping[str, Any]], objects: Mapping[str, Mapping[str, Any]]
) -> None:
    """Nothing can be copied into a container whose file system is read-only: only files can be mounted there."""
    for name, config in services.items():
        for kind, known in objects.items():
            for grant in config.get(kind) or () if config.get("read_only") else ():
                if "file" not in known.get(grant["source"], {"file": ""}):
                    reader.wrong(
                        ("services", name, kind),
                        f"`{name}` is `read_only`: `{grant['source']}` cannot be copied into it.",
                        "Give it a `file` as its source, or drop `read_only`.",
                    )
