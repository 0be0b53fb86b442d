from __future__ import annotations

import inspect
import io
import os
from collections.abc import Callable
from typing import Any

import pytest

from devenv.app.context import Context
from devenv.cli.arguments import parse
from devenv.cli.dispatch import build, dispatch
from devenv.cli.verbs import APP, VERBS, load
from devenv.model.errors import DevenvError, ExitCode
from devenv.ui.plain import Plain


class App:
    """Stands in for the app: keeps what a verb was called with, as its own function would have taken it."""

    def __init__(self, code: int = 0) -> None:
        self.code = code
        self.called: dict[str, Any] = {}

    def load(self, verb: str) -> Callable[..., int]:
        def call(ctx: Context, *arguments: object, **options: object) -> int:
            bound = inspect.signature(load(verb)).bind(ctx, *arguments, **options)
            bound.apply_defaults()
            self.called = {"verb": verb, **dict(list(bound.arguments.items())[1:])}
            return self.code

        return call


def _context() -> tuple[Context, io.StringIO]:
    out = io.StringIO()
    return Context(ui=Plain(out=out, err=io.StringIO(), ticking=False)), out


def _called(line: str | list[str]) -> dict[str, Any]:
    app = App()
    words = line.split() if isinstance(line, str) else line
    assert dispatch(parse(words), _context()[0], load=app.load) == 0
    return app.called


UP = {
    "verb": "up",
    "services": (),
    "dry_run": False,
    "for_ide": False,
    "build": False,
    "pull": "",
    "no_build": False,
    "force_recreate": False,
    "remove_orphans": False,
    "excepted": (),
    "scaled": False,
    "watch": False,
    "scale": {},
}

LOGS = {
    "verb": "logs",
    "services": (),
    "follow": False,
    "tail": None,
    "timestamps": False,
    "since": None,
    "grep": None,
    "index": 0,
}
CONFIG = {
    "verb": "config", "only": (), "format": "", "services": False, "images": False, "volumes": False,
    "networks": False, "models": False, "profiles": False, "environment": False, "variables": False,
    "no_interpolate": False, "to": "", "hash_": "", "quiet": False,
}  # fmt: skip


@pytest.mark.parametrize(
    ("line", "called"),
    [
        ("up", UP),
        ("up -d --wait", UP),
        ("up api db --dry-run --build", {**UP, "services": ("api", "db"), "dry_run": True, "build": True}),
        ("up --for-ide", {**UP, "for_ide": True}),
        ("up --pull --force-recreate", {**UP, "pull": "always", "force_recreate": True}),
        ("up --except api --except web", {**UP, "excepted": ("api", "web")}),
        ("up --remove-orphans", {**UP, "remove_orphans": True}),
        ("down", {"verb": "down", "volumes": False, "remove_orphans": False}),
        ("down -v --remove-orphans", {"verb": "down", "volumes": True, "remove_orphans": True}),
        ("ps", {"verb": "status", "services": (), "check": False}),
        ("status db --check", {"verb": "status", "services": ("db",), "check": True}),
        ("logs", LOGS),
        ("logs -f -n 5 -t db", {**LOGS, "services": ("db",), "follow": True, "tail": 5, "timestamps": True}),
        ("logs --tail all", LOGS),
        ("logs --since 10m -g ERROR", {**LOGS, "since": "10m", "grep": "ERROR"}),
        ("port web", {"verb": "port", "service": "web", "private": None, "index": 0}),
        ("up --scale web=3 --scale job=0", {**UP, "scale": {"web": 3, "job": 0}}),
        ("logs --index 2 web", {**LOGS, "services": ("web",), "index": 2}),
        ("port --index 2 web", {"verb": "port", "service": "web", "private": None, "index": 2}),
        ("port db 5432", {"verb": "port", "service": "db", "private": "5432", "index": 0}),
        ("pull", {"verb": "pull", "services": ()}),
        ("build api", {"verb": "build", "services": ("api",)}),
        ("open web", {"verb": "open", "service": "web"}),
        ("start db", {"verb": "start", "services": ("db",)}),
        ("stop -t 3", {"verb": "stop", "services": (), "timeout": 3}),
        ("up api -w", {**UP, "services": ("api",), "watch": True}),
        ("watch api --no-up", {"verb": "watch", "services": ("api",), "no_up": True}),
        ("restart web --timeout 0", {"verb": "restart", "services": ("web",), "timeout": 0}),
        ("shell", {"verb": "shell", "service": None}),
        ("shell db", {"verb": "shell", "service": "db"}),
        ("run", {"verb": "run", "task": None, "args": ()}),
        ("run test -k x --yes -- a", {"verb": "run", "task": "test", "args": ("-k", "x", "--yes", "--", "a")}),
        ("env", {"verb": "env", "service": None, "style": ""}),
        ("env api --dotenv", {"verb": "env", "service": "api", "style": "dotenv"}),
        ("env --export", {"verb": "env", "service": None, "style": "export"}),
        ("seed", {"verb": "seed", "service": None, "again": False}),
        ("seed db --again", {"verb": "seed", "service": "db", "again": True}),
        ("reset db", {"verb": "reset", "service": "db"}),
        ("render --check", {"verb": "render", "check": True, "force": False, "devcontainer": False}),
        ("render --devcontainer", {"verb": "render", "check": False, "force": False, "devcontainer": True}),
        ("config --format json --hash *", {**CONFIG, "format": "json", "hash_": "*"}),
        ("config --no-interpolate -o x", {**CONFIG, "no_interpolate": True, "to": "x"}),
        ("config --variables", {**CONFIG, "variables": True}),
        ("config -q db", {**CONFIG, "quiet": True, "only": ("db",)}),
        ("config --services --images --volumes", {**CONFIG, "services": True, "images": True, "volumes": True}),
        ("schema", {"verb": "schema", "compose": False}),
        ("schema --compose", {"verb": "schema", "compose": True}),
    ],
)  # fmt: skip
def test_a_line_becomes_one_call(line: str, called: dict[str, Any]) -> None:
    assert _called(line) == called


@pytest.mark.parametrize("verb", [name for name, verb in VERBS.items() if verb.bare])
def test_no_words_mean_the_defaults_with_and_without_typer(verb: str) -> None:
    """A bare verb skips Typer, so what Typer would give must be what the app's function takes by itself."""
    bare = _called([verb])
    assert _called([verb, "--"]) == bare


def test_exec_passes_on_what_is_not_its_own() -> None:
    called = _called(
        ["exec", "-u", "root", "-w", "/tmp", "-e", "A=b=c", "-e", "HOME", "-T", "db", "ls", "-u", "--help"]
    )
    assert called == {
        "verb": "exec",
        "service": "db",
        "command": ("ls", "-u", "--help"),
        "user": "root",
        "tty": False,
        "workdir": "/tmp",
        "index": 0,
        "env": {"A": "b=c", "HOME": os.environ["HOME"]},
    }
    assert _called("exec -it db -- sh")["tty"] is None
    assert _called("exec db -- sh")["command"] == ("--", "sh")
    assert _called("exec -e NOT_SET_ANYWHERE db sh")["env"] == {}


def test_the_exit_code_is_the_verb_s() -> None:
    for line in ("up", "up api", "exec db false"):
        assert dispatch(parse(line.split()), _context()[0], load=App(code=42).load) == 42


@pytest.mark.parametrize(
    ("line", "sentence", "remedy"),
    [
        ("upp", "`upp` is not a command", "Did you mean `devenv up`?"),
        ("frobnicate", "`frobnicate` is not a command", "`devenv --help` lists the commands"),
        ("up --dryrun", "`devenv up` has no option `--dryrun`", "Did you mean `--dry-run`?"),
        ("up --verbos", "`devenv up` has no option `--verbos`", "Did you mean `--verbose`?"),
        ("import compose --prnt", "`devenv import` has no option `--prnt`", "Did you mean `--print`?"),
        ("import compose --quux", "`devenv import` has no option `--quux`", "Known here: `--dry-run`, `--env-file`"),
        ("config --no-normalize", "`devenv config` has no option `--no-normalize`", "the normal form alone"),
        ("config --no-path-resolution", "`devenv config` has no option", "absolute paths alone"),
        ("config --no-consistency", "`devenv config` has no option", "mend it there"),
        ("config --no-env-resolution", "`devenv config` has no option", "`devenv config --no-interpolate`"),
        ("config --resolve-image-digests", "`devenv config` has no option", "NAME@sha256:…"),
        ("config --lock-image-digests", "`devenv config` has no option", "NAME@sha256:…"),
        ("up -x", "`devenv up` has no option `-x`", "`devenv up --help`"),
        ("reset", "`devenv reset` needs its SERVICE", "`devenv reset --help`"),
        ("exec db", "`devenv exec` needs its COMMAND", "`devenv exec --help`"),
        ("reset a b", "b", "`devenv reset --help`"),
        ("logs -n many", "`many` is neither a number of lines nor `all`", "`devenv logs --help`"),
        ("stop -t soon", "`soon` is not a number of seconds", "`devenv stop --help`"),
        ("stop -t -1", "`-1` is not a number of seconds", "`devenv stop --help`"),
        ("stop --timeout", "--timeout", "`devenv stop --help`"),
        ("config --format xml", "`xml` is neither yaml nor json", "`devenv config --help`"),
        ("exec -e =x db sh", "`=x` has no name", "`devenv exec --help`"),
        ("completion tcsh", "`tcsh` is none of bash, zsh and fish", "`devenv completion --help`"),
        ("kill api", "`kill` is not a command", "`devenv stop`"),
        ("rm", "`rm` is not a command", "`devenv down`"),
        ("images", "`images` is not a command", "`devenv uninstall --dry-run`"),
        ("down api", "`devenv down` takes the whole stack", "`devenv stop api`"),
        ("up --scale web=many", "`web=many` is no service and a number", "devenv up --help"),
        ("env --export --dotenv", "`--export` and `--dotenv` exclude each other", "Give one of them"),
        ("ps --chek", "`devenv status` has no option `--chek`", "Did you mean `--check`?"),
    ],
)
def test_what_is_wrong_gets_a_sentence_and_a_remedy(line: str, sentence: str, remedy: str) -> None:
    with pytest.raises(DevenvError) as told:
        dispatch(parse(line.split()), _context()[0], load=App().load)
    assert told.value.code == ExitCode.INPUT
    assert sentence in told.value.message
    assert remedy in told.value.hint


def test_what_breaks_in_the_app_is_not_taken_for_a_wrong_option() -> None:
    def broken(verb: str) -> Callable[..., int]:
        def call(*arguments: object, **options: object) -> int:
            raise KeyError("x")

        return call

    with pytest.raises(KeyError):
        dispatch(parse(["up", "api"]), _context()[0], load=broken)


def test_every_verb_of_the_table_is_there() -> None:
    for name in VERBS:
        assert build(name).name == name
    for verb in APP:
        assert callable(load(verb))


def test_version_for_people_and_programs() -> None:
    ctx, out = _context()
    dispatch(parse(["version"]), ctx)
    assert out.getvalue().startswith("devenv ")
    out = io.StringIO()
    dispatch(parse(["version"]), Context(ui=Plain(out=out, err=io.StringIO(), ticking=False), output="json"))
    assert out.getvalue().startswith('{"version": "')
