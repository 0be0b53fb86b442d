"""The kinds of seeders: which server's data they load, and this table. A new kind is a file and a line here."""

from __future__ import annotations

from collections.abc import Mapping

from devenv.extensions.seeders.postgres import PostgresSeeder
from devenv.extensions.seeders.redis import RedisSeeder
from devenv.model.protocols import Seeder

SEEDERS: Mapping[str, Seeder] = {seeder.kind: seeder for seeder in (PostgresSeeder(), RedisSeeder())}
"""Kind, as the catalogue names it under `seeder`, to the seeder that loads."""
