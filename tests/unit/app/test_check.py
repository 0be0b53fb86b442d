"""`devenv check` where what it would ask is on the host."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace

import pytest

from devenv.app import check as module
from devenv.app.context import Context
from devenv.model.errors import DevenvError, ExitCode
from devenv.model.stack import Check, CheckStep, OnHost, Service, Stack
from devenv.run.cancel import CancelToken
from devenv.ui.make import make_ui


@pytest.fixture
def ctx(monkeypatch: pytest.MonkeyPatch) -> Context:
    """A stack whose only service is on the host, where nobody answers."""
    step = CheckStep(kind="exec", options={"service": "api", "command": "true"})
    api = Service(name="api", image="api", container_name="shop-api-1", config={})
    stack = Stack(
        project="shop", folder="/shop", working_dir="/shop", files=(), networks={}, volumes={},
        services={"api": Service(name="api", image="api", container_name="shop-api-1", config={},
                                 on_host=OnHost(service=api, ports={}))},
        checks={name: Check(name=name, steps=(step,)) for name in ("inside", "within")},
    )  # fmt: skip

    @contextmanager
    def session(ctx: Context) -> Iterator[SimpleNamespace]:
        yield SimpleNamespace(stack=stack, name="shop", own=(), excepted=("api",), ctx=ctx)

    monkeypatch.setattr(module, "session", session)
    return Context(ui=make_ui("text"), cancel=CancelToken())


def test_where_all_are_left_out_it_does_not_hold(ctx: Context) -> None:
    with pytest.raises(DevenvError, match="No check was walked") as raised:
        module.check(ctx)
    assert raised.value.code == ExitCode.FAILED
    assert "inside, within: it asks inside the container of api, which runs on the host" in raised.value.message
    assert "Start api on this host" in str(raised.value.hint)


def test_one_that_asks_inside_a_service_on_the_host_is_refused(ctx: Context) -> None:
    with pytest.raises(DevenvError, match="`api` runs on the host, not in a container") as raised:
        module.check(ctx, ["within"])
    assert raised.value.code == ExitCode.INPUT
