"""`./dev bench [SCENARIO…]`: how long devenv takes, from outside: each run is a process of its own.

The machine's speed drifts, so every run of a command is paired with one of a bare interpreter, and the ratio is taken
pair by pair. Seconds are a monotonic clock's; CPU seconds are the operating system's account of the finished process.
"""

from __future__ import annotations

import argparse
import sys

from bench import generate, noop, watch

SCENARIOS = {"noop": noop.run, "generate": generate.run, "watch": watch.run}


def main() -> int:
    parser = argparse.ArgumentParser(prog="./dev bench", description="How long devenv takes.")
    parser.add_argument("scenarios", nargs="*", metavar="SCENARIO", help=f"of {', '.join(SCENARIOS)}; all by default")
    parser.add_argument("-n", "--runs", type=int, default=15, help="runs of each command (default 15)")
    given = parser.parse_args()
    unknown = [name for name in given.scenarios if name not in SCENARIOS]
    if unknown or given.runs < 1:
        parser.error(f"no such scenario: {', '.join(unknown)}" if unknown else "at least one run")
    for name in given.scenarios or SCENARIOS:
        SCENARIOS[name](given.runs)
    return 0


if __name__ == "__main__":
    sys.exit(main())
