"""What is rendered, by name: where the files lie, and the variables that they leave to the host. Light, because every
command needs it and few of them render."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from devenv.model.errors import Span

COMPOSE_FILE = ".devcontainer/compose.yaml"
DEVCONTAINER_FILE = ".devcontainer/devcontainer.json"
ENV_FILE = ".devcontainer/.env"
IGNORE_FILE = ".devcontainer/.gitignore"
STATE_IGNORE_FILE = ".devenv/.gitignore"
FILES = (COMPOSE_FILE, DEVCONTAINER_FILE, IGNORE_FILE, STATE_IGNORE_FILE)
"""All that `render` may give, relative to the repository; app writes ENV_FILE itself."""

HOST_FOLDER = "DEVENV_HOST_FOLDER"
"""Set in the workspace's terminals: the repository's folder on the host."""

Kind = Literal["project", "port", "image", "uid", "gid", "user", "secret"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Variable:
    """One variable of the rendered file, and what a value is chosen from.

    `default` is what Compose takes without a value (None: none). `required`: it must have one, `why` is what the
    manifest says where it has none (`${NAME:?why}`). Ports carry `service`, `container_port`, `protocol` and
    `preferred`; images `service` and `ref`, the official reference. `where` is where the manifest names it (`user` and
    `secret` alone). `passed` marks a name without a value in an `environment`,
    which the container gets only where it is set.
    """

    name: str
    kind: Kind
    default: str | None = None
    service: str = ""
    container_port: int = 0
    protocol: str = "tcp"
    preferred: int = 0
    ref: str = ""
    required: bool = False
    why: str = ""
    passed: bool = False
    where: Span | None = field(default=None, compare=False)
