"""Manifests that are wrong: each gets place, sentence and remedy, all of a file at once, and never a traceback."""

from __future__ import annotations

import itertools
import resource
import time

import pytest

from devenv.core.decode import BaseStack
from devenv.model.errors import DevenvError, ExitCode
from tests.unit.core.compiling import errors, manifest, told

DB = "  db: {use: postgres}\n"


def one(text: str) -> DevenvError:
    found = errors(text)
    assert len(found) == 1, [error.message for error in found]
    return found[0]


@pytest.mark.parametrize(
    ("text", "place", "message", "hint"),
    [
        (
            "name: a\nservices:\n  db: {use: postgres, seed: [a/orders.csv, {jsonl: b/orders.jsonl}]}\n",
            "3:44",
            "`a/orders.csv` and `b/orders.jsonl` are both seeds of the table `orders`.",
            "name another `table:`",
        ),
        ("name: a\nservices:\n\tdb: {image: x}\n", "3:1", "A tab indents this line.", "replace the tab"),
        ("name: a\nservices:\n  db: {image: x}\n  db: {image: y}\n", "4:3", "`db` is given twice.", "3:3 already"),
        (
            "name: a\nservices:\n  db:\n    image: x\n    helthcheck: {test: a}\n",
            "5:5",
            "Unknown key `helthcheck` in `services.db`.",
            "Did you mean `healthcheck`?",
        ),
        (
            "name: a\nservices:\n  db: {image: x}\n  api: {image: y, depends_on: [dbb]}\n",
            "4:32",
            "`api` depends on `dbb`, which is no service.",
            "Did you mean `db`?",
        ),
        (
            "name: a\nservices:\n  db: {image: x}\n  api: {image: y, depends_on: {dbb: {condition: service_started}}}",
            "4:32",
            "`api` depends on `dbb`, which is no service.",
            "Did you mean `db`?",
        ),
        (
            "name: a\nservices:\n  a: {image: x, depends_on: [b]}\n  b: {image: y, depends_on: [a]}\n",
            "3:17",
            "These services wait for one another: `a` → `b` → `a`.",
            "Take one of these",
        ),
        (
            "name: a\nservices:\n  a: {image: x, depends_on: [a]}\n",
            "3:30",
            "`a` depends on itself.",
            "cannot wait for itself",
        ),
        (
            "name: a\nservices:\n"
            "  a: {image: x, expose: [1], environment: {U: '{{ b.url }}'}}\n"
            "  b: {image: y, expose: [2], environment: {U: '{{ a.url }}'}}\n",
            "3:3",
            "These services wait for one another: `a` → `b` → `a`.",
            "where `{{ }}` implies it",
        ),
        (
            "name: a\nservices:\n  db: {use: postgers}\n",
            "3:13",
            "The catalogue has no service `postgers`.",
            "Did you mean `postgres`?",
        ),
        (
            "name: a\nservices:\n  db: {use: postgres@12}\n",
            "3:13",
            "The catalogue does not know version `12` of `postgres`.",
            "It knows `postgres@17`",
        ),
        (
            "name: a\nservices:\n  db: {image: x, ports: ['80x:80']}\n",
            "3:26",
            "`services.db.ports[0]` must be a port such as `8000`, `8080:80` or `127.0.0.1:8080:80/tcp`, not `80x:80`.",
            "such as `8000`",
        ),
        (
            "name: a\nservices:\n  db: {image: x, ports: [70000]}\n",
            "3:26",
            "`services.db.ports[0]` must be a port from 1 to 65535, not `70000`.",
            "from 1 to 65535",
        ),
        (
            "name: a\nservices:\n" + DB + "  api:\n    image: x\n    environment:\n      U: {{ db.url }}\n",
            "7:10",
            "A template stands here without quotes.",
            '"{{ … }}"',
        ),
        (
            "name: a\nservices:\n" + DB + '  api:\n    image: x\n    command: "run {{ bd.url }}"\n',
            "6:19",
            "`bd` in `{{ }}` is no service of this stack.",
            "Did you mean `db`?",
        ),
        (
            "name: a\nservices:\n" + DB + "  api: {image: x, environment: {U: '{{ db.usr }}'}}\n",
            "4:37",
            "`db` has no `usr`.",
            "Did you mean `user`?",
        ),
        (
            "name: a\nservices:\n  db: {image: x}\n  api: {image: x, environment: {U: '{{ db.url }}'}}\n",
            "4:37",
            "`db.url` has no value: it serves no port that devenv knows of.",
            "Give the service a port",
        ),
        (
            "name: a\nservices:\n  db: {image: [x]}\n",
            "3:15",
            "`services.db.image` must be a text, not a list.",
            "For example: `image: debian:trixie-slim`.",
        ),
        (
            "name: a\nservices:\n  db: {use: postgres, seed: [a.sql, b.xlsx]}\n",
            "3:37",
            "`b.xlsx` is no kind of seed that devenv knows.",
            ".sql, .csv, .jsonl, .ndjson",
        ),
        (
            "name: a\nservices:\n  db: {image: x, seed: a.sql}\n",
            "3:18",
            "devenv cannot seed `db`.",
            "Give it `use:` with one of `postgres`.",
        ),
        (
            "name: a\nservices:\n  db: {image: '${DB:-mirror.test/mariadb:11}', seed: a.sql}\n",
            "3:48",
            "devenv cannot seed `db`.",
            "`volumes: ['./a.sql:/docker-entrypoint-initdb.d/a.sql:ro']`",
        ),
        (
            "name: a\nservices:\n  db: {image: '${DB:-mirror.test/valkey:8}', seed: [a.redis, b.sql]}\n",
            "3:62",
            "`b.sql` is no kind of seed that redis takes.",
            ".redis",
        ),
        (
            "base: shopp\nservices: {}\n",
            "1:7",
            "The catalogue has no stack `shopp` to build on.",
            "The catalogue has no stacks.",
        ),
        ("name: a\n", "1:1", "There are no services.", "Add one"),
        ("name: a\nservices:\n", "2:10", "`services` must be a mapping of services, not nothing.", "For example"),
        ("services: {a: {image: x}}\n", "1:1", "The stack has no name.", "Add a name"),
        ("- a\n", "1:1", "devenv.yaml is no mapping of keys.", "`services:`"),
        (
            "name: My Shop\nservices: {a: {image: x}}\n",
            "1:7",
            "`name` must be a project name of small letters, digits, `-` and `_`, not `My Shop`.",
            "For example: `name: shop`.",
        ),
        (
            "name: ${NAME:-shop}\nservices: {a: {image: x}}\n",
            "1:7",
            "`name` must be a project name of small letters, digits, `-` and `_`, not `${NAME:-shop}`.",
            "For example: `name: shop`.",
        ),
        (
            "name: a\nservices: {a: {environment: {A: b}}}\n",
            "2:12",
            "`a` says nothing of what to run.",
            "Add `use:`",
        ),
        (
            "name: a\nservices: {a: {image: x, volumes: ['data:/x']}}\n",
            "2:36",
            "There is no volume `data`.",
            "Add it at the top: `volumes: {data: }`.",
        ),
        (
            "name: a\nnetworks: {back: }\nservices: {a: {image: x, networks: {bakc: }}}\n",
            "3:37",
            "There is no network `bakc`.",
            "Did you mean `back`?",
        ),
        (
            "name: a\nservices: {a: {image: x, secrets: [key]}}\n",
            "2:36",
            "There is no secret `key`.",
            "Add it under `secrets` at the top.",
        ),
        (
            "name: a\nservices: {a: {image: x, ready: {tcp: 1, exec: a}}}\n",
            "2:33",
            "`ready` says 2 things at once of when `a` can be used.",
            "several stand in a list",
        ),
        (
            "name: a\nservices: {a: {image: x, ready: {timeout: 5s}}}\n",
            "2:33",
            "`ready` says nothing of when `a` can be used.",
            "One item has one of",
        ),
        ("name: a\nservices: {a: {image: x, ready: [{htp: /}]}}\n", "2:35", "Unknown key `htp` in", "mean `http`?"),
        (
            "name: a\nservices: {a: {image: x, ready: {log: '('}}}\n",
            "2:39",
            "`(` is no regular expression: missing ), unterminated subpattern at position 0.",
            "Escape it",
        ),
        (
            "name: a\nservices: {a: {image: x}}\nworkspace: {service: b}\n",
            "3:22",
            "The workspace's service `b` is not there.",
            "Services: `a`.",
        ),
        (
            "name: a\nservices: {a: {image: x}}\ntasks: {t: {service: b, command: x}}\n",
            "3:22",
            "The task `t` runs in `b`, which is no service.",
            "Services: `a`.",
        ),
        (
            "name: a\nservices: {a: {image: x}}\ntasks: {t: make}\n",
            "3:9",
            "The task `t` names no service to run in.",
            "give the stack a `workspace`",
        ),
        ("name: a\nservices: {a: {image: '${X'}}\n", "2:23", "`${X` is no variable.", "a literal `$` is `$$`"),
        ("name: a\nservices: {a: {image: '${1}'}}\n", "2:23", "`${1}` is no variable.", "a literal `$` is `$$`"),
        (
            "name: a\nservices: {a: {image: x, ports: [{target: '${X}'}]}}\n",
            "2:43",
            "The container's port must be known here.",
            "may be a variable",
        ),
        (
            "name: a\nservices: {a: {image: x, environment: [URL]}}\ntasks: {t: {service: a, command: '$$URL $URL'}}\n",
            "3:34",
            "`$URL` is read from the shell in which devenv runs, not inside the container.",
            "For the container's own write `$$URL`.",
        ),
        (
            "name: a\nservices: {a b: {image: x}}\n",
            "2:12",
            "`a b` cannot be a name in `services`.",
            "A name has letters, digits, `.`, `-` and `_`, and begins with a letter or digit.",
        ),
        ("name: a\nservices: {a: {image: x, labels: {'': b}}}\n", "2:35", "`` cannot be a name", "Give it a name."),
        ("name: a\nservices: {a: {image: x, labels: ['=b']}}\n", "2:35", "must be a text `NAME=value`", "NAME=value"),
        (
            "name: a\nservices: {my-db: {image: x}, my_db: {image: x}}\n",
            "2:31",
            "`my-db` and `my_db` give the same variables (`DEVENV_PORT_MY_DB_…`).",
            "Rename one",
        ),
        ("name: a\ninclude: [x]\nservices: {a: {image: x}}\n", "2:1", "`include` cannot be used yet.", "put their"),
        ("name: a\nx-devenv: {}\nservices: {a: {image: x}}\n", "2:1", "`x-devenv` is not read here.", "at the top"),
        ("name: a\nservices: {a: {image: x, x-devenv: {}}}\n", "2:26", "`x-devenv` is not read here.", "itself"),
        ("name: a\nservices: {a: {image: x, lazy: true}}\n", "2:26", "`lazy` cannot be used yet.", "take `lazy` out"),
        (
            "name: a\nservices: {a: {use: postgres, seed: [{csv: a, delimiter: ab}]}}\n",
            "2:58",
            "`services.a.seed[0].delimiter` must be one character, not `ab`.",
            'For example: `delimiter: ";"`.',
        ),
        (
            "name: a\nservices: {a: {use: postgres, seed: [{sql: a, table: t}]}}\n",
            "2:47",
            "`table` means nothing for a seed of sql.",
            "It is for `csv` and `jsonl`",
        ),
        (
            "name: a\nservices: {a: {use: postgres, seed: [{jsonl: a, header: true}]}}\n",
            "2:49",
            "`header` means nothing for a seed of jsonl.",
            "It is for `csv`: take it out.",
        ),
        (
            "name: a\nservices: {a: {use: postgres, seed: [{sql: a, csv: b}]}}\n",
            "2:38",
            "This seed names several",
            "one",
        ),
        ("name: a\nservices: {a: {use: postgres, seed: [{table: b}]}}\n", "2:38", "This seed names no file.", "one"),
    ],
)
def test_what_is_wrong_is_told_where_it_stands_with_a_remedy(text: str, place: str, message: str, hint: str) -> None:
    error = one(text)
    assert error.where is not None
    assert str(error.where) == f"devenv.yaml:{place}"
    assert error.where.text == text.splitlines()[error.where.line - 1]
    assert message in error.message
    assert hint in error.hint
    assert error.code == ExitCode.INPUT


def test_everything_that_is_wrong_in_a_file_is_told_at_once_in_its_order() -> None:
    assert told(
        """\
name: Shop
services:
  db: {use: postgers, seed: [a.xlsx]}
  api:
    imagee: x
    ports: [0, 99999]
    depends_on: {db: {condition: service_healty}}
    environment: {URL: "{{ db.url }} {{ nobody.url }}"}
  web: {image: x, depends_on: [apii], init: maybe}
  one: {image: x, depends_on: [two]}
  two: {image: x, depends_on: [one]}
"""
    ) == [
        "1:7 `name` must be a project name of small letters, digits, `-` and `_`, not `Shop`.",
        "3:13 The catalogue has no service `postgers`.",
        "3:30 `a.xlsx` is no kind of seed that devenv knows.",
        "5:5 Unknown key `imagee` in `services.api`.",
        "6:13 `services.api.ports[0]` must be a port from 1 to 65535, not `0`.",
        "6:16 `services.api.ports[1]` must be a port from 1 to 65535, not `99999`.",
        "7:34 `services.api.depends_on.db.condition` must be one of `service_started`, `service_healthy`, "
        "`service_completed_successfully`, not `service_healty`.",
        "9:32 `web` depends on `apii`, which is no service.",
        "9:45 `services.web.init` must be `true` or `false`, not `maybe`.",
        "10:19 These services wait for one another: `one` → `two` → `one`.",
    ]


def test_what_follows_a_bad_item_of_a_list_keeps_its_place() -> None:
    assert told(
        "name: a\nservices:\n  a:\n    use: postgres\n    seed:\n      - 5\n      - b.xlsx\n      - 6\n      - c.doc\n"
    ) == [
        "6:9 `services.a.seed[0]` must be a path or a long form, not `5`.",
        "7:9 `b.xlsx` is no kind of seed that devenv knows.",
        "8:9 `services.a.seed[2]` must be a path or a long form, not `6`.",
        "9:9 `c.doc` is no kind of seed that devenv knows.",
    ]


def test_an_error_below_a_part_that_must_be_there_is_told_once() -> None:
    assert told(
        "name: a\nservices: {a: {image: x, ports: [{target: 0}, {published: 3}], volumes: [{type: bnd}]}}\n"
    ) == [
        "2:43 `services.a.ports[0].target` must be a port from 1 to 65535, not `0`.",
        "2:47 `services.a.ports[1]` lacks `target`.",
        "2:81 `services.a.volumes[0].type` must be one of `bind`, `volume`, `tmpfs`, `cluster`, `npipe`, `image`, "
        "not `bnd`.",
    ]


@pytest.mark.parametrize(
    "expression",
    [
        "{{ 'x' * 99999999 }}",
        "{{ [1] * 99999999 }}",
        "{{ a.__class__ }}",
        "{{ a['host'].upper() }}",
        "{{ range(99999999) | join }}",
        "{{ ''.__class__.__mro__ }}",
        "{{ cycler }}",
        "{% for x in y %}{% endfor %}",
        "{# hidden #}",
        "{{ a.host",
        "{{ }}",
        "{{ a }}",
        "{{ a.host | upper | }}",
        "{{ a.host | tojson }}",
        "{{ " + "(" * 60 + "1" + ")" * 60 + " }}",
        "{{ '" + "x" * 3000 + "' }}",
        "{{ a.host + 1 }}",
        "{{ 1 / 0 }}",
        "{{ 9 ** 99999999 }}",
        "{{ services['b'].host }}",
        "{{ a.host_port }}",
        "\ue0001\ue001 {{ a.host }}",
    ],
)
def test_an_expression_that_cannot_be_evaluated_gets_a_sentence_soon(expression: str) -> None:
    started = time.monotonic()
    quoted = "'" + expression.replace("'", "''") + "'"
    error = one("name: a\nservices:\n  a:\n    image: x\n    command: " + quoted + "\n")
    assert error.where is not None
    assert error.where.line == 5
    assert error.hint
    assert time.monotonic() - started < 2


def test_a_reference_is_put_in_and_not_computed_with() -> None:
    text = "name: a\nservices: {a: {image: x, ports: [80], labels: {u: '{{ %s }}'}}}\n"
    assert errors(text % "a.host_port") == []
    for computed in ("a.host_port | int + 1", "a.host_port | length", "a.host_port | upper | urlencode"):
        assert "known only when the stack starts" in one(text % computed).message


def test_an_alias_bomb_ends_within_a_second_and_little_memory() -> None:
    levels = "abcdefghi"
    bomb = "a: &a [x, x, x, x, x, x, x, x, x]\n"
    bomb += "".join(f"{n}: &{n} [{', '.join([f'*{b}'] * 9)}]\n" for b, n in itertools.pairwise(levels))
    before, started = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.monotonic()
    assert "expand to more than" in one(bomb).message
    assert time.monotonic() - started < 1
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000


def test_a_base_that_is_wrong_is_told_with_the_persons_own_errors() -> None:
    base = BaseStack(
        name="b",
        folder="/stacks/b",
        file="stacks/b/devenv.yaml",
        text="name: b\nbase: c\nservices: {a: {image: x, build: ../out, environment: [A], restrat: no}}\n",
    )
    found = errors("base: b\nservices: {a: {image: 5}}\n", base)
    assert [(str(e.where), e.message) for e in found] == [
        ("devenv.yaml:2:23", "`services.a.image` must be a text, not `5`."),
        ("stacks/b/devenv.yaml:2:1", "A base cannot have a base."),
        ("stacks/b/devenv.yaml:3:33", "`../out` leads out of the base `b`."),
        ("stacks/b/devenv.yaml:3:59", "Unknown key `restrat` in `services.a`."),
    ]


def test_two_files_that_cannot_be_laid_over_one_another_are_told_with_the_rest() -> None:
    base = BaseStack(name="b", folder="/s/b", file="b.yaml", text="name: b\nservices: {a: {image: x, x-y: [1]}}\n")
    found = errors("base: b\nservices: {a: {x-y: {z: 1}, init: 7}}\n", base)
    assert [str(error.where) for error in found] == ["devenv.yaml:2:16", "devenv.yaml:2:35"]
    assert "is a mapping here, and a list at b.yaml:2:26" in found[0].message


def test_what_an_error_holds_back_is_no_error_of_its_own() -> None:
    assert told("name: a\nservices: {db: {image: 5, expose: [1]}, api: {image: x, command: '{{ db.host }}'}}\n") == [
        "2:24 `services.db.image` must be a text, not `5`."
    ]
    assert told("name: a\nservices: {db: 5, api: {image: x, command: '{{ db.host }}', depends_on: [db]}}\n") == [
        "2:16 `services.db` must be a mapping of the service's keys, not `5`."
    ]


def test_a_manifest_that_is_right_has_no_errors() -> None:
    assert manifest("name: a\nservices: {a: {image: x}}\n").name == "a"
