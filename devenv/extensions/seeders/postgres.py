"""Seeds for PostgreSQL: SQL files, CSV and JSON lines, through `psql` inside the container.

Whole or not at all, once per data (rule 5 of the design): see `postgres_script` for the frame in which a seed runs.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping

from devenv.extensions.seeders import files
from devenv.extensions.seeders.postgres_psql import look, no_answer
from devenv.model.observed import LedgerEntry
from devenv.model.protocols import Cancel, Report, SeedResult, SeedTarget
from devenv.model.stack import Seed

_LOOK_TIMEOUT = 10.0
_LOOK = """\
SELECT to_regclass('devenv.seeds') IS NOT NULL AS devenv_there \\gset
\\if :devenv_there
SELECT 'devenv:' || json_build_object('name', name, 'digest', digest, 'state', state, 'rows', rows,
  'at', to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'))
  FROM devenv.seeds AS s
  WHERE relation IS NULL OR EXISTS (SELECT FROM pg_catalog.pg_class WHERE oid = s.relation) ORDER BY at, name;
\\endif
"""
"""The ledger, one JSON object a line. A data seed whose table was dropped since is not in it: its rows are gone."""


class PostgresSeeder:
    """Kinds `sql`, `csv`, `jsonl`. Values of the service: `user`, `password`, `database`; where one is missing, the
    container's own POSTGRES_USER, POSTGRES_PASSWORD, POSTGRES_DB. `lock_timeout`: seconds that a seed waits for a lock
    which another session holds."""

    kind: str = "postgres"

    def __init__(self, *, lock_timeout: int = 10) -> None:
        self._lock_timeout = lock_timeout

    def digest(self, seed: Seed) -> str:
        """See `protocols.Seeder.digest`."""
        return files.digest(seed)

    def ledger(self, target: SeedTarget) -> Mapping[str, LedgerEntry]:
        """See `protocols.Seeder.ledger`. A data seed whose table is gone is not in it."""
        code, lines, refused = look(target, _LOOK, timeout=_LOOK_TIMEOUT)
        if code:
            raise no_answer(target, code, refused)
        found = [json.loads(line.removeprefix("devenv:")) for line in lines if line.startswith("devenv:{")]
        return {each["name"]: LedgerEntry(**each) for each in found}

    def seed(
        self,
        target: SeedTarget,
        seed: Seed,
        *,
        again: bool,
        consent: Callable[[str], bool],
        report: Report,
        cancel: Cancel,
    ) -> SeedResult:
        """See `protocols.Seeder.seed`."""
        # Not loaded where there is nothing to seed, as in most calls of `up`.
        from devenv.extensions.seeders.postgres_load import load

        return load(
            target, seed, again=again, consent=consent, report=report, cancel=cancel, lock_timeout=self._lock_timeout
        )
