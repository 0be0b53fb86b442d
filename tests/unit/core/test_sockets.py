from __future__ import annotations

from ipaddress import ip_address

import pytest

from devenv.core.sockets import clash, listeners

TABLE = """  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1F40 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4711 1
   1: 00000000:0050 00000000:0000 0A 00000000:00000000
   2: 0100007F:9999 0100007F:0050 01 00000000:00000000
   3: 00000000000000000000000001000000:0051 00000000000000000000000000000000:0000 0A
   4: 0000000000000000FFFF00000100007F:0052 00000000000000000000000000000000:0000 0A
   5: 00000000000000000000000000000000:0053 00000000000000000000000000000000:0000 0A
   6: 0B00007F:0035 00000000:0000 07
   7: zz00007F:0035 00000000:0000 0A
   8: 007F:0035 00000000:0000 0A
   9: no address 0A 0A
"""


def test_what_listens_is_told_with_its_address_and_inode() -> None:
    assert [(one.address, one.port, one.loopback, one.inode) for one in listeners(TABLE)] == [
        (ip_address("127.0.0.1"), 8000, True, "4711"),
        (ip_address("0.0.0.0"), 80, False, ""),
        (ip_address("::1"), 81, True, ""),
        (ip_address("::ffff:127.0.0.1"), 82, True, ""),
        (ip_address("::"), 83, False, ""),
    ]
    assert [(str(one.address), one.port) for one in listeners(TABLE, "udp")] == [("127.0.0.11", 53)]
    big = "   0: 7F000001:0050 00000000:0000 0A\n"
    assert [str(one.address) for one in listeners(big, byteorder="big")] == ["127.0.0.1"]


@pytest.mark.parametrize(
    ("one", "other", "meet"),
    [
        ("127.0.0.1", "127.0.0.1", True),
        ("127.0.0.1", "127.0.0.2", False),
        ("127.0.0.1", "0.0.0.0", True),
        ("::1", "::", True),
        ("127.0.0.1", "::", True),
        ("::1", "0.0.0.0", False),
        ("0.0.0.0", "::", True),
        ("::1", "127.0.0.1", False),
    ],
)
def test_where_two_servers_cannot_have_one_port(one: str, other: str, meet: bool) -> None:
    assert clash(ip_address(one), ip_address(other)) is meet
    assert clash(ip_address(other), ip_address(one)) is meet
