from __future__ import annotations

from pathlib import Path

from devenv.app.proof import proved, remember
from devenv.model.stack import Check, CheckStep, Stack


def _stack(folder: Path, value: str = "1") -> Stack:
    step = CheckStep(kind="sql", options={"service": "db", "query": "SELECT 1"}, expect={"value": value})
    return Stack(
        project="p", folder=str(folder), working_dir=str(folder), files=(), services={}, networks={}, volumes={},
        checks={"one": Check(name="one", steps=(step,))},
    )  # fmt: skip


def test_only_the_very_checks_that_held_are_proved(tmp_path: Path) -> None:
    (tmp_path / ".devenv").mkdir()
    assert not proved(_stack(tmp_path))
    remember(_stack(tmp_path), held=True)
    assert proved(_stack(tmp_path))
    assert not proved(_stack(tmp_path, "2"))
    remember(_stack(tmp_path), held=False)
    assert not proved(_stack(tmp_path))


def test_without_a_folder_to_keep_it_in_nothing_is_proved(tmp_path: Path) -> None:
    remember(_stack(tmp_path), held=True)
    assert not proved(_stack(tmp_path))
    remember(_stack(tmp_path), held=False)
