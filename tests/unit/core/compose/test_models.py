"""Models of services, and jobs, which nobody starts."""

from __future__ import annotations

from devenv.core.compose.models import with_models
from tests.unit.core.compose.stacks import stack


def test_services_find_their_models_by_variables() -> None:
    found = stack(
        "name: p\nservices:\n"
        "  a: {image: x, environment: {A: b}, models: {llm: {endpoint_var: URL, model_var: NAME}}}\n"
        "  b: {image: x, models: [big-one]}\n"
        "  c: {image: x}\n"
        "models: {llm: {model: ai/small}, big-one: {model: ai/big}, unused: {model: ai/none}}"
    )
    assert list(found.models) == ["big-one", "llm"]
    told = with_models(found, "http://there")
    assert told.services["a"].config["environment"] == {"A": "b", "NAME": "ai/small", "URL": "http://there"}
    assert told.services["b"].config["environment"] == {"BIG_ONE_MODEL": "ai/big", "BIG_ONE_URL": "http://there"}
    assert told.services["c"] == found.services["c"]


def test_jobs_are_started_by_nobody_and_that_is_said() -> None:
    clock = "{image: x, triggers: {schedule: ['0 1 * * *']}}"
    jobs = f"jobs: {{clean: {{image: x, triggers: {{manual: true}}}}, nightly: {clock}}}"
    assert stack(f"name: p\nservices: {{a: {{image: x}}}}\n{jobs}").notices == (
        "`up` starts no jobs (clean, nightly): `docker compose run clean` does; "
        "nothing here has a clock that would start nightly",
    )
    assert stack("name: p\nservices: {a: {image: x}}").notices == ()
