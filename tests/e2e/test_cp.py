"""`devenv cp` beside Compose's own: the same arguments, the same files."""

from __future__ import annotations

import hashlib
import io
import os
import subprocess
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.compose import compose
from tests.e2e.repository import Repository, made
from tests.engines import BASE, new_name

pytestmark = pytest.mark.engine

# A plain Compose file: both tools read it. The user is one who is not root.
MANIFEST = (
    """\
name: {name}
services:
  one:
    image: """
    + BASE
    + """
    command: [sleep, infinity]
    init: true
    user: "1234:2345"
"""
)
SETUP = """
umask 022
mkdir -p /w/there /w/deep/er && cd /w
printf 'one\\n' >file; printf 'two\\n' >deep/er/two; seq 400000 >big; chmod 751 big
ln -s deep link; ln -s file filelink; ln -s /no/such dangling; printf 'old\\n' >there/file; : >'sp ace & ü'
"""
SHOW = """cd "$1" && find . | sort | while read -r f; do
  [ -L "$f" ] && { echo "$f -> $(readlink "$f")"; continue; }
  [ -f "$f" ] && s=$(sha256sum <"$f" | cut -c1-16) || s=; echo "$f $(stat -c '%a %u:%g' "$f") $s"; done"""


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Repository]:
    with made(tmp_path_factory.mktemp("cp") / "repository", new_name(), MANIFEST) as one:
        os.rename(one.folder / "devenv.yaml", one.folder / "compose.yaml")
        one.up()
        yield one


@pytest.fixture
def inside(stack: Repository) -> str:
    """The container with the same files in it each time; its name."""
    container = stack.containers()["one"]
    code, output = container.exec_run(["sh", "-c", f"rm -rf /w; {SETUP}"], user="root")
    assert code == 0, output
    return str(container.name)


def _local(folder: Path) -> Path:
    folder.mkdir(parents=True)
    subprocess.run(["sh", "-c", SETUP.replace("/w", str(folder))], check=True)
    for path in (folder / "file", folder / "deep/er/two"):
        os.chown(path, 4321, 5432) if os.geteuid() == 0 else None
    return folder


def _shown(folder: Path) -> str:
    return subprocess.run(["sh", "-c", SHOW, "sh", str(folder)], check=True, capture_output=True, text=True).stdout


def _shown_inside(stack: Repository) -> str:
    code, output = stack.containers()["one"].exec_run(["sh", "-c", SHOW, "sh", "/w"], user="root")
    assert code == 0, output
    return str(output.decode())


def _by(tool: str, stack: Repository, words: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    """`words`, typed in `folder`, done by devenv or by Compose."""
    if tool == "devenv":
        return stack.run("-C", str(stack.folder), *words, cwd=folder)
    return compose("-f", str(stack.folder / "compose.yaml"), *words, cwd=folder)


OUT = [
    ("file", "new"), ("file", "there"), ("file", "there/file"), ("deep", "there"), ("deep", "new"), ("deep/.", "there"),
    ("deep/.", "new"), ("link", "there"), ("-L link", "there"), ("-L filelink", "new"), ("dangling", "there"),
    ("sp ace & ü", "there/"), ("big", "."), ("deep/", "new/"), ("file", "no/such/folder"), ("file", "new/"),
    ("deep", "file"), ("none", "new"), ("-L dangling", "new"),
]  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize(("source", "target"), OUT)
def test_out_of_a_container(stack: Repository, inside: str, tmp_path: Path, source: str, target: str) -> None:
    options, name = (["-L"], source[3:]) if source.startswith("-L ") else ([], source)
    codes = []
    for tool in ("devenv", "compose"):
        folder = _local(tmp_path / tool / "w")
        words = ["cp", *options, f"one:/w/{name}", target]
        result = _by(tool, stack, words, folder)
        assert "Traceback" not in result.stderr
        codes.append((result.returncode == 0, result.stderr))
    assert codes[0][0] == codes[1][0], codes
    assert _shown(tmp_path / "devenv/w") == _shown(tmp_path / "compose/w"), codes


IN = [
    ("file", "new"), ("file", "there"), ("file", "there/file"), ("deep", "there"), ("deep", "new"), ("deep/.", "there"),
    ("deep/.", "new"), ("-a deep", "there"), ("-a file", "new"), ("link", "there"), ("-L link", "there"),
    ("-L filelink", "new"), ("file", "link"), ("sp ace & ü", "there/"), ("big", ""), ("file", "no/such/folder"),
    ("file", "new/"), ("deep", "file"), ("none", "new"),
]  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize(("source", "target"), IN)
def test_into_a_container(stack: Repository, tmp_path: Path, source: str, target: str) -> None:
    options, name = ([source[:2]], source[3:]) if source.startswith("-") else ([], source)
    container = stack.containers()["one"]
    shown, codes = [], []
    for tool in ("devenv", "compose"):
        assert container.exec_run(["sh", "-c", f"rm -rf /w; {SETUP}"], user="root")[0] == 0
        folder = tmp_path / "w"
        if not folder.exists():
            _local(folder)
        words = ["cp", *options, name, f"one:/w/{target}"]
        result = _by(tool, stack, words, folder)
        assert "Traceback" not in result.stderr
        codes.append((result.returncode == 0, result.stderr))
        shown.append(_shown_inside(stack))
    assert codes[0][0] == codes[1][0], codes
    assert shown[0] == shown[1], codes


def test_a_tar_on_a_standard_stream(stack: Repository, inside: str) -> None:
    def run(*words: str, given: bytes = b"") -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(
            stack.command(*words), cwd=stack.folder, input=given, capture_output=True, timeout=60, check=False
        )

    out = run("cp", "one:/w/big", "-")
    assert out.returncode == 0, out.stderr
    with tarfile.open(fileobj=io.BytesIO(out.stdout)) as tar:
        content = tar.extractfile("big")
        assert content is not None
        digest = hashlib.sha256(content.read()).hexdigest()
    code, said = stack.containers()["one"].exec_run(["sha256sum", "/w/big"], user="root")
    assert (code, said.decode().split()[0]) == (0, digest)
    back = run("cp", "-", "one:/w/there", given=out.stdout)
    assert back.returncode == 0, back.stderr
    code, said = stack.containers()["one"].exec_run(["sha256sum", "/w/there/big"], user="root")
    assert (code, said.decode().split()[0]) == (0, digest)
    assert b"There is no folder one:/none" in run("cp", "-", "one:/none", given=out.stdout).stderr


def test_errors_say_which_side(stack: Repository, inside: str) -> None:
    for words, says in (
        (("one:/w/none", "."), "There is no /w/none in `one`."),
        (("none", "one:/w"), "There is no none on this machine."),
        (("file", "one:/no/such/x"), "There is no folder /no/such in `one` to copy into."),
        (("one:/w/file", "no/such/x"), "There is no folder no/such on this machine to copy into."),
        (("two:/x", "."), "There is no service two"),
        (("a", "b"), "Neither side is in a service."),
    ):
        (stack.folder / "file").touch()
        result = stack.run("cp", *words)
        assert result.returncode in (1, 2)
        assert says in result.stderr
        assert "→" in result.stderr or "->" in result.stderr, result.stderr


def test_a_stopped_container_gives_and_takes(stack: Repository, inside: str, tmp_path: Path) -> None:
    assert stack.run("stop").returncode == 0
    try:
        assert stack.run("cp", "one:/w/file", str(tmp_path / "x")).returncode == 0
        assert (tmp_path / "x").read_text() == "one\n"
        assert stack.run("cp", str(tmp_path / "x"), "one:/w/y").returncode == 0
    finally:
        stack.up()
    assert stack.containers()["one"].exec_run(["cat", "/w/y"]).output == b"one\n"
