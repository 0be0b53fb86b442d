"""`devenv cp`: files between a service's container and this machine."""

from __future__ import annotations

import os
import posixpath
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from devenv.app.context import Context
from devenv.app.observing import container_of, none_of
from devenv.app.session import Session, session
from devenv.core.copying import Landing, Side, There, landing, renamed, sides
from devenv.core.selection import check as check_services
from devenv.core.selection import held_on_host
from devenv.host.tarring import PIECE, pack, unpack
from devenv.model.errors import DevenvError, ExitCode, NotFound
from devenv.model.observed import ObservedContainer


def cp(
    ctx: Context, source: str, target: str, *, archive: bool = False, follow_link: bool = False, index: int = 0
) -> int:
    """Copy `source` to `target`, one of which is `SERVICE:PATH`, by the rules of Compose's cp; `-` is a tar on a
    standard stream. The container may be stopped. `archive`: files in a container belong to its user, else to whom the
    numbers of their owner here mean. `follow_link`: a `source` that is a link counts as what it names. `index`: which
    of the containers, where the service has several. Raises DevenvError, INPUT for arguments that fit nothing, FAILED
    for what is not there or cannot be written."""
    first, second = sides(source, target)
    inside = first if first.service else second
    with session(ctx, named=[inside.service]) as here:
        check_services(here.stack, [inside.service])
        held_on_host(here.stack, inside.service)
        observed = here.engine.observe(here.name)
        container = container_of(observed, inside.service, index)
        if container is None:
            raise none_of(observed, inside.service, index)
        if first.service:
            said = _out(here, container, first, second, follow=follow_link)
        else:
            said = _in(here, container, first, second, archive=archive, follow=follow_link)
        if said:
            ctx.ui.say(said)
    return ExitCode.DONE


# --- out of a container -----------------------------------------------------------------------------------------------


def _out(here: Session, container: ObservedContainer, source: Side, target: Side, *, follow: bool) -> str:
    engine, cancel = here.engine, here.ctx.cancel
    path = source.path
    found = engine.path_stat(container.id, path)
    if found is not None and found.link and (follow or source.folder):
        path = _joined(path, found.link) + ("/." if source.content else "")
        found = engine.path_stat(container.id, path)
    if found is None:
        raise NotFound(
            f"There is no {source.path} in `{source.service}`.",
            hint=f"See what is there: devenv exec {source.service} ls -la {posixpath.dirname(path.rstrip('/')) or '/'}",
            code=ExitCode.FAILED,
        )
    if target.stream:
        _to_stdout(engine.get_archive(container.id, path, cancel=cancel))
        return ""
    local = Path(target.path)
    there = There(exists=local.exists(), directory=local.is_dir())
    place = landing(source, There(exists=True, directory=found.directory), target, there)
    if path != source.path and not place.name and not source.content:  # a link's name stays, whatever it names
        place = Landing(folder=place.folder, name=posixpath.basename(source.path.rstrip("/")))
    folder = Path(place.folder)
    if not folder.is_dir():
        raise DevenvError(
            f"There is no folder {folder} on this machine to copy into.",
            hint=f"Make it first: mkdir -p {folder}",
            code=ExitCode.FAILED,
        )
    tar = engine.get_archive(container.id, path, cancel=cancel)
    unpack(tar, folder, lambda name: renamed(name, place))
    return f"copied {source} to {target}"


def _to_stdout(tar: Iterable[bytes]) -> None:
    if sys.stdout.isatty():
        raise DevenvError(
            "A tar is not for a terminal.", hint="Send it to a file or a program: devenv cp SERVICE:PATH - > out.tar"
        )
    for piece in tar:
        sys.stdout.buffer.write(piece)
    sys.stdout.buffer.flush()


# --- into a container -------------------------------------------------------------------------------------------------


def _in(here: Session, container: ObservedContainer, source: Side, target: Side, *, archive: bool, follow: bool) -> str:
    engine, cancel = here.engine, here.ctx.cancel
    path = target.path
    found = engine.path_stat(container.id, path)
    if found is not None and found.link:  # what a link names is meant, as with docker
        path = _joined(path, found.link)
        found = engine.path_stat(container.id, path)
    target = Side(service=target.service, path=path)
    there = There(exists=found is not None, directory=found is not None and found.directory)
    if source.stream:
        if not there.directory:
            raise DevenvError(
                f"There is no folder {target} to unpack the tar in.", hint="Make it first.", code=ExitCode.FAILED
            )
        engine.put_archive(container.id, path, _from_stdin(), own=archive, cancel=cancel)
        return ""
    local = Path(source.path)
    # A link alone is copied as a link; with a slash behind it, it is the folder that it names.
    follow = follow or source.folder
    if not os.path.lexists(local) or (follow and not local.exists()):
        raise DevenvError(
            f"There is no {source.path} on this machine.",
            hint=f"Check the name; paths begin in {Path.cwd()}.",
            code=ExitCode.FAILED,
        )
    directory = local.is_dir() and (follow or not local.is_symlink())
    if source.folder and not directory:
        raise DevenvError(f"{source.path} is no folder.", hint="Leave its last slash out.", code=ExitCode.FAILED)
    place = landing(source, There(exists=True, directory=directory), target, there)
    if place.name and not _is_folder(here, container, place.folder):
        raise DevenvError(
            f"There is no folder {place.folder} in `{target.service}` to copy into.",
            hint=f"Make it first: devenv exec {target.service} mkdir -p {place.folder}",
            code=ExitCode.FAILED,
        )
    name = place.name or ("." if source.content else os.path.basename(os.path.abspath(local)))
    tar = pack(local, name, follow=follow)
    engine.put_archive(container.id, place.folder, tar, own=archive, cancel=cancel)
    return f"copied {source} to {target}"


def _is_folder(here: Session, container: ObservedContainer, path: str) -> bool:
    """Whether `path` in the container is a folder, or a link to one."""
    for _ in range(40):  # as many links in a row as the kernel follows
        found = here.engine.path_stat(container.id, path)
        if found is None or not found.link:
            return found is not None and found.directory
        path = _joined(path, found.link)
    return False


def _from_stdin() -> Iterator[bytes]:
    while piece := sys.stdin.buffer.read(PIECE):
        yield piece


def _joined(path: str, link: str) -> str:
    return link if link.startswith("/") else posixpath.join(posixpath.dirname(path.rstrip("/")), link)
