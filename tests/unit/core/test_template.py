"""`{{ … }}`: what comes out is Compose text, references whole, `$` doubled; what cannot be evaluated is said."""

from __future__ import annotations

import subprocess
import sys

import pytest

from devenv.core.template import MAX_RESULT, Scope, TemplateError, evaluate, has_expression, plain

SCOPE = Scope(
    names={
        "db": {
            "host": "db",
            "user": "app",
            "password": "p$$w",
            "port": "5432",
            "host_port": "${DEVENV_PORT_DB_5432:-5432}",
            "url": "postgresql://app:p%24w@db:5432/app",
            "secret": "${KEY:?why}",
        },
        "my-db": {"host": "my-db"},
    },
    missing={"my-db.url": "it serves no port"},
    unknown=frozenset({"broken"}),
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain", "plain"),
        ("{{ db.host }}", "db"),
        ("{{db.host}}:{{ db.port }}", "db:5432"),
        ("{{ db.password }}", "p$$w"),
        ("{{ db.password | length }}", "3"),
        ("$${A} ${B:-x} {{ db.host }}", "$${A} ${B:-x} db"),
        ("{{ db.host_port }}", "${DEVENV_PORT_DB_5432:-5432}"),
        ("{{ 'http://' ~ db.host ~ ':' ~ db.host_port }}", "http://db:${DEVENV_PORT_DB_5432:-5432}"),
        ("{{ db.secret }}!", "${KEY:?why}!"),
        ("{{ '$5' }}", "$$5"),
        ("{{ '{{' }} {{ '}}' }}", "{{ }}"),
        ("{{ services['my-db'].host }}", "my-db"),
        ("{{ my_db.host }}", "my-db"),
        ("{{ db['host'] }}", "db"),
        ("{{ db.port | int + 1 }}", "5433"),
        ("{{ 2 * 3 - 1 }}", "5"),
        ("{{ -1 }}", "-1"),
        ("{{ db.user | upper | replace('A', 'b') }}", "bPP"),
        ("{{ ['a', db.host] | join('-') }}", "a-db"),
        ("{{ ['a', 'b'] | first }}{{ ('a', 'b') | last }}", "ab"),
        ("{{ 'a/b c' | urlencode }}", "a%2Fb%20c"),
        ("{{ 'yes' if db.user == 'app' and not db.port == '1' else 'no' }}", "yes"),
        ("{{ db.user is defined }}", "true"),
        ("{{ none }}", ""),
        ("{{ 1 > 2 }}", "false"),
        ("{{ ' x ' | trim }}", "x"),
        ("{{.Name}} {{ .ID }} {{- .X }}", "{{.Name}} {{ .ID }} {{- .X }}"),
        ("{{ \"a\\\"}}b\" }}", 'a"}}b'),
        ("${#array[@]} %{x} {# {%", "${#array[@]} %{x} {# {%"),
    ],
)  # fmt: skip
def test_an_expression_gives_text_for_compose(text: str, expected: str) -> None:
    assert evaluate(text, SCOPE).text == expected


def test_it_tells_which_services_are_reached_inside_the_network() -> None:
    assert evaluate("{{ my_db.host }} {{ db.url }} {{ db.host }}", SCOPE).services == ("my-db", "db")
    assert evaluate("{{ db.host_port }}", SCOPE).services == ()


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("{{ bd.host }}", "`bd` in `{{ }}` is no service of this stack.", "Did you mean `db`?"),
        ("{{ nothing.host | upper }}", "`nothing` in `{{ }}` is no service", "Services: `db`, `my_db`."),
        ("{{ services['x'].host }}", "`x` in `{{ }}` is no service", "Services"),
        ("{{ db.hst }}", "`db` has no `hst`.", "Did you mean `host`?"),
        ("{{ db.hst | upper }}", "`db` has no `hst`.", "Did you mean `host`?"),
        ("{{ my_db.url }}", "`my_db.url` has no value: it serves no port.", "Give the service a port"),
        ("{% if x %}", "`{%` is not evaluated", "Write the value out"),
        ("a {# b #}", "`{#` is not evaluated", "Write the value out"),
        ("{{ db.host", "`{{` is never closed.", "Close it"),
        ("{{ }}", "cannot be read", "looks like `{{ db.url }}`"),
        ("{{ db }}", "is no value", "Name a value"),
        ("{{ services }}", "is no value", "Name a value"),
        ("{{ db.host | nope }}", "There is no filter `nope`.", ""),
        ("{{ db.host | tojson }}", "There is no filter `tojson`.", ""),
        ("{{ db.host() }}", "uses call", "filters such as"),
        ("{{ lambda }}", "`lambda` in `{{ }}` is no service", ""),
        ("{{ 'x' * 3 }}", "`*` is for two numbers", "Write the text out."),
        ("{{ 2 ** 99 }}", "uses pow", ""),
        ("{{ db.host + 1 }}", "cannot be evaluated", ""),
        ("{{ 'x' | int + db.host_port | int }}", "known only when the stack starts", "as it is"),
        ("{{ db.host_port | urlencode }}", "known only when the stack starts", "as it is"),
        ("{{ db.host_port | length }}", "known only when the stack starts", "as it is"),
        ("{{ '" + "x" * 2001 + "' }}", "has more than 2000 characters", "shorter"),
        ("{{ " + "[" * 50 + "]" * 50 + " }}", "nested too deeply", "flatter"),
        ("{{ 'a' }}\ue0000\ue001", "private character", "Take it out."),
    ],
)
def test_what_cannot_be_evaluated_is_said(text: str, message: str, hint: str) -> None:
    with pytest.raises(TemplateError) as caught:
        evaluate(text, SCOPE)
    assert message in caught.value.message
    assert hint in caught.value.hint
    assert caught.value.hint
    assert not caught.value.follows


def test_growth_is_bounded() -> None:
    big = Scope(names={"a": {"x": "y" * 4000}})
    with pytest.raises(TemplateError, match="more than 65536 characters"):
        evaluate("{{ a.x | replace('y', 'zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz') }}", big)
    with pytest.raises(TemplateError, match="more than 65536 characters"):
        evaluate("{{ [" + "a.x," * 20 + "] | join }}", big)
    with pytest.raises(TemplateError, match="more than 65536 characters"):
        evaluate("{{ " + " ~ ".join(["a.x"] * 20) + " }}", big)
    with pytest.raises(TemplateError, match="more than 65536 characters"):
        evaluate("{{ a.x }}", Scope(names={"a": {"x": "y" * (MAX_RESULT + 1)}}))


def test_what_follows_from_an_error_that_was_told_says_so() -> None:
    with pytest.raises(TemplateError) as caught:
        evaluate("{{ broken.url }}", SCOPE)
    assert caught.value.follows


def test_the_place_of_an_expression_is_told() -> None:
    with pytest.raises(TemplateError) as caught:
        evaluate("ab {{ db.host }} {{ db.nope }}", SCOPE)
    assert caught.value.offset == 17


def test_text_that_is_final_is_not_escaped_and_holds_no_reference() -> None:
    assert evaluate("${localEnv:X} {{ db.password }}", SCOPE, final=True).text == "${localEnv:X} p$w"
    with pytest.raises(TemplateError, match="here it would have to be known now"):
        evaluate("{{ db.host_port }}", SCOPE, final=True)


def test_a_frame_is_filled_once() -> None:
    assert plain("a {{ x }} b {{ y }}", {"x": "{{ y }}", "y": "z"}) == "a {{ y }} b z"
    with pytest.raises(KeyError):
        plain("{{ x }}", {})


def test_only_what_holds_an_expression_is_looked_at() -> None:
    assert has_expression("{{ a }}")
    assert not has_expression("${A} {b}")


def test_plain_references_do_not_load_jinja2() -> None:
    code = (
        "import sys; from devenv.core.template import Scope, evaluate;"
        "evaluate('{{ a.b }}', Scope(names={'a': {'b': 'c'}})); assert 'jinja2' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
