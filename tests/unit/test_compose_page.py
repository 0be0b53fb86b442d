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

from tests.integration.test_compose_payloads import NAMES
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
_ATTESTED = "refused unless it is false: devenv has images built without attestations"
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
PARTLY = {
    "services.*.attach": "kept; `docker compose up` shows lines by it, `devenv up` shows none",
    "services.*.build.additional_contexts": "carried out but for `oci-layout://`, which is refused",
    "services.*.build.cache_from": "carried out for images; another cache is left out, and that is said",
    "services.*.build.cache_to": "carried out for `type=inline`; any other is refused",
}
"""What is less than Compose does with some builder."""
WORDED = {
    "services.*.isolation": "carried out for `default`; what only Windows has is refused",
    "services.*.build.isolation": "carried out for `default`; what only Windows has is refused",
    "services.*.build.network": "carried out for `default`, `host` and `none`; no builder here knows others: refused",
    "services.*.build.entitlements": "carried out for `network.host` and `security.insecure`; there are no others",
    "services.*.volumes[].type": "carried out; `cluster` needs a swarm and `npipe` Windows: refused",
}
"""What is carried out for all that an engine of Linux can do."""
_KEYS_OF_BUILDS = "integration/test_build_keys.py::"
_POLICIES = "unit/core/test_resolve_policies.py::"
_NEEDS = "unit/core/test_reconcile.py::"
DONE = {
    "services.*.build": "e2e/test_team_builds.py::test_on_this_engine",
    **dict.fromkeys(
        (f"services.*.build.{key}" for key in ("args", "target", "labels")),
        "integration/test_builds.py::test_arguments_target_labels_and_a_replaced_base_everywhere",
    ),
    **dict.fromkeys(
        (f"services.*.build.{key}" for key in ("extra_hosts", "tags", "ulimits", "shm_size")),
        f"{_KEYS_OF_BUILDS}test_names_limits_and_shared_memory_of_a_build",
    ),
    **dict.fromkeys(
        (f"services.*.build.{key}" for key in ("cache_from", "cache_to")),
        f"{_KEYS_OF_BUILDS}test_a_cache_that_the_image_carries_and_one_that_cannot_be_asked",
    ),
    **dict.fromkeys(
        (f"services.*.build.{key}" for key in ("privileged", "entitlements")),
        f"{_KEYS_OF_BUILDS}test_a_build_by_the_control_api_fails_as_others_do",
    ),
    "services.*.build.isolation": f"unit/core/compose/{_BUILD}",
    "services.*.build.platforms": "unit/core/compose/test_build.py::test_what_can_be_built_is_not_refused",
    "services.*.build.dockerfile_inline": "integration/test_builds.py::test_an_inline_dockerfile_without_a_context",
    "services.*.build.no_cache": f"{_KEYS_OF_BUILDS}test_a_build_without_the_cache_is_made_anew",
    "services.*.build.no_cache_filter": f"{_KEYS_OF_BUILDS}test_stages_without_the_cache_are_made_anew_and_no_others",
    "services.*.build.network": f"{_KEYS_OF_BUILDS}test_a_network_that_a_step_is_kept_from",
    "services.*.build.secrets": f"{_KEYS_OF_BUILDS}test_a_secret_is_in_the_step_that_mounts_it_and_nowhere_else",
    "services.*.build.ssh": f"{_KEYS_OF_BUILDS}test_a_step_may_use_a_key_and_not_change_the_agent",
    "services.*.build.additional_contexts": _KEYS_OF_BUILDS
    + "test_further_contexts_stand_in_for_names_in_the_dockerfile",
    "services.*.build.pull": f"{_POLICIES}test_newer_bases_are_asked_for_where_the_build_says_so",
    "services.*.pull_policy": f"{_POLICIES}test_when_a_registry_is_asked_for_what_is_there",
    "services.*.develop": "e2e/test_watch.py::test_what_changes_comes_and_what_goes_goes",
    "services.*.develop.watch[].exec": "e2e/test_watch.py::test_commands_restarts_and_rebuilds",
    **dict.fromkeys(
        (f"services.*.{key}" for key in ("pre_start", "post_start", "pre_stop")),
        "e2e/test_hooks.py::test_hooks_run_when_compose_runs_them",
    ),
    **dict.fromkeys(
        ("services.*.scale", "services.*.deploy.replicas"),
        "e2e/test_replicas.py::test_several_containers_are_made_shared_and_mended",
    ),
    "services.*.provider": "e2e/test_providers.py::test_a_provider_is_asked_and_what_it_gives_is_there",
    "services.*.profiles": "e2e/test_profiles.py::test_up_status_and_down_are_about_the_chosen_profiles_alone",
    "services.*.depends_on": f"{_NEEDS}test_a_need_waits_for_its_condition",
    "services.*.depends_on.*.restart": f"{_NEEDS}test_who_asks_for_a_restart_with_its_need_gets_it",
    "services.*.depends_on.*.required": f"{_NEEDS}test_a_need_that_is_not_required_is_waited_for_but_may_fail",
    **dict.fromkeys(
        ("models", "services.*.models"),
        "unit/host/test_models.py::test_what_is_missing_is_pulled_and_all_are_configured",
    ),
}
"""Key (and all below it that has no entry of its own) → the test that sees it done, where it is no part of what the
engine is asked to make a container of."""
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
    """The entry of `table` for `key`, or for the nearest that it stands in."""
    return max(
        (each for each in table if key == each or key.startswith((f"{each}.", f"{each}["))), key=len, default=None
    )


@cache
def valid_cases() -> tuple[str, ...]:
    return tuple(sorted(path.name for path in CASES.iterdir() if not path.name.startswith("invalid")))


def proof(key: str, named: str | None) -> str | None:
    """The case that is about `key`: of those whose containers are compared, else of all, the one that the page has
    `named`, else one that is called like it, else the one with the fewest keys."""
    found = [case for case in valid_cases() if key in uses(case)]
    found = [case for case in found if case in NAMES] or found
    if named in found:
        return named
    word = key.removesuffix("[]").rpartition(".")[2].replace("_", "-")
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
    what = {**PARTLY, **WORDED}.get(key, "carried out")
    if noticed:
        return key, f"kept; it has an effect with {NOTICED[noticed]} alone, and is said", case
    done = under(key, DONE)
    return key, what, f"{case}, {DONE[done]}" if done else case


def named_in(page: str) -> dict[str, str]:
    """Key → the test that stands beside it in the table."""
    rows = (line.strip("| \n").split(" | ") for line in page.splitlines() if line.startswith("| `"))
    return {cells[0].strip("`"): cells[2].partition(", ")[0] for cells in rows}


def table(page: str = "") -> list[tuple[str, str, str]]:
    named = named_in(page)
    return [row(key, named.get(key)) for key in keys()]


def written(page: str) -> str:
    rows = table(page)
    carried = _carried(rows)
    kept = [each for each in carried if each[1].startswith("kept")]
    refused = [each for each in rows if each[1].startswith("refused")]
    lines = [
        f"{len(rows)} keys: {len(carried)} are carried out as Compose does ({len(kept)} of these have no effect with",
        f"Compose either, and are named in a notice), {len(PARTLY)} in part, {len(refused)} are refused by name.",
        "",
        "| key | what becomes of it | test |",
        "| --- | --- | --- |",
        *(f"| `{key}` | {what} | {test} |" for key, what, test in rows),
    ]
    return "\n".join(lines) + "\n"


def _carried(rows: list[tuple[str, str, str]]) -> list[tuple[str, str, str]]:
    return [each for each in rows if each[0] not in PARTLY and not each[1].startswith("refused")]


def test_the_page_has_every_key() -> None:
    head, mark, tail = PAGE.read_text(encoding="utf-8").partition(MARK)
    assert mark
    if os.environ.get("DEVENV_WRITE_CASES"):
        PAGE.write_text(head + mark + written(tail), encoding="utf-8")
    else:
        assert tail == written(tail), "write it anew: DEVENV_WRITE_CASES=1"


def test_nearly_all_are_carried_out() -> None:
    rows = table()
    assert len(_carried(rows)) >= LEAST * len(rows), {*rows} - {*_carried(rows)}


@pytest.mark.parametrize("test", sorted(set(DONE.values())))
def test_what_is_done_is_done_in_a_test(test: str) -> None:
    file, _, function = test.partition("::")
    assert f"def {function}(" in (ROOT / "tests" / file).read_text()


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
    assert not {*REFUSED, *NOTICED, *PARTLY, *WORDED, *DONE} - known
