"""Seeds in a manifest: which kinds a service takes, how they are rendered and read back."""

from __future__ import annotations

import pytest

from devenv.core.catalogue import read_service
from devenv.core.compose.load import load
from devenv.core.decode import decode
from devenv.core.render import render
from devenv.core.source import read_yaml
from devenv.model.errors import DevenvError, DevenvErrors
from devenv.model.manifest import CatalogueService
from devenv.model.stack import Seed
from tests.unit.core.compiling import catalogue, templates

CACHE = 'name: redis\ntitle: Redis\nimage: redis\ndefault: "8"\nversions: ["8"]\nport: 6379\nseeder: redis\n'


def known() -> dict[str, CatalogueService]:
    return {**catalogue(), "redis": read_service(read_yaml(CACHE, "redis/service.yaml"), "/catalogue/redis")}


def told(text: str) -> list[str]:
    try:
        decode(text, "devenv.yaml", folder="/repo", catalogue=known(), bases={})
    except DevenvErrors as several:
        return [f"{e.where}: {e.message}" for e in several.errors]
    except DevenvError as one:
        return [f"{one.where}: {one.message}"]
    return []


def read_back(text: str, **variables: str) -> dict[str, tuple[Seed, ...]]:
    """Rendered, and the rendered file read."""
    manifest = decode(text, "devenv.yaml", folder="/repo", catalogue=known(), bases={})
    file = ".devcontainer/compose.yaml"
    rendered = render(manifest, known(), templates=templates(), existing={}).files[file]
    stack = load(
        [read_yaml(rendered, file)], variables=variables, folder="/repo", working_dir="/repo/.devcontainer",
        files=[f"/repo/{file}"], texts={}, listings={"/repo/more": ("b.rdb", "a.redis", "notes.txt")},
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
            project="x", texts={}, listings={},
        )  # fmt: skip
