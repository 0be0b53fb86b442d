"""`.devcontainer/.env`: the value of every variable that the rendered file names, as Docker Compose reads it."""

from __future__ import annotations

import re
from collections.abc import Mapping

from devenv.core.template import plain

_BARE = re.compile(r"[A-Za-z0-9_./:@%+,-]+")


def render_env(values: Mapping[str, str], *, templates: Mapping[str, str]) -> str:
    """`values` as an env file, in the order of their names; `templates` maps a name in `templates/` to its text.

    Quoted so that Compose (and `core.compose.dotenv`) give back every value as it is: `$`, quotes and line ends too.
    """
    lines = [f"{name}={_quoted(values[name])}\n" for name in sorted(values)]
    return plain(templates["env.j2"], {"body": "".join(lines)})


def _quoted(value: str) -> str:
    if not value or _BARE.fullmatch(value):
        return value
    if "'" not in value and "\n" not in value and "\r" not in value and "\\" not in value:
        return f"'{value}'"
    escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("$", "\\$")
    return '"' + escaped.replace("\n", "\\n").replace("\r", "\\r") + '"'
