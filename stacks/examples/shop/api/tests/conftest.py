"""The API in this process, on the stack's database and a numbered database of its own in the stack's Redis; what a test
writes is undone at its end."""

import os
from collections.abc import Iterator

import psycopg
import pytest
from fastapi.testclient import TestClient
from psycopg.rows import dict_row
from redis import Redis

from shop.app import app
from shop.cache import connect
from shop.database import Database, connection

# The running worker looks at number 0: what is ordered here is nothing to it.
os.environ["REDIS_URL"] = os.environ["REDIS_URL"].rpartition("/")[0] + "/9"


@pytest.fixture
def db() -> Iterator[Database]:
    with psycopg.connect(os.environ["DATABASE_URL"], row_factory=dict_row) as database:
        database.execute("SELECT 1")  # begins the transaction: all others are parts of it
        yield database
        database.rollback()


@pytest.fixture
def redis() -> Iterator[Redis]:
    client = connect(os.environ["REDIS_URL"])
    client.flushdb()
    yield client
    client.flushdb()
    client.close()


@pytest.fixture
def api(db: Database, redis: Redis) -> Iterator[TestClient]:
    app.dependency_overrides[connection] = lambda: db
    with TestClient(app) as client:
        yield client
    app.dependency_overrides.clear()
