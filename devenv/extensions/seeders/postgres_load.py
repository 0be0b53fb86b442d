"""Loading one seed into PostgreSQL: the stream that is sent, and what its answers mean."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

from devenv.core.sql import Meta, Scanner, Statement
from devenv.extensions.seeders import files
from devenv.extensions.seeders.files import SeedError, Source, shown
from devenv.extensions.seeders.postgres_psql import NO_PSQL, Ended, Said, no_answer, run
from devenv.extensions.seeders.postgres_refusal import data_refused, sql_refused
from devenv.extensions.seeders.postgres_rows import JsonLines, batched, csv_copy, csv_rows, table_names
from devenv.extensions.seeders.postgres_script import Script
from devenv.model.errors import DevenvError, ExitCode
from devenv.model.protocols import Cancel, Report, SeedResult, SeedTarget
from devenv.model.stack import Seed


def load(
    target: SeedTarget,
    seed: Seed,
    *,
    again: bool,
    consent: Callable[[str], bool],
    report: Report,
    cancel: Cancel,
    lock_timeout: int,
) -> SeedResult:
    """See `protocols.Seeder.seed`."""
    script = Script(
        name=seed.name,
        digest=files.digest(seed),
        nonce=os.urandom(8).hex(),
        again=again,
        lock_timeout=lock_timeout,
        children=tuple((tuple(table_names(files.table(each))), files.digest(each)) for each in seed.children),
    )
    if seed.kind == "sql":
        return _SqlLoad(target=target, seed=seed, script=script, report=report, cancel=cancel).run()
    if seed.kind not in ("csv", "jsonl", "generate"):
        raise SeedError(
            f"{shown(seed)}: PostgreSQL takes no seed of kind {seed.kind}",
            hint="give it .sql, .csv or .jsonl",
            code=ExitCode.INPUT,
        )
    loading = _DataLoad(target=target, seed=seed, script=script, report=report, cancel=cancel)
    question = loading.run()
    if isinstance(question, SeedResult):
        return question
    if not consent(question):
        return SeedResult(kept=question.rpartition(": ")[0])
    # Asked outside of the transaction: nobody waits for locks while a person thinks.
    result = replace(loading, script=replace(script, consented=True)).run()
    assert isinstance(result, SeedResult)
    return result


@dataclass(kw_only=True)
class _Load:
    """What is common to all kinds: one run of psql and what came of it."""

    target: SeedTarget
    seed: Seed
    script: Script
    report: Report
    cancel: Cancel
    before: int = field(default=0, init=False)
    """Lines that are sent before the seed's first."""

    def _psql(self, stream: Iterator[bytes]) -> Ended:
        def tell(line: str, number: int) -> None:
            at = number - self.before
            self.report.log(f"{shown(self.seed)}:{at}: {line}" if at > 0 else line, "stderr" if number else "stdout")

        try:
            ended = run(self.target, stream, nonce=self.script.nonce, tell=tell, cancel=self.cancel)
        except SeedError:
            raise
        except DevenvError as error:
            if not self.cancel.cancelled and error.code == ExitCode.FAILED:
                raise SeedError(f"{shown(self.seed)}: {error.message}", hint=error.hint) from None
            raise
        if ended.exit_code in NO_PSQL and ended.refused is None:
            raise no_answer(self.target, ended.exit_code, None)
        if "done" in ended.answers and ended.refused is not None:
            # The ledger says it is there, so it is; psql had something to say after that (an `\\if` left open).
            self.report.log(f"{shown(self.seed)}: {ended.refused.text}", "stderr")
        return ended

    def _unfinished(self, ended: Ended) -> SeedError:
        return SeedError(
            f"{shown(self.seed)}: psql ended before the file did (exit code {ended.exit_code}); "
            + ("rolled back" if self.seed.transactional else "what ran before is in the database"),
            hint="leave out what ends it (\\q, an \\if without \\endif); else see `devenv logs`, and call devenv again",
        )

    def _same_file(self, source: Source) -> None:
        if source.digest != self.script.digest:
            raise SeedError(f"{shown(self.seed)}: the file changed while it was read", hint="call devenv again")


@dataclass(kw_only=True)
class _SqlLoad(_Load):
    def run(self) -> SeedResult:
        seed = self.seed
        ended = self._psql(self._stream())
        answers = ended.answers
        if "done" in answers:
            return SeedResult()
        if ended.refused is not None:
            raise sql_refused(
                seed,
                ended.refused,
                before=self.before,
                state=answers.get("state", ""),
                service=self.target.service,
            )
        if ended.exit_code == 0 and not self.script.again and answers.get("state") == "same":
            return SeedResult(skipped=True)
        if ended.exit_code == 0 and not self.script.again and answers.get("state") == "started":
            raise SeedError(
                f"{shown(seed)}: it was begun and never ended; as it is no transaction, part of it may be there",
                hint=f"`devenv reset {self.target.service}` makes the data anew; where the file may safely run twice, "
                f"`devenv seed {self.target.service} --again`",
            )
        if "broken" in answers:
            raise SeedError(
                f"{shown(seed)}: something in it ended the transaction; what ran before that may be in the database",
                hint="leave out what commits (in files that it reads, too), or say `transactional: false`; "
                f"then `devenv reset {self.target.service}`",
            )
        raise self._unfinished(ended)

    def _stream(self) -> Iterator[bytes]:
        head = self.script.sql_before(transactional=self.seed.transactional)
        self.before = head.count("\n")
        yield head.encode()
        source = Source(self.seed, self.report)
        yield from batched(self._checked(source))
        self._same_file(source)
        self.report.progress(source.read, source.total, "bytes", "ending the transaction")
        yield self.script.sql_after(transactional=self.seed.transactional).encode()

    def _checked(self, source: Source) -> Iterator[bytes]:
        """The lines, each only when all that it ends may run."""
        scanner, begun = Scanner(), 0
        with contextlib.closing(source.lines()) as lines:
            for line in lines:
                found = scanner.feed(line)
                for each in found:
                    begun = self._check(each, begun)
                # A newer pg_dump locks psql's own commands; an older psql does not know the lock.
                if any(isinstance(each, Meta) and each.name in ("restrict", "unrestrict") for each in found):
                    line = b"\n"
                yield line
        for each in scanner.finish():
            begun = self._check(each, begun)
        what, since = scanner.unfinished
        if what or begun:
            where, what = (since, what) if what else (begun, "a transaction")
            raise SeedError(
                f"{shown(self.seed)}:{where}: {what} begins here and never ends",
                hint="end it, then call devenv again",
                code=ExitCode.INPUT,
            )

    def _check(self, found: Statement | Meta, begun: int) -> int:
        """Refuse what cannot be run so; the line where a transaction of the file's own began, 0 for none."""
        if isinstance(found, Meta):
            if found.name in ("c", "connect", "q", "quit"):
                raise self._not_here(
                    found.line,
                    f"\\{found.name}",
                    "leave it out: a seed goes into the service's own database, to its last line",
                )
            return begun
        if self.seed.transactional:
            if found.control:
                raise self._not_here(
                    found.line,
                    found.control,
                    "devenv runs a file as one transaction: leave it out, or say `transactional: false` for this seed",
                )
            if found.alone:
                raise self._not_here(
                    found.line,
                    found.alone,
                    "it cannot run in a transaction: put it in a file of its own with `transactional: false`",
                )
            return begun
        if found.control in ("BEGIN", "START TRANSACTION"):
            return found.line
        return 0 if found.control else begun

    def _not_here(self, line: int, what: str, hint: str) -> SeedError:
        return SeedError(f"{shown(self.seed)}:{line}: {what} cannot stand in a seed", hint=hint, code=ExitCode.INPUT)


@dataclass(kw_only=True)
class _DataLoad(_Load):
    lines: JsonLines | None = field(default=None, init=False)

    def run(self) -> SeedResult | str:
        """What was done, or what is to be asked first."""
        names = table_names(files.table(self.seed))
        if self.seed.kind == "generate":
            ended = self._psql(self._made(names))
        else:
            copy = csv_copy(self.seed) if self.seed.kind == "csv" else JsonLines.COPY
            ended = self._psql(self._stream(names, copy))
        answers = ended.answers
        if "done" in answers:
            return SeedResult(rows=int(answers["done"]))
        if ended.refused is not None:
            raise data_refused(self.seed, ended.refused, place=self._line, keys=self._stranger(ended.refused))
        if "missing" in answers:
            raise SeedError(
                f"{shown(self.seed)}: there is no table {files.table(self.seed)}",
                hint="make it in a SQL seed that stands before this one, or say which with `table`",
            )
        if "ask" in answers:
            return self._question(answers["ask"])
        if ended.exit_code == 0 and not self.script.again and answers.get("state") == "same":
            return SeedResult(skipped=True)
        raise self._unfinished(ended)

    def _question(self, answer: str) -> str:
        rows, put, name = answer.split(" ", 2)
        if put == "-1":
            many = "1 row" if rows == "1" else f"{rows} rows"
            return f"table {name} holds {many} that no seed put there: replace all by {shown(self.seed)}?"
        return (
            f"table {name} no longer holds the rows that {shown(self.seed)} put there ({rows} now, {put} then): "
            "replace all?"
        )

    def _stream(self, names: list[str], copy: str) -> Iterator[bytes]:
        source = Source(self.seed, self.report)
        self.lines = JsonLines(self.seed, source) if self.seed.kind == "jsonl" else None
        head = self.script.data_before(names, through_lines=self.lines is not None) + copy
        self.before = head.count("\n")
        yield head.encode()
        yield from csv_rows(self.seed, source) if self.lines is None else self.lines.rows()
        self._same_file(source)
        self.report.progress(source.read, source.total, "bytes", "checking")
        inserts = self.lines.inserts(self.script.insert) if self.lines is not None else ""
        yield (inserts + self.script.data_after()).encode()

    def _made(self, names: list[str]) -> Iterator[bytes]:
        # Not loaded where rows come from files.
        from devenv.extensions.seeders.postgres_generate import Generated

        rows = Generated(self.seed, self.report)
        head = self.script.data_before(names, through_lines=False) + rows.copy
        self.before = head.count("\n")
        yield head.encode()
        yield from rows.rows()
        self.report.progress(rows.total, rows.total, "rows", "checking")
        yield self.script.data_after().encode()

    def _line(self, sent: int) -> int:
        return self.lines.line(sent) if self.lines is not None else sent

    def _stranger(self, said: Said) -> int:
        """The first line whose keys name a column that the table does not have."""
        if self.lines is None:
            return 1
        return next((line for keys, line in self.lines.keys.items() if any(f'"{k}"' in said.text for k in keys)), 0)
