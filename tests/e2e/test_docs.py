"""The pages of `docs/` are true: their commands run, their output is seen, their manifests come up."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.e2e.pages import DOCS, ROOT, Block, Command, Item, Walk, read
from tests.e2e.repository import Repository
from tests.engines import new_name

pytestmark = [pytest.mark.slow, pytest.mark.engine]

SERVER = """\
import http.server, json, os, signal, sys
NOTES = [{"id": 1, "title": "Milk"}, {"id": 2, "title": "Bread"}, {"id": 3, "title": "Tea"}]
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = json.dumps(NOTES if self.path == "/notes" else {"status": "ok"}).encode()
        self.send_response(200)
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, form, *words):
        say(form % words)
def say(message):
    print(json.dumps({"level": "info", "message": message}), flush=True)
if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    say("serving")
    http.server.ThreadingHTTPServer(("", int(os.environ.get("PORT", 8000))), Handler).serve_forever()
"""
FILES = {
    ".env": "TOKEN=token-of-the-team\nNOTES_KEY=key-of-the-team\n",
    "api/Dockerfile": 'FROM python:3.13-slim\nCOPY server.py /server.py\nCMD ["python", "/server.py"]\n',
    "api/server.py": SERVER,
    "api/test_server.py": (
        "import unittest\nfrom server import NOTES\n\n\nclass Notes(unittest.TestCase):\n"
        "    def test_titles(self):\n        self.assertTrue(all(note['title'] for note in NOTES))\n"
    ),
    "db/schema.sql": (
        "CREATE TABLE IF NOT EXISTS notes (id integer PRIMARY KEY, title text NOT NULL, body text);\n"
        "CREATE TABLE IF NOT EXISTS archive (LIKE notes);\n"
    ),
    "db/queue.redis": "LPUSH work one two\n",
    "db/notes.csv": "id,title,body\n1,Milk,two litres\n2,Bread,\n3,Tea,green\n",
}
"""What lies in the repository of which the pages tell, beside its manifest."""


def items(page: str) -> list[Item]:
    """What a page holds."""
    return list(read((DOCS / f"{page}.md").read_text(encoding="utf-8")))


def manifest_of_the_first_day() -> str:
    """The manifest that the first day's page shows, and the other pages mean."""
    blocks = [item.thing for item in items("first-day") if isinstance(item.thing, Block)]
    return next(block.text for block in blocks if block.notes.get("file") == "devenv.yaml")


@contextmanager
def walk(folder: Path, *called: str) -> Iterator[Walk]:
    """A repository in `folder` to walk a page in that tells of these stacks; nothing of them is left on the engine."""
    one = Walk(folder=folder, names={name: new_name() for name in called})
    try:
        yield one
    finally:
        for name in one.names.values():
            Repository(folder, name).clean()


def work_through(page: str, one: Walk) -> None:
    """Everything that `page` says to do."""
    for item in items(page):
        try:
            if isinstance(item.thing, Command):
                one.run(item.thing)
            elif "file" in item.thing.notes:
                one.write(item.thing.notes["file"], item.thing.text)
        except AssertionError as error:
            raise AssertionError(f"docs/{page}.md:{item.line}: {error}") from None


@pytest.mark.parametrize("page", ["every-day", "when-it-fails"])
def test_what_a_page_says_happens(page: str, tmp_path: Path) -> None:
    with walk(tmp_path / "notes", "notes", "shop") as one:
        for path, text in {**FILES, "devenv.yaml": manifest_of_the_first_day()}.items():
            one.write(path, text)
        work_through(page, one)
        assert len(one.done) > 15


def test_the_first_day_goes_as_its_page_says(tmp_path: Path) -> None:
    checkout = tmp_path / "devenv"
    subprocess.run(["git", "clone", "-q", str(ROOT), str(checkout)], check=True, timeout=120)
    with walk(checkout, "shop", "notes") as one:
        one.write("devenv.yaml", (checkout / "devenv.yaml").read_text(encoding="utf-8"))
        for path, text in FILES.items():
            one.write(f"notes/{path}", text)
        work_through("first-day", one)


def test_a_compose_file_of_your_own_goes_as_its_page_says(tmp_path: Path) -> None:
    with walk(tmp_path / "notes", "notes") as one:
        for path, text in {**FILES, ".gitignore": "*\n!compose.yaml\n"}.items():
            one.write(path, text)
        subprocess.run(["git", "init", "-q"], cwd=one.folder, check=True, timeout=60)
        work_through("your-compose-file", one)
        assert len(one.done) > 8


EXAMPLES = [item for item in items("manifest-by-example") if isinstance(item.thing, Block)]


@pytest.mark.parametrize("item", EXAMPLES, ids=lambda item: f"line {item.line}")
def test_an_example_comes_up(item: Item, tmp_path: Path) -> None:
    assert isinstance(item.thing, Block)
    with walk(tmp_path / "notes", "notes", "shop") as one:
        for path, text in FILES.items():
            one.write(path, text)
        one.write("compose.yaml" if "compose" in item.thing.notes else "devenv.yaml", item.thing.text)
        one.run(Command(words="devenv config --services"))
        if item.thing.notes:  # the others need the shop's images, or show what is missing
            one.run(Command(words="devenv up", shown=("notes is up (1 s).",)))
            one.run(Command(words="devenv up", shown=("notes: nothing to do",)))
