"""The container engine as devenv's own business (DESIGN, rule 10): found, started, installed, or told about."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path

from devenv.host.engine_find import Address, find
from devenv.host.ping import Alive, Dead, Denied, Silent, ping
from devenv.model.errors import DevenvError, ExitCode

__all__ = ["OLDEST_API", "Address", "ensure", "find", "reach"]

OLDEST_API = (1, 41)
"""Engine 20.10: the oldest that devenv is tested with."""

_ACTIVATION = 20.0
"""Seconds that an engine may take to start when its socket is opened."""


def reach(env: Mapping[str, str] | None = None, *, command: str = "devenv") -> Address:
    """The engine, if one answers; for the verbs that start and install nothing. `command` is what the user typed, for
    who is to type it elsewhere. Raises DevenvError (UNFIT)."""
    env = os.environ if env is None else env
    address = find(env)
    if address is None:
        raise _none_runs(env, command)
    _check(address)
    return address


def ensure(
    *,
    install: bool,
    ask: Callable[[str], bool],
    say: Callable[[str], None],
    env: Mapping[str, str] | None = None,
    command: str = "devenv",
) -> Address:
    """An engine that answers: the one that is there, else a stopped one started, else one installed where `install`
    (False for `--no-install`), the environment and, through `ask`, the user allow it. `say` is told what is done.
    Raises DevenvError (UNFIT) with the sentence that fits."""
    env = os.environ if env is None else env
    address = find(env)
    if address is not None:
        if not address.chosen and Path("/run/systemd/system").exists():
            # Where systemd holds the socket, the engine is started by the first who connects.
            ping(address.url, timeout=_ACTIVATION)
        _check(address)
        return address
    if env.get("DEVENV_WORKSPACE") == "1":
        raise _none_runs(env, command)
    from devenv.host.lock import machine_lock

    with machine_lock("engine", "sees to the container engine", say):
        address = find(env)  # by who was waited for
        if address is None:
            address = _begin(install, ask, say, env)
    _check(address)
    return address


def _begin(install: bool, ask: Callable[[str], bool], say: Callable[[str], None], env: Mapping[str, str]) -> Address:
    """Start the engine where there is none, installed first where it is not."""
    # Only here: nearly always there is one.
    from devenv.host import engine_install, engine_start
    from devenv.host.apt import Consent
    from devenv.host.facts import facts

    consent = Consent.given(install=install, ask=ask, say=say, env=env)
    if not engine_start.installed():
        here = facts()
        engine_install.install(here, consent)
        installed = find(env)  # a service manager may have started it already
        if installed is not None and isinstance(ping(installed.url), Alive | Denied):
            return installed
    return engine_start.start(consent)


def _check(address: Address) -> None:
    """Raise the sentence that fits, unless the engine answers and is new enough."""
    answer = ping(address.url, tls=address.tls)
    match answer:
        case Alive(api=api):
            if api and tuple(int(part) for part in api.split(".")[:2]) < OLDEST_API:
                oldest = ".".join(map(str, OLDEST_API))
                raise _unfit(
                    f"The engine at {address.url} is too old: it speaks API {api}, devenv needs {oldest} or newer.",
                    "Upgrade it to Docker Engine 20.10 or newer.",
                    "https://docs.docker.com/engine/install/",
                )
        case Denied():
            import shlex

            raise _unfit(
                f"The engine's socket {address.url.removeprefix('unix://')} may not be opened by this user.",
                f"Run 'sudo usermod -aG docker {shlex.quote(_user())}', log out and in again, and run this again.",
                "https://docs.docker.com/engine/install/linux-postinstall/",
            )
        case Silent(why=why):
            raise _unfit(
                f"Something listens at {address.url}, but no engine answers: {why}.",
                "Restart the engine ('systemctl restart docker', or Docker Desktop), and run this again.",
            )
        case Dead(why=why) if address.source == "DOCKER_HOST":
            raise _unfit(
                f"DOCKER_HOST names {address.url}, and nothing answers there ({why}).",
                "Start that engine, or unset DOCKER_HOST to use this machine's own.",
            )
        case Dead(why=why):
            raise _unfit(
                f"The docker {address.source} names {address.url}, and nothing answers there ({why}).",
                "Start that engine, or choose another: 'docker context use default'.",
            )


def _none_runs(env: Mapping[str, str], command: str) -> DevenvError:
    if env.get("DEVENV_WORKSPACE") == "1":
        folder = env.get("DEVENV_HOST_FOLDER", "")
        import shlex

        return _unfit(
            "This is the inside of a workspace: the engine that runs the stack is outside of it.",
            f"Type it on the host: {f'cd {shlex.quote(folder)} && ' if folder else ''}{command}. "
            "From here the other services are reached by their names, such as db:5432.",
        )
    return _unfit("No container engine runs on this machine.", "'devenv up' starts one, and installs it where it may.")


def _unfit(message: str, hint: str, link: str = "") -> DevenvError:
    return DevenvError(message, hint=hint, code=ExitCode.UNFIT, link=link)


def _user() -> str:
    import pwd

    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return str(os.getuid())
