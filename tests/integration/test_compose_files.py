"""Compose files, each about one thing, read by devenv and by the real Docker Compose: they print the same, or refuse.

A case is a folder of `tests/cases/compose`: `compose.yaml` and whatever it needs, and beside it, where it says more, a
`case.yaml`:

    why: what the case is about
    args: [--profile, one]      before `config`, for both
    env: {NAME: value}          the environment, beside PATH and HOME
    cwd: sub                    the folder in which both are run
    stdin: other.yaml           a file that is given as the standard input
    print: [[--services], []]   further runs of `config` with these words, whose lines must be the same, of JSON, and of
                                YAML, which is what is printed without any word, in the same order
    git: {repo: [file, …]}      folders that are made git repositories of one commit first, and served; in these files
                                `{commit}` is its hash, `{url}` its address
    invalid: true               both must refuse it, devenv with place and hint

What is compared is all that `config --format json` prints, and `config --hash '*'`: no field is left out, no case is
excepted. No engine is needed.
"""

from __future__ import annotations

import io
import json
import os
import shutil
import signal
import socket
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
import yaml

from devenv.cli.main import run
from tests.e2e.compose import binary

CASES = Path(__file__).parents[1] / "cases" / "compose"
_PATH = os.environ["PATH"]
NAMES = sorted(path.name for path in CASES.iterdir())
_JSON = ("--format", "json")
_QUICK = {"GOGC": "off"}
"""Compose is made anew for each run, and clears nothing away in it: a third of its time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One folder, copied to where it may be written to."""

    folder: Path
    args: tuple[str, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict)
    cwd: str = "."
    stdin: str = ""
    printed: tuple[tuple[str, ...], ...] = ()
    invalid: bool = False

    @property
    def runs(self) -> tuple[tuple[str, ...], ...]:
        """What is given to `config`, run by run."""
        return (_JSON,) if self.invalid else (_JSON, ("--hash", "*"), *self.printed)

    @property
    def place(self) -> Path:
        return self.folder / self.cwd

    @property
    def environment(self) -> dict[str, str]:
        cache = str(self.folder.parent / "cache")
        return {"PATH": _PATH, "HOME": "/home/someone", "XDG_CACHE_HOME": cache, **_QUICK, **self.env}

    @property
    def given(self) -> bytes:
        return (self.folder / self.stdin).read_bytes() if self.stdin else b""


@dataclass(frozen=True, slots=True, kw_only=True)
class Printed:
    code: int
    out: str
    err: str = ""


def read(folder: Path, to: Path, port: int) -> Case:
    """The case in `folder`, copied to the folder `to`, whose name is the same on every machine; its git repositories
    are served at `port`."""
    shutil.copytree(folder, to, symlinks=True)
    said = to / "case.yaml"
    given = yaml.safe_load(said.read_text()) if said.is_file() else {}
    unknown = given.keys() - {"why", "args", "env", "cwd", "stdin", "print", "git", "invalid"}
    assert not unknown, f"{folder.name}/case.yaml: {unknown}"
    for repository, files in (given.get("git") or {}).items():
        commit = _committed(to / repository, to.name)
        for name in files:
            url = f"git://127.0.0.1:{port}/{to.name}/{repository}"
            (to / name).write_text((to / name).read_text().replace("{commit}", commit).replace("{url}", url))
    return Case(
        folder=to,
        args=tuple(map(str, given.get("args") or ())),
        env={name: str(value) for name, value in (given.get("env") or {}).items()},
        cwd=given.get("cwd", "."),
        stdin=given.get("stdin", ""),
        printed=tuple(tuple(map(str, words)) for words in given.get("print") or ()),
        invalid=given.get("invalid", False),
    )


def _committed(folder: Path, message: str) -> str:
    """The hash of the one commit of what lies in `folder`; no two cases have the same."""

    def git(*words: str) -> str:
        named = ("-c", "user.name=x", "-c", "user.email=x@x", "-c", "init.defaultBranch=main")
        done = subprocess.run(["git", *named, *words], cwd=folder, check=True, capture_output=True, text=True)
        return done.stdout.strip()

    git("init", "--quiet")
    git("add", ".")
    git("commit", "--quiet", "--message", message)
    return git("rev-parse", "HEAD")


def by_compose(case: Case) -> dict[tuple[str, ...], Printed]:
    """What Compose prints, run after run: two at once would fetch into one folder."""
    return {words: _by_compose(case, words) for words in case.runs}


def _by_compose(case: Case, words: Sequence[str]) -> Printed:
    done = subprocess.run(
        [str(binary()), *case.args, "config", *words],
        cwd=case.place, env=case.environment, input=case.given, capture_output=True, timeout=60,
    )  # fmt: skip
    return Printed(code=done.returncode, out=done.stdout.decode(), err=done.stderr.decode())


@dataclass(slots=True)
class Held:
    """What Compose prints of every case, asked for at once."""

    cases: dict[str, Case]
    answers: dict[str, Future[dict[tuple[str, ...], Printed]]]


@pytest.fixture(scope="module")
def held(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[Held]:
    top = tmp_path_factory.mktemp("cases")
    asked = {item.callspec.params.get("name") for item in request.session.items if hasattr(item, "callspec")}
    with served(top) as port, ThreadPoolExecutor(2) as pool:
        cases = {name: read(CASES / name, top / name, port) for name in NAMES if name in asked}
        yield Held(cases=cases, answers={name: pool.submit(by_compose, case) for name, case in cases.items()})


@contextmanager
def served(folder: Path) -> Iterator[int]:
    """The git repositories below `folder`, to be had at a port of this machine."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    command = ["git", "daemon", "--export-all", "--reuseaddr", f"--base-path={folder}", "--listen=127.0.0.1"]
    daemon = subprocess.Popen([*command, f"--port={port}"], stderr=subprocess.DEVNULL, start_new_session=True)
    try:
        yield port
    finally:
        os.killpg(daemon.pid, signal.SIGTERM)
        daemon.wait()


class Ours:
    """devenv's command line, in this process."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self.monkeypatch, self.capsys = monkeypatch, capsys

    def __call__(self, case: Case, words: Sequence[str]) -> Printed:
        with self.monkeypatch.context() as patch:
            for name in tuple(os.environ):
                patch.delenv(name)
            for name, value in case.environment.items():
                patch.setenv(name, value)
            patch.chdir(case.place)
            patch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(case.given)))
            self.capsys.readouterr()
            code = run([*case.args, "config", *words])
            printed = self.capsys.readouterr()
        return Printed(code=code, out=printed.out, err=printed.err)


@pytest.fixture
def ours(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Ours:
    return Ours(monkeypatch, capsys)


@pytest.mark.parametrize("name", NAMES)
def test_a_compose_file_is_read_as_compose_reads_it(held: Held, ours: Ours, name: str) -> None:
    case = held.cases[name]
    theirs = held.answers[name].result()
    if case.invalid:
        _refused(case, theirs, ours)
        return
    for words, printed in theirs.items():
        assert printed.code == 0, f"{words}: {printed.err}"
        mine = ours(case, words)
        assert mine.code == 0, f"{words}: {mine.err}"
        if {"--format", "json"} <= {*words}:
            assert json.loads(mine.out) == json.loads(printed.out), words
            assert mine.out.rstrip() == printed.out.rstrip(), words
        elif not words:
            assert mine.out.rstrip() == printed.out.rstrip()
        else:
            assert sorted(mine.out.split("\n")) == sorted(printed.out.split("\n")), words


def _refused(case: Case, theirs: Mapping[tuple[str, ...], Printed], ours: Ours) -> None:
    assert all(printed.code != 0 for printed in theirs.values()), theirs
    mine = ours(case, ("--output", "json"))
    assert mine.code in (2, 3), mine.out
    error = json.loads(mine.out.strip().splitlines()[-1])
    assert error["event"] == "error"
    for each in error["errors"]:
        assert each["hint"], each
        assert each.get("file"), each
        assert "Traceback" not in each["message"], each


def test_there_is_a_case_for_everything() -> None:
    assert len(NAMES) >= 150


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_what_is_not_filled_in_is_printed_as_compose_prints_it(held: Held, ours: Ours, name: str) -> None:
    case = replace(held.cases[name], args=(*held.cases[name].args, "-p", "one-name"))
    for words in () if case.invalid else (("--no-interpolate",), ("--variables", *_JSON)):
        theirs, mine = _by_compose(case, words), ours(case, words)
        assert (mine.code == 0) == (theirs.code == 0), (words, mine.err, theirs.err)
        if theirs.code == 0:
            assert mine.out.rstrip() == theirs.out.rstrip(), words


def test_what_config_prints_goes_to_a_file(tmp_path: Path, ours: Ours) -> None:
    (tmp_path / "compose.yaml").write_text("name: one\nservices: {a: {image: 'x:${TAG:-1}', command: '${B?}'}}\n")
    case = Case(folder=tmp_path)
    shown = ours(case, ("--no-interpolate",))
    assert ours(case, ("--no-interpolate", "-o", "mine")) == Printed(code=0, out="")
    theirs = _by_compose(case, ("--no-interpolate", "-o", "theirs"))
    assert (theirs.code, theirs.out) == (0, "")
    assert (tmp_path / "mine").read_text() == (tmp_path / "theirs").read_text() == shown.out
    assert ours(case, ("--no-interpolate", "-q")) == Printed(code=0, out="")
    for words in (("--variables",), ("--variables", "--format", "yaml"), ("--no-interpolate", "--services")):
        mine, printed = ours(case, words), _by_compose(case, words)
        assert sorted(mine.out.splitlines()) == sorted(printed.out.splitlines())
    named = ours(case, ("--no-interpolate", "a"))
    assert named.out == shown.out
    assert "services that are named count for nothing" in named.err
    refused = ours(case, ("--no-interpolate", "--images"))
    assert refused.code == 2
    assert "`--images` needs the values" in refused.err
