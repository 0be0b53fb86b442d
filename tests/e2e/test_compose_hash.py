"""Compose files as devenv reads them, held against what the real Docker Compose makes of the same files."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from devenv.core.compose.documents import wanted
from devenv.core.compose.hash import config_hash
from devenv.core.compose.load import load
from devenv.core.source import read_yaml
from devenv.extensions.probes import PROBES
from devenv.model.errors import DevenvError
from devenv.model.stack import Stack
from tests.e2e.compose import binary

_VARIABLES = {"HOME": "/home/someone", "PATH": os.environ["PATH"], "FOO": "foo", "SHELL_A": "shell", "SECRET": "s3cret"}

_SERVICES = """
image: "x:${TAG:-1}"
build: .
build: {}
build: {context: ../x, dockerfile: y/D, target: dev, args: [SHELL_A, NOT_SET, Q=1], labels: [a=b], network: host}
build: {dockerfile_inline: "FROM x", no_cache: true, platforms: [linux/amd64]}
command: echo "a\\tb" 'c\\d' e\\ f "g\\"h" ; dropped
command: ""
command: [a, "$$b", "<&>\\u2028"]
entrypoint: []
environment: {A: 1, B: 1.50, C: true, D: ~, E: "", F: 1e20, G: 08, H: 0x10, I: yes, J: 2001-01-01, FOO: }
environment: [A=1, FOO, NOT_SET, "B=", "C=a=b"]
env_file: e.env
env_file: [e.env, {path: none.env, required: false}]\\nenvironment: {A: own, B: ~}
label_file: e.env\\nlabels: {A: own}
ports: ["8000", "127.0.0.1:8080-8081:80-81", "53:53/udp", "[::1]:70:70", "8-11:8-11", "127.0.0.1::90"]
ports: [8000, "8000", 8000/udp, "3000-3001", "9000-9003:99", "80:80/TCP"]
ports: [{target: 9, published: 99, host_ip: "::1", mode: host, name: n, app_protocol: http}]
ports: [{target: "81", published: "1-2"}]
expose: [3000, "3000", "80/tcp", "4000-4002/udp"]
volumes: ["vol:/x:ro", "./a/:/y/:z", "../b:/z", "/anonymous", "~/x:/h", "~:/home", "./r:relative", "/p:/q:rprivate,ro"]
volumes: ["vol:/x", "/a:/y", "./later:/x"]
volumes: ["vol:/n:nocopy,ro"]
volumes: [{type: volume, source: vol, target: /s, volume: {subpath: a, nocopy: true, labels: {a: 1}}}]
volumes: [{type: bind, source: a, target: /x/, read_only: true, bind: {propagation: rslave, create_host_path: false}}]
volumes: [{type: bind, source: ./a, target: /x, bind: {create_host_path: true}}, {type: bind, source: /b, target: /y}]
volumes: [{type: tmpfs, target: /t, tmpfs: {size: 1m, mode: 0o1777}}, {type: tmpfs, target: /u}]
tmpfs: [/a, /a, "/b:size=1m"]
tmpfs: /a
networks: [front, outside]
networks: {front: {aliases: [z], ipv4_address: 10.9.0.7, priority: 3}, default: }
networks: {}
network_mode: host
network_mode: "service:s0"\\nipc: "service:s0"\\npid: "service:s1"
depends_on: [s0]
depends_on: {s1: {condition: service_completed_successfully, required: false}}
depends_on: {s0: {condition: service_healthy, restart: true}}
healthcheck: {test: curl x, interval: 90s, timeout: 1.5s, retries: 3, start_period: 1h, start_interval: 500ms}
healthcheck: {test: [CMD, a, "$$b"], retries: "5", interval: 1w, timeout: 100us, start_period: 0s}
healthcheck: {disable: true}
healthcheck: {test: [NONE]}
healthcheck: {}
restart: "on-failure:3"
restart: no
user: "1000:1000"\\nworking_dir: ./w\\nhostname: h\\ndomainname: d.e\\ncontainer_name: c-n
init: false\\ntty: "on"\\nstdin_open: "true"\\nread_only: false\\nprivileged: true
labels: {a: 1, b: true, c: 1.50, d: ~, e: "x=y"}
labels: [a, "b=c=d"]
annotations: [a=b]
cap_add: [B, A, B]\\ncap_drop: [ALL]\\nsecurity_opt: ["no-new-privileges:true"]\\ngroup_add: ["5", x]
sysctls: {net.core.somaxconn: 1024}
sysctls: [net.core.somaxconn=1024]
ulimits: {nproc: 65535, nofile: {soft: 1, hard: 2}, core: "0"}
shm_size: 128mb\\nmem_limit: 1.5 gb\\nmem_reservation: "100"\\nmemswap_limit: -1
mem_limit: 0\\nshm_size: 0\\ncpus: 0
cpus: "0.50"
cpus: 1.123456789
cpus: 2
extra_hosts: ["host.docker.internal:host-gateway", "a=1.1.1.1", "a:2.2.2.2", "v6=[::1]", "w:::2"]
extra_hosts: {a: [1.1.1.1, 2.2.2.2], b: "::1"}
dns: 1.1.1.1\\ndns_search: [a.b, a.b]\\ndns_opt: [x]
stop_signal: SIGINT\\nstop_grace_period: 1m30.5s
stop_grace_period: 1d2h
logging: {driver: json-file, options: {max-size: 1m, max-file: 3}}
logging: {}
secrets: [s1, {source: s2, target: x, mode: 0o440, uid: "1"}]
configs: [c1, {source: c2, target: /etc/x, mode: 0440}]
platform: linux/amd64\\npull_policy: if_not_present\\nattach: false\\nscale: 1
devices: ["/dev/a", "/dev/b:/dev/c", "/dev/d:/dev/c:r", {source: /dev/e, target: /dev/f}]
pid: host\\nipc: shareable
x-own: {a: "$$"}\\nx-devenv: {owner: someone}
profiles: [later]
"""
_TOP = """
networks:
  front:
    {driver: bridge, driver_opts: {a: 1}, ipam: {config: [{subnet: 10.9.0.0/24, gateway: 10.9.0.1}]}, internal: true,
    labels: [x=y], enable_ipv6: true}
  outside: {external: true}
  unused: {}
volumes:
  vol: {driver: local, driver_opts: {type: none, o: bind, device: ./dev}, labels: {a: 1}}
  unused: {}
secrets: {s1: {file: ./s}, s2: {environment: SECRET}, unused: {file: ./u}}
configs: {c1: {content: "hi $$ ${FOO}"}, c2: {file: ./c}}
x-top: 1
"""


def _real(folder: Path, *words: str) -> str:
    command = [str(binary()), "-f", "compose.yaml", "config", *words]
    done = subprocess.run(command, cwd=folder, env=_VARIABLES, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


def _mine(folder: Path) -> Stack:
    document = read_yaml((folder / "compose.yaml").read_text(), "compose.yaml")
    needed = wanted([document], variables=_VARIABLES, working_dir=str(folder))
    there = [file.path for file in needed.env_files if Path(file.path).exists()]
    return load(
        [document],
        variables=_VARIABLES,
        folder=str(folder),
        working_dir=str(folder),
        files=["compose.yaml"],
        kinds=PROBES,
        texts={path: Path(path).read_text() for path in there},
    )


def _plain(value: Any) -> Any:
    """What Compose prints, with its doubled `$` as one."""
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value.replace("$$", "$") if isinstance(value, str) else value


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("golden")
    text = "name: golden\nservices:\n"
    for number, body in enumerate(_SERVICES.strip().splitlines()):
        lines = body.replace("\\n", "\n").replace("\\\n", "\\n").splitlines()
        image = [] if body.startswith(("image:", "build:")) else ["image: x"]
        text += f"  s{number}:\n" + "".join(f"    {line}\n" for line in [*image, *lines])
    (folder / "compose.yaml").write_text(text + _TOP)
    (folder / "e.env").write_text('A=file\nB="x $FOO"\nC=$SHELL_A\nexport D=1 # c\nFOO=bar\n')
    return folder


def test_every_hash_is_that_of_docker_compose(folder: Path) -> None:
    theirs = dict(line.split() for line in _real(folder, "--hash", "*").splitlines())
    ours = {name: config_hash(service.config) for name, service in _mine(folder).services.items()}
    assert len(ours) >= 60
    assert ours == theirs


def test_the_normal_form_is_that_of_docker_compose(folder: Path) -> None:
    theirs = _plain(json.loads(_real(folder, "--format", "json")))
    stack = _mine(folder)
    for name, service in stack.services.items():
        assert service.config == theirs["services"][name], name
    assert stack.services.keys() == theirs["services"].keys()
    assert stack.left_out == (f"s{len(theirs['services'])}",)
    assert {key: network.config for key, network in stack.networks.items()} == theirs["networks"]
    assert {key: volume.config for key, volume in stack.volumes.items()} == theirs["volumes"]


@pytest.mark.parametrize(
    "service",
    [
        "user: 1000",
        "hostname: 1",
        "read_only: 1",
        "init: '1'",
        "stop_grace_period: 10",
        "stop_grace_period: '10'",
        "healthcheck: {test: [x]}",
        "command: 'a (b'",
        "command: [a, 1]",
        "ports: ['70000']",
        "ports: ['a:b']",
        "ports: [{published: 80}]",
        "ports: ['1-3:1-2']",
        "volumes: ['nope:/x']",
        "volumes: [{target: /x}]",
        "volumes: [{type: tmpfs, target: /x, tmpfs: {mode: '1777'}}]",
        "networks: [nope]",
        "network_mode: host\n    networks: [default]",
        "secrets: [nope]",
        "configs: [nope]",
        "depends_on: [nope]",
        "depends_on: {s: {}}",
        "extra_hosts: [a]",
        "ulimits: {nofile: {soft: 1}}",
        "labels: [1]",
        "foo: 1",
    ],
)
def test_what_docker_compose_refuses_devenv_refuses(tmp_path: Path, service: str) -> None:
    (tmp_path / "compose.yaml").write_text(f"name: p\nservices:\n  s:\n    image: x\n    {service}\n")
    with pytest.raises(AssertionError):
        _real(tmp_path, "--quiet")
    with pytest.raises(DevenvError) as caught:
        _mine(tmp_path)
    assert caught.value.where is not None
    assert caught.value.where.line >= 3
    assert caught.value.hint
