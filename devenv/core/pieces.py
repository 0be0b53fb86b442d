"""Bytes that come in pieces, read as a file is: for tarfile."""

from __future__ import annotations

from collections.abc import Iterable


class Pieces:
    """As many bytes as asked for, fewer only at the end."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces = iter(pieces)
        self._held = bytearray()

    def read(self, size: int = -1, /) -> bytes:
        while len(self._held) < size or size < 0:
            piece = next(self._pieces, None)
            if piece is None:
                break
            self._held += piece
        end = len(self._held) if size < 0 else size
        found = bytes(self._held[:end])
        del self._held[:end]
        return found
