"""`./dev`, in a checkout that holds only it, an empty lock and a command that tells how it was started."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TELL = """
import json, os, sys
def main():
    print(json.dumps({"arguments": sys.argv[1:], "cwd": os.getcwd(), "from": __file__,
                      "checkout": os.environ["DEVENV_CHECKOUT"]}))
    sys.exit(int(sys.argv[1]) if sys.argv[1:2] and sys.argv[1].isdigit() else 0)
"""


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("a checkout") / "with spaces"
    (folder / "devenv/cli").mkdir(parents=True)
    (folder / "devenv/cli/main.py").write_text(TELL)
    (folder / "requirements.lock").write_text("# nothing\n")
    shutil.copy(ROOT / "dev", folder / "dev")
    return folder


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


def _env(cache: Path, **more: str) -> dict[str, str]:
    return {**os.environ, "XDG_CACHE_HOME": str(cache), **more}


def _run(command: list[str], cache: Path, cwd: Path, **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        env=_env(cache, **more),
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def _environments(cache: Path) -> list[Path]:
    return sorted((cache / "devenv").glob("env-*"))


def _half_made(cache: Path) -> list[Path]:
    return list((cache / "devenv").glob("making-*"))


def test_the_first_call_says_one_line_and_later_ones_none(checkout: Path, cache: Path, tmp_path: Path) -> None:
    first = _run([str(checkout / "dev"), "up", "--flag", "a b", ""], cache, tmp_path)
    assert first.returncode == 0, first.stderr
    assert first.stderr.count("\n") == 1
    assert "setting up" in first.stderr
    told = json.loads(first.stdout)
    assert told == {
        "arguments": ["up", "--flag", "a b", ""],
        "cwd": str(tmp_path),
        "from": str(checkout / "devenv/cli/main.py"),
        "checkout": str(checkout),
    }
    second = _run([str(checkout / "dev"), "up"], cache, tmp_path)
    assert (second.returncode, second.stderr) == (0, "")
    assert len(_environments(cache)) == 1
    assert _half_made(cache) == []


def test_through_links_and_by_a_relative_name(checkout: Path, cache: Path, tmp_path: Path) -> None:
    (tmp_path / "absolute").symlink_to(checkout / "dev")
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/relative").symlink_to("../absolute")
    for command, cwd in (
        (["bin/relative"], tmp_path),
        (["./dev"], checkout),
        (["sh", "dev"], checkout),
        (["../dev"], checkout / "devenv"),
    ):
        result = _run(command, cache, cwd)
        assert result.returncode == 0, result.stderr
        assert json.loads(result.stdout)["checkout"] == str(checkout)
        assert json.loads(result.stdout)["cwd"] == str(cwd)


def test_a_checkout_that_may_not_be_written_to_is_compiled_in_the_cache(checkout: Path) -> None:
    with tempfile.TemporaryDirectory() as folder:  # pytest's own folders are closed to others
        os.chmod(folder, 0o755)
        clone, cache = Path(folder) / "clone", Path(folder) / "a cache"
        shutil.copytree(checkout, clone, ignore=shutil.ignore_patterns("__pycache__"))
        cache.mkdir()
        for path in (clone, *clone.rglob("*")):
            path.chmod(0o555)
        user = 65534 if os.getuid() == 0 else None  # root may write everywhere
        if user is not None:
            os.chown(cache, user, user)
        result = subprocess.run(
            [clone / "dev"], env=_env(cache, HOME=str(cache)), cwd="/", stdin=subprocess.DEVNULL, capture_output=True,
            text=True, timeout=120, check=False, user=user, group=user, extra_groups=[] if user else None,
        )  # fmt: skip
        assert result.returncode == 0, result.stderr
        assert json.loads(result.stdout)["checkout"] == str(clone)
        assert [path.name for path in (cache / "devenv/compiled").rglob("main.*.pyc")]
        assert not list(clone.rglob("__pycache__"))
        for path in (clone, *clone.rglob("*")):
            path.chmod(0o755)


def test_the_exit_code_is_the_command_s(checkout: Path, cache: Path) -> None:
    assert _run(["./dev", "130"], cache, checkout).returncode == 130


def test_another_checkout_with_the_same_lock_shares_the_packages(checkout: Path, cache: Path, tmp_path: Path) -> None:
    _run(["./dev"], cache, checkout)
    shutil.copytree(checkout, tmp_path / "clone")
    result = _run(["./dev"], cache, tmp_path / "clone")
    assert result.stderr == ""
    assert json.loads(result.stdout)["from"] == str(tmp_path / "clone/devenv/cli/main.py")


def test_a_python_that_was_upgraded_away_is_noticed(checkout: Path, cache: Path) -> None:
    _run(["./dev"], cache, checkout)
    (environment,) = _environments(cache)
    for name in (environment / "bin").glob("python*"):
        name.unlink()
    (environment / "bin/python").symlink_to("/gone/python3")
    result = _run(["./dev"], cache, checkout)
    assert result.returncode == 0, result.stderr
    assert "setting up" in result.stderr
    assert _environments(cache) == [environment]
    assert _run(["./dev"], cache, checkout).stderr == ""


def test_two_at_once(checkout: Path, tmp_path: Path) -> None:
    pair = [
        subprocess.Popen(
            ["./dev"],
            cwd=checkout,
            env=_env(tmp_path),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    for process in pair:
        output, errors = process.communicate(timeout=120)
        assert process.returncode == 0, errors
        assert json.loads(output)["checkout"] == str(checkout)
    assert len(_environments(tmp_path)) == 1
    assert _half_made(tmp_path) == []


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_what_was_stopped_half_way_is_made_anew(checkout: Path, tmp_path: Path, number: signal.Signals) -> None:
    process = subprocess.Popen(
        ["./dev"],
        cwd=checkout,
        env=_env(tmp_path),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler) and None,
    )
    deadline = time.monotonic() + 60
    while not any((made / "bin/python").exists() for made in _half_made(tmp_path)):
        assert time.monotonic() < deadline
        assert process.poll() is None
        time.sleep(0.005)
    os.killpg(process.pid, number)
    assert process.wait(60) != 0
    assert _environments(tmp_path) == []
    if number == signal.SIGINT:
        assert _half_made(tmp_path) == []
    result = _run(["./dev"], tmp_path, checkout)
    assert result.returncode == 0, result.stderr
    assert len(_environments(tmp_path)) == 1


def _without_python(folder: Path) -> str:
    """A PATH with what the wrapper needs of the base system, and no Python, uv or apt-get."""
    folder.mkdir()
    for name in ("sh", "readlink", "cksum", "uname", "id", "mkdir", "find", "mktemp", "rm"):
        (folder / name).symlink_to(shutil.which(name) or f"/bin/{name}")
    return str(folder)


def test_no_python_and_no_way_to_install_it(checkout: Path, tmp_path: Path) -> None:
    result = _run(["./dev"], tmp_path, checkout, PATH=_without_python(tmp_path / "bin"))
    assert result.returncode == 3
    assert "There is no Python 3.11 or newer" in result.stderr
    assert "uv" in result.stderr
    assert _half_made(tmp_path) == []


@pytest.mark.parametrize(("arguments", "more"), [(["up"], {"DEVENV_NO_INSTALL": "1"}), (["up", "--no-install"], {})])
def test_installing_may_be_forbidden(
    checkout: Path, tmp_path: Path, arguments: list[str], more: dict[str, str]
) -> None:
    path = _without_python(tmp_path / "bin")
    (tmp_path / "bin/apt-get").write_text("#!/bin/sh\necho called >&2\n")
    (tmp_path / "bin/apt-get").chmod(0o755)
    result = _run(["./dev", *arguments], tmp_path, checkout, PATH=path, **more)
    assert result.returncode == 3
    assert "forbidden" in result.stderr
    assert "called" not in result.stderr


def test_a_cache_that_cannot_be_written_gets_a_sentence(checkout: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    result = _run(["./dev"], tmp_path / "file", checkout)
    assert result.returncode == 3
    assert "XDG_CACHE_HOME" in result.stderr


def test_inside_a_workspace_nothing_is_installed(checkout: Path, tmp_path: Path) -> None:
    inside = {"DEVENV_WORKSPACE": "1"}
    result = _run(["./dev", "status", "db"], tmp_path, checkout, **inside)
    assert (result.returncode, result.stdout) == (3, "")
    assert result.stderr.splitlines()[1:] == ["  Type it on the host: ./dev status db"]
    assert not (tmp_path / "devenv").exists()
    named = _run(["./dev", "status"], tmp_path, checkout, DEVENV_HOST_FOLDER="/home/ann/it's mine", **inside)
    assert named.stderr.splitlines()[1:] == [r"  Type it on the host: cd '/home/ann/it'\''s mine' && ./dev status"]


def test_an_environment_that_is_there_is_used_inside_a_workspace_too(checkout: Path, cache: Path) -> None:
    assert _run(["./dev"], cache, checkout).returncode == 0
    assert _run(["./dev", "version"], cache, checkout, DEVENV_WORKSPACE="1").returncode == 0


def test_what_is_installed_is_written_down_before(checkout: Path, tmp_path: Path) -> None:
    path = _without_python(tmp_path / "bin")
    for name in ("sed", "env", "grep", "sleep", "tail", "cat"):
        (tmp_path / "bin" / name).symlink_to(shutil.which(name) or f"/bin/{name}")
    apt = """#!/bin/sh
case "$*" in
  *" -s "*) echo "Inst python3 (3.13 Debian [amd64])"; echo "Inst tzdata [1] (2 Debian [all])" ;;
  *update*) ;;
  *) cat "$XDG_STATE_HOME/devenv/packages" >"$XDG_STATE_HOME/seen"; exit 1 ;;
esac
"""
    programs = {"apt-get": apt, "apt-mark": "#!/bin/sh\necho ca-certificates\n", "sudo": '#!/bin/sh\nexec "$@"\n'}
    for name, text in programs.items():
        (tmp_path / "bin" / name).write_text(text)
        (tmp_path / "bin" / name).chmod(0o755)
    state = tmp_path / "state"
    state.mkdir()
    result = _run(["./dev"], tmp_path, checkout, PATH=path, XDG_STATE_HOME=str(state))
    assert result.returncode == 3
    assert "apt-get could not install python3" in result.stderr
    assert (state / "seen").read_text() == "installed python3\nmanual ca-certificates\n"
