"""Loading one seed into Redis: its commands are staged in a list, then one script loads them and writes the ledger."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from devenv.core.rediscommands import line_of
from devenv.extensions.seeders import files
from devenv.extensions.seeders.files import SeedError, Source, shown
from devenv.extensions.seeders.redis_cli import no_answer, run
from devenv.extensions.seeders.redis_items import Item, items
from devenv.extensions.seeders.redis_script import SCRIPT
from devenv.model.protocols import Cancel, Report, SeedResult, SeedTarget
from devenv.model.stack import Seed

_BATCH = 64 * 1024
"""Bytes of commands that are staged at once."""
_WORDS = {
    "Unknown Redis command": "there is no such command",
    "Wrong number of args": "wrong number of words",
    "This Redis command is not allowed from script": "it cannot stand in a seed",
}
"""How the server speaks to a script, and what a person reads instead."""
_STAGE_SECONDS = b"600"
"""After that, what a killed loader staged is gone."""


def load(
    target: SeedTarget,
    seed: Seed,
    *,
    again: bool,
    consent: Callable[[str], bool],
    report: Report,
    cancel: Cancel,
) -> SeedResult:
    """See `protocols.Seeder.seed`."""
    loading = _Load(target=target, seed=seed, digest=files.digest(seed), again=again, report=report, cancel=cancel)
    question = loading.run()
    if isinstance(question, SeedResult):
        return question
    if not consent(question):
        return SeedResult(kept=question.rpartition(": ")[0])
    result = replace(loading, consented=True).run()
    assert isinstance(result, SeedResult)
    return result


@dataclass(kw_only=True)
class _Load:
    target: SeedTarget
    seed: Seed
    digest: str
    again: bool
    report: Report
    cancel: Cancel
    consented: bool = False
    nonce: str = field(default_factory=lambda: os.urandom(8).hex(), init=False)

    def run(self) -> SeedResult | str:
        """What was done, or what is to be asked first."""
        answer, said = run(self.target, self._lines(), nonce=self.nonce, cancel=self.cancel)
        if answer is None:
            raise no_answer(self.target, said)
        found = json.loads(answer)
        state = found["state"]
        if state == "done":
            return SeedResult(rows=found["rows"], unit="key")
        if state == "same":
            return SeedResult(skipped=True, unit="key")
        if state == "ask":
            return self._question(found)
        raise no_answer(self.target, said) if state == "short" else self._refused(found)

    def _question(self, found: dict[str, Any]) -> str:
        keys, key = found["keys"], found["key"]
        others = "" if keys == 1 else f" and {keys - 1} more"
        verb = "holds a value" if keys == 1 else "hold values"
        return f"key {key}{others} {verb} that {shown(self.seed)} did not put there: replace?"

    def _refused(self, found: dict[str, Any]) -> SeedError:
        file, place = shown(self.seed), found["place"]
        if found["state"] == "owned":
            return SeedError(
                f"{file}{place}: the key {found['key']} is {found['by']}'s; nothing was loaded",
                hint="a key belongs to one seed: keep what is put there in one file",
            )
        if found["state"] == "ours":
            return SeedError(
                f"{file}{place}: the key {found['key']} is devenv's own; nothing was loaded",
                hint="keys that begin with `devenv:` are its ledger: take another name",
            )
        said = found["said"].partition(" script: ")[0].removeprefix("ERR ")
        hint = "mend it, then call devenv again"
        if "not allowed from script" in said or "not allowed from Lua" in said:
            hint = "it cannot run as one unit with the rest: leave it out, or run it as a task"
        elif "DUMP payload version" in said:
            hint = "the dump comes from a newer server: use that version, or write commands or JSON"
        said = next((ours for theirs, ours in _WORDS.items() if said.startswith(theirs)), said)
        return SeedError(f"{file}{place}: {found['command']}: {said}; nothing was loaded", hint=hint)

    def _lines(self) -> Iterator[bytes]:
        """What redis-cli is told: the stage in parts, then the script."""
        stage = b"devenv:stage:" + self.nonce.encode()
        source = Source(self.seed, self.report)
        count = 0
        for batch in _batches(items(self.seed, source)):
            count += len(batch)
            yield line_of([b"RPUSH", stage, *batch]) + b"\n" + line_of([b"EXPIRE", stage, _STAGE_SECONDS]) + b"\n"
        if source.digest != self.digest:
            raise SeedError(f"{shown(self.seed)}: the file changed while it was read", hint="call devenv again")
        self.report.progress(source.read, source.total, "bytes", "loading as one unit")
        arguments = (
            self.seed.name.encode(), self.digest.encode(), b"1" if self.again else b"0",
            b"1" if self.consented else b"0", stage, b"%d" % count, self.nonce.encode(),
        )  # fmt: skip
        yield line_of([b"EVAL", SCRIPT.encode(), b"0", *arguments]) + b"\n"


def _batches(found: Iterator[Item]) -> Iterator[list[bytes]]:
    batch: list[bytes] = []
    size = 0
    for item in found:
        batch.append(packed(item))
        size += len(batch[-1])
        if size >= _BATCH:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def packed(item: Item) -> bytes:
    """MessagePack of [place, [word, …]], which the script unpacks."""
    count = len(item.words).to_bytes(4, "big")
    return b"\x92" + _raw(item.place.encode()) + b"\xdd" + count + b"".join(_raw(word) for word in item.words)


def _raw(text: bytes) -> bytes:
    size = len(text)
    if size < 32:
        return bytes((0xA0 | size,)) + text
    return b"\xdb" + size.to_bytes(4, "big") + text
