"""What is required of the machine, and what is there."""

from __future__ import annotations

from typing import Any

import pytest

from devenv.core.requires import Machine, short_of, unmet
from devenv.model.errors import ExitCode
from devenv.model.observed import EngineInfo

GIB = 1024**3


def machine(version: str = "20.10.24+dfsg1", memory: int = 4 * GIB, cpus: int = 2, **more: Any) -> Machine:
    engine = EngineInfo(
        id="x", version=version, api="1.41", os="linux", arch="amd64", host="unix:///x", local=True, memory=memory,
        cpus=cpus,
    )  # fmt: skip
    return Machine(engine=engine, **more)


@pytest.mark.parametrize(
    ("wanted", "holds"),
    [
        (">=20.10", True), ("20.10", True), (">=20.10.25", False), (">=20", True), (">20.10", False), (">20.9", True),
        ("<20.10", False), ("<=20.10", True), ("==20.10", True), ("=20.11", False), (">=20.10, <29", True),
        (">=19,<20", False), ("v20.10.24", True),
    ],
)  # fmt: skip
def test_the_engine_s_version(wanted: str, holds: bool) -> None:
    errors = unmet({"engine": wanted}, machine())
    assert [error.code for error in errors] == ([] if holds else [ExitCode.UNFIT])
    if not holds:
        assert errors[0].message == (
            f"Docker Engine {wanted} is required; the one at unix:///x is 20.10.24+dfsg1."
        )  # fmt: skip


def test_a_version_that_is_none() -> None:
    [error] = unmet({"engine": "newest"}, machine())
    assert error.code == ExitCode.INPUT
    assert "`newest`" in error.message


def test_all_that_lacks_is_told_at_once() -> None:
    requires = {"memory": "8g", "disk": "100gb", "cpus": 4, "tools": ["git", "make", "jq"]}
    errors = unmet(requires, machine(disk=5 * GIB, lacking=["make", "jq"]))
    assert [error.message for error in errors] == [
        "Memory of 8g is required; there is 4.0 GiB.",
        "Free disk of 100gb is required; there is 5.0 GiB.",
        "4 CPUs are required; there are 2.",
        "`jq`, `make` are required on this host and are not there.",
    ]
    assert all(error.hint and error.code == ExitCode.UNFIT for error in errors)


def test_what_is_there_or_not_known_is_not_missed() -> None:
    requires = {"engine": ">=20.10", "memory": "4g", "disk": "10g", "cpus": 2, "tools": ["git"]}
    assert unmet(requires, machine(memory=int(3.8 * GIB))) == []  # a machine of 4 GiB
    assert unmet(requires, machine(version="", memory=0, cpus=0)) == []
    assert unmet({}, machine()) == []


def test_what_a_devcontainer_wants_is_said() -> None:
    wanted = {"cpus": 8, "memory": "16gb", "storage": "64gb", "gpu": True}
    assert short_of(wanted, machine(disk=GIB), gpus=False) == (
        "devcontainer.json wants 16gb of memory; there is 4.0 GiB",
        "devcontainer.json wants 64gb of free disk; there is 1.0 GiB",
        "devcontainer.json wants 8 CPUs; there are 2",
        "devcontainer.json wants a GPU, and its container is given none: say `gpus: all` in the service, or "
        '`"runArgs": ["--gpus", "all"]`',
    )
    assert short_of({"gpu": {"cores": 1}}, machine(), gpus=True) == ()
    assert short_of({"gpu": "optional", "cpus": 1}, machine(), gpus=False) == ()
