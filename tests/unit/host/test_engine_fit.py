from __future__ import annotations

from pathlib import Path

from devenv.host.engine_fit import forwarding, iptables, storage


def _silence(line: str) -> None:
    raise AssertionError(line)


def test_the_administrator_s_own_choices_stand() -> None:
    settings = {"storage-driver": "btrfs", "iptables": False, "ip-forward": False}
    assert storage(settings, _silence) == []
    assert iptables(settings, _silence) == ([], {})
    assert forwarding(settings, _silence) == []


def test_only_the_slowest_storage_is_told_of(tmp_path: Path) -> None:
    said: list[str] = []
    data = tmp_path / "data"
    options = storage({"data-root": str(data)}, said.append)
    assert options == [] or options[0].startswith("--storage-driver=")
    assert list(data.iterdir()) == [], "the probe cleans up"
    assert bool(said) == (options == ["--storage-driver=vfs"])
