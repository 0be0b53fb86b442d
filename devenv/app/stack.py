"""From a project's files and values to the Stack that shall exist: what core needs to read is read here."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from devenv.app import basefiles
from devenv.app.links import followed
from devenv.app.project import Project, compose_file
from devenv.core.compose import documents as reading
from devenv.core.compose import load as loader
from devenv.core.compose.grants import secret_names
from devenv.core.compose.interpolate import names
from devenv.core.compose.layers import Given, WantedFile
from devenv.core.compose.remote import is_remote
from devenv.core.mask import MASK
from devenv.core.seeds import is_rules
from devenv.extensions.probes import PROBES
from devenv.host.files import read_text
from devenv.host.project import COMPOSE
from devenv.model.errors import DevenvError, raise_all
from devenv.model.manifest import Document
from devenv.model.stack import Secret, Service, Stack

_SECRETS = "/run/secrets/"
_MOST = 65_536
"""Characters of a secret's file that are looked at."""
_LONG_ENOUGH = 4
"""Shorter lines are no secrets of their own: to blank them out would hide what is shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """What lies beside the Compose files: contents by path, the names in seed folders, and where paths are now."""

    values: Mapping[str, str]
    texts: Mapping[str, str]
    given: Given
    rules: Mapping[str, str]
    listings: Mapping[str, tuple[str, ...]]
    lying: Callable[[str], Path]


def load_model(
    project: Project, values: Mapping[str, str], name: str | None = None, *, lenient: bool = False
) -> reading.Model:
    """The Compose files in their normal form, arguments and errors as for `load_stack`."""
    found = _found(project, values, name, lenient=lenient)
    model = reading.model(
        project.documents,
        variables=found.values,
        working_dir=str(project.working_dir),
        project=name,
        texts=found.texts,
        given=found.given,
        lenient=not project.own,
    )
    services = {name: followed(config) for name, config in model.normal.services.items()}
    return replace(model, normal=replace(model.normal, services=services))


def further_files(project: Project, values: Mapping[str, str], name: str | None = None) -> Given:
    """The files that the Compose files include or extend, as read; values that are missing are stood in for. Arguments
    and errors as for `load_stack`."""
    return _found(project, values, name, lenient=True).given


def load_stack(project: Project, values: Mapping[str, str], name: str | None = None, *, lenient: bool = False) -> Stack:
    """Read the Compose files back, `values` in them. `name` is the project's, where the files do not say it.
    `lenient`: for values and files that are missing something stands in, as nothing is made from the stack: whoever
    has lost a secret must still see, and stop, what runs.

    Raises DevenvErrors (INPUT) with places (see `app.told`) for what is wrong, or cannot be done yet.
    """
    found = _found(project, values, name, lenient=lenient)

    def stack_of(texts: Mapping[str, str]) -> Stack:
        return loader.load(
            project.documents,
            variables=found.values,
            folder=str(project.folder),
            working_dir=str(project.working_dir),
            files=[str(path) for path in project.files],
            kinds=PROBES,
            project=name,
            texts=texts,
            listings=found.listings,
            given=found.given,
            lenient=not project.own,
        )

    try:
        stack = stack_of({**found.texts, **found.rules})
    except DevenvError:
        if not lenient or not found.rules:
            raise
        stack = stack_of(found.texts)  # wrong rules keep nobody from what runs
    services = {
        name: replace(each, config=config) if (config := followed(each.config)) is not each.config else each
        for name, each in stack.services.items()
    }
    if _copies(project):
        services = {name: _before_copies(each, found.lying) for name, each in services.items()}
    stack = replace(
        stack,
        services=services,
        secrets=(*stack.secrets, *_in_files(stack)),
        env_files=tuple(map(str, project.env_files)),
    )
    if project.devcontainer is None:
        return stack
    from devenv.core.devcontainer.read import with_workspace

    return with_workspace(stack, project.devcontainer)


def _copies(project: Project) -> tuple[tuple[str, str], ...]:
    return project.rendered.copies if project.rendered else ()


def _found(project: Project, values: Mapping[str, str], name: str | None, *, lenient: bool) -> _Found:
    if lenient:
        values = {**missing(project.documents), **values}
    if "HOME" not in values and "HOME" in os.environ:  # what `~` stands for, whether or not a file names it
        values = {**values, "HOME": os.environ["HOME"]}
    if name is not None:  # Compose sets it by itself
        values = {**values, "COMPOSE_PROJECT_NAME": name}
    given = Given()
    while True:
        wanted = reading.wanted(
            project.documents,
            variables=values,
            working_dir=str(project.working_dir),
            given=given,
            lenient=not project.own,
        )
        if not wanted.files and not wanted.texts:
            break
        given = _with(given, wanted)
        if lenient:  # what included files name may be missing as well
            more = [document for documents in given.files.values() for document in documents]
            values = {**missing(more), **values}
    texts: dict[str, str] = {}
    errors: list[DevenvError] = []
    lying = partial(basefiles.lying, project.folder, _copies(project))
    for file in wanted.env_files:
        path = lying(file.path)
        if path.is_file():
            texts[file.path] = read_text(path)
        elif lenient:
            texts[file.path] = ""
        elif file.required:
            errors.append(_no_file(path, file, "Make it (is there a template beside it?), or say `required: false`."))
    listings = {folder: _listing(lying(folder), lenient=lenient) for folder in wanted.folders}
    rules = _rules(wanted, listings, lying, [] if lenient else errors)
    raise_all(errors)
    return _Found(values=values, texts=texts, given=given, rules=rules, listings=listings, lying=lying)


def _with(given: Given, wanted: reading.Wanted) -> Given:
    """`given`, and what is wanted beside it. Raises DevenvErrors for what is not there (INPUT) or cannot be had."""
    files, texts, local, roots = dict(given.files), dict(given.texts), dict(given.local), dict(given.roots)
    errors: list[DevenvError] = []
    for file in wanted.files:
        try:
            path = Path(file.path)
            if is_remote(file.path):
                root, path = _elsewhere(file)
                local[file.path], roots[file.path] = str(path), str(root)
        except DevenvError as error:
            errors.append(error)
            continue
        if path.is_file():
            files[file.path] = compose_file(path)
        else:
            hint = "Correct the path: it is relative to the folder of the project, not to that of the file."
            errors.append(_no_file(path, file, hint))
    for file in wanted.texts:
        path = Path(file.path)
        if file.required and not path.is_file():
            errors.append(
                _no_file(path, file, "Correct the path: it is relative to the folder of the project, or make the file.")
            )
        texts[file.path] = read_text(path) if path.is_file() else ""
    raise_all(errors)
    return Given(files=files, texts=texts, local=local, roots=roots)


def _no_file(path: Path, wanted: WantedFile, hint: str) -> DevenvError:
    if path.is_dir():
        return DevenvError(f"{path} is a folder.", hint="Name a file in it.", where=wanted.where)
    return DevenvError(f"The file {path} is not there.", hint=hint, where=wanted.where)


def _elsewhere(file: WantedFile) -> tuple[Path, Path]:
    """The folder of another repository, which is fetched first, and the file in it. Raises DevenvError."""
    from devenv.core.compose import remote
    from devenv.host.git import fetched

    address = remote.read(file.path, file.where)
    try:
        root = fetched(address.url, address.commit)
    except DevenvError as error:
        error.where = file.where
        raise
    path = root / address.path
    if path.is_dir():
        path = next((path / name for name in COMPOSE if (path / name).is_file()), path)
    return root, path


def _before_copies(service: Service, lying: Callable[[str], Path]) -> Service:
    """`service` with what is only read of it taken from the base, where that was not copied yet: for who only looks."""
    build = service.build and replace(service.build, context=str(lying(service.build.context)))
    seeds = tuple(replace(seed, file=str(lying(seed.file))) if seed.file else seed for seed in service.seeds)
    return replace(service, build=build, seeds=seeds)


def _rules(
    wanted: reading.Wanted,
    listings: Mapping[str, tuple[str, ...]],
    lying: Callable[[str], Path],
    errors: list[DevenvError],
) -> dict[str, str]:
    """The files of rules for generated rows, those in seed folders too; what cannot be read goes to `errors`."""
    places = {f"{folder}/{name}": None for folder, names in listings.items() for name in names if is_rules(name)}
    texts: dict[str, str] = {}
    for path, where in (*places.items(), *((file.path, file.where) for file in wanted.rules)):
        file = lying(path)
        if not file.is_file():
            hint = "See that the path is that of a YAML file with `rows` and `columns`, relative to the manifest."
            errors.append(DevenvError(f"The file {path} is not there.", hint=hint, where=where))
            continue
        try:
            texts[path] = read_text(file)
        except DevenvError as error:
            errors.append(error)
    return texts


def missing(documents: Sequence[Document]) -> dict[str, str]:
    """Something for every variable that the files name without a default, and for every secret."""
    named = {item.name: "0" for document in documents for item in names(document) if item.default is None}
    secrets = secret_names([document.value for document in documents])
    return {**named, **dict.fromkeys(secrets, MASK)}


def _in_files(stack: Stack) -> Iterator[Secret]:
    """The secrets that lie in files, whole and line by line, so that they can be kept out of what is shown."""
    sources = {
        grant.source
        for service in stack.services.values()
        for grant in service.grants
        if grant.source is not None and grant.target.startswith(_SECRETS)
    }
    builds = (service.own.build for service in stack.services.values())
    sources |= {secret.file for build in builds if build is not None for secret in build.secrets if secret.file}
    for source in sorted(sources):
        try:
            with open(source, encoding="utf-8", errors="replace") as file:
                text = file.read(_MOST)
        except OSError:
            continue  # who makes the container tells of it
        yield from (Secret(value=line) for line in text.splitlines() if len(line.strip()) >= _LONG_ENOUGH)


def _listing(path: Path, *, lenient: bool) -> tuple[str, ...]:
    if lenient and not path.is_dir():
        return ("gone.sql",)
    if not path.is_dir():
        raise DevenvError(f"The seed folder {path} is not there.", hint="Make it, or take it out of `seed`.")
    return tuple(sorted(item.name for item in path.iterdir() if item.is_file()))
