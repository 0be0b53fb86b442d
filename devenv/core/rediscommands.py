"""Lines of Redis commands, quoted as redis-cli reads them, and which of them cannot stand in a seed.

Source of the quoting: redis/src/sds.c, `sdssplitargs`.
"""

from __future__ import annotations

_SPACE = b" \t\r\n\v\f\0"
_ESCAPES = {ord("n"): b"\n", ord("r"): b"\r", ord("t"): b"\t", ord("b"): b"\b", ord("a"): b"\a"}

_ONE_DATABASE = "leave it out: a seed goes into database 0"
_ONE_UNIT = "leave it out: devenv loads the whole file as one unit"
_REFUSED = {
    b"SELECT": _ONE_DATABASE,
    b"SWAPDB": _ONE_DATABASE,
    b"MOVE": _ONE_DATABASE,
    b"MULTI": _ONE_UNIT,
    b"EXEC": _ONE_UNIT,
    b"DISCARD": _ONE_UNIT,
    b"WATCH": _ONE_UNIT,
    b"UNWATCH": _ONE_UNIT,
    b"FLUSHALL": "leave it out: it would take what is not the seed's; `devenv reset` makes the data anew",
    b"FLUSHDB": "leave it out: it would take what is not the seed's; `devenv reset` makes the data anew",
    b"QUIT": "leave it out: a seed is loaded to its last line",
    b"EXIT": "leave it out: a seed is loaded to its last line",
    b"AUTH": "give the password as REDISCLI_AUTH in the service's environment",
}


def refused(command: bytes) -> str:
    """Why `command` cannot stand in a seed, as a next step; "" where it can."""
    return _REFUSED.get(command.upper(), "")


def words(line: bytes) -> list[bytes]:
    """The words of a line. Raises ValueError with what is wrong."""
    found: list[bytes] = []
    at, end = 0, len(line)
    while True:
        while at < end and line[at] in _SPACE:
            at += 1
        if at >= end:
            return found
        word = bytearray()
        while at < end and line[at] not in _SPACE:
            sign = line[at]
            if sign not in b"\"'":
                word.append(sign)
                at += 1
                continue
            at = _quoted(line, at + 1, sign, word)
            if at < end and line[at] not in _SPACE:
                raise ValueError(f"a quote ends before column {at + 1}, and no space follows")
        found.append(bytes(word))


def _quoted(line: bytes, at: int, quote: int, word: bytearray) -> int:
    """Add what stands in quotes to `word`; the place after the closing one."""
    begin = at
    while at < len(line):
        sign = line[at]
        following = line[at + 1 : at + 2]
        if sign == quote:
            return at + 1
        if sign == 0x5C and quote == 0x22 and following:
            digits = line[at + 2 : at + 4]
            if following == b"x" and len(digits) == 2 and all(each in b"0123456789abcdefABCDEF" for each in digits):
                word.append(int(digits, 16))
                at += 4
            else:
                word += _ESCAPES.get(following[0], following)
                at += 2
        elif sign == 0x5C and following == b"'":
            word += b"'"
            at += 2
        else:
            word.append(sign)
            at += 1
    raise ValueError(f"the quote at column {begin} has no end")


def line_of(arguments: list[bytes]) -> bytes:
    """One line that redis-cli reads as `arguments`, whatever bytes they hold."""
    return b" ".join(b'"' + each.decode("latin-1").translate(_SAFE).encode("latin-1") + b'"' for each in arguments)


_SAFE = {code: f"\\x{code:02x}" for code in range(256) if not 32 <= code < 127 or code in (0x22, 0x5C)}
