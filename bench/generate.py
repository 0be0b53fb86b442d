"""How quickly rows that are made by rule reach PostgreSQL: the shop's, at scale 1 and 5, into a new database."""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.measure import Run, once

ROOT = Path(__file__).resolve().parent.parent
SHOP = ROOT / "stacks" / "examples" / "shop"
ROWS = {"1": 225_000, "5": 1_125_000}
MOST = 3
"""Runs at each scale: one takes as long as a cup of tea."""
MANIFEST = """\
name: {name}
services:
  db:
    use: postgres
    environment: {{POSTGRES_DB: shop}}
"""
SEEDED = MANIFEST + "    seed: [db/schema.sql, seeds/products.yaml, seeds/customers.yaml, seeds/orders.yaml]\n"


def run(runs: int) -> None:
    """Print rows a second over the whole of `up` (devenv's start, the schema and all checks are in it), CPU seconds
    and resident memory of devenv's own process, at the most of `MOST` and `runs` runs; then the same as JSON."""
    found = {scale: [_load(scale) for _ in range(min(runs, MOST))] for scale in ROWS}
    print(f"generated rows ({min(runs, MOST)} runs, {os.cpu_count()} processors, load {os.getloadavg()[0]:.1f})")
    print(f"{'scale':>5} {'rows':>9}  {'rows/s: median':>14} {'most':>7}  {'up s':>5}  {'cpu s':>5}  {'peak MB':>7}")
    for scale, taken in found.items():
        rates = [ROWS[scale] / each.wall for each in taken]
        wall, cpu = (statistics.median(values) for values in ([r.wall for r in taken], [r.cpu for r in taken]))
        print(
            f"{scale:>5} {ROWS[scale]:>9,}  {statistics.median(rates):>14,.0f} {max(rates):>7,.0f}  {wall:>5.1f}  "
            f"{cpu:>5.1f}  {max(each.peak for each in taken) / 1e6:>7.0f}"
        )
    report = {
        scale: [
            {"rows": ROWS[scale], "wall": round(r.wall, 3), "cpu": round(r.cpu, 3), "peak_bytes": r.peak} for r in taken
        ]
        for scale, taken in found.items()
    }
    print(json.dumps({"generate": report}))


def _load(scale: str) -> Run:
    """The `up` that loads all, into a database that is up and empty."""
    with _stack() as folder:
        manifest = SEEDED.format(name=_name())
        (folder / "devenv.yaml").write_text(manifest, encoding="utf-8")
        return once([str(ROOT / "dev"), "up", "--scale", scale], folder)


def _name() -> str:
    return f"devenv-bench-{os.getpid()}"


@contextmanager
def _stack() -> Iterator[Path]:
    """A repository with the shop's seeds and an empty database that is up; all of it is gone afterwards."""
    dev = str(ROOT / "dev")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "devenv.yaml").write_text(MANIFEST.format(name=_name()), encoding="utf-8")
        for part in ("db", "seeds"):
            shutil.copytree(SHOP / part, folder / part)
        try:
            subprocess.run([dev, "up"], cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, check=True)
            yield folder
        finally:
            subprocess.run(
                [dev, "down", "--volumes", "--yes"],
                cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, check=False,
            )  # fmt: skip
