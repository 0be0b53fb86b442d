"""Two normal forms of a stack held against one another: what is another than it was, in sentences."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

_BY_NAME = ("environment", "labels", "depends_on", "networks", "sysctls", "annotations", "build", "healthcheck")
_LISTED = ("ports", "volumes", "secrets", "configs")
_MOST = 90


def compared(theirs: Mapping[str, Any], ours: Mapping[str, Any], passed: frozenset[str] = frozenset()) -> list[str]:
    """A sentence for each difference, service by service: "`db`: `shm_size` is 128mb, was not set". `theirs` and
    `ours` map each of services, networks, … to its members by key. `passed` are those that are told of otherwise."""
    said: list[str] = []
    for kind in ("services", "networks", "volumes", "secrets", "configs"):
        before, now = theirs.get(kind) or {}, ours.get(kind) or {}
        for name in {**before, **now}:
            what = f"`{name}`" if kind == "services" else f"{kind.removesuffix('s')} `{name}`"
            if name in passed:
                continue
            if name not in now:
                said.append(f"{what} is no longer there")
            elif name not in before:
                said.append(f"{what} is new")
            else:
                said += [f"{what}: {change}" for change in _changes(before[name] or {}, now[name] or {})]
    return said


def _changes(before: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[str]:
    for key in {**before, **now}:
        was, becomes = _bare(before.get(key)), _bare(now.get(key))
        if was == becomes:
            continue
        if key == "healthcheck" and not (was and becomes):
            yield "it has no healthcheck any more" if was else f"it has a healthcheck: {_words(becomes)}"
        elif key in _BY_NAME and isinstance(was or {}, Mapping) and isinstance(becomes or {}, Mapping):
            for name in {**(was or {}), **(becomes or {})}:
                one, other = (was or {}).get(name), (becomes or {}).get(name)
                if one != other or (name in (was or {})) != (name in (becomes or {})):
                    yield f"`{key}.{name}` {_is(other, name in (becomes or {}))}, {_was(one, name in (was or {}))}"
        elif key in _LISTED:
            gone = [item for item in was or () if item not in (becomes or ())]
            come = [item for item in becomes or () if item not in (was or ())]
            short = {*map(_of, gone)}.isdisjoint(map(_of, come))
            tell = _of if short else _shown
            parts = [f"{tell(item)} is new" for item in come] + [f"{tell(item)} is gone" for item in gone]
            yield f"`{key}`: {', '.join(parts) or 'in another order'}"
        else:
            yield f"`{key}` {_is(becomes, key in now)}, {_was(was, key in before)}"


def _bare(value: Any) -> Any:
    """Without what says nothing: short and long forms differ in it."""
    if isinstance(value, Mapping):
        return {key: _bare(item) for key, item in value.items() if item != {}}
    return [_bare(item) for item in value] if isinstance(value, list) else value


def _words(healthcheck: Mapping[str, Any]) -> str:
    test = healthcheck.get("test") or ()
    return _shown(test if isinstance(test, str) else " ".join(map(str, [*test][1:])))


def _is(value: Any, there: bool) -> str:
    return f"is {_shown(value)}" if there else "is not set"


def _was(value: Any, there: bool) -> str:
    return f"was {_shown(value)}" if there else "was not"


def _of(item: Any) -> str:
    """A port or a mount in short."""
    if not isinstance(item, Mapping):
        return _shown(item)
    target = str(item.get("target", ""))
    if "published" in item or "protocol" in item:
        host = f"{item['host_ip']}:" if item.get("host_ip") else ""
        return f"{host}{item['published']}:{target}" if item.get("published") else target
    return f"{item['source']}:{target}" if item.get("source") else target


def _shown(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= _MOST else f"{text[:_MOST]}…"
