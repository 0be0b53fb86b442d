"""Generated rows: the same bytes everywhere, exact counts, and what each kind of column promises."""

from __future__ import annotations

import hashlib
import re
import subprocess
import sys
from collections import Counter
from decimal import Decimal
from typing import Any

import pytest

from devenv.core.generate.draw import Draw, permutation, zipf
from devenv.core.generate.parents import Part, factor, resolve, scaled
from devenv.core.generate.pools import FIRST, LAST, WORDS, slug
from devenv.core.generate.spec import KINDS, read
from devenv.core.generate.table import MAKERS, Table

EVERY: dict[str, Any] = {
    "id": {"sequence": {"from": 100, "step": 10}},
    "name": "person",
    "first": "first_name",
    "last": "last_name",
    "email": {"email": {"from": "name", "unique": True}},
    "alias": {"email": {"from": ["first", "last"], "domain": "shop.test"}},
    "any_mail": "email",
    "title_mail": {"email": "title"},
    "born": {"date": {"from": "1950-01-01", "to": "2006-01-01 00:00:00 +0000 UTC"}},
    "seen": {"date": {"from": "2024-01-01", "to": "2024-03-01", "sorted": True}},
    "at": {"time": {"from": "2024-01-01", "to": "2024-02-01"}},
    "created": {
        "time": {"from": "2024-01-01 10:30", "to": "2026-01-01", "rhythm": "daily", "bursts": 3}, "sorted": True,
    },
    "shipped": {"after": {"column": "created", "from": "1h", "to": "3d12h"}, "nulls": 0.25},
    "quantity": {"integer": {"from": 1, "to": 9, "distribution": "skewed"}},
    "age": {"integer": {"from": 18, "to": 98, "distribution": "normal"}},
    "wide": {"integer": {"from": -(10**12), "to": 10**12}},
    "number": {"integer": {"from": 1, "to": 5000}, "unique": True},
    "price": {"money": {"from": 0.5, "to": 499.99}},
    "balance": {"money": {"from": -20, "to": 20}},
    "degrees": {"float": {"from": -5, "to": 40, "decimals": 1, "distribution": "normal"}},
    "exact": {"float": {"from": 0, "to": 1, "decimals": 6}},
    "total": {"product": ["quantity", "price"]},
    "both": {"sum": ["quantity", "price", "exact"]},
    "title": {"words": [2, 4]},
    "note": {"text": 2},
    "status": {"choice": {"new": 5, "pa\tid": 3, "done": 92}},
    "colour": {"choice": ["red", "green"]},
    "active": {"boolean": 0.9},
    "coin": "boolean",
    "token": "uuid",
    "currency": {"value": "EUR\\"},
    "customer": {"ref": "customers.id", "skew": "zipf", "rows": 200},
    "product": {"ref": {"to": "products.id", "rows": 50, "from": 7, "step": 2}},
    "code": {"template": "P-{id}: 100% of {status}"},
    "place": {"record": [{"city": "Paris", "country": "FR", "rent": 20}, {"city": "Oslo\t", "country": ["NO", "SE"],
                          "rent": 35.5, "weight": 3}]},
    "city": {"field": "place.city"},
    "land": {"field": "place.country"},
    "address": {"template": "{place.city} 1"},
    "rent": {"money": {"around": "place.rent", "by": 0.1}},
    "charm": {"money": {"from": 1, "to": 9, "step": 0.95}},
    "client": {"ref": "customers.id", "skew": "mild", "rows": 200},
    "closed": {"time": {"from": "2024-01-01", "to": "2024-02-01"}, "only": {"status": ["done", "pa\tid"]}},
    "part": {"integer": {"from": 1, "to": 9}, "hidden": True},
    "twice": {"sum": ["part", "part"]},
}  # fmt: skip


def options(columns: dict[str, Any], rows: int = 3000, **more: Any) -> dict[str, Any]:
    told: list[str] = []
    written = {"table": "t", "rows": rows, "random_seed": 7, "columns": columns, **more}
    found = read(written, lambda path, what, hint: told.append(what))
    assert told == []
    assert found is not None
    return found


def of_parent(columns: dict[str, Any], rows: int = 3000) -> list[list[str]]:
    """Lines of a table whose `item` is a key of `PARENT`."""
    child = options(columns, rows)
    assert fits(options(**PARENT), child) == []
    text = b"".join(part for _, part in Table("t", child).blocks()).decode()
    return [line.split("\t") for line in text[:-1].split("\n")]


def lines(columns: dict[str, Any], rows: int = 3000, **more: Any) -> list[list[str]]:
    table = Table("t", options(columns, rows, **more))
    text = b"".join(part for _, part in table.blocks()).decode()
    assert text.endswith("\n")
    return [line.split("\t") for line in text[:-1].split("\n")]


PARENT: dict[str, Any] = {
    "columns": {
        "id": {"sequence": {"from": 7, "step": 3}},
        "kind": {"record": [{"name": "cup", "price": 9}, {"name": "pot", "price": 30}]},
        "name": {"template": "{kind.name} {id}"},
        "price": {"money": {"around": "kind.price", "by": 0.2}},
        "large": {"integer": {"from": 10**17, "to": 10**17 + 9}},
        "huge": {"product": ["large", "large"]},
        "since": {"time": {"from": "2024-01-01", "to": "2024-02-01"}},
        "rare": {"uuid": {}, "nulls": 0.5},
        "done": {"boolean": 0.5, "only": {"name": "cup 7"}},
    },
    "rows": 1500,
    "table": "items",
}
COPIES: dict[str, Any] = {
    "item": {"ref": "items.id", "skew": "mild"},
    "name": {"copy": "item.name"},
    "price": {"copy": "item.price"},
    "huge": {"copy": "item.huge"},
    "since": {"copy": "item.since", "hidden": True},
    "quantity": {"integer": {"from": 1, "to": 9}},
    "total": {"product": ["quantity", "price"]},
    "at": {"after": {"column": "since", "from": "1s", "to": "1h"}},
}


def values(name: str, **also: Any) -> list[str]:
    columns = {**also, name: EVERY[name]}
    return [line[-1] for line in lines(columns)]


def test_the_bytes_are_these_on_every_machine() -> None:
    """What changes here changes every team's data: then `ALGORITHM` counts up."""
    table = Table("t", options(EVERY))
    found = hashlib.sha256(b"".join(part for _, part in table.blocks())).hexdigest()
    assert found == "e672250709cd15200dcd322019370c82029a587b2eb75c3c5a583692f119ddcc"


def test_every_kind_is_made_and_shown_here() -> None:
    assert set(MAKERS) == set(KINDS)
    every = [*EVERY.values(), *COPIES.values()]
    shown = {each if isinstance(each, str) else next(key for key in each if key in KINDS) for each in every}
    assert shown == set(KINDS)


def test_a_column_hangs_on_no_other_and_a_seed_on_its_number() -> None:
    alone = [line[0] for line in lines({"price": EVERY["price"]})]
    beside = [line[1] for line in lines({"name": "person", "price": EVERY["price"]})]
    assert alone == beside
    assert alone != [line[0] for line in lines({"price": EVERY["price"]}, random_seed=8)]
    # A block is made for itself: fewer rows are the begin of more.
    assert alone[:1500] == [line[0] for line in lines({"price": EVERY["price"]}, 1500)]
    assert [
        line[1] for line in lines({"total": EVERY["total"], "price": EVERY["price"], "quantity": EVERY["quantity"]})
    ]


def test_counts_are_exact() -> None:
    for rows in (0, 1, 1023, 1024, 1025):
        parts = list(Table("t", options({"id": "sequence"}, rows)).blocks())
        assert sum(count for count, _ in parts) == rows
        assert b"".join(part for _, part in parts).count(b"\n") == rows
    cases = [(20_000, "0.1", 2000), (20_000, "5", 100_000), (5, "0.1", 1), (4, "0.1", 1), (0, "5", 0), (3, "0.5", 2)]
    for rows, scale, found in cases:
        by = factor(scale)
        assert by is not None
        assert scaled(rows, by) == found
    assert [factor(each) for each in ("x", "0", "-1", "inf", "nan", "1e9", "")] == [None] * 7


def test_names_and_addresses() -> None:
    found = lines({key: EVERY[key] for key in ("name", "first", "last", "email", "alias", "any_mail")})
    assert {line[0].split(" ", 1)[0] for line in found} <= set(FIRST)
    assert {line[1] for line in found} <= set(FIRST)
    assert {line[2] for line in found} <= set(LAST)
    assert len({line[3] for line in found}) == len(found)
    for number, line in enumerate(found, 1):
        assert line[3].startswith(f"{slug(line[0])}.{number}@example.")
        assert line[4] == f"{slug(line[1])}.{slug(line[2])}@shop.test"
        assert re.fullmatch(r"[a-z.]+@example\.(com|org|net)", line[5])
    assert (slug("Zoë Müller"), slug("Łukasz Yıldız"), slug("日本")) == ("zoe.mueller", "lukasz.yildiz", "x")


def test_numbers_stay_in_their_range_and_keep_their_shape() -> None:
    assert [line[0] for line in lines({"id": EVERY["id"]}, 3)] == ["100", "110", "120"]
    quantity = Counter(map(int, values("quantity")))
    assert set(quantity) == set(range(1, 10))
    assert quantity[1] > 3 * quantity[5]
    age = [int(each) for each in values("age")]
    assert min(age) >= 18
    assert max(age) <= 98
    middle = sum(45 <= each <= 71 for each in age)
    assert middle > 0.6 * len(age)
    number = {int(each) for each in values("number")}
    assert len(number) == 3000
    assert min(number) >= 1
    assert max(number) <= 5000
    price = [Decimal(each) for each in values("price")]
    assert Decimal("0.5") <= min(price) < 10
    assert 490 < max(price) <= Decimal("499.99")
    assert all(re.fullmatch(r"-?[0-9]+\.[0-9]{2}", each) for each in values("balance"))
    assert min(map(Decimal, values("balance"))) < -19
    assert all(re.fullmatch(r"-?[0-9]+\.[0-9]", each) for each in values("degrees"))
    assert all(re.fullmatch(r"[01]\.[0-9]{6}", each) for each in values("exact"))
    wide = [int(each) for each in values("wide")]
    assert min(wide) < -(10**11) < 10**11 < max(wide)


def test_what_is_calculated_is_exact() -> None:
    names = ("quantity", "price", "exact", "total", "both")
    for line in lines({name: EVERY[name] for name in names}):
        quantity, price, exact = map(Decimal, line[:3])
        assert line[3] == f"{quantity * price:.2f}"
        assert line[4] == f"{quantity + price + exact:.6f}"


def test_times_have_their_order_rhythm_and_bursts() -> None:
    created = values("created")
    assert created == sorted(created)
    assert created[0] >= "2024-01-01 10:30:00+00"
    assert created[-1] < "2026-01-01"
    hours = Counter(each[11:13] for each in created)
    assert hours["19"] > 5 * hours["03"]
    short = {"time": {"from": "2024-01-01", "to": "2024-03-01", "bursts": 3}}
    busy = Counter(line[0][:13] for line in lines({"a": short})).most_common(7)
    assert busy[5][1] > 30 > 15 > busy[6][1]
    at = values("at")
    assert at != sorted(at)
    assert [min(at)[:7], max(at)[:7]] == ["2024-01"] * 2
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\+00", each) for each in at)
    seen = values("seen")
    assert (seen[0], seen[-1], seen) == ("2024-01-01", "2024-02-29", sorted(seen))
    pairs = [(line[0], line[1]) for line in lines({"created": EVERY["created"], "shipped": EVERY["shipped"]})]
    assert all(created < shipped for created, shipped in pairs if shipped != "\\N")
    missing = sum(shipped == "\\N" for _, shipped in pairs)
    assert 0.22 < missing / len(pairs) < 0.28


def test_choices_keep_their_weights_and_are_written_for_copy() -> None:
    status = Counter(values("status"))
    assert set(status) == {"new", "pa\\tid", "done"}
    assert 0.89 < status["done"] / 3000 < 0.95
    colour = Counter(values("colour"))
    assert 1350 < colour["red"] < 1650
    active = Counter(values("active"))
    assert 2600 < active["t"] < 2800
    assert set(values("currency")) == {"EUR\\\\"}
    assert values("code", id=EVERY["id"], status=EVERY["status"])[0].startswith("P-100: 100% of ")
    rare = Counter(line[0] for line in lines({"a": {"choice": {"x": 1, "y": 0, "z": 2999}}}))
    assert 0 < rare["x"] < 8
    assert "y" not in rare
    assert all(2 <= len(each.split()) <= 4 and set(each.split()) <= set(WORDS) for each in values("title"))
    assert all(each.count(".") == 2 and each[0].isupper() for each in values("note"))
    token = values("token")
    assert all(re.fullmatch(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", e) for e in token)
    assert len(set(token)) == len(token)


def test_keys_are_of_the_other_table_and_skewed_where_wanted() -> None:
    customer = Counter(int(each) for each in values("customer"))
    assert set(customer) <= set(range(1, 201))
    most = customer.most_common()
    assert most[0][1] > 5 * most[50][1]
    assert most[0][0] != 1
    assert {int(each) for each in values("product")} == {7 + 2 * row for row in range(50)}
    big = {"ref": "x.id", "rows": 200_000, "skew": "zipf"}
    assert all(1 <= int(line[0]) <= 200_000 for line in lines({"a": big}))
    assert {line[0] for line in lines({"a": {"ref": "x.id", "rows": 1, "skew": "zipf"}})} == {"1"}
    assert zipf(1) == [0] * 65_536 + [1]


@pytest.mark.parametrize("size", [1, 2, 7, 100, 4999])
def test_a_permutation_meets_each_once(size: int) -> None:
    by, plus = permutation(Draw(1, "t", "c"), size)
    assert sorted((row * by + plus) % size for row in range(size)) == list(range(size))


COLUMNS = {
    "a": "sequnce",
    "b": {"integer": {"from": 1}},
    "c": {"integer": {"from": 5, "to": 1}},
    "d": {"money": {"from": 1.234, "to": 2}},
    "e": {"choice": {"y": 1, "x": -1}},
    "f": {"boolean": 2},
    "g": {"time": {"from": "2024", "to": "2025-13-01"}},
    "h": {"date": {"from": "2024-01-01 08:00", "to": "2025-01-01"}},
    "i": {"words": [3, 1]},
    "j": {"uuid": 4},
    "k": {"person": {}, "email": {}},
    "l": 3,
    "m": {"text": 1, "nols": 0.1},
    "n": {"template": "no names"},
    "o": {"after": {"column": "x", "to": "soon"}},
    "p": {"ref": "customers"},
    "q": {"sequence": 1, "nulls": 0.1},
    "r": {"float": {"from": "x", "to": 1, "decimals": 30}},
    "s": {"integer": {"from": 1, "to": 2, "unique": "maybe", "distribution": "flat"}},
    "t": {"value": None},
    "u": {"email": []},
    "v": {"choice": {"x": 0, "y": 0}},
    "w": {"choice": {"x": "many"}},
    "x": {"choice": []},
    "ra": {"record": []},
    "rb": {"record": [{"weight": 1}]},
    "rc": {"record": [{"a": 1}, {"b": 1}]},
    "rd": {"record": [{"a": 1, "b": 2}, {"a": 1}]},
    "re": {"record": [{"a": {}}]},
    "rf": {"record": [{"a": 1, "weight": 0}]},
    "rg": {"record": [{"a": 1}], "nulls": 0.5},
    "rh": {"money": {"around": "ra.a", "to": 3}},
    "ri": {"money": {"from": 1, "to": 3, "step": 0}},
    "rj": {"copy": "price"},
    "rk": {"uuid": {}, "only": "done"},
    "rl": {"uuid": {}, "hidden": "perhaps"},
    "rm": {"time": {"from": "1000-01-01", "to": "2000-01-01", "rhythm": "daily"}},
    "rn": {"time": {"from": "1999-01-01", "to": "2000-01-01", "bursts": 1001}},
}
SAID = [
    (("columns", "a"), "`sequnce` is no kind of column."),
    (("columns", "b"), "`integer` needs `to`."),
    (("columns", "c"), "`c` ends before it begins."),
    (("columns", "d", "money", "from"), "`from` must be an amount with two digits behind the point."),
    (("columns", "e", "choice"), "The weight of `x` is below 0."),
    (("columns", "f", "boolean"), "`boolean` must be a share from 0 to 1."),
    (("columns", "g", "time", "from"), "`from` must be a time such as 2024-12-31, or `2024-12-31 08:00`, in UTC."),
    (("columns", "g", "time", "to"), "`to` must be a time such as 2024-12-31, or `2024-12-31 08:00`, in UTC."),
    (("columns", "h", "date", "from"), "`from` must be a date such as 2024-12-31."),
    (("columns", "i", "words"), "`words` must be a number from 1 to 200, or a list of fewest and most."),
    (("columns", "j", "uuid"), "`uuid` takes no value."),
    (("columns", "k"), "`k` needs one kind."),
    (("columns", "l"), "The column `l` says no kind."),
    (("columns", "m", "nols"), "`nols` means nothing for `text`."),
    (("columns", "n", "template"), "`template` must be a text that names columns, such as `P-{id}`."),
    (("columns", "o", "after", "to"), "`to` must be a duration such as `90s`, `2h` or `3d12h`."),
    (("columns", "p", "ref"), "`ref` must be a table and column such as `customers.id`."),
    (("columns", "q", "nulls"), "`nulls` means nothing for `sequence`."),
    (("columns", "r", "float", "from"), "`from` must be a number."),
    (("columns", "r", "float", "decimals"), "`decimals` must be a number of digits from 0 to 9."),
    (("columns", "s", "integer", "unique"), "`unique` must be `true` or `false`."),
    (("columns", "s", "integer", "distribution"), "`distribution` must be one of `uniform`, `normal`, `skewed`."),
    (("columns", "t"), "`value` needs `is`."),
    (("columns", "u", "email"), "`email` must be the name of a column, or a list of them."),
    (("columns", "v", "choice"), "All weights are 0, so there is nothing to choose."),
    (("columns", "w", "choice"), "The weight of `x` is `many`, which is no number."),
    (("columns", "x", "choice"), "`choice` must be a list of values, or a mapping of value to weight."),
    (("columns", "ra", "record"), "`record` must be a list of mappings that have the same keys."),
    (("columns", "rb", "record"), "The records have no fields."),
    (("columns", "rc", "record"), "Record 2 has a field `b`, which the first has not."),
    (("columns", "rd", "record"), "Record 2 has no `b`, which the first has."),
    (("columns", "re", "record"), "`a` of record 1 is neither text nor number."),
    (("columns", "rf", "record"), "All weights are 0, so there is nothing to choose."),
    (("columns", "rg", "nulls"), "`nulls` means nothing for `record`."),
    (("columns", "rh", "money", "to"), "`to` means nothing beside `around`."),
    (("columns", "ri", "money", "step"), "`step` must be an amount above 0, such as 0.5."),
    (
        ("columns", "rj", "copy"),
        "`copy` must be a key of this table and a column of the table that it names, such as `product_id.price`.",
    ),
    (
        ("columns", "rk", "only"),
        "`only` must be a mapping of one column to the text, or texts, that it must have.",
    ),
    (("columns", "rl", "hidden"), "`hidden` must be `true` or `false`."),
    (("columns", "rm"), "`rm` has a rhythm for more than 200 years."),
    (("columns", "rn", "time", "bursts"), "`bursts` must be a number of bursts from 0 to 1000."),
]


def told(written: Any) -> list[tuple[Any, str]]:
    found: list[tuple[Any, str]] = []
    hints: list[str] = []

    def wrong(path: Any, what: str, hint: str) -> None:
        found.append((path, what))
        hints.append(hint)

    assert (read(written, wrong) is None) == bool(found)
    assert all(hints)
    return found


def test_everything_that_is_wrong_is_told_at_once_with_its_place() -> None:
    assert told({"table": "t", "rows": 10, "columns": COLUMNS}) == SAID


def test_what_hangs_on_other_columns_is_told() -> None:
    columns = {
        "a": {"email": "b"}, "c": {"product": ["d"]}, "d": {"person": {}, "nulls": 0.5}, "e": {"after": "d"},
        "f": {"template": "{g}"}, "g": {"template": "{f}"}, "h": {"email": "d"},
    }  # fmt: skip
    assert [what for _, what in told({"table": "t", "rows": 1, "columns": columns})] == ["`after` needs `to`."]
    columns["e"] = {"after": "d", "to": 60}
    assert [what for _, what in told({"table": "t", "rows": 1, "columns": columns})] == [
        "There is no column `b`.", "`d` has no value in some rows.", "`d` is no number.",
        "`d` has no value in some rows.", "`d` is no time.", "`d` has no value in some rows.",
    ]  # fmt: skip
    circle = {key: columns[key] for key in "fg"}
    assert told({"table": "t", "rows": 1, "columns": circle}) == [
        (("columns", "f"), "`f`, `g` are made from each other.")
    ]


def test_the_mapping_itself_is_held_to_its_keys() -> None:
    assert told(3) == [((), "`generate` is no mapping.")]
    assert told({"tabel": "t", "rows": "many", "x-note": 1}) == [
        (("tabel",), "`tabel` is no key of `generate`."),
        ((), "`generate` needs `table`."),
        (("rows",), "`rows` must be a whole number from 0 to 2,000,000,000."),
        (("columns",), "`generate` needs `columns`."),
    ]


def fits(*tables: dict[str, Any]) -> list[tuple[Any, str]]:
    found: list[tuple[Any, str]] = []
    resolve([Part(options=each, wrong=lambda path, what, hint: found.append((path, what))) for each in tables])
    return found


def test_keys_come_from_the_table_that_is_named() -> None:
    parent = options({"id": {"sequence": {"from": 5, "step": 2}}, "name": "person"}, 40, table="shop.customers")
    child = options({"customer": {"ref": "shop.customers.id"}, "boss": {"ref": "t.id"}, "id": "sequence"}, 9)
    assert fits(parent, child) == []
    assert child["columns"][0][2] == {"to": "shop.customers.id", "rows": 40, "from": 5, "step": 2}
    assert child["columns"][1][2]["rows"] == 9
    at = ("columns", "a", "ref")
    for to, said in (
        ("custmers.id", "No table `custmers` is generated before this one."),
        ("later.id", "No table `later` is generated before this one."),
        ("customers.ids", "`customers` has no column `ids`."),
        ("customers.name", "`customers.name` is no sequence."),
        ("none.id", "`none.id` has no rows to refer to."),
    ):
        tables = [
            options({"id": "sequence", "name": "person"}, 40, table="customers"),
            options({"id": "sequence"}, 0, table="none"),
            options({"a": {"ref": to}}, 9),
            options({"id": "sequence"}, 4, table="later"),
        ]
        assert fits(*tables) == [(at, said)]


def test_a_copy_is_what_the_other_table_has() -> None:
    made = Table("items", options(**PARENT))
    text = b"".join(part for _, part in made.blocks()).decode()
    parent = {(line := row.split("\t"))[0]: line[1:] for row in text.splitlines()}
    assert made.names == ("id", "name", "price", "large", "huge", "since", "rare", "done")
    found = of_parent(COPIES)
    for item, name, price, huge, quantity, total, at in found:
        assert [name, price, huge] == [parent[item][0], parent[item][1], parent[item][3]]
        assert total == str(int(quantity) * Decimal(price))
        assert parent[item][4] < at
    assert len({line[0] for line in found}) > 1000


def test_a_copy_that_cannot_be_is_told() -> None:
    for written, said in (
        ({"a": {"ref": "items.id"}, "b": {"copy": "a.prize"}}, "`items` has no column `prize`."),
        ({"a": {"ref": "items.id"}, "b": {"copy": "a.kind"}}, "`kind` of `items` is a record, no column."),
        ({"a": {"ref": "items.id"}, "b": {"copy": "a.rare"}}, "`items.rare` has no value in some rows."),
        ({"a": {"ref": "items.id"}, "b": {"copy": "a.done"}}, "`items.done` has no value in some rows."),
        (
            {"a": {"ref": "items.id", "rows": 9}, "b": {"copy": "a.price"}},
            "`a` is no key of a table that is generated before this one, so there is nothing to copy.",
        ),
        (
            {"id": "sequence", "a": {"ref": "t.id"}, "b": {"copy": "a.id"}},
            "`a` is no key of a table that is generated before this one, so there is nothing to copy.",
        ),
        ({"a": {"ref": "itms.id"}, "b": {"copy": "a.price"}}, "No table `itms` is generated before this one."),
        (
            {"a": {"ref": "items.id"}, "b": {"copy": "a.name"}, "c": {"sum": "b"}},
            "`b` is a copy of what is no number.",
        ),
        (
            {"a": {"ref": "items.id"}, "b": {"copy": "a.price"}, "c": {"after": {"column": "b", "to": 1}}},
            "`b` is a copy of what is no time.",
        ),
    ):  # fmt: skip
        assert [what for _, what in fits(options(**PARENT), options(written, 9))] == [said]


def test_a_copy_of_a_copy_follows_both_keys() -> None:
    middle = options({"id": "sequence", **{key: COPIES[key] for key in ("item", "price")}}, 20, table="lines")
    last = options({"line": {"ref": "lines.id"}, "price": {"copy": "line.price"}, "all": {"sum": "price"}}, 50)
    assert fits(options(**PARENT), middle, last) == []
    prices = [line.split("\t")[2] for _, part in Table("lines", middle).blocks() for line in part.decode().splitlines()]
    rows = b"".join(part for _, part in Table("t", last).blocks()).decode().splitlines()
    assert all(row.split("\t")[1:] == [prices[int(row.split("\t")[0]) - 1]] * 2 for row in rows)


def test_records_keep_fields_together_and_their_weights() -> None:
    names = ("place", "city", "land", "address", "rent")
    found = lines({name: EVERY[name] for name in names})
    assert {tuple(line[:3]) for line in found} == {
        ("Paris", "FR", "Paris 1"), ("Oslo\\t", "NO", "Oslo\\t 1"), ("Oslo\\t", "SE", "Oslo\\t 1"),
    }  # fmt: skip
    assert 0.7 < sum(line[0] == "Oslo\\t" for line in found) / len(found) < 0.8
    for city, _, _, rent in found:
        assert Decimal(18) <= Decimal(rent) <= Decimal(22) if city == "Paris" else 31 < Decimal(rent) < Decimal("39.06")
    assert {Decimal(each) % Decimal("0.95") for each in values("charm")} == {Decimal("0.05")}
    wide = {"record": [{"p": 10}]}
    near = lines({"r": wide, "a": {"money": {"around": "r.p", "by": 0.25, "step": 2, "distribution": "normal"}}})
    assert {line[0] for line in near} == {"8.00", "10.00", "12.00"}
    assert {line[0] for line in lines({"r": wide, "a": {"money": {"around": "r.p"}}}, 9)} == {"10.00"}
    both = {"record": [{"m": [["Oak", "Ash"], "Tin"]}]}
    assert {line[0] for line in lines({"r": both, "a": {"field": "r.m"}})} == {"Oak", "Ash", "Tin"}


def test_hidden_columns_and_those_of_some_rows() -> None:
    assert {len(line) for line in lines({name: EVERY[name] for name in ("place", "part", "twice")})} == {1}
    for status, closed in lines({name: EVERY[name] for name in ("status", "closed")}):
        assert (closed == "\\N") == (status == "new")


def test_what_cannot_be_made_from_a_column_is_told() -> None:
    record = {"record": [{"name": "cup", "price": 9, "made": ["a", "b"], "odd": "x"}]}
    cases: list[tuple[dict[str, Any], str]] = [
        ({"a": {"field": "r"}}, "`r` is a record, no column."),
        ({"a": {"email": "r"}}, "`r` is a record, no column."),
        ({"a": {"template": "{r}"}}, "`r` is a record, no column."),
        ({"a": {"field": "r.nam"}}, "`r` has no field `nam`."),
        ({"a": {"field": "id.x"}}, "`id` is no record."),
        ({"a": {"template": "{id.x}"}}, "`id` is no record."),
        ({"a": {"money": {"around": "id"}}}, "`id` is no record."),
        ({"a": {"template": "{r.made}"}}, "`r.made` is a list."),
        ({"a": {"money": {"around": "r.odd"}}}, "`x`, a `r.odd`, is no amount."),
        ({"a": {"copy": "id.price"}}, "`id` is no key of another table."),
        ({"a": {"uuid": {}, "only": {"nobody": "x"}}}, "There is no column `nobody`."),
        ({"a": {"uuid": {}, "only": {"r": "x"}}}, "`r` is a record, no column."),
        ({"a": {"uuid": {}, "only": {"c": "doen"}}}, "`c` is never `doen`."),
        ({"a": {"uuid": {}, "only": {"b": 1}}, "b": "boolean"}, "`b` is never `1`."),
        ({"a": {"uuid": {}, "only": {"b": "x"}}, "b": {"value": "y"}}, "`b` is never `x`."),
        ({"a": {"uuid": {}, "only": {"b": "x"}}, "b": "uuid"}, "`b` is of kind `uuid`, which decides nothing."),
        ({"a": {"uuid": {}, "only": {"c": "done"}}, "b": {"template": "{a}"}}, "`a` has no value in some rows."),
    ]
    for columns, said in cases:
        whole = {"id": "sequence", "r": record, "c": {"choice": ["new", "done"]}, **columns}
        assert said in [what for _, what in told({"table": "t", "rows": 1, "columns": whole})]
    decided = {"c": {"boolean": 0.5}, "a": {"uuid": {}, "only": {"c": True}}}
    assert all((line[0] == "t") == (line[1] != "\\N") for line in lines(decided))
    assert told({"table": "t", "rows": 1, "columns": {"a": {"uuid": {}, "hidden": True}}}) == [
        (("columns",), "No column is one of the table's.")
    ]


def test_tables_that_refer_to_each_other_are_told() -> None:
    first = options({"id": "sequence", "b": {"ref": "b.id"}}, 9, table="a")
    middle = options({"id": "sequence", "c": {"ref": "c.id"}}, 9, table="b")
    last = options({"id": "sequence", "a": {"ref": "a.id"}}, 9, table="c")
    assert [what for _, what in fits(first, middle, last)] == [
        "`a` and `b` refer to each other.",
        "`b` and `c` refer to each other.",
    ]


def test_mild_is_milder_than_zipf() -> None:
    found = Counter(values("client"))
    assert set(found) <= {str(number) for number in range(1, 201)}
    most = [count for _, count in found.most_common()]
    assert 2 < most[0] / most[100] < 9


def test_what_does_not_fit_the_number_of_rows_is_told() -> None:
    few = options({"a": {"integer": {"from": 1, "to": 5, "unique": True}}, "b": {"sequence": {"step": 0}}}, 9)
    assert [what for _, what in fits(few)] == [
        "`a` is unique, but from 1 to 5 are 5 numbers for 9 rows.",
        "A step of 0 gives every row the same number.",
    ]
    many = options({"a": {"ref": "x.id", "rows": 10_000_001, "skew": "mild"}, "b": {"ref": "x.id", "rows": 10**9}}, 1)
    many["rows"] = 2_000_000_001
    assert [what for _, what in fits(many)] == [
        "`t` would have 2,000,000,001 rows at this scale.",
        "`a` is skewed over 10,000,001 rows; 10,000,000 can be.",
    ]


# VmHWM begins with the program itself; the peak that getrusage(2) tells of is inherited from whoever started it.
PEAK = """
from pathlib import Path
from devenv.core.generate.table import Table
from tests.unit.core.test_generate import EVERY, options
for count, part in Table("t", options({k: v for k, v in EVERY.items() if k != "number"}, 60_000)).blocks(): pass
print(next(line.split()[1] for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM")))
"""


def test_memory_does_not_grow_with_the_rows() -> None:
    done = subprocess.run([sys.executable, "-c", PEAK], capture_output=True, text=True, check=True)
    assert int(done.stdout) < 150 * 1024
