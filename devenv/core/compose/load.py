"""A Compose file (the rendered one, or a team's own) as a Stack: merged, interpolated, normalised, checked.

Nothing is read here: `documents.wanted` says which further files and folders count, `load` takes their contents.
"""

from __future__ import annotations

import posixpath
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from devenv.core.compose import build, extension, hooks, seccomp
from devenv.core.compose import checks as checking
from devenv.core.compose.documents import NOTHING, read, services_of, unique
from devenv.core.compose.grants import grants, secret_names, secrets
from devenv.core.compose.guess import guess, loads_itself
from devenv.core.compose.interpolate import named, names, substitute
from devenv.core.compose.layers import Given
from devenv.core.compose.normalise import Normal
from devenv.core.compose.notices import jobs_by_hand, refuse_elsewhere, without_effect
from devenv.core.compose.references import refuse_unreadable
from devenv.core.compose.scaling import scale
from devenv.core.compose.values import Reader, nanoseconds
from devenv.core.readiness import Kinds
from devenv.model.errors import raise_all
from devenv.model.manifest import Document
from devenv.model.stack import (
    SERVICE_COMPLETED,
    Need,
    Network,
    Ready,
    Service,
    Stack,
    Volume,
)

_IMAGE_VARIABLE = "${DEVENV_IMAGE_"
_DEFAULT_TIMEOUT = 120.0
_CONDITIONS = ("service_started", "service_healthy", SERVICE_COMPLETED)
_SERVERS = {
    "postgres": 'exec pg_isready -q -h 127.0.0.1 -U "${POSTGRES_USER:-postgres}"',
    "redis": "redis-cli ping | grep -q -e PONG -e NOAUTH",
}
"""Seeder → what a shell in the container asks the server that is to be seeded."""


def load(
    documents: Sequence[Document],
    *,
    variables: Mapping[str, str],
    folder: str,
    working_dir: str,
    files: Sequence[str],
    kinds: Kinds,
    project: str | None = None,
    texts: Mapping[str, str] | None = None,
    listings: Mapping[str, Sequence[str]] | None = None,
    given: Given = NOTHING,
    lenient: bool = False,
) -> Stack:
    """The stack that `documents` describe, the later laid over the earlier.

    `variables` are the values for `${…}`: the shell's, those of the project's `.env`, devenv's own. `folder` is the
    repository, `working_dir` the Compose project's folder, `files` the Compose files, all absolute. `kinds` are what
    `ready` may say. `project` names the project in place of the file's `name:`. `texts`, `listings` and `given` are
    what `wanted` asked for. `lenient`: a variable that is not set is told of (`Stack.notices`) and no error.

    Raises DevenvErrors with everything that is wrong: keys that devenv cannot do yet are refused by name, and none is
    dropped in silence.
    """
    found = read(documents, variables, working_dir, project, texts, given, lenient=lenient)
    reader, normal = found.reader, found.normal
    loader = _Loader(reader, normal, documents, folder, listings or {}, texts or {}, kinds) if normal else None
    stack = loader.stack(files) if loader else None
    raise_all(unique(reader.errors))
    if stack is None:  # pragma: no cover: without a stack there is an error
        raise AssertionError(documents)
    return replace(stack, notices=(*found.notices, *stack.notices))


class _Loader:
    def __init__(
        self,
        reader: Reader,
        normal: Normal,
        documents: Sequence[Document],
        folder: str,
        listings: Mapping[str, Sequence[str]],
        texts: Mapping[str, str],
        kinds: Kinds,
    ) -> None:
        self.reader, self.normal, self.folder, self.kinds = reader, normal, folder, kinds
        self.found = listings, texts
        self.written = services_of(reader.document.value)
        self.raw = [services_of(document.value) for document in documents]
        self.ours = {
            name: extension.of(reader, item, ("services", name))
            for name, item in self.written.items()
            if name in normal.services
        }
        self.completed = {
            target
            for config in normal.services.values()
            for target, need in (config.get("depends_on") or {}).items()
            if need["condition"] == SERVICE_COMPLETED
        }
        tops = [document.value for document in documents if isinstance(document.value, Mapping)]
        mentioned = frozenset().union(*(named(top) for top in tops)) - secret_names(tops)
        self.defaults = _defaults(documents, reader.variables)
        self.chosen = {
            name: self.defaults[name]
            for name in sorted(mentioned)
            if name.startswith("DEVENV_") and name in self.defaults
        }

    def stack(self, files: Sequence[str]) -> Stack:
        normal, reader = self.normal, self.reader
        top = extension.of(reader, reader.document.value, (), top=True)
        workspace = self.workspace(top)
        services = {name: self.service(name, config) for name, config in normal.services.items()}
        servers = self.servers(services)
        refuse_elsewhere(reader, normal.services)
        refuse_unreadable(reader, normal.services)
        return Stack(
            project=normal.project,
            folder=self.folder,
            working_dir=reader.working_dir,
            files=tuple(file if file == "-" else posixpath.join(self.folder, file) for file in files),
            services=services,
            networks={
                key: Network(key=key, name=item["name"], config=item, external=bool(item.get("external")))
                for key, item in normal.networks.items()
            },
            volumes={
                key: Volume(
                    key=key,
                    name=item["name"],
                    config=item,
                    external=bool(item.get("external")),
                    server=servers.get(key),
                )
                for key, item in normal.volumes.items()
            },
            tasks=extension.tasks(reader, top, services, workspace.get("service")),
            checks=checking.checks(reader, top.get("checks"), (extension.KEY, "checks"), services),
            workspace=workspace,
            about={key: top[key] for key in (*extension.ABOUT, "requires") if key in top},
            variables=self.chosen,
            secrets=secrets(reader, services),
            left_out=normal.left_out,
            models=normal.models,
            unmakeable=tuple(unique(reader.unmakeable)),
            looked_up=frozenset(reader.asked),
            notices=(
                *without_effect(normal.services, {"secrets": normal.secrets, "configs": normal.configs}),
                *jobs_by_hand(normal.jobs),
            ),
        )

    def workspace(self, top: Mapping[str, Any]) -> dict[str, Any]:
        workspace = top.get("workspace") or {}
        at = (extension.KEY, "workspace")
        if not isinstance(workspace, Mapping):
            self.reader.not_a(at, "a mapping")
            return {}
        service = workspace.get("service", "workspace") if workspace else None
        if service is not None and service not in self.normal.services:
            self.reader.wrong(at, f"The workspace `{service}` is no service of the file.", "Name one of its services.")
        return {"service": service, **workspace} if workspace else {}

    def service(self, name: str, config: Mapping[str, Any]) -> Service:
        at = ("services", name)
        ours, reader = self.ours.get(name, {}), self.reader
        here = (*at, extension.KEY)
        image = config.get("image") or f"{self.normal.project}-{name}"
        official = self.official(name)
        use = self.text(ours, here, "use") or ""
        known = guess(official or config.get("image") or "", config.get("environment") or {}, use)
        seeder = self.text(ours, here, "seeder") or known.seeder or None
        seeds = extension.seeds(
            reader, ours.get("seed"), (*here, "seed"), seeder=seeder, folder=self.folder, found=self.found
        )
        if seeds and not seeder:
            reader.wrong(
                (*here, "seed"),
                f"devenv does not know how to seed `{name}`.",
                loads_itself(official or config.get("image") or "", use)
                or "Say what it is: `seeder: postgres` or `seeder: redis` (in devenv.yaml `use: postgres`).",
            )
        given = ours.get("one_shot")
        if given is not None and not isinstance(given, bool):
            reader.not_a((*here, "one_shot"), "`true` or `false`")
        return Service(
            name=name,
            config=config,
            image=image,
            container_name=config.get("container_name") or f"{self.normal.project}-{name}-1",
            build=build.of(reader, config, at, self.normal.secrets),
            official=official if official != image else None,
            needs=self.needs(name, config, ours),
            ready=_serving(self.ready(config, ours, here), seeder if seeds else None),
            seeds=seeds,
            seeder=seeder,
            values={**known.values, **self.texts(ours, here, "values")},
            server=self.text(ours, here, "server") or known.server or None,
            data=self.text(ours, here, "data") or known.data or None,
            one_shot=given if isinstance(given, bool) else name in self.completed,
            use=use or None,
            urls=self.texts(ours, here, "urls"),
            about={key: ours[key] for key in extension.ABOUT if key in ours},
            variables=self.variables(name),
            grants=grants(reader, self.normal, config),
            seccomp=seccomp.profiles(reader, config, at, self.found[1]),
            scale=0 if config.get("provider") else scale(reader, config, at),
            pre_start=self.before(name, config, at),
            post_start=hooks.hooks(config, "post_start"),
            pre_stop=hooks.hooks(config, "pre_stop"),
            where=reader.document.where(at),
        )

    def before(self, name: str, config: Mapping[str, Any], at: tuple[str, ...]) -> tuple[Service, ...]:
        """What runs the `pre_start` hooks, under Compose's names."""
        return tuple(
            Service(
                name=name,
                config=spec,
                image=spec.get("image") or f"{self.normal.project}-{name}",
                container_name=f"{self.normal.project}-{name}-pre_start-{index}",
                grants=grants(self.reader, self.normal, spec),
                where=self.reader.document.where((*at, "pre_start", index)),
            )
            for index, spec in enumerate(config.get("pre_start") or ())
        )

    def text(self, ours: Mapping[str, Any], here: tuple[str, ...], key: str) -> str | None:
        value = ours.get(key)
        if value is not None and not isinstance(value, str):
            self.reader.not_a((*here, key), "a text")
            return None
        return value

    def texts(self, ours: Mapping[str, Any], here: tuple[str, ...], key: str) -> dict[str, str]:
        value = ours.get(key)
        if value is None:
            return {}
        if not isinstance(value, Mapping) or any(isinstance(item, (dict, list)) for item in value.values()):
            self.reader.not_a((*here, key), "a mapping of texts")
            return {}
        return {str(name): "" if item is None else str(item) for name, item in value.items()}

    def official(self, name: str) -> str | None:
        """The image as the manifest named it, where the file leaves it to a variable of devenv's."""
        for services in reversed(self.raw):
            image = services.get(name, {}).get("image")
            if isinstance(image, str):
                if not image.startswith(_IMAGE_VARIABLE):
                    return None
                own = {k: v for k, v in self.reader.variables.items() if not k.startswith("DEVENV_IMAGE_")}
                return substitute(image, own.get, lenient=True)
        return None

    def variables(self, name: str) -> dict[str, str]:
        own = frozenset().union(*(named(services.get(name, {})) for services in self.raw))
        return {key: value for key, value in self.chosen.items() if key in own}

    def needs(self, name: str, config: Mapping[str, Any], ours: Mapping[str, Any]) -> tuple[Need, ...]:
        conditions = ours.get("depends_on") or {}
        written = config.get("depends_on") or {}
        for target, condition in conditions.items() if isinstance(conditions, Mapping) else ():
            if condition not in _CONDITIONS or target not in written:
                self.reader.wrong(
                    ("services", name, extension.KEY, "depends_on"),
                    f"`{target}: {condition}` is no condition on a service that `{name}` depends on.",
                    "Name a service of its `depends_on`, and one of " + ", ".join(f"`{c}`" for c in _CONDITIONS) + ".",
                )
        return tuple(
            Need(
                target=target,
                condition=str(conditions.get(target, need["condition"]))
                if isinstance(conditions, Mapping)
                else need["condition"],
                required=need["required"],
                restart=need.get("restart", False),
            )
            for target, need in written.items()
            if target in self.normal.services
        )

    def ready(self, config: Mapping[str, Any], ours: Mapping[str, Any], here: tuple[str, ...]) -> tuple[Ready, ...]:
        if ours.get("ready"):
            return extension.ready(self.reader, ours["ready"], (*here, "ready"), self.kinds)
        check = config.get("healthcheck") or {}
        if check.get("disable") or not check.get("test") or check["test"][0] == "NONE":
            return ()
        # The engine calls it unhealthy no sooner than this.
        once = nanoseconds(check.get("interval", "30s")) + nanoseconds(check.get("timeout", "30s"))
        patience = nanoseconds(check.get("start_period", "0s")) + once * (check.get("retries") or 3)
        return (Ready(kind="health", options={}, timeout=max(_DEFAULT_TIMEOUT, patience / 1e9)),)

    def servers(self, services: Mapping[str, Service]) -> dict[str, str]:
        """The keys of the volumes that hold a server's data, and whose."""
        return {
            mount["source"]: service.server
            for service in services.values()
            if service.server and service.data
            for mount in service.config.get("volumes") or ()
            if mount["type"] == "volume" and mount.get("source") and mount["target"] == service.data.rstrip("/")
        }


def _serving(ready: tuple[Ready, ...], seeder: str | None) -> tuple[Ready, ...]:
    """`ready`, and that the server which `seeder` is to load serves. A healthcheck is often met before: PostgreSQL's
    image makes its database with a server that listens on the socket alone, and goes down again. What is asked over
    TCP is the real one."""
    command = _SERVERS.get(seeder or "")
    if command is None or any(each.kind == "tcp" for each in ready):
        return ready
    timeout = max((each.timeout for each in ready), default=_DEFAULT_TIMEOUT)
    return (*ready, Ready(kind="exec", options={"command": ["sh", "-c", command]}, timeout=timeout))


def _defaults(documents: Sequence[Document], variables: Mapping[str, str]) -> dict[str, str]:
    """The value of every variable that the documents name: its own, else the default that stands at it."""
    found: dict[str, str] = {}
    for document in documents:
        for name in names(document):
            value = variables.get(name.name) or None
            if value is None and name.default is not None:
                value = substitute(name.default, variables.get, lenient=True)
            if value is not None:
                found.setdefault(name.name, value)
    return found
