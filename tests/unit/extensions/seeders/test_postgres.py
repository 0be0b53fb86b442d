"""What the seeder makes of what psql says, with a psql that says what the test wants."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, cast

import pytest

from devenv.extensions.seeders import SEEDERS
from devenv.extensions.seeders.postgres import PostgresSeeder
from devenv.extensions.seeders.postgres_psql import Said, Voice, read_said
from devenv.extensions.seeders.postgres_refusal import sql_refused
from devenv.model.errors import DevenvError, ExitCode
from devenv.model.protocols import Engine, ExecResult, SeedResult, SeedTarget
from devenv.model.stack import Seed
from devenv.run.cancel import CancelToken
from tests.engines import Told


class Psql:
    """An engine whose one program is psql. It answers with `out` and `err`, `NONCE` in them as the script has it."""

    def __init__(self, out: str = "", err: str = "", code: int = 0, error: DevenvError | None = None) -> None:
        self.out, self.err, self.code, self.error = out, err, code, error
        self.sent = ""
        self.env: Mapping[str, str] = {}
        self.commands: list[str] = []

    def exec(
        self,
        container: str,
        command: Sequence[str],
        *,
        env: Mapping[str, str],
        stdin: Iterable[bytes] = (),
        on_output: Callable[[str, bytes], None] = lambda stream, data: None,
        **more: Any,
    ) -> ExecResult:
        self.commands.append(" ".join(command))
        self.env = env
        self.sent = b"".join(stdin).decode()
        if self.error is not None and "exec psql" in command[-1]:
            raise self.error
        nonce = re.search(r"devenv:([0-9a-f]{16}):", self.sent)
        for stream, text in (("stdout", self.out), ("stderr", self.err)):
            said = text.replace("NONCE", nonce[1] if nonce else "").encode()
            for start in range(0, len(said), 7):
                on_output(stream, said[start : start + 7])
        return ExecResult(exit_code=self.code)


@pytest.fixture
def seed(tmp_path: Path) -> Seed:
    path = tmp_path / "a.sql"
    path.write_text("SELECT 1;\nSELECT 2;\n")
    return Seed(name="a.sql", kind="sql", file=str(path))


def load(psql: Psql, seed: Seed, report: Told | None = None, cancel: CancelToken | None = None) -> SeedResult:
    values = {"user": "app", "password": "s3cret", "database": "shop"}
    target = SeedTarget(service="db", container="c1", engine=cast(Engine, psql), values=values)
    return PostgresSeeder().seed(
        target,
        seed,
        again=False,
        consent=lambda question: False,
        report=report or Told(),
        cancel=cancel or CancelToken(),
    )


def test_the_table_of_seeders() -> None:
    assert {kind: seeder.kind for kind, seeder in SEEDERS.items()} == {"postgres": "postgres", "redis": "redis"}


def test_all_is_one_transaction_and_the_commit_is_last(seed: Seed) -> None:
    psql = Psql("devenv:NONCE:state: new\ndevenv:NONCE:done: -1\n")
    assert load(psql, seed) == SeedResult()
    assert psql.sent.count("BEGIN ISOLATION") == psql.sent.count("COMMIT;") == 1
    before, after = psql.sent.split("SELECT 1;\nSELECT 2;\n")
    assert "pg_advisory_xact_lock" in before
    assert "lock_timeout = '10s'" in before
    assert [line for line in after.splitlines() if line][-2] == "COMMIT;"


def test_a_password_is_in_the_environment_alone(seed: Seed) -> None:
    psql = Psql("devenv:NONCE:done: -1\n")
    load(psql, seed)
    assert psql.env["PGPASSWORD"] == "s3cret"
    assert "s3cret" not in psql.sent
    assert "s3cret" not in "".join(psql.commands)


def test_what_the_ledger_has_is_not_loaded(seed: Seed) -> None:
    assert load(Psql("devenv:NONCE:state: same\n"), seed) == SeedResult(skipped=True)


def test_what_a_seed_says_is_told_with_its_own_lines(seed: Seed) -> None:
    psql = Psql("hello\n\ndevenv:NONCE:done: -1\n")
    load(psql, seed)
    first = psql.sent[: psql.sent.index("SELECT 1;")].count("\n")
    err = (
        f"psql:<stdin>:{first + 2}: NOTICE:  00000: careful\nLOCATION:  exec, x.c:1\nodd\n"
        f"psql:<stdin>:{first + 9}: error: late\n"
    )
    report = Told()
    assert load(Psql(psql.out, err), seed, report) == SeedResult()
    assert report.lines == ["hello", "a.sql:2: NOTICE: careful", "odd", "a.sql: late"]


@pytest.mark.parametrize(
    ("psql", "said"),
    [
        (Psql("", "sh: psql: not found\n", 127), "db has no psql"),
        (Psql("devenv:NONCE:state: new\n"), r"a.sql: psql ended before the file did \(exit code 0\); rolled back"),
        (Psql("devenv:NONCE:broken:\n"), "a.sql: something in it ended the transaction"),
        (Psql("devenv:NONCE:state: started\n"), "a.sql: it was begun and never ended"),
        (Psql("", "psql: error: connection to server on socket failed: no\n", 2), "a.sql: connection to server"),
        (Psql("", "psql:<stdin>:1: ERROR:  55P03: lock timeout\n", 3), "a.sql: lock timeout; rolled back"),
        (
            Psql(error=DevenvError("cannot run sh in c1: the container ended", hint="see", code=ExitCode.FAILED)),
            "a.sql: cannot run sh in c1: the container ended",
        ),
    ],
)
def test_how_it_fails(psql: Psql, said: str, seed: Seed) -> None:
    with pytest.raises(DevenvError, match=said) as raised:
        load(psql, seed)
    assert raised.value.code == ExitCode.FAILED
    assert raised.value.hint


def test_a_file_that_changes_while_it_is_read(seed: Seed) -> None:
    class Slow(Psql):
        def exec(self, *args: Any, **more: Any) -> ExecResult:
            Path(seed.file).write_text("SELECT 3;\n")
            return super().exec(*args, **more)

    psql = Slow("devenv:NONCE:done: -1\n")
    with pytest.raises(DevenvError, match=r"a.sql: the file changed while it was read"):
        load(psql, seed)
    assert "COMMIT" not in psql.sent


def test_rows_go_through_the_same_frame(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("id\n1\n")
    seed = Seed(name="t.csv", kind="csv", file=str(tmp_path / "t.csv"))
    psql = Psql("devenv:NONCE:state: new\ndevenv:NONCE:done: 1\n")
    assert load(psql, seed) == SeedResult(rows=1)
    assert 'COPY :devenv_table ("id") FROM STDIN' in psql.sent
    assert psql.sent.count("COMMIT;") == 1
    assert load(Psql("devenv:NONCE:state: same\n"), seed) == SeedResult(skipped=True)
    asked = load(Psql('devenv:NONCE:ask: 3 -1 "t:u"\n'), seed)
    assert asked.kept == 'table "t:u" holds 3 rows that no seed put there'
    with pytest.raises(DevenvError, match=r"t.csv: there is no table t"):
        load(Psql("devenv:NONCE:missing:\n"), seed)
    with pytest.raises(DevenvError, match=r"t.csv: psql ended before the file did"):
        load(Psql(), seed)
    err = 'psql:<stdin>:9: ERROR:  22P02: bad "x"\nCONTEXT:  COPY t, line 2, column id: "x"\n'
    with pytest.raises(DevenvError, match=r't.csv:2: bad "x", column id; rolled back'):
        load(Psql("", err, 3), seed)


def test_a_cancel_is_no_failure_and_ends_what_runs(seed: Seed) -> None:
    cancel = CancelToken()
    cancel.cancel()
    psql = Psql(error=DevenvError("interrupted", hint="call again", code=ExitCode.INTERRUPTED))
    with pytest.raises(DevenvError, match=r"^interrupted$"):
        load(psql, seed, cancel=cancel)
    assert "kill -9" in psql.commands[-1]
    assert "exec psql" not in psql.commands[-1]


def test_a_kind_that_it_does_not_know(tmp_path: Path) -> None:
    (tmp_path / "a.rdb").touch()
    with pytest.raises(DevenvError, match=r"PostgreSQL takes no seed of kind rdb"):
        load(Psql(), Seed(name="a.rdb", kind="rdb", file=str(tmp_path / "a.rdb")))


def test_a_ledger_that_cannot_be_read() -> None:
    psql = Psql("", 'psql: error: FATAL:  role "app" does not exist\n', 2)
    target = SeedTarget(service="db", container="c1", engine=cast(Engine, psql), values={})
    with pytest.raises(DevenvError, match='cannot look into the database of db: FATAL:  role "app" does not exist'):
        PostgresSeeder().ledger(target)
    psql.err, psql.code, psql.out = "", 0, 'devenv:{"name":"a","digest":"d","state":"done","rows":3,"at":"x"}\n'
    (entry,) = PostgresSeeder().ledger(target).values()
    assert (entry.name, entry.rows) == ("a", 3)


def test_a_message_is_taken_apart() -> None:
    text = """\
psql:<stdin>:34: ERROR:  23505: duplicate key value
second line
DETAIL:  Key (id)=(1) already exists.
HINT:  Mind it.
LINE 3:  where ;
               ^
CONTEXT:  COPY t, line 2
more
CONSTRAINT NAME:  t_pkey
LOCATION:  x, y.c:1
psql:<stdin>:35: ERROR:  25P02: later"""
    assert read_said(text.splitlines()) == Said(
        text="duplicate key value\nsecond line",
        state="23505",
        line=34,
        detail="Key (id)=(1) already exists.",
        hint="Mind it.",
        context="COPY t, line 2\nmore",
        constraint="t_pkey",
        quoted=" where ;",
    )
    assert read_said(["no form at all"]).text == "no form at all"


def test_long_lines_and_long_errors_are_cut() -> None:
    told: list[str] = []
    voice = Voice("n", lambda line, number: told.append(line))
    voice.hear("stdout", b"x" * 1_000_000)
    voice.hear("stderr", b"psql: error: a\n" + b"b\n" * 1000)
    said = voice.end()
    assert said is not None
    assert len(said.text) < 1000
    assert len(told[0]) < 10_000


@pytest.mark.parametrize(
    ("said", "message", "hint"),
    [
        (Said(text="x", state="57P01", line=11), "a.sql:1: x, in `SELECT 1;`; rolled back", "devenv logs"),
        (Said(text='extension "v" is not available', state="0A000", line=11), "", "the image has no extension v"),
        (Said(text='extension "v" does not exist', state="42704", line=11), "", "CREATE EXTENSION v"),
        (Said(text="invalid command \\x", line=12), "a.sql:2: invalid", "does not know that command"),
        (Said(text="x", state="23502", line=99), "a.sql: at its end: x", "mend that row"),
        (Said(text="x", state="XX000", line=3, file="b.sql"), "b.sql:3 (read by a.sql): x; rolled", "mend it"),
        (Said(text="", state="XX000", hint="Do\nthat.", line=11), "a.sql:1: psql said nothing", "Do that."),
        (
            Said(text='connection to server on socket "/s" failed: FATAL:  database "app" does not exist'),
            "a.sql: connection to server",
            "another user, password or database",
        ),
        (
            Said(text='connection to server on socket "/s" failed: No such file or directory'),
            "a.sql: connection to server",
            "see what the server says",
        ),
    ],
)
def test_a_sentence_and_a_next_step(seed: Seed, said: Said, message: str, hint: str) -> None:
    error = sql_refused(seed, said, before=10, state="new", service="db")
    assert error.message.startswith(message)
    assert hint in error.hint


def test_of_two_statements_on_a_line_the_quoted_one(seed: Seed) -> None:
    Path(seed.file).write_text("SELECT 1; SELECT b; SELECT 3;\n")
    said = Said(text="no", line=1, quoted="SELECT b;")
    assert "in `SELECT b;`" in sql_refused(seed, said, before=0, state="changed", service="db").message
