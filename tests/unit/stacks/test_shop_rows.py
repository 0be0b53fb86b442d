"""The shop's rows, made from its rules: the same bytes as ever, and believable."""

from __future__ import annotations

import hashlib
from collections import Counter
from decimal import Decimal
from itertools import pairwise

import pytest

from devenv.core.generate.table import Table
from devenv.model.stack import Seed
from tests.shop import ROWS, generated


def content(seed: Seed) -> bytes:
    assert seed.table is not None
    return b"".join(part for _, part in Table(seed.table, seed.options).blocks())


@pytest.fixture(scope="module")
def tables() -> dict[str, list[dict[str, str]]]:
    """At scale 0.1."""
    found = {}
    for seed in generated("0.1"):
        assert seed.table is not None
        names = Table(seed.table, seed.options).names
        found[seed.table] = [
            dict(zip(names, line.split("\t"), strict=True)) for line in content(seed).decode().splitlines()
        ]
    return found


def test_the_bytes_are_these_on_every_machine() -> None:
    """Whoever changes the rules changes what every developer of the shop sees: then these change too."""
    found = {seed.table: hashlib.sha256(content(seed)).hexdigest() for seed in generated("0.1")}
    assert found == {
        "products": "3f810494c4bb472b944bc4a4c6740483b8ba96c43a27d9f4a9d50945123fe4bd",
        "customers": "b12ba0ddb2e2464401f640d75301b3b9023b77f48eee84194797ef0d5bd63079",
        "orders": "3bd8a4b68356bba68f02261d73a3dcfe68000ccab9bfa9a0fa90c5eed1c37374",
    }


@pytest.mark.parametrize(("scale", "times"), [("0.1", Decimal("0.1")), ("1", Decimal(1)), ("5", Decimal(5))])
def test_counts_are_exact_at_any_scale(scale: str, times: Decimal) -> None:
    assert {seed.table: seed.options["rows"] for seed in generated(scale)} == {
        name: count * times for name, count in ROWS.items()
    }


def test_products_belong_together_and_are_found(tables: dict[str, list[dict[str, str]]]) -> None:
    products = tables["products"]
    for word in ("Teapot", "Lamp", "Mug"):
        assert sum(word in product["name"] for product in products) >= 5
    lamps = [product for product in products if "Floor Lamp" in product["name"]]
    assert {lamp["category"] for lamp in lamps} == {"Living"}
    assert all("Warm light" in lamp["description"] and 80 <= float(lamp["price"]) <= 160 for lamp in lamps)
    assert all(product["description"].endswith(f"{product['name'].split()[1]}.") for product in products)
    assert len({product["name"] for product in products}) > 0.98 * len(products)
    assert len({product["category"] for product in products}) == 6


def test_customers_have_an_address_and_live_where_their_city_is(tables: dict[str, list[dict[str, str]]]) -> None:
    customers = tables["customers"]
    assert len({customer["email"] for customer in customers}) == len(customers)
    assert {customer["country"] for customer in customers if customer["city"] == "London"} == {"GB"}
    cities = Counter(customer["city"] for customer in customers)
    assert cities["London"] > 3 * cities["Riga"] > 0
    assert max(customer["joined_at"] for customer in customers) < "2023-01-01"


def test_orders_fit_their_products_and_their_times(tables: dict[str, list[dict[str, str]]]) -> None:
    orders = tables["orders"]
    prices = {product["id"]: product["price"] for product in tables["products"]}
    for order in orders:
        assert order["unit_price"] == prices[order["product_id"]]
        assert (order["done_at"] == "\\N") == (order["status"] == "cancelled")
        assert order["done_at"] == "\\N" or order["done_at"] > order["ordered_at"]
    assert all(one["ordered_at"] <= other["ordered_at"] for one, other in pairwise(orders))
    assert 0.95 < sum(order["status"] == "done" for order in orders) / len(orders) < 1
    for key, many in (("customer_id", 2_000), ("product_id", 500)):
        most = [count for _, count in Counter(order[key] for order in orders).most_common()]
        # Some far more than others, but nobody buys half the shop.
        assert 3 * most[many // 2] < most[0] < len(orders) / 50
    hours = Counter(order["ordered_at"][11:13] for order in orders)
    assert hours["19"] > 5 * hours["03"]
    days = Counter(order["ordered_at"][:10] for order in orders).most_common()
    assert days[0][1] > 4 * days[100][1]
