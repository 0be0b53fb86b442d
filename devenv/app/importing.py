"""`devenv import compose|devcontainer [FILE…]`: the files that a team has as a devenv.yaml."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from devenv.app.compiling import bases
from devenv.app.context import Context
from devenv.app.data import catalogue, templates
from devenv.app.project import Project, read_project, shown
from devenv.app.session import PROFILES, default_name, find_values
from devenv.app.stack import further_files, load_model, missing
from devenv.app.values import Given, given, with_files
from devenv.core import importing
from devenv.core.compose import dotenv
from devenv.core.compose.interpolate import names
from devenv.core.compose.layers import Given as Files
from devenv.core.decode import decode
from devenv.core.devcontainer.properties import COMPOSE as OF_COMPOSE
from devenv.core.devcontainer.read import Read, read
from devenv.core.importing.devcontainer import Workspace, joined
from devenv.core.init.correct import project_name
from devenv.core.init.wrapper import SCHEMA
from devenv.core.render import TEMPLATES, render
from devenv.core.rendered import COMPOSE_FILE
from devenv.core.source import read_yaml
from devenv.extensions.probes import PROBES
from devenv.host.devcontainers import devcontainer_files, git_root, repository_of
from devenv.host.files import read_text, write_atomic
from devenv.host.project import COMPOSE, MANIFESTS, STDIN
from devenv.model.errors import DevenvError, DevenvErrors, ExitCode
from devenv.model.manifest import Document

MANIFEST = MANIFESTS[0]
_PROJECT = "COMPOSE_PROJECT_NAME"
"""What Compose, and devenv, set by themselves."""
_MADE = f"{MANIFEST} as it would be"
"""What it is called where no file of theirs says the same: nothing is written then."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Source:
    """What is imported: the `project` as its files say it, `names` how the person calls these, `said` the
    devcontainer.json among them."""

    project: Project
    names: tuple[str, ...]
    said: Read | None = None


def import_(ctx: Context, kind: str, files: tuple[str, ...] = (), *, print_: bool = False) -> int:
    """Write a devenv.yaml that says what the Compose files or the devcontainer.json `files` say (by default those of
    the project), and tell what is another, what has no place in it, and what devenv can do now. `print_`: only print
    it. Needs no engine.

    Raises DevenvErrors (INPUT), also where a devenv.yaml is there."""
    source = _compose(ctx, files) if kind == "compose" else _devcontainer(ctx, files)
    project, folder = source.project, source.project.folder
    target = folder / MANIFEST
    if not print_ and (there := next((name for name in MANIFESTS if (folder / name).exists()), None)):
        raise DevenvError(
            f"{shown(folder / there)} is there already.",
            hint="It stays as it is; `devenv import … --dry-run` prints what would be written today.",
        )
    known = given(project)
    name = project_name(ctx.project or default_name(project, known))
    values = find_values(project, known, name, (), local=False)
    further = further_files(project, values, name) if project.documents else Files()
    single = _single(project)
    document = single or importing.merged(project.documents, str(project.working_dir), str(folder), further)
    imported, kept = _taken(source, document, name, "" if single is None else read_text(project.files[0]))
    value, unsaid = imported.value, [*imported.unsaid, *_of_included(further, known), *_unset(document, further, known)]
    workspace = importing.workspace(source.said, str(git_root(folder))) if source.said is not None else None
    if workspace is not None:
        value = _with_workspace(value, workspace, alone=not project.documents)
        unsaid += workspace.unsaid
    if kept is None and "#" in "".join(read_text(file) for file in project.files if source.said is None):
        unsaid.append("The comments: the files could not be taken line by line.")
    schema = SCHEMA if (folder / SCHEMA).is_file() else ""
    text = importing.text(value, kept, names=source.names, unsaid=unsaid, schema=schema)
    theirs = [*project.documents, *(each for documents in further.files.values() for each in documents)]
    inside = {name: value for each in further.texts.values() for name, value in dotenv.parse(each, "").items()}
    stand_ins = {key: item for key, item in missing(theirs).items() if key not in inside}
    stand_in = missing([document])
    said = {name: value for name, value in known.repository.items() if value or name not in stand_in}
    everything = replace(known, repository={**stand_in, **inside, **said})
    try:
        ours = _ours(project, text, name, everything)
    except DevenvError as error:
        _relocate(error, text, theirs)
        raise
    passed = frozenset((workspace.service, *_used(workspace))) if workspace is not None else frozenset()
    before = _normal(project, known, {**stand_ins, **values, PROFILES: "*"}, name)
    changed = importing.compared(before, ours, passed) if before else []
    if not print_:
        write_atomic(target, text.encode())
    _tell(ctx, source, target, text, unsaid, changed, imported.gains, print_=print_)
    return ExitCode.DONE


def _taken(source: _Source, document: Document, name: str, text: str) -> tuple[importing.Imported, str | None]:
    """What the document comes to, and the person's `text` saying it, None where that cannot be done line by line. The
    text is worth more than a `use` that it has no room for, since an anchor shares the service's keys with others."""
    every = catalogue()
    whole = importing.taken(document.value, name=name, catalogue=every, kinds=PROBES)
    if not text or source.said is not None:
        return whole, None
    if (kept := importing.edited(text, document, whole.value)) is not None:
        return whole, kept
    services = document.value.get("services") or {}
    for leave in (*({service} for service in services), {*services}):
        found = importing.taken(document.value, name=name, catalogue=every, kinds=PROBES, leave=frozenset(leave))
        if (kept := importing.edited(text, document, found.value)) is not None:
            which = ", ".join(f"`{each}`" for each in leave if "use" in whole.value["services"][each])
            line = f"`use:` for {which}, which shares keys with others by an anchor; write them out to have it."
            return replace(found, unsaid=(*found.unsaid, line)), kept
    return whole, None


def _said_inside(further: Files) -> dict[str, str]:
    """What variables of included projects say, with the file that does."""
    return {name: path for path, text in further.texts.items() for name in dotenv.parse(text, path)}


def _of_included(further: Files, known: Given) -> list[str]:
    return [
        f"`{name}`, which {shown(Path(path))} says for what is included there: say it in .env."
        for name, path in _said_inside(further).items()
        if known.said(name) is None
    ]


def _unset(document: Document, further: Files, known: Given) -> list[str]:
    """Variables that a devenv.yaml asks for, where Compose makes do with nothing."""
    inside = _said_inside(further)
    return [
        f"`${{{each.name}}}` has no value: say it in .env, since `devenv up` asks for one; `${{{each.name}:-}}` does "
        "with nothing, as Compose."
        for each in names(document)
        if each.required and each.default is None and not known.said(each.name) and each.name not in (*inside, _PROJECT)
    ]


def _compose(ctx: Context, files: tuple[str, ...]) -> _Source:
    chosen = files or ctx.files
    if not chosen and not os.environ.get("COMPOSE_FILE"):
        start = Path(os.path.normpath(Path.cwd() / (ctx.directory or "")))
        own = [file for name in COMPOSE if (file := start / name).is_file()][:1]
        if own:
            override = own[0].with_name(f"{own[0].stem}.override{own[0].suffix}")
            chosen = tuple(str(file) for file in (*own, override) if file.is_file())
    project = read_project(replace(ctx, files=tuple(chosen)))
    if project.manifest is not None or not project.theirs:
        raise DevenvError(
            "There is no Compose file of yours here.",
            hint="Name it: `devenv import compose FILE`; for a devcontainer.json `devenv import devcontainer`.",
        )
    if STDIN in project.files:
        raise DevenvError("What is read from stdin lies nowhere.", hint="Save it to a file, and name that.")
    if project.devcontainer is not None and not files and devcontainer_files(project.folder):
        ctx.ui.notice("there is a devcontainer.json too: `devenv import devcontainer` takes both")
    return _Source(
        project=replace(project, devcontainer=None, notices=()), names=tuple(shown(path) for path in project.files)
    )


def _devcontainer(ctx: Context, files: tuple[str, ...]) -> _Source:
    if len(files) > 1:
        raise DevenvError("One devcontainer.json makes one workspace.", hint="Name the one that you mean.")
    start = Path(os.path.normpath(Path.cwd() / (ctx.directory or "")))
    found = tuple(Path(os.path.normpath(start / name)) for name in files) or devcontainer_files(start)
    if len(found) != 1:
        raise DevenvError(
            f"There are several: {', '.join(map(shown, found))}." if found else f"{start} has no devcontainer.json.",
            hint="Name the one that you mean: `devenv import devcontainer FILE`.",
        )
    file = found[0]
    if not file.is_file():
        raise DevenvError(f"{shown(file)} is not there.", hint="Check the name.")
    folder = repository_of(file)
    project = read_project(replace(ctx, files=(str(file),)))
    said = read(
        read_text(file),
        file=str(file),
        shown=shown(file),
        folder=str(folder),
        env=os.environ,
        mount_folder=str(git_root(folder)),
        ids=(os.getuid(), os.getgid()),
    )
    called = [shown(file)]
    if said.kind == OF_COMPOSE:
        called += [shown(path) for path in project.files]
    else:
        project = replace(project, documents=())
    return _Source(project=project, names=tuple(called), said=said)


def _single(project: Project) -> Document | None:
    """The one document of the project, where it says all by itself and its paths count from the repository."""
    if not project.documents:  # a devcontainer of an image
        return Document(file=MANIFEST, value={})
    if len(project.files) > 1 or len(project.documents) > 1 or project.working_dir != project.folder:
        return None
    document = project.documents[0]
    services = document.value.get("services") if isinstance(document.value, Mapping) else None
    extended = isinstance(services, Mapping) and any(
        isinstance(s, Mapping) and "extends" in s for s in services.values()
    )
    return None if extended or document.resets or "include" in document.value else document


def _with_workspace(value: Mapping[str, Any], workspace: Workspace, *, alone: bool) -> dict[str, Any]:
    services = dict(value.get("services") or {})
    services[workspace.service] = joined(services.get(workspace.service) or {}, workspace.keys)
    found = {**value, "services": services, "workspace": {**workspace.value, **(value.get("workspace") or {})}}
    # Beside Compose files an editor names them as Compose does, beside an image as they are called.
    volumes = {
        **{key: {"name": key} if alone else {} for key in _used(workspace)},
        **(value.get("volumes") or {}),
        **workspace.top.get("volumes", {}),
    }
    if volumes:
        found["volumes"] = volumes
    if workspace.top.get("networks"):
        found["networks"] = {**(value.get("networks") or {}), **workspace.top["networks"]}
    return found


def _used(workspace: Workspace) -> list[str]:
    """The named volumes that devcontainer.json mounts."""
    mounts = (item for item in workspace.keys.get("volumes") or () if isinstance(item, Mapping))
    return sorted(str(item["source"]) for item in mounts if item.get("type") == "volume" and item.get("source"))


def _normal(project: Project, known: Given, values: Mapping[str, str], name: str) -> dict[str, Any]:
    if not project.documents:
        return {}
    _, model = with_files(project, known, values, lambda found: load_model(project, found, name))
    normal = model.normal
    return {kind: getattr(normal, kind) for kind in ("services", "networks", "volumes", "secrets", "configs")}


def _ours(theirs: Project, text: str, name: str, known: Given) -> dict[str, Any]:
    """The normal form of what the new file would be rendered to. Raises DevenvErrors where it is not right: then the
    files say what a devenv.yaml cannot."""
    folder = theirs.folder
    manifest = decode(text, _MADE, folder=str(folder), catalogue=catalogue(), bases=bases(), kinds=PROBES)
    rendered = render(
        manifest,
        catalogue(),
        templates={each: templates()[each] for each in TEMPLATES},
        existing={},
        kinds=PROBES,
        wrapper=os.access(folder / "dev", os.X_OK),
    )
    file = folder / COMPOSE_FILE
    project = Project(
        folder=folder,
        working_dir=file.parent,
        files=(file,),
        documents=(read_yaml(rendered.files[COMPOSE_FILE], shown(file)),),
        manifest=folder / MANIFEST,
        name=manifest.name,
        variables=rendered.variables,
        rendered=rendered,
        env_folders=theirs.env_folders,
        env_files=theirs.env_files,
    )
    own = replace(known, kept={}, labels={})
    return _normal(project, own, {**find_values(project, own, name, (), local=False), PROFILES: "*"}, name)


def _relocate(error: DevenvError, text: str, theirs: list[Document]) -> None:
    """Nothing is written: the places are those of the person's files."""
    made = read_yaml(text, _MADE)
    for each in (error, *(error.errors if isinstance(error, DevenvErrors) else ())):
        if each.where is not None and each.where.file == _MADE:
            each.where = importing.origin(each.where, made, theirs)


def _tell(
    ctx: Context,
    source: _Source,
    target: Path,
    text: str,
    unsaid: list[str],
    changed: list[str],
    gains: tuple[str, ...],
    *,
    print_: bool,
) -> None:
    gains = (*gains, *_always(source))
    if ctx.output == "json":
        told = {"text": text, "unsaid": unsaid, "changed": changed, "gains": gains}
        ctx.ui.print(json.dumps(told if print_ else {"written": [MANIFEST], **told}, ensure_ascii=False))
        return
    if print_:
        ctx.ui.print(text.removesuffix("\n"))
    else:
        ctx.ui.print(f"wrote {shown(target)}")
    say = ctx.ui.notice if print_ else ctx.ui.print
    for title, lines in (
        ("Has no place in it:", unsaid),
        ("Is another than it was:", changed),
        ("devenv can do now what these files could not:", [*gains]),
    ):
        if lines:
            say(title)
            for line in lines:
                say(f"  - {line}")
    if not print_:
        for line in _after(source):
            say(line)
        say("Look at devenv.yaml, then: devenv up --dry-run")


def _after(source: _Source) -> Iterator[str]:
    """What becomes of the files."""
    compose = [name for name in source.names if not name.endswith(".json")]
    if compose:
        stay = "stays as it is, and devenv reads it" if len(compose) == 1 else "stay as they are, and devenv reads them"
        yield (
            f"{' and '.join(compose)} {stay} no more: after an `up` it is `docker compose -f {COMPOSE_FILE} …` that is "
            "about the same stack."
        )
    if source.said is not None:
        yield f"{source.names[0]} stays as it is: `devenv render --force` puts the one of devenv.yaml in its place."


def _always(source: _Source) -> tuple[str, ...]:
    """What every manifest has that its files had not."""
    found = [
        "`ready:`, `seed:`, `checks:` and `tasks:` of docs/manifest-by-example.md; errors come with line and remedy."
    ]
    if source.said is not None:
        found.append(
            "An editor lands in a stack that is ready and seeded: `Reopen in Container`, or `devenv open code`."
        )
    elif "workspace" not in str(source.project.documents):
        found.append("`workspace: {service: …}` makes a service the one that editors open.")
    return tuple(found)
