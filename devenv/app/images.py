"""The images of a stack, chosen: what is read and asked for `core.resolve`."""

from __future__ import annotations

import contextlib
import hashlib
import os
import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from devenv.app.beside import side_by_side
from devenv.app.built import marked
from devenv.backends.docker import context
from devenv.core.imagefacts import BuildSource, Facts, Images
from devenv.core.recipes import Recipes, RecipeSource
from devenv.core.remote import archive, git, is_remote
from devenv.core.resolve import resolve
from devenv.core.selection import select
from devenv.host.files import read_text
from devenv.model.errors import DevenvError, raise_all
from devenv.model.manifest import Recipe
from devenv.model.protocols import Engine, Host
from devenv.model.stack import SERVICE_PREFIX, Build, Service, Stack

if TYPE_CHECKING:
    from devenv.app.session import Session

PATIENCE = 3.0
"""Seconds in which it is known that no registry answers."""
_NOT_BUILT_FROM = ("service.yaml", "README.md")
"""Files of a recipe's folder that say something of it and are not part of the image."""


def gather(
    session: Session,
    *,
    host: Host,
    services: Sequence[str] = (),
    makers: Sequence[Service] = (),
    pull: str = "",
    build: bool = False,
    no_build: bool = False,
    lenient: bool = False,
) -> Images:
    """The images of the session's stack, of `services` and what they need where some are named. Changes nothing but
    memos in `.devenv/`. `pull` is `always`, `missing` or `never`, in place of what the services say. See `choose`."""
    from devenv.app.data import recipes

    stack = session.stack
    if pull in ("missing", "never"):
        stack = replace(stack, services={name: _pulled(service, pull) for name, service in stack.services.items()})
    if services:  # an image that cannot be had is of no matter to who does not want it
        chosen = select(stack, services)
        makers = tuple(s for name, s in stack.services.items() if name not in chosen and s.build is not None)
        stack = replace(stack, services=chosen)
    if any(service.config.get("provider") for service in stack.services.values()):  # no container, so no image
        made = {name: each for name, each in stack.services.items() if not each.config.get("provider")}
        stack = replace(stack, services=made)
    if any(service.pre_start for service in stack.services.values()):
        from devenv.core.hooks import with_images

        stack = replace(stack, services=with_images(stack.services))
    return choose(
        stack,
        makers=makers,
        engine=session.engine,
        recipes=recipes(),
        certificates=host.trust().certificates,
        memos=session.project.folder / ".devenv",
        pull=pull == "always",
        build=build,
        no_build=no_build,
        lenient=lenient,
    )


def _pulled(service: Service, policy: str) -> Service:
    return replace(service, config={**service.config, "pull_policy": policy})


def choose(
    stack: Stack,
    *,
    engine: Engine,
    makers: Sequence[Service] = (),
    recipes: Iterable[Recipe] = (),
    certificates: str = "",
    memos: Path | None = None,
    pull: bool = False,
    build: bool = False,
    no_build: bool = False,
    lenient: bool = False,
) -> Images:
    """Which images the services use and what makes those that are not there.

    `makers` are services beside the stack's that may build an image which one of these runs, or builds on.
    `certificates` are the host's private CAs, `memos` a folder for digests of unchanged files (used where it is
    there). `pull` asks the registries for newer ones, `build` builds all anew, `no_build` none of the services' own;
    `lenient`: what nothing can deliver fails when it is pulled, and nothing else with it. Registries are asked only for
    what the engine does not have, all at once, for at most 3 s. Raises DevenvError(s): INPUT for a context that cannot
    be read, UNFIT for an image that nothing can deliver.
    """
    stack, makers = _fetched(stack, makers, anew=build or pull)
    folders = _Folders(memos)
    facts = Facts(
        stack=stack,
        recipes=Recipes([read_recipe(recipe) for recipe in recipes], certificates),
        builds={**_read_makers(makers, folders), **_read_builds(stack, folders)},
        folders=folders.known,
        makers=tuple(makers),
        at=time.time(),
        pull=pull,
        build=build,
        no_build=no_build,
        lenient=lenient,
    )
    until: float | None = None
    while True:
        found = resolve(facts)
        if isinstance(found, Images):
            return found
        if found.images:
            seen = side_by_side([partial(engine.image, ref) for ref in found.images])
            have = {**facts.have, **dict(zip(found.images, seen, strict=True))}
            own = [service.own for service in (*stack.services.values(), *makers)]
            facts = replace(facts, have=marked(have, own, facts.builds, memos))
        else:
            until = until or time.monotonic() + PATIENCE
            facts = replace(facts, registry={**facts.registry, **ask(engine, found.registry, until)})


def ask(engine: Engine, refs: Sequence[str], until: float) -> dict[str, str | None]:
    """What registries offer each of `refs`, asked all at once; None for what has no answer at `until` (monotonic)."""
    answers: dict[str, str | None] = dict.fromkeys(refs)
    done = threading.Semaphore(0)

    def question(ref: str) -> None:
        try:
            answers[ref] = engine.registry_digest(ref, max(0.1, until - time.monotonic()))
        except DevenvError:
            pass  # as good as no answer; an engine that is gone says so at the next call
        finally:
            done.release()

    for ref in refs:
        # A daemon: a question that hangs must not hold the process.
        threading.Thread(target=question, args=(ref,), daemon=True).start()
    for _ in refs:
        done.acquire(timeout=max(0.0, until - time.monotonic()))
    return dict(answers)


def _fetched(stack: Stack, makers: Sequence[Service], *, anew: bool) -> tuple[Stack, Sequence[Service]]:
    """Both with the folders that builds from elsewhere were fetched to. What cannot be fetched is refused once it is
    to be built: the image may be there."""
    if not any(_remote(service.own.build) for service in (*stack.services.values(), *makers)):
        return stack, makers
    from devenv.host.remote import fetch

    def local(service: Service) -> Service:
        if service.on_host is not None:
            return replace(service, on_host=replace(service.on_host, service=local(service.own)))
        build = service.build
        if build is None or not _remote(build):
            return service
        try:
            context = fetch(build.context, anew=anew) if is_remote(build.context) else build.context
            contexts = {
                name: fetch(place, anew=anew) if _fetchable(place) else place for name, place in build.contexts.items()
            }
            return replace(service, build=replace(build, context=context, contexts=contexts))
        except DevenvError as error:
            refusal = DevenvError(error.message, hint=error.hint, code=error.code, where=build.where)
            return replace(service, build=replace(build, refusals=(*build.refusals, refusal)))

    services = {name: local(service) for name, service in stack.services.items()}
    return replace(stack, services=services), [local(service) for service in makers]


def _fetchable(place: str) -> bool:
    return git(place) is not None or archive(place)


def _remote(build: Build | None) -> bool:
    """Whether something of a build is to be fetched first."""
    return build is not None and (is_remote(build.context) or any(map(_fetchable, build.contexts.values())))


class _Folders:
    """Digests of the folders that builds name as further contexts, each read once. `memos` is the folder of memos."""

    def __init__(self, memos: Path | None) -> None:
        self.memos = memos
        self.known: dict[str, str] = {}

    def memo(self, name: str) -> str:
        return str(self.memos / f"context-{name}.json") if self.memos else ""

    def of(self, build: Build) -> Mapping[str, str]:
        for name, place in build.contexts.items():
            if place not in self.known and not is_remote(place) and not place.startswith(SERVICE_PREFIX):
                if not os.path.isdir(place):
                    raise DevenvError(
                        f"the context `{name}` of the build, {place}, is not a folder",
                        hint="`additional_contexts` name folders, relative to the file that says so, `service:NAME`, "
                        "`docker-image://NAME` or a repository",
                        where=build.where,
                    )
                folder = Build(context=place, inline="", where=build.where)
                memo = self.memo(hashlib.sha256(place.encode()).hexdigest()[:12])
                self.known[place] = context.digest(folder, memo)
        return self.known


def _read_builds(stack: Stack, folders: _Folders) -> dict[str, BuildSource]:
    """Every build's Dockerfile and digest. Raises DevenvErrors: all that cannot be read."""
    found: dict[str, BuildSource] = {}
    errors: list[DevenvError] = []
    for each in stack.services.values():
        try:
            found |= _read(each.own, folders)
        except DevenvError as error:
            errors.append(error)
    raise_all(errors)
    return found


def _read(service: Service, folders: _Folders) -> dict[str, BuildSource]:
    """By its name, what the build of `service` is made of; nothing where it has none."""
    build = service.build
    if build is None:
        return {}
    if is_remote(build.context):  # it could not be fetched
        return {service.name: BuildSource(text="", digest="")}
    digest = context.digest(build, folders.memo(service.name), folders=folders.of(build))
    return {service.name: BuildSource(text=context.dockerfile(build), digest=digest)}


def _read_makers(makers: Sequence[Service], folders: _Folders) -> dict[str, BuildSource]:
    """As `_read_builds`, for services that may not be needed: what cannot be read of them is none of this call."""
    found: dict[str, BuildSource] = {}
    for service in makers:
        with contextlib.suppress(DevenvError):
            found |= _read(service, folders)
    return found


def read_recipe(recipe: Recipe) -> RecipeSource:
    """The recipe with its files read. Raises DevenvError where its Dockerfile cannot be."""
    if recipe.bootstrap:
        return RecipeSource(recipe=recipe)
    total = hashlib.sha256()
    for path in sorted(p for p in Path(recipe.folder).rglob("*") if p.is_file()):
        name = path.relative_to(recipe.folder).as_posix()
        if name not in _NOT_BUILT_FROM:
            mode = "x" if os.access(path, os.X_OK) else "f"
            total.update(f"{mode} {name} {hashlib.sha256(path.read_bytes()).hexdigest()}\n".encode())
    return RecipeSource(recipe=recipe, digest=total.hexdigest(), text=read_text(Path(recipe.folder) / "Dockerfile"))
