from __future__ import annotations

import base64
import textwrap
from pathlib import Path

import certifi

from devenv.host.ca import private_certificates


def _pem(content: bytes, width: int = 64) -> str:
    body = "\n".join(textwrap.wrap(base64.b64encode(content).decode(), width))
    return f"-----BEGIN CERTIFICATE-----\n{body}\n-----END CERTIFICATE-----\n"


def _machine(tmp_path: Path) -> tuple[dict[str, str], Path]:
    for name in ("etc/ssl/certs", "usr/local/share/ca-certificates", "usr/share/ca-certificates/mozilla"):
        (tmp_path / name).mkdir(parents=True)
    return {"XDG_CACHE_HOME": str(tmp_path / "cache")}, tmp_path


def test_only_what_mozilla_does_not_hold(tmp_path: Path) -> None:
    env, root = _machine(tmp_path)
    old, ours, mine = _pem(b"once public" * 9), _pem(b"the company" * 9), _pem(b"my own" * 9)
    (root / "etc/ssl/certs/ca-certificates.crt").write_text(Path(certifi.where()).read_text() + old + ours)
    (root / "usr/share/ca-certificates/mozilla/old.crt").write_text(old)
    (root / "usr/local/share/ca-certificates/ours.crt").write_text(_pem(b"the company" * 9, width=76))
    (root / "mine.pem").write_text(mine)
    found = private_certificates(env | {"NODE_EXTRA_CA_CERTS": str(root / "mine.pem")}, root)
    assert found.count("BEGIN") == 2
    assert ours in found
    assert mine in found


def test_none_and_nonsense(tmp_path: Path) -> None:
    env, root = _machine(tmp_path)
    (root / "etc/ssl/certs/ca-certificates.crt").write_text("-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----")
    assert private_certificates(env, root) == ""
    assert private_certificates(env, root) == ""


def test_it_is_kept_until_a_source_changes(tmp_path: Path) -> None:
    env, root = _machine(tmp_path)
    bundle = root / "etc/ssl/certs/ca-certificates.crt"
    bundle.write_text(_pem(b"one" * 9))
    assert private_certificates(env, root) == _pem(b"one" * 9)
    (memo,) = (tmp_path / "cache/devenv").glob("ca-*.pem")
    memo.write_text("kept")
    assert private_certificates(env, root) == "kept"
    bundle.write_text(_pem(b"another" * 9))
    assert private_certificates(env, root) == _pem(b"another" * 9)
    assert len(list((tmp_path / "cache/devenv").glob("ca-*.pem"))) == 1
