"""Whatever stands in a manifest: errors of ours with a place and a remedy, or files; never a traceback."""

from __future__ import annotations

import copy
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from devenv.core.compose import load
from devenv.core.render.yaml import emit
from devenv.core.rendered import COMPOSE_FILE
from devenv.core.source import read_yaml
from devenv.extensions.probes import PROBES
from devenv.model.errors import DevenvError, DevenvErrors
from tests.unit.core.compiling import CASES, FOLDER, rendered

WHOLE = read_yaml((CASES / "everything" / "devenv.yaml").read_text(), "x").value
WORDS = [
    "", "x", "80", "a:b", "./a:/b", "${X}", "${X:-y}", "$", "{{ db.url }}", "{{ db.host_port }}", "{{ x", "1.5", "10s",
    "64m", "postgres", "a=b", "8080:80", "3000-3005", "1-2:3-5", "service_healthy", "/x", "../..", "a.sql", "b.csv",
    "db", "api",
]  # fmt: skip
LEAVES = st.sampled_from(WORDS) | st.integers(-1, 70000) | st.booleans() | st.none() | st.text(max_size=8)
KEYS = st.sampled_from(
    ["db", "target", "source", "http", "tcp", "sql", "table", "path", "condition", "context", "x", "type"]
)
VALUES = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3), max_leaves=5
)


def places(value: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    found = [path] if path else []
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        found += places(item, (*path, key))
    return found


PLACES = places(WHOLE)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.tuples(st.sampled_from(PLACES), VALUES), min_size=1, max_size=4))
def test_a_manifest_with_anything_in_it_gives_files_or_sentences(
    changes: list[tuple[tuple[str | int, ...], Any]],
) -> None:
    value = copy.deepcopy(WHOLE)
    for path, new in changes:
        here: Any = value
        try:
            for step in path[:-1]:
                here = here[step]
            here[path[-1]] = new
        except (KeyError, IndexError, TypeError):
            continue  # an earlier change took it away
    text = emit(value)
    try:
        found = rendered(text)
    except DevenvError as error:
        for each in error.errors if isinstance(error, DevenvErrors) else (error,):
            assert each.hint, each.message
            assert each.where is not None, each.message
            assert each.where.file == "devenv.yaml", each.message
        return
    again = rendered(text, existing=found.files)
    assert again.differences == ()
    try:
        values = {variable.name: variable.default or "1" for variable in found.variables}
        document = read_yaml(found.files[COMPOSE_FILE], COMPOSE_FILE)
        load.load(
            [document],
            variables=values,
            folder=FOLDER,
            working_dir=f"{FOLDER}/.devcontainer",
            files=["c"],
            kinds=PROBES,
        )
    except DevenvError as error:
        for each in error.errors if isinstance(error, DevenvErrors) else (error,):
            assert each.hint, each.message
