"""Images by `pull_policy`, and the further contexts of builds."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from devenv.core.imagefacts import BuildSource
from devenv.model import labels
from devenv.model.errors import DevenvError
from devenv.model.plan import Build, Tag
from devenv.model.stack import Build as BuildConfig
from devenv.model.stack import Service
from tests.unit.core.test_resolve import api, current, decide, image, nodes, service

NOW = 1_800_000_000.0
OLD, NEW = "2027-01-01T00:00:00.5Z", "2027-01-15T07:59:59Z"
"""Two weeks before NOW, and one second."""
OFFERED = {"acme/tool:1": "sha256:new"}


def tool(policy: str) -> Service:
    return service("tool", "acme/tool:1", config={"image": "acme/tool:1", "pull_policy": policy})


@pytest.mark.parametrize(
    ("policy", "tagged", "wanted"),
    [
        ("missing", OLD, []),
        ("never", OLD, []),
        ("build", OLD, []),
        ("always", NEW, ["pull:acme/tool:1"]),
        ("daily", NEW, []),
        ("daily", OLD, ["pull:acme/tool:1"]),
        ("weekly", OLD, ["pull:acme/tool:1"]),
        ("every_3w", OLD, []),
        ("every_1s", NEW, []),
        ("refresh", NEW, ["pull:acme/tool:1"]),
        ("daily", "", ["pull:acme/tool:1"]),
    ],
)
def test_when_a_registry_is_asked_for_what_is_there(policy: str, tagged: str, wanted: list[str]) -> None:
    there = image("acme/tool:1", digests=("acme/tool@sha256:old",), tagged=tagged)
    assert nodes(decide(tool(policy), engine=[there], registry=OFFERED, at=NOW)) == wanted


def test_what_has_not_changed_is_as_new_as_if_it_had_been_pulled() -> None:
    there = image("acme/tool:1", digests=("acme/tool@sha256:new",), tagged=OLD)
    found = decide(tool("daily"), engine=[there], registry=OFFERED, at=NOW)
    (node,) = found.nodes
    assert node.step == Tag(source="acme/tool:1", ref="acme/tool:1", service=node.step.service)
    assert found.after == {"tool": ()}


@pytest.mark.parametrize("policy", ["never", "build"])
def test_a_policy_that_forbids_to_ask(policy: str) -> None:
    asked: list[str] = []
    with pytest.raises(DevenvError, match=f"pull_policy: {policy}"):
        decide(tool(policy), registry=OFFERED, asked=asked)
    assert asked == []


def both(policy: str, ref: str = "shop-api") -> Service:
    return replace(api(ref), config={"image": ref, "pull_policy": policy})


@pytest.mark.parametrize(
    ("policy", "offered", "wanted"),
    [
        ("always", True, "pull:shop-api:latest"),
        ("missing", True, "pull:shop-api:latest"),
        ("daily", True, "pull:shop-api:latest"),
        ("missing", False, "build:shop-api"),
        ("never", True, "build:shop-api"),
        ("build", True, "build:shop-api"),
    ],
)
def test_image_and_build_together(policy: str, offered: bool, wanted: str) -> None:
    registry = {"shop-api:latest": "sha256:x"} if offered else {}
    found = decide(both(policy), engine=["python:3.13-slim"], registry=registry)
    assert nodes(found) == [wanted]


def test_image_and_build_where_the_image_is_there() -> None:
    registry = {"shop-api:latest": "sha256:x"}
    pulled = image("shop-api", digests=("shop-api@sha256:x",), tagged=NEW)
    for policy in ("missing", "always", "daily"):
        assert nodes(decide(both(policy), engine=[pulled], registry=registry, at=NOW)) == []
    built = decide(both("missing"), engine=[current(), "python:3.13-slim"], registry=registry)
    assert nodes(built) == []
    assert nodes(decide(both("always"), engine=[current()], registry=registry)) == ["pull:shop-api:latest"]
    assert nodes(decide(both("missing"), engine=[pulled, "python:3.13-slim"], build=True)) == ["build:shop-api"]
    # Nobody could have it but this engine.
    ours = decide(both("missing", "localhost/shop:1"), engine=["python:3.13-slim"], registry={})
    assert nodes(ours) == ["build:localhost/shop:1"]


TEXT = "FROM thing AS first\nFROM base AS last\nCOPY --from=assets / /\nRUN true\n"


def composed(**contexts: str) -> Service:
    return service("api", "shop-api", build=BuildConfig(context="/repo/api", contexts=contexts))


def test_contexts_stand_in_for_names() -> None:
    other = api("shop-other", name="other")
    built = composed(assets="/repo/assets", base="docker-image://python:3.13-slim", thing="service:other")
    builds = {
        "api": BuildSource(text=TEXT, digest="1"),
        "other": BuildSource(text="FROM scratch\n", digest="2"),
    }
    folders = {"/repo/assets": "abcdef0123456789"}
    found = decide(built, other, engine=["python:3.13-slim"], builds=builds, folders=folders)
    assert nodes(found) == ["build:localhost/devenv/context:abcdef012345", "build:shop-api", "build:shop-other"]
    steps: dict[str, Any] = {node.id: node.step for node in found.nodes}
    folder = steps["build:localhost/devenv/context:abcdef012345"]
    assert folder.folder
    assert folder.labels == {labels.CONTEXT: "/repo/assets"}
    assert steps["build:shop-api"].bases == {"base": "python:3.13-slim", "assets": folder.ref}
    # Another target needs another of them.
    assert built.build is not None
    found = decide(replace(built, build=replace(built.build, target="first")), other, builds=builds, folders=folders)
    assert nodes(found) == ["build:shop-other", "build:shop-api"]
    assert {node.id: node.step for node in found.nodes}["build:shop-api"] == replace(
        steps["build:shop-api"], bases={"thing": "shop-other"}, on=("shop-other:latest",),
        build=replace(built.build, target="first"),
        labels={**steps["build:shop-api"].labels, labels.BASES: '{"thing":"shop-other"}'},
    )  # fmt: skip


def test_a_context_takes_the_place_of_an_image_and_of_a_stage() -> None:
    text = "FROM alpine AS tools\nRUN make\nFROM docker.io/library/debian:latest\nCOPY --from=tools / /\n"
    built = composed(tools="docker-image://acme/tools:1", debian="docker-image://acme/debian:1")
    found = decide(
        built,
        builds={"api": BuildSource(text=text, digest="1")},
        engine=["acme/tools:1", "acme/debian:1"],
    )
    (node,) = found.nodes
    assert isinstance(node.step, Build)
    assert node.step.bases == {"docker.io/library/debian:latest": "acme/debian:1", "tools": "acme/tools:1"}


def test_a_build_is_made_anew_where_what_a_context_means_has_changed() -> None:
    built = composed(assets="/repo/assets")
    builds = {"api": BuildSource(text="FROM scratch\nCOPY --from=assets / /\n", digest="1")}
    was = '{"assets":"localhost/devenv/context:aaaaaaaaaaaa"}'
    there = image("shop-api", {labels.SOURCE: "1", labels.BASES: was})
    assert nodes(decide(built, builds=builds, engine=[there], folders={"/repo/assets": "a" * 64})) == []
    changed = decide(built, builds=builds, engine=[there], folders={"/repo/assets": "b" * 64})
    assert changed.causes == {"api": "base changed"}


def test_a_service_whose_image_is_built_anew_takes_those_along_that_build_on_it() -> None:
    built, other = composed(thing="service:other"), api("shop-other", name="other")
    builds = {
        "api": BuildSource(text="FROM thing\n", digest="1"),
        "other": BuildSource(text="FROM scratch\n", digest="2"),
    }
    there = image("shop-api", {labels.SOURCE: "1", labels.BASES: '{"thing":"shop-other"}'})
    mine = image("shop-other", {labels.SOURCE: "2", labels.BASES: "{}"})
    assert nodes(decide(built, other, builds=builds, engine=[there, mine])) == []
    stale = image("shop-other", {labels.SOURCE: "0", labels.BASES: "{}"})
    found = decide(built, other, builds=builds, engine=[there, stale])
    assert nodes(found) == ["build:shop-other", "build:shop-api"]
    assert isinstance(found.nodes[1].step, Build)
    assert found.nodes[1].step.on == ("shop-other:latest",)
    # It was built by itself meanwhile.
    for known, wanted in (("sha256:shop-other", []), ("sha256:older", ["build:shop-api"])):
        on = image("shop-api", {**there.labels, labels.BUILT_ON: f'{{"shop-other:latest":"{known}"}}'})
        assert nodes(decide(built, other, builds=builds, engine=[on, mine])) == wanted


def test_a_build_that_needs_itself_and_what_cannot_be_built() -> None:
    builds = {"api": BuildSource(text="FROM thing\n", digest="1")}
    with pytest.raises(DevenvError, match="needs itself"):
        decide(composed(thing="service:api"), builds=builds)
    with pytest.raises(DevenvError, match="needs gone, which cannot be built"):
        decide(composed(thing="service:gone"), builds=builds)
    refusal = DevenvError("no session", hint="x")
    refused = service("api", "shop-api", build=BuildConfig(context="/repo/api", refusals=(refusal,)))
    with pytest.raises(DevenvError, match="no session"):
        decide(refused, engine=["python:3.13-slim"])
    assert nodes(decide(refused, engine=[current(), "python:3.13-slim"])) == [], "what is there can be used"


def test_newer_bases_are_asked_for_where_the_build_says_so() -> None:
    built = service("api", "shop-api", build=BuildConfig(context="/repo/api", pull=True))
    there = image("python:3.13-slim", digests=("python@sha256:old",))
    found = decide(built, engine=[there], registry={"python:3.13-slim": "sha256:new"})
    assert nodes(found) == ["pull:python:3.13-slim", "build:shop-api"]


def test_a_call_that_may_not_build() -> None:
    with pytest.raises(DevenvError, match="shop-api is not there, and `--no-build`") as failed:
        decide(api(), engine=["python:3.13-slim"], no_build=True)
    assert "devenv build" in failed.value.hint
    stale = image("shop-api", {labels.SOURCE: "another"})
    assert nodes(decide(api(), engine=[stale], no_build=True)) == []
    # What stands in for an image that no registry has is made all the same: nobody wrote that build.
    assert nodes(decide(service("db", "postgres:17"), no_build=True, engine=["debian:trixie-slim"])) != []
