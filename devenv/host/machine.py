"""This machine, as the steps of a plan see it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from devenv.host import ca
from devenv.host.proxy import proxies
from devenv.model.protocols import Cancel, Report, Trust

if TYPE_CHECKING:
    from ipaddress import IPv4Network


class ThisHost:
    """The `Host` of a real run. What it may install is said by `install` (False for `--no-install`), and by the user
    through `ask`; `say` is told what is done."""

    def __init__(self, *, install: bool, ask: Callable[[str], bool], say: Callable[[str], None]) -> None:
        self._install, self._ask, self._say = install, ask, say

    def bootstrap(self, suite: str, *, report: Report, cancel: Cancel) -> Iterator[bytes]:
        """A tar of the minimal root file system of Debian `suite`, by mmdebstrap. Raises DevenvError (UNFIT)."""
        from devenv.host.apt import Consent
        from devenv.host.bootstrap import bootstrap

        consent = Consent.given(install=self._install, ask=self._ask, say=self._say)
        return bootstrap(suite, consent=consent, report=report, cancel=cancel)

    def trust(self) -> Trust:
        """The private certificate authorities and the proxies of this machine."""
        return Trust(certificates=ca.private_certificates(), proxies=proxies())

    def process(self, port: int, protocol: str) -> str:
        """Who has `port`, see `host.holder`."""
        from devenv.host import holder

        return holder.process(port, protocol)

    def routes(self) -> tuple[IPv4Network, ...]:
        """The networks that this host has a route to, the default route left out."""
        from devenv.host import facts

        return facts.routes()
