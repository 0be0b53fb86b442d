"""`exec`: a command in a service's container."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from devenv.extensions.probes.exec import as_command
from devenv.model import labels
from devenv.model.errors import DevenvError, ExitCode
from devenv.model.protocols import Answer, CheckTarget


class ExecCheck:
    """Options: `service`, `command` (a list, or a text for `sh -c`), `user`."""

    kind: str = "exec"

    def ask(self, target: CheckTarget, options: Mapping[str, Any], *, timeout: float) -> Answer:
        """One run; the answer is its output, else what it said of errors. Raises what `Engine.exec` raises."""
        return run(
            target, str(options["service"]), as_command(options["command"]), timeout, str(options.get("user") or "")
        )


def run(target: CheckTarget, service: str, command: tuple[str, ...], timeout: float, user: str = "") -> Answer:
    """`command` in the running container of `service`. Raises DevenvError (FAILED) where none runs."""
    for container in target.engine.observe(target.project).containers:
        mine = container.labels.get(labels.SERVICE) == service and container.labels.get(labels.ONEOFF) != "True"
        if mine and container.state == "running":
            result = target.engine.exec(container.id, command, user=user, timeout=timeout)
            text = (result.output or result.errors).decode("utf-8", "replace")
            return Answer(code=result.exit_code, text=text)
    raise DevenvError(
        f"`{service}` does not run", hint=f"`devenv status` and `devenv logs {service}` say more.", code=ExitCode.FAILED
    )
