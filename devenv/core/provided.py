"""Variables that the providers of a stack's services gave, in what depends on these."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from devenv.model.stack import Service, Stack


def with_variables(stack: Stack, variables: Mapping[str, Mapping[str, str]]) -> Stack:
    """`stack` with `variables`, by service, over what its files say."""

    def of(service: Service) -> Service:
        said = {**(service.config.get("environment") or {}), **variables.get(service.name, {})}
        return replace(service, config={**service.config, "environment": dict(sorted(said.items()))})

    services = {name: of(each) if variables.get(name) else each for name, each in stack.services.items()}
    return replace(stack, services=services)
