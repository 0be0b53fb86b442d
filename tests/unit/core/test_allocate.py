from __future__ import annotations

from ipaddress import IPv4Network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devenv.core.allocate import PortWish, moved, overlaid, ports, project_name, subnet
from devenv.model.errors import DevenvError, ExitCode

HERE, THERE = "/home/a/shop", "/home/a/shop two"
SUFFIX = project_name("shop", HERE, {"shop": [THERE]}, [THERE], {})


def wish(port: int, name: str = "web") -> PortWish:
    return PortWish(variable=f"DEVENV_PORT_{name.upper()}_{port}", preferred=port, service=name)


@pytest.mark.parametrize(
    ("holders", "existing", "data", "expected"),
    [
        ({}, [], {}, "shop"),
        ({"shop": [HERE]}, [HERE], {}, "shop"),
        ({"shop": [THERE]}, [THERE], {}, SUFFIX),
        ({"shop": [THERE]}, [], {}, "shop"),
        ({"shop": [THERE], SUFFIX: [HERE]}, [THERE, HERE], {}, SUFFIX),
        ({SUFFIX: [HERE]}, [HERE], {}, SUFFIX),
        ({"other": [THERE]}, [THERE], {}, "shop"),
        ({}, [THERE], {"shop": [THERE]}, SUFFIX),
        ({}, [], {"shop": [THERE]}, "shop"),
        ({}, [HERE, THERE], {"shop": [THERE], SUFFIX: [HERE]}, SUFFIX),
        ({}, [HERE], {SUFFIX: [HERE]}, SUFFIX),
        ({}, [HERE], {"shop": [HERE]}, "shop"),
        ({"shop": [THERE]}, [HERE, THERE], {"shop": [HERE]}, SUFFIX),
        ({"shop": [THERE]}, [HERE], {"shop": [HERE]}, "shop"),
    ],
    ids=[
        "nobody", "ours", "theirs", "theirs-but-gone", "both-up", "ours-by-suffix", "another-name", "their-data",
        "their-data-but-gone", "both-down", "our-data-by-suffix", "our-data", "our-data-they-are-up",
        "our-data-they-are-gone",
    ],
)  # fmt: skip
def test_project_name(
    holders: dict[str, list[str]], existing: list[str], data: dict[str, list[str]], expected: str
) -> None:
    assert project_name("shop", HERE, holders, existing, data) == expected


def test_the_suffix_is_four_hex_digits_and_the_folders_own() -> None:
    name, _, digits = SUFFIX.rpartition("-")
    assert name == "shop"
    assert len(digits) == 4
    assert int(digits, 16) >= 0
    assert project_name("shop", THERE, {"shop": [HERE]}, [HERE], {}) != SUFFIX


def test_a_free_preferred_port_is_taken() -> None:
    assert ports([wish(8080)], {}, {5432}) == {"DEVENV_PORT_WEB_8080": 8080}


def test_a_taken_one_moves_to_the_next_and_is_told() -> None:
    chosen = ports([wish(8080)], {}, {8080, 8081})
    assert chosen == {"DEVENV_PORT_WEB_8080": 8082}
    assert moved([wish(8080)], chosen) == ((wish(8080), 8082),)


def test_what_was_chosen_before_stays_though_the_preferred_is_free_again() -> None:
    assert ports([wish(8080)], {"DEVENV_PORT_WEB_8080": 8082}, set()) == {"DEVENV_PORT_WEB_8080": 8082}


def test_a_newcomer_does_not_push_away_what_stays() -> None:
    api, web = wish(8000, "api"), wish(8001, "web")
    assert ports([api, web], {web.variable: 8000}, set()) == {api.variable: 8001, web.variable: 8000}


def test_no_port_left_is_a_sentence() -> None:
    with pytest.raises(DevenvError, match="No port from 65535 up is free for web") as error:
        ports([wish(65535)], {}, {65535})
    assert error.value.code == ExitCode.UNFIT


@given(
    st.lists(st.integers(1000, 1010), max_size=6), st.sets(st.integers(1000, 1020)), st.lists(st.integers(1000, 1010))
)
def test_never_two_alike_never_a_taken_one(preferred: list[int], taken: set[int], kept: list[int]) -> None:
    wishes = [PortWish(variable=f"V{i}", preferred=port, service="s") for i, port in enumerate(preferred)]
    chosen = ports(wishes, {f"V{i}": port for i, port in enumerate(kept)}, taken)
    assert list(chosen) == [w.variable for w in wishes]
    assert len(set(chosen.values())) == len(wishes)
    assert not set(chosen.values()) & taken


def _networks(*texts: str) -> list[IPv4Network]:
    return [IPv4Network(text) for text in texts]


@pytest.mark.parametrize(
    ("taken", "found"),
    [
        ((), "172.16.0.0/24"),
        (("172.16.0.0/16", "172.17.0.0/16"), "172.18.0.0/24"),
        (("172.16.0.0/12",), "192.168.0.0/24"),
        (("172.16.0.0/12", "192.168.0.0/24", "192.168.1.128/25"), "192.168.2.0/24"),
        (("172.16.0.0/12", "192.168.0.0/16", "10.0.0.0/9"), "10.128.0.0/24"),
        (("0.0.0.0/1", "128.0.0.0/1", "172.16.0.0/24"), "172.16.1.0/24"),
        (("172.16.0.0/12", "192.168.0.0/16", "10.0.0.0/8"), None),
    ],
)
def test_a_subnet_is_clear_of_all_that_is_taken(taken: tuple[str, ...], found: str | None) -> None:
    assert subnet(_networks(*taken)) == (IPv4Network(found) if found else None)


def test_a_route_that_came_after_a_network_is_seen() -> None:
    own = IPv4Network("172.18.0.0/16")
    assert overlaid(own, _networks("172.17.0.0/16", "172.18.0.0/16", "0.0.0.0/1")) is None
    for route in ("172.16.0.0/12", "172.18.5.0/24"):
        assert overlaid(own, _networks("172.18.0.0/16", route)) == IPv4Network(route)
