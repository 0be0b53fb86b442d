"""The API in this process, on the stack's database; what a test writes is undone at its end."""

import os
from collections.abc import Iterator

import psycopg
import pytest
from fastapi.testclient import TestClient
from psycopg.rows import dict_row
from shop.app import app
from shop.database import Database, connection


@pytest.fixture
def db() -> Iterator[Database]:
    with psycopg.connect(os.environ["DATABASE_URL"], row_factory=dict_row) as database:
        yield database
        database.rollback()


@pytest.fixture
def api(db: Database) -> Iterator[TestClient]:
    app.dependency_overrides[connection] = lambda: db
    with TestClient(app) as client:
        yield client
    app.dependency_overrides.clear()
