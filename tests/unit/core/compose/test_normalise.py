from __future__ import annotations

from typing import Any

import pytest

from tests.unit.core.compose.stacks import errors, service, stack

TOP = "volumes: {vol: {}}\nnetworks: {n: {}, m: {}}\nsecrets: {s: {file: ./s}}\nconfigs: {c: {content: hi}}"


@pytest.mark.parametrize(
    ("key", "written", "expected"),
    [
        ("ports", "['127.0.0.1:8080-8081:80-81/udp']", [
            {"mode": "ingress", "host_ip": "127.0.0.1", "target": 80, "published": "8080", "protocol": "udp"},
            {"mode": "ingress", "host_ip": "127.0.0.1", "target": 81, "published": "8081", "protocol": "udp"},
        ]),
        ("ports", "[{target: 80, published: 8080}]", [
            {"mode": "ingress", "target": 80, "published": "8080", "protocol": "tcp"},
        ]),
        ("volumes", "['./h:/x:ro,z']", [
            {"type": "bind", "source": "/repo/h", "target": "/x", "read_only": True, "bind": {"selinux": "z"}},
        ]),
        ("volumes", "['vol:/x', '/y', 'vol:/x:nocopy']", [
            {"type": "volume", "source": "vol", "target": "/x", "volume": {"nocopy": True}},
            {"type": "volume", "target": "/y", "volume": {}},
        ]),
        ("volumes", "['~/q:/x']", [{"type": "bind", "source": "/home/me/q", "target": "/x", "bind": {}}]),
        ("environment", "[B=1, HOME, NOT_SET, A=]", {"A": "", "B": "1", "HOME": "/home/me", "NOT_SET": None}),
        ("command", "sh -c 'a b'", ["sh", "-c", "a b"]),
        ("entrypoint", "[]", []),
        ("networks", "[n, m]", {"m": None, "n": None}),
        ("networks", "{n: {aliases: [z]}}", {"n": {"aliases": ["z"]}}),
        ("depends_on", "[b]", {"b": {"condition": "service_started", "required": True}}),
        ("healthcheck", "{test: x, interval: 90s}", {"test": ["CMD-SHELL", "x"], "interval": "1m30s"}),
        ("extra_hosts", "['a:::1', 'a=1.1.1.1']", ["a=1.1.1.1", "a=::1"]),
        ("devices", "['/dev/a', '/dev/b:/dev/c:r', {source: /d, target: /e}]", [
            {"source": "/dev/a", "target": "/dev/a", "permissions": "rwm"},
            {"source": "/dev/b", "target": "/dev/c", "permissions": "r"},
            {"source": "/d", "target": "/e"},
        ]),
        ("ulimits", "{a: 5, b: {soft: 1, hard: 2}}", {"a": 5, "b": {"soft": 1, "hard": 2}}),
        ("secrets", "[s]", [{"source": "s", "target": "/run/secrets/s"}]),
        ("configs", "[{source: c, target: /c, mode: 0o440}]", [{"source": "c", "target": "/c", "mode": "0440"}]),
        ("restart", "no", "no"),
        ("pull_policy", "if_not_present", "missing"),
        ("label_file", "[]", None),
    ],
)  # fmt: skip
def test_a_key_in_its_normal_form(key: str, written: str, expected: Any) -> None:
    b = "b: {image: x}"
    found = service(f"{key}: {written}", f"  {b}\n{TOP}", variables={"HOME": "/home/me"})
    assert found.config.get(key) == expected


def test_what_is_always_there() -> None:
    assert service("tty: false").config == {
        "command": None, "entrypoint": None, "image": "x", "networks": {"default": None},
    }  # fmt: skip
    assert "networks" not in service("network_mode: host").config


def test_what_no_service_uses_is_left_out() -> None:
    found = stack(f"name: p\nservices: {{a: {{image: x, networks: [n], volumes: ['vol:/x']}}}}\n{TOP}")
    assert set(found.networks) == {"n"}
    assert found.networks["n"].name == "p_n"
    assert found.volumes["vol"].name == "p_vol"
    outside = stack("services: {a: {image: x, volumes: ['v1:/x']}}\nvolumes: {v1: {external: {name: other}}}")
    assert (outside.volumes["v1"].name, outside.volumes["v1"].external) == ("other", True)


@pytest.mark.parametrize(
    ("text", "name"),
    [("name: shop", "shop"), ("", "repo"), ("name: ${N:-q}", "q")],
)
def test_the_name_of_the_project(text: str, name: str) -> None:
    body = f"{text}\nservices: {{a: {{image: 'x:${{COMPOSE_PROJECT_NAME-none}}'}}}}"
    assert stack(body).project == name
    given = stack(body, project="given")
    assert given.project == "given"
    assert given.services["a"].image == "x:given"


def test_files_of_variables_and_labels() -> None:
    text = (
        "env_file: [a.env, {path: b.env, required: false}]\nenvironment: {A: own, N: ~}\nlabel_file: l\nlabels: [x=1]"
    )
    texts = {"/repo/a.env": "A=file\nB=$V-$A\nN=1", "/repo/l": "l=$V\nx=2"}
    found = service(text, texts=texts, variables={"V": "v"}).config
    assert found["environment"] == {"A": "own", "B": "v-own", "N": None}
    assert found["labels"] == {"l": "", "x": "1"}
    assert found["label_file"] == ["/repo/l"]
    assert "env_file" not in found
    assert service("env_file: {path: none, required: false}").config.get("environment") is None


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("foo: 1", "`foo` is no key of `services.a`", "begin with `x-`"),
        ("imag: 1", "`imag` is no key of `services.a`", "`image`"),
        ("links: [q]", "`a` needs `q`, which is no service of the file", ""),
        ("models: [m]", "names the model `m`", "Declare it"),
        ("gpus: some", "`all` or a list of devices", ""),
        ("gpus: [{count: 1, device_ids: [a]}]", "exclude each other", "Say how many"),
        ("deploy: {resources: {reservations: {devices: 1}}}", "a list of devices", ""),
        ("deploy: {resources: {reservations: {devices: [{}]}}}", "no `capabilities`", "[gpu]"),
        ("deploy: {resources: {limits: {memory: 5}}}", "a text such as", 'Quote it: "5"'),
        ("deploy: {placement: {preferences: 1}}", "a list of mappings with `spread`", ""),
        ("deploy: 1", "`services.a.deploy` must be a mapping", ""),
        ("cpus: 1\ndeploy: {resources: {limits: {cpus: '2'}}}", "`deploy.resources.limits.cpus` says 2", "the same"),
        ("pids_limit: 1\ndeploy: {resources: {limits: {}}}", "does not have it", "Say it once"),
        ("blkio_config: {weight: a}", "from 0 to 1000", ""),
        ("oom_score_adj: 1001", "from -1000 to 1000", ""),
        ("pull_policy: sometimes", "`every_12h`", ""),
        ("net: host", "key of old files", "`network_mode`"),
        ("umask: '0022'", "nor does devenv", "in the command"),
        ("devices: [{source: /dev/a}]", "no `target`", "both"),
        ("ports: x", "must be a list of ports", ""),
        ("ports: [true]", "must be a port such as", ""),
        ("ports: ['80:x']", "`80:x` is no port", ""),
        ("ports: ['0']", "`0` is no port", "1 to 65535"),
        ("ports: ['1-3:1-2']", "differ in length", ""),
        ("ports: [{published: 1}]", "no `target`", ""),
        ("ports: [{target: 70000}]", "a port from 1 to 65535", ""),
        ("volumes: x", "must be a list of mounts", ""),
        ("volumes: ['a:b:c:d']", "is no mount", ""),
        ("volumes: ['v:/x']", "a drive of Windows", "longer name"),
        ("volumes: ['vol:/x:huh']", "`huh` is no option", ""),
        ("volumes: ['nope:/x']", "the volume `nope`, which the file does not declare", "`vol`"),
        ("volumes: [{type: bind, target: /x}]", "no `source`", ""),
        ("volumes: [{type: nfs, source: q, target: /x}]", "one of `bind`, `volume`, `tmpfs`", ""),
        ("volumes: [{type: tmpfs, target: /x, tmpfs: {mode: '1'}}]", "without quotes", ""),
        ("volumes: [1]", "must be a mapping", ""),
        ("networks: 1", "a list or a mapping of networks", ""),
        ("networks: [nn]", "the network `nn`", ""),
        ("networks: {n: {use_service_name_alias: false}}", "cannot do `services.a.networks", ""),
        ("network_mode: host\nnetworks: [n]", "exclude each other", ""),
        ("network_mode: 'service:zz'", "needs `zz`, which is no service", ""),
        ("depends_on: {b: {condition: healthy}}", "one of `service_started`", ""),
        ("depends_on: 1", "a list or a mapping of services", ""),
        ("healthcheck: {test: [a]}", "begins with `a`", "CMD"),
        ("command: 'a (b'", "cannot be split into words", "list of its words"),
        ("command: 1", "a text or a list of texts", ""),
        ("command: [1]", "`services.a.command[0]` must be a text", 'Quote it: "1"'),
        ("extra_hosts: 1", "a list of `name=address`", ""),
        ("extra_hosts: [a]", "names no address", ""),
        ("devices: 1", "a list of devices", ""),
        ("devices: ['a:b:c:d']", "is no device", ""),
        ("ulimits: 1", "a mapping of limits", ""),
        ("ulimits: {a: {soft: 1}}", "both `soft` and `hard`", ""),
        ("secrets: 1", "must be a list", ""),
        ("secrets: [{target: x}]", "no `source`", ""),
        ("secrets: [q]", "the secret `q`", ""),
        ("read_only: true\nconfigs: [c]", "`c` cannot be copied into it", "Give it a `file`"),
        ("restart: sometimes", "`on-failure:3`", ""),
        ("scale: two", "a whole number", ""),
        ("mem_limit: 1000.0", "a whole number of bytes", "drops"),
        ("expose: ['x']", "a list of ports", ""),
        ("env_file: [none.env]", "/repo/none.env is not there", "`required: false`"),
        ("env_file: [{path: none.env, format: json}]", "`services.a.env_file[0].format` must be", ""),
        ("user: 1000", "`services.a.user` must be a text", 'Quote it: "1000"'),
    ],
)  # fmt: skip
def test_what_is_wrong_in_a_service(text: str, message: str, hint: str) -> None:
    image = "" if "build:" in text else "    image: x\n"
    body = "\n".join(f"    {line}" for line in text.splitlines())
    found = errors(f"name: p\nservices:\n  b: {{image: x}}\n  a:\n{image}{body}\n{TOP}")
    assert any(message in error.message + error.hint and hint in error.hint for error in found), found
    assert all(error.where and error.where.line > 0 and error.hint for error in found)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[]", "a mapping with `services`"),
        ("services: []", "`services` must be a mapping"),
        ("services: {}", "names no service"),
        ("services: {a: 1}", "`services.a` must be a mapping"),
        ("services: {a: {}}", "neither `image` nor `build`"),
        ("services: {a: {image: '${GONE-}'}}", "The `image` of `a` is empty."),
        ("services: {'a b': {image: x}}", "cannot be the name of a service"),
        ("services: {a: {image: x, depends_on: [b]}, b: {image: y, depends_on: [a]}}", "`a` → `b` → `a`"),
        ("services: {a: {image: x, container_name: cc}, b: {image: y, container_name: cc}}", "the same container name"),
        ("services: {a: {image: x, container_name: c d}}", "cannot be the name of a container"),
        ("include: [x]\nservices: {a: {image: x}}", "The file /repo/x is not there"),
        ("jobs: {j: {image: x}}\nservices: {a: {image: x}}", "has no `triggers`"),
        ("jobs: {j: {extends: a, triggers: {manual: true}}}\nservices: {a: {image: x}}", "A job has no `extends`"),
        ("jobs: {j: 1}\nservices: {a: {image: x}}", "`jobs.j` must be a mapping"),
        ("jobs: {j: {image: x, restart: always, triggers: {manual: true}}}\nservices: {a: {image: x}}", "no `restart`"),
        ("jobs: {j: {image: x, triggers: {schedule: [{timezone: a}]}}}\nservices: {a: {image: x}}", "no `cron`"),
        ("jobs: {j: {image: x, triggers: {schedule: 1}}}\nservices: {a: {image: x}}", "a list of schedules"),
        ("models: {m: {name: x}}\nservices: {a: {image: x}}", "has no `model`"),
        ("servces: {}\nservices: {a: {image: x}}", "`servces` is no key"),
        ("name: '...'\nservices: {a: {image: x}}", "cannot be the name of a project"),
        ("networks: {n: {driver: 1}}\nservices: {a: {image: x}}", "must be a text"),
        ("networks: {n: {ipam: {config: 1}}}\nservices: {a: {image: x}}", "must be a list"),
        ("networks: {n: {ipam: {options: 1}}}\nservices: {a: {image: x}}", "must be a mapping"),
        ("secrets: {s: {content: x}}\nservices: {a: {image: x}}", "`content` is no key"),
        ("volumes: {v: {external: true, labels: [a]}}\nservices: {a: {image: x}}", "`labels` says how to make it"),
        ("configs: {c: {file: a, content: b}}\nservices: {a: {image: x}}", "needs one source"),
        ("configs: {c: {file: a, driver: b}}\nservices: {a: {image: x}}", "`driver` is no key of `configs.c`"),
    ],
)
def test_what_is_wrong_at_the_top(text: str, message: str) -> None:
    found = errors(text)
    assert any(message in error.message for error in found), found


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "secrets: {s: {external: true}}\nservices: {a: {image: x, secrets: [s]}}",
            "external, which only a swarm",
        ),
        ("secrets: {s: {file: f, driver: b}}\nservices: {a: {image: x, secrets: [s]}}", "has a `driver`"),
        ("configs: {c: {file: f, template_driver: b}}\nservices: {a: {image: x, configs: [c]}}", "a `template_driver`"),
        ("services: {a: {image: x, volumes: [{type: cluster, source: q, target: /x}]}}", "which only a swarm has"),
        ("services: {a: {image: x, volumes: [{type: npipe, source: q, target: /x}]}}", "which only Windows has"),
        ("services: {a: {image: x, isolation: hyperv}}", "wants the isolation `hyperv`"),
    ],
)
def test_what_can_be_read_and_not_be_made(text: str, message: str) -> None:
    (error,) = stack(text).unmakeable
    assert message in error.message
    assert error.where
    assert error.where.line > 0
    assert error.hint


def test_all_errors_come_at_once_and_variables_first() -> None:
    text = "services:\n  a: {image: x, foo: 1, tty: 5}\n  b: {image: y, user: 3}\nnope: 1\n"
    assert [str(e.where) for e in errors(text)] == [
        "compose.yaml:2:17", "compose.yaml:2:25", "compose.yaml:3:17", "compose.yaml:4:1",
    ]  # fmt: skip
    assert len(errors("services: {a: {image: $A}, b: {image: $B}}")) == 2


def test_profiles() -> None:
    text = "services:\n  a: {image: x}\n  b: {image: y, profiles: [p]}\n"
    assert (set(stack(text).services), stack(text).left_out) == ({"a"}, ("b",))
    for active in ("p", "q, p", "*"):
        assert set(stack(text, variables={"COMPOSE_PROFILES": active}).services) == {"a", "b"}
    needing = text + "  c: {image: z, depends_on: {b: {condition: service_started, required: %s}}}\n"
    assert "whose profile is not active" in errors(needing % "true")[0].message
    assert stack(needing % "false").services["c"].needs == ()


def test_a_later_file_is_laid_over_an_earlier_one() -> None:
    found = stack(
        "name: p\nservices: {a: {image: x, environment: [A=1], ports: ['80']}}",
        "services: {a: {environment: {B: '${B:-2}'}, ports: ['81']}}",
    )
    config = found.services["a"].config
    assert config["environment"] == {"A": "1", "B": "2"}
    assert [port["target"] for port in config["ports"]] == [80, 81]
    assert found.files == ("/repo/compose.yaml", "/repo/compose1.yaml")
