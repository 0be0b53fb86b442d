"""How soon an edited source file is in the container while `devenv watch` runs, and how soon a thousand are."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DEV = str(ROOT / "dev")
MANIFEST = """\
name: {name}
services:
  web:
    use: nginx
    develop: {{watch: [{{path: ./src, action: sync, target: /srv/src}}]}}
"""
MANY = 1000
PATIENCE = 30.0
_SEEN = 'until [ "$(cat /srv/src/{file} 2>/dev/null)" = "{word}" ]; do sleep 0.01; done'
"""A loop inside the container: asked from outside each look would take as long as a copy."""


def run(runs: int) -> None:
    """Print the median, least and most seconds from the end of the write to its sight inside, of `runs` edits of one
    file and of `MANY` new files written at once (seen by the last of them); then the same as JSON."""
    with _watched() as folder:
        one = [_edit(folder, number) for number in range(runs)]
        many = [_many(folder, number) for number in range(min(runs, 3))]
    load = os.getloadavg()[0]
    print(f"watch ({runs} edits, {len(many)} of {MANY:,} files, {os.cpu_count()} processors, load {load:.1f})")
    print(f"{'':>12}  {'median s':>8}  {'min':>5}  {'max':>5}")
    for name, taken in (("one file", one), (f"{MANY:,} files", many)):
        print(f"{name:>12}  {statistics.median(taken):>8.3f}  {min(taken):>5.2f}  {max(taken):>5.2f}")
    print(json.dumps({"watch": {"one": [round(s, 3) for s in one], "many": [round(s, 3) for s in many]}}))


def _edit(folder: Path, number: int) -> float:
    word = f"edit-{number}"

    def write() -> None:
        (folder / "src" / "one").write_text(word, encoding="utf-8")

    return _seen(folder, "one", word, write)


def _many(folder: Path, number: int) -> float:
    def write() -> None:
        for index in range(MANY):
            (folder / "src" / f"many-{index:04}").write_text(f"{number}-{index}", encoding="utf-8")

    # The tar is in the order of the names, so the last is there when all are.
    return _seen(folder, f"many-{MANY - 1:04}", f"{number}-{MANY - 1}", write)


def _seen(folder: Path, file: str, word: str, write: Callable[[], None]) -> float:
    """Seconds from the end of `write` until `file` in the container holds `word`."""
    look = [DEV, "exec", "web", "sh", "-c", f"echo looking; {_SEEN.format(file=file, word=word)}"]
    with subprocess.Popen(look, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE) as looking:
        assert looking.stdout is not None
        looking.stdout.readline()
        write()
        begun = time.monotonic()
        code = looking.wait(PATIENCE)
    if code:
        raise subprocess.CalledProcessError(code, look)
    return time.monotonic() - begun


@contextmanager
def _watched() -> Iterator[Path]:
    """A repository that is watched; all of it is gone afterwards."""
    name = f"devenv-bench-{os.getpid()}"
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        (folder / "src").mkdir()
        (folder / "src" / "one").write_text("", encoding="utf-8")
        (folder / "devenv.yaml").write_text(MANIFEST.format(name=name), encoding="utf-8")
        try:
            with subprocess.Popen([DEV, "watch"], cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                  stderr=subprocess.PIPE, text=True) as watching:  # fmt: skip
                assert watching.stderr is not None
                for line in watching.stderr:
                    if "watching src" in line:
                        break
                yield folder
                watching.terminate()
                watching.communicate(timeout=PATIENCE)
        finally:
            subprocess.run(
                [DEV, "down", "--volumes", "--yes"],
                cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, check=False,
            )  # fmt: skip
