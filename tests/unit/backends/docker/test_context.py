"""Build contexts: what the digest sees, and what it does not read again."""

from __future__ import annotations

import io
import json
import os
import tarfile
import time
from dataclasses import replace
from pathlib import Path

import pytest

from devenv.backends.docker import context
from devenv.model.errors import DevenvError
from devenv.model.stack import Build


@pytest.fixture
def build(tmp_path: Path) -> Build:
    (tmp_path / "Dockerfile").write_text("FROM scratch\n")
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "a").write_text("one")
    (tmp_path / "link").symlink_to("src/a")
    past = time.time() - 60
    for path in (tmp_path / "Dockerfile", tmp_path / "src" / "a"):
        os.utime(path, (past, past))
    return Build(context=str(tmp_path), args={"A": "1"}, labels={"b": "2"})


def test_times_and_owners_do_not_count(build: Build) -> None:
    before = context.digest(build)
    os.utime(Path(build.context) / "src" / "a")
    assert context.digest(build) == before


def test_everything_that_shapes_the_image_counts(build: Build) -> None:
    seen = [context.digest(build)]
    for other in ({"args": {"A": "2"}}, {"labels": {}}, {"target": "t"}, {"platform": "p"}, {"inline": "FROM x"}):
        seen.append(context.digest(replace(build, **other)))  # type: ignore[arg-type]
    folder = Path(build.context)
    (folder / "src" / "a").chmod(0o755)
    seen.append(context.digest(build))
    (folder / "src" / "a").rename(folder / "src" / "b")
    seen.append(context.digest(build))
    (folder / "empty").mkdir()
    seen.append(context.digest(build))
    (folder / "link").unlink()
    (folder / "link").symlink_to("src/b")
    seen.append(context.digest(build))
    assert len(set(seen)) == len(seen)


def test_what_is_ignored_does_not_count_nor_is_it_sent(build: Build) -> None:
    folder = Path(build.context)
    (folder / ".dockerignore").write_text("*.log\nnode_modules\n!node_modules/keep\n")
    before = context.digest(build)
    (folder / "x.log").write_text("x")
    (folder / "node_modules").mkdir()
    (folder / "node_modules" / "big").write_text("x")
    assert context.digest(build) == before
    (folder / "node_modules" / "keep").write_text("x")
    assert context.digest(build) != before
    files = context.entries(build)
    with tarfile.open(fileobj=io.BytesIO(b"".join(context.tar(files, {"Dockerfile": b"FROM other\n"})))) as tar:
        names = tar.getnames()
        sent = tar.extractfile("Dockerfile")
        assert sent is not None
        assert sent.read() == b"FROM other\n"
        assert tar.getmember("link").linkname == "src/a"
    assert sorted(names) == [".dockerignore", "Dockerfile", "link", "node_modules", "node_modules/keep", "src", "src/a"]


def test_what_devenv_writes_itself_does_not_count_nor_is_it_sent(build: Build) -> None:
    before, sent = context.digest(build), [entry.path for entry in context.entries(build)]
    for place in (".devenv/runs/1.jsonl", "sub/.devenv/looks.json"):
        path = Path(build.context, place)
        path.parent.mkdir(parents=True)
        path.write_text("{}")
    inside = Path(build.context, ".devcontainer")
    inside.mkdir()
    (inside / ".env").write_text("KEY=secret")
    added = {entry.path for entry in context.entries(build)} - set(sent)
    assert added == {".devcontainer", "sub"}
    inside.joinpath("compose.yaml").write_text("services: {}")
    assert context.digest(build) != before
    assert ".devcontainer/compose.yaml" in {entry.path for entry in context.entries(build)}


def test_an_unchanged_file_is_not_read_again(build: Build, tmp_path_factory: pytest.TempPathFactory) -> None:
    memo = tmp_path_factory.mktemp("memo") / "digests.json"
    first = context.digest(build, str(memo))
    assert not memo.exists()  # too young to be sure of
    assert context.digest(build, str(memo), settled=-1) == first
    kept = json.loads(memo.read_text())
    assert {os.path.relpath(path, build.context) for path in kept} == {"Dockerfile", "src/a"}
    memo.write_text(json.dumps({path: [*stamp, "as remembered"] for path, (*stamp, _) in kept.items()}))
    assert context.digest(build, str(memo)) != first
    (Path(build.context) / "src" / "a").write_text("more")
    again = context.digest(build, str(memo))
    memo.write_text("torn {")
    assert context.digest(build, str(memo)) not in (first, again)


def test_gits_own_folder_counts_only_where_the_dockerfile_copies_it(tmp_path: Path) -> None:
    head, module = tmp_path / ".git" / "HEAD", tmp_path / "vendored" / ".git"
    head.parent.mkdir()
    module.parent.mkdir()
    digests = []
    for commit in ("one", "two"):
        head.write_text(commit)
        module.write_text("gitdir: one")
        builds = (Build(context=str(tmp_path), inline=f"FROM x\nCOPY {what} /app\n") for what in ("vendored", "."))
        digests.append([context.digest(build) for build in builds])
    assert digests[0][0] == digests[1][0]
    assert digests[0][1] != digests[1][1]


def test_a_build_without_a_context_sends_nothing(tmp_path: Path) -> None:
    build = Build(context="", inline="FROM scratch\n")
    assert context.entries(build) == ()
    assert context.sent_dockerfile(build, ()) == context.IGNORED_DOCKERFILE


def test_what_cannot_be_read_is_named(build: Build, tmp_path: Path) -> None:
    with pytest.raises(DevenvError, match="is not a folder"):
        context.dockerfile(Build(context=str(tmp_path / "none")))
    with pytest.raises(DevenvError, match="is not a folder"):
        context.entries(replace(build, context=str(tmp_path / "nowhere")))
    with pytest.raises(DevenvError, match="cannot be read"):
        context.dockerfile(replace(build, dockerfile="Other"))
    # A file that loses bytes while it is sent must not be sent as another.
    files = context.entries(build)
    (tmp_path / "src" / "a").write_text("")
    with pytest.raises(DevenvError, match="became shorter"):
        list(context.tar(files, {}))
