"""What of a service goes into the engine's HostConfig and endpoints, beyond what `test_create` looks at."""

from __future__ import annotations

from typing import Any

import pytest

from devenv.core.compose.create import copies, payload
from devenv.core.compose.hash import config_hash, with_engine
from devenv.model import labels
from tests.unit.core.compose.stacks import stack


def body(text: str, top: str = "") -> dict[str, Any]:
    lines = "\n".join(f"    {line}" for line in text.splitlines())
    found = stack(f"name: p\nservices:\n  a:\n    image: x\n{lines}\n  b: {{image: y}}\n{top}")
    return payload(found.services["a"], found)


def host(text: str) -> dict[str, Any]:
    return dict(body(text)["HostConfig"])


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("cgroup: host\ncgroup_parent: p", {"CgroupnsMode": "host", "CgroupParent": "p"}),
        ("cpu_period: 10\ncpu_quota: '5'\ncpu_shares: 7", {"CpuPeriod": 10, "CpuQuota": 5, "CpuShares": 7}),
        ("cpu_rt_period: 10\ncpu_rt_runtime: 5", {"CpuRealtimePeriod": 10, "CpuRealtimeRuntime": 5}),
        ("cpu_count: 2\ncpu_percent: 50\ncpuset: 0-1", {"CpuCount": 2, "CpuPercent": 5000, "CpusetCpus": "0-1"}),
        ("mem_swappiness: 60\noom_score_adj: -5", {"MemorySwappiness": 60, "OomScoreAdj": -5}),
        ("oom_kill_disable: true\npids_limit: 7", {"OomKillDisable": True, "PidsLimit": 7}),
        ("runtime: runc\nisolation: default", {"Runtime": "runc", "Isolation": "default"}),
        ("storage_opt: {size: 1G}\nuserns_mode: host", {"StorageOpt": {"size": "1G"}, "UsernsMode": "host"}),
        ("uts: host\ndevice_cgroup_rules: [c 1:3 mr]", {"UTSMode": "host", "DeviceCgroupRules": ["c 1:3 mr"]}),
        ("cap_add: [net_admin, CAP_KILL]", {"CapAdd": ["CAP_KILL", "CAP_NET_ADMIN"]}),
        ("cap_drop: [ALL]", {"CapDrop": ["ALL"]}),
    ],
)  # fmt: skip
def test_single_values(written: str, expected: dict[str, Any]) -> None:
    found = host(written)
    assert {key: found.get(key) for key in expected} == expected


def test_limits_on_disks() -> None:
    rates = ("device_read_bps", "device_read_iops", "device_write_bps", "device_write_iops")
    written = "\n".join(f"  {key}: [{{path: /dev/a, rate: 1k}}]" for key in rates)
    found = host(f"blkio_config:\n  weight: 300\n  weight_device: [{{path: /dev/a, weight: 4}}]\n{written}")
    assert found["BlkioWeight"] == 300
    assert found["BlkioWeightDevice"] == [{"Path": "/dev/a", "Weight": 4}]
    for name in ("ReadBps", "ReadIOps", "WriteBps", "WriteIOps"):
        assert found[f"BlkioDevice{name}"] == [{"Path": "/dev/a", "Rate": 1024}]


def test_the_limits_of_deploy_go_before_the_services_own() -> None:
    limits = "limits: {cpus: '0.5', memory: 2m, pids: 3}, reservations: {memory: 1m, cpus: '1'}"
    found = host(f"memswap_limit: 4m\ndeploy: {{resources: {{{limits}}}}}")
    expected = {"NanoCpus": 500_000_000, "Memory": 2 << 20, "PidsLimit": 3, "MemoryReservation": 1 << 20}
    assert {key: found[key] for key in expected} == expected
    assert host("pids_limit: 3\ndeploy: {resources: {limits: {pids: 3}}}")["PidsLimit"] == 3


@pytest.mark.parametrize(
    ("written", "name", "tries"),
    [
        ("restart: on-failure:4", "on-failure", 4),
        ("restart: always\ndeploy: {restart_policy: {condition: none}}", "no", 0),
        ("deploy: {restart_policy: {condition: any, max_attempts: 2}}", "always", 2),
        ("deploy: {restart_policy: {condition: on-failure}}", "on-failure", 0),
        ("", "", 0),
    ],
)
def test_when_it_is_restarted(written: str, name: str, tries: int) -> None:
    assert host(written)["RestartPolicy"] == {"Name": name, "MaximumRetryCount": tries}


def test_requests_of_devices() -> None:
    found = host(
        "devices: [vendor.com/class=one, /dev/fuse]\n"
        "gpus: [{driver: nvidia, count: 2}, {capabilities: [gpu, x], device_ids: ['0'], options: {a: b}}]\n"
        "deploy: {resources: {reservations: {devices: [{capabilities: [tpu], count: all}]}}}"
    )
    assert [device["PathOnHost"] for device in found["Devices"]] == ["/dev/fuse"]
    assert found["DeviceRequests"] == [
        {"Driver": "", "Count": -1, "DeviceIDs": None, "Capabilities": [["tpu"]], "Options": None},
        {"Driver": "nvidia", "Count": 2, "DeviceIDs": None, "Capabilities": [["gpu"]], "Options": None},
        {"Driver": "", "Count": 0, "DeviceIDs": ["0"], "Capabilities": [["gpu", "x"]], "Options": {"a": "b"}},
        {"Driver": "cdi", "DeviceIDs": ["vendor.com/class=one"]},
    ]
    assert host("gpus: all")["DeviceRequests"][0]["Count"] == -1


def test_links_name_the_container_in_three_ways() -> None:
    found = body("links: [b, 'b:database']\nexternal_links: [redis, 'old:cache']")
    expected = [
        "p-b-1:b", "p-b-1:b-1", "p-b-1:p-b-1", "p-b-1:database", "p-b-1:b-1", "p-b-1:p-b-1",
        "redis:redis", "old:cache",
    ]  # fmt: skip
    assert found["HostConfig"]["Links"] == expected
    assert found["NetworkingConfig"]["EndpointsConfig"]["p_default"]["Links"] == expected


def test_volumes_of_others() -> None:
    found = host("volumes_from: [b, 'b:ro', 'container:elsewhere:rw']")
    assert found["VolumesFrom"] == ["p-b-1", "p-b-1:ro", "elsewhere:rw"]


def test_an_image_is_mounted() -> None:
    found = host("volumes: [{type: image, source: i, target: /i, image: {subpath: q}}]")
    assert found["Mounts"] == [
        {"Type": "image", "Source": "i", "Target": "/i", "ReadOnly": False, "ImageOptions": {"Subpath": "q"}}
    ]
    assert host("volumes: [{type: bind, source: /h, target: /x, consistency: cached, bind: {recursive: readonly}}]")[
        "Mounts"
    ] == [
        {
            "Type": "bind", "Source": "/h", "Target": "/x", "ReadOnly": False, "Consistency": "cached",
            "BindOptions": {"ReadOnlyForceRecursive": True, "CreateMountpoint": True},
        }
    ]  # fmt: skip


def test_the_address_of_the_card_is_the_first_networks() -> None:
    found = body("mac_address: '02:42:ac:11:65:43'")
    assert found["MacAddress"] == "02:42:ac:11:65:43"
    assert found["NetworkingConfig"]["EndpointsConfig"]["p_default"]["MacAddress"] == "02:42:ac:11:65:43"
    found = body(
        "networks: {n: {mac_address: '02:42:ac:11:65:44', interface_name: eth5, gw_priority: 3}}", "networks: {n: }"
    )
    assert found["MacAddress"] == "02:42:ac:11:65:44"
    endpoint = found["NetworkingConfig"]["EndpointsConfig"]["p_n"]
    assert endpoint["DriverOpts"] == {"com.docker.network.endpoint.ifname": "eth5"}
    assert endpoint["GwPriority"] == 3
    assert body("network_mode: bridge\nmac_address: '02:42:ac:11:65:43'")["MacAddress"] == "02:42:ac:11:65:43"


def test_who_may_speak_to_the_engine() -> None:
    found = stack("name: p\nservices: {a: {image: x, use_api_socket: true, environment: {A: b}}, b: {image: y}}")
    a = found.services["a"]
    made = payload(a, found)
    assert made["Env"] == ["A=b", "DOCKER_CONFIG=/run/secrets/docker"]
    assert made["HostConfig"]["Binds"] == ["/var/run/docker.sock:/var/run/docker.sock:rw"]
    assert made["Labels"][labels.CONFIG_HASH] == config_hash(with_engine(a.config)) != config_hash(a.config)
    assert copies(a, found, logins="{1}") == {"/run/secrets/docker/config.json": (b"{1}", 0o444)}
    assert copies(a, found) == {"/run/secrets/docker/config.json": (b"{}", 0o444)}
    assert copies(found.services["b"], found, logins="{1}") == {}
