"""The pages hold to what is there: links lead somewhere, commands and options exist, named files hold what is named."""

from __future__ import annotations

import contextlib
import io
import re
import shlex
from functools import cache

import pytest

from devenv.app import compiling, data
from devenv.cli.main import run
from devenv.cli.verbs import VERBS, usage
from devenv.core.decode import decode
from devenv.extensions.probes import PROBES
from tests.e2e.pages import DOCS, PAGES, ROOT, Block, Command, read, seen

TEXTS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", *sorted(DOCS.rglob("*.md"))]
NAMES = [str(path.relative_to(ROOT)) for path in TEXTS]
TASKS = re.findall(
    r"^### \d+\. (.+?)\n(.+?)(?=^##)", (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8"), re.M | re.S
)


@pytest.mark.parametrize("name", NAMES)
def test_a_link_leads_somewhere(name: str) -> None:
    path = ROOT / name
    for target in re.findall(r"\]\(([^)\s]+)\)", path.read_text(encoding="utf-8")):
        if "://" in target:
            continue
        file, _, anchor = target.partition("#")
        there = (path.parent / file).resolve() if file else path
        assert there.exists(), target
        if anchor:
            titles = re.findall(r"^#+ (.*)$", there.read_text(encoding="utf-8"), re.M)
            assert anchor in {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}, target


def commands(name: str) -> list[str]:
    """Every command of devenv that a page names, in blocks and in its sentences."""
    text = (ROOT / name).read_text(encoding="utf-8")
    written = re.findall(r"`((?:\./dev|devenv) [^`\n]+)`", text) + re.findall(r"^\$ (.*)$", text, re.M)
    return [words for each in written for words in each.split(" | ") if re.match(r"(\./dev|devenv) ", words)]


@cache
def options(verb: str) -> str:
    """What `verb` says of its options, and of every command's."""
    with contextlib.redirect_stdout(io.StringIO()) as told:
        run([verb, "--help"])
    return told.getvalue() + usage()


@pytest.mark.parametrize("name", NAMES)
def test_a_command_and_its_options_exist(name: str) -> None:
    for written in commands(name):
        words = shlex.split(written.replace("…", "x"), comments=True)[1:]
        verb = words[0]
        if verb in ("test", "lint", "bench") or verb.startswith("-"):
            continue  # the wrapper's own
        assert verb in VERBS, written
        rest = words[1:] if verb not in ("exec", "run") else []
        for word in rest:
            if word.startswith("-"):
                assert re.search(rf"(?<!\S){re.escape(word)}(?![\w-])", options(verb)), written


def _is_compose(block: Block) -> bool:
    return "compose" in block.notes or "compose" in block.notes.get("file", "")


@pytest.mark.parametrize("page", PAGES)
def test_a_manifest_of_a_page_is_right(page: str) -> None:
    blocks = [item.thing for item in read((DOCS / f"{page}.md").read_text(encoding="utf-8"))]
    for block in blocks:
        if isinstance(block, Block) and block.language == "yaml" and not _is_compose(block):
            known = {"catalogue": data.catalogue(), "bases": compiling.bases(), "kinds": PROBES}
            assert decode(block.text, "devenv.yaml", folder="/repository", **known).name


def test_the_readme_s_manifest_is_right() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8").split("```yaml\n")[1].split("```")[0]
    assert decode(text, "x", folder="/r", catalogue=data.catalogue(), bases={}, kinds=PROBES).name == "notes"


def test_there_are_ten_tasks() -> None:
    assert len(TASKS) == 10


@pytest.mark.parametrize(("title", "body"), TASKS, ids=[title for title, _ in TASKS])
def test_the_files_of_a_task_hold_what_it_names(title: str, body: str) -> None:
    items = re.findall(r"^- (.+(?:\n  .+)*)", body, re.M)
    assert len(items) >= 3
    for item in items:
        file, *names = re.findall(r"`([^`]+)`", item)
        text = (ROOT / file).read_text(encoding="utf-8")
        for name in names:
            assert name in text, f"{file} has no {name}"


PROMISES = re.findall(
    r"^\| (.+) \| `(tests/.+\.py)` \| (\w+) \|$", (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8"), re.M
)


def test_promises_are_in_the_table() -> None:
    assert len(PROMISES) > 15


@pytest.mark.parametrize(("promise", "file", "slow"), PROMISES, ids=[promise for promise, _, _ in PROMISES])
def test_the_test_of_a_promise_is_there_and_as_slow_as_is_said(promise: str, file: str, slow: str) -> None:
    text = (ROOT / file).read_text(encoding="utf-8")
    whole = re.search(r"^pytestmark = .*\bslow\b", text, re.M)
    assert slow == ("yes" if whole else "partly" if "mark.slow" in text else "no")
    for chosen in re.findall(r"`-k (\w+)`", promise):
        assert re.search(rf"def test_\w*{chosen}", text)
    for scenario in re.findall(r"`\./dev bench (\w+)`", promise):
        assert (ROOT / "bench" / f"{scenario}.py").exists()


def test_what_a_page_shows_is_looked_for_in_order() -> None:
    output = "a: ready (1.2 s)\nweb  http://127.0.0.1:8081\nend\n"
    assert seen(("a: ready (9 s)", "…", "web http://127.0.0.1:8080", "e…"), output) == ""
    assert seen(("end", "a: ready (9 s)"), output) == "a: ready (9 s)"
    assert seen(("a: ready",), output) == "a: ready"


def test_a_page_is_read_as_files_and_commands() -> None:
    page = (
        "# T\n\n<!-- run: touch x -->\n<!-- ends: 1 -->\n```console\n$ a      # why\nsaid\n\n$ b\n```\n"
        "<!-- file: f -->\n```yaml\nname: x\n```\n"
    )
    first, second, third, block = (item.thing for item in read(page))
    assert first == Command(words="touch x", hidden=True)
    assert second == Command(words="a", shown=("said",))
    assert third == Command(words="b", code=1)
    assert isinstance(block, Block)
    assert (block.text, block.notes) == ("name: x\n", {"file": "f"})
