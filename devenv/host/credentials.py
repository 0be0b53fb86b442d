"""What git on this host knows of user names and passwords, for git in a container.

Git in the container asks over a socket, with the one client that is there wherever git is: `git credential-cache`
(gitcredentials(7), git-credential(1)). A word of ours, `operation=…`, says what is meant, because that client starts a
daemon of its own where it is told to store and nobody listens; told to get it starts none.
"""

from __future__ import annotations

import os
import shlex
import shutil
import socket
import subprocess
from collections.abc import Mapping
from contextlib import AbstractContextManager, suppress
from pathlib import Path

from devenv.host.agent import listening

_OPERATIONS = {"get": "fill", "store": "approve", "erase": "reject"}
_PLACE = frozenset(("protocol", "host", "path", "username", "capability[]", "wwwauth[]", "state[]"))
_SECRETS = frozenset(
    ("password", "password_expiry_utc", "oauth_refresh_token", "authtype", "credential", "ephemeral", "continue")
)
_ANSWERED = (_PLACE | _SECRETS) - {"protocol", "host", "path", "wwwauth[]"}
_LONGEST = 65536
_PATIENCE = 5.0
_SIGN_IN = 120.0
"""Seconds for what a helper may do in a window of its own."""


def settings(inside: str) -> dict[str, str]:
    """Settings for git in a container in which the socket lies at `inside`; none where git on this host has no
    helper."""
    known = _configured()
    if not any(value for name, value in known if name.endswith("helper")):
        return {}
    place = shlex.quote(inside)
    ask = f'{{ echo "operation=$1"; cat; }} | git credential-cache --socket {place} get'
    found = {"credential.helper": f"!f() {{ test -w {place} || exit 0; {ask}; }}; f"}
    if any(value.lower() in ("true", "yes", "on", "1") for name, value in known if name.endswith("usehttppath")):
        found["credential.useHttpPath"] = "true"  # git on this host leaves out what it does not want
    return found


def answered(place: Path, container: str = "") -> AbstractContextManager[None]:
    """A socket at `place` over which git on this host answers, as long as the `with` block lasts, those whom
    `listening` lets in."""
    return listening(place, _Answers().serve, container)


class _Answers:
    """`asked` are the hosts (with their protocols) whose credentials were asked for: only of these anything is stored
    or forgotten."""

    def __init__(self) -> None:
        self.asked: set[tuple[str, str]] = set()

    def serve(self, near: socket.socket) -> None:
        with near, suppress(OSError):
            near.settimeout(_PATIENCE)
            request = b""
            while part := near.recv(_LONGEST):
                request += part
                if len(request) > _LONGEST:
                    return
            answer = self.answer(request.decode(errors="replace"))
            near.sendall(answer.encode())

    def answer(self, request: str) -> str:
        """What git on this host says to `request`, lines of `name=value`; "" where it knows nothing."""
        fields = [(name, value) for name, _, value in (line.partition("=") for line in request.splitlines()) if name]
        said = dict(fields)
        operation = said.get("operation", "")
        host = said.get("protocol", ""), said.get("host", "")
        if operation not in _OPERATIONS or not all(host) or (operation != "get" and host not in self.asked):
            return ""
        self.asked.add(host)
        kept = _PLACE if operation == "get" else _PLACE | _SECRETS
        described = "".join(f"{name}={value}\n" for name, value in fields if name in kept)
        lines = _git("credential", _OPERATIONS[operation], given=described + "\n", patience=_SIGN_IN).splitlines()
        told = [line for line in lines if line.partition("=")[0] in _ANSWERED]
        return "".join(f"{line}\n" for line in told) if operation == "get" else ""


def _configured() -> list[tuple[str, str]]:
    """The helpers that git has for this user, and for which hosts paths count, as (name, value)."""
    said = _git("config", "--get-regexp", r"^credential\.(.*\.)?(helper|usehttppath)$")
    return [(name.lower(), value) for name, _, value in (line.partition(" ") for line in said.splitlines())]


def _git(*words: str, given: str = "", patience: float = _PATIENCE) -> str:
    """What git prints, "" where it fails. Never in the repository, whose settings the container can write: a program
    named there would run on this host. No terminal is asked, the command in the container has it."""
    if not shutil.which("git"):
        return ""
    environment: Mapping[str, str] = {
        **{name: value for name, value in os.environ.items() if name not in ("GIT_DIR", "GIT_COMMON_DIR")},
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_ASKPASS": "",
    }
    try:
        done = subprocess.run(
            ["git", *words], input=given, env=environment, cwd="/", start_new_session=True, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, text=True, errors="replace", timeout=patience, check=False,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout if done.returncode == 0 else ""
