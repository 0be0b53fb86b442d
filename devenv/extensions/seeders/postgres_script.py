"""What is sent to psql before and after a seed's own content: the lock, the ledger, the checks, the COMMIT.

One client does it all. What depends on the data is decided inside the transaction, by psql's `\\if`; a client that is
killed anywhere before the last COMMIT leaves nothing. Answers come as lines `devenv:NONCE:WORD: …`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from devenv.core.sql import literal, quoted
from devenv.extensions.seeders.postgres_checks import FOREIGN_KEYS, MAY_REPLACE, QUIETLY, SEQUENCES, SUSPEND
from devenv.extensions.seeders.postgres_psql import CLIENT

_LOCK = int.from_bytes(b"devenv", "big")

_ALONE = f"""\
DO $devenv$ BEGIN
  BEGIN SET lc_messages = 'C'; EXCEPTION WHEN insufficient_privilege THEN NULL; END;
  PERFORM pg_catalog.pg_terminate_backend(pid) FROM pg_catalog.pg_stat_activity
    WHERE application_name = '{CLIENT}' AND datname = current_database() AND usename = current_user
      AND pid <> pg_backend_pid();
END $devenv$;
"""

_LEDGER = """\
SELECT to_regclass('devenv.seeds') IS NULL AS devenv_new \\gset
\\if :devenv_new
CREATE SCHEMA IF NOT EXISTS devenv;
COMMENT ON SCHEMA devenv IS 'What devenv has seeded into this database; it goes with the data.';
CREATE TABLE devenv.seeds (
  name text PRIMARY KEY,
  digest text NOT NULL,
  state text NOT NULL CHECK (state IN ('started', 'done')),
  rows bigint,
  at timestamptz NOT NULL DEFAULT now(),
  run text NOT NULL,
  relation oid,
  fingerprint text
);
\\endif
"""

_PLAIN = "\\o\n\\pset format unaligned\n\\pset tuples_only on\n\\pset expanded off\n\\set ON_ERROR_STOP 1\n"
"""psql as it was at the begin, whatever the seed's own commands did to it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """The frame of one seed. `nonce` marks its answers and its row in the ledger; `again` loads what is done already;
    `consented` that rows which are not this seed's may go. `lock_timeout`: seconds to wait for a lock that another
    session holds. `children`: names that a table may have whose rows hold keys of this one's, and the digest that its
    own seed has now; each after those that refer to it."""

    name: str
    digest: str
    nonce: str
    again: bool = False
    consented: bool = False
    lock_timeout: int = 10
    children: tuple[tuple[tuple[str, ...], str], ...] = ()

    def sql_before(self, *, transactional: bool) -> str:
        """Up to the first line of a SQL seed."""
        started = "" if transactional else self._record("'started'", "NULL", "NULL", "NULL")
        return (
            self._begin(transactional=transactional)
            + "SELECT coalesce((SELECT CASE WHEN state = 'started' THEN 'started' "
            + f"WHEN digest = {literal(self.digest)} THEN 'same' ELSE 'changed' END "
            + f"FROM devenv.seeds WHERE name = {literal(self.name)}), 'new') AS devenv_state \\gset\n"
            + self._say("state", ":devenv_state")
            + self._stop_if(f"NOT {_bool(self.again)} AND :'devenv_state' IN ('same', 'started')")
            + started
            + ("SELECT txid_current() AS devenv_txid \\gset\n" if transactional else "")
            + "RESET client_min_messages;\n"
        )

    def sql_after(self, *, transactional: bool) -> str:
        """After the last line of a SQL seed, to the COMMIT."""
        # A last statement may lack its `;`.
        text = "\n;\n" + _PLAIN + "RESET SESSION AUTHORIZATION;\nRESET ROLE;\n"
        if transactional:
            text += "SELECT txid_current() = :devenv_txid AS devenv_whole \\gset\n\\if :devenv_whole\n\\else\n"
            text += self._say("broken") + "\\q\n\\endif\n"
        text += self._record("'done'", "NULL", "NULL", "NULL")
        return text + ("COMMIT;\n" if transactional else "") + self._done()

    def data_before(self, tables: Sequence[str], *, through_lines: bool) -> str:
        """Up to the rows of a data seed. `tables` are names that the table may have, best first;
        `through_lines`: they come as lines of JSON, not as rows of the table."""
        found = ", ".join(f"to_regclass({literal(name)})" for name in tables)
        return (
            self._begin(transactional=True)
            + f"SELECT coalesce(coalesce({found})::oid, 0) AS devenv_oid \\gset\n"
            + "SELECT :devenv_oid = 0 AS devenv_stop \\gset\n\\if :devenv_stop\n"
            + self._say("missing")
            + "\\q\n\\endif\n"
            + "SELECT :devenv_oid::regclass AS devenv_table \\gset\n"
            + "SELECT set_config('devenv.table', :'devenv_table', true) AS devenv_set \\gset\n"
            + f"SELECT coalesce((SELECT CASE WHEN digest = {literal(self.digest)} AND relation = :devenv_oid "
            + "THEN 'same' ELSE 'changed' END FROM devenv.seeds "
            + f"WHERE name = {literal(self.name)}), 'new') AS devenv_state \\gset\n"
            + self._say("state", ":devenv_state")
            + self._stop_if(f"NOT {_bool(self.again)} AND :'devenv_state' = 'same'")
            + "LOCK TABLE :devenv_table IN SHARE ROW EXCLUSIVE MODE;\n"
            + "SELECT EXISTS (SELECT FROM :devenv_table) AS devenv_full \\gset\n\\if :devenv_full\n"
            + "SAVEPOINT devenv_print;\n"
            + _FINGERPRINT
            + "ROLLBACK TO SAVEPOINT devenv_print;\n"
            + "SELECT NOT EXISTS (SELECT FROM devenv.seeds WHERE relation = :devenv_oid AND "
            + f"fingerprint = :'devenv_print') AND NOT {_bool(self.consented)} AS devenv_stop,\n"
            + f"coalesce((SELECT max(rows) FROM devenv.seeds WHERE name = {literal(self.name)} "
            + "AND relation = :devenv_oid), -1) AS devenv_put \\gset\n\\if :devenv_stop\n"
            + self._say("ask", ":devenv_rows :devenv_put :devenv_table")
            + "\\q\n\\endif\n"
            + self._empty_children()
            + MAY_REPLACE
            + "DELETE FROM :devenv_table;\n\\endif\n"
            + QUIETLY
            + (_LINES if through_lines else "")
        )

    def data_after(self) -> str:
        """After the rows of a data seed, to the COMMIT."""
        return (
            FOREIGN_KEYS
            + SEQUENCES
            + _FINGERPRINT
            + f"DELETE FROM devenv.seeds WHERE relation = :devenv_oid AND name <> {literal(self.name)};\n"
            + self._record("'done'", ":devenv_rows", ":devenv_oid", ":'devenv_print'")
            + "COMMIT;\n"
            + self._done()
        )

    def insert(self, number: int, keys: Sequence[str]) -> str:
        """Rows out of the lines that have exactly `keys`; the others of the table's columns take their defaults. One
        that the table refuses is looked for, so that the error can name its line."""
        columns = ", ".join(quoted(key) for key in keys)
        values = ", ".join(f"r.{quoted(key)}" for key in keys)
        tag = f"$devenv_{self.nonce}$"
        statement = (
            f"'INSERT INTO ' || into_table || {literal(f' ({columns}) OVERRIDING SYSTEM VALUE SELECT {values} ')} || "
            f"'FROM pg_temp.devenv_lines AS l, LATERAL jsonb_populate_record(NULL::' || into_table || ', l.j) AS r "
            f"WHERE l.k = {number} AND ($1 IS NULL OR l.n = $1) ORDER BY l.n'"
        )
        return f"""\
DO {tag}
DECLARE
  into_table text := current_setting('devenv.table');
  statement text := {statement};
  at_line bigint;
  said text; state text; why text;
BEGIN
  EXECUTE statement USING NULL::bigint;
EXCEPTION WHEN OTHERS THEN
  FOR at_line IN SELECT n FROM pg_temp.devenv_lines WHERE k = {number} ORDER BY n LOOP
    BEGIN
      EXECUTE statement USING at_line;
    EXCEPTION WHEN OTHERS THEN
      GET STACKED DIAGNOSTICS said = MESSAGE_TEXT, state = RETURNED_SQLSTATE, why = PG_EXCEPTION_DETAIL;
      RAISE EXCEPTION USING MESSAGE = said, ERRCODE = state, DETAIL = 'devenv line ' || at_line || ' ' || why;
    END;
  END LOOP;
  RAISE;
END {tag};
"""

    def _begin(self, *, transactional: bool) -> str:
        local, scope = ("LOCAL ", "_xact") if transactional else ("", "")
        return (
            "SET client_min_messages = warning;\n"
            + ("BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE;\n" if transactional else "")
            + f"SET {local}lock_timeout = '{self.lock_timeout}s';\n"
            + _ALONE
            + f"SELECT pg_advisory{scope}_lock({_LOCK}) AS devenv_lock \\gset\n"
            + _LEDGER
        )

    def _empty_children(self) -> str:
        """Rows that will be made anew in this same run, since their seed changed with this one: they go first, so that
        no key of theirs is left without its row. Those that a person changed, or that others refer to, stay: the
        foreign keys then tell."""
        found = [
            f"coalesce({', '.join(f'to_regclass({literal(name)})' for name in names)})" for names, _ in self.children
        ]
        text = ""
        for table, (_, digest) in zip(found, self.children, strict=True):
            text += (
                f"SELECT coalesce({table}::oid, 0) AS devenv_child_oid \\gset\n"
                + "SELECT EXISTS (SELECT FROM devenv.seeds WHERE relation = :devenv_child_oid AND digest <> "
                + f"{literal(digest)}) AND NOT EXISTS (SELECT FROM pg_catalog.pg_constraint WHERE contype = 'f' AND "
                + f"confrelid = :devenv_child_oid AND conrelid <> ALL (ARRAY[{', '.join(found)}]::oid[])) "
                + "AS devenv_stale \\gset\n\\if :devenv_stale\n"
                + "SELECT :devenv_child_oid::regclass AS devenv_child \\gset\n"
                + "LOCK TABLE :devenv_child IN SHARE ROW EXCLUSIVE MODE;\nSAVEPOINT devenv_print;\n"
                + _FINGERPRINT.replace("devenv_table", "devenv_child")
                .replace("devenv_print", "devenv_child_print")
                .replace("devenv_rows", "devenv_child_rows")
                + "ROLLBACK TO SAVEPOINT devenv_print;\n"
                + "SELECT EXISTS (SELECT FROM devenv.seeds WHERE relation = :devenv_child_oid AND fingerprint = "
                + ":'devenv_child_print') AS devenv_stale \\gset\n\\if :devenv_stale\n"
                + SUSPEND
                + "DELETE FROM :devenv_child;\nDELETE FROM devenv.seeds WHERE relation = :devenv_child_oid;\n"
                + "\\endif\n\\endif\n"
            )
        return text

    def _say(self, word: str, rest: str = "") -> str:
        return f"\\echo devenv:{self.nonce}:{word}: {rest}\n"

    def _stop_if(self, condition: str) -> str:
        return f"SELECT {condition} AS devenv_stop \\gset\n\\if :devenv_stop\n\\q\n\\endif\n"

    def _record(self, state: str, rows: str, relation: str, fingerprint: str) -> str:
        return (
            "INSERT INTO devenv.seeds AS s (name, digest, state, rows, at, run, relation, fingerprint) VALUES "
            f"({literal(self.name)}, {literal(self.digest)}, {state}, {rows}, clock_timestamp(), "
            f"{literal(self.nonce)}, {relation}, {fingerprint}) ON CONFLICT (name) DO UPDATE SET "
            "digest = excluded.digest, state = excluded.state, rows = excluded.rows, at = excluded.at, "
            "run = excluded.run, relation = excluded.relation, fingerprint = excluded.fingerprint;\n"
        )

    def _done(self) -> str:
        # Put together by the server, so that no echo of this text is taken for the answer.
        return (
            f"SELECT 'devenv:' || '{self.nonce}:done: ' || coalesce(rows, -1) FROM devenv.seeds "
            f"WHERE name = {literal(self.name)} AND run = {literal(self.nonce)} AND state = 'done';\n"
        )


_FINGERPRINT = """\
SET LOCAL DateStyle = 'ISO';
SET LOCAL TimeZone = 'UTC';
SET LOCAL IntervalStyle = 'postgres';
SET LOCAL bytea_output = 'hex';
SET LOCAL extra_float_digits = 1;
SELECT count(*) AS devenv_rows,
  count(*) || ':' || coalesce(sum(hashtextextended(devenv_row::text, 0)), 0) AS devenv_print
  FROM :devenv_table AS devenv_row \\gset
"""
"""What the rows are, whatever their order and the session's way of writing values."""

_LINES = "CREATE TEMPORARY TABLE devenv_lines (n bigint, k int, j jsonb) ON COMMIT DROP;\n"


def _bool(value: bool) -> str:
    return "true" if value else "false"
