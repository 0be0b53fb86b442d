"""The compiler's back end: a Manifest as the files that are committed, and what app must know to write the others.

render(manifest, catalogue, templates=…, existing=…, kinds=…) → Rendered
"""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from dataclasses import dataclass

from devenv.core import check, longform, paths, ports
from devenv.core.catalogue import lookup, official
from devenv.core.readiness import Kinds
from devenv.core.render import compose as composing
from devenv.core.render.devcontainer import devcontainer
from devenv.core.render.frame import Difference, difference, framed, state
from devenv.core.render.variables import references, texts
from devenv.core.render.yaml import emit
from devenv.core.rendered import (
    COMPOSE_FILE,
    DEVCONTAINER_FILE,
    IGNORE_FILE,
    STATE_IGNORE_FILE,
    Variable,
)
from devenv.core.seeds import SCALE
from devenv.model.errors import raise_all
from devenv.model.manifest import CatalogueService, Document, Manifest

TEMPLATES = ("compose.yaml.j2", "devcontainer.json.j2", "gitignore.j2", "devenv.gitignore.j2", "env.j2")
"""The names in `templates/` that app reads and hands to `render` and `render_env`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """What the manifest gives. Paths are relative to the repository.

    `files` are all rendered texts; `writes` the paths of those that must be written (not there, or ours and stale).
    `differences` are all files that differ, with diffs, also those that are kept: `edited` by a person, made by a
    `newer` devenv. `render --check` ends 1 where there are any. `copies` are files of a base outside of the repository:
    (path in the repository, absolute source). `notices` are lines for the person.
    """

    files: Mapping[str, str]
    writes: tuple[str, ...]
    differences: tuple[Difference, ...]
    variables: tuple[Variable, ...]
    copies: tuple[tuple[str, str], ...]
    notices: tuple[str, ...]

    @property
    def kept(self) -> tuple[Difference, ...]:
        """The files that are left as they are although they differ."""
        return tuple(item for item in self.differences if item.state in ("edited", "newer"))


def render(
    manifest: Manifest,
    catalogue: Mapping[str, CatalogueService],
    *,
    templates: Mapping[str, str],
    existing: Mapping[str, str],
    kinds: Kinds,
    wrapper: bool = False,
    force: bool = False,
) -> Rendered:
    """Render `manifest`. `templates` maps the names of TEMPLATES to their texts, `existing` paths to what is there;
    `kinds` are what `ready` may say.

    `wrapper`: the repository has a `./dev`. `force`: files that a person edited are written too. Raises DevenvError(s)
    where what was rendered does not fit our own schema of a Compose file.
    """
    value = manifest.document.value
    services = check.services(manifest.document)
    table = ports.table(services, catalogue)
    facts = composing.service_facts(services, table, catalogue, kinds)
    body = composing.compose(manifest, catalogue, table, facts, kinds)
    source = posixpath.basename(manifest.file)
    files = {
        COMPOSE_FILE: framed(templates["compose.yaml.j2"], {"source": source, "body": emit(body)}),
        IGNORE_FILE: framed(templates["gitignore.j2"], {}),
        STATE_IGNORE_FILE: templates["devenv.gitignore.j2"],
    }
    command = ("./dev" if wrapper else "devenv") + " up --for-ide"
    editor = devcontainer(manifest, table, template=templates["devcontainer.json.j2"], initialize=command)
    if editor is not None:
        files[DEVCONTAINER_FILE] = editor
    states = {path: state(text, existing.get(path)) for path, text in files.items()}
    if states[COMPOSE_FILE] != "same":
        from devenv.core.schema.explain import problems

        raise_all(problem.error for problem in problems(Document(file=COMPOSE_FILE, value=body), "compose", kinds))
    kept = () if force else ("edited", "newer")
    return Rendered(
        files=files,
        writes=tuple(path for path, found in states.items() if found != "same" and found not in kept),
        differences=tuple(
            difference(path, files[path], existing.get(path)) for path, found in states.items() if found != "same"
        ),
        variables=_variables(manifest, catalogue, table, body),
        copies=manifest.copies,
        notices=tuple(_notices(value, table)),
    )


def _variables(
    manifest: Manifest,
    catalogue: Mapping[str, CatalogueService],
    table: Mapping[str, list[ports.Port | str]],
    body: Mapping[str, object],
) -> tuple[Variable, ...]:
    """Every variable that the rendered file names, ours first, each once."""
    found: dict[str, Variable] = {}

    def add(variable: Variable) -> None:
        found.setdefault(variable.name, variable)

    add(Variable(name=composing.PROJECT, kind="project", default=manifest.name))
    services = check.services(manifest.document)
    for name, service in services.items():
        if (literal := composing.substituted(service, catalogue)) is not None:
            add(Variable(name=ports.image_variable(name), kind="image", default=literal, service=name, ref=literal))
        elif "use" in service:
            ref = official(*lookup(catalogue, service["use"]))
            variable = ports.image_variable(name)
            if service.get("image") == ports.reference(variable, ref):
                add(Variable(name=variable, kind="image", default=ref, service=name, ref=ref))
        for port in table[name]:
            if isinstance(port, ports.Port) and port.variable and port.preferred:
                add(
                    Variable(
                        name=port.variable, kind="port", default=str(port.preferred), service=name,
                        container_port=port.target, protocol=port.protocol, preferred=port.preferred,
                    )
                )  # fmt: skip
    secrets = composing.secret_variables(manifest.document.value)
    named = {reference.name: reference for text in texts(body) for reference in references(text)}
    for name, reference in named.items():
        if name == composing.UID:
            add(Variable(name=name, kind="uid", default=reference.rest or str(composing.DEFAULT_ID)))
        elif name == composing.GID:
            add(Variable(name=name, kind="gid", default=reference.rest or str(composing.DEFAULT_ID)))
        elif name == SCALE:
            add(Variable(name=name, kind="user", default="1"))
    for name in secrets:
        where = manifest.document.where(("secrets", secrets[name], "environment"))
        add(Variable(name=name, kind="secret", required=True, where=where))
    for path, text in check.texts(manifest.document.value):
        if path[0] == "workspace":  # devcontainer.json's variables are the editor's
            continue
        for reference in references(text):
            if reference.name == "COMPOSE_PROJECT_NAME":  # Compose gives it a value by itself: the project's name
                continue
            defaulted = reference.sign in (":-", "-")
            add(
                Variable(
                    name=reference.name, kind="user", default=reference.rest if defaulted else None,
                    required=reference.sign in ("", "?", ":?"), why=reference.rest if "?" in reference.sign else "",
                    where=check.place(manifest.document, path),
                )
            )  # fmt: skip
    for name, service in services.items():
        for variable, given in longform.pairs(service.get("environment")).items():
            if given is None:
                where = manifest.document.where(("services", name, "environment", variable))
                add(Variable(name=variable, kind="user", passed=True, where=where))
    return tuple(found.values())


def _notices(value: Mapping[str, object], table: Mapping[str, list[ports.Port | str]]) -> list[str]:
    """What the person should know of, once."""
    notices = []
    for name, items in table.items():
        for port in items:
            if isinstance(port, ports.Port) and not port.variable and port.host_ip in (None, "", "0.0.0.0", "::"):
                place = f"{port.published}:{port.target}"
                notices.append(
                    f"{name}: port {place} is open to the network; `127.0.0.1:{place}` keeps it on this machine"
                )
    variables: dict[str, None] = {}
    paths.moved(value, composing.to_repository, open_ended=lambda name: variables.setdefault(name) or name)
    for name in variables:
        notices.append(f"a path begins with ${{{name}}}: give it an absolute one (others count from .devcontainer/)")
    if "version" in value:
        notices.append("`version` means nothing any more and is left out")
    return notices


__all__ = ["TEMPLATES", "Rendered", "render"]
