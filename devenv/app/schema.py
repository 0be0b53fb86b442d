"""`devenv schema`: the JSON Schema of `devenv.yaml`, for editors."""

from __future__ import annotations

import json

from devenv.app.context import Context
from devenv.core.schema import manifest_schema
from devenv.extensions.probes import PROBES
from devenv.model.errors import ExitCode


def schema(ctx: Context) -> int:
    """Print it."""
    ctx.ui.print(json.dumps(manifest_schema(PROBES), indent=2, ensure_ascii=False))
    return ExitCode.DONE
