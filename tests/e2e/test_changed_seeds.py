"""A seed that changed while the table holds a person's rows: left alone and said, all else done."""

from __future__ import annotations

import pytest

from tests.e2e.repository import PRODUCTS, Repository

pytestmark = pytest.mark.engine

COUNTS = "SELECT count(*), count(*) FILTER (WHERE id = 9000), count(*) FILTER (WHERE id = 201) FROM products"


def test_rows_of_a_person_stay_until_they_say_so(repository: Repository) -> None:
    repository.up()
    repository.sql("INSERT INTO products VALUES (9000, 'my own', 1)")
    seed = repository.folder / "db/products.csv"
    seed.write_text(seed.read_text() + "201,new,2.00\n")
    repository.edit("devenv.yaml", '"hello"', '"good morning"')

    told = repository.up(code=1)
    assert "db/products.csv was not loaded" in told
    assert "`devenv seed db --yes`" in told
    assert repository.sql(COUNTS) == f"{PRODUCTS + 1}|1|0"
    assert "GREETING=good morning" in repository.containers()["api"].attrs["Config"]["Env"]
    status = repository.status()
    assert all(row["ready"] for row in status.values())
    assert status["db"]["seeded"] == "pending"
    assert repository.run("seed", "--again").returncode == 1
    assert repository.sql(COUNTS) == f"{PRODUCTS + 1}|1|0"

    assert repository.run("seed", "db", "--yes").returncode == 0
    assert repository.sql(COUNTS) == f"{PRODUCTS + 1}|0|1"
    assert "nothing to do" in repository.up()

    repository.sql("INSERT INTO products VALUES (9000, 'my own', 1)")
    refused = repository.run("reset", "db")
    assert refused.returncode == 2
    assert f"{repository.name}_db-data" in refused.stderr
    assert repository.sql(COUNTS) == f"{PRODUCTS + 2}|1|1"
    assert repository.run("reset", "db", "--yes").returncode == 0
    assert repository.sql(COUNTS) == f"{PRODUCTS + 1}|0|1"
    assert repository.sql("SELECT count(*) FROM notes") == "10"
