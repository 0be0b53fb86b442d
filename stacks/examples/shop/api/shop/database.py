"""Connections to PostgreSQL: a pool for the whole process, one connection for each request."""

import os
from collections.abc import Iterator
from typing import Annotated, Any

from fastapi import Depends, Request
from psycopg import Connection
from psycopg.rows import DictRow, dict_row
from psycopg_pool import ConnectionPool

Database = Connection[DictRow]


def open_pool() -> ConnectionPool[Database]:
    """A pool for DATABASE_URL. It does not wait for the server: /health tells whether that can be reached."""
    return ConnectionPool(
        os.environ["DATABASE_URL"],
        min_size=1,
        max_size=8,
        timeout=5,
        check=ConnectionPool.check_connection,  # the server may have been restarted meanwhile
        # Whoever asks has long gone when a statement takes longer.
        kwargs={"row_factory": dict_row, "options": "-c statement_timeout=5s"},
        open=True,
    )


def connection(request: Request) -> Iterator[Database]:
    """One connection; what the request did is committed at its end, and undone where it failed."""
    pool: ConnectionPool[Database] = request.app.state.pool
    with pool.connection() as database:
        yield database


Db = Annotated[Database, Depends(connection)]
Row = dict[str, Any]
