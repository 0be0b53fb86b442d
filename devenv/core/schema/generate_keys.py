"""The keys of `generate`: what editors offer and docs/manifest.md explains. What is wrong inside is told by
`core.generate.spec`, in one voice and with what depends on each other; so shapes are open here."""

from __future__ import annotations

from devenv.core.schema.shapes import NUMBER, PATH, TEXT, TEXT_OR_NUMBER, Schema, either, key

_ANY: Schema = {"title": "options"}
_BARE: Schema = {"title": "nothing, or options"}
_NUMBER: Schema = {"title": "a number"}
_NAMES: Schema = {"title": "a column, or a list of them"}
_TIME: Schema = {"title": "a date or time"}
_SHARE: Schema = {"title": "a share from 0 to 1"}
_COUNT: Schema = {"title": "a number, or [fewest, most]"}
_FLAG: Schema = {"title": "`true` or `false`"}

COLUMN: dict[str, Schema] = {
    "sequence": key(_BARE, "Numbers that count up: `from` (1), `step` (1).", {"from": 1000}),
    "person": key(_BARE, "A first and a last name.", {}),
    "first_name": key(_BARE, "A first name.", {}),
    "last_name": key(_BARE, "A last name.", {}),
    "email": key(
        _ANY, "A mail address: `from` columns of names, `domain` (example.com and its like), `unique`.",
        {"from": "name", "unique": True},
    ),
    "date": key(_ANY, "A day: `from`, before `to`, `sorted` as rows go.", {"from": "2024-01-01", "to": "2026-01-01"}),
    "time": key(
        _ANY,
        "A moment in UTC: `from`, before `to`, `rhythm` (`flat`, or `daily`: little at night, most in the evening), "
        "`bursts` (so many times two hours are busy), `sorted` as the rows go.",
        {"from": "2024-01-01", "to": "2026-01-01", "rhythm": "daily"},
    ),
    "money": key(
        _ANY,
        "An amount with two digits behind the point: `from`, `to`, `distribution`; or `around` a field of a `record`, "
        "at most the share `by` away. With `step` in multiples of it.",
        {"from": 1, "to": 499.99},
    ),
    "integer": key(
        _ANY,
        "A whole number: `from`, `to`, `unique`, `distribution` (`uniform`; `normal`: a bell round the middle; "
        "`skewed`: most are low).",
        {"from": 1, "to": 9, "distribution": "skewed"},
    ),
    "float": key(
        _ANY, "A number with `decimals` (2) digits behind the point: `from`, `to`, `distribution`.",
        {"from": -5, "to": 40, "decimals": 1},
    ),
    "words": key(_COUNT, "So many words (`count`).", [2, 4]),
    "text": key(_COUNT, "So many sentences (`sentences`).", [1, 3]),
    "choice": key(
        {"title": "a list, or a mapping of value to weight"}, "One of the values, by their weights.",
        {"new": 5, "paid": 3, "done": 92},
    ),
    "boolean": key(_SHARE, "True for this `share` of rows (0.5).", 0.9),
    "uuid": key(_BARE, "A UUID (version 4).", {}),
    "value": key(_ANY, "The same in every row.", "EUR"),
    "ref": key(
        _ANY,
        "A key of another table, `table.column`: of a generated one whose column is a `sequence`, or with `rows` (and "
        "`from`, `step`) of any. `skew: zipf`: few come up often, most seldom; `mild`: not by much.",
        "customers.id",
    ),
    "copy": key(
        _ANY,
        "What the row that a `ref` names has in another column of its table, `key.column`; that column is held in "
        "memory.",
        "product_id.price",
    ),
    "record": key(
        _ANY,
        "One of a list of mappings for each row (by their `weight`, where they have one). It is no column of the "
        "table: others take its fields, so that they fit each other.",
        [{"city": "Paris", "country": "FR"}, {"city": "Oslo", "country": "NO", "weight": 0.5}],
    ),
    "field": key(_ANY, "A field of a `record`; where that is a list, one of its values.", "place.city"),
    "template": key(TEXT, "A text with the values of other columns in it, or fields of a `record`.", "P-{id}"),
    "sum": key(_NAMES, "The sum of columns.", ["net", "tax"]),
    "product": key(_NAMES, "The product of columns.", ["quantity", "price"]),
    "after": key(
        _ANY, "A time after that of another `column`: `from` (0s) to `to` later, most soon.",
        {"column": "created", "from": "1h", "to": "3d"},
    ),
    "nulls": key(_SHARE, "This share of rows has no value.", 0.1),
    "only": key(
        _ANY, "Rows where another column is another text (or none of a list) have no value.", {"status": "done"}
    ),
    "hidden": key(_FLAG, "It is no column of the table: others are made from it.", True),
    "unique": key(_FLAG, "No value comes up twice (`email`, `integer`).", True),
    "from": key(TEXT_OR_NUMBER | _ANY, "See the kind.", 1),
    "to": key(TEXT_OR_NUMBER | _ANY, "See the kind.", 100),
    "step": key(_NUMBER, "See `sequence`, `ref`, `money`.", 1),
    "around": key(_ANY, "See `money`.", "thing.price"),
    "by": key(_SHARE, "See `money`.", 0.2),
    "distribution": key(_ANY, "See `integer`.", "skewed"),
    "decimals": key(_NUMBER, "See `float`.", 1),
    "rhythm": key(_ANY, "See `time`.", "daily"),
    "bursts": key(_NUMBER, "See `time`.", 3),
    "sorted": key(_FLAG, "See `time`.", True),
    "skew": key(_ANY, "See `ref`.", "zipf"),
    "rows": key(_NUMBER, "See `ref`.", 5000),
    "domain": key(_ANY, "See `email`.", "shop.test"),
}  # fmt: skip
"""Kinds of columns, and options that may stand beside one."""

_COLUMN: Schema = either(
    TEXT,
    {"type": "object", "title": "a mapping with a kind", "properties": COLUMN},
    title="the name of a kind, or a mapping with one",
)
GENERATE: dict[str, Schema] = {
    "table": key(
        {"title": "a text"}, "Table the rows go to, which the seed then owns; in a file of rules its stem.", "customers"
    ),
    "rows": key(
        {"title": "a whole number"},
        "How many, at scale 1. Times the scale it is rounded to the nearest, a half upward, and at least 1.",
        20_000,
    ),
    "random_seed": key(
        {"title": "a whole number"}, "Another number gives other rows, the same one the same on any machine; 1.", 7
    ),
    "columns": key(
        {"type": "object", "title": "a mapping of column to kind", "additionalProperties": _COLUMN},
        "The columns of the table that are filled, and with what.",
        {"id": "sequence", "name": "person"},
    ),
}
SEED: dict[str, Schema] = {
    "generate": key(
        either(
            PATH,
            {"type": "object", "title": "a mapping with `table`, `rows` and `columns`", "properties": GENERATE},
            title="a path, or a mapping with `table`, `rows` and `columns`",
        ),
        "Rows made by rule for a PostgreSQL table; the rules may stand in a YAML file of their own.",
        {"table": "customers", "rows": 20_000, "columns": {"id": "sequence", "name": "person"}},
    ),
    "scale": key(
        NUMBER,
        "What generated rows are multiplied by; by default DEVENV_SCALE, which `devenv up --scale` sets, else 1.",
        1,
    ),
}
"""Keys of a seed in long form that belong to generated rows."""
