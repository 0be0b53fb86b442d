"""The Docker engine, over its HTTP API. `connect` is all that others need."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from devenv.model.protocols import Engine


def connect(url: str, *, timeout: float = 5, tls: str = "") -> Engine:
    """The engine at `url` (`unix:///var/run/docker.sock`, `tcp://host:2376`), which must answer within `timeout`
    seconds. `tls` is a folder with ca.pem, cert.pem and key.pem, or "". Raises DevenvError (UNFIT) where it cannot be
    reached, does not answer or is too old."""
    from devenv.backends.docker.engine import DockerEngine

    return DockerEngine(url, timeout=timeout, tls=tls)
