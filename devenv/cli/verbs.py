"""The table of commands: what there is, where it lives, how it is told of. Loads none of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any

DAILY = "Every day"
SERVICES = "Services"
DATA = "Data"
FILES = "Files"
OWN = "devenv itself"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verb:
    """One command. `function` in `module` of `devenv.cli` is the Typer command, `says` one line for the overview,
    `takes` what completion offers after it ("services", "tasks", "shells" or "").

    `bare` says that without any word after it the app's function is called with its own defaults, so that Typer, which
    is most of the time that a small command takes, is not loaded for it."""

    module: str
    function: str
    group: str
    says: str
    takes: str = ""
    bare: bool = False


VERBS: Mapping[str, Verb] = {
    "up": Verb(
        module="stack",
        function="up",
        bare=True,
        group=DAILY,
        takes="services",
        says="Bring the stack up: healthy and seeded",
    ),
    "status": Verb(
        module="stack",
        function="status",
        bare=True,
        group=DAILY,
        takes="services",
        says="What runs, and where to reach it (ps)",
    ),
    "logs": Verb(
        module="stack", function="logs", bare=True, group=DAILY, takes="services", says="What the services say"
    ),
    "shell": Verb(module="inside", function="shell", group=DAILY, takes="services", says="A shell in the workspace"),
    "run": Verb(module="inside", function="run", group=DAILY, takes="tasks", says="Run a task of the manifest"),
    "down": Verb(module="stack", function="down", bare=True, group=DAILY, says="Stop and remove the stack; data stays"),
    "start": Verb(
        module="stack",
        function="start",
        bare=True,
        group=SERVICES,
        takes="services",
        says="Start what was stopped, in order",
    ),
    "stop": Verb(
        module="stack", function="stop", bare=True, group=SERVICES, takes="services", says="Stop; containers stay"
    ),
    "restart": Verb(
        module="stack", function="restart", bare=True, group=SERVICES, takes="services", says="Stop, then start"
    ),
    "watch": Verb(
        module="stack",
        function="watch",
        bare=True,
        group=SERVICES,
        takes="services",
        says="Bring changed files in as `develop.watch` says",
    ),
    "exec": Verb(
        module="inside", function="exec_", group=SERVICES, takes="services", says="Run a command in a service"
    ),
    "cp": Verb(module="inside", function="cp", group=SERVICES, says="Copy files into a service, or out of it"),
    "top": Verb(
        module="stack",
        function="top",
        bare=True,
        group=SERVICES,
        takes="services",
        says="What it uses: CPU, memory, network",
    ),
    "env": Verb(
        module="inside",
        function="env",
        bare=True,
        group=SERVICES,
        takes="services",
        says="A service's environment, for the host",
    ),
    "port": Verb(
        module="stack",
        function="port",
        group=SERVICES,
        takes="services",
        says="Where its ports are on the host",
    ),
    "open": Verb(
        module="stack",
        function="open_",
        group=SERVICES,
        takes="services",
        says="An address in the browser, or an editor",
    ),
    "pull": Verb(module="stack", function="pull", group=SERVICES, takes="services", says="Get images, newer ones too"),
    "build": Verb(module="stack", function="build", group=SERVICES, takes="services", says="Build images anew"),
    "check": Verb(module="data", function="check", group=DAILY, says="Walk the checks: does the stack work?"),
    "seed": Verb(
        module="data", function="seed", group=DATA, takes="services", says="Load seeds that are not there yet"
    ),
    "reset": Verb(
        module="data", function="reset", group=DATA, takes="services", says="Make a service's data anew, and seed it"
    ),
    "init": Verb(
        module="files",
        function="init",
        bare=True,
        group=FILES,
        says="Write devenv.yaml and ./dev for a repository",
    ),
    "import": Verb(
        module="files",
        function="import_",
        group=FILES,
        says="Make devenv.yaml of a team's own files",
    ),
    "render": Verb(
        module="files",
        function="render",
        bare=True,
        group=FILES,
        says="Write .devcontainer/ from devenv.yaml, or check it",
    ),
    "config": Verb(module="files", function="config", bare=True, group=FILES, says="The stack as Compose would see it"),
    "schema": Verb(module="files", function="schema", bare=True, group=FILES, says="The JSON schema of devenv.yaml"),
    "uninstall": Verb(
        module="own", function="uninstall", bare=True, group=OWN, says="Remove what devenv put on this machine"
    ),
    "completion": Verb(
        module="own", function="completion", group=OWN, takes="shells", says="Completion for bash, zsh or fish"
    ),
    "version": Verb(module="own", function="version", group=OWN, says="devenv's version"),
}

ALIASES: Mapping[str, str] = {"ps": "status"}

APP: Mapping[str, str] = {
    "up": "up:up",
    "down": "down:down",
    "status": "status:status",
    "logs": "logs:logs",
    "cp": "cp:cp",
    "top": "top:top",
    "env": "env:env",
    "port": "port:port",
    "open": "open:open_",
    "pull": "fetch:pull",
    "build": "fetch:build",
    "start": "lifecycle:start",
    "stop": "lifecycle:stop",
    "restart": "lifecycle:restart",
    "watch": "watch:watch",
    "exec": "exec:exec_",
    "shell": "exec:shell",
    "run": "task:run_task",
    "check": "check:check",
    "seed": "seed:seed",
    "reset": "reset:reset",
    "init": "init:init",
    "import": "importing:import_",
    "render": "render:render",
    "config": "config:config",
    "schema": "schema:schema",
    "uninstall": "uninstall:uninstall",
}
"""Where in `devenv.app` a verb does its work: module and function."""

Load = Callable[[str], Callable[..., int]]
"""Verb → the function that does it. What a command is tested with instead of the app."""


def load(verb: str) -> Callable[..., int]:
    """The function of `devenv.app` behind `verb`; imported now, because most commands need few of them."""
    module, _, name = APP[verb].partition(":")
    function: Any = getattr(import_module(f"devenv.app.{module}"), name)
    return function  # type: ignore[no-any-return]


def usage() -> str:
    """What `devenv --help` prints."""
    lines = [
        "devenv: one manifest, one command, the whole development stack, healthy and seeded.",
        "",
        "Usage: devenv [-C DIR] [-f FILE] [-p NAME] COMMAND [OPTIONS]",
    ]
    for group in (DAILY, SERVICES, DATA, FILES, OWN):
        lines += ["", f"{group}:"]
        lines += [f"  {name:<12}{verb.says}" for name, verb in VERBS.items() if verb.group == group]
    return "\n".join([*lines, "", _EVERYWHERE, "", "`devenv COMMAND --help` shows a command's options and examples."])


_EVERYWHERE = """\
Options of every command (short forms before the command, long forms anywhere):
  -C, --project-directory DIR  The project there, instead of the nearest one upward
  -f, --file FILE              These files, instead of the project's own (repeatable)
  -p, --project-name NAME      The Compose project's name
  --profile NAME               Turn a profile on, `*` for all (repeatable)
  --env-file FILE              Variables from there instead of .env (repeatable)
  -y, --yes                    Answer every question with yes
  --output text|json           For people, or for programs
  --no-install                 Never install packages on this machine
  --verbose                    Show what the steps say, too"""
