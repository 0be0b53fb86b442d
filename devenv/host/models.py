"""Docker Model Runner, where its plugin of `docker` is installed: told what a stack needs, asked where it answers.

Source: docker/compose `pkg/compose/model.go` (the plugin's verbs `ls`, `pull`, `configure`, `status`).
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from devenv.host import compose
from devenv.model.errors import DevenvError, ExitCode

_PROGRAM = "docker-model"
_LOOK = 30.0
"""Seconds that a question may take; a pull may take as long as it takes."""


def provide(models: Mapping[str, Mapping[str, Any]], *, say: Callable[[str], None], look_only: bool = False) -> str:
    """Where the `models` (as the Compose file has them) answer, after those that are missing were pulled and all were
    configured; `look_only`: without either. Raises DevenvError (UNFIT) where no runner is there, or it fails."""
    program = compose.plugin(_PROGRAM)
    if program is None:
        raise DevenvError(
            f"The stack uses the models {', '.join(models)}, and Docker Model Runner is not installed.",
            hint="Install the plugin `docker-model`, or take `models` out of the file.",
            code=ExitCode.UNFIT,
        )
    try:
        if not look_only:
            known = {tag for item in json.loads(_ask(program, "ls", "--json")) for tag in item.get("tags") or ()}
            for item in models.values():
                if item["model"] not in known:
                    say(f"pulling the model {item['model']}")
                    _ask(program, "pull", item["model"], patience=None)
                _ask(program, *_configured(item))
        return str(json.loads(_ask(program, "status", "--json"))["endpoint"])
    except (ValueError, KeyError, TypeError, AttributeError):
        raise DevenvError(
            "Docker Model Runner does not say where it answers, or which models it has.",
            hint="See `docker model status` and `docker model ls`.",
            code=ExitCode.UNFIT,
        ) from None


def _configured(item: Mapping[str, Any]) -> list[str]:
    size = ["--context-size", str(item["context_size"])] if item.get("context_size") else []
    flags = ["--", *item["runtime_flags"]] if item.get("runtime_flags") else []
    return ["configure", *size, item["model"], *flags]


def _ask(program: str, *words: str, patience: float | None = _LOOK) -> str:
    try:
        done = subprocess.run(
            [program, *words], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=patience, check=False
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise _failed(words, str(error)) from None
    if done.returncode:
        raise _failed(words, (done.stderr or done.stdout).strip())
    return done.stdout


def _failed(words: Sequence[str], said: str) -> DevenvError:
    return DevenvError(
        f"`docker model {' '.join(words)}` failed: {said or 'it said nothing'}",
        hint="Call it by hand, and mend what it says.",
        code=ExitCode.UNFIT,
    )
