"""`build` and `pull_policy`: their normal forms, held to Docker Compose's own in the differential cases, and
what cannot be built."""

from __future__ import annotations

from typing import Any

import pytest

from devenv.core.compose.pull import age
from devenv.core.remote import Git, archive, git
from devenv.model.stack import BuildSecret, Secret
from tests.unit.core.compose.stacks import errors, service, stack

TOP = "secrets: {s: {file: ./s}, t: {environment: TOKEN} }"


def normal(text: str, **more: Any) -> dict[str, Any]:
    return dict(service(f"build: {text}", TOP, **more).config["build"])


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("sub", {"context": "/repo/sub", "dockerfile": "Dockerfile"}),
        ("''", {"dockerfile": "Dockerfile"}),
        ("{target: x}", {"context": "/repo", "dockerfile": "Dockerfile", "target": "x"}),
        ("{dockerfile_inline: FROM x}", {"context": "/repo", "dockerfile_inline": "FROM x"}),
        ("{dockerfile: ''}", {"context": "/repo"}),
        ("git@x:y.git#main:sub", {"context": "git@x:y.git#main:sub", "dockerfile": "Dockerfile"}),
        ("github.com/a/b", {"context": "github.com/a/b", "dockerfile": "Dockerfile"}),
        ("x.git", {"context": "/repo/x.git", "dockerfile": "Dockerfile"}),
    ],
)
def test_the_context_and_its_dockerfile(text: str, wanted: dict[str, str]) -> None:
    assert normal(text) == wanted


@pytest.mark.parametrize(
    ("text", "key", "wanted"),
    [
        ("args: [A=1, B, C]", "args", {"A": "1", "B": "here"}),
        ("labels: [a=b, c]", "labels", {"a": "b", "c": ""}),
        (
            "additional_contexts: ['o=./other', 'i=docker-image://x', 'g=https://x/y.git']",
            "additional_contexts",
            {"g": "https://x/y.git", "i": "docker-image://x", "o": "/repo/other"},
        ),
        ("cache_from: [b, a, b]", "cache_from", ["b", "a", "b"]),
        ("cache_to: [type=inline]", "cache_to", ["type=inline"]),
        ("entitlements: [network.host]", "entitlements", ["network.host"]),
        ("extra_hosts: {b: [1.2.3.4, 1.2.3.5], a: '[::1]'}", "extra_hosts", ["a=::1", "b=1.2.3.4", "b=1.2.3.5"]),
        ("isolation: default", "isolation", "default"),
        ("no_cache: 'on'", "no_cache", True),
        ("no_cache: false", "no_cache", None),
        ("no_cache_filter: one", "no_cache_filter", ["one"]),
        ("privileged: true", "privileged", True),
        ("provenance: true", "provenance", "true"),
        ("provenance: mode=max", "provenance", "mode=max"),
        ("sbom: false", "sbom", "false"),
        ("pull: true", "pull", True),
        (
            "secrets: [s, {source: t, target: u, uid: '3', mode: 0400}]",
            "secrets",
            [{"source": "s"}, {"source": "t", "target": "u", "uid": "3", "mode": "0400"}],
        ),
        ("shm_size: 1.5gb", "shm_size", "1610612736"),
        ("ssh: [default, k=~/id]", "ssh", ["default", "k: /home/me/id"]),
        ("ssh: {default: , k: ./x}", "ssh", ["default", "k: /repo/x"]),
        ("tags: [a, b, a]", "tags", ["a", "b"]),
        (
            "ulimits: {nofile: 10, nproc: {soft: 1, hard: 2}}",
            "ulimits",
            {"nofile": 10, "nproc": {"soft": 1, "hard": 2}},
        ),
        ("platforms: [linux/amd64, linux/arm64]", "platforms", ["linux/amd64", "linux/arm64"]),
    ],
)
def test_every_other_key(text: str, key: str, wanted: object) -> None:
    found = normal(f"{{context: ., {text}}}", variables={"B": "here", "HOME": "/home/me"})
    assert found.get(key) == wanted


def test_keys_stand_in_the_order_of_compose() -> None:
    assert list(normal("{target: x, labels: {a: b}, args: {A: 1}, context: .}")) == [
        "context", "dockerfile", "args", "labels", "target",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("{dockerfile: a, dockerfile_inline: b}", "Both `dockerfile`", "one of the two"),
        ("{foo: 1}", "`foo` is no key of `services.a.build`", ""),
        ("{cache_from: x}", "must be a list", ""),
        ("{additional_contexts: [x]}", "`x` names nothing", "`name=folder`"),
        ("{additional_contexts: {x: 'service:zz'}}", "built from `zz`, which is no service", ""),
        ("{additional_contexts: {x: 'service:b'}}", "built from `b`, which has no `build`", "docker-image://"),
        ("{additional_contexts: {x: 'service:p'}}", "`p`, whose profile is not active", "COMPOSE_PROFILES"),
        ("{secrets: [q]}", "the secret `q`, which the file does not declare", ""),
        ("{secrets: [{target: q}]}", "no `source`", ""),
        ("{secrets: q}", "must be a list of secrets", ""),
        ("{ssh: [k]}", "`k` names no file", "`k=path`"),
        ("{provenance: 1}", "must be a text", ""),
        ("{platforms: [linux/amd64]}\n    platform: linux/arm64", "is not among them", ""),
    ],
)
def test_what_is_wrong_in_a_build(text: str, message: str, hint: str) -> None:
    found = errors(
        f"name: p\nservices:\n  b: {{image: x}}\n  p: {{build: ., profiles: [z]}}\n  a:\n    build: {text}\n{TOP}"
    )
    assert any(message in error.message and hint in error.hint for error in found), found
    assert all(error.where and error.where.line > 0 and error.hint for error in found)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("cache_to: ['type=local,dest=x']", "cannot put its cache to `type=local,dest=x`"),
        ("entitlements: [foo]", "`foo` is no right"),
        ("provenance: mode=max", "without `provenance`"),
        ("sbom: true", "without `sbom`"),
        ("isolation: hyperv", "Windows"),
        ("additional_contexts: {o: 'oci-layout:///x'}", "OCI layout"),
        ("network: shop", "network `shop`"),
        ("secrets: [t]", "no value"),
    ],
)
def test_what_cannot_be_built_is_read_and_refused_where_it_stands(text: str, message: str) -> None:
    build = service(f"build:\n  context: .\n  {text}", TOP).build
    assert build is not None
    (refusal,) = build.refusals
    assert message in refusal.message
    assert refusal.hint
    assert refusal.where is not None
    assert refusal.where.line == 6


def test_what_can_be_built_is_not_refused() -> None:
    build = service(
        "build: {context: ., cache_to: [type=inline], entitlements: [network.host], provenance: false, sbom: false,"
        " isolation: default, privileged: false, network: host, platforms: [linux/amd64, linux/arm64],"
        " ssh: [default, k=/id], secrets: [s, t], ulimits: {nofile: 3, nproc: {soft: 1, hard: 2}}, shm_size: 1k}",
        TOP,
        variables={"TOKEN": "word"},
    ).build
    assert build is not None
    assert build.refusals == ()
    assert build.cache_inline
    assert build.platform is None
    assert build.ssh == {"default": "", "k": "/id"}
    assert build.secrets == (BuildSecret(id="s", file="/repo/s"), BuildSecret(id="t", content=Secret(value="word")))
    assert "word" not in repr(build)
    assert build.ulimits == {"nofile": (3, 3), "nproc": (1, 2)}
    assert build.shm_size == 1024


@pytest.mark.parametrize("text", ["privileged: true", "entitlements: [security.insecure]"])
def test_all_rights_are_asked_for_in_two_ways(text: str) -> None:
    build = service(f"build: {{context: ., {text}}}").build
    assert build is not None
    assert build.privileged
    assert build.refusals == ()


def test_a_context_that_is_another_service_s_image() -> None:
    found = stack("name: p\nservices: {a: {build: {additional_contexts: {x: 'service:b'}}}, b: {build: .}}")
    build = found.services["a"].build
    assert build is not None
    assert build.contexts == {"x": "service:b"}


@pytest.mark.parametrize(
    ("place", "wanted"),
    [
        ("https://x/y.git#main:sub", Git(url="https://x/y.git", ref="main", folder="sub")),
        ("git@x:y.git", Git(url="git@x:y.git")),
        ("github.com/a/b#v1", Git(url="https://github.com/a/b", ref="v1")),
        ("ssh://git@x/y#:sub", Git(url="ssh://git@x/y", folder="sub")),
        ("file:///x/y", Git(url="file:///x/y")),
        ("https://x/y.tar.gz", None),
        ("docker-image://x", None),
        ("/x/y", None),
    ],
)
def test_what_is_a_repository(place: str, wanted: Git | None) -> None:
    assert git(place) == wanted


def test_what_is_a_file_of_the_web() -> None:
    assert archive("https://x/y.tar.gz")
    assert not archive("https://x/y.git")
    assert not archive("docker-image://x")


@pytest.mark.parametrize(
    ("policy", "seconds"),
    [("always", None), ("refresh", 0.0), ("daily", 86400.0), ("weekly", 604800.0), ("every_1w2d3h4m5s", 788645.0)],
)
def test_when_an_image_is_asked_for_again(policy: str, seconds: float | None) -> None:
    assert age(policy) == seconds


def test_pull_policies() -> None:
    assert service("pull_policy: if_not_present").config["pull_policy"] == "missing"
    assert service("pull_policy: every_1d2h").config["pull_policy"] == "every_1d2h"
    (error,) = errors("services: {a: {image: x, pull_policy: every_1.5h}}")
    assert "`every_12h`" in error.message
