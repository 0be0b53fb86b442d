from __future__ import annotations

import pytest

from tests.unit.core.compose.stacks import errors, service

HEAD = "name: p\nservices:\n  a:\n    image: x\n"


@pytest.mark.parametrize(("text", "names"), [("", ("p-a-1",)), ("scale: 0", ()), ("scale: 2", ("p-a-1", "p-a-2"))])
def test_the_names_of_its_containers(text: str, names: tuple[str, ...]) -> None:
    assert service(text).container_names == names


@pytest.mark.parametrize(
    ("text", "message", "line"),
    [
        ("scale: -1", "There cannot be -1 containers", 5),
        ("scale: 2\n    container_name: one", "2 containers cannot all be called `one`", 6),
    ],
)
def test_what_no_service_can_have(text: str, message: str, line: int) -> None:
    (error,) = errors(f"{HEAD}    {text}\n")
    assert message in error.message
    assert error.hint
    assert error.where is not None
    assert error.where.line == line
