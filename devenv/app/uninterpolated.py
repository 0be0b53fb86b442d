"""`devenv config --no-interpolate` and `--variables`: the model with its `${…}` as they are written."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from typing import Any

from devenv.app.links import followed
from devenv.app.project import Project
from devenv.app.stack import further_files, load_model
from devenv.app.values import Given
from devenv.core.compose.documents import merged
from devenv.core.compose.interpolate import uses
from devenv.core.compose.order import yaml_text
from devenv.core.compose.written import written
from devenv.model.errors import DevenvError, DevenvErrors, raise_all

_COLUMNS = ("NAME", "REQUIRED", "DEFAULT VALUE", "ALTERNATE VALUE")
_WIDTH = 20
"""Characters that a column takes at least, three of them spaces."""


def text_of(
    project: Project, known: Given, name: str, *, format: str, variables: bool, keys: Sequence[str] = ()
) -> str:
    """What is printed: the whole model (`format` json, else YAML), or its `variables` (these as a table, too), or the
    names below one of `keys` (`services`, …). Nothing needs a value for it. Raises DevenvErrors (INPUT) for files that
    cannot be read, and for what is wrong whatever the values are."""
    found = {**known.repository, **known.shell}
    document = merged(
        project.documents,
        variables={**found, "COMPOSE_PROJECT_NAME": name},
        working_dir=str(project.working_dir),
        given=further_files(project, found, name),
    )
    if project.theirs:
        _refuse(project, found, name)
    folder, home = str(project.working_dir), os.environ.get("HOME", "")
    model = written(document, project=name, variables=found, working_dir=folder, home=home)
    model["services"] = {key: followed(item) for key, item in model["services"].items()}
    if variables:
        return _variables(uses(model), format)
    if keys:
        return "\n".join(model.get(keys[0]) or ())
    return json.dumps(model, indent=2, ensure_ascii=False) if format == "json" else yaml_text(model)


def _refuse(project: Project, found: Mapping[str, str], name: str) -> None:
    """Raise what is wrong with the files, but for lines with a reference: it depends on a value."""
    try:
        load_model(project, found, name, lenient=True)
    except DevenvError as error:
        errors = error.errors if isinstance(error, DevenvErrors) else (error,)
        raise_all(each for each in errors if each.where is None or "$" not in each.where.text)


def _variables(found: dict[str, dict[str, Any]], format: str) -> str:
    if format == "json":
        return json.dumps(found, indent=4, ensure_ascii=False)
    if format == "yaml":
        return yaml_text(
            {name: {key.lower(): item for key, item in use.items()} for name, use in found.items()}, indent=4
        )
    rows = [_COLUMNS]
    for name, use in found.items():
        rows.append((name, str(use["Required"]).lower(), use["DefaultValue"], use["PresenceValue"]))
    widths = [max(_WIDTH, *(len(row[index]) + 3 for row in rows)) for index in range(len(_COLUMNS) - 1)]
    return "\n".join("".join(f"{cell:<{width}}" for cell, width in zip(row, (*widths, 0), strict=True)) for row in rows)
