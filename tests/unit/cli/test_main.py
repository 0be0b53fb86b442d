from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from devenv import __version__
from devenv.app.context import Context
from devenv.cli.main import main, run
from devenv.model.errors import DevenvError, DevenvErrors, ExitCode, Span

ROOT = Path(__file__).resolve().parents[3]


def _does(work: Callable[[Context], int]) -> Callable[[str], Callable[..., int]]:
    """A stand-in for the app whose every verb does `work`."""
    return lambda verb: lambda ctx, *arguments, **options: work(ctx)


def _raises(error: BaseException) -> Callable[[str], Callable[..., int]]:
    def work(ctx: Context) -> int:
        raise error

    return _does(work)


@pytest.mark.parametrize("words", [["--version"], ["version"], ["-C", "x", "--version"]])
def test_the_version(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(words) == 0
    assert capsys.readouterr().out == f"devenv {__version__}\n"


def test_help_is_what_no_command_gives(capsys: pytest.CaptureFixture[str]) -> None:
    assert run([]) == 0
    assert "version" in capsys.readouterr().out


def test_an_unknown_command_ends_2_with_the_nearest(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["versoin"]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "`versoin` is not a command" in captured.err
    assert "Did you mean `devenv version`?" in captured.err


def test_an_unknown_option_ends_2_with_a_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--nonsense"]) == 2
    assert "--nonsense" in capsys.readouterr().err


def test_a_program_gets_its_error_as_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--nonsense", "--output", "json"]) == 2
    captured = capsys.readouterr()
    told = json.loads(captured.out)
    assert (told["event"], told["code"], captured.err) == ("error", 2, "")


def test_main_ends_the_process_with_the_code() -> None:
    with pytest.raises(SystemExit) as end:
        main(["nope"])
    assert end.value.code == 2


def test_the_context_holds_what_every_command_takes() -> None:
    seen: list[Context] = []
    words = ["-C", "d", "-f", "a", "-f", "b", "-p", "n", "--yes", "up", "--no-install", "--output", "json"]
    assert run(words, load=_does(lambda ctx: seen.append(ctx) or 5)) == 5
    ctx = seen[0]
    assert (ctx.directory, ctx.files, ctx.project) == ("d", ("a", "b"), "n")
    assert (ctx.output, ctx.yes, ctx.no_install) == ("json", True, True)
    assert not ctx.cancel.cancelled


@pytest.mark.parametrize("code", [ExitCode.FAILED, ExitCode.INPUT, ExitCode.UNFIT])
def test_every_error_of_ours_is_its_sentence_and_its_code(code: ExitCode, capsys: pytest.CaptureFixture[str]) -> None:
    error = DevenvError("It is so.", hint="Do this.", code=code)
    assert run(["up"], load=_raises(error)) == code
    assert capsys.readouterr().err == "devenv: It is so.\n  → Do this.\n"


def test_all_errors_of_one_reading_are_told(capsys: pytest.CaptureFixture[str]) -> None:
    where = Span(file="devenv.yaml", line=3, column=1, text="x: y")
    errors = DevenvErrors([DevenvError("one", hint="a", where=where), DevenvError("two", hint="b")])
    assert run(["up"], load=_raises(errors)) == 2
    assert capsys.readouterr().err.count("  → ") == 2


def test_what_nobody_foresaw_is_one_sentence_and_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    assert run(["exec", "-e", "TOKEN=hush", "db", "ls"], load=_raises(ZeroDivisionError("by zero"))) == 1
    said = capsys.readouterr().err
    assert said.startswith("devenv: devenv itself broke: ZeroDivisionError: by zero\n")
    assert "Traceback" not in said
    found = re.search(r"the traceback is in (\S+\.txt)\.", said)
    assert found
    report = Path(found[1])
    assert report.is_relative_to(tmp_path)
    assert report.stat().st_mode & 0o077 == 0
    text = report.read_text()
    assert "ZeroDivisionError: by zero" in text
    assert f"devenv {__version__}" in text
    assert "hush" not in text


def test_it_is_told_also_where_no_file_can_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "file"))
    assert run(["up"], load=_raises(ValueError("odd"))) == 1
    assert "ValueError: odd" in capsys.readouterr().err


def test_what_breaks_after_a_cancel_is_the_cancel(capsys: pytest.CaptureFixture[str]) -> None:
    def work(ctx: Context) -> int:
        ctx.cancel.cancel()  # type: ignore[attr-defined]
        raise DevenvError("The socket was closed.", hint="")

    assert run(["up"], load=_does(work)) == 130
    assert capsys.readouterr().err == ""
    assert run(["up"], load=_does(lambda ctx: ctx.cancel.cancel() or 1)) == 130  # type: ignore[attr-defined]
    # A command inside keeps its own code, and what was done in time is done.
    assert run(["exec", "db", "x"], load=_does(lambda ctx: ctx.cancel.cancel() or 1)) == 1  # type: ignore[attr-defined]
    assert run(["up"], load=_does(lambda ctx: ctx.cancel.cancel() or 0)) == 0  # type: ignore[attr-defined]


def _process(code: str, stdout: int, **env: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(ROOT)!r})\n{code}"],
        stdin=subprocess.DEVNULL,
        stdout=stdout,
        stderr=subprocess.PIPE,
        env={**os.environ, **env},
    )


MANY = """
from devenv.cli import main as cli
def verb(ctx, **options):
    for n in range(100000):
        ctx.ui.print(f"line {n}")
sys.exit(cli.run(["logs"], load=lambda name: verb))
"""


def test_a_reader_that_has_had_enough_is_no_failure() -> None:
    with _process(MANY, subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"line 0\n"
        process.stdout.close()
        assert process.stderr is not None
        assert process.stderr.read() == b""
        assert process.wait(30) == 0


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full")
def test_a_disk_that_is_full_is_said() -> None:
    for words in ("['version']", "['--help']"):
        code = f"from devenv.cli import main as cli\nsys.exit(cli.run({words}))"
        with open("/dev/full", "w") as full, _process(code, full.fileno()) as process:
            assert process.stderr is not None
            said = process.stderr.read()
            assert process.wait(30) == 1
            assert b"No space left on device" in said
            assert b"Traceback" not in said


def test_a_terminal_without_unicode_gets_no_traceback() -> None:
    code = "from devenv.cli import main as cli\nsys.exit(cli.run(['ärger']))"
    with _process(code, subprocess.PIPE, PYTHONIOENCODING="ascii") as process:
        assert process.stderr is not None
        assert process.stderr.read().startswith(b"devenv: `?rger` is not a command")
        assert process.wait(30) == 2


def _imported(words: list[str]) -> set[str]:
    code = f"""
from devenv.cli import main as cli
cli.run({words!r}, load=lambda name: lambda ctx, **options: 0)
print(*sorted(sys.modules), file=sys.stderr)"""
    with _process(code, subprocess.DEVNULL) as process:
        assert process.stderr is not None
        return set(process.stderr.read().decode().split())


HEAVY = {"typer", "rich", "docker", "jinja2", "jsonschema_rs", "yaml", "requests", "pydantic"}


def test_only_what_is_used_is_loaded() -> None:
    assert not _imported(["--version"]) & {*HEAVY, "json"}
    assert not _imported(["up"]) & HEAVY
    assert not _imported(["--help"]) & HEAVY
    assert not _imported(["up", "api"]) & (HEAVY - {"typer", "pydantic"})


def test_a_folder_that_is_gone_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    assert run(["status"], load=_does(lambda ctx: len(Path.cwd().parts))) == 2
    assert capsys.readouterr().err.startswith("devenv: The folder that this is typed in is not there any more.\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    assert run(["status"], load=_raises(FileNotFoundError("x"))) == 1
    assert "devenv itself broke" in capsys.readouterr().err
