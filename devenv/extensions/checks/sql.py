"""`sql`: one statement in a service's database, by the client in its image."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from devenv.extensions.checks.exec import run
from devenv.model.errors import DevenvError, ExitCode
from devenv.model.protocols import Answer, CheckTarget


class SqlCheck:
    """Options: `service`, `query`. PostgreSQL alone has a client here."""

    kind: str = "sql"

    def ask(self, target: CheckTarget, options: Mapping[str, Any], *, timeout: float) -> Answer:
        """The rows, one a line, unaligned. Raises DevenvError (FAILED) with the server's words where it refuses."""
        service = str(options["service"])
        values = target.values.get(service, {})
        command = (
            "psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1",
            "-U", values.get("user", "postgres"), "-d", values.get("database", values.get("user", "postgres")),
            "-c", str(options["query"]),
        )  # fmt: skip
        answer = run(target, service, command, timeout)
        if answer.code != 0:
            said = " ".join(answer.text.split()) or f"psql ended with {answer.code}"
            raise DevenvError(said, hint="Correct the query, or seed what it asks for.", code=ExitCode.FAILED)
        return answer
