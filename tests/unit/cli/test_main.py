from __future__ import annotations

import pytest

from devenv import __version__
from devenv.cli.main import main, run


@pytest.mark.parametrize("words", [["--version"], ["version"]])
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


def test_main_ends_the_process_with_the_code() -> None:
    with pytest.raises(SystemExit) as end:
        main(["nope"])
    assert end.value.code == 2
