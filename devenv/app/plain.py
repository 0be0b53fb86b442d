"""What devenv's own keys say in a team's own Compose file: held to their schema before anything is done by them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import Any

from devenv import __version__
from devenv.app.kept import keep, recall
from devenv.app.project import Project
from devenv.model.errors import raise_all

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

    raise_all(error for document in project.documents for error in extension(document, PROBES))
    keep(project.folder, _MEMO, {"held": mark})
    return project


def _ours(value: Any) -> Iterator[Any]:
    if not isinstance(value, Mapping):
        return
    if value.get(_KEY) is not None:
        yield value[_KEY]
    services = value.get("services")
    for name, service in services.items() if isinstance(services, Mapping) else ():
        if isinstance(service, Mapping) and service.get(_KEY) is not None:
            yield [name, service[_KEY], list(service.get("environment") or ())]
