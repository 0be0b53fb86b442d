"""An engine in memory: real code that keeps the promises of `protocols.Engine`, for tests of all that uses one."""

from __future__ import annotations

from devenv.backends.fake.engine import FakeEngine
from devenv.backends.fake.machine import Behaviour
from devenv.backends.fake.shell import Ran, run
from devenv.backends.fake.store import Call

__all__ = ["Behaviour", "Call", "FakeEngine", "Ran", "run"]
