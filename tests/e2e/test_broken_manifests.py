"""Manifests that are wrong, as a person sees it: exit code 2, the place, what to do, and never a traceback."""

from __future__ import annotations

import os
import re
import resource
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.e2e.repository import ROOT

_BOMB = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]\n" for i in range(1, 10)
)

# name → (manifest, for each error: line and what must be said)
BROKEN: dict[str, tuple[str, list[tuple[int, str]]]] = {
    "tab": ("name: shop\nservices:\n\tdb: {use: postgres}\n", [(3, "tab")]),
    "key twice": ("name: shop\nname: shop\nservices: {db: {use: postgres}}\n", [(2, "name")]),
    "misspelt key": ("name: shop\nservices:\n  db:\n    use: postgres\n    helthcheck: {}\n", [(5, "healthcheck")]),
    "misspelt need": (
        "name: shop\nservices:\n  db: {use: postgres}\n  api:\n    image: x\n    depends_on: [bd]\n",
        [(6, "db")],
    ),
    "circle": (
        "name: shop\nservices:\n  a: {image: x, depends_on: [b]}\n  b: {image: x, depends_on: [a]}\n",
        [(3, "wait for one another")],
    ),
    "unknown use": ("name: shop\nservices:\n  db: {use: postgress}\n", [(3, "postgres")]),
    "unknown version": ("name: shop\nservices:\n  db: {use: postgres@9}\n", [(3, "postgres@17")]),
    "unquoted expression": (
        "name: shop\nservices:\n  db: {use: postgres}\n  api:\n    image: x\n"
        "    environment:\n      URL: {{ db.url }}\n",
        [(7, "quoted")],
    ),
    "unknown name in an expression": (
        'name: shop\nservices:\n  db: {use: postgres}\n  api: {image: x, environment: {URL: "{{ bd.url }}"}}\n',
        [(4, "db")],
    ),
    "wrong type": ("name: shop\nservices:\n  db: {use: postgres, ports: yes}\n", [(3, "ports")]),
    "unknown base": ("name: shop\nbase: shpo\n", [(2, "shop")]),
    "no kind of seed": ("name: shop\nservices:\n  db:\n    use: postgres\n    seed: [a.xlsx]\n", [(5, ".csv")]),
    "unset variable": (
        "name: shop\nservices:\n  api: {image: 'x', environment: {KEY: '${DEVENV_TEST_UNSET:?}'}}\n",
        [(3, "DEVENV_TEST_UNSET")],
    ),
    "missing file": (
        "name: shop\nservices:\n  db: {use: postgres}\n  api:\n    image: x\n    env_file: missing.env\n",
        [(6, "missing.env")],
    ),
    "several at once": (
        "name: shop\nservices:\n  db: {use: postgress}\n  api:\n    imge: x\n    depends_on: [nobody]\n"
        "    ready: {htp: /}\n",
        [(3, "postgres"), (5, "image"), (6, "nobody"), (7, "http")],
    ),
    "no mapping": ("- a\n- b\n", [(1, "mapping")]),
}


def _config(folder: Path) -> subprocess.CompletedProcess[str]:
    start = "import sys; sys.path.insert(0, sys.argv.pop(1)); from devenv.cli.main import main; main()"
    return subprocess.run(
        [sys.executable, "-I", "-c", start, str(ROOT), "config"],
        cwd=folder, capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=60, check=False,
        env={**os.environ, "NO_COLOR": "1"},
    )  # fmt: skip


@pytest.mark.parametrize("name", BROKEN)
def test_it_is_told_with_place_and_remedy(name: str, tmp_path: Path) -> None:
    text, expected = BROKEN[name]
    (tmp_path / "devenv.yaml").write_text(text, encoding="utf-8")
    result = _config(tmp_path)
    assert result.returncode == 2, result.stdout + result.stderr
    assert "Traceback" not in result.stderr
    blocks = result.stderr.strip().split("\n\n")
    for line, words in expected:
        place = re.compile(rf"^devenv\.yaml:{line}:\d+: ")
        found = [block for block in blocks if place.search(block) and words in block]
        assert found, f"no block with line {line} and {words!r} in:\n{result.stderr}"
        assert "→" in found[0]
    assert not (tmp_path / ".devcontainer").exists()


def test_an_alias_bomb_is_refused_at_once_and_in_little_memory(tmp_path: Path) -> None:
    (tmp_path / "devenv.yaml").write_text("name: shop\n" + _BOMB + "services: {a: {image: x}}\n", encoding="utf-8")
    begun = time.process_time(), resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    result = _config(tmp_path)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert result.returncode == 2, result.stderr
    assert "alias" in result.stderr
    assert after.ru_utime - begun[1] < 1.0
    # The largest child of this whole process: an upper bound for this one.
    peak = subprocess.run(
        [
            sys.executable, "-c",
            "import resource, subprocess, sys; subprocess.run(sys.argv[1:], capture_output=True);"
            "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)",
            sys.executable, "-I", "-c",
            "import sys; sys.path.insert(0, sys.argv.pop(1)); from devenv.cli.main import main; main()",
            str(ROOT), "-C", str(tmp_path), "config",
        ],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert int(peak.stdout) < 200_000  # KiB
