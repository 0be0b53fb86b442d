"""`core` and `model` are pure: same input, same output. They reach no clock, file, process or socket."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3] / "devenv"
FILES = sorted(path for floor in ("core", "model") for path in (ROOT / floor).rglob("*.py"))

FORBIDDEN = frozenset(
    (
        "asyncio", "concurrent", "ctypes", "docker", "fcntl", "getpass", "glob", "http", "importlib", "io",
        "locale", "mmap", "multiprocessing", "os", "pathlib", "platform", "pwd", "queue", "random", "requests", "rich",
        "secrets", "select", "selectors", "shutil", "signal", "socket", "ssl", "subprocess", "sys", "tempfile",
        "threading", "time", "typer", "uuid",
    )
)  # fmt: skip
CALLS = frozenset(("open", "input", "print", "exec", "eval", "__import__", "breakpoint"))
ATTRIBUTES = frozenset(
    ("now", "utcnow", "today", "environ", "getenv", "read_text", "read_bytes", "write_text", "write_bytes", "urlopen")
)


def faults(source: str) -> list[str]:
    """What in `source` is not pure, by line."""
    found = []
    for node in ast.walk(ast.parse(source)):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [node.module or "."]
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in CALLS:
            found.append(f"{node.lineno}: {node.func.id}()")
        elif isinstance(node, ast.Attribute) and node.attr in ATTRIBUTES:
            found.append(f"{node.lineno}: .{node.attr}")
        found += [f"{node.lineno}: import {name}" for name in names if name.partition(".")[0] in FORBIDDEN]
    return found


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_nothing_impure_is_used(path: Path) -> None:
    assert faults(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    "source",
    [
        "import os",
        "import os.path",
        "from time import time",
        "open('x')",
        "x.read_text()",
        "def f():\n    import socket",
    ],
)
def test_what_is_impure_is_seen(source: str) -> None:
    assert len(faults(source)) == 1


def test_there_are_files_to_look_at() -> None:
    assert len(FILES) > 30
