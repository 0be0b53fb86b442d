"""The kinds of readiness: one file each, and this table. A new kind is a file and a line here."""

from __future__ import annotations

from collections.abc import Mapping

from devenv.extensions.probes.exec import ExecProbe
from devenv.extensions.probes.health import HealthProbe
from devenv.extensions.probes.http import HttpProbe
from devenv.extensions.probes.log import LogProbe
from devenv.extensions.probes.tcp import TcpProbe
from devenv.model.protocols import Probe

PROBES: Mapping[str, Probe] = {
    probe.kind: probe for probe in (HttpProbe(), TcpProbe(), ExecProbe(), LogProbe(), HealthProbe())
}
"""Kind, as written under `ready`, to the probe that looks."""
