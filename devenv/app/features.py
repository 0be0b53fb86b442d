"""The features of a devcontainer: found beside devcontainer.json or fetched, put in order, laid out for the build."""

from __future__ import annotations

import hashlib
import io
import os
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from devenv.core.devcontainer import features as rules
from devenv.core.devcontainer.jsonc import read_jsonc
from devenv.core.devcontainer.properties import of_feature
from devenv.host import registry
from devenv.host.files import read_text
from devenv.host.state import cache_dir
from devenv.host.unpacking import Broken, unpack
from devenv.model import labels
from devenv.model.devcontainer import Devcontainer, Feature
from devenv.model.errors import Conflict, DevenvError, ExitCode, Span, raise_all

if TYPE_CHECKING:
    from devenv.app.session import Session

ABOUT = "devcontainer-feature.json"
_MOST = 200_000_000
"""Bytes that a feature's files may have."""


def furnished(session: Session, *, lenient: bool = False) -> Session:
    """`session` with the features of its workspace known. `lenient`: what cannot be had is told, and left out: the
    person must get into the editor. Raises DevenvError(s) as `with_features`."""
    devcontainer = session.project.devcontainer
    service = session.stack.services.get(devcontainer.service) if devcontainer else None
    if devcontainer is None or service is None or service.devcontainer is None or service.on_host is not None:
        return session
    unclaimed(session, devcontainer)
    if not devcontainer.config.get("features"):
        return session
    where = replace(devcontainer.where, line=0) if devcontainer.where else None
    try:
        known = with_features(devcontainer, session.project.folder / ".devenv" / "features", where)
    except DevenvError as error:
        if not lenient:
            raise
        session.ctx.ui.error(error)
        session.ctx.ui.notice("the workspace is started without its features")
        return session
    project = replace(session.project, devcontainer=known)
    own = replace(service.devcontainer, features=known.features, context=known.context)
    services = {**session.stack.services, service.name: replace(service, devcontainer=own)}
    return replace(session, project=project, stack=replace(session.stack, services=services))


class Claimed(Conflict):
    """An editor made the container itself."""


def unclaimed(session: Session, devcontainer: Devcontainer) -> None:
    """Raise Claimed where an editor made the container of an image or a Dockerfile by itself: it belongs to no project,
    and of two of them editors would find either."""
    if "dockerComposeFile" in devcontainer.config:
        return  # there it is one of the project's
    for container in session.engine.inventory().containers:
        found = container.labels
        here = (found.get(labels.DEVCONTAINER_FOLDER), found.get(labels.DEVCONTAINER_CONFIG))
        if here == (devcontainer.folder, devcontainer.file) and labels.PROJECT not in found:
            raise Claimed(
                f"An editor made a container of this devcontainer itself: {container.name}.",
                hint="Work on in that one; or remove it, and `devenv up` makes one that editors find: "
                f"`docker rm -f {container.name}` (what lies in it alone is gone then).",
                code=ExitCode.FAILED,
            )


def with_features(devcontainer: Devcontainer, folder: Path, where: Span | None) -> Devcontainer:
    """`devcontainer` with its features known, in the order of their installation, laid out under `folder`. Raises
    DevenvError: INPUT for one that is wrong, UNFIT for one that cannot be had."""
    given = devcontainer.config.get("features") or {}
    if not given:
        return devcontainer
    found = _all(devcontainer, given, where)
    order = rules.ordered(found, devcontainer.config.get("overrideFeatureInstallOrder") or (), where)
    return replace(devcontainer, features=order, context=str(_laid_out(order, folder)))


def _all(devcontainer: Devcontainer, given: Mapping[str, Any], where: Span | None) -> list[Feature]:
    """The features that are named, and those that they depend on."""
    found: dict[str, Feature] = {}
    ahead = list(given.items())
    while ahead:
        name, options = ahead.pop(0)
        if options is False or rules.bare(name) in found:
            continue
        place = _folder(devcontainer, name, where)
        about = _about(place, name, where)
        found[rules.bare(name)] = Feature(
            id=name, about=about, options=rules.options(about, options), folder=str(place), digest=_digest(place)
        )
        ahead += list((about.get("dependsOn") or {}).items())
    return list(found.values())


def _folder(devcontainer: Devcontainer, name: str, where: Span | None) -> Path:
    """Where the files of the feature `name` lie."""
    if rules.is_local(name):
        beside = Path(devcontainer.file).parent
        place = Path(os.path.normpath(beside / name))
        if not place.is_relative_to(devcontainer.folder):
            raise DevenvError(
                f"The feature `{name}` lies outside of the repository.",
                hint="Copy it into `.devcontainer/`.",
                where=where,
            )
        return place
    what = f"The feature {name}"
    if rules.is_tarball(name):
        return _unpacked(name, what, where)
    reference = registry.Reference.of(name)
    if reference is None:
        raise DevenvError(
            f"`{name}` names no feature.",
            hint="A feature is a folder beside devcontainer.json (`./tool`), or lies in a registry "
            "(`ghcr.io/devcontainers/features/git:1`), or at an address (`https://…/devcontainer-feature-tool.tgz`).",
            where=where,
        )
    return _unpacked(reference, what, where)


def _unpacked(source: registry.Reference | str, what: str, where: Span | None) -> Path:
    """A fetched feature, kept by its name: a version that is fetched does not change."""
    key = hashlib.sha256(str(source).encode()).hexdigest()[:32]
    place = cache_dir() / "features" / key
    if (place / ABOUT).is_file():
        return place
    data = registry.tarball(source, what, where) if isinstance(source, str) else registry.blob(source, what, where)
    making = place.with_name(f"{key}.{os.getpid()}")
    shutil.rmtree(making, ignore_errors=True)
    making.mkdir(parents=True)
    try:
        _extract(data, making, what, where)
        shutil.rmtree(place, ignore_errors=True)
        making.rename(place)
    finally:
        shutil.rmtree(making, ignore_errors=True)
    return place


def _extract(data: bytes, folder: Path, what: str, where: Span | None) -> None:
    import tarfile

    try:
        with tarfile.open(fileobj=io.BytesIO(data)) as tar:
            if sum(member.size for member in tar) > _MOST:
                raise DevenvError(f"{what} is larger than {_MOST} bytes.", hint="Take another one.", where=where)
        unpack(data, folder)
    except (tarfile.TarError, EOFError, OSError, Broken) as error:
        raise DevenvError(
            f"{what} cannot be unpacked: {error}.", hint="Take another version of it.", code=ExitCode.UNFIT, where=where
        ) from None


def _about(place: Path, name: str, where: Span | None) -> Mapping[str, Any]:
    for file in (ABOUT, "install.sh"):
        if not (place / file).is_file():
            raise DevenvError(
                f"The feature `{name}` has no {file} in {place}.",
                hint="A feature is a folder with devcontainer-feature.json and install.sh.",
                where=where,
            )
    document = read_jsonc(read_text(place / ABOUT), str(place / ABOUT))
    raise_all(of_feature(document, name))
    about: Mapping[str, Any] = document.value
    return about


def _files(place: Path) -> Iterator[Path]:
    return iter(sorted(path for path in place.rglob("*") if path.is_file() or path.is_symlink()))


def _digest(place: Path) -> str:
    total = hashlib.sha256()
    for path in _files(place):
        content = os.readlink(path).encode() if path.is_symlink() else path.read_bytes()
        mode = "x" if os.access(path, os.X_OK) else "f"
        total.update(f"{mode} {path.relative_to(place).as_posix()} {hashlib.sha256(content).hexdigest()}\n".encode())
    return total.hexdigest()


def _laid_out(order: tuple[Feature, ...], folder: Path) -> Path:
    """The build's context: each feature's files in a folder that is called by its place in the order."""
    mark = "\n".join(feature.digest for feature in order)
    if (folder / "mark").is_file() and (folder / "mark").read_text(encoding="utf-8") == mark:
        return folder / "files"
    shutil.rmtree(folder, ignore_errors=True)
    for index, feature in enumerate(order):
        shutil.copytree(feature.folder, folder / "files" / str(index), symlinks=True)
    (folder / "mark").write_text(mark, encoding="utf-8")
    return folder / "files"
