"""What rendering leaves alone, what it writes, and what it tells app."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from devenv.core.compose import documents, load
from devenv.core.decode import BaseStack
from devenv.core.render import Rendered
from devenv.core.render.env import render_env
from devenv.core.render.frame import RENDERER
from devenv.core.rendered import COMPOSE_FILE, DEVCONTAINER_FILE, ENV_FILE
from devenv.core.source import read_yaml
from devenv.extensions.probes import PROBES
from devenv.model.errors import DevenvError
from tests.unit.core.compiling import CASES, FOLDER, manifest, rendered, templates
from tests.unit.core.test_render_cases import based

SHOP = (CASES / "shop" / "devenv.yaml").read_text()
EVERYTHING = (CASES / "everything" / "devenv.yaml").read_text()


def compose(found: Rendered) -> Any:
    return read_yaml(found.files[COMPOSE_FILE], COMPOSE_FILE).value


def service(text: str, name: str = "a") -> Any:
    return compose(rendered(f"name: n\nservices:\n  {name}: {{{text}}}\n"))["services"][name]


def states(existing: dict[str, str], text: str = SHOP) -> dict[str, str]:
    return {item.path: item.state for item in rendered(text, existing=existing).differences}


def test_in_an_empty_repository_all_files_are_written() -> None:
    found = rendered(SHOP)
    assert sorted(found.writes) == sorted(found.files)
    assert sorted(found.files) == [
        ".devcontainer/.gitignore",
        COMPOSE_FILE,
        DEVCONTAINER_FILE,
        ".devenv/.gitignore",
    ]
    assert {item.state for item in found.differences} == {"new"}
    assert found.kept == ()
    assert ENV_FILE not in found.files
    assert found.files[".devcontainer/.gitignore"].endswith("\n/.env\n")
    assert found.files[".devenv/.gitignore"] == "*\n"


def test_the_same_manifest_gives_the_same_bytes_and_no_difference() -> None:
    first = rendered(EVERYTHING)
    again = rendered(EVERYTHING, existing=first.files)
    assert again.files == first.files
    assert (again.writes, again.differences) == ((), ())


def test_line_ends_that_git_changed_are_no_edit() -> None:
    crlf = {path: text.replace("\n", "\r\n") for path, text in rendered(SHOP).files.items()}
    assert states(crlf) == {}
    assert set(states(crlf, SHOP.replace("owner: me", "owner: you")).values()) == {"stale"}


def test_a_file_of_an_older_manifest_is_written_anew() -> None:
    before = rendered(SHOP).files
    found = rendered(SHOP.replace("[8000]", "[8001]"), existing=before)
    assert COMPOSE_FILE in found.writes
    assert {item.state for item in found.differences} == {"stale"}
    [difference] = [item for item in found.differences if item.path == COMPOSE_FILE]
    assert "-      - target: 8000\n" in difference.diff
    assert "+      - target: 8001\n" in difference.diff


@pytest.mark.parametrize("path", [COMPOSE_FILE, DEVCONTAINER_FILE, ".devcontainer/.gitignore", ".devenv/.gitignore"])
def test_a_file_that_a_person_edited_is_kept_and_its_difference_shown(path: str) -> None:
    existing = dict(rendered(SHOP).files)
    existing[path] = existing[path].replace("shop", "store") + "\n# mine"
    found = rendered(SHOP.replace("8000", "8001"), existing=existing)
    assert path not in found.writes
    [kept] = found.kept
    assert (kept.path, kept.state) == (path, "edited")
    assert "-# mine" in kept.diff
    assert path in rendered(SHOP.replace("8000", "8001"), existing=existing, force=True).writes


def test_a_file_that_devenv_never_made_is_a_persons() -> None:
    assert states({DEVCONTAINER_FILE: "{}\n"})[DEVCONTAINER_FILE] == "edited"


def test_a_file_of_a_newer_devenv_is_left_alone() -> None:
    newer = rendered(SHOP).files[COMPOSE_FILE]
    newer = sealed_as(newer, RENDERER + 1)
    found = rendered(SHOP, existing={COMPOSE_FILE: newer})
    assert COMPOSE_FILE not in found.writes
    assert found.kept[0].state == "newer"
    older = sealed_as(newer, RENDERER - 1)
    assert states({COMPOSE_FILE: older})[COMPOSE_FILE] == "stale"


def sealed_as(text: str, renderer: int) -> str:
    """The text as a renderer of that number would have left it."""
    import hashlib

    bare = re.sub(r"renderer \d+, digest sha256:\w+", f"renderer {renderer}, digest -", text)
    digest = hashlib.sha256(bare.encode()).hexdigest()[:32]
    return bare.replace("digest -", f"digest sha256:{digest}")


def test_no_value_of_this_host_is_in_a_file() -> None:
    for text in rendered(EVERYTHING).files.values():
        assert FOLDER not in text.replace("/repository", "")
        assert "/catalogue" not in text


def test_the_header_says_what_made_it_and_what_is_missing_without_devenv() -> None:
    head = rendered(SHOP).files[COMPOSE_FILE].split("\n\n")[0]
    assert "Made by devenv from devenv.yaml" in head
    assert "not seeded" in head


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("[80]", [("127.0.0.1", "${DEVENV_PORT_A_80:-8080}", 80, "tcp")]),
        ("['80']", [("127.0.0.1", "${DEVENV_PORT_A_80:-8080}", 80, "tcp")]),
        ("[80, 80]", [("127.0.0.1", "${DEVENV_PORT_A_80:-8080}", 80, "tcp")]),
        (
            "[80, 8080]",
            [
                ("127.0.0.1", "${DEVENV_PORT_A_80:-8080}", 80, "tcp"),
                ("127.0.0.1", "${DEVENV_PORT_A_8080:-8081}", 8080, "tcp"),
            ],
        ),
        ("[53/udp]", [("127.0.0.1", "${DEVENV_PORT_A_53_UDP:-8053}", 53, "udp")]),
        ("['8080:80', 8080]", [
            (None, "8080", 80, "tcp"),
            ("127.0.0.1", "${DEVENV_PORT_A_8080:-8081}", 8080, "tcp"),
        ]),
        ("['0.0.0.0::80']", [("0.0.0.0", "${DEVENV_PORT_A_80:-8080}", 80, "tcp")]),
        ("['[::1]:1-2:3-4']", [("::1", "1", 3, "tcp"), ("::1", "2", 4, "tcp")]),
        ("['8000-8002:80']", [(None, "8000-8002", 80, "tcp")]),
        ("['${P:-1}:80']", [(None, "${P:-1}", 80, "tcp")]),
        ("[65535]", [("127.0.0.1", "${DEVENV_PORT_A_65535:-65535}", 65535, "tcp")]),
    ],
)  # fmt: skip
def test_ports_that_devenv_chooses_are_variables_and_others_are_literal(written: str, expected: list[Any]) -> None:
    found = service(f"image: x, ports: {written}")["ports"]
    assert [(p.get("host_ip"), p["published"], p["target"], p["protocol"]) for p in found] == expected


@pytest.mark.parametrize("written", ["['1-3:5-6']", "['${P}']", "['${P:-80:80}']"])
def test_a_port_that_is_known_only_with_its_variables_stays_as_it_is(written: str) -> None:
    assert service(f"image: x, ports: {written}")["ports"] == [written.strip("[]'")]


def test_a_port_that_is_open_to_the_network_is_said_once() -> None:
    text = "name: n\nservices: {a: {image: x, ports: ['8080:80', '127.0.0.1:1:1', 3]}}\n"
    assert rendered(text).notices == (
        "a: port 8080:80 is open to the network; `127.0.0.1:8080:80` keeps it on this machine",
    )


def test_what_is_only_carried_is_said() -> None:
    notices = rendered(EVERYTHING).notices
    for key in ("`version`", "${WHERE}"):
        assert [notice for notice in notices if key in notice], key


def test_every_variable_of_the_file_is_told_with_what_it_is_for() -> None:
    found = {variable.name: variable for variable in rendered(EVERYTHING).variables}
    kinds = {name: variable.kind for name, variable in found.items()}
    assert kinds == {
        "DEVENV_PROJECT": "project",
        "DEVENV_IMAGE_DB": "image",
        "DEVENV_PORT_DB_5432": "port",
        "DEVENV_PORT_SECOND_5432": "port",
        "DEVENV_PORT_API_80": "port",
        "DEVENV_PORT_API_8000": "port",
        "DEVENV_PORT_API_53_UDP": "port",
        "DEVENV_UID": "uid",
        "DEVENV_GID": "gid",
        "DB_PASSWORD": "secret",
        "TZ": "user",
        "MORE_PORTS": "user",
        "HOME_DIR": "user",
        "WHERE": "user",
        "SUB": "user",
        "PASSED": "user",
    }
    assert set(re.findall(r"(?<!\$)\$\{(\w+)", rendered(EVERYTHING).files[COMPOSE_FILE])) == set(found) - {"PASSED"}
    port = found["DEVENV_PORT_API_53_UDP"]
    assert (port.service, port.container_port, port.protocol, port.preferred) == ("api", 53, "udp", 8053)
    assert (found["DEVENV_IMAGE_DB"].service, found["DEVENV_IMAGE_DB"].ref) == ("db", "postgres:17")
    assert (found["DB_PASSWORD"].required, found["DB_PASSWORD"].default) == (True, None)
    assert str(found["DB_PASSWORD"].where).startswith("devenv.yaml:")
    assert (found["TZ"].required, found["TZ"].default) == (False, "UTC")
    assert found["PASSED"].passed


def test_a_variable_without_default_must_have_a_value() -> None:
    text = "name: n\nservices: {a: {image: '$A', user: '${B:?why}', hostname: '${C-}', environment: {D: '${D:+x}'}}}\n"
    found = {variable.name: variable for variable in rendered(text).variables}
    assert {name: found[name].required for name in "ABCD"} == {"A": True, "B": True, "C": False, "D": False}
    assert str(found["A"].where) == "devenv.yaml:2:23"


def test_the_project_s_name_is_no_variable_that_anyone_has_to_set() -> None:
    text = "name: n\nservices: {a: {build: ., image: '${COMPOSE_PROJECT_NAME}-a'}}\n"
    found = rendered(text)
    assert [variable.name for variable in found.variables] == ["DEVENV_PROJECT"]
    assert 'image: "${COMPOSE_PROJECT_NAME}-a"' in found.files[COMPOSE_FILE]


def test_a_secret_is_never_rendered_with_a_default() -> None:
    text = rendered(
        "name: n\nservices: {a: {image: x, environment: {K: 'a ${KEY:-weak} $KEY'}}}\n"
        "secrets: {key: {environment: KEY}}\n"
    ).files[COMPOSE_FILE]
    assert "weak" not in text
    assert text.count("${KEY:?the secret key has no value, set KEY in the shell or in .env}") == 2


def test_values_of_devcontainer_json_are_not_composes() -> None:
    text = (
        "name: n\nservices: {a: {image: x, ports: [80]}}\nworkspace: {service: a, remoteEnv: {U: '{{ a.host_url }}'}}\n"
    )
    with pytest.raises(DevenvError, match="known only when the stack starts; here it would have to be known now"):
        manifest(text)


def test_the_workspace_stays_up_as_this_hosts_user_with_the_repository_in_it() -> None:
    found = rendered("name: n\nservices: {workspace: {image: x}}\nworkspace: {}\n", wrapper=False)
    assert compose(found)["services"]["workspace"] == {
        "image": "x",
        "init": True,
        "user": "${DEVENV_UID:-1000}:${DEVENV_GID:-1000}",
        "command": ["sleep", "infinity"],
        "working_dir": "/workspaces/n",
        "environment": {"DEVENV_WORKSPACE": "1"},
        "volumes": [
            {"type": "bind", "source": "..", "target": "/workspaces/n", "bind": {"create_host_path": True}},
        ],
    }
    editor = json.loads(found.files[DEVCONTAINER_FILE])
    assert editor["initializeCommand"] == "devenv up --for-ide"
    assert (editor["service"], editor["workspaceFolder"]) == ("workspace", "/workspaces/n")
    assert (editor["dockerComposeFile"], editor["overrideCommand"]) == ("compose.yaml", False)


def test_what_a_person_says_of_the_workspace_stands() -> None:
    text = (
        "name: n\nservices: {w: {image: x, user: root, init: false, command: run, working_dir: /x, "
        "volumes: ['.:/workspaces']}}\nworkspace: {service: w}\n"
    )
    found = compose(rendered(text))["services"]["w"]
    assert (found["user"], found["init"], found["command"], found["working_dir"]) == ("root", False, "run", "/x")
    assert [mount["target"] for mount in found["volumes"]] == ["/workspaces"]


def test_without_a_workspace_there_is_no_devcontainer() -> None:
    assert DEVCONTAINER_FILE not in rendered("name: n\nservices: {a: {image: x}}\n").files


def test_a_base_in_the_repository_is_named_where_it_lies() -> None:
    base = BaseStack(
        name="shop",
        folder=f"{FOLDER}/stacks/examples/shop",
        file="stacks/examples/shop/devenv.yaml",
        text="name: shop\nservices: {db: {use: postgres, seed: [./seeds/a.sql, seeds/more]}, api: {build: ./api, "
        "env_file: x.env, volumes: ['.:/all', 'data:/d', '${W:-here}:/w', '${X:-./x}:/x', './${Y:-a/../b}:/y']}}\n"
        "volumes: {data: , here: }\nsecrets: {s: {file: ../../../key}}\n",
    )
    found = rendered("base: shop\n", base)
    assert found.copies == ()
    services = compose(found)["services"]
    assert services["db"]["x-devenv"]["seed"] == [
        {"sql": "../stacks/examples/shop/seeds/a.sql", "name": "stacks/examples/shop/seeds/a.sql"},
        "../stacks/examples/shop/seeds/more",
    ]
    assert services["api"]["build"] == {"context": "../stacks/examples/shop/api"}
    assert services["api"]["env_file"] == [{"path": "../stacks/examples/shop/x.env", "required": True}]
    assert [item if isinstance(item, str) else item["source"] for item in services["api"]["volumes"]] == [
        "../stacks/examples/shop",
        "data",
        "${W:-here}:/w",
        "${X:-../stacks/examples/shop/x}:/x",
        "../stacks/examples/shop/${Y:-a/../b}",
    ]
    assert compose(found)["secrets"]["s"] == {"file": "../key"}
    assert manifest("base: shop\n", base).base_folder == base.folder


def test_files_of_a_base_elsewhere_are_copied_beside_the_rendered_file() -> None:
    case = CASES / "based"
    base = BaseStack(name="base", folder="/usr/share/base", file="b.yaml", text=(case / "base.yaml").read_text())
    found = rendered((case / "devenv.yaml").read_text(), base)
    assert found.copies == (
        (".devcontainer/base/api", "/usr/share/base/api"),
        (".devcontainer/base/seeds/rows.csv", "/usr/share/base/seeds/rows.csv"),
        (".devcontainer/base/seeds/schema.sql", "/usr/share/base/seeds/schema.sql"),
        (".devcontainer/base/web/nginx.conf", "/usr/share/base/web/nginx.conf"),
    )
    assert "/usr/share" not in found.files[COMPOSE_FILE]


@pytest.mark.parametrize(
    ("folder", "prefix", "copied"),
    [(f"{FOLDER}/stacks/shop", "stacks/shop", ()), ("/usr/share/shop", ".devcontainer/base", ("db.md", "sick.html"))],
)
def test_pages_of_a_base_are_named_where_they_can_be_read(folder: str, prefix: str, copied: tuple[str, ...]) -> None:
    base = BaseStack(
        name="shop",
        folder=folder,
        file="shop.yaml",
        text="name: shop\ndocs: https://shop.test/docs/x.md\nrunbook: ask Ada\n"
        "services: {db: {image: x, docs: ./docs/db.md, runbook: 'docs/sick.html#db'}}\n",
    )
    found = rendered("base: shop\n", base)
    top, ours = compose(found)["x-devenv"], compose(found)["services"]["db"]["x-devenv"]
    assert (top["docs"], top["runbook"]) == ("https://shop.test/docs/x.md", "ask Ada")
    assert (ours["docs"], ours["runbook"]) == (f"{prefix}/docs/db.md", f"{prefix}/docs/sick.html#db")
    assert found.copies == tuple((f"{prefix}/docs/{name}", f"{folder}/docs/{name}") for name in copied)


@pytest.mark.parametrize(
    ("text", "server", "use"),
    [
        ("use: postgres", "postgres/17", "postgres@17"),
        ("use: postgres@17", "postgres/17", "postgres@17"),
        ("use: postgres, image: 'postgis/postgis:16-3.4'", "postgres/16", "postgres@16"),
        ("use: postgres, image: 'localhost:5000/pg'", None, "postgres"),
        ("use: postgres, build: ./db", None, "postgres"),
    ],
)
def test_whose_data_a_volume_holds_follows_the_image(text: str, server: str | None, use: str) -> None:
    found = service(text)["x-devenv"]
    assert (found.get("server"), found["use"]) == (server, use)


def test_ready_becomes_a_healthcheck_where_a_command_can_say_it() -> None:
    assert service("image: x, ready: {exec: 'test -f /ok', timeout: 30s}")["healthcheck"] == {
        "test": ["CMD-SHELL", "test -f /ok"],
        "interval": "5s",
        "timeout": "5s",
        "retries": 3,
        "start_period": "30s",
    }
    assert service("image: x, ready: {exec: [a, b]}")["healthcheck"]["test"] == ["CMD", "a", "b"]
    assert service("image: 'nginx:1.26', ready: {http: {path: /x, port: 81}}")["healthcheck"]["test"][-1] == (
        "http://127.0.0.1:81/x"
    )
    assert service("use: python, build: ., ports: [8000], ready: {http: /h}")["healthcheck"]["test"][:2] == [
        "CMD",
        "python3",
    ]
    two = service("image: x, ready: [{exec: a, timeout: 1m30s}, {exec: [b, 'c d'], timeout: 2s}, {exec: a}]")
    assert two["healthcheck"]["test"] == ["CMD-SHELL", "a && b 'c d'"]
    assert two["healthcheck"]["start_period"] == "1m30s"


@pytest.mark.parametrize(
    "ready",
    [
        "{http: /}",
        "{tcp: 5}",
        "{log: x}",
        "{health: true}",
        "[{exec: a}, {log: b}]",
    ],
)
def test_what_no_command_can_say_stays_devenvs(ready: str) -> None:
    found = service(f"image: x, ready: {ready}")
    assert "healthcheck" not in found
    assert found["x-devenv"]["ready"]


def test_a_status_or_header_is_more_than_the_command_says() -> None:
    assert "healthcheck" not in service("use: nginx, ready: {http: {path: /, status: 204}}")


def test_a_persons_healthcheck_stands() -> None:
    found = service("use: nginx, healthcheck: {test: mine}, ready: {http: /}")
    assert found["healthcheck"] == {"test": "mine"}


def test_naming_a_value_waits_until_it_can_be_used() -> None:
    text = """\
name: n
services:
  db: {use: postgres}
  plain: {image: x, expose: [5]}
  job: {image: x, one_shot: true}
  a: {image: x, environment: {A: "{{ db.url }}", B: "x {{ plain.url }}", C: "{{ job.host }}"}}
  b: {image: x, environment: {A: "{{ db.host_url }}"}, links: {db: "{{ db.url }}"}}
  c: {image: x, environment: {A: "{{ db.url }}"}, depends_on: {db: {condition: service_started}}}
"""
    services = compose(rendered(text))["services"]
    assert services["a"]["depends_on"] == {
        "db": {"condition": "service_healthy"},
        "plain": {"condition": "service_started"},
        "job": {"condition": "service_completed_successfully"},
    }
    assert "depends_on" not in services["b"]
    assert services["c"]["depends_on"] == {"db": {"condition": "service_started"}}


def test_what_compose_cannot_wait_for_devenv_does() -> None:
    text = (
        "name: n\nservices: {db: {image: x, ready: {log: up}}, "
        "a: {image: x, depends_on: {db: {condition: service_healthy}}}}\n"
    )
    found = compose(rendered(text))["services"]["a"]
    assert found["depends_on"] == {"db": {"condition": "service_started"}}
    assert found["x-devenv"]["depends_on"] == {"db": "service_healthy"}


@pytest.mark.parametrize(
    ("seed", "expected"),
    [
        ("a.sql", [{"sql": "../a.sql", "name": "a.sql"}]),
        ("[./a/B.SQL]", [{"sql": "../a/B.SQL", "name": "a/B.SQL"}]),
        ("[a/b.csv]", [{"csv": "../a/b.csv", "name": "a/b.csv", "table": "b"}]),
        ("[b.ndjson]", [{"jsonl": "../b.ndjson", "name": "b.ndjson", "table": "b"}]),
        ("[more/, /abs/x.sql]", ["../more", {"sql": "/abs/x.sql", "name": "/abs/x.sql"}]),
        (
            "[{csv: b.txt, table: t, name: n, 'null': '', header: false}]",
            [{"csv": "../b.txt", "table": "t", "name": "n", "null": "", "header": False}],
        ),
    ],
)
def test_seeds_carry_kind_name_and_table(seed: str, expected: list[Any]) -> None:
    assert service(f"use: postgres, seed: {seed}")["x-devenv"]["seed"] == expected


@pytest.mark.parametrize(
    ("volume", "expected"),
    [
        ("/a", {"type": "volume", "target": "/a"}),
        ("v:/a:ro", {"type": "volume", "source": "v", "target": "/a", "read_only": True}),
        ("v:/a:nocopy", {"type": "volume", "source": "v", "target": "/a", "volume": {"nocopy": True}}),
        ("~/x:/a", {"type": "bind", "source": "~/x", "target": "/a", "bind": {"create_host_path": True}}),
        (
            "../x:/a:rslave,Z,cached",
            {
                "type": "bind",
                "source": "../../x",
                "target": "/a",
                "consistency": "cached",
                "bind": {"create_host_path": True, "propagation": "rslave", "selinux": "Z"},
            },
        ),
        ("./x:/a:rw", {"type": "bind", "source": "../x", "target": "/a", "bind": {"create_host_path": True}}),
        ("./x:/a:huh", "../x:/a:huh"),
        ("$V", "$V"),
        ("${V}:/a", "${V}:/a"),
    ],
)
def test_mounts_are_written_long(volume: str, expected: Any) -> None:
    text = f"name: n\nvolumes: {{v: }}\nservices: {{a: {{image: x, volumes: ['{volume}']}}}}\n"
    assert compose(rendered(text))["services"]["a"]["volumes"] == [expected]


def test_paths_of_every_kind_are_seen_from_the_rendered_file() -> None:
    text = """\
name: n
services:
  a:
    build:
      context: .
      dockerfile: docker/Dockerfile
      additional_contexts: [x=./x, y=https://y.test/y.git, z=service:b]
    label_file: l.env
    env_file: [e.env, {path: f.env, required: false}]
    credential_spec: {file: cred.json}
    develop: {watch: [{path: ./src, action: rebuild}, {path: lib, action: sync, target: /lib}]}
    volumes: [{type: bind, source: ./b, target: /b}, {type: volume, source: v, target: /v}]
  b: {build: {dockerfile_inline: FROM x}}
  c: {build: https://github.com/a/b.git}
volumes: {v: }
configs: {c: {file: ./c.conf}, d: {content: x}}
"""
    value = compose(rendered(text))
    a = value["services"]["a"]
    assert a["build"] == {
        "context": "..",
        "dockerfile": "docker/Dockerfile",
        "additional_contexts": {"x": "../x", "y": "https://y.test/y.git", "z": "service:b"},
    }
    assert (a["label_file"], a["credential_spec"]) == (["../l.env"], {"file": "../cred.json"})
    assert [item["path"] for item in a["env_file"]] == ["../e.env", "../f.env"]
    assert [rule["path"] for rule in a["develop"]["watch"]] == ["../src", "../lib"]
    assert [mount["source"] for mount in a["volumes"]] == ["../b", "v"]
    assert value["services"]["b"]["build"] == {"dockerfile_inline": "FROM x"}
    assert value["services"]["c"]["build"] == {"context": "https://github.com/a/b.git"}
    assert value["configs"] == {"c": {"file": "../c.conf"}, "d": {"content": "x"}}


def test_the_env_file_is_sorted_and_quoted_only_where_it_must_be() -> None:
    text = render_env({"B": "a b", "A": "postgres:17", "C": "", "D": "it's"}, templates=templates())
    assert text.splitlines()[1:] == ["A=postgres:17", "B='a b'", "C=", 'D="it\'s"']


def test_what_does_not_fit_our_own_schema_is_not_written() -> None:
    broken = manifest("name: n\nservices: {a: {image: x}}\n")
    broken.document.value["services"]["a"]["image"] = 5
    from devenv.core.render import render
    from tests.unit.core.compiling import catalogue

    with pytest.raises(DevenvError, match=r"`services\.a\.image` must be a text, not `5`"):
        render(broken, catalogue(), templates=templates(), existing={}, kinds=PROBES)


def test_a_dollar_that_begins_no_variable_is_doubled() -> None:
    found = service("image: x, environment: {A: '5$', B: '$$X$', C: '${A:-$}$9', D: '$A ${B-}'}, ready: {log: 'up$'}")
    assert found["environment"] == {"A": "5$$", "B": "$$X$$", "C": "${A:-$$}$$9", "D": "$A ${B-}"}
    assert found["x-devenv"]["ready"] == [{"log": "up$$"}]


@pytest.mark.parametrize("case", ["one", "shop", "based"])
def test_devenv_reads_its_own_file_back(case: str) -> None:
    found = rendered((CASES / case / "devenv.yaml").read_text(), *based(CASES / case))
    document = read_yaml(found.files[COMPOSE_FILE], COMPOSE_FILE)
    values = {variable.name: variable.default or "x" for variable in found.variables}
    at = f"{FOLDER}/.devcontainer"
    wanted = documents.wanted([document], variables=values, working_dir=at)
    stack = load.load(
        [document],
        variables=values,
        folder=FOLDER,
        working_dir=at,
        files=[f"{FOLDER}/{COMPOSE_FILE}"],
        kinds=PROBES,
        listings={folder: ["a.sql"] for folder in wanted.folders},
    )
    assert sorted(stack.services) == sorted(compose(found)["services"])
    assert stack.project == found.variables[0].default
    assert stack.services["db"].seeder == "postgres"
    assert [seed.kind for seed in stack.services["db"].seeds][:2] == ([] if case == "one" else ["sql", "csv"])


def test_a_one_shot_of_the_catalogue_serves_nothing_and_keeps_no_data() -> None:
    text = """
name: p
services:
  db: {use: postgres}
  migrate:
    use: postgres
    one_shot: true
    command: [psql, "{{ db.url }}", -c, "SELECT 1"]
"""
    value = read_yaml(rendered(text).files[COMPOSE_FILE], COMPOSE_FILE).value
    once = value["services"]["migrate"]
    assert not {"ports", "volumes", "healthcheck"} & once.keys()
    assert not {"data", "server", "ready", "urls"} & once["x-devenv"].keys()
    assert once["depends_on"]["db"]["condition"] == "service_healthy"
    assert list(value["volumes"]) == ["db-data"]
