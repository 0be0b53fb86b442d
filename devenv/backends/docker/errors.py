"""What the engine refuses, in our words: the engine's status and text in, an error of our family out."""

from __future__ import annotations

import re

from devenv.model.errors import CannotRun, Conflict, DevenvError, ExitCode, NotFound

_PORT = re.compile(
    r"port is already allocated|address already in use|ports are not available|failed to bind (?:host )?port", re.I
)
_PORT_NUMBER = re.compile(r"(?:Bind for|listen (?:tcp|udp)[46]?|for TCP|on) \S*?:(\d+)\b|port (\d+)", re.I)
_FULL = re.compile(r"no space left on device", re.I)
NO_SUBNET = re.compile(
    r"non-overlapping IPv4 address pool|all predefined address pools have been fully subnetted", re.I
)
_COMMAND = re.compile(
    r"\bexec:? [\"/].*(?:not found|no such file|permission denied|exec format error|is a directory)", re.I
)
_RUNTIME = re.compile(r"OCI runtime|runc (?:create|did)|failed to create (?:shim|task)", re.I)


def unreachable(url: str, why: object) -> DevenvError:
    """The engine is not there (any more)."""
    return DevenvError(
        f"the container engine at {url} cannot be reached: {_plain(why)}",
        hint="start it (`sudo systemctl start docker`), or set DOCKER_HOST to one that runs; then call devenv again, "
        "it goes on where it stopped",
        code=ExitCode.UNFIT,
    )


def silent(url: str, seconds: float) -> DevenvError:
    """The engine takes connections and says nothing."""
    return DevenvError(
        f"the container engine at {url} does not answer (waited {seconds:g} s)",
        hint="see whether it is paused or overloaded (`docker info`, its log), restart it and call devenv again",
        code=ExitCode.UNFIT,
    )


def denied(url: str) -> DevenvError:
    return DevenvError(
        f"permission denied at the container engine's socket {url}",
        hint="add yourself to its group (`sudo usermod -aG docker $USER`) and log in again",
        code=ExitCode.UNFIT,
    )


def cancelled(what: str) -> DevenvError:
    """`what` was given up because the user said so."""
    return DevenvError(
        f"{what}: interrupted", hint="call devenv again, it goes on where it stopped", code=ExitCode.INTERRUPTED
    )


def refusal(status: int, text: str, what: str) -> DevenvError:
    """The engine answered `status` and `text` when it was asked to do `what` ("create container shop-db-1")."""
    said = text.strip() or f"status {status}"
    message = f"cannot {what}: {said}"
    if _FULL.search(said):
        return DevenvError(
            message,
            hint="the engine's disk is full: free some (`docker system df` shows what takes it) and call devenv again",
            code=ExitCode.UNFIT,
        )
    if _PORT.search(said):
        found = _PORT_NUMBER.search(said)
        port = (found.group(1) or found.group(2)) if found else ""
        return Conflict(
            message,
            hint=f"free {'port ' + port if port else 'that port'} (`ss -ltnp` shows who holds it) or publish another",
            code=ExitCode.FAILED,
        )
    if NO_SUBNET.search(said):
        return DevenvError(
            message,
            hint="the engine has no free subnet: remove networks that nothing uses (`docker network prune`), "
            "or widen `default-address-pools` in its configuration",
            code=ExitCode.FAILED,
        )
    if _RUNTIME.search(said) and _COMMAND.search(said):
        return CannotRun(
            message,
            hint="its `command` or `entrypoint` is not a program of the image, is not executable, or has Windows line "
            "ends (CRLF) or another machine's architecture",
            code=ExitCode.FAILED,
        )
    if status == 404:
        return NotFound(message, hint="it is gone or was never made; `devenv up` makes it", code=ExitCode.FAILED)
    if status == 409:
        return Conflict(message, hint="rename or remove what holds it, then call devenv again", code=ExitCode.FAILED)
    if status in (401, 403):
        return DevenvError(message, hint="log in first (`docker login`), or use another image", code=ExitCode.FAILED)
    if status == 400:
        return DevenvError(
            message, hint="the engine does not take this setting: change it in the manifest", code=ExitCode.FAILED
        )
    return DevenvError(message, hint="the engine's own log says more (`journalctl -u docker`)", code=ExitCode.FAILED)


def _plain(why: object) -> str:
    """The cause in a few words."""
    if isinstance(why, OSError) and why.strerror:
        return why.strerror
    return str(why) or type(why).__name__
