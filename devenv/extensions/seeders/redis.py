"""Seeds for Redis: files of commands, JSON, JSON lines and dumps, through `redis-cli` inside the container.

Whole or not at all, once per data (rule 5 of the design): see `redis_script` for the one unit in which a seed runs.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping

from devenv.extensions.seeders import files
from devenv.model.observed import LedgerEntry
from devenv.model.protocols import Cancel, Report, SeedResult, SeedTarget
from devenv.model.stack import Seed

_LOOK_TIMEOUT = 10.0
LEDGER = "devenv:seeds"
"""Hash: name of a seed → JSON of its ledger entry (`at` in seconds since the epoch)."""


class RedisSeeder:
    """Kinds `commands`, `json`, `jsonl`, `rdb`. Values of the service: `password`, `port`; where there is no password,
    the container's own REDISCLI_AUTH."""

    kind: str = "redis"

    def digest(self, seed: Seed) -> str:
        """See `protocols.Seeder.digest`."""
        return files.digest(seed)

    def ledger(self, target: SeedTarget) -> Mapping[str, LedgerEntry]:
        """See `protocols.Seeder.ledger`."""
        from devenv.extensions.seeders.redis_cli import look, no_answer

        lines = look(target, ["HVALS", LEDGER], timeout=_LOOK_TIMEOUT)
        if any(line and not line.startswith("{") for line in lines):
            raise no_answer(target, lines)
        found = [json.loads(line) for line in lines if line]
        return {each["name"]: LedgerEntry(**{**each, "at": _time(each["at"])}) for each in found}

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
        from devenv.extensions.seeders.redis_load import load

        return load(target, seed, again=again, consent=consent, report=report, cancel=cancel)


def _time(seconds: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))
