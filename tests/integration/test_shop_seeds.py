"""The shop's rows in a real PostgreSQL: all that its schema promises, at any scale, quick and small."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

from devenv.core.generate.table import Table
from tests.integration.test_postgres_seeds import Data, data, server
from tests.shop import ROWS, SCHEMA, generated

pytestmark = pytest.mark.engine
__all__ = ["data", "server"]

ROOT = Path(__file__).resolve().parents[2]
CHILD = """
import sys
from pathlib import Path
from devenv.backends.docker import connect
from devenv.extensions.seeders import SEEDERS
from devenv.model.protocols import SeedTarget
from devenv.run.cancel import CancelToken
from tests.engines import Told
from tests.shop import generated
url, container, database, scale = sys.argv[1:]
target = SeedTarget(service="db", container=container, engine=connect(url),
                    values={"user": "app", "password": "app", "database": database})
for seed in generated(scale):
    SEEDERS["postgres"].seed(target, seed, again=False, consent=lambda question: False, report=Told(),
                             cancel=CancelToken())
print(next(line.split()[1] for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM")))
"""


def counts(data: Data) -> dict[str, int]:
    return {table: int(data.sql(f"SELECT count(*) FROM {table}")) for table in ROWS}


def test_a_tenth_of_the_shop(data: Data) -> None:
    data.sql(SCHEMA.read_text(encoding="utf-8"))
    seeds = generated("0.1")
    assert [data.load(seed).rows for seed in seeds] == [500, 2_000, 20_000]
    assert counts(data) == {table: count // 10 for table, count in ROWS.items()}
    wrong = "o.unit_price <> p.price OR o.done_at < o.ordered_at OR (o.status = 'done') <> (o.done_at IS NOT NULL)"
    joined = "orders o JOIN products p ON p.id = o.product_id JOIN customers c ON c.id = o.customer_id"
    assert data.sql(f"SELECT count(*) FROM {joined} WHERE {wrong} OR o.ordered_at < c.joined_at") == "0"
    for word in ("teapot", "lamp"):
        assert int(data.sql(f"SELECT count(*) FROM products WHERE words @@ websearch_to_tsquery('{word}')")) >= 5
    # What comes out is what went in: two machines that make the same lines hold the same tables.
    for seed in seeds:
        assert seed.table is not None
        made = Table(seed.table, seed.options)
        lines = hashlib.sha256(b"".join(part for _, part in made.blocks())).hexdigest()
        out = f"COPY (SELECT {', '.join(made.names)} FROM {seed.table} ORDER BY id) TO STDOUT"
        psql = f"PGTZ=UTC psql -XqAt -U app -d {data.target.values['database']} -c '{out}' | sha256sum"
        given = data.target.engine.exec(data.target.container, ["sh", "-c", psql])
        assert given.output.decode().split()[0] == lines
    # The next order has the next number.
    assert data.sql("INSERT INTO orders (customer_id, product_id, quantity, unit_price) VALUES (1, 1, 1, 1) "
                    "RETURNING id, status") == "20001|taken"  # fmt: skip


@pytest.mark.slow
def test_every_scale_has_its_counts_in_little_memory(data: Data) -> None:
    data.sql(SCHEMA.read_text(encoding="utf-8"))
    for scale, times in (("1", 1), ("5", 5), ("0.1", 0.1), ("1", 1)):
        run = subprocess.run(
            [sys.executable, "-c", CHILD, data.target.engine.info.host, data.target.container,
             data.target.values["database"], scale],
            capture_output=True, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, text=True, check=True,
        )  # fmt: skip
        assert counts(data) == {table: int(count * times) for table, count in ROWS.items()}
        assert int(run.stdout) <= 150 * 1024  # KiB
