from __future__ import annotations

import json
from typing import Any

import pytest

from devenv.core.compose.changes import config_label
from devenv.core.compose.create import connections, copies, network_labels, payload, volume_labels
from devenv.core.compose.hash import config_hash
from devenv.model import labels
from devenv.model.stack import Stack
from tests.unit.core.compose.stacks import stack

TOP = "volumes: {vol: {}}\nnetworks: {front: {}, back: {name: real-back}}\nsecrets: {s: {file: ./s}}"


def body(text: str, **more: Any) -> dict[str, Any]:
    lines = "\n".join(f"    {line}" for line in text.splitlines())
    found = stack(f"name: p\nservices:\n  a:\n    image: x\n{lines}\n  b: {{image: y}}\n{TOP}")
    return payload(found.services["a"], found, **more)


def host(text: str) -> Any:
    return body(text)["HostConfig"]


def test_the_least() -> None:
    found = body("")
    made = found.pop("Labels")
    assert found == {
        "Image": "x", "Hostname": "", "Domainname": "", "User": "", "WorkingDir": "", "Env": [], "Cmd": None,
        "Entrypoint": None, "Tty": False, "OpenStdin": False, "AttachStdout": True, "AttachStderr": True,
        "ExposedPorts": {},
        "HostConfig": {
            "NetworkMode": "p_default", "PortBindings": {}, "Binds": [], "Mounts": [],
            "RestartPolicy": {"Name": "", "MaximumRetryCount": 0},
        },
        "NetworkingConfig": {"EndpointsConfig": {"p_default": {"Aliases": ["p-a-1", "a"]}}},
    }  # fmt: skip
    assert made[labels.NUMBER] == "1"
    assert labels.IMAGE not in made


def test_labels() -> None:
    found = stack(
        "name: ${DEVENV_PROJECT:-p}\nservices:\n"
        "  a: {image: '${DEVENV_IMAGE_A:-x}', labels: {own: 1}, depends_on: {b: {condition: service_started, "
        "restart: true}, c: {condition: service_healthy}}, x-devenv: {depends_on: {b: service_healthy}}}\n"
        "  b: {image: y}\n  c: {image: z}\n",
        working_dir="/repo/.devcontainer",
    )
    a = found.services["a"]
    made = payload(a, found, devcontainer=("/repo", "/repo/.devcontainer/devcontainer.json"), image="other")
    assert made["Image"] == "other"
    given = dict(made["Labels"])
    assert json.loads(given.pop(labels.CONFIG))["version"] == 1
    assert given == {
        "own": "1",
        labels.PROJECT: "p",
        labels.SERVICE: "a",
        labels.NUMBER: "1",
        labels.ONEOFF: "False",
        labels.CONFIG_HASH: config_hash(a.config),
        labels.CONFIG_FILES: "/repo/.devcontainer/compose.yaml",
        labels.WORKING_DIR: "/repo/.devcontainer",
        labels.DEPENDS_ON: "b:service_started:true,c:service_healthy:false",
        labels.VERSION: labels.COMPOSE_VERSION,
        labels.FOLDER: "/repo",
        labels.ENV: '{"DEVENV_IMAGE_A": "x", "DEVENV_PROJECT": "p"}',
        labels.DEVCONTAINER_FOLDER: "/repo",
        labels.DEVCONTAINER_CONFIG: "/repo/.devcontainer/devcontainer.json",
    }


def test_the_environment_goes_over_the_proxies() -> None:
    found = body("environment: {HTTP_PROXY: own, A: 1, GONE: }", proxies={"HTTP_PROXY": "host", "NO_PROXY": "x"})
    assert found["Env"] == ["A=1", "GONE", "HTTP_PROXY=own", "NO_PROXY=x"]


def test_ports() -> None:
    found = body("ports: ['127.0.0.1:8080:80', '81:80', '53/udp']\nexpose: ['9000', 4-5/udp]")
    assert found["ExposedPorts"] == {key: {} for key in ("9000/tcp", "4/udp", "5/udp", "80/tcp", "53/udp")}
    assert found["HostConfig"]["PortBindings"] == {
        "80/tcp": [{"HostIp": "127.0.0.1", "HostPort": "8080"}, {"HostIp": "", "HostPort": "81"}],
        "53/udp": [{"HostIp": "", "HostPort": ""}],
    }


@pytest.mark.parametrize(
    ("written", "binds", "mounts"),
    [
        ("./h:/x:ro,Z", ["/repo/h:/x:ro,Z"], []),
        (
            "/h:/x:rslave",
            [],
            [{"Type": "bind", "Source": "/h", "Target": "/x", "ReadOnly": False,
              "BindOptions": {"Propagation": "rslave", "CreateMountpoint": True}}],
        ),
        ("vol:/x", ["p_vol:/x:rw"], []),
        (
            "vol:/x:nocopy",
            [],
            [{"Type": "volume", "Source": "p_vol", "Target": "/x", "ReadOnly": False,
              "VolumeOptions": {"NoCopy": True, "Labels": {}}}],
        ),
        (
            "/x",
            [],
            [{"Type": "volume", "Source": "", "Target": "/x", "ReadOnly": False,
              "VolumeOptions": {"NoCopy": False, "Labels": {}}}],
        ),
        ({"type": "bind", "source": "/h", "target": "/x"}, ["/h:/x:rw"], []),
        (
            {"type": "bind", "source": "/h", "target": "/x", "bind": {"create_host_path": False,
             "propagation": "shared", "recursive": "disabled"}},
            [],
            [{"Type": "bind", "Source": "/h", "Target": "/x", "ReadOnly": False,
              "BindOptions": {"Propagation": "shared", "NonRecursive": True}}],
        ),
        (
            {"type": "volume", "source": "vol", "target": "/x", "read_only": True,
             "volume": {"subpath": "q", "labels": {"a": "b"}}},
            [],
            [{"Type": "volume", "Source": "p_vol", "Target": "/x", "ReadOnly": True,
              "VolumeOptions": {"NoCopy": False, "Labels": {"a": "b"}, "Subpath": "q"}}],
        ),
        (
            {"type": "tmpfs", "target": "/x", "tmpfs": {"size": "1m", "mode": 0o1777}},
            [],
            [{"Type": "tmpfs", "Source": "", "Target": "/x", "ReadOnly": False,
              "TmpfsOptions": {"SizeBytes": 1048576, "Mode": 0o1777}}],
        ),
        (
            {"type": "bind", "source": "/a:b", "target": "/x"},
            [],
            [{"Type": "bind", "Source": "/a:b", "Target": "/x", "ReadOnly": False,
              "BindOptions": {"CreateMountpoint": True}}],
        ),
    ],
)  # fmt: skip
def test_mounts(written: Any, binds: list[str], mounts: list[Any]) -> None:
    found = host(f"volumes: {json.dumps([written])}")
    assert (found["Binds"], found["Mounts"]) == (binds, mounts)


def test_a_secret_of_a_file_is_mounted_unless_something_is_there() -> None:
    assert host("secrets: [s]")["Mounts"] == [
        {"Type": "bind", "Source": "/repo/s", "Target": "/run/secrets/s", "ReadOnly": True, "BindOptions": {}}
    ]
    assert host("secrets: [s]\nvolumes: ['/q:/run/secrets/s']")["Mounts"] == []


def test_networks_in_their_order() -> None:
    back = "{priority: 9, mac_address: '02:00:00:00:00:01', driver_opts: {k: v}, gw_priority: 1}"
    networks = f"{{front: {{aliases: [z, a], ipv4_address: 1.2.3.4}}, back: {back}}}"
    found = stack(f"name: p\nservices: {{a: {{image: x, container_name: own, networks: {networks}}}}}\n{TOP}")
    a = found.services["a"]
    made = payload(a, found)
    assert made["HostConfig"]["NetworkMode"] == "real-back"
    assert made["NetworkingConfig"]["EndpointsConfig"] == {
        "real-back": {
            "Aliases": ["own", "a"], "MacAddress": "02:00:00:00:00:01", "DriverOpts": {"k": "v"}, "GwPriority": 1,
        },
    }  # fmt: skip
    assert connections(a, found) == (
        ("p_front", {"Aliases": ["own", "a", "z"], "IPAMConfig": {"IPv4Address": "1.2.3.4"}}),
    )


@pytest.mark.parametrize(
    ("mode", "expected"), [("host", "host"), ("none", "none"), ("service:b", "container:p-b-1"), ("container:q",) * 2]
)
def test_network_modes(mode: str, expected: str) -> None:
    found = body(f"network_mode: {mode}")
    assert found["HostConfig"]["NetworkMode"] == expected
    assert "NetworkingConfig" not in found


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("{test: x, interval: 5s, timeout: 1s, retries: 2, start_period: 1m, start_interval: 500ms}", {
            "Test": ["CMD-SHELL", "x"], "Interval": 5_000_000_000, "Timeout": 1_000_000_000, "Retries": 2,
            "StartPeriod": 60_000_000_000, "StartInterval": 500_000_000,
        }),
        ("{disable: true}", {"Test": ["NONE"]}),
        ("{interval: 5s}", {"Interval": 5_000_000_000}),
    ],
)  # fmt: skip
def test_a_healthcheck(written: str, expected: dict[str, Any]) -> None:
    assert body(f"healthcheck: {written}")["Healthcheck"] == expected


def test_the_rest() -> None:
    found = body(
        "hostname: h\ndomainname: d\nuser: u\nworking_dir: /w\ntty: true\nstdin_open: true\ncommand: [c]\n"
        "entrypoint: [e]\nstop_signal: SIGINT\nstop_grace_period: 90s\nplatform: linux/amd64"
    )
    simple = {
        "Hostname": "h", "Domainname": "d", "User": "u", "WorkingDir": "/w", "Tty": True, "OpenStdin": True,
        "Cmd": ["c"], "Entrypoint": ["e"], "StopSignal": "SIGINT", "StopTimeout": 90, "Platform": "linux/amd64",
    }  # fmt: skip
    assert {key: found[key] for key in simple} == simple
    text = (
        "restart: on-failure:3\ncap_add: [A]\ncap_drop: [B]\ndns: 1.1.1.1\ndns_opt: [o]\ndns_search: [s]\n"
        "group_add: [g]\ninit: true\nprivileged: true\nread_only: true\nsysctls: {a: 1}\nannotations: {k: v}\n"
        "mem_limit: 1m\nmem_reservation: 512k\nmemswap_limit: -1\nshm_size: 64m\npid: 'service:b'\nipc: host\n"
        "cpus: 0.5\nextra_hosts: ['h=::1']\ntmpfs: ['/t:size=1m', /u]\nlogging: {driver: l, options: {o: 1}}\n"
        "ulimits: {n: 5, m: {soft: 1, hard: 2}}\ndevices: ['/dev/a:/dev/b']\n"
        "security_opt: ['no-new-privileges:true', 'systempaths=unconfined']"
    )
    rest = {
        "RestartPolicy": {"Name": "on-failure", "MaximumRetryCount": 3},
        "CapAdd": ["CAP_A"], "CapDrop": ["CAP_B"], "Dns": ["1.1.1.1"], "DnsOptions": ["o"], "DnsSearch": ["s"],
        "GroupAdd": ["g"], "Init": True, "Privileged": True, "ReadonlyRootfs": True, "Sysctls": {"a": "1"},
        "Annotations": {"k": "v"}, "Memory": 1048576, "MemoryReservation": 524288, "MemorySwap": -1,
        "ShmSize": 67108864, "PidMode": "container:p-b-1", "IpcMode": "host", "NanoCpus": 500_000_000,
        "ExtraHosts": ["h:::1"], "Tmpfs": {"/t": "size=1m", "/u": ""},
        "LogConfig": {"Type": "l", "Config": {"o": "1"}},
        "Ulimits": [{"Name": "m", "Soft": 1, "Hard": 2}, {"Name": "n", "Soft": 5, "Hard": 5}],
        "Devices": [{"PathOnHost": "/dev/a", "PathInContainer": "/dev/b", "CgroupPermissions": "rwm"}],
        "SecurityOpt": ["no-new-privileges:true"], "MaskedPaths": [], "ReadonlyPaths": [],
    }  # fmt: skip
    assert {key: host(text).get(key) for key in rest} == rest


def test_networks_volumes_and_copies() -> None:
    found = stack(
        "name: p\nservices: {a: {image: x, volumes: ['vol:/d'], configs: [{source: c, mode: '0400'}], "
        "x-devenv: {server: postgres/17, data: /d}}}\nvolumes: {vol: }\nconfigs: {c: {content: héllo}}"
    )
    unchanged = '{"keys":{},"version":1}'
    assert network_labels(found.networks["default"], found) == {
        labels.CONFIG: unchanged,
        labels.NETWORK: "default", labels.PROJECT: "p", labels.VERSION: labels.COMPOSE_VERSION,
    }  # fmt: skip
    assert volume_labels(found.volumes["vol"], found) == {
        labels.CONFIG: unchanged,
        labels.VOLUME: "vol", labels.PROJECT: "p", labels.VERSION: labels.COMPOSE_VERSION,
        labels.FOLDER: "/repo", labels.SERVER: "postgres/17",
    }  # fmt: skip
    assert copies(found.services["a"], found) == {"/c": ("héllo".encode(), 0o400)}


def test_what_is_copied_belongs_to_whom_the_file_says() -> None:
    def granted(grant: str) -> Stack:
        return stack(f"name: p\nservices: {{a: {{image: x, configs: [{grant}]}}}}\nconfigs: {{c: {{content: hi}}}}")

    root, owned = granted("c"), granted('{source: c, uid: "1000", gid: "5"}')
    assert copies(root.services["a"], root) == {"/c": (b"hi", 0o444)}
    assert copies(owned.services["a"], owned) == {"/c": (b"hi", 0o444, 1000, 5)}
    assert config_label(root.services["a"], root) != config_label(owned.services["a"], owned)
    (error,) = granted("{source: c, uid: root}").unmakeable
    assert "Who is given `c` says a `uid` that is no number: `root`" in error.message
