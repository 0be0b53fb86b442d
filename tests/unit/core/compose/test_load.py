from __future__ import annotations

from typing import Any

import pytest

from devenv.core.compose.documents import Wanted, WantedFile, wanted
from devenv.core.source import read_yaml
from devenv.model.errors import DevenvError
from devenv.model.stack import Build, Grant, Need, Ready, Secret, Seed, Task
from tests.unit.core.compose.stacks import errors, service, stack

RENDERED = """
name: ${DEVENV_PROJECT:-shop}
x-devenv:
  workspace: {service: workspace, user: dev, folder: /workspaces/shop}
  tasks: {test: {service: workspace, command: pytest -q, description: All tests}, lint: {command: [ruff, check]}}
  owner: team-shop
  requires: {memory: 2g}
services:
  db:
    image: ${DEVENV_IMAGE_DB:-postgres:17}
    environment: {POSTGRES_PASSWORD: "pa$$word"}
    ports: [{target: 5432, published: "${DEVENV_PORT_DB_5432:-5432}", host_ip: 127.0.0.1, protocol: tcp}]
    volumes: [{type: volume, source: db-data, target: /var/lib/postgresql/data}]
    healthcheck: {test: [CMD, pg_isready]}
    x-devenv:
      use: postgres@17
      server: postgres/17
      data: /var/lib/postgresql/data
      seeder: postgres
      values: {user: app, password: "pa$$word", database: shop}
      ready: [{tcp: 5432}, {exec: [pg_isready, -q], timeout: 1m30s}]
      seed:
        - {sql: ../seeds/schema.sql, name: seeds/schema.sql, transactional: false}
        - {csv: ../seeds/p.csv, name: seeds/p.csv, table: products, delimiter: ";", "null": "", header: false}
        - ../seeds/more
      urls: {db: "postgresql://127.0.0.1:${DEVENV_PORT_DB_5432:-5432}/shop"}
      docs: docs/db.md
  api:
    build: {context: ../api, args: {A: 1}, target: dev, labels: {a: b}, platforms: [linux/amd64]}
    depends_on: {db: {condition: service_started}, migrate: {condition: service_completed_successfully}}
    x-devenv: {depends_on: {db: service_healthy}, ready: {http: /health}}
  migrate: {image: m, command: [up], restart: "no"}
  workspace: {image: debian:trixie, user: "${DEVENV_UID:-1000}", secrets: [token]}
volumes: {db-data: }
secrets: {token: {environment: TOKEN}}
"""
VARIABLES = {"TOKEN": "hush-hush", "DEVENV_IMAGE_DB": "localhost/devenv/postgres:17-abc", "DEVENV_UID": "7"}
WORKING_DIR = "/repo/.devcontainer"
LISTINGS = {"/repo/seeds/more": ("b.SQL", "a.jsonl", "README.md")}


@pytest.fixture(scope="module")
def rendered() -> Any:
    return stack(RENDERED, variables=VARIABLES, working_dir=WORKING_DIR, listings=LISTINGS)


def test_the_whole(rendered: Any) -> None:
    assert (rendered.project, rendered.folder, rendered.working_dir) == ("shop", "/repo", WORKING_DIR)
    assert rendered.files == ("/repo/.devcontainer/compose.yaml",)
    assert rendered.workspace == {"service": "workspace", "user": "dev", "folder": "/workspaces/shop"}
    assert rendered.about == {"owner": "team-shop", "requires": {"memory": "2g"}}
    assert rendered.tasks == {
        "test": Task(name="test", service="workspace", command=("sh", "-c", "pytest -q"), description="All tests"),
        "lint": Task(name="lint", service="workspace", command=("ruff", "check")),
    }
    assert rendered.variables == {
        "DEVENV_PROJECT": "shop",
        "DEVENV_IMAGE_DB": "localhost/devenv/postgres:17-abc",
        "DEVENV_PORT_DB_5432": "5432",
        "DEVENV_UID": "7",
    }
    assert [secret.value for secret in rendered.secrets] == ["hush-hush", "pa$word"]
    assert rendered.volumes["db-data"].server == "postgres/17"


def test_a_catalogue_service(rendered: Any) -> None:
    db = rendered.services["db"]
    assert (db.image, db.official) == ("localhost/devenv/postgres:17-abc", "postgres:17")
    assert (db.container_name, db.use, db.server, db.seeder) == ("shop-db-1", "postgres@17", "postgres/17", "postgres")
    assert db.values == {"user": "app", "password": "pa$word", "database": "shop"}
    assert db.ready == (
        Ready(kind="tcp", options={"port": 5432}),
        Ready(kind="exec", options={"command": ["pg_isready", "-q"]}, timeout=90.0),
    )
    assert db.urls == {"db": "postgresql://127.0.0.1:5432/shop"}
    assert db.variables == {
        "DEVENV_IMAGE_DB": "localhost/devenv/postgres:17-abc", "DEVENV_PORT_DB_5432": "5432",
    }  # fmt: skip
    assert db.about == {"docs": "docs/db.md"}
    assert db.volumes == ("db-data",)
    assert str(db.where) == "compose.yaml:9:3"


def test_seeds(rendered: Any) -> None:
    found = rendered.services["db"].seeds
    schema, products, events, more = found
    assert schema == Seed(
        name="seeds/schema.sql", kind="sql", file="/repo/seeds/schema.sql", transactional=False, where=schema.where
    )
    assert (products.table, products.options) == ("products", {"delimiter": ";", "null": "", "header": False})
    assert (events.name, events.kind, events.table, events.file) == (
        "seeds/more/a.jsonl", "jsonl", "a", "/repo/seeds/more/a.jsonl",
    )  # fmt: skip
    assert (more.name, more.kind, more.table) == ("seeds/more/b.SQL", "sql", None)


def test_a_built_service_its_needs_and_a_one_shot(rendered: Any) -> None:
    api = rendered.services["api"]
    assert api.image == "shop-api"
    assert api.official is None
    assert api.build == Build(
        context="/repo/api", args={"A": "1"}, target="dev", labels={"a": "b"}, platform="linux/amd64",
        where=api.build.where,
    )  # fmt: skip
    assert api.needs == (
        Need(target="db", condition="service_healthy"),
        Need(target="migrate", condition="service_completed_successfully"),
    )
    assert api.ready == (Ready(kind="http", options={"path": "/health"}),)
    assert rendered.services["migrate"].one_shot
    assert not api.one_shot


def test_secrets_are_granted_and_never_shown(rendered: Any) -> None:
    workspace = rendered.services["workspace"]
    assert workspace.grants == (Grant(target="/run/secrets/token", content=Secret(value="hush-hush")),)
    assert "hush-hush" not in repr(rendered)
    assert workspace.variables == {"DEVENV_UID": "7"}
    found = errors(RENDERED, working_dir=WORKING_DIR, listings=LISTINGS)
    assert [(str(e.where), e.message) for e in found] == [("compose.yaml:35:19", "The secret `token` has no value.")]
    assert "Set TOKEN in the shell" in found[0].hint


def test_grants_of_other_kinds() -> None:
    top = "secrets: {s: {file: ./s}}\nconfigs: {c: {content: 'hi'}, e: {environment: E}}"
    found = service("secrets: [s]\nconfigs: [c, {source: e, target: /e, mode: '0400'}]", top, variables={"E": "e"})
    assert found.grants == (
        Grant(target="/run/secrets/s", source="/repo/s"),
        Grant(target="/c", content=Secret(value="hi")),
        Grant(target="/e", content=Secret(value="e"), mode=0o400),
    )


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("healthcheck: {test: [CMD, x]}", [("health", 180.0)]),
        ("healthcheck: {test: x, interval: 1m, timeout: 10s, retries: 4, start_period: 5s}", [("health", 285.0)]),
        ("healthcheck: {disable: true}", []),
        ("healthcheck: {test: [NONE]}", []),
        ("healthcheck: {interval: 5s}", []),
        ("x-devenv: {ready: {health: true, timeout: 5}}", [("health", 5.0)]),
        ("x-devenv: {ready: [{tcp: {}}, {log: 'up.*'}, {exec: 'true'}]}", [(k, 120.0) for k in ("tcp", "log", "exec")]),
        ("healthcheck: {test: x}\nx-devenv: {ready: {http: {path: /, port: '80', status: 200}}}", [("http", 120.0)]),
    ],
)
def test_ready(text: str, kinds: list[tuple[str, float]]) -> None:
    assert [(ready.kind, ready.timeout) for ready in service(text).ready] == kinds


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("x-devenv: {seeder: postgres, seed: a.sql}", ["exec"]),
        ("healthcheck: {test: pg_isready}\nx-devenv: {seeder: postgres, seed: a.sql}", ["health", "exec"]),
        ("x-devenv: {seeder: redis, seed: a.json, ready: {log: Ready}}", ["log", "exec"]),
        ("x-devenv: {seeder: postgres, seed: a.sql, ready: {tcp: 5432}}", ["tcp"]),
        ("healthcheck: {test: pg_isready}\nx-devenv: {seeder: postgres}", ["health"]),
    ],
)
def test_what_is_seeded_must_serve(text: str, kinds: list[str]) -> None:
    """A healthcheck is met while PostgreSQL's image still makes its database, with a server that goes down again."""
    ready = service(text).ready
    assert [each.kind for each in ready] == kinds
    assert {each.timeout for each in ready} == {ready[0].timeout}


def test_options_of_probes() -> None:
    text = "x-devenv: {ready: [{http: {path: /, port: '80', status: [200, 404], headers: {a: 1}}}, {log: a.b}]}"
    http, log = service(text).ready
    assert http.options == {"path": "/", "port": 80, "status": [200, 404], "headers": {"a": "1"}}
    assert log.options == {"pattern": "a.b"}


def test_wanted() -> None:
    text = """
    services:
      a:
        env_file: [a.env, {path: "${B:-b}.env", required: false}]
        label_file: a.env
        x-devenv: {seed: [x.sql, more/, {csv: y.csv}]}
      b: {env_file: {path: a.env, required: false}, x-devenv: {seed: more}}
      c: 1
    """
    document = read_yaml(text, "f.yaml")
    found = wanted([document], variables={}, working_dir="/repo")
    where = {name: document.where(path) for name, path in (("a", ("services", "b", "env_file")),
             ("b", ("services", "a", "env_file", 1)))}  # fmt: skip
    assert found == Wanted(
        env_files=(
            WantedFile(path="/repo/a.env", required=True, where=where["a"]),
            WantedFile(path="/repo/b.env", required=False, where=where["b"]),
        ),
        folders=("/repo/more",),
    )
    with pytest.raises(DevenvError, match="`X` has no value"):
        wanted([read_yaml("a: $X", "f.yaml")], variables={}, working_dir="/")
    with pytest.raises(DevenvError, match="is a mapping"):
        wanted([read_yaml("[]", "f.yaml")], variables={}, working_dir="/")
    with pytest.raises(DevenvError, match="is empty"):
        wanted([], variables={}, working_dir="/")


def test_an_image_that_is_no_substitute() -> None:
    assert service("image: ${DEVENV_IMAGE_A:-x:1}").official is None
    assert service("image: ${OTHER:-x:1}", variables={"OTHER": "y"}).official is None
    built = service("build: .\nimage: own:1")
    assert (built.image, built.official) == ("own:1", None)


@pytest.mark.parametrize(
    ("ours", "message"),
    [
        ("1", "`services.a.x-devenv` must be a mapping"),
        ("{redy: {}}", "`redy` is no key"),
        ("{lazy: true}", "devenv cannot do `services.a.x-devenv.lazy` yet"),
        ("{use: 1}", "`services.a.x-devenv.use` must be a text"),
        ("{values: [1]}", "must be a mapping of texts"),
        ("{one_shot: 1}", "must be `true` or `false`"),
        ("{ready: 1}", "must be a mapping with one of"),
        ("{ready: [{timeout: 5s}]}", "says nothing"),
        ("{ready: {htp: /}}", "`htp` is no key"),
        ("{ready: {http: {port: 0x20000}}}", "a port from 1 to 65535"),
        ("{ready: {http: {status: {}}}}", "a status such as 200"),
        ("{ready: {exec: []}}", "a command"),
        ("{ready: {log: 1}}", "must be a text"),
        ("{ready: {tcp: 1, timeout: x}}", "a duration with its unit"),
        ("{seed: x.sql}", "does not know how to seed `a`"),
        ("{seeder: postgres, seed: [1]}", "must be a path"),
        ("{seeder: postgres, seed: none}", "There is no folder /repo/none"),
        ("{seeder: postgres, seed: empty}", "holds no seeds"),
        ("{seeder: postgres, seed: [{sql: a, csv: b}]}", "A seed is one file"),
        ("{seeder: postgres, seed: [{table: a}]}", "A seed is one file"),
        ("{seeder: postgres, seed: [{csv: a.csv, delimiter: ab}]}", "one character"),
        ("{seeder: postgres, seed: [a.sql, ./a.sql]}", "The seed `a.sql` is there twice"),
        ("{depends_on: {b: service_healthy}}", "is no condition on a service that `a` depends on"),
    ],
)
def test_what_is_wrong_in_x_devenv(ours: str, message: str) -> None:
    text = f"services:\n  a:\n    image: x\n    x-devenv: {ours}\n  b: {{image: y}}"
    found = errors(text, listings={"/repo/empty": ("README",)})
    assert any(message in error.message for error in found), found
    assert all(error.hint and error.where and error.where.line in (3, 4) for error in found)


@pytest.mark.parametrize("what", ["image: quay.io/mysql:8", "build: .", "image: x"])
def test_who_runs_sql_files_themselves_are_told_so(what: str) -> None:
    ours = "{seed: x.sql, use: mariadb}" if what == "build: ." else "{seed: x.sql}"
    (error,) = errors(f"services:\n  a:\n    {what}\n    x-devenv: {ours}\n")
    assert ("/docker-entrypoint-initdb.d/" in error.hint) == (what != "image: x")


@pytest.mark.parametrize(
    ("ours", "message"),
    [
        ("{workspace: 1}", "`x-devenv.workspace` must be a mapping"),
        ("{workspace: {service: b}}", "The workspace `b` is no service"),
        ("{tasks: []}", "a mapping of tasks"),
        ("{tasks: {t: {service: b, command: x}}}", "names `b`, which is no service"),
        ("{tasks: {t: ls}}", "names no service"),
        ("{tasks: {t: {service: a}}}", "has no `command`"),
        ("{tasks: {t: {service: a, command: 1}}}", "must be a command"),
        ("{tasks: {t: {service: a, command: x, shell: y}}}", "`shell` is no key"),
        ("{wrkspace: {}}", "`wrkspace` is no key"),
    ],
)
def test_what_is_wrong_in_x_devenv_of_the_top(ours: str, message: str) -> None:
    found = errors(f"x-devenv: {ours}\nservices: {{a: {{image: x}}}}")
    assert any(message in error.message for error in found), found


def test_short_passwords_are_not_blanked_out_everywhere() -> None:
    text = "services: {a: {image: x, x-devenv: {values: {user: app-user, password: %s}}}}"
    assert stack(text % "app").secrets == ()
    assert stack(text % "app-user").secrets == ()
    assert [secret.value for secret in stack(text % "longer-one").secrets] == ["longer-one"]


def test_a_check_has_steps_that_are_walked_at_its_end() -> None:
    text = """
        name: p
        services: {a: {image: x}}
        x-devenv:
          checks:
            order:
              steps: [{http: "http://x"}]
              finally: [{exec: {service: a, command: [rm, order]}}]
        """
    (last,) = stack(text).checks["order"].finally_
    assert (last.kind, last.options["command"]) == ("exec", ["rm", "order"])
    (wrong,) = errors(text.replace("[{exec: {service: a, command: [rm, order]}}]", "nothing"))
    assert "list of steps" in wrong.message
    (wrong,) = errors(text.replace("service: a", "service: b"))
    assert wrong.message == "The step asks `b`, which is no service."
