"""Programs of npm's, installed for the tests: never a part of the product."""

from __future__ import annotations

import atexit
import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path


@cache
def program(package: str, name: str) -> Path:
    """The program `name` of `package`, installed once a run and removed at its end."""
    if not shutil.which("npm"):
        subprocess.run(["apt-get", "install", "-y", "-qq", "--no-install-recommends", "nodejs", "npm"], check=True)
    folder = Path(tempfile.mkdtemp(prefix=f"devenv-test-{name}-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    subprocess.run(["npm", "install", "--no-audit", "--no-fund", package], cwd=folder, check=True)
    return folder / "node_modules" / ".bin" / name
