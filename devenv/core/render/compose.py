"""The manifest as `.devcontainer/compose.yaml`: long syntax, no value of this host, devenv's keys under `x-devenv`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from devenv.core import addresses, longform, paths, ports
from devenv.core import catalogue as catalogue_of
from devenv.core.addresses import Facts
from devenv.core.readiness import Kinds
from devenv.core.recipes import stands_in
from devenv.core.render import health
from devenv.core.render.variables import required
from devenv.core.scalars import each_text
from devenv.core.seeds import ROWS, SCALE, SEED_FILES, SEED_KINDS, generated
from devenv.model.manifest import CatalogueService, Manifest

UID, GID, PROJECT = "DEVENV_UID", "DEVENV_GID", "DEVENV_PROJECT"
DEFAULT_ID = 1000
FOLDER = ".devcontainer"
_TO_REPOSITORY = ".."
"""The repository as seen from `.devcontainer/`."""

_LONE = re.compile(r"(\$\$)|\$(?![A-Za-z_{])")

_ORDER = (
    "image", "build", "platform", "container_name", "hostname", "init", "user", "entrypoint", "command", "working_dir",
    "environment", "env_file", "ports", "expose", "volumes", "tmpfs", "secrets", "configs", "networks", "network_mode",
    "depends_on", "healthcheck", "restart",
)  # fmt: skip
_OURS = ("use", "ready", "seed", "one_shot", "lazy", "owner", "docs", "runbook")
_ABOUT = ("owner", "docs", "runbook", "links")


def service_facts(
    services: Mapping[str, Any],
    table: Mapping[str, list[ports.Port | str]],
    catalogue: Mapping[str, CatalogueService],
    kinds: Kinds,
) -> dict[str, Facts]:
    """The facts of every service."""
    return {
        name: addresses.facts(name, service, _kind(service, catalogue), table[name], kinds)
        for name, service in services.items()
    }


def _kind(service: Mapping[str, Any], catalogue: Mapping[str, CatalogueService]) -> CatalogueService | None:
    return catalogue_of.kind_of(service, catalogue)


def workspace_service(manifest: Manifest) -> str | None:
    """The service that the editor opens, where the manifest has a workspace."""
    workspace = manifest.document.value.get("workspace")
    return None if workspace is None else str(workspace.get("service", "workspace"))


def workspace_folder(manifest: Manifest) -> str:
    """Where the repository is mounted in the workspace's service."""
    return str((manifest.document.value.get("workspace") or {}).get("folder", f"/workspaces/{manifest.name}"))


def compose(
    manifest: Manifest,
    catalogue: Mapping[str, CatalogueService],
    table: Mapping[str, list[ports.Port | str]],
    facts: Mapping[str, Facts],
    kinds: Kinds,
) -> dict[str, Any]:
    """The Compose file as a value, in the order in which it is written."""
    original = manifest.document.value
    value = paths.moved(_long(original), to_repository)
    secrets = secret_variables(original)
    services: Mapping[str, Any] = value["services"]
    checks = {name: _health(service, catalogue, facts[name], kinds) for name, service in services.items()}
    rendered: dict[str, Any] = {"name": ports.reference(PROJECT, manifest.name)}
    if top := _top(manifest, services):
        rendered["x-devenv"] = top
    rendered["services"] = {
        name: _service(manifest, name, service, catalogue, table[name], facts[name], checks, kinds)
        for name, service in services.items()
    }
    for key in ("networks", "volumes", "secrets", "configs", "models"):
        if value.get(key):
            rendered[key] = {name: _labelled(item) for name, item in value[key].items()}
    rendered |= {key: item for key, item in value.items() if key.startswith("x-")}
    whole: dict[str, Any] = _sealed(rendered, secrets)
    return whole


def to_repository(path: str) -> str:
    """A path of the manifest as the rendered file writes it."""
    beside = path.removeprefix("./").startswith(f"{FOLDER}/")
    return f"./{path.removeprefix('./')[len(FOLDER) + 1 :]}" if beside else paths.join(_TO_REPOSITORY, path)


def secret_variables(value: Mapping[str, Any]) -> dict[str, str]:
    """The variables that hold secrets, and the secrets' names."""
    secrets = value.get("secrets") or {}
    return {str(item["environment"]): name for name, item in secrets.items() if item and "environment" in item}


def _sealed(value: Any, secrets: Mapping[str, str]) -> Any:
    """No secret with a default; a `$` that begins no variable as `$$`, since not every reader takes it alone."""

    def sealed(text: str) -> str:
        return required(_LONE.sub(lambda match: match[1] or "$$", text), secrets) if "$" in text else text

    return each_text(value, sealed)


def _labelled(item: Any) -> Any:
    if isinstance(item, Mapping) and "labels" in item:
        return {**item, "labels": longform.pairs(item["labels"])}
    return item


def _long(value: Mapping[str, Any]) -> dict[str, Any]:
    """Short forms as long ones, in every service."""
    forms = {
        "build": longform.build,
        "volumes": longform.volumes,
        "env_file": longform.env_files,
        "label_file": longform.texts,
        "security_opt": lambda options: [paths.profile_moved(option, to_repository) for option in options],
        "environment": longform.pairs,
        "labels": longform.pairs,
        "annotations": longform.pairs,
        "sysctls": longform.pairs,
        "networks": longform.networks,
        "depends_on": longform.needs,
        "secrets": longform.grants,
        "configs": longform.grants,
        "expose": longform.texts,
        "tmpfs": longform.texts,
        "dns": longform.texts,
        "dns_search": longform.texts,
        "seed": seeds,
    }
    services = {
        name: {key: forms[key](item) if key in forms and item is not None else item for key, item in service.items()}
        for name, service in value["services"].items()
    }
    return {**value, "services": services}


def seeds(written: Any) -> list[dict[str, Any] | str]:
    """`seed` with kind, name and table of every file; a folder stays a path, its files are found when it is read."""
    return [_seed(item) for item in (written if isinstance(written, list) else [written])]


def _seed(item: Any) -> dict[str, Any] | str:
    long: dict[str, Any] = dict(item) if isinstance(item, Mapping) else {}
    if isinstance(item, str):
        suffix = "." + item.rpartition("/")[2].rpartition(".")[2].lower()
        if suffix not in SEED_KINDS:
            return item
        long = {SEED_KINDS[suffix]: item}
    if "generate" in long:
        long.setdefault("name", generated(long["generate"]))
        long.setdefault("scale", ports.reference(SCALE, "1"))
        return long
    kind = next(kind for kind in SEED_FILES if kind in long)
    path = str(long[kind]).removeprefix("./")
    long.setdefault("name", path)
    if kind in ROWS:
        long.setdefault("table", path.rpartition("/")[2].rpartition(".")[0])
    return long


def _owned(item: Any, seeder: Any) -> Any:
    """A seed as its seeder takes it: what is no database has no tables."""
    if seeder == "redis" and isinstance(item, Mapping):
        return {key: value for key, value in item.items() if key != "table"}
    return item


def _health(
    service: Mapping[str, Any], catalogue: Mapping[str, CatalogueService], fact: Facts, kinds: Kinds
) -> dict[str, Any] | str | None:
    """The healthcheck to write; "own" where the service or its image has one; None where there is none."""
    if service.get("healthcheck") or health.is_own(service, kinds):
        return "own"
    return health.healthcheck(service, health.command_kind(service, catalogue), fact, kinds)


def _service(
    manifest: Manifest,
    name: str,
    service: Mapping[str, Any],
    catalogue: Mapping[str, CatalogueService],
    table: list[ports.Port | str],
    fact: Facts,
    checks: Mapping[str, dict[str, Any] | str | None],
    kinds: Kinds,
) -> dict[str, Any]:
    written = {key: item for key, item in service.items() if key not in _OURS}
    links = written.pop("links", None)
    if isinstance(links, list):
        written["links"] = links
    if (image := substituted(service, catalogue)) is not None:
        written["image"] = ports.reference(ports.image_variable(name), image)
    if table:
        written["ports"] = [_port(port) for port in table]
    else:
        written.pop("ports", None)
    if isinstance(check := checks[name], dict):
        written["healthcheck"] = check
    kept: dict[str, str] = {}
    if "depends_on" in written:
        written["depends_on"] = _needs(written["depends_on"], manifest.document.value["services"], checks, kept)
    if name == workspace_service(manifest):
        _workspace(manifest, written)
    ours = _ours(service, catalogue, fact, kept, links if isinstance(links, Mapping) else None, kinds)
    ordered = {key: written[key] for key in _ORDER if key in written}
    ordered |= {key: item for key, item in written.items() if key not in ordered}
    return {**ordered, **({"x-devenv": ours} if ours else {})}


def substituted(service: Mapping[str, Any], catalogue: Mapping[str, CatalogueService]) -> str | None:
    """The image that a service names literally and a recipe may have to stand in for on some host, None where it names
    none such: the file leaves it to a variable, so that Compose takes the substitute as well."""
    image = service.get("image")
    if not isinstance(image, str) or "$" in image or "build" in service:
        return None
    known = (kind.recipe for kind in catalogue.values() if kind.recipe is not None)
    return image if any(stands_in(recipe, image) for recipe in known) else None


def _port(port: ports.Port | str) -> dict[str, Any] | str:
    if isinstance(port, str):
        return port
    place = {} if port.host_ip is None else {"host_ip": port.host_ip}
    return {"target": port.target, "published": port.published, **place, "protocol": port.protocol, **port.extra}


def _needs(
    needs: Mapping[str, Mapping[str, Any]],
    services: Mapping[str, Any],
    checks: Mapping[str, dict[str, Any] | str | None],
    kept: dict[str, str],
) -> dict[str, dict[str, Any]]:
    """`depends_on` as Compose can hold it: for what has no healthcheck devenv alone can wait (`kept`)."""
    written: dict[str, dict[str, Any]] = {}
    for need, long in needs.items():
        written[need] = dict(long)
        if long["condition"] == "service_healthy" and checks.get(need) is None and addresses.conditions(services[need]):
            written[need]["condition"] = "service_started"
            kept[need] = "service_healthy"
    return written


def _workspace(manifest: Manifest, written: dict[str, Any]) -> None:
    """What the editor's service needs: it stays up, as this host's user, with the repository in it."""
    folder = workspace_folder(manifest)
    written.setdefault("init", True)
    written.setdefault("user", f"{ports.reference(UID, DEFAULT_ID)}:{ports.reference(GID, DEFAULT_ID)}")
    if "command" not in written and "entrypoint" not in written:
        written["command"] = ["sleep", "infinity"]
    written.setdefault("working_dir", folder)
    written["environment"] = {**written.get("environment", {}), "DEVENV_WORKSPACE": "1"}
    mounts = written.get("volumes", [])
    targets = [str(mount.get("target", "")).rstrip("/") for mount in mounts if isinstance(mount, Mapping)]
    if not any(folder.rstrip("/") == target or folder.startswith(f"{target}/") for target in targets if target):
        source = {"type": "bind", "source": _TO_REPOSITORY, "target": folder, "bind": {"create_host_path": True}}
        written["volumes"] = [source, *mounts]


def _ours(
    service: Mapping[str, Any],
    catalogue: Mapping[str, CatalogueService],
    fact: Facts,
    kept: Mapping[str, str],
    links: Mapping[str, Any] | None,
    kinds: Kinds,
) -> dict[str, Any]:
    """The service's `x-devenv`."""
    ours: dict[str, Any] = {}
    if "use" in service:
        kind, version = _version(service, catalogue)
        ours["use"] = f"{kind.name}@{version}" if version else kind.name
        if kind.server and version:
            ours["server"] = f"{kind.name}/{version.partition('.')[0]}"
        if kind.data:
            ours["data"] = kind.data
        if kind.seeder:
            ours["seeder"] = kind.seeder
        if fact.credentials:
            ours["values"] = dict(fact.credentials)
    if service.get("ready"):
        ours["ready"] = [_condition(condition, fact, kinds) for condition in addresses.conditions(service)]
    if service.get("seed"):
        ours["seed"] = [_owned(item, ours.get("seeder")) for item in service["seed"]]
    if "one_shot" in service:
        ours["one_shot"] = service["one_shot"]
    if fact.urls:
        ours["urls"] = dict(fact.urls)
    if kept:
        ours["depends_on"] = dict(kept)
    ours |= {key: service[key] for key in ("owner", "docs", "runbook") if key in service}
    if links:
        ours["links"] = dict(links)
    return ours


def _version(
    service: Mapping[str, Any], catalogue: Mapping[str, CatalogueService]
) -> tuple[CatalogueService, str | None]:
    """The catalogue service and its version; another image's version is what its tag says, if that is a number."""
    kind, version = catalogue_of.lookup(catalogue, service["use"])
    kind = catalogue_of.as_used(service, kind)
    image = str(service.get("image", ""))
    if "build" in service or not image.endswith(f":-{catalogue_of.official(kind, version)}}}"):
        tag = re.search(r":([0-9]+(?:\.[0-9]+)*)[^/:]*$", image)
        return kind, tag[1] if tag else None
    return kind, version


def _condition(condition: Mapping[str, Any], fact: Facts, kinds: Kinds) -> dict[str, Any]:
    """One item of `ready` in its full form: what is asked for, and at which port."""
    port = fact.values.get("port")
    return {name: kinds[name].rendered(item, port) if name in kinds else item for name, item in condition.items()}


def _top(manifest: Manifest, services: Mapping[str, Any]) -> dict[str, Any]:
    """The file's own `x-devenv`."""
    value = manifest.document.value
    top: dict[str, Any] = {}
    workspace = workspace_service(manifest)
    if workspace is not None:
        user = (value.get("workspace") or {}).get("user")
        top["workspace"] = {
            "service": workspace,
            **({"user": user} if user else {}),
            "folder": workspace_folder(manifest),
        }
    if value.get("tasks"):
        top["tasks"] = {name: _task(task, workspace) for name, task in value["tasks"].items()}
    top |= {key: value[key] for key in ("checks", "requires", *_ABOUT) if value.get(key)}
    return top


def _task(task: Any, workspace: str | None) -> dict[str, Any]:
    long = dict(task) if isinstance(task, Mapping) else {"command": task}
    return {"service": long.pop("service", workspace), **long}
