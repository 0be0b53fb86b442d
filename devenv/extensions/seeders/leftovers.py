"""Clients of a dead run inside a container: each reads from a stream that nobody ends."""

from __future__ import annotations

VARIABLE = "DEVENV_SEED"
"""In the environment of a client that seeds: the container it works in."""


def sweep(program: str) -> str:
    """A shell script that ends every `program` which seeds the same container."""
    return f"""\
for p in /proc/[0-9]*; do
  read -r c < "$p/comm" || continue
  [ "$c" = {program} ] && grep -q "{VARIABLE}=${VARIABLE}" "$p/environ" && kill -9 "${{p#/proc/}}"
done 2> /dev/null
"""
