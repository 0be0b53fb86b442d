"""The variables of devcontainer.json: containers.dev/implementors/json_reference/#variables-in-devcontainerjson."""

from __future__ import annotations

import hashlib
import json
import posixpath
import re
from collections.abc import Callable, Mapping
from typing import Any

from devenv.core.scalars import each_text

_VARIABLE = re.compile(r"\$\{([^{}]*)\}")
_DIGITS = "0123456789abcdefghijklmnopqrstuv"


def substituted(value: Any, known: Callable[[str, str | None], str | None]) -> Any:
    """`value` with every `${…}` for which `known` has an answer replaced. `known` takes the text before the first
    colon and what stands behind it (None without one); None leaves the variable as it stands."""

    def one(match: re.Match[str]) -> str:
        name, colon, rest = match[1].partition(":")
        found = known(name, rest if colon else None)
        return match[0] if found is None else found

    return each_text(value, lambda text: _VARIABLE.sub(one, text))


def on_host(
    *, env: Mapping[str, str], folder: str, file: str, container_folder: str = ""
) -> Callable[[str, str | None], str | None]:
    """What is known before there is a container: `env` is the host's environment, `folder` the repository, `file` its
    devcontainer.json and `container_folder` where the repository lies inside ("" while that is not known)."""
    texts = {
        "localWorkspaceFolder": folder,
        "localWorkspaceFolderBasename": posixpath.basename(folder),
        "devcontainerId": devcontainer_id(folder, file),
    }
    if container_folder:
        texts |= {
            "containerWorkspaceFolder": container_folder,
            "containerWorkspaceFolderBasename": posixpath.basename(container_folder),
        }
    return lambda name, rest: environment(rest, env) if name in ("localEnv", "env") and rest else texts.get(name)


def in_container(env: Mapping[str, str]) -> Callable[[str, str | None], str | None]:
    """What the container's environment `env` says: `${containerEnv:PATH}`."""
    return lambda name, rest: environment(rest, env) if name == "containerEnv" and rest else None


def environment(rest: str, env: Mapping[str, str]) -> str:
    """The value of `NAME` or `NAME:default`; "" where there is neither."""
    name, _, default = rest.partition(":")
    return env.get(name, default.partition(":")[0])


def devcontainer_id(folder: str, file: str) -> str:
    """The id that stays the same for a repository and its devcontainer.json: sha256 over the labels by which editors
    find the container, in base 32, 52 digits."""
    marks = {"devcontainer.config_file": file, "devcontainer.local_folder": folder}
    number = int(hashlib.sha256(json.dumps(marks, separators=(",", ":"), ensure_ascii=False).encode()).hexdigest(), 16)
    digits = ""
    while number:
        number, digit = divmod(number, 32)
        digits = _DIGITS[digit] + digits
    return digits.rjust(52, "0")
