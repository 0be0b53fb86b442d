"""A plan as people read it."""

from __future__ import annotations

from devenv.model.plan import Node, Plan, Start, Stop


def test_a_long_cause_is_said_once_a_service() -> None:
    cause = "depends_on db, which is made anew because its environment changed"
    steps = (
        Node(id="a", step=Stop(service="api", container="api-1"), cause=cause),
        Node(id="b", step=Start(service="api", container="api-1"), cause=cause, after=("a",)),
        Node(id="c", step=Start(service="web", container="web-1"), cause=cause),
        Node(id="d", step=Start(service="web", container="web-2"), cause="started"),
    )
    assert Plan(nodes=steps).text().splitlines() == [
        f"[1] api: Stop api-1, {cause}",
        "[2] api: Start api-1, as [1] (after 1)",
        f"[3] web: Start web-1, {cause}",
        "[4] web: Start web-2, started",
    ]
