"""What the server said, as a sentence with the file's own line and a next step."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from devenv.core.sql import Statement, statements
from devenv.extensions.seeders import files
from devenv.extensions.seeders.files import SeedError, shown, unreadable
from devenv.extensions.seeders.postgres_checks import ORPHAN, REFERRED
from devenv.extensions.seeders.postgres_psql import Said
from devenv.model.stack import Seed

_COPY_LINE = re.compile(
    r"^COPY (?P<table>.+?), line (?P<line>\d+)(?:, column (?P<column>.+?))?(?:: \".*\")?$", re.MULTILINE
)
_OUR_LINE = re.compile(r"^devenv line (\d+) ?")
_NAMED = re.compile(r"\"([^\"]+)\"")


def sql_refused(seed: Seed, said: Said, *, before: int, state: str, service: str) -> SeedError:
    """For a SQL seed: `before` lines were sent before its first; `state` is the ledger's word (`new`, `changed`, …)."""
    line = said.line - before
    if said.file != "<stdin>":
        place, statement = f"{said.file}:{said.line} (read by {shown(seed)})", None
    elif line < 1 or not said.line:
        place, statement = shown(seed), None
    else:
        statement, at = locate(seed, line, said)
        place = f"{shown(seed)}:{at}" if at else f"{shown(seed)}: at its end"
    text = f"{place}: {_what(said)}"
    if statement is not None:
        text += f", in `{statement.excerpt}`"
    text += "; rolled back" if seed.transactional else "; what ran before it is in the database"
    hint = _hint(said)
    if not seed.transactional:
        hint += f"; then `devenv reset {service}` makes its data anew"
    elif state in ("changed", "same"):
        hint = (
            f"it ran here before and must be written so that it can run again (IF NOT EXISTS, ON CONFLICT), "
            f"or `devenv reset {service}` makes the data of {service} anew; else: {hint}"
        )
    return SeedError(text, hint=hint)


def data_refused(seed: Seed, said: Said, *, place: Callable[[int], int], keys: int = 0) -> SeedError:
    """For rows: `place` gives the file's line for the server's; `keys` is the line that brought columns which the table
    does not have, 0 where that is not known."""
    found = _COPY_LINE.search(said.context)
    ours = _OUR_LINE.match(said.detail)
    column = ""
    if found:
        line = place(int(found["line"]))
        column = f", column {found['column']}" if found["column"] else ""
    elif ours:
        line = int(ours[1])
    else:
        line = keys if said.state == "42703" else 0
    detail = _OUR_LINE.sub("", said.detail)
    where = f"{shown(seed)}:{line}" if line else shown(seed)
    hint = _hint(said)
    if said.state == ORPHAN and said.text.partition(" (")[0] != files.table(seed):
        hint = (
            "rows of another table still refer to what this seed no longer brings: change those, or make the data anew"
        )
        hint += " with `devenv reset`"
    return SeedError(f"{where}: {_what(said, detail)}{column}; rolled back", hint=hint)


def locate(seed: Seed, line: int, said: Said) -> tuple[Statement | None, int]:
    """The statement of the file that ended in an error which psql saw at `line`, and the line to name; (None, 0)
    after its last (constraints that wait for the COMMIT)."""
    try:
        with open(seed.file, "rb") as file:
            if line > sum(1 for _ in file):
                return None, 0
            file.seek(0)
            statement = _statement(file, line, said)
            if statement is None:
                return None, line
            copied = _COPY_LINE.search(said.context)
            if statement.data and copied:
                return statement, statement.data + int(copied["line"]) - 1
            if not said.quoted:
                return statement, statement.line
            file.seek(0)
            pointed = said.quoted.strip().strip(".").encode()
            for number, text in enumerate(file, 1):
                if statement.line <= number <= statement.end and pointed and pointed in text:
                    return statement, number
            return statement, statement.line
    except OSError as error:
        raise unreadable(seed, error) from None


def _statement(lines: Iterable[bytes], line: int, said: Said) -> Statement | None:
    pointed = said.quoted.strip().strip(".")
    found = None
    for each in statements(lines):
        if each.line > line:
            break
        # Of several on that line, the one that the server quotes.
        if found is None or not (found.end == line == each.end and pointed and pointed in found.text):
            found = each
    return found


def _what(said: Said, detail: str | None = None) -> str:
    text = said.text or "psql said nothing"
    detail = said.detail if detail is None else detail
    if detail and said.state != REFERRED:
        text += f" ({' '.join(detail.split())[:300]})"
    return text


def _hint(said: Said) -> str:
    names = _NAMED.findall(said.text)
    name = names[0] if names else ""
    state = said.state
    if state == "" and said.text.startswith("connection to server"):
        other = "does not exist" in said.text or "authentication failed" in said.text
        return _OTHER_DATA if other else _NO_SERVER
    if state in ("42P01", "3F000", "42883", "42704") or (state == "" and "does not exist" in said.text):
        if "extension" in said.text:
            return f"create it first (`CREATE EXTENSION {name}`), from an image that has it"
        if "role" in said.text:
            return f'create it in a seed that stands before this one (`CREATE ROLE "{name}"`)'
        return f"make {name or 'it'} in a seed that stands before this one"
    if state in ("0A000", "58P01") and "extension" in said.text:
        return f"the image has no extension {name}: name one that has it under `image` (for vector: pgvector/pgvector)"
    for states, hint in _HINTS.items():
        if state in states:
            return hint
    if state == "" and "invalid command \\" in said.text:
        return "the psql in the container does not know that command: leave it out, or use a newer image"
    if state == "" and "No such file" in said.text:
        return "psql looks for it inside the container: mount it there, or name it as a seed of its own"
    if state[:2] in ("08", "57") or (state == "" and ("connection" in said.text or "server closed" in said.text)):
        return _NO_SERVER
    if state[:2] in ("22", "23"):
        return "mend that row or the table's definition, then call devenv again"
    return " ".join(said.hint.split()) or "mend it, then call devenv again"


_NO_SERVER = "see what the server says (`devenv logs`), then call devenv again"
_OTHER_DATA = "the volume was made with another user, password or database: put the old one back, or `devenv reset` it"
_HINTS: dict[tuple[str, ...], str] = {
    ("55P03",): "another session holds a lock on it and keeps it: end what works on the database "
    "(`SELECT * FROM pg_stat_activity` shows who), then call devenv again",
    ("25001",): "it cannot run in a transaction: put it in a file of its own with `transactional: false`",
    ("42501",): "seed with a user that may do it: the owner, or a superuser",
    ("53100", "53200"): "the server has no room left: free disk space on the engine (`docker system df`)",
    ("22021", "22P05"): "save the file as UTF-8 (`iconv -f WINDOWS-1252 -t UTF-8`)",
    ("42601",): "mend the statement, then call devenv again",
    ("42703",): "name the columns as the table has them (in the header, or with `columns`)",
    ("428C9",): "leave that column out: the database makes its values",
    ("28P01", "28000"): _OTHER_DATA,
    (ORPHAN,): "put the rows that it refers to into an earlier seed, or leave this row out",
    (
        REFERRED,
    ): "let that user do it (a superuser: GRANT SET ON PARAMETER session_replication_role, from PostgreSQL 15 "
    "on), or make the data anew with `devenv reset`",
}
