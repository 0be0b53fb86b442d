"""Whether a Dockerfile can take git's own folder from its context: it changes with every commit, and `git status`."""

from __future__ import annotations

import json
import posixpath

from devenv.core.dockerfile import Instruction, parse

GIT = ".git"
_ANY = frozenset("*?[\\$")
"""What makes a source stand for more than its name."""


def takes_git(text: str) -> bool:
    """Whether a build of the Dockerfile `text` can have anything of `.git` in it. Where that cannot be told, it can."""
    instructions = parse(text).instructions
    return not instructions or any(_takes(each) for each in instructions)


def _takes(instruction: Instruction) -> bool:
    flags = instruction.flags
    if instruction.keyword == "RUN":  # what is mounted of the context is there as a whole
        return any(name == "mount" and "type=bind" in value and "from=" not in value for name, value in flags)
    if instruction.keyword == "ONBUILD":
        return True
    if instruction.keyword not in ("COPY", "ADD") or any(name == "from" for name, _ in flags):
        return False
    return any(_named(source) for source in _sources(instruction))


def _sources(instruction: Instruction) -> list[str]:
    words = list(instruction.words)
    if words and words[0].startswith("["):
        try:
            words = [str(word) for word in json.loads(" ".join(words))]
        except ValueError:
            return ["."]
    return words[:-1]


def _named(source: str) -> bool:
    """Whether `source` may be the context, or something of `.git`."""
    if "://" in source or source.startswith("<<"):
        return False
    first = posixpath.normpath(source.strip("\"'").lstrip("/") or ".").split("/")[0]
    return first in (".", "..", GIT) or bool(_ANY.intersection(first))
