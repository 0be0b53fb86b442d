"""The kinds of step that a check may have: one file each, and this table. A new kind is a file and a line here."""

from __future__ import annotations

from collections.abc import Mapping

from devenv.extensions.checks.exec import ExecCheck
from devenv.extensions.checks.http import HttpCheck
from devenv.extensions.checks.sql import SqlCheck
from devenv.model.protocols import CheckKind

CHECKS: Mapping[str, CheckKind] = {kind.kind: kind for kind in (HttpCheck(), SqlCheck(), ExecCheck())}
"""Kind, as written in a step, to what asks."""
