"""How services find their models: by variables (docker/compose `pkg/compose/model.go`)."""

from __future__ import annotations

from dataclasses import replace

from devenv.model.stack import Stack


def with_models(stack: Stack, endpoint: str) -> Stack:
    """The stack whose services find their models at `endpoint`, by the variables that Compose sets."""
    services = dict(stack.services)
    for name, service in stack.services.items():
        found: dict[str, str] = {}
        for key, said in (service.config.get("models") or {}).items():
            prefix = key.upper().replace("-", "_")
            found[(said or {}).get("model_var") or f"{prefix}_MODEL"] = stack.models[key]["model"]
            found[(said or {}).get("endpoint_var") or f"{prefix}_URL"] = endpoint
        if found:
            environment = dict(sorted({**(service.config.get("environment") or {}), **found}.items()))
            services[name] = replace(service, config={**service.config, "environment": environment})
    return replace(stack, services=services)
