"""What is wrong with the `x-devenv` of a plain Compose file: all of it, each at its place."""

from __future__ import annotations

import pytest

from devenv.core.check_extension import extension
from devenv.core.source import read_yaml
from devenv.extensions.probes import PROBES

TEXT = """\
services:
  web:
    image: [nothing but x-devenv is looked at]
    environment: {HOME: /home}
    nonsense: 1
    x-devenv:
      %s
x-devenv:
  %s
"""


def errors(service: str = "{}", top: str = "{}") -> list[tuple[str, str]]:
    document = read_yaml(TEXT % (service, top), "compose.yaml")
    return [(str(error.where), error.message) for error in extension(document, PROBES)]


def test_what_is_right_is_left_alone() -> None:
    assert errors("{ready: {http: /health}, seed: db/schema.sql, one_shot: false, owner: me, links: {a: b}}",
                  "{tasks: {test: {service: web, command: make}}, workspace: {service: web}}") == []  # fmt: skip
    urls = ("http://a", "https://u:p@a.b:65535/x?y", "http://[::1]:8000/", "${URL}/x", "http://a:$PORT/", "http://a#b")
    steps = ", ".join(f"{{http: '{url}'}}" for url in urls)
    assert errors(top=f"{{checks: {{a: [{steps}]}}}}") == []
    assert extension(read_yaml("services: {web: {image: one}, no: null, none: 3}\n", "compose.yaml"), PROBES) == []
    assert extension(read_yaml("services: nonsense\n", "compose.yaml"), PROBES) == []


@pytest.mark.parametrize(
    ("service", "place", "words"),
    [
        ("{lazzy: true}", "7:8", "Unknown key `lazzy` in `services.web.x-devenv`"),
        ("{owner: [me]}", "7:15", "`services.web.x-devenv.owner` must be a text"),
        ("{ready: {http: health}}", "7:22", "must be a path that begins with `/`"),
        ("{ready: {timeout: 3s}}", "7:15", "`ready` says nothing of when `web` can be used"),
        ("{ready: [{tcp: 1, http: /}]}", "7:16", "`ready` says 2 things at once"),
        ('{ready: {log: "["}}', "7:21", ""),
    ],
)
def test_a_service_says_what_cannot_be(service: str, place: str, words: str) -> None:
    ((where, message), *_) = errors(service)
    assert where == f"compose.yaml:{place}"
    assert words in message


@pytest.mark.parametrize(
    ("top", "place", "words"),
    [
        ("{checks: {a: [{http: nonsense}]}}", "9:24", "`nonsense` is no address of http or https"),
        ("{checks: {a: {steps: [{http: {url: 'ftp://a/'}}]}}}", "9:38", "`ftp://a/` is no address"),
        ("{checks: {a: {steps: [{http: 'http://a'}], finally: [{http: 'http:///x'}]}}}", "9:63", "`http:///x` is no"),
        ("{checks: {a: [{http: 'http://a:99999/'}]}}", "9:24", "`http://a:99999/` is no address"),
        ("{workspace: web}", "9:15", "`x-devenv.workspace` must be a mapping"),
        ("{task: {}}", "9:4", "Unknown key `task` in `x-devenv`"),
        ('{tasks: {home: {service: web, command: "ls $HOME"}}}', "9:42", "`$HOME` is read from the shell"),
        ('{workspace: {service: web}, tasks: {home: "ls $HOME"}}', "9:45", "`$HOME` is read from the shell"),
    ],
)
def test_the_top_says_what_cannot_be(top: str, place: str, words: str) -> None:
    ((where, message),) = errors(top=top)
    assert where == f"compose.yaml:{place}"
    assert words in message


def test_all_is_said_at_once() -> None:
    assert len(errors("{lazzy: true, owner: [me]}", "{task: {}, links: [a]}")) == 4


@pytest.mark.parametrize(
    ("service", "top", "places"),
    [
        ('{ready: {http: "{{ web.url }}/x"}}', "{}", ["7:22"]),
        ("{}", '{checks: {a: [{http: "{{ other.host_url | upper }}"}]}}', ["9:24"]),
        ("{links: {a: '{{ x }}'}}", "{tasks: {t: {service: web, command: 'curl {{web.url}}'}}}", ["7:19", "9:39"]),
        ("{}", "{tasks: {t: {service: web, command: \"a '{{ .Names }}' '{{ other.x }}' '{{ name }}'\"}}}", []),
    ],
)
def test_what_is_evaluated_in_a_devenv_yaml_alone_is_refused_in_its_place(
    service: str, top: str, places: list[str]
) -> None:
    found = [place for place, message in errors(service, top) if "is not evaluated in a Compose file" in message]
    assert found == [f"compose.yaml:{place}" for place in places]
    document = read_yaml(TEXT % (service, top), "compose.yaml")
    assert all("${WEB_PORT:-8000}" in error.hint for error in extension(document, PROBES))
