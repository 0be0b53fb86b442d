"""Editors of this machine that open a workspace: which there are, and how they are started."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from devenv.model.errors import DevenvError, ExitCode

_SOON = 10.0
"""Seconds in which an editor that cannot start has said so; one that still runs then has started."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Editor:
    """`title` is what people call it, `programs` what it may be called on the PATH. `remote`: it takes the address of a
    container; else it is given the folder, and finds the devcontainer.json in it."""

    title: str
    programs: tuple[str, ...]
    remote: bool = False


_JETBRAINS: Mapping[str, str] = {
    "idea": "IntelliJ IDEA", "pycharm": "PyCharm", "goland": "GoLand", "webstorm": "WebStorm", "phpstorm": "PhpStorm",
    "rubymine": "RubyMine", "clion": "CLion", "rider": "Rider", "rustrover": "RustRover",
}  # fmt: skip

EDITORS: Mapping[str, Editor] = {
    "code": Editor(title="Visual Studio Code", programs=("code",), remote=True),
    "code-insiders": Editor(title="Visual Studio Code Insiders", programs=("code-insiders",), remote=True),
    "codium": Editor(title="VSCodium", programs=("codium", "vscodium"), remote=True),
    "cursor": Editor(title="Cursor", programs=("cursor",), remote=True),
    "windsurf": Editor(title="Windsurf", programs=("windsurf",), remote=True),
    **{name: Editor(title=title, programs=(name, f"{name}.sh")) for name, title in _JETBRAINS.items()},
    "jetbrains": Editor(title="a JetBrains IDE", programs=(*_JETBRAINS, *(f"{name}.sh" for name in _JETBRAINS))),
}
"""By the word that a person says."""


def program(name: str) -> str:
    """The path of the editor's program. Raises DevenvError (UNFIT) where none is there."""
    editor = EDITORS[name]
    found = next((path for each in editor.programs if (path := shutil.which(each))), None)
    if found is not None:
        return found
    asked = f"`{editor.programs[0]}`" if len(editor.programs) <= 2 else "`idea`, `pycharm` or another"
    hint = (
        f"In {editor.title} run `Shell Command: Install '{editor.programs[0]}' command in PATH`, or open the folder "
        "there and choose `Reopen in Container`."
        if editor.remote
        else "Turn on `Generate shell scripts` in the settings of the JetBrains Toolbox, or open the folder in the IDE "
        "and start the dev container of the devcontainer.json in it."
    )
    raise DevenvError(f"There is no program {asked} on the PATH.", hint=hint, code=ExitCode.UNFIT)


def container_address(folder: Path, file: Path | None, container: str, inside: str) -> str:
    """What editors of Visual Studio Code's kind call the folder `inside` of a container. `file` is the
    devcontainer.json of the repository `folder`; without one it is the container by its name."""
    if file is None:
        what, kind = json.dumps({"containerName": f"/{container}"}, separators=(",", ":")), "attached-container"
    elif file in (folder / ".devcontainer" / "devcontainer.json", folder / ".devcontainer.json"):
        what, kind = str(folder), "dev-container"
    else:
        place = {"$mid": 1, "path": str(file), "scheme": "file"}
        what = json.dumps({"hostPath": str(folder), "configFile": place}, separators=(",", ":"))
        kind = "dev-container"
    return f"vscode-remote://{kind}+{what.encode().hex()}{inside}"


def start(command: Sequence[str]) -> None:
    """Start an editor that lives on by itself. Raises DevenvError (UNFIT) where it ends at once with an error."""
    try:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        code = process.wait(_SOON)
    except subprocess.TimeoutExpired:
        return
    except OSError as error:
        raise _failed(command, error.strerror or str(error)) from None
    if code:
        raise _failed(command, f"it ended with {code}")


def _failed(command: Sequence[str], why: str) -> DevenvError:
    return DevenvError(
        f"{command[0]} could not be started: {why}.",
        hint=f"Try it by hand: {' '.join(command)}",
        code=ExitCode.UNFIT,
    )
