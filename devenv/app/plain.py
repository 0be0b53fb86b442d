"""What devenv's own keys say in a team's own Compose file: held to their schema before anything is done by them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import Any

from devenv import __version__
from devenv.app.kept import keep, recall
from devenv.app.project import Project
from devenv.model.errors import DevenvError, DevenvErrors, raise_all

_KEY = "x-devenv"
_MEMO = ".devenv/extension.json"


def held(project: Project) -> Project:
    """`project`, whose Compose files are a team's own. Raises DevenvErrors (INPUT) with everything that is wrong with
    the `x-devenv` in them; what was right once is not looked at again."""
    ours = [found for document in project.documents if (found := [*_ours(document.value)])]
    if not ours:
        return project
    mark = hashlib.sha256(json.dumps([__version__, ours], default=repr, sort_keys=True).encode()).hexdigest()
    if recall(project.folder, _MEMO).get("held") == mark:
        return project
    from devenv.core.check_extension import extension
    from devenv.extensions.probes import PROBES

    if wrong := [error for document in project.documents for error in extension(document, PROBES)]:
        raise_all(_ordered(project, wrong, _otherwise(project)))
    keep(project.folder, _MEMO, {"held": mark})
    return project


def _otherwise(project: Project) -> Iterator[DevenvError]:
    """What else is wrong with the files: a person mends them once and not twice."""
    from devenv.app.session import default_name, find_values
    from devenv.app.stack import load_stack
    from devenv.app.values import given

    try:
        known = given(project)
        name = default_name(project, known)
        load_stack(project, find_values(project, known, name, (), local=False), name)
    except DevenvErrors as errors:
        yield from errors.errors
    except DevenvError as error:
        yield error


def _ordered(project: Project, held: list[DevenvError], others: Iterator[DevenvError]) -> list[DevenvError]:
    """`held`, and of the `others` those of other lines, in the order of the files."""
    lines = {(error.where.file, error.where.line) for error in held if error.where is not None}
    more = [each for each in others if each.where is None or (each.where.file, each.where.line) not in lines]
    files = [document.file for document in project.documents]

    def order(error: DevenvError) -> tuple[int, int, int]:
        where = error.where
        return (
            (files.index(where.file), where.line, where.column) if where and where.file in files else (len(files), 0, 0)
        )

    return sorted((*held, *more), key=order)


def _ours(value: Any) -> Iterator[Any]:
    if not isinstance(value, Mapping):
        return
    if value.get(_KEY) is not None:
        yield value[_KEY]
    services = value.get("services")
    for name, service in services.items() if isinstance(services, Mapping) else ():
        if isinstance(service, Mapping) and service.get(_KEY) is not None:
            yield [name, service[_KEY], list(service.get("environment") or ())]
