"""The `./dev` that `devenv init` gives a repository, with a package that tells how it was started: exactly that one,
held to its hash, from the repository, a folder or an address, and never another."""

from __future__ import annotations

import functools
import http.server
import json
import os
import shutil
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from devenv.core.init.wrapper import FOLDER, LOCK, lock, ours, wrapper
from devenv.host import wheel

ROOT = Path(__file__).resolve().parents[2]
VERSION = "7.8"
TELL = """
import json, os, sys
def main():
    print(json.dumps({"arguments": sys.argv[1:], "cwd": os.getcwd(), "from": __file__,
                      "checkout": os.environ["DEVENV_CHECKOUT"]}))
    sys.exit(int(sys.argv[1]) if sys.argv[1:2] and sys.argv[1].isdigit() else 0)
"""


@pytest.fixture(scope="module")
def packed(tmp_path_factory: pytest.TempPathFactory) -> wheel.Wheel:
    """A package of devenv's name that tells how it was started."""
    folder = tmp_path_factory.mktemp("package")
    (folder / "devenv/cli").mkdir(parents=True)
    for name in ("devenv/__init__.py", "devenv/cli/__init__.py", "dev", "requirements.lock"):
        (folder / name).touch()
    (folder / "devenv/cli/main.py").write_text(TELL)
    for name in ("stacks", "templates"):
        (folder / name).mkdir()
    project = '[project]\nname = "devenv-stack"\ndescription = "x"\nrequires-python = ">=3.11"\ndependencies = []\n'
    (folder / "pyproject.toml").write_text(project)
    return wheel.pack(folder / "devenv", folder, VERSION)


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("a cache")


def furnish(folder: Path, packed: wheel.Wheel, *, digest: str = "", found_at: str = ".", vendored: bool = True) -> Path:
    """A repository with the wrapper."""
    (folder / FOLDER).mkdir(parents=True)
    template = (ROOT / "templates/wrapper.sh.j2").read_text()
    (folder / "dev").write_text(wrapper(template, (ROOT / "dev").read_text(), VERSION))
    (folder / "dev").chmod(0o755)
    (folder / LOCK).write_text(lock("# nothing else\n", wheel.NAME, VERSION, digest or packed.digest, found_at))
    if vendored:
        (folder / FOLDER / packed.file).write_bytes(packed.content)
    return folder


@pytest.fixture(scope="module")
def repository(packed: wheel.Wheel, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return furnish(tmp_path_factory.mktemp("a repository") / "with spaces", packed)


def run(
    folder: Path, cache: Path, *words: str, cwd: Path | None = None, **more: str
) -> subprocess.CompletedProcess[str]:
    env = {key: value for key, value in os.environ.items() if key not in ("DEVENV_WHEEL", "PIP_FIND_LINKS")}
    # No index: the package is found where the lock says, or not at all.
    env |= {"XDG_CACHE_HOME": str(cache), "PIP_NO_INDEX": "1", "PIP_CONFIG_FILE": os.devnull, **more}
    return subprocess.run(
        [folder / "dev", *words], env=env, cwd=cwd or folder, stdin=subprocess.DEVNULL, capture_output=True, text=True,
        timeout=180, check=False,
    )  # fmt: skip


def test_it_runs_the_package_that_the_repository_carries(repository: Path, cache: Path, tmp_path: Path) -> None:
    first = run(repository, cache, "up", "--flag", "a b", "", cwd=tmp_path)
    assert first.returncode == 0, first.stderr
    assert first.stderr.count("\n") == 1
    told = json.loads(first.stdout)
    assert str(cache) in told.pop("from")
    assert told == {"arguments": ["up", "--flag", "a b", ""], "cwd": str(tmp_path), "checkout": str(repository)}
    second = run(repository, cache, "3")
    assert (second.returncode, second.stderr) == (3, "")


def test_a_clone_shares_what_is_set_up(repository: Path, cache: Path, tmp_path: Path) -> None:
    run(repository, cache)
    shutil.copytree(repository, tmp_path / "clone")
    result = run(tmp_path / "clone", cache)
    assert result.stderr == ""
    assert json.loads(result.stdout)["checkout"] == str(tmp_path / "clone")


def test_another_package_than_the_pinned_one_is_refused(packed: wheel.Wheel, tmp_path: Path) -> None:
    folder = furnish(tmp_path / "one", packed, digest="0" * 64)
    result = run(folder, tmp_path)
    assert result.returncode == 3
    assert "hash" in result.stderr.lower()
    assert "The packages in requirements.lock could not be installed." in result.stderr
    assert result.stdout == ""
    assert not list((tmp_path / "devenv").glob("env-*"))


@pytest.fixture
def served(packed: wheel.Wheel, tmp_path: Path) -> Iterator[str]:
    """The address of a server that has the package."""
    folder = tmp_path / "served"
    folder.mkdir()
    (folder / packed.file).write_bytes(packed.content)

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *words: object) -> None: ...

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()


@pytest.mark.slow
def test_it_is_fetched_from_an_address(packed: wheel.Wheel, tmp_path: Path, served: str) -> None:
    folder = furnish(tmp_path / "one", packed, found_at=f"{served}{packed.file}", vendored=False)
    result = run(folder, tmp_path, no_proxy="127.0.0.1", NO_PROXY="127.0.0.1")
    assert result.returncode == 0, result.stderr


@pytest.mark.slow
def test_the_environment_says_where_else_it_lies(packed: wheel.Wheel, tmp_path: Path, served: str) -> None:
    folder = furnish(tmp_path / "one", packed, found_at="", vendored=False)
    gone = run(folder, tmp_path, DEVENV_WHEEL=str(tmp_path / "gone"))
    assert gone.returncode == 3
    assert "which is not there" in gone.stderr
    (tmp_path / "a folder").mkdir()
    (tmp_path / "a folder" / packed.file).write_bytes(packed.content)
    found = run(folder, tmp_path, DEVENV_WHEEL="../a folder")
    assert found.returncode == 0, found.stderr
    fetched = run(folder, tmp_path / "other", DEVENV_WHEEL=served, no_proxy="127.0.0.1", NO_PROXY="127.0.0.1")
    assert fetched.returncode == 0, fetched.stderr


def test_a_lock_that_is_gone_is_said(packed: wheel.Wheel, tmp_path: Path) -> None:
    folder = furnish(tmp_path / "one", packed)
    (folder / LOCK).unlink()
    result = run(folder, tmp_path)
    assert result.returncode == 3
    assert "git checkout -- .devcontainer/devenv" in result.stderr


def test_it_is_known_again(repository: Path) -> None:
    text = (repository / "dev").read_text()
    assert ours(text)
    assert not ours((ROOT / "dev").read_text())
    assert "requirements-dev" not in text
    assert "{{" not in text
