"""Seed files: what they are known by, and reading them in constant memory while progress is told."""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Generator, Iterator
from dataclasses import replace
from typing import BinaryIO

from devenv.model.errors import DevenvError, ExitCode
from devenv.model.protocols import Report
from devenv.model.stack import Seed

_CHUNK = 256 * 1024
_PAUSE = 0.1
"""Seconds between two words on progress."""
_BOM = b"\xef\xbb\xbf"
_memo: dict[tuple[str, int, int, int, int, str], str] = {}
"""Digests of this process by (path, size, times of change, inode, shape)."""


class SeedError(DevenvError):
    """A seed that cannot be loaded; its message names file and line."""

    def __init__(self, message: str, *, hint: str, code: ExitCode = ExitCode.FAILED) -> None:
        super().__init__(message, hint=hint, code=code)


def shown(seed: Seed) -> str:
    """The file as a person knows it: the path as written, where the seed is named so."""
    return seed.name if not seed.file or seed.file.endswith("/" + seed.name.removeprefix("./")) else seed.file


def table(seed: Seed) -> str:
    """The table of a data seed: as given, else the file's stem."""
    return seed.table or os.path.splitext(os.path.basename(seed.file))[0]


def shape(seed: Seed) -> str:
    """What beside the content decides what is loaded, as a text."""
    of_data = None if seed.kind == "sql" else table(seed)
    return json.dumps([seed.kind, of_data, dict(seed.options), seed.transactional], sort_keys=True, default=str)


def digest(seed: Seed) -> str:
    """Hex sha256 over shape and content. Raises SeedError (INPUT) where the file cannot be read."""
    if seed.kind == "generate":
        return _begin(seed).hexdigest()
    try:
        known = os.stat(seed.file)
        key = (seed.file, known.st_size, known.st_mtime_ns, known.st_ctime_ns, known.st_ino, shape(seed))
        if key not in _memo:
            found = _begin(seed)
            with open(seed.file, "rb") as file:
                while chunk := file.read(_CHUNK):
                    found.update(chunk)
            _memo[key] = found.hexdigest()
        return _memo[key]
    except OSError as error:
        problem = unreadable(replace(seed, where=None), error)
        problem.where = seed.where  # nothing runs yet, so it is told like all that is wrong in the manifest
        raise problem from None


def unreadable(seed: Seed, error: OSError) -> SeedError:
    """Why the file of `seed` cannot be read."""
    return SeedError(
        f"{seed.where}: cannot read the seed {shown(seed)}: {error.strerror or error}"
        if seed.where
        else f"cannot read the seed {shown(seed)}: {error.strerror or error}",
        hint="see that the path is a readable file, relative to the manifest",
        code=ExitCode.INPUT,
    )


def _begin(seed: Seed) -> hashlib._Hash:
    return hashlib.sha256(shape(seed).encode() + b"\0")


class Source:
    """One reading of a seed's file. A byte order mark at its begin is left out. `digest` is right at the end.
    `part` is the most bytes that are read at once."""

    def __init__(self, seed: Seed, report: Report, *, part: int = _CHUNK) -> None:
        self._part = part
        self._seed = seed
        self._report = report
        self._hash = _begin(seed)
        self._told = 0.0
        self.read = 0
        self.total = 0

    @property
    def digest(self) -> str:
        return self._hash.hexdigest()

    def chunks(self) -> Iterator[bytes]:
        """The content in parts."""
        with self._open() as file:
            while chunk := file.read(self._part):
                yield from self._seen(chunk)

    def lines(self) -> Generator[bytes, None, None]:
        """The content line by line, with the line ends."""
        with self._open() as file:
            for line in file:
                yield from self._seen(line)

    def _open(self) -> BinaryIO:
        try:
            file = open(self._seed.file, "rb", buffering=_CHUNK)  # noqa: SIM115
            self.total = os.fstat(file.fileno()).st_size
        except OSError as error:
            raise unreadable(self._seed, error) from None
        return file

    def _seen(self, part: bytes) -> Iterator[bytes]:
        self._hash.update(part)
        first = self.read == 0
        self.read += len(part)
        now = time.monotonic()
        if now - self._told >= _PAUSE or self.read == self.total:
            self._told = now
            self._report.progress(self.read, self.total, "bytes", shown(self._seed))
        if first:
            part = part.removeprefix(_BOM)
        if part:
            yield part
