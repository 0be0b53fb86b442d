from __future__ import annotations

import re

import pytest

from devenv.cli.main import run
from devenv.cli.verbs import ALIASES, VERBS, usage


def test_the_overview_names_every_command_and_fits_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--help"]) == 0
    shown = capsys.readouterr().out
    assert shown == usage() + "\n"
    listed = re.findall(r"^  ([a-z]+) ", shown, re.MULTILINE)
    assert listed[:3] == ["up", "status", "logs"]
    assert set(listed) == set(VERBS)
    assert max(map(len, shown.split("\n"))) <= 90


@pytest.mark.parametrize("verb", [*VERBS, *ALIASES])
def test_every_command_has_help_with_an_example(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run([verb, "--help"]) == 0
    shown = capsys.readouterr().out
    assert shown.startswith(f"Usage: devenv {verb} [OPTIONS]")
    examples = shown.partition("Examples:\n")[2].partition("\n\n")[0].split("\n")
    name = ALIASES.get(verb, verb)
    assert any(f"devenv {name}" in example for example in examples)
    assert "<str>" not in shown
    assert "\b" not in shown
    options = shown.partition("Options:\n")[2]
    for option in re.findall(r"^  (--?[a-zA-Z].*)$", options, re.MULTILINE):
        assert re.search(r"  +\S", option), f"{option} says nothing of itself"


@pytest.mark.parametrize("words", [["help", "up"], ["--help", "up"], ["up", "-h"], ["up", "--help"]])
def test_help_is_found_wherever_one_asks(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(words) == 0
    assert capsys.readouterr().out.startswith("Usage: devenv up")


def test_help_on_nothing_known(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["help", "upp"]) == 2
    assert "Did you mean `devenv up`?" in capsys.readouterr().err
    assert run(["help"]) == 0
    assert capsys.readouterr().out == usage() + "\n"
