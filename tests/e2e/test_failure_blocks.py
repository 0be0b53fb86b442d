"""What a person reads after a failure: one block a service, what is wrong first, what to do last."""

from __future__ import annotations

import re
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.repository import Repository, made
from tests.engines import BASE, new_name

pytestmark = pytest.mark.engine

SERVER = "$$s = IO::Socket::INET->new(Listen => 50, LocalAddr => '%s', LocalPort => %d); push @c, $$s->accept while 1"
EVERY, LOOPBACK = "0.0.0.0", "127.0.0.1"
MANIFEST = """\
name: {name}
services:
  crash:
    image: BASE
    command: ["sh", "-c", "echo reading settings; echo 'KeyError: DATABASE_URL'; exit 3"]
    ready: {{tcp: 8000}}
  behind:
    image: BASE
    command: ["sleep", "600"]
    depends_on: {{crash: {{condition: service_healthy}}}}
  signal:
    image: BASE
    init: true
    command: ["perl", "-e", "sleep 1; kill SEGV => $$$$"]
    ready: {{tcp: 8000}}
  hog:
    image: BASE
    mem_limit: 32m
    memswap_limit: 32m
    command: ["perl", "-e", "$$x = 'a' x (1 << 28); sleep 60"]
    ready: {{tcp: 8000}}
  hung:
    image: BASE
    command: ["perl", "-MIO::Socket::INET", "-e", "HUNG"]
    ready: {{http: {{path: /health, port: 8000}}, timeout: 3s}}
  inside:
    image: BASE
    command: ["perl", "-MIO::Socket::INET", "-e", "INSIDE"]
    ready: {{tcp: 8000, timeout: 3s}}
  elsewhere:
    image: BASE
    command: ["perl", "-MIO::Socket::INET", "-e", "ELSEWHERE"]
    ready: {{tcp: 8000, timeout: 3s}}
  missing:
    image: BASE
    command: ["gunicorn", "app:app"]
  misspelt:
    image: BASE
    command: "sh -c 'gunicorn app:app'"
    ready: {{tcp: 8000}}
  windows:
    image: BASE
    volumes: ["./windows.sh:/entry.sh"]
    entrypoint: ["/entry.sh"]
    ready: {{tcp: 8000}}
  barred:
    image: BASE
    volumes: ["./barred.sh:/entry.sh"]
    entrypoint: ["/entry.sh"]
  foreign:
    image: BASE
    volumes: ["./foreign:/foreign"]
    entrypoint: ["/foreign"]
    ready: {{tcp: 8000}}
  unseen:
    image: BASE
    init: true
    command: ["sleep", "600"]
    healthcheck: {{test: "curl -f http://localhost:8000/ || exit 1", interval: 1s}}
""".replace("image: BASE", f"image: {BASE}")
for _place, _server in (("HUNG", (EVERY, 8000)), ("INSIDE", (LOOPBACK, 8000)), ("ELSEWHERE", (EVERY, 3000))):
    MANIFEST = MANIFEST.replace(_place, SERVER % _server)
BLOCKS = {
    "crash": """\
✘ crash ended with exit code 3
  │ reading settings
  │ KeyError: DATABASE_URL
  Not started because of it: behind
  → `devenv logs crash` shows all it said; mend that, then `devenv up` again""",
    "signal": """\
✘ signal ended with exit code 139 (SIGSEGV) after N s
  → `devenv logs signal` shows all it said; mend that, then `devenv up` again""",
    "hog": """\
✘ hog was killed because it took more memory than its limit of 32 MiB
  exit code 137 (SIGKILL)
  → raise its `mem_limit` (now 32 MiB) or let it use less, then `devenv up` again""",
    "hung": """\
✘ hung was not ready within 3 s: ADDRESS:8000 takes connections, but gives no answer to /health in N s
  → `devenv logs hung` shows what it does; where it only needs longer, raise the `timeout` of its `ready` (http), then \
`devenv up` again""",
    "inside": """\
✘ inside was not ready within 3 s: it listens on port 8000, but only on 127.0.0.1 inside its container
  → let inside listen on 0.0.0.0 (many servers call it --host or bind), then `devenv up` again""",
    "elsewhere": """\
✘ elsewhere was not ready within 3 s: nothing listens on port 8000 in its container, but on 3000
  → let elsewhere listen on 8000, or name 3000 in its `ports` and `ready`""",
    "missing": f"""\
✘ missing cannot start: its command `gunicorn` is not in the image {BASE}
  → mend `command` or `entrypoint` of missing, or install gunicorn in the image, then `devenv up` again""",
    "misspelt": f"""\
✘ misspelt ended with exit code 127: its command `gunicorn` is not in the image {BASE}
  │ sh: 1: gunicorn: not found
  → mend `command` or `entrypoint` of misspelt, or install gunicorn in the image, then `devenv up` again""",
    "windows": """\
✘ windows ended with exit code 1: its script /entry.sh has Windows line ends (CRLF)
  │ exec /entry.sh: no such file or directory
  → `sed -i 's/\\r$//' FOLDER/windows.sh` mends it; the line `*.sh text eol=lf` in .gitattributes keeps it so. Then \
`devenv up` again""",
    "barred": """\
✘ barred cannot start: its command /entry.sh is not executable
  → `chmod +x FOLDER/barred.sh` (`git update-index --chmod=+x` keeps it so), then `devenv up` again""",
    "foreign": """\
✘ foreign ended with exit code 1: its program /foreign is for HERE
  │ exec /foreign: exec format error
  → build or pull the image for HERE (`platform: linux/HERE`), then `devenv up` again""",
    "unseen": """\
✘ unseen runs, but whether it is ready cannot be seen: the healthcheck's curl is not in the image
  → mend its `ready` (or `healthcheck`), then `devenv up` again; `ready: {http: /…}` and `ready: {tcp: PORT}` look \
from outside and need nothing in the image""",
}
SEEDS = """\
name: {name}
services:
  db:
    use: postgres
    seed: [db/schema.sql, db/bad.sql]
  api:
    image: BASE
    command: ["sleep", "600"]
    depends_on: {{db: {{condition: service_healthy}}}}
""".replace("image: BASE", f"image: {BASE}")
"""`db/bad.sql` fails in its second statement."""
AGAIN = """\
name: {name}
services:
  app:
    image: BASE
    volumes: ["./word:/word"]
    command: ["sh", "-c", "cat /word; exit 1"]
    ready: {{tcp: 8000}}
""".replace("image: BASE", f"image: {BASE}")
LIVED = re.compile(r" (?:right after its start|after \d[\d.]* s)(?=[:\n])")


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory, docker_base: str) -> Iterator[dict[str, str]]:
    """The blocks of one `up` in which all goes wrong, by service; what differs from run to run said in capitals."""
    with made(tmp_path_factory.mktemp("blocks") / "repository", new_name(), MANIFEST) as repository:
        _broken_files(repository)
        yield _blocks(repository)


def _broken_files(repository: Repository) -> None:
    (repository.folder / "windows.sh").write_bytes(b"#!/bin/sh\r\nexec sleep 600\r\n")
    repository.write("barred.sh", "#!/bin/sh\nexec sleep 600\n")
    (repository.folder / "foreign").write_bytes(b"\x7fELF\x02\x01\x01" + bytes(9) + b"\x02\x00\xf7\x00" + bytes(44))
    for name in ("windows.sh", "foreign"):
        (repository.folder / name).chmod(0o755)
    assert not (repository.folder / "barred.sh").stat().st_mode & stat.S_IXUSR


def _blocks(repository: Repository) -> dict[str, str]:
    result = repository.run("up", timeout=120)
    assert result.returncode == 1, result.stdout + result.stderr
    said = result.stderr[result.stderr.index("✘ ") :].strip().replace(str(repository.folder), "FOLDER")
    for pattern, word in (
        (r"(?<=answer to /health in )\d+\.\d s", "N s"),
        (r"\b(?!127)\d+\.\d+\.\d+\.\d+(?=:)", "ADDRESS"),
        (r"machine 247, and this engine runs \w+", "HERE"),
        (r"(?<=image for )\w+ \(`platform: linux/\w+`\)", "HERE (`platform: linux/HERE`)"),
    ):
        said = re.sub(pattern, word, said)
    blocks = said.split("\n\n")
    assert all(block.startswith("✘ ") for block in blocks), said
    return {block.split()[1]: block for block in blocks}


@pytest.mark.parametrize("service", BLOCKS)
def test_a_block_says_what_is_wrong_and_what_to_do(told: dict[str, str], service: str) -> None:
    said = told[service]
    if service == "signal":
        said = re.sub(r"after 1\.\d s", "after N s", said)
    else:
        # Whether the engine hears of the kill in time is a matter of luck.
        said = LIVED.sub("", said).replace(
            "hog was killed (exit code 137, SIGKILL): most likely it took more memory than its limit of 32 MiB\n",
            "hog was killed because it took more memory than its limit of 32 MiB\n  exit code 137 (SIGKILL)\n",
        )
    assert said == BLOCKS[service]


def test_nobody_is_left_out(told: dict[str, str]) -> None:
    assert {*told} == {*BLOCKS}


def test_a_seed_that_fails_is_told_with_its_place_and_leaves_nothing(tmp_path: Path) -> None:
    with made(tmp_path / "repository", new_name(), SEEDS) as repository:
        repository.write(
            "db/bad.sql",
            "INSERT INTO products VALUES (1, 'tea', 2.50);\n-- a price in words\nINSERT INTO products\n"
            "  VALUES (2, 'cup', 'cheap');\nINSERT INTO products VALUES (3, 'pot', 9);\n",
        )
        assert _blocks(repository) == {
            "db": """\
✘ db could not be seeded: db/bad.sql:4: invalid input syntax for type numeric: "cheap", in `INSERT INTO products \
VALUES (2, 'cup', 'cheap');`; rolled back
  Not started because of it: api
  → mend that row or the table's definition, then call devenv again"""
        }
        assert repository.sql("SELECT count(*) FROM products") == "0"
        assert repository.containers()["api"].status == "created"

        repository.edit("db/bad.sql", "'cheap'", "3")
        repository.up()
        assert repository.sql("SELECT count(*) FROM products") == "3"
        assert repository.containers()["api"].status == "running"


def test_a_service_that_dies_again_says_only_its_new_last_words(tmp_path: Path, docker_base: str) -> None:
    with made(tmp_path / "repository", new_name(), AGAIN) as repository:
        for word in ("first", "second"):
            repository.write("word", f"the {word} failure\n")
            block = _blocks(repository)["app"]
            assert [line for line in block.splitlines() if line.startswith("  │")] == [f"  │ the {word} failure"]
