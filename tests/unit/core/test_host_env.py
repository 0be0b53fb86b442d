"""What a process on the host gets of a service's environment, value by value, and how it is written."""

from __future__ import annotations

import io
import json
import subprocess
import sys

import pytest

from devenv.core.compose.dotenv import parse
from devenv.core.host_env import Closed, Place, dotenv, export, host_env

PLACES = {
    "db": Place(names=("db", "shop-db-1", "database"), ports={5432: ("127.0.0.1", 5433)}, main=5432),
    "cache": Place(names=("cache", "shop-cache-1"), ports={6379: ("127.0.0.1", 6379)}, main=6379),
    "web": Place(names=("web",), ports={80: ("127.0.0.1", 8080)}, main=80),
    "api": Place(names=("api", "my-api"), ports={8000: ("127.0.0.1", 8001), 9000: ("127.0.0.1", 9000)}, main=8000),
    "queue": Place(names=("queue",), closed=frozenset((5672,)), main=5672),
    "mail": Place(names=("mail",)),
    "six": Place(names=("six",), ports={7000: ("[::1]", 7000)}, main=7000),
}


@pytest.mark.parametrize(
    ("value", "becomes"),
    [
        ("db:5432", "127.0.0.1:5433"),
        ("postgresql://app:p%40ss@db:5432/shop?sslmode=disable", "postgresql://app:p%40ss@127.0.0.1:5433/shop?sslmode=disable"),
        ("postgresql+asyncpg://app:app@db/shop", "postgresql+asyncpg://app:app@127.0.0.1:5433/shop"),
        ("jdbc:postgresql://shop-db-1:5432/app", "jdbc:postgresql://127.0.0.1:5433/app"),
        ("jdbc:postgresql://database/app", "jdbc:postgresql://127.0.0.1:5433/app"),
        ("redis://cache", "redis://127.0.0.1:6379"),
        ("redis://:secret@cache/0", "redis://:secret@127.0.0.1:6379/0"),
        ("app:app@tcp(db:5432)/shop", "app:app@tcp(127.0.0.1:5433)/shop"),
        ("http://web/api?next=http://api:8000/x", "http://127.0.0.1:8080/api?next=http://127.0.0.1:8001/x"),
        ("/go?to=http%3A%2F%2Fapi%3A8000%2Fx", "/go?to=http%3A%2F%2F127.0.0.1%3A8001%2Fx"),
        ("cache:6379,db:5432", "127.0.0.1:6379,127.0.0.1:5433"),
        ('["http://web", "http://api:9000"]', '["http://127.0.0.1:8080", "http://127.0.0.1:9000"]'),
        ("host=db port=5432 dbname=shop", "host=127.0.0.1 port=5433 dbname=shop"),
        ("host=db dbname=db", "host=127.0.0.1 port=5433 dbname=db"),
        ("Server=db;Database=x", "Server=127.0.0.1;Port=5433;Database=x"),
        ("Server=db,5432;User=sa", "Server=127.0.0.1,5433;User=sa"),
        ("host=cache dbname=0", "host=127.0.0.1 dbname=0"),
        ("http://host.docker.internal:11434", "http://127.0.0.1:11434"),
        ("http://six:7000/", "http://[::1]:7000/"),
        # No addresses:
        ("db", "db"),
        ("/var/lib/db:5432", "/var/lib/db:5432"),
        ("mydb:5432", "mydb:5432"),
        ("db.example.com:5432", "db.example.com:5432"),
        ("https://db.example.com/", "https://db.example.com/"),
        ("redis://other-cache:6379", "redis://other-cache:6379"),
        ("postgresql://db:5432@localhost/x", "postgresql://db:5432@localhost/x"),
        ("db:17", "db:17"),
        ("db:17.2-alpine", "db:17.2-alpine"),
        ("/srv/app", "/srv/app"),
        ("", ""),
    ],
)  # fmt: skip
def test_addresses_become_the_hosts(value: str, becomes: str) -> None:
    found = host_env({"X": value}, PLACES)
    assert dict(found.values) == {"X": becomes}
    assert found.closed == ()


def test_host_and_port_in_two_variables_go_together() -> None:
    found = host_env(
        {
            "DB_HOST": "db", "DB_PORT": "5432", "PGHOST": "database", "POSTGRES_DB": "db", "REDIS_HOST": "cache",
            "cache_host": "cache", "cache_port": "6379", "API_HOSTNAME": "api", "API_PORT": "9000",
        },
        PLACES,
    )  # fmt: skip
    assert dict(found.values) == {
        "DB_HOST": "127.0.0.1", "DB_PORT": "5433", "PGHOST": "127.0.0.1", "PGPORT": "5433", "POSTGRES_DB": "db",
        "REDIS_HOST": "127.0.0.1", "cache_host": "127.0.0.1", "cache_port": "6379", "API_HOSTNAME": "127.0.0.1",
        "API_PORT": "9000",
    }  # fmt: skip
    assert found.added == ("PGPORT",)


def test_what_the_host_cannot_reach_stays_and_is_said() -> None:
    given = {
        "AMQP": "amqp://queue/", "QUEUE_HOST": "queue", "QUEUE_PORT": "5672", "SMTP_HOST": "mail",
        "SMTP": "mail:1025", "WEB": "https://web/", "DSN": "host=mail", "TWO": "queue:5672 queue:5672",
    }  # fmt: skip
    found = host_env(given, PLACES)
    assert dict(found.values) == given
    assert found.closed == (
        Closed(variable="AMQP", service="queue", port=5672),
        Closed(variable="SMTP", service="mail", port=1025),
        Closed(variable="WEB", service="web", port=443),
        Closed(variable="DSN", service="mail", port=None),
        Closed(variable="TWO", service="queue", port=5672),
        Closed(variable="QUEUE_HOST", service="queue", port=5672),
        Closed(variable="SMTP_HOST", service="mail", port=None),
    )


def test_it_listens_where_the_forwarder_goes() -> None:
    found = host_env(
        {"PORT": "8000", "HTTP_PORT": "8000", "BIND": "0.0.0.0:8000", "SUPPORT": "8000", "OTHER_PORT": "1",
         "DB_HOST": "db", "DB_PORT": "8000", "LISTEN": ":8000"},
        {**PLACES, "db": Place(names=("db",), ports={8000: ("127.0.0.1", 9)}, main=8000)},
        {8000: 8001},
    )  # fmt: skip
    assert dict(found.values) == {
        "PORT": "8001", "HTTP_PORT": "8001", "BIND": "0.0.0.0:8001", "SUPPORT": "8000", "OTHER_PORT": "1",
        "DB_HOST": "127.0.0.1", "DB_PORT": "9", "LISTEN": ":8001",
    }  # fmt: skip


def test_no_services_no_change() -> None:
    assert dict(host_env({"A": "db:5432"}, {}).values) == {"A": "db:5432"}


AWKWARD = {
    "PLAIN": "postgresql://app:app@127.0.0.1:5433/shop?x=1&y=2",
    "EMPTY": "",
    "SPACES": " two  words ",
    "HASH": "a #b",
    "QUOTE": "it's",
    "DOUBLE": 'say "so"',
    "BOTH": """it's "so" """,
    "QUOTE_AND_DOLLAR": """it's "$HOME" """,
    "DOLLAR": "pa$$word $HOME",
    "BACK": "C:\\new\\table",
    "LINES": "one\ntwo 'three'\n",
    "TICK": "`id` $(id); rm -rf x",
    "EXCLAMATION": "wow!",
}


def test_a_shell_reads_back_what_was_exported() -> None:
    lines, left = export({**AWKWARD, "spring.datasource.url": "x"})
    assert left == ("spring.datasource.url",)
    show = "import os, sys, json; print(json.dumps({k: os.environ[k] for k in sys.argv[1:]}))"
    told = subprocess.run(
        ["sh", "-c", 'eval "$LINES_"; exec "$0" -I -c "$SHOW_" "$@"', sys.executable, *AWKWARD],
        env={"LINES_": lines, "SHOW_": show}, capture_output=True, text=True, check=True, timeout=30,
    )  # fmt: skip
    assert json.loads(told.stdout) == AWKWARD


def test_a_dotenv_file_is_read_back_by_python_and_as_compose_does() -> None:
    text = dotenv(AWKWARD)
    assert parse(text, ".env") == AWKWARD
    from dotenv import dotenv_values

    assert dict(dotenv_values(stream=io.StringIO(text))) == AWKWARD
