import pytest

from devenv.core.graph import find_cycle, path_weights, reachable, reversed_edges, toposort

DIAMOND = {"web": ["api"], "api": ["db", "cache"], "cache": ["net"], "db": ["net"], "net": []}


def test_no_cycle_in_a_diamond() -> None:
    assert find_cycle(DIAMOND) is None


@pytest.mark.parametrize(
    ("edges", "cycle"),
    [
        ({"a": ["a"]}, ("a", "a")),
        ({"a": ["b"], "b": ["c"], "c": ["b"]}, ("b", "c", "b")),
        ({"x": [], "a": ["x", "b"], "b": ["x", "a"]}, ("a", "b", "a")),
        ({"a": ["missing"]}, None),
        ({}, None),
    ],
)
def test_cycle_reads_from_its_first_node_back_to_it(edges: dict[str, list[str]], cycle: tuple[str, ...] | None) -> None:
    assert find_cycle(edges) == cycle


def test_toposort_puts_needs_first_and_keeps_the_order_otherwise() -> None:
    assert toposort(DIAMOND) == ("net", "db", "cache", "api", "web")
    assert toposort({"b": [], "a": []}) == ("b", "a")


def test_toposort_refuses_a_cycle() -> None:
    with pytest.raises(ValueError, match="cycle"):
        toposort({"a": ["b"], "b": ["a"]})


def test_depth_is_no_limit() -> None:
    chain = {str(n): [str(n + 1)] for n in range(20_000)}
    assert find_cycle(chain) is None
    assert toposort(chain)[0] == "20000"


def test_reachable_and_reversed() -> None:
    assert reachable(DIAMOND, ["api"]) == {"api", "db", "cache", "net"}
    assert reversed_edges(DIAMOND)["net"] == ["cache", "db"]


def test_path_weight_counts_what_comes_after() -> None:
    cost = {"net": 1.0, "db": 10.0, "cache": 2.0, "api": 3.0, "web": 1.0}
    assert path_weights(DIAMOND, cost.__getitem__) == {"web": 1, "api": 4, "cache": 6, "db": 14, "net": 15}
