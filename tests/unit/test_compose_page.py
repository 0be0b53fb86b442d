"""The table in docs/compose.md: every key of the published Compose schema, and the test that proves what becomes of it.

`DEVENV_WRITE_CASES` writes it anew. A key is carried out where a case of `tests/cases/compose` uses it: both tools read
such a file to the same model, and (`tests/integration/test_compose_payloads.py`) ask the engine for the same.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.unit.composekeys import keys, used

ROOT = Path(__file__).parents[2]
CASES = ROOT / "tests" / "cases" / "compose"
PAGE = ROOT / "docs" / "compose.md"
MARK = "<!-- What follows is made by tests/unit/test_compose_page.py. -->\n"
LEAST = 0.95
"""The part of the keys that must be carried out."""

_TOP = "test_normalise.py::test_what_is_wrong_at_the_top"
_BUILD = "test_build.py::test_what_cannot_be_built_is_read_and_refused_where_it_stands"
_HOOK = "test_hooks.py::test_what_no_hook_can_be"
_ATTESTED = "refused unless it is false: the engine's image store keeps no attestation"
REFUSED = {
    "jobs.*.extends": ("refused: write the keys of the job out", _TOP),
    "services.*.umask": ("refused: no Compose knows it yet, nor does the engine", "invalid-umask"),
    "services.*.networks.*.use_service_name_alias": (
        "refused: no Compose knows it yet",
        "invalid-use-service-name-alias",
    ),
    "services.*.build.provenance": (_ATTESTED, _BUILD),
    "services.*.build.sbom": (_ATTESTED, _BUILD),
    "services.*.pre_start[].per_replica": ("refused unless it is false: Compose refuses it, too", _HOOK),
}
"""Key (and all below it) → why, and the test of its sentence."""
NOTICED = {
    **dict.fromkeys(
        (
            *(f"services.*.deploy.{key}" for key in ("mode", "endpoint_mode", "labels", "placement")),
            *(f"services.*.deploy.{key}" for key in ("update_config", "rollback_config")),
            *(f"services.*.deploy.resources.reservations.{key}" for key in ("cpus", "generic_resources")),
            *(f"services.*.deploy.restart_policy.{key}" for key in ("delay", "window")),
            *(f"configs.*.{key}" for key in ("labels", "external", "template_driver")),
            *(f"secrets.*.{key}" for key in ("labels", "external", "driver", "driver_opts", "template_driver")),
            *(f"services.*.secrets[].{key}" for key in ("uid", "gid", "mode")),
        ),
        "a swarm",
    ),
    **dict.fromkeys(("services.*.credential_spec", "services.*.cpu_count", "services.*.cpu_percent"), "Windows"),
    "services.*.pull_refresh_after": "later versions",
    "jobs": "`docker compose run`",
    "version": "files of old versions",
}
"""What is read and kept as Compose keeps it, and has no effect outside of what is named here: said in a notice."""
EVERYWHERE = frozenset(("name", "services"))


class _Loader(yaml.SafeLoader):
    """Takes `!reset` and `!override` for what stands behind them."""


def _plain(loader: _Loader, suffix: str, node: yaml.Node) -> Any:
    if isinstance(node, yaml.MappingNode):
        return loader.construct_mapping(node, deep=True)
    if isinstance(node, yaml.SequenceNode):
        return loader.construct_sequence(node, deep=True)
    return node.value


_Loader.add_multi_constructor("!", _plain)


def documents(case: str) -> Iterator[Any]:
    """What the Compose files of the case say."""
    for path in sorted((CASES / case).rglob("*.y*ml")):
        if path.name != "case.yaml":
            yield from yaml.load_all(path.read_text(encoding="utf-8"), _Loader)


@cache
def uses(case: str) -> frozenset[str]:
    """The keys that the case uses."""
    return frozenset().union(*(used(document) for document in documents(case)))


def under(key: str, table: dict[str, Any]) -> str | None:
    """The entry of `table` for `key`, or for what it stands in."""
    return next((each for each in table if key == each or key.startswith((f"{each}.", f"{each}["))), None)


@cache
def valid_cases() -> tuple[str, ...]:
    return tuple(sorted(path.name for path in CASES.iterdir() if not path.name.startswith("invalid")))


def proof(key: str, named: str | None) -> str | None:
    """The case that is about `key`: the one that the page has `named`, else one that is called like it, else the one
    with the fewest keys."""
    if named in valid_cases() and key in uses(str(named)):
        return named
    word = key.removesuffix("[]").rpartition(".")[2].replace("_", "-")
    found = [case for case in valid_cases() if key in uses(case)]
    return min(found, key=lambda case: (word not in case, len(uses(case)), case), default=None)


def row(key: str, named: str | None) -> tuple[str, str, str]:
    """What becomes of the key, in words, and the test that proves it."""
    refused = under(key, REFUSED)
    if refused:
        what, test = REFUSED[refused]
        return key, what if refused == key else f"refused with `{refused}`", test
    noticed = under(key, NOTICED)
    case = proof(key, named)
    assert case, f"no case of {CASES} uses {key}"
    return key, f"kept; it has an effect with {NOTICED[noticed]} alone, and is said" if noticed else "carried out", case


def named_in(page: str) -> dict[str, str]:
    """Key → the test that stands beside it in the table."""
    rows = (line.strip("| \n").split(" | ") for line in page.splitlines() if line.startswith("| `"))
    return {cells[0].strip("`"): cells[2] for cells in rows}


def table(page: str = "") -> list[tuple[str, str, str]]:
    named = named_in(page)
    return [row(key, named.get(key)) for key in keys()]


def written(page: str) -> str:
    rows = table(page)
    carried = [each for each in rows if not each[1].startswith("refused")]
    kept = [each for each in carried if each[1].startswith("kept")]
    lines = [
        f"{len(rows)} keys: {len(carried)} are carried out as Compose does ({len(kept)} of these have no effect with",
        f"Compose either, and are named in a notice), {len(rows) - len(carried)} are refused by name.",
        "",
        "| key | what becomes of it | test |",
        "| --- | --- | --- |",
        *(f"| `{key}` | {what} | {test} |" for key, what, test in rows),
    ]
    return "\n".join(lines) + "\n"


def test_the_page_has_every_key() -> None:
    head, mark, tail = PAGE.read_text(encoding="utf-8").partition(MARK)
    assert mark
    if os.environ.get("DEVENV_WRITE_CASES"):
        PAGE.write_text(head + mark + written(tail), encoding="utf-8")
    else:
        assert tail == written(tail), "write it anew: DEVENV_WRITE_CASES=1"


def test_nearly_all_are_carried_out() -> None:
    rows = table()
    carried = [key for key, what, _ in rows if not what.startswith("refused")]
    assert len(carried) >= LEAST * len(rows), [key for key, what, _ in rows if what.startswith("refused")]


@pytest.mark.parametrize("key", sorted(REFUSED))
def test_what_is_refused_is_refused_in_a_test(key: str) -> None:
    test = REFUSED[key][1]
    name, colons, function = test.partition("::")
    if not colons:
        assert key in uses(name)
        assert "invalid: true" in (CASES / name / "case.yaml").read_text()
        return
    (path,) = (ROOT / "tests" / "unit").rglob(name)
    text = path.read_text()
    assert f"def {function}(" in text
    assert key.rpartition(".")[2] in text


def test_every_exception_is_a_key() -> None:
    known = set(keys())
    assert not {*REFUSED, *NOTICED} - known
