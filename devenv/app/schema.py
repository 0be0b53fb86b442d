"""`devenv schema`: the JSON Schema of `devenv.yaml`, or of a Compose file with `x-devenv`, for editors."""

from __future__ import annotations

import json
from typing import Any

from devenv.app.compiling import bases
from devenv.app.context import Context
from devenv.app.data import catalogue
from devenv.core.schema import compose_schema, manifest_schema
from devenv.core.schema.completion import completing
from devenv.extensions.probes import PROBES
from devenv.model.errors import ExitCode


def schema(ctx: Context, *, compose: bool = False) -> int:
    """Print it; `compose`: that of a Compose file."""
    ctx.ui.print(json.dumps(for_editors(compose=compose), indent=2, ensure_ascii=False))
    return ExitCode.DONE


def for_editors(*, compose: bool = False) -> dict[str, Any]:
    """The schema with the names that the catalogue has."""
    made = compose_schema(PROBES) if compose else manifest_schema(PROBES)
    return completing(made, catalogue(), bases())
