"""Seeds in a manifest: which kinds a service takes, how they are rendered and read back."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from devenv.core.catalogue import read_service
from devenv.core.compose.load import load
from devenv.core.decode import decode
from devenv.core.render import render
from devenv.core.seeds import causes
from devenv.core.source import read_yaml
from devenv.extensions.probes import PROBES
from devenv.model.errors import DevenvError, DevenvErrors
from devenv.model.manifest import CatalogueService
from devenv.model.observed import LedgerEntry
from devenv.model.stack import Seed
from tests.unit.core.compiling import catalogue, templates

CACHE = 'name: redis\ntitle: Redis\nimage: redis\ndefault: "8"\nversions: ["8"]\nport: 6379\nseeder: redis\n'


RULES: dict[str, str] = {}
"""Files of rules by their absolute paths."""


def known() -> dict[str, CatalogueService]:
    return {
        **catalogue(),
        "redis": read_service(read_yaml(CACHE, "redis/service.yaml"), "/catalogue/redis", kinds=PROBES),
    }


def told(text: str) -> list[str]:
    try:
        decode(text, "devenv.yaml", folder="/repo", catalogue=known(), bases={}, kinds=PROBES)
    except DevenvErrors as several:
        return [f"{e.where}: {e.message}" for e in several.errors]
    except DevenvError as one:
        return [f"{one.where}: {one.message}"]
    return []


def read_back(text: str, **variables: str) -> dict[str, tuple[Seed, ...]]:
    """Rendered, and the rendered file read."""
    manifest = decode(text, "devenv.yaml", folder="/repo", catalogue=known(), bases={}, kinds=PROBES)
    file = ".devcontainer/compose.yaml"
    rendered = render(manifest, known(), templates=templates(), existing={}, kinds=PROBES).files[file]
    stack = load(
        [read_yaml(rendered, file)], variables=variables, folder="/repo", working_dir="/repo/.devcontainer",
        kinds=PROBES, files=[f"/repo/{file}"], texts=RULES,
        listings={"/repo/more": ("b.rdb", "a.redis", "notes.txt"), "/repo/made": ("a.yaml", "b.yml", "c.csv")},
    )  # fmt: skip
    return {name: service.seeds for name, service in stack.services.items()}


def test_a_redis_takes_its_kinds_and_has_no_tables() -> None:
    text = "name: x\nservices:\n  c:\n    use: redis\n    seed: [a/x.redis, b/x.json, {jsonl: d/x.jsonl}, more/]\n"
    assert told(text) == []
    seeds = read_back(text)["c"]
    assert [(seed.name, seed.kind, seed.table) for seed in seeds] == [
        ("a/x.redis", "commands", None), ("b/x.json", "json", None), ("d/x.jsonl", "jsonl", None),
        ("more/a.redis", "commands", None), ("more/b.rdb", "rdb", None),
    ]  # fmt: skip
    assert seeds[0].file == "/repo/a/x.redis"


GENERATED = """\
name: x
services:
  db:
    use: postgres
    seed:
      - a.sql
      - generate:
          table: customers
          rows: 25
          columns: {id: {sequence: {from: 10}}, since: {date: {from: 2024-01-01, to: 2025-01-01}}}
      - {generate: {table: countries, rows: 5, columns: {id: sequence}}, scale: 1, name: lands}
      - generate:
          table: orders
          rows: 70
          random_seed: 3
          columns: {id: sequence, customer: {ref: customers.id}, price: {choice: ["$5", 7]}}
      - generate: {table: items, rows: 7, columns: {order: {ref: orders.id, skew: zipf}, land: {ref: countries.id}}}
"""


def test_generated_tables_are_scaled_and_know_their_parents_and_children() -> None:
    assert told(GENERATED) == []
    for scale, rows in (("1", [25, 5, 70, 7]), ("0.1", [3, 5, 7, 1]), ("3", [75, 5, 210, 21])):
        seeds = read_back(GENERATED, DEVENV_SCALE=scale)["db"][1:]
        assert [seed.options["rows"] for seed in seeds] == rows
        assert [seed.name for seed in seeds] == ["generated customers", "lands", "generated orders", "generated items"]
        customers, lands, orders, items = seeds
        assert orders.options["columns"][1][2] == {"to": "customers.id", "rows": rows[0], "from": 10, "step": 1}
        keys = {"to": "orders.id", "skew": "zipf", "rows": rows[2], "from": 1, "step": 1}
        assert items.options["columns"][0][2] == keys
        assert customers.children == (items, orders)
        assert (lands.children, orders.children, items.children) == ((items,), (items,), ())
    assert read_back(GENERATED)["db"][1:] == read_back(GENERATED, DEVENV_SCALE="1")["db"][1:]
    assert orders.options["columns"][2][2] == {"of": [["$5", 1_000_000], ["7", 1_000_000]]}
    assert [seed.kind for seed in seeds] == ["generate"] * 4


def test_a_scale_is_a_number_above_nothing_and_leaves_no_parent_empty() -> None:
    for scale, said in (("many", "rows is `many`."), ("0", "The scale"), ("-1", "The scale"), ("nan", "The scale")):
        with pytest.raises(DevenvError, match=said):
            read_back(GENERATED, DEVENV_SCALE=scale)
    assert {seed.options["rows"] for seed in read_back(GENERATED, DEVENV_SCALE="0.001")["db"][1:]} == {1, 5}


@pytest.fixture
def rules() -> Iterator[dict[str, str]]:
    yield RULES
    RULES.clear()


def test_rules_may_stand_in_files_of_their_own(rules: dict[str, str]) -> None:
    rules["/repo/seeds/customers.yaml"] = "rows: 25\ncolumns: {id: sequence}\n"
    rules["/repo/seeds/o.yml"] = (
        "table: orders\nrows: 70\ncolumns: {customer: {ref: customers.id}, price: {value: $5}}\n"
    )
    text = "name: x\nservices:\n  db:\n    use: postgres\n    seed: [./seeds/customers.yaml, %s]\n"
    long = text % "{generate: seeds/o.yml, name: buys, scale: 2}"
    assert told(long) == []
    customers, orders = read_back(long, DEVENV_SCALE="0.1")["db"]
    assert (customers.name, customers.table, customers.options["rows"]) == ("seeds/customers.yaml", "customers", 3)
    assert (orders.name, orders.table, orders.options["rows"]) == ("buys", "orders", 140)
    assert customers.children == (orders,)
    # Nothing in them is a variable.
    assert orders.options["columns"][1][2] == {"is": "$5"}
    # Beside tables whose rules stand in the manifest.
    inline = text % "{generate: {table: orders, rows: 7, columns: {customer: {ref: customers.id}}}}"
    assert told(inline) == []
    assert read_back(inline)["db"][1].options["columns"][0][2]["rows"] == 25
    # And in a folder.
    rules["/repo/made/a.yaml"] = rules["/repo/seeds/customers.yaml"]
    rules["/repo/made/b.yml"] = "rows: 9\ncolumns: {customer: {ref: a.id}}\n"
    seeds = read_back("name: x\nservices:\n  db:\n    use: postgres\n    seed: [made/]\n")["db"]
    assert [(seed.name, seed.kind, seed.table) for seed in seeds] == [
        ("made/a.yaml", "generate", "a"), ("made/b.yml", "generate", "b"), ("made/c.csv", "csv", "c"),
    ]  # fmt: skip


def test_what_is_wrong_with_rules_in_a_file_has_its_place_there(rules: dict[str, str]) -> None:
    text = "name: x\nservices:\n  db:\n    use: postgres\n    seed: [seeds/a.yaml, seeds/b.yaml]\n"
    for first, second, said in (
        ("rows: 1\ncolumns:\n  id: sequnce\n", "rows: x\ncolumns: {}\n", [
            "seeds/a.yaml:3:3: `sequnce` is no kind of column.",
            "seeds/b.yaml:1:1: `rows` must be a whole number from 0 to 2,000,000,000.",
            "seeds/b.yaml:2:1: `generate` needs `columns`.",
        ]),
        ("rows: 1\ncolumns: {id: sequence}\n", "rows: 2\ncolumns:\n  a: {ref: c.id}\n", [
            "seeds/b.yaml:3:7: No table `c` is generated before this one.",
        ]),
        ("rows: 1\nrows: 2\n", "- a\n", [
            "seeds/a.yaml:2:1: `rows` is given twice.", "seeds/b.yaml:1:1: `generate` is no mapping.",
        ]),
        ("rows: [\n", "rows: 2\ncolumns: {a: {ref: a.id}}\n", [None]),
        ("", "rows: 1\ncolumns: {id: sequence}\n", ["seeds/a.yaml: `generate` is no mapping."]),
    ):  # fmt: skip
        rules |= {"/repo/seeds/a.yaml": first, "/repo/seeds/b.yaml": second}
        with pytest.raises(DevenvError) as raised:
            read_back(text)
        errors = raised.value.errors if isinstance(raised.value, DevenvErrors) else (raised.value,)
        found = [f"{error.where}: {error.message}" for error in errors]
        assert found == said or (said == [None] and len(found) == 1 and found[0].startswith("seeds/a.yaml:"))
    # A file that cannot be read is told of by who reads: the others say nothing that hangs on it.
    del rules["/repo/seeds/a.yaml"]
    rules["/repo/seeds/b.yaml"] = "rows: 2\ncolumns: {a: {ref: a.id}}\n"
    assert [seed.name for seed in read_back(text)["db"]] == ["seeds/b.yaml"]


def test_what_is_wrong_with_generated_tables_has_its_place_all_at_once() -> None:
    text = (
        "name: x\nservices:\n  db:\n    use: postgres\n    seed:\n"
        "      - {generate: {table: a, rows: x, columns: {id: sequnce}}}\n"
        "      - generate:\n          table: b\n          rows: 3\n          columns:\n"
        "            c: {integer: {from: 1}}\n"
        "      - {generate: {table: c, rows: 1, columns: {id: sequence}}, transactional: false}\n"
        "      - {csv: c.csv, scale: 3}\n"
    )
    assert told(text) == [
        "devenv.yaml:6:37: `rows` must be a whole number from 0 to 2,000,000,000.",
        "devenv.yaml:6:54: `sequnce` is no kind of column.",
        "devenv.yaml:11:16: `integer` needs `to`.",
        "devenv.yaml:12:66: `transactional` means nothing for a seed of generate.",
        "devenv.yaml:13:9: `generated c` and `c.csv` are both seeds of the table `c`.",
        "devenv.yaml:13:22: `scale` means nothing for a seed of csv.",
    ]
    head = "name: x\nservices:\n  db:\n    use: postgres\n    seed:\n"
    late = head + "      - {generate: {table: a, rows: 1, columns: {b: {ref: z.id}}}}\n"
    assert told(late) == ["devenv.yaml:6:59: No table `z` is generated before this one."]


def test_a_redis_generates_nothing() -> None:
    seed = "{generate: {table: a, rows: 1, columns: {id: sequence}}}"
    text = f"name: x\nservices:\n  c:\n    use: redis\n    seed: [{seed}]\n"
    assert told(text) == ["devenv.yaml:5:13: redis takes no seed of generate."]
    text = "name: x\nservices:\n  c:\n    use: redis\n    seed: [rules.yaml]\n"
    assert told(text) == ["devenv.yaml:5:12: `rules.yaml` is no kind of seed that redis takes."]


@pytest.mark.parametrize(
    ("use", "seed", "said"),
    [
        ("redis", "a.sql", "`a.sql` is no kind of seed that redis takes."),
        ("redis", "{csv: a.csv}", "redis takes no seed of csv."),
        ("redis", "{jsonl: a.jsonl, table: t}", "`table` means nothing for a seed of jsonl."),
        ("postgres", "{rdb: a.rdb}", "postgres takes no seed of rdb."),
        ("postgres", "a.redis", "`a.redis` is no kind of seed that postgres takes."),
        ("postgres", "a.txt", "`a.txt` is no kind of seed that devenv knows."),
    ],
)
def test_what_a_service_does_not_take_is_told_with_its_place(use: str, seed: str, said: str) -> None:
    found = told(f"name: x\nservices:\n  c:\n    use: {use}\n    seed:\n      - {seed}\n")
    assert len(found) == 1
    assert found[0].startswith("devenv.yaml:6:")
    assert found[0].endswith(said)


def test_a_plain_file_is_held_to_the_same() -> None:
    text = "services:\n  c:\n    image: redis\n    x-devenv: {seeder: redis, seed: [a.sql]}\n"
    with pytest.raises(DevenvError, match=r"redis takes no seed of sql \(`a.sql`\)"):
        load(
            [read_yaml(text, "compose.yaml")], variables={}, folder="/r", working_dir="/r", files=["/r/compose.yaml"],
            project="x", texts={}, listings={}, kinds=PROBES,
        )  # fmt: skip


def test_generated_rows_say_what_changed() -> None:
    def seed(name: str, rules: str, scale: str = "1", *children: Seed) -> Seed:
        return Seed(name=name, kind="generate", file="", children=children, origin={"rules": rules, "scale": scale})

    def why(*seeds: Seed, was: dict[str, dict[str, str]] | None = None) -> dict[str, str]:
        made = was or {"p": {"rules": "a", "scale": "1"}, "o": {"rules": "b", "scale": "1"}}
        ledger = {name: LedgerEntry(name=name, digest="d", state="done") for name in ("p", "o")}
        return causes(seeds, ledger, {name: {"d": origin} for name, origin in made.items()})

    orders = seed("o", "b")
    assert why(seed("p", "a", "1", orders), orders) == {}
    assert why(seed("p", "x", "1", orders), orders) == {"p": "p changed", "o": "p, which it refers to, changed"}
    scaled = seed("o", "b", "2")
    assert why(seed("p", "a", "2", scaled), scaled) == dict.fromkeys(("p", "o"), "the scale changed from 1 to 2")
    assert why(seed("p", "x", "2")) == {"p": "p changed, the scale changed from 1 to 2"}
    assert why(seed("p", "x"), was={"o": {}}) == {}
    assert why(Seed(name="p", kind="csv", file="/p")) == {}
