"""What several languages read alike: ports, paths that say all is well, versions."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Mapping
from typing import Any

from devenv.core.init.guess import Reason, Repository

HEALTH = (
    r"""["'`](?:GET )?(/(?:api/)?(?:health|healthz|healthcheck|livez|readyz|ready|up|ping|status|_health))/?["'`]"""
)
_PREFIXED = re.compile(
    r"(?:API)?Router\(|Blueprint\(|@RequestMapping\(|\.scope\(|namespace :|\.Group\(|\.Route\(",
)
"""What makes the routes of a file parts of longer ones."""
_EXAMPLES = (".env.example", ".env.sample", ".env.dist", ".env.template", ".env.development")


def example(repository: Repository) -> str:
    """The file that shows which variables the code wants, "" where there is none."""
    return repository.first(*_EXAMPLES) or ""


def own_dockerfile(repository: Repository) -> str:
    """The repository's own Dockerfile, "" where it has none; one that `init` wrote is none of its own."""
    development = repository.text("Dockerfile.dev")
    if development and "Written by `devenv init`" not in development:
        return "Dockerfile.dev"
    return "Dockerfile" if repository.has("Dockerfile") else ""


def port(
    repository: Repository, patterns: tuple[str, ...], endings: tuple[str, ...], default: int, who: str = ""
) -> Reason:
    """The port that the code listens at: said by a match of `patterns` (group 1), by PORT in the example of an
    environment, else `default`, where `who` listens by itself. A number that the code falls back to where a variable
    says none comes after that variable's."""
    found = None
    for pattern in patterns:
        found = repository.search(pattern, *endings)
        if found and 0 < int(found[1][1]) < 65536:
            break
        found = None
    name = _variable(found[1]) if found else "PORT"
    for file in filter(None, (example(repository), ".env") if name else ()):
        match = re.search(
            rf"^(?:export )?{name}=[\"']?([0-9]{{2,5}})\b(?![^\s\"'])", repository.text(file), re.MULTILINE
        )
        if match and 0 < int(match[1]) < 65536:
            return Reason(value=match[1], why=f"{file} says {name}={match[1]}", variable=name)
    if found:
        return Reason(value=found[1][1], why=f"{found[0]} says so", variable=name)
    why = f"where {who} listens unless told otherwise" if who else "nothing here says another one"
    return Reason(value=str(default), why=why)


def _variable(match: re.Match[str]) -> str:
    """The variable that says the port where there is one: the number that was found is then what is taken without."""
    line = match.string.rfind("\n", 0, match.start()) + 1
    named = re.findall(r"\b(?:[A-Z][A-Z0-9_]*_)?PORT\b", match.string[line : match.start(1)])
    return named[-1] if named else ""


def health(repository: Repository, endings: tuple[str, ...], root: str) -> Reason | None:
    """A path that answers when all is well: one that is called so, else `/` where `root` matches."""
    found = _route(repository, HEALTH, endings)
    if found:
        return Reason(value=found[1][1], why=f"a route of {found[0]}")
    found = _route(repository, root, endings) if root else None
    return Reason(value="/", why=f"a route of {found[0]}") if found else None


def _route(repository: Repository, pattern: str, endings: tuple[str, ...]) -> tuple[str, re.Match[str]] | None:
    """The first match in a file whose routes are as they stand there: under a prefix they are called otherwise."""
    compiled = re.compile(pattern, re.MULTILINE)
    for path, text in repository.sources(*endings):
        match = None if _PREFIXED.search(text) else compiled.search(text)
        if match:
            return path, match
    return None


def only_inside(repository: Repository, endings: tuple[str, ...]) -> str:
    """A sentence where the code listens at the loopback address alone."""
    found = repository.search(
        r"(?i:listen|bind|serve|\.run|socketaddress)[\w.]*\([^\n]{0,60}[\"'](?:127\.0\.0\.1|localhost)\b(?!:\d+/)",
        *endings,
    )
    if not found:
        return ""
    line = found[1].string[: found[1].start()].count("\n") + 1
    return (
        f"{found[0]}, line {line} seems to listen at 127.0.0.1 alone: inside a container nobody else reaches that. "
        "Let it listen at 0.0.0.0."
    )


def toml(text: str) -> dict[str, Any]:
    """A TOML file's content, {} where it is none."""
    try:
        return tomllib.loads(text)
    except ValueError:
        return {}


def json_object(text: str) -> dict[str, Any]:
    """A JSON file's object, {} where it is none."""
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def part(value: Any, *keys: str) -> Any:
    """What lies under `keys`, None where that is nothing."""
    for key in keys:
        value = value.get(key) if isinstance(value, Mapping) else None
    return value


def table(value: Any, *keys: str) -> Mapping[str, Any]:
    """The mapping that lies under `keys`, {} where there is none: PHP writes an empty one as `[]`."""
    found = part(value, *keys)
    return found if isinstance(found, Mapping) else {}


def texts(value: Any, *keys: str) -> list[str]:
    """The texts of the list that lies under `keys`."""
    found = part(value, *keys)
    return [item for item in found if isinstance(item, str)] if isinstance(found, list) else []


def text(value: Any, *keys: str) -> str:
    """The text that lies under `keys`, "" where there is none."""
    found = part(value, *keys)
    return found if isinstance(found, str) else ""


def image(repository: str, said: str, ours: str, suffix: str, why: str) -> Reason:
    """The image to build on: the version `said` in the repository (for the reason `why`), else `ours`, which devenv can
    make where no registry answers. A version that begins as ours does is ours."""
    wanted = re.match(r"[0-9]+(?:\.[0-9]+)*", said.strip().lstrip("v^~>=< "))
    if not wanted:
        return Reason(value=f"{repository}:{ours}{suffix}", why="nothing here asks for another version")
    parts = wanted[0].split(".")
    at_least = bool(re.match(r"\s*(\^|~|>|>=)", said))
    mine = [int(number) for number in ours.split(".")]
    asked = [int(number) for number in parts[: len(mine)]]
    if asked == mine[: len(asked)] or (at_least and asked <= mine and ("^" not in said or asked[0] == mine[0])):
        return Reason(value=f"{repository}:{ours}{suffix}", why=f"{why} {said.strip()}")
    return Reason(
        value=f"{repository}:{'.'.join(parts[: len(mine)])}{suffix}",
        why=f"{why} {said.strip()}; devenv makes {ours} itself where no registry answers, this one it must fetch",
    )
