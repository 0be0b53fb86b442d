"""Which containers a service has and shall have, whatever made them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from devenv.core.replicas import replicas, running, scaled, surplus
from devenv.model import labels
from devenv.model.errors import DevenvError
from devenv.model.observed import Observed, ObservedContainer
from tests.unit.core.planning import PROJECT, stack, world


def there(*names: str, number: str | None = None) -> Observed:
    """Containers of `web` with these names, their number in the name (`shop-web-2`)."""
    made = tuple(
        ObservedContainer(id=name, name=name, image="app", image_id="app", state="running", labels=marks)
        for name in names
        for marks in [{labels.SERVICE: "web", labels.NUMBER: name[9] if number is None else number}]
    )
    return replace(world().engine.observe(PROJECT), containers=made)


def names(scale: int, seen: Observed) -> list[tuple[str, str]]:
    """(the name that it shall have, the container that stands for it)."""
    service = stack({"web": {"scale": scale}}).services["web"]
    return [
        (each.service.container_name, each.found.current.name if each.found.current else "")
        for each in replicas(service, seen)
    ]


def test_what_is_there_is_kept_whatever_its_number_and_the_rest_gets_free_ones() -> None:
    assert names(2, there("shop-web-5", "shop-web-3")) == [("shop-web-3", "shop-web-3"), ("shop-web-5", "shop-web-5")]
    assert names(3, there("shop-web-2")) == [("shop-web-1", ""), ("shop-web-2", "shop-web-2"), ("shop-web-3", "")]
    assert names(2, there("shop-web-1", "shop-web-2", "shop-web-3")) == [
        ("shop-web-1", "shop-web-1"), ("shop-web-2", "shop-web-2"),
    ]  # fmt: skip
    service = stack({"web": {"scale": 2}}).services["web"]
    (first, second) = replicas(service, there("shop-web-1", "shop-web-2", "shop-web-3"))
    assert [c.name for c in first.found.others] == ["shop-web-3"]
    assert second.found.others == ()


def test_numbers_that_are_none_or_twice_there_are_given_anew() -> None:
    seen = there("shop-web-1", "shop-web-7", number="")
    assert names(2, seen) == [("shop-web-1", "shop-web-1"), ("shop-web-2", "shop-web-7")]
    assert names(2, there("shop-web-1", "shop-web-7", number="4")) == [
        ("shop-web-1", "shop-web-7"), ("shop-web-4", "shop-web-1"),
    ]  # fmt: skip


def test_one_that_a_killed_run_had_under_way_goes_on_under_its_number() -> None:
    service = stack({"web": {"scale": 2}}).services["web"]
    one, two = replicas(service, there("shop-web-1", "shop-web-4_devenv_new"))
    assert (one.service.number, two.service.number) == (1, 4)
    assert two.found.temporary is not None
    one, two = replicas(service, there("shop-web-1", "shop-web-2", "shop-web-4_devenv_new"))
    assert [c.name for c in one.found.others] == ["shop-web-4_devenv_new"]


def test_none_wanted_is_all_surplus() -> None:
    service = stack({"web": {"scale": 0}}).services["web"]
    assert replicas(service, there("shop-web-1")) == ()
    assert [c.name for c in surplus(service, there("shop-web-1"))] == ["shop-web-1"]
    assert surplus(replace(service, scale=1), there("shop-web-1")) == ()


def test_keys_have_a_number_where_there_may_be_several() -> None:
    seen = there("shop-web-1", "shop-web-2")
    assert set(running(stack({"web": {"scale": 2}}).services["web"], seen)) == {"web:1", "web:2"}
    assert set(running(stack({"web": {}}).services["web"], seen)) == {"web"}


def test_other_numbers_need_names_of_their_own_and_services_that_there_are() -> None:
    wanted = stack({"web": {"container_name": "one"}, "api": {}})
    named = replace(wanted.services["web"], config={**wanted.services["web"].config, "container_name": "one"})
    wanted = replace(wanted, services={**wanted.services, "web": named})
    assert scaled(wanted, {}) is wanted
    assert scaled(wanted, {"web": 0, "api": 3}).services["api"].container_names == (
        "shop-api-1", "shop-api-2", "shop-api-3",
    )  # fmt: skip
    with pytest.raises(DevenvError, match="2 containers of web cannot all be called `one`"):
        scaled(wanted, {"web": 2})
    with pytest.raises(DevenvError, match="no service wbe"):
        scaled(wanted, {"wbe": 2})
