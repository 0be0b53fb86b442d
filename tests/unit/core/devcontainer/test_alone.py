"""A devcontainer of an image or a Dockerfile as a service of a Compose file."""

from __future__ import annotations

from typing import Any

import pytest

from devenv.core.devcontainer.document import document
from devenv.core.devcontainer.read import read
from devenv.model.errors import DevenvError


def compose(text: str) -> Any:
    said = read(
        text, file="/shop/.devcontainer/devcontainer.json", shown="d.json", folder="/shop", env={"N": "a$b"},
        mount_folder="/shop", ids=(1, 1),
    )  # fmt: skip
    return document(said.devcontainer, said.document, "/shop").value


def test_an_image_with_the_repository_in_it() -> None:
    assert compose('{"image": "python"}') == {
        "services": {
            "workspace": {
                "image": "python",
                "volumes": [
                    {
                        "type": "bind",
                        "source": "/shop",
                        "target": "/workspaces/shop",
                        "bind": {"create_host_path": False},
                    }
                ],
            }
        }
    }


def test_a_dockerfile_beside_it() -> None:
    found = compose(
        """{"build": {"dockerfile": "Dockerfile", "context": "..", "target": "dev", "args": {"A": "${localEnv:N}"},
        "cacheFrom": "old", "options": ["--build-arg=B=1", "--label", "l=2", "--no-cache", "--add-host", "h:1.2.3.4",
        "--platform=linux/amd64", "--network", "host"]}, "workspaceMount": ""}"""
    )
    assert found["services"]["workspace"] == {
        "build": {
            "context": "/shop", "dockerfile": "/shop/.devcontainer/Dockerfile", "args": {"A": "a$$b", "B": "1"},
            "target": "dev", "cache_from": ["old"], "labels": {"l": "2"}, "no_cache": True,
            "extra_hosts": ["h:1.2.3.4"], "platforms": ["linux/amd64"], "network": "host",
        }
    }  # fmt: skip


def test_the_older_words_for_a_dockerfile() -> None:
    found = compose('{"dockerFile": "D", "context": "..", "workspaceMount": ""}')
    assert found["services"]["workspace"]["build"] == {"context": "/shop", "dockerfile": "/shop/.devcontainer/D"}


def test_every_word_of_docker_run_that_it_takes() -> None:
    found = compose(
        """{"image": "a", "appPort": [3000, "8000:9000"], "workspaceMount": "source=data,target=/data,type=volume",
        "runArgs": ["--name", "box", "--hostname=h", "-e", "A=1", "-eB=2", "--env", "PASSED", "-v", "store:/store",
        "--mount", "type=bind,source=/x,target=/y,readonly", "-p", "1:2", "--cap-add=NET_ADMIN", "--security-opt", "s",
        "--privileged", "--init", "-u", "anna", "--add-host=db:1.2.3.4", "--dns", "1.1.1.1", "--shm-size=1g",
        "-m", "2g", "--cpus=2", "--gpus", "all", "--device=/dev/fuse", "--ipc=host", "--label", "l=1",
        "--ulimit", "nofile=1:2", "--ulimit=nproc=5", "--tmpfs=/t", "--sysctl=a.b=1", "--network=mine",
        "--network-alias", "x", "--rm", "--log-driver=none", "--log-opt", "a=b", "--env-file", "/e"]}"""
    )
    assert found["services"]["workspace"] == {
        "image": "a", "container_name": "box", "hostname": "h", "environment": {"A": "1", "B": "2", "PASSED": None},
        "volumes": [
            {"type": "volume", "target": "/data", "source": "data"},
            "store:/store",
            {"type": "bind", "target": "/y", "source": "/x", "read_only": True, "bind": {"create_host_path": False}},
        ],
        "ports": ["127.0.0.1:3000:3000", "8000:9000", "1:2"], "cap_add": ["NET_ADMIN"], "security_opt": ["s"],
        "privileged": True, "init": True, "user": "anna", "extra_hosts": ["db:1.2.3.4"], "dns": ["1.1.1.1"],
        "shm_size": "1g", "mem_limit": "2g", "cpus": "2", "gpus": [{"count": "all"}], "devices": ["/dev/fuse"],
        "ipc": "host", "labels": {"l": "1"},
        "ulimits": {"nofile": {"soft": 1, "hard": 2}, "nproc": {"soft": 5, "hard": 5}}, "tmpfs": ["/t"],
        "sysctls": {"a.b": "1"}, "networks": {"mine": None, "default": {"aliases": ["x"]}},
        "logging": {"driver": "none", "options": {"a": "b"}}, "env_file": ["/e"],
    }  # fmt: skip
    assert found["volumes"] == {"data": {"name": "data"}, "store": {"name": "store"}}
    assert found["networks"] == {"mine": {"external": True, "name": "mine"}}


@pytest.mark.parametrize(
    ("said", "gpus"),
    [
        ("2", [{"count": 2}]),
        ("device=0", [{"device_ids": ["0"]}]),
        ('\\"device=0,2\\",capabilities=utility', [{"device_ids": ["0", "2"], "capabilities": ["utility"]}]),
        ("driver=nvidia,count=1", [{"driver": "nvidia", "count": 1}]),
    ],
)
def test_only_the_gpus_that_are_named(said: str, gpus: object) -> None:
    found = compose(f'{{"image": "a", "runArgs": ["--gpus", "{said}"]}}')
    assert found["services"]["workspace"]["gpus"] == gpus


def test_letters_that_stand_together() -> None:
    found = compose('{"image": "a", "runArgs": ["-dit", "--net-alias=x", "-u", "anna"]}')["services"]["workspace"]
    assert (found["tty"], found["stdin_open"], found["user"]) == (True, True, "anna")
    assert found["networks"] == {"default": {"aliases": ["x"]}}


def test_the_hosts_own_network() -> None:
    found = compose('{"image": "a", "runArgs": ["--net=host"], "workspaceMount": ""}')
    assert found["services"]["workspace"] == {"image": "a", "network_mode": "host"}


@pytest.mark.parametrize(
    ("text", "message", "where"),
    [
        ('{"image": "a", "runArgs": ["--init", "--hostnam=x"]}', "devenv cannot do `--hostnam` of `runArgs`.",
         "d.json:1:38"),
        ('{"image": "a", "runArgs": ["--cap-add"]}', "`--cap-add` in `runArgs` has no value.", "d.json:1:28"),
        ('{"image": "a", "runArgs": ["-it", "--ulimit", "nofile=many"]}',
         "`nofile=many` is no value of `--ulimit` in `runArgs`.", "d.json:1:35"),
        ('{"image": "a", "runArgs": ["--gpus=most"]}', "`most` is no value of `--gpus` in `runArgs`.", "d.json:1:28"),
        ('{"image": "a", "runArgs": ["-ix", "y"]}', "devenv cannot do `-x` of `runArgs`.", "d.json:1:28"),
        ('{"build": {"dockerfile": "D", "options": ["--squash"]}}', "devenv cannot do `--squash` of `build.options`.",
         "d.json:1:43"),
    ],
)  # fmt: skip
def test_what_no_service_can_have_is_refused_by_name(text: str, message: str, where: str) -> None:
    with pytest.raises(DevenvError) as caught:
        compose(text)
    assert (caught.value.message, str(caught.value.where)) == (message, where)
    assert caught.value.hint
