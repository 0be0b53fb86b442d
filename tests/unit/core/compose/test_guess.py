"""What a service is by its image, so that a plain Compose file need not say how it is seeded."""

from __future__ import annotations

import pytest

from devenv.core.compose.guess import guess


@pytest.mark.parametrize(
    ("image", "use", "seeder", "server", "data"),
    [
        ("postgres:17", "", "postgres", "postgres/17", "/var/lib/postgresql/data"),
        ("mirror.test:5000/library/postgres:16-bookworm", "", "postgres", "postgres/16", "/var/lib/postgresql/data"),
        ("postgres:18.1", "", "postgres", "postgres/18", ""),  # its data lie in a folder of the version's own
        ("postgres", "", "postgres", "", ""),
        ("docker.io/pgvector/pgvector:pg17", "", "postgres", "postgres/17", "/var/lib/postgresql/data"),
        ("postgis/postgis:17-3.5", "", "postgres", "postgres/17", "/var/lib/postgresql/data"),
        ("our/database:3", "postgres@17", "postgres", "postgres/17", "/var/lib/postgresql/data"),
        ("redis:8-alpine", "", "redis", "", ""),
        ("mirror/library/redis", "", "redis", "", ""),
        ("valkey/valkey:8", "", "redis", "", ""),
        ("nginx:1.27", "", "", "", ""),
        ("our/postgres-backup:1", "", "", "", ""),
        ("", "", "", "", ""),
    ],
)
def test_an_image_that_is_known(image: str, use: str, seeder: str, server: str, data: str) -> None:
    found = guess(image, {}, use)
    assert (found.seeder, found.server, found.data) == (seeder, server, data)


def test_the_environment_says_whose_database_it_is_and_where() -> None:
    assert guess("postgres:17", {}).values == {"user": "postgres", "database": "postgres"}
    found = guess("postgres:17", {"POSTGRES_USER": "app", "POSTGRES_PASSWORD": "x", "PGDATA": "/data/pg"})
    assert found.values == {"user": "app", "database": "app"}
    assert found.data == "/data/pg"
    assert guess("postgres:17", {"POSTGRES_USER": "app", "POSTGRES_DB": "shop"}).values["database"] == "shop"
