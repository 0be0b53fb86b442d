"""Rows made by rule, and keys in Redis: there after `up`, at the scale that was said last."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e.repository import Repository, made
from tests.engines import new_name
from tests.shop import ROWS, SHOP

pytestmark = pytest.mark.engine

SEEDS = """\
    seed:
      - db/schema.sql
      - db/products.csv
      - db/notes.jsonl
      - db/made.sql
      - db/people.yaml
      - generate:
          table: visits
          rows: 1000
          columns: {person: {ref: people.id, skew: zipf}, at: {time: {from: 2024-01-01, to: 2025-01-01, rhythm: daily}}}
"""
PEOPLE = """\
rows: 500
random_seed: 7
columns:
  id: sequence
  name: person
"""
TABLES = """\
CREATE TABLE people (id int PRIMARY KEY, name text NOT NULL);
CREATE TABLE visits (person int NOT NULL REFERENCES people, at timestamptz NOT NULL);
"""
COUNTS = "SELECT (SELECT count(*) FROM people), (SELECT count(*) FROM visits)"


def test_rows_are_made_and_follow_the_scale(repository: Repository) -> None:
    repository.write("db/made.sql", TABLES)
    repository.write("db/people.yaml", PEOPLE)
    repository.write("cache/start.redis", "SET motd hello\nRPUSH queue 1 2 3\n")
    repository.edit("devenv.yaml", "    seed: [db/schema.sql, db/products.csv, db/notes.jsonl]\n", SEEDS)
    repository.edit("devenv.yaml", "services:\n", "services:\n  cache: {use: redis, seed: cache/start.redis}\n")
    told = " ".join(repository.up().split())  # whatever the lines are broken at
    assert "people.yaml (500 rows)" in told
    assert "generated visits (1,000 rows)" in told
    assert repository.sql(COUNTS) == "500|1000"
    before = {name: container.id for name, container in repository.containers().items()}
    redis = repository.containers()["cache"]
    assert redis.exec_run(["redis-cli", "LLEN", "queue"]).output.split() == [b"3"]

    repository.up("--scale", "2")
    assert repository.sql(COUNTS) == "1000|2000"
    # Kept until another is said, and no reason to make a container anew.
    assert "nothing to do" in repository.up()
    repository.up("--scale", "0.1")
    assert repository.sql(COUNTS) == "50|100"
    assert {name: container.id for name, container in repository.containers().items()} == before
    wrong = repository.run("up", "--scale", "none")
    assert wrong.returncode == 2
    assert "--scale" in wrong.stderr

    # Rules with a mistake are told of with their place, and keep nobody from what runs.
    repository.edit("db/people.yaml", "name: person", "name: persn")
    wrong = repository.run("up")
    assert wrong.returncode == 2
    assert "db/people.yaml:5:3: `persn` is no kind of column." in wrong.stderr
    assert "Did you mean `person`?" in wrong.stderr
    (repository.folder / "db/people.yaml").unlink()
    wrong = repository.run("up")
    assert wrong.returncode == 2
    assert "db/people.yaml is not there" in wrong.stderr
    assert repository.run("status").returncode == 0


SHOP_S = """\
name: {name}
services:
  db: {{use: postgres, seed: [db/schema.sql, seeds/products.yaml, seeds/customers.yaml, seeds/orders.yaml]}}
"""
PEAK = """
import resource, subprocess, sys
done = subprocess.run(sys.argv[1:], stdin=subprocess.DEVNULL, stdout=sys.stderr)
print(done.returncode, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""


@pytest.mark.slow
def test_the_shop_s_data_grows_fivefold_and_shrinks_in_little_memory(tmp_path: Path) -> None:
    with made(tmp_path, new_name(), SHOP_S) as repository:
        for part in ("db", "seeds"):
            shutil.copytree(SHOP / part, tmp_path / part, dirs_exist_ok=True)
        for scale, times in (("1", 1.0), ("5", 5.0), ("0.1", 0.1)):
            # The peak is the largest child's of a process that is small itself.
            up = [sys.executable, "-c", PEAK, *repository.command("up", "--scale", scale)]
            run = subprocess.run(up, cwd=tmp_path, capture_output=True, text=True, check=True)
            code, peak = map(int, run.stdout.split())
            assert code == 0, run.stderr
            print(f"scale {scale}: devenv took at most {peak / 1024:.0f} MiB")
            assert peak <= 150 * 1024
            counts = ", ".join(f"(SELECT count(*) FROM {table})" for table in ROWS)
            assert repository.sql(f"SELECT {counts}") == "|".join(str(int(count * times)) for count in ROWS.values())
            assert "nothing to do" in repository.up()
