"""A seed's file as commands for Redis, one by one, each with its place for messages."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from devenv.core import rdb, rediscommands
from devenv.extensions.seeders.files import SeedError, Source, shown
from devenv.model.errors import ExitCode
from devenv.model.stack import Seed

_MOST_WORDS = 6000
"""Words of one command that a script can pass on (Lua's stack holds 8,000)."""
_PART = 2000
"""Values of one list, set, … that go into one command."""
_TYPES = ("string", "list", "set", "zset", "hash", "stream")
_FORM = 'write {"key": "…", "value": …}, and where wanted "type" and "ttl" (seconds)'


@dataclass(frozen=True, slots=True)
class Item:
    """One command. `place` stands behind the file's name in messages: `:12`, or `: key "x"`."""

    place: str
    words: list[bytes]


def items(seed: Seed, source: Source) -> Iterator[Item]:
    """What `seed` says, in its order. Raises SeedError (INPUT) with the place of what cannot be loaded."""
    readers: Mapping[str, Callable[[Seed, Source], Iterator[Item]]] = {
        "commands": _commands, "json": _json, "jsonl": _json_lines, "rdb": _dump,
    }  # fmt: skip
    if seed.kind not in readers:
        raise SeedError(
            f"{shown(seed)}: Redis takes no seed of kind {seed.kind}",
            hint="give it .redis (commands), .json, .jsonl or .rdb",
            code=ExitCode.INPUT,
        )
    return readers[seed.kind](seed, source)


def _wrong(seed: Seed, place: str, what: str, hint: str) -> SeedError:
    return SeedError(f"{shown(seed)}{place}: {what}", hint=hint, code=ExitCode.INPUT)


def _commands(seed: Seed, source: Source) -> Iterator[Item]:
    for number, line in enumerate(source.lines(), 1):
        if line.lstrip()[:1] in (b"", b"#"):
            continue
        try:
            words = rediscommands.words(line)
        except ValueError as error:
            raise _wrong(seed, f":{number}", str(error), "quote as redis-cli does; a command is one line") from None
        if not words:
            continue
        command = words[0].decode("utf-8", "replace")
        if hint := rediscommands.refused(words[0]):
            raise _wrong(seed, f":{number}", f"{command} cannot stand in a seed", hint)
        if len(words) > _MOST_WORDS:
            raise _wrong(
                seed, f":{number}", f"this {command} has {len(words)} words", f"split it: up to {_MOST_WORDS} a line"
            )
        yield Item(f":{number}", words)


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        seen: set[str] = set()
        twice = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        raise ValueError(f"the key {json.dumps(twice, ensure_ascii=False)} is there twice")
    return found


class _Number(str):
    """A number as it was written."""


def _no_constant(word: str) -> None:
    raise ValueError(f"{word} is no JSON")


_DECODER = json.JSONDecoder(
    object_pairs_hook=_pairs, parse_int=_Number, parse_float=_Number, parse_constant=_no_constant
)


def _decoded(seed: Seed, text: bytes, line: int) -> Any:
    """`line` is the file's line of a text that is one line, 0 for a whole file."""
    try:
        return _DECODER.decode(text.decode())
    except json.JSONDecodeError as error:
        place = f":{line or error.lineno}:{error.colno}"
        raise _wrong(seed, place, f"no JSON: {error.msg}", "mend it there (`jq . FILE` tells, too)") from None
    except UnicodeDecodeError:
        raise _wrong(seed, f":{line}" if line else "", "not UTF-8 text", "save it as UTF-8") from None
    except (ValueError, RecursionError) as error:
        raise _wrong(seed, f":{line}" if line else "", str(error), "mend it, then call devenv again") from None


def _json(seed: Seed, source: Source) -> Iterator[Item]:
    found = _decoded(seed, b"".join(source.chunks()), 0)
    if isinstance(found, dict):
        for key, value in found.items():
            yield from _key(seed, f": key {json.dumps(key, ensure_ascii=False)}", key, value, None, None)
    elif isinstance(found, list):
        yield from _long_forms(seed, ((f": item {number}", item) for number, item in enumerate(found, 1)))
    else:
        raise _wrong(seed, "", "neither an object nor a list", f"write an object of key and value, or a list: {_FORM}")


def _json_lines(seed: Seed, source: Source) -> Iterator[Item]:
    numbered = ((number, line.strip()) for number, line in enumerate(source.lines(), 1))
    yield from _long_forms(seed, ((f":{number}", _decoded(seed, line, number)) for number, line in numbered if line))


def _long_forms(seed: Seed, found: Iterable[tuple[str, Any]]) -> Iterator[Item]:
    seen: set[str] = set()
    for place, item in found:
        if not isinstance(item, dict) or not isinstance(item.get("key"), str) or "value" not in item:
            raise _wrong(seed, place, "no object with `key` and `value`", _FORM)
        if strange := sorted(set(item) - {"key", "value", "type", "ttl"}):
            raise _wrong(seed, place, f"`{strange[0]}` means nothing here", _FORM)
        if item["key"] in seen:
            raise _wrong(seed, place, f"the key {json.dumps(item['key'])} is there twice", "leave one of them out")
        seen.add(item["key"])
        yield from _key(seed, place, item["key"], item["value"], item.get("type"), item.get("ttl"))


def _key(seed: Seed, place: str, key: str, value: Any, kind: Any, ttl: Any) -> Iterator[Item]:
    """One key set to `value`, whatever was there; without a `kind`: lists are lists, objects hashes."""
    if kind is None:
        kind = "list" if isinstance(value, list) else "hash" if isinstance(value, dict) else "string"
    if kind not in _TYPES:
        raise _wrong(seed, place, f"`{kind}` is no type of value", "give it one of " + ", ".join(_TYPES))
    name = key.encode()
    yield Item(place, [b"DEL", name])
    yield from (Item(place, words) for words in _value(seed, place, name, value, kind))
    if ttl is not None:
        try:
            milliseconds = round(float(ttl) * 1000) if isinstance(ttl, _Number) else 0
        except OverflowError:
            milliseconds = 0
        if milliseconds < 1:
            raise _wrong(seed, place, "`ttl` is no number of seconds above 0", "write 3600 for an hour")
        yield Item(place, [b"PEXPIRE", name, b"%d" % milliseconds])


def _value(seed: Seed, place: str, name: bytes, value: Any, kind: str) -> Iterator[list[bytes]]:
    def plain(one: Any) -> bytes:
        if isinstance(one, str):  # numbers, too: as they were written
            return one.encode()
        if isinstance(one, bool):
            return b"true" if one else b"false"
        what = "null" if one is None else "a list or object inside a value"
        raise _wrong(seed, place, f"Redis cannot hold {what}", "leave it out, or write it as text")

    if kind == "string":
        yield [b"SET", name, plain(value)]
        return
    wanted = dict if kind in ("hash", "zset") else list
    if not isinstance(value, wanted) or not value:
        shape = {
            "hash": "an object of field and value", "zset": "an object of member and score",
            "stream": "a list of objects", "list": "a list", "set": "a list",
        }[kind]  # fmt: skip
        raise _wrong(seed, place, f"the value of a {kind} is {shape}, not empty", "write it so, or leave the key out")
    if kind == "stream":
        for entry in value:
            if not isinstance(entry, dict) or not entry:
                raise _wrong(seed, place, "an entry of a stream is an object, not empty", "write field and value")
            yield [b"XADD", name, b"*", *(plain(one) for pair in entry.items() for one in pair)]
        return
    if isinstance(value, list):
        parts = [plain(one) for one in value]
    elif kind == "hash":
        parts = [plain(one) for pair in value.items() for one in pair]
    else:
        parts = [plain(one) for member, score in value.items() for one in (score, member)]
    command = {"hash": b"HSET", "zset": b"ZADD", "list": b"RPUSH", "set": b"SADD"}[kind]
    for begin in range(0, len(parts), _PART):
        yield [command, name, *parts[begin : begin + _PART]]


def _dump(seed: Seed, source: Source) -> Iterator[Item]:
    try:
        for entry in rdb.entries(b"".join(source.chunks())):
            place = f": key {json.dumps(entry.key.decode('utf-8', 'replace'), ensure_ascii=False)}"
            expires = [b"%d" % entry.expires, entry.payload, b"REPLACE", b"ABSTTL"]
            yield Item(
                place,
                [b"RESTORE", entry.key, *(expires if entry.expires else [b"0", entry.payload, b"REPLACE"])],
            )
    except rdb.RdbError as error:
        raise _wrong(seed, "", str(error), error.hint) from None
