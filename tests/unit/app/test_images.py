"""What is read and asked before images are chosen: on the engine in memory."""

from __future__ import annotations

import os
import subprocess
import threading
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from devenv.app.built import remember
from devenv.app.images import ask, choose, read_recipe
from devenv.backends.fake import FakeEngine
from devenv.model import labels
from devenv.model.errors import DevenvError, DevenvErrors, ExitCode, Span
from devenv.model.events import Done
from devenv.model.manifest import Recipe
from devenv.model.plan import Bootstrap, Build, Node
from devenv.model.protocols import Trust
from devenv.model.stack import Build as BuildConfig
from devenv.model.stack import Service, Stack
from devenv.run.cancel import CancelToken
from tests.engines import Told


class Counting(FakeEngine):
    """Says what it was asked; may be slow to say what registries have."""

    def __init__(self, *, patience: float = 0.0, **more: Any) -> None:
        super().__init__(**more)
        self.looked: list[str] = []
        self.asked: list[str] = []
        self._patience = threading.Event()
        self._seconds = patience

    def image(self, ref: str) -> Any:
        self.looked.append(ref)
        return super().image(ref)

    def registry_digest(self, ref: str, timeout: float) -> str | None:
        self.asked.append(ref)
        if self._seconds:
            self._patience.wait(self._seconds)
        return super().registry_digest(ref, timeout)


def stack(folder: Path, **images: str) -> Stack:
    """Services by image; one that says `build` is built from the folder of its name."""
    services = {
        name: Service(
            name=name,
            config={},
            image=f"shop-{name}" if image == "build" else image,
            container_name=f"shop-{name}-1",
            build=BuildConfig(context=str(folder / name)) if image == "build" else None,
        )
        for name, image in images.items()
    }
    return Stack(
        project="shop",
        folder=str(folder),
        working_dir=str(folder),
        files=(),
        services=services,
        networks={},
        volumes={},
    )


def recipes(folder: Path) -> tuple[Recipe, ...]:
    made = folder / "recipes" / "postgres"
    made.mkdir(parents=True)
    (made / "Dockerfile").write_text("FROM debian:trixie-slim\nRUN true\n")
    (made / "service.yaml").write_text("name: postgres\n")
    return (
        Recipe(name="debian", image="debian", version="13", tags=("trixie-slim",), suite="trixie", bootstrap=True),
        Recipe(name="postgres", image="postgres", version="17", tags=("17",), suite="trixie", folder=str(made)),
    )


def perform(engine: FakeEngine, nodes: Sequence[Node]) -> None:
    for node in nodes:
        if isinstance(node.step, Bootstrap):
            engine.import_image(node.step.ref, [b"tar"], labels=node.step.labels, cancel=CancelToken())
        elif isinstance(node.step, Build):
            engine.build(node.step, trust=Trust(), report=Told(), cancel=CancelToken())


@pytest.fixture
def api(tmp_path: Path) -> Path:
    folder = tmp_path / "api"
    folder.mkdir()
    (folder / "Dockerfile").write_text("FROM debian:trixie-slim\nCOPY main.py /\n")
    (folder / "main.py").write_text("print(1)\n")
    past = time.time() - 60
    for path in folder.iterdir():
        os.utime(path, (past, past))
    return folder


def test_everything_is_made_once_and_then_nothing_is_to_do(tmp_path: Path, api: Path) -> None:
    engine, shop, kitchen = Counting(), stack(tmp_path, db="postgres:17", api="build"), recipes(tmp_path)
    first = choose(shop, engine=engine, recipes=kitchen, certificates="", memos=tmp_path)
    assert [node.step.verb for node in first.nodes] == ["Bootstrap", "Build", "Build"]
    assert sorted(engine.asked) == ["debian:trixie-slim", "postgres:17"]
    perform(engine, first.nodes)
    engine.looked.clear()
    engine.asked.clear()
    again = choose(shop, engine=engine, recipes=kitchen, memos=tmp_path)
    assert (again.nodes, again.causes, again.use) == ((), {}, first.use)
    assert engine.asked == []
    assert set(engine.looked) == {"postgres:17", "shop-api:latest", first.use["db"]}
    (api / "main.py").write_text("print(2)\n")
    assert choose(shop, engine=engine, recipes=kitchen, memos=tmp_path).causes == {"api": "source changed"}


def test_a_recipe_is_made_anew_when_its_files_change_not_when_its_description_does(tmp_path: Path) -> None:
    _, postgres = recipes(tmp_path)
    first = read_recipe(postgres)
    (Path(postgres.folder) / "service.yaml").write_text("name: other\n")
    assert read_recipe(postgres) == first
    (Path(postgres.folder) / "Dockerfile").chmod(0o755)
    assert read_recipe(postgres).digest != first.digest


def test_an_image_that_compose_built_stays_until_its_sources_change(tmp_path: Path, api: Path) -> None:
    engine, shop = Counting(images=["debian:trixie-slim"]), stack(tmp_path, api="build")
    by_compose = Build(ref="shop-api", build=BuildConfig(context=str(api)), labels={labels.SERVICE: "api"})
    engine.build(by_compose, trust=Trust(), report=Told(), cancel=CancelToken())
    ahead = time.time() + 60
    os.utime(api / "main.py", (ahead, ahead))  # as after a clone: Compose's build took all from its cache
    assert choose(shop, engine=engine).nodes == ()
    assert choose(shop, engine=engine, memos=tmp_path).nodes == ()
    (api / "main.py").write_text("print(2)\n")
    assert choose(shop, engine=engine).nodes == ()  # nothing is remembered
    assert choose(shop, engine=engine, memos=tmp_path).causes == {"api": "source changed"}
    engine.build(replace(by_compose, drop_syntax=True, bases={"a": "b"}), trust=Trust(), report=Told(),
                 cancel=CancelToken())  # fmt: skip
    assert choose(shop, engine=engine, memos=tmp_path).nodes == ()  # Compose built it again, of the new ones


def test_what_a_build_left_as_it_was_fits_the_sources_of_now(tmp_path: Path, api: Path) -> None:
    engine, shop = Counting(images=["debian:trixie-slim"]), stack(tmp_path, api="build")
    memos = tmp_path / ".devenv"
    memos.mkdir()
    perform(engine, choose(shop, engine=engine, memos=memos).nodes)
    (api / "main.py").write_text("print(2)\n")
    (node,) = choose(shop, engine=engine, memos=memos).nodes
    assert isinstance(node.step, Build)
    image = engine.image("shop-api")
    assert image is not None
    fits = {key: node.step.labels[key] for key in (labels.SOURCE, labels.BASES)}
    remember(tmp_path, [Done(data={"image": image.id, "fits": fits}), Done()])
    assert choose(shop, engine=engine, memos=memos).nodes == ()
    (memos / "built.json").write_text('{"torn": 1, ')
    assert choose(shop, engine=engine, memos=memos).causes == {"api": "source changed"}


def test_all_contexts_that_cannot_be_read_are_said_at_once(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    with pytest.raises(DevenvErrors) as refused:
        choose(stack(tmp_path, a="build", b="build"), engine=FakeEngine())
    assert [error.code for error in refused.value.errors] == [ExitCode.INPUT, ExitCode.INPUT]


def test_questions_are_asked_at_once_and_given_up_in_time() -> None:
    engine = Counting(patience=30, registry=["a:1"])
    begun = time.monotonic()
    assert ask(engine, ["a:1", "b:1", "c:1"], begun + 0.3) == {"a:1": None, "b:1": None, "c:1": None}
    assert time.monotonic() - begun < 5
    assert len(engine.asked) == 3


def test_a_question_that_fails_is_as_good_as_no_answer() -> None:
    class Broken(FakeEngine):
        def registry_digest(self, ref: str, timeout: float) -> str | None:
            raise DevenvError("gone", hint="start it")

    assert ask(Broken(), ["a:1"], time.monotonic() + 1) == {"a:1": None}
    answer = ask(FakeEngine(registry=["a:1"]), ["a:1", "b:1"], time.monotonic() + 5)
    assert (answer["a:1"] or "").startswith("sha256:")
    assert answer["b:1"] == ""


def composed(tmp_path: Path, build: BuildConfig) -> Stack:
    """The stack of one service with `build`."""
    shop = stack(tmp_path, api="build")
    return replace(shop, services={"api": replace(shop.services["api"], build=build)})


def test_what_is_in_a_folder_that_is_a_further_context_counts(tmp_path: Path, api: Path) -> None:
    assets = tmp_path / "assets"
    assets.mkdir()
    (assets / "one").write_text("1")
    (api / "Dockerfile").write_text("FROM scratch\nCOPY --from=assets / /\n")
    engine, shop = Counting(), composed(tmp_path, BuildConfig(context=str(api), contexts={"assets": str(assets)}))
    first = choose(shop, engine=engine, memos=tmp_path)
    assert [node.step.object.partition(":")[0] for node in first.nodes] == ["localhost/devenv/context", "shop-api"]
    perform(engine, first.nodes)
    assert choose(shop, engine=engine, memos=tmp_path).nodes == ()
    (assets / "one").write_text("2")
    assert choose(shop, engine=engine, memos=tmp_path).causes == {"api": "source changed"}
    gone = composed(tmp_path, BuildConfig(context=str(api), contexts={"assets": str(tmp_path / "gone")}))
    with pytest.raises(DevenvError, match=r"the context `assets` of the build, .*gone, is not a folder"):
        choose(gone, engine=engine)


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    folder = tmp_path / "repository"
    folder.mkdir()
    (folder / "Dockerfile").write_text("FROM scratch\n")
    git = ["git", "-C", str(folder), "-c", "user.name=a", "-c", "user.email=a@a.test"]
    for words in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "one"]):
        subprocess.run([*git, *words], check=True)
    return folder


def test_a_build_from_a_repository_is_one_from_the_folder_that_it_is_fetched_to(
    tmp_path: Path, repository: Path
) -> None:
    place = f"file://{repository}"
    shop = composed(tmp_path, BuildConfig(context=place, contexts={"more": place}))
    (node,) = choose(shop, engine=Counting()).nodes
    assert isinstance(node.step, Build)
    assert node.step.build.context.startswith(str(tmp_path / "cache"))
    assert node.step.build.contexts == {"more": node.step.build.context}


def test_a_repository_that_cannot_be_fetched_is_of_no_matter_where_the_image_is_there(tmp_path: Path) -> None:
    place = Span(file="compose.yaml", line=3)
    shop = composed(tmp_path, BuildConfig(context=f"file://{tmp_path}/none", where=place))
    engine = Counting()
    by_compose = Build(ref="shop-api", build=BuildConfig(context="", inline="FROM x"), labels={labels.SERVICE: "api"})
    engine.build(by_compose, trust=Trust(), report=Told(), cancel=CancelToken())
    assert choose(shop, engine=engine).nodes == ()
    with pytest.raises(DevenvError, match="cannot be fetched") as failed:
        choose(shop, engine=engine, build=True)
    assert failed.value.where == place
    with pytest.raises(DevenvError, match="cannot be fetched"):
        choose(shop, engine=Counting())
