"""Who listens, as the kernel's tables say it: `/proc/net/tcp`, `tcp6`, `udp` and `udp6`, see proc(5)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address

Address = IPv4Address | IPv6Address

TABLES = ("tcp", "tcp6", "udp", "udp6")
"""Files of `/proc/net`."""
_WAITS = {"tcp": "0A", "udp": "07"}
"""States: LISTEN; for UDP, that has no such thing, bound and not connected."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listener:
    """A socket that waits for others. `inode` is the socket's, by which its process is found ("" unknown)."""

    address: Address
    port: int
    protocol: str = "tcp"
    inode: str = ""

    @property
    def loopback(self) -> bool:
        """Whether only its own machine, or container, reaches it."""
        mapped = self.address.ipv4_mapped if isinstance(self.address, IPv6Address) else None
        return (mapped or self.address).is_loopback


def listeners(table: str, protocol: str = "tcp", *, byteorder: str = "little") -> Iterator[Listener]:
    """Those in the text of one table or more of `protocol`; lines that are none are passed over. `byteorder` is that
    of the machine that wrote it."""
    for line in table.splitlines():
        words = line.split()
        if len(words) < 4 or words[3] != _WAITS[protocol]:
            continue
        address, colon, port = words[1].rpartition(":")
        if not colon or len(address) not in (8, 32):
            continue
        try:
            yield Listener(
                address=_address(address, byteorder),
                port=int(port, 16),
                protocol=protocol,
                inode=words[9] if len(words) > 9 else "",
            )
        except ValueError:
            continue


def clash(one: Address, other: Address) -> bool:
    """Whether two servers cannot both have a port at these addresses. One at all of IPv6 is taken for one at all of
    IPv4, too: whether it is cannot be seen."""
    if one.is_unspecified or other.is_unspecified:
        return (
            one.version == other.version
            or (one.is_unspecified and one.version == 6)
            or (other.is_unspecified and other.version == 6)
        )
    return one == other


def _address(text: str, byteorder: str) -> Address:
    """Words of 32 bits, each in the byte order of the machine."""
    raw = bytes.fromhex(text)
    if byteorder == "little":
        raw = b"".join(raw[at : at + 4][::-1] for at in range(0, len(raw), 4))
    return ip_address(raw)
