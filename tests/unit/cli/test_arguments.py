from __future__ import annotations

import pytest

from devenv.cli.arguments import PASSING, Arguments, parse, wants_json
from devenv.cli.dispatch import build
from devenv.model.errors import DevenvError


@pytest.mark.parametrize(
    ("line", "meant"),
    [
        ("", Arguments()),
        ("up", Arguments(verb="up")),
        ("up api --build", Arguments(verb="up", rest=("api", "--build"))),
        (
            "-C dir -f a.yaml -f b.yaml -p shop up",
            Arguments(verb="up", directory="dir", files=("a.yaml", "b.yaml"), project="shop"),
        ),
        ("-Cdir -fa.yaml -p=shop up", Arguments(verb="up", directory="dir", files=("a.yaml",), project="shop")),
        ("-C a -C b up", Arguments(verb="up", directory="a/b")),
        ("-C a -C /b up", Arguments(verb="up", directory="/b")),
        ("logs -f -p", Arguments(verb="logs", rest=("-f", "-p"))),
        ("down -v -y", Arguments(verb="down", rest=("-v",), yes=True)),
        ("-y down", Arguments(verb="down", yes=True)),
        (
            "up --file=a.yaml --project-directory d --project-name n",
            Arguments(verb="up", files=("a.yaml",), directory="d", project="n"),
        ),
        (
            "--output json up --yes --no-install --verbose",
            Arguments(verb="up", output="json", yes=True, no_install=True, verbose=True),
        ),
        ("--version", Arguments(version=True)),
        ("-h", Arguments(help=True)),
        ("up --help", Arguments(verb="up", rest=("--help",))),
        ("up -- --yes", Arguments(verb="up", rest=("--", "--yes"))),
        # What stands after the service or task is someone else's.
        ("exec db --yes", Arguments(verb="exec", rest=("db", "--yes"))),
        ("exec --yes db psql", Arguments(verb="exec", rest=("db", "psql"), yes=True)),
        (
            "exec -u root -e A=b db ls --output json",
            Arguments(verb="exec", rest=("-u", "root", "-e", "A=b", "db", "ls", "--output", "json")),
        ),
        ("exec --user --yes db", Arguments(verb="exec", rest=("--user", "--yes", "db"))),
        ("run --output json", Arguments(verb="run", output="json")),
        ("run test -- --file x", Arguments(verb="run", rest=("test", "--", "--file", "x"))),
    ],
)
def test_options_of_every_command_are_found_where_they_may_stand(line: str, meant: Arguments) -> None:
    assert parse(line.split()) == meant


@pytest.mark.parametrize(
    ("line", "sentence", "remedy"),
    [
        ("--nonsense up", "`--nonsense` is not an option", "--help"),
        ("--verbos up", "`--verbos` is not an option", "Did you mean `--verbose`?"),
        ("-x up", "`-x` is not an option", "--help"),
        ("-C", "`-C` needs a value", "-C FOLDER"),
        ("up --file", "`--file` needs a value", "-f FILE"),
        ("--output xml up", "`xml` is not a form of output", "text or json"),
        ("up --output jsno", "`jsno` is not a form of output", "Did you mean `json`?"),
    ],
)
def test_what_is_wrong_gets_a_sentence_and_a_remedy(line: str, sentence: str, remedy: str) -> None:
    with pytest.raises(DevenvError) as told:
        parse(line.split())
    assert sentence in told.value.message
    assert remedy in told.value.hint


def test_json_is_wanted_also_by_a_line_that_is_wrong() -> None:
    assert wants_json(["--nonsense", "--output", "json"])
    assert wants_json(["up", "--output=json"])
    assert not wants_json(["json", "--output"])


@pytest.mark.parametrize("verb", PASSING)
def test_the_options_that_take_a_value_are_those_of_the_command(verb: str) -> None:
    params = [p for p in build(verb).params if p.param_type_name == "option" and not p.is_flag]
    assert {name for param in params for name in param.opts} == set(PASSING[verb])


@pytest.mark.parametrize(
    ("words", "rest"),
    [
        (["up", "--pull", "never", "api"], ("--pull-policy=never", "api")),
        (["up", "--pull=missing"], ("--pull-policy=missing",)),
        (["up", "--pull", "api"], ("--pull", "api")),
        (["up", "always"], ("always",)),
        (["pull", "--pull=x"], ("--pull=x",)),
    ],
)
def test_pull_takes_a_word_of_compose_s_where_one_follows(words: list[str], rest: tuple[str, ...]) -> None:
    assert parse(words).rest == rest
