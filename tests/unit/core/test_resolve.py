"""Which image is used, and what makes it: engine, else registry, else recipe."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest

from devenv.core.alike import UNKNOWN
from devenv.core.imagefacts import BuildSource, Facts, Images, Missing
from devenv.core.recipes import Recipes, RecipeSource, bases_label, full
from devenv.core.resolve import resolve
from devenv.model import labels
from devenv.model.errors import DevenvError, DevenvErrors, ExitCode, Span
from devenv.model.manifest import Recipe
from devenv.model.observed import ObservedImage
from devenv.model.plan import Bootstrap, Build, Pull
from devenv.model.stack import Build as BuildConfig
from devenv.model.stack import Service, Stack

BASE = "debian:trixie-slim"
CA = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"


def recipe(name: str, version: str, *tags: str, text: str = f"FROM {BASE}\nRUN true\n") -> RecipeSource:
    bootstrap = name == "debian"
    return RecipeSource(
        recipe=Recipe(
            name=name, image=name, version=version, tags=tags, suite="trixie", folder=f"/r/{name}", bootstrap=bootstrap
        ),
        digest="" if bootstrap else f"files of {name}",
        text="" if bootstrap else text,
    )


SOURCES = (
    recipe("debian", "13", "trixie", "trixie-slim", "13"),
    recipe("postgres", "17", "17", "17-*", "latest"),
    recipe("python", "3.13", "3.13", "3.13-slim"),
)
PLAIN = Recipes(SOURCES)
TRUSTING = Recipes(SOURCES, CA)


def service(name: str, image: str, *, build: BuildConfig | None = None, **more: Any) -> Service:
    return Service(
        name=name,
        config=more.pop("config", {}),
        image=image,
        container_name=f"shop-{name}-1",
        build=build,
        where=Span(file="compose.yaml", line=3),
        **more,
    )


def api(image: str = "shop-api", *, name: str = "api") -> Service:
    return service(name, image, build=BuildConfig(context=f"/repo/{name}"))


def stack(*services: Service) -> Stack:
    return Stack(
        project="shop",
        folder="/repo",
        working_dir="/repo",
        files=("/repo/compose.yaml",),
        services={s.name: s for s in services},
        networks={},
        volumes={},
    )


def image(ref: str, made: Mapping[str, str] | None = None, **more: Any) -> ObservedImage:
    return ObservedImage(ref=ref, id=f"sha256:{ref}", labels=made or {}, **more)


def decide(
    *services: Service,
    recipes: Recipes = PLAIN,
    engine: Sequence[ObservedImage | str] = (),
    registry: Mapping[str, str] | None = None,
    text: str = "FROM python:3.13-slim\nRUN true\n",
    asked: list[str] | None = None,
    **more: Any,
) -> Images:
    """As app does it: looks and asks until it is decided. `registry` None: none answers."""
    there = {full(i if isinstance(i, str) else i.ref): image(i) if isinstance(i, str) else i for i in engine}
    builds = {s.name: BuildSource(text=text, digest=f"digest of {s.name}") for s in services if s.build}
    facts = Facts(stack=stack(*services), recipes=recipes, **{"builds": builds, **more})
    for _ in range(12):
        found = resolve(facts)
        if isinstance(found, Images):
            return found
        assert found != Missing()
        answers = {ref: None if registry is None else registry.get(ref, "") for ref in found.registry}
        if asked is not None:
            asked += found.registry
        facts = replace(
            facts,
            have={**facts.have, **{ref: there.get(ref) for ref in found.images}},
            registry={**facts.registry, **answers},
        )
    raise AssertionError(f"asks without end: {found}")


def nodes(images: Images) -> list[str]:
    seen: set[str] = set()
    for node in images.nodes:
        assert set(node.needs) <= seen, "stands before what it needs"
        seen.add(node.id)
    return [node.id for node in images.nodes]


def current(
    *, on: str = "python:3.13-slim", digest: str = "digest of api", base: str = "python:3.13-slim"
) -> ObservedImage:
    return image("shop-api", {labels.SOURCE: digest, labels.BASES: bases_label({base: on})})


# Images that run as they are


def test_what_the_engine_has_is_used_and_no_registry_is_asked() -> None:
    asked: list[str] = []
    found = decide(service("db", "postgres:17"), engine=["postgres:17"], asked=asked)
    assert found == Images(
        use={"db": "postgres:17"}, after={"db": ()}, variables={"DEVENV_IMAGE_DB": "postgres:17"}, causes={}
    )
    assert asked == []


def test_what_a_registry_has_is_pulled() -> None:
    found = decide(service("my-db", "docker.io/library/postgres:17"), registry={"postgres:17": "sha256:1"})
    assert nodes(found) == ["pull:postgres:17"]
    assert found.nodes[0].step == Pull(service="my-db", ref="docker.io/library/postgres:17")
    assert found.nodes[0].cause == "no image"
    assert found.after == {"my-db": ("pull:postgres:17",)}
    assert found.causes == {"my-db": "no image"}
    assert found.variables == {"DEVENV_IMAGE_MY_DB": "docker.io/library/postgres:17"}


def test_where_no_registry_answers_the_recipe_is_built_from_the_bottom() -> None:
    asked: list[str] = []
    found = decide(service("db", "postgres:17"), asked=asked)
    debian, postgres = PLAIN.ref(SOURCES[0]), PLAIN.ref(SOURCES[1])
    assert nodes(found) == [f"bootstrap:{debian}", f"build:{postgres}"]
    assert isinstance(found.nodes[0].step, Bootstrap)
    build = found.nodes[1].step
    assert isinstance(build, Build)
    assert (build.bases, build.build.context, build.service) == ({BASE: debian}, "/r/postgres", "db")
    assert found.use == {"db": postgres}
    assert found.variables == {"DEVENV_IMAGE_DB": postgres}
    assert found.nodes[1].cause == "no registry answers for postgres:17"
    assert sorted(asked) == [BASE, "postgres:17"]


def test_a_substitute_that_is_there_is_used_without_a_question() -> None:
    asked: list[str] = []
    substitute = PLAIN.ref(SOURCES[1])
    running = service("db", "localhost/devenv/postgres:17-0123456789ab", official="postgres:17")
    found = decide(running, engine=[substitute], registry={"postgres:17": "sha256:1"}, asked=asked)
    assert (found.use, found.nodes, asked) == ({"db": substitute}, (), [])


def test_an_image_that_the_person_chose_is_not_replaced() -> None:
    chosen = service("db", "mirror.corp/postgres:17", official="postgres:17")
    assert decide(chosen, engine=["mirror.corp/postgres:17"]).use == {"db": "mirror.corp/postgres:17"}


def test_a_recipe_whose_base_a_registry_has_builds_on_that() -> None:
    found = decide(service("db", "postgres:17"), registry={BASE: "sha256:2"})
    assert nodes(found) == [f"pull:{BASE}", f"build:{PLAIN.ref(SOURCES[1])}"]
    assert found.nodes[1].cause == "no registry has it for postgres:17"


def test_a_version_that_nothing_can_deliver_names_those_that_can_be_had() -> None:
    with pytest.raises(DevenvError) as refused:
        decide(service("db", "postgres:15"))
    assert refused.value.code == ExitCode.UNFIT
    assert "postgres:15" in refused.value.message
    assert "docker.io does not answer" in refused.value.message
    assert "`postgres:17`" in refused.value.hint
    assert refused.value.where == Span(file="compose.yaml", line=3)


def test_an_image_without_recipe_or_registry_and_all_errors_at_once() -> None:
    with pytest.raises(DevenvErrors) as refused:
        decide(
            service("a", "acme/one:1"),
            service("b", "registry.corp:5000/two"),
            service("c", "postgres:17", config={"pull_policy": "never"}),
            service("d", "localhost/devenv/gone:1"),
            recipes=Recipes(()),
        )
    messages = [error.message for error in refused.value.errors]
    assert [m.split(" cannot")[0] for m in messages] == [
        "the image acme/one:1",
        "the image registry.corp:5000/two",
        "the image postgres:17",
        "the image localhost/devenv/gone:1",
    ]
    assert "registry.corp:5000 does not answer" in messages[1]
    assert "pull_policy: never" in messages[2]
    assert all(error.hint and error.code == ExitCode.UNFIT for error in refused.value.errors)


def test_where_one_must_come_up_all_the_same_only_those_that_need_an_image_fail() -> None:
    found = decide(service("a", "acme/one:1"), service("b", "nginx:1"), engine=["nginx:1"], lenient=True)
    assert nodes(found) == ["pull:acme/one:1"]
    assert found.after == {"a": ("pull:acme/one:1",), "b": ()}


def test_a_registry_that_says_no_is_told_from_one_that_is_silent() -> None:
    with pytest.raises(DevenvError, match="has no such image, or wants a login") as refused:
        decide(service("a", "acme/one:1"), registry={})
    assert "docker login docker.io" in refused.value.hint


@pytest.mark.parametrize(
    ("offered", "expected"), [("sha256:1", []), ("sha256:2", ["pull:nginx:1"]), (None, []), ("", [])]
)
def test_pull_asks_for_what_the_registry_has_newer(offered: str | None, expected: list[str]) -> None:
    there = image("nginx:1", digests=("nginx@sha256:1",))
    registry = None if offered is None else {"nginx:1": offered}
    found = decide(service("web", "nginx:1"), engine=[there], registry=registry, pull=True)
    assert nodes(found) == expected
    always = service("web", "nginx:1", config={"pull_policy": "always"})
    assert nodes(decide(always, engine=[there], registry=registry)) == expected


def test_a_node_that_several_need_is_shown_under_none() -> None:
    found = decide(service("a", "postgres:17"), api())
    shown = {node.id.split(":")[1].rpartition("/")[2]: node.step.service for node in found.nodes}
    assert shown == {"debian": "", "postgres": "a", "python": "api", "shop-api": "api"}
    assert {node.resource for node in found.nodes} == {"build"}


# Dockerfiles


def test_a_build_without_an_image() -> None:
    found = decide(api(), registry={"python:3.13-slim": "sha256:1"})
    assert nodes(found) == ["pull:python:3.13-slim", "build:shop-api"]
    step = found.nodes[1].step
    assert isinstance(step, Build)
    assert (step.ref, step.bases, step.drop_syntax, step.trust) == ("shop-api", {}, False, False)
    assert step.labels == {
        labels.PROJECT: "shop",
        labels.SERVICE: "api",
        labels.VERSION: labels.COMPOSE_VERSION,
        labels.SOURCE: "digest of api",
        labels.BASES: '{"python:3.13-slim":"python:3.13-slim"}',
    }
    assert found.causes == {"api": "no image"}
    assert found.variables == {}


@pytest.mark.parametrize(
    ("there", "more", "cause"),
    [
        (current(), {}, ""),
        (current(on=PLAIN.ref(SOURCES[2])), {}, ""),
        (current(digest="other"), {}, "source changed"),
        (current(on="localhost/devenv/python:3.13-0"), {}, "base changed"),
        (image("shop-api", {labels.SOURCE: "digest of api"}), {}, "base changed"),
        (image("shop-api"), {}, "source changed"),
        (image("shop-api", {labels.SERVICE: "api"}), {}, ""),
        (image("shop-api", {labels.IMAGE_BUILDER: "classic"}), {}, ""),
        (image("shop-api", {labels.IMAGE_BUILDER: "bake", labels.SERVICE: "web"}), {}, "source changed"),
        (current(), {"build": True}, "asked for"),
    ],
)
def test_a_build_happens_again_only_for_a_reason(there: ObservedImage, more: dict[str, Any], cause: str) -> None:
    found = decide(api(), engine=[there, "python:3.13-slim"], **more)
    assert nodes(found) == (["build:shop-api"] if cause else [])
    assert found.causes == ({"api": cause} if cause else {})


def test_what_compose_built_is_taken_as_it_is_until_its_sources_change() -> None:
    marks = {labels.SERVICE: "api", labels.BASES: UNKNOWN}
    there = image("shop-api", {**marks, labels.SOURCE: "digest of api"})
    assert decide(api(), engine=[there]).nodes == ()
    there = image("shop-api", {**marks, labels.SOURCE: "an older one"})
    assert decide(api(), engine=[there]).causes == {"api": "source changed"}


def test_a_current_build_asks_for_no_base() -> None:
    asked: list[str] = []
    assert decide(api(), engine=[current()], asked=asked).nodes == ()
    assert asked == []


def test_bases_are_replaced_by_recipes_and_silent_registries_leave_syntax_out() -> None:
    found = decide(api(), text="# syntax=docker/dockerfile:1\nFROM python:3.13-slim\nRUN true\n")
    step = found.nodes[-1].step
    assert isinstance(step, Build)
    assert step.bases == {"python:3.13-slim": PLAIN.ref(SOURCES[2])}
    assert step.drop_syntax


def test_a_base_that_nothing_delivers_is_shown_at_its_from() -> None:
    with pytest.raises(DevenvError) as refused:
        decide(api(), text="ARG V=3\nFROM acme/base:$V\n")
    assert refused.value.where == Span(
        file="/repo/api/Dockerfile", line=2, column=6, length=12, text="FROM acme/base:$V"
    )


def test_a_service_may_build_on_another_service() -> None:
    base, user = api("shop-base", name="base"), api("shop-user", name="user")
    builds = {
        "base": BuildSource(text="FROM scratch", digest="1"),
        "user": BuildSource(text="FROM shop-base\nRUN true", digest="2"),
    }
    found = decide(user, base, builds=builds, recipes=TRUSTING)
    assert nodes(found) == ["build:shop-base", "build:shop-user"]
    fresh = image("shop-user", {labels.SOURCE: "2", labels.BASES: '{"shop-base":"shop-base"}'})
    found = decide(user, base, builds=builds, engine=[fresh])
    assert found.causes == {"user": "base changed", "base": "no image"}
    both = [fresh, image("shop-base", {labels.SOURCE: "1", labels.BASES: "{}"})]
    assert decide(user, base, builds=builds, engine=both).nodes == ()


def test_an_image_that_builds_on_its_own_name_and_one_that_another_runs() -> None:
    builds = {"api": BuildSource(text="FROM python:3.13-slim", digest="1")}
    own = api("python:3.13-slim")
    found = decide(own, service("worker", "python:3.13-slim"), builds=builds, engine=["python:3.13-slim"])
    assert nodes(found) == ["build:python:3.13-slim"]
    assert found.after == {"api": ("build:python:3.13-slim",), "worker": ("build:python:3.13-slim",)}


# A host with private CAs


def test_bases_with_a_run_are_wrapped_for_private_cas() -> None:
    text = "FROM golang:1 AS build\nRUN true\nFROM distroless/base\nCOPY --from=build /a /a\n"
    found = decide(api(), text=text, engine=["golang:1", "distroless/base"], recipes=TRUSTING)
    wrapped = TRUSTING.trusted("golang:1")
    assert wrapped.startswith("localhost/devenv/trusted/golang:1-")
    assert nodes(found) == [f"build:{wrapped}", "build:shop-api"]
    wrap, build = (node.step for node in found.nodes)
    assert isinstance(wrap, Build)
    assert isinstance(build, Build)
    assert (wrap.trust, wrap.build.context) == (True, "")
    assert "FROM golang:1 AS base" in (wrap.build.inline or "")
    assert build.bases == {"golang:1": wrapped}
    made = image("shop-api", build.labels)
    assert decide(api(), text=text, engine=[made], recipes=TRUSTING).nodes == ()
    assert decide(api(), text=text, engine=[made, "golang:1", "distroless/base"]).causes == {"api": "base changed"}


def test_a_wrapped_base_that_is_there_is_used_unless_its_base_comes_anew() -> None:
    wrapped = TRUSTING.trusted("golang:1")
    text = "FROM golang:1\nRUN true\n"
    assert nodes(decide(api(), text=text, engine=["golang:1", wrapped], recipes=TRUSTING)) == ["build:shop-api"]
    found = decide(api(), text=text, engine=[wrapped], registry={"golang:1": "sha256:1"}, recipes=TRUSTING)
    assert nodes(found) == ["pull:golang:1", f"build:{wrapped}", "build:shop-api"]


def test_recipes_trust_from_their_lowest_layer_on() -> None:
    root, debian, python = TRUSTING.root(SOURCES[0]), TRUSTING.ref(SOURCES[0]), TRUSTING.ref(SOURCES[2])
    found = decide(api(), recipes=TRUSTING)
    assert nodes(found) == [f"bootstrap:{root}", f"build:{debian}", f"build:{python}", "build:shop-api"]
    assert debian == TRUSTING.trusted(root)
    assert found.nodes[2].step.bases == {BASE: debian}  # type: ignore[attr-defined]
    again = decide(api(), engine=[root], recipes=TRUSTING)
    assert nodes(again) == [f"build:{debian}", f"build:{python}", "build:shop-api"]


def test_tags_follow_what_they_are_made_of_alone() -> None:
    other = replace(SOURCES[1], digest="other")
    assert Recipes((SOURCES[0], other)).ref(other) != PLAIN.ref(SOURCES[1])
    assert Recipes(SOURCES[:2]).ref(SOURCES[1]) == PLAIN.ref(SOURCES[1])
    assert PLAIN.ref(SOURCES[1]) != TRUSTING.ref(SOURCES[1])
    assert Recipes(SOURCES, CA + CA).trusted("a") != TRUSTING.trusted("a")
    for ref in ("a", "registry.corp:5000/A_b/c:t", "x@sha256:" + "0" * 64, "y:" + "t" * 128):
        name, _, tag = TRUSTING.trusted(ref).rpartition(":")
        assert name == name.lower()
        assert len(tag) <= 128
        assert ":" not in name


def test_a_recipe_that_builds_on_itself_is_said() -> None:
    loop = recipe("loop", "1", "1", text="FROM loop:1\n")
    with pytest.raises(DevenvError, match="loop → loop"):
        decide(service("a", "loop:1"), recipes=Recipes([loop]))
