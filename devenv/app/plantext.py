"""What `up --dry-run` prints."""

from __future__ import annotations

from collections.abc import Collection

from devenv.app.context import Context
from devenv.model.plan import Plan


def plan_text(ctx: Context, plan: Plan, unless_alike: Collection[str] = ()) -> str:
    """The plan as text, or as JSON: a list of nodes with id, service, step, object, cause and needs. `unless_alike` are
    services whose containers stay where their build comes out as before (`app.building.built_before`)."""
    if ctx.output != "json":
        lines = [plan.text(), *(f"{name}: already done" for name in plan.done)]
        lines += [f"{name}: replaced only where its build comes out different" for name in unless_alike]
        return "\n".join(lines)
    import json

    return json.dumps(
        [
            {
                "id": node.id, "service": node.step.service, "step": node.step.verb, "object": node.step.object,
                "cause": node.cause, "needs": [*node.needs, *node.after],
            }
            for node in plan.nodes
        ],
        indent=2,
    )  # fmt: skip
