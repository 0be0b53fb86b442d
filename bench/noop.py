"""What devenv takes where there is nothing to do: a second `up`, `status`, `--version`, beside a bare interpreter."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.measure import in_turn, table

ROOT = Path(__file__).resolve().parent.parent
MANIFEST = """\
name: {name}
services:
  db:
    use: postgres
    seed: [schema.sql]
  web:
    use: nginx
    ready: {{http: /}}
    depends_on: {{db: {{condition: service_healthy}}}}
"""


def run(runs: int) -> None:
    """Print the table of `runs` runs of each command, on a small stack that is up: a seeded database, a web server."""
    dev = str(ROOT / "dev")
    with stack() as folder:
        found = in_turn(
            {
                "up": [dev, "up"],
                "status": [dev, "status"],
                "--version": [dev, "--version"],
                "python": [sys.executable, "-I", "-c", "pass"],
            },
            folder,
            runs,
        )
    print(f"nothing to do ({runs} runs, {os.cpu_count()} processors, load {os.getloadavg()[0]:.1f})")
    print(table(found, "python"))


@contextmanager
def stack() -> Iterator[Path]:
    """A repository with the stack, up; all of it is gone afterwards."""
    dev = str(ROOT / "dev")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "devenv.yaml").write_text(MANIFEST.format(name=f"devenv-bench-{os.getpid()}"), encoding="utf-8")
        (folder / "schema.sql").write_text("CREATE TABLE things (id integer PRIMARY KEY);\n", encoding="utf-8")
        try:
            subprocess.run([dev, "up"], cwd=folder, stdin=subprocess.DEVNULL, check=True)
            yield folder
        finally:
            subprocess.run([dev, "down", "--volumes", "--yes"], cwd=folder, stdin=subprocess.DEVNULL, check=False)
