"""`devenv schema`: the JSON Schema of `devenv.yaml`, or of a Compose file with `x-devenv`, for editors."""

from __future__ import annotations

import json

from devenv.app.context import Context
from devenv.core.schema import compose_schema, manifest_schema
from devenv.extensions.probes import PROBES
from devenv.model.errors import ExitCode


def schema(ctx: Context, *, compose: bool = False) -> int:
    """Print it; `compose`: that of a Compose file."""
    made = compose_schema(PROBES) if compose else manifest_schema(PROBES)
    ctx.ui.print(json.dumps(made, indent=2, ensure_ascii=False))
    return ExitCode.DONE
