"""What a service of a plain Compose file is, where its image says it clearly: then `seed` works without `seeder`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from devenv.core.recipes import full, split

_POSTGRES = frozenset(("postgres", "pgvector", "postgis", "timescaledb", "timescaledb-ha"))
_REDIS = frozenset(("redis", "redis-stack", "redis-stack-server", "valkey"))
"""The last part of a repository's name, whatever registry or mirror it lies in: images with the official one's
environment variables."""
_MARIADB = frozenset(("mariadb", "mysql"))
_MAJOR = re.compile(r"(?:pg)?(\d+)(?:[.-].*)?$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Guess:
    """The `seeder`, the data's `server` and place, and the `values` that seeders and checks ask with; "" and empty
    where they are not known."""

    seeder: str = ""
    server: str = ""
    data: str = ""
    values: Mapping[str, str] = field(default_factory=dict)


def guess(image: str, environment: Mapping[str, Any], use: str = "") -> Guess:
    """By the name of the `image`; `use` (`postgres@17`) says it where the image does not."""
    repository, tag = split(full(image)) if image else ("", "")
    name = repository.rpartition("/")[2]
    said, _, version = use.partition("@")
    if said == "postgres" or name in _POSTGRES:
        found = _MAJOR.match(version or tag)
        major = int(found[1]) if found else 0
        user = str(environment.get("POSTGRES_USER") or "postgres")
        return Guess(
            seeder="postgres",
            server=f"postgres/{major}" if major else "",
            data=str(environment.get("PGDATA") or "/var/lib/postgresql/data") if 0 < major < 18 else "",
            values={"user": user, "database": str(environment.get("POSTGRES_DB") or user)},
        )
    if said == "redis" or name in _REDIS:
        return Guess(seeder="redis")
    return Guess()


def loads_itself(image: str, use: str = "") -> str:
    """What a person does in place of a seed where the server is one that devenv has no seeder for and that runs files
    of its own; "" where it is another."""
    name = split(full(image))[0].rpartition("/")[2] if image else ""
    if not {use.partition("@")[0], name} & _MARIADB:
        return ""
    return (
        "MariaDB and MySQL run SQL files themselves, once, on new data: "
        "`volumes: ['./a.sql:/docker-entrypoint-initdb.d/a.sql:ro']`, and `devenv reset SERVICE` after a change."
    )
