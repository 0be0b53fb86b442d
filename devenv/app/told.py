"""Errors of the rendered file, told where the person wrote what is wrong."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from devenv.app.project import Project, shown
from devenv.core.rendered import COMPOSE_FILE
from devenv.model.errors import DevenvError, DevenvErrors


@contextmanager
def as_written(project: Project) -> Iterator[None]:
    """What is raised inside names places in the manifest, where the rendered file is what devenv made of it."""
    try:
        yield
    except DevenvError as error:
        edited = project.rendered is not None and any(kept.path == COMPOSE_FILE for kept in project.rendered.kept)
        if project.manifest is not None and not edited:
            _relocate(project, error)
        raise


def _relocate(project: Project, error: DevenvError) -> None:
    from devenv.core.source import read_yaml
    from devenv.core.written import written
    from devenv.host.files import read_text

    assert project.manifest is not None
    manifest = read_yaml(read_text(project.manifest), shown(project.manifest))
    for each in (error, *(error.errors if isinstance(error, DevenvErrors) else ())):
        if each.where is not None:
            each.where = written(each.where, project.documents[0], manifest)
