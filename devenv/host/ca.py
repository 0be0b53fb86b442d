"""The certificate authorities that this host trusts and the public does not: a company's, a TLS-inspecting proxy's.

Containers trust Mozilla's set alone, so builds and services fail behind such a proxy until they are given these.
"""

from __future__ import annotations

import base64
import hashlib
import os
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from devenv.host.files import write_atomic
from devenv.host.state import cache_dir

BUNDLES = (
    "etc/ssl/certs/ca-certificates.crt",  # Debian, Ubuntu, Arch, Alpine
    "etc/pki/tls/certs/ca-bundle.crt",  # Fedora, RHEL
    "etc/ssl/ca-bundle.pem",  # openSUSE
)
"""Everything the system trusts, in one file."""
ANCHORS = (
    "usr/local/share/ca-certificates",
    "etc/pki/ca-trust/source/anchors",
    "etc/ca-certificates/trust-source/anchors",
    "etc/pki/trust/anchors",
)
"""Folders where an administrator puts further authorities."""
PUBLIC = (
    "usr/share/ca-certificates/mozilla",
    "usr/share/pki/ca-trust-source",
    "usr/share/ca-certificates/trust-source",
    "usr/share/pki/trust",
)
"""The distribution's own copy of Mozilla's set: it may still hold what Mozilla has dropped, and that is not private."""
VARIABLES = (
    "SSL_CERT_FILE",
    "REQUESTS_CA_BUNDLE",
    "CURL_CA_BUNDLE",
    "NODE_EXTRA_CA_CERTS",
    "PIP_CERT",
    "GIT_SSL_CAINFO",
)
"""Variables by which a user adds authorities for one program or another."""
_KEYCHAIN = Path("/Library/Keychains/System.keychain")

_PEM = re.compile(r"-----BEGIN CERTIFICATE-----([^-]+)-----END CERTIFICATE-----")


def private_certificates(env: Mapping[str, str] | None = None, root: Path = Path("/")) -> str:
    """PEM text of the private authorities, each once and in a stable order; "" for none.

    What was found is kept in the user's cache for as long as no source changes its size or time, so that asking again
    costs a few `stat` calls. `root` is where the system's folders are looked for."""
    env = os.environ if env is None else env
    sources = list(_sources(env, root))
    stamp = hashlib.sha256(repr([(str(p), s.st_mtime_ns, s.st_size) for p in sources for s in (p.stat(),)]).encode())
    stamp.update(_public_stamp(root))
    memo = cache_dir(env) / f"ca-{stamp.hexdigest()[:16]}.pem"
    try:
        return memo.read_text(encoding="ascii")
    except OSError:
        pass
    text = _find(sources, root)
    for old in memo.parent.glob("ca-*.pem"):
        old.unlink(missing_ok=True)
    write_atomic(memo, text.encode("ascii"))
    return text


def _sources(env: Mapping[str, str], root: Path) -> Iterator[Path]:
    named = [Path(env[name]) for name in VARIABLES if env.get(name)]
    files = [root / name for name in BUNDLES] + named
    for folder in ANCHORS:
        files += sorted((root / folder).glob("**/*"))
    if sys.platform == "darwin":
        files.append(_KEYCHAIN)
    seen = set()
    for path in files:
        if path.is_file() and os.access(path, os.R_OK) and path not in seen:
            seen.add(path)
            yield path


def _public_stamp(root: Path) -> bytes:
    times = [folder.stat().st_mtime_ns for folder in (root / name for name in PUBLIC) if folder.is_dir()]
    return repr(times).encode()


def _find(sources: list[Path], root: Path) -> str:
    import certifi

    public = set(_certificates(Path(certifi.where())))
    for folder in PUBLIC:
        for path in (root / folder).glob("**/*"):
            if path.is_file():
                public.update(_certificates(path))
    private: dict[str, str] = {}
    for path in sources:
        for digest, pem in _certificates(path).items():
            if digest not in public:
                private[digest] = pem
    return "".join(private[digest] for digest in sorted(private))


def _certificates(path: Path) -> dict[str, str]:
    """The certificates in `path` by digest, each written in one way however the file wraps its lines."""
    if path == _KEYCHAIN:
        import subprocess

        command = ["security", "find-certificate", "-a", "-p", str(path)]
        text = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    else:
        try:
            data = path.read_bytes()
        except OSError:
            return {}
        text = data.decode("latin-1")
    found = {}
    for body in _PEM.findall(text):
        try:
            der = base64.b64decode("".join(body.split()), validate=True)
        except ValueError:
            continue
        encoded = base64.b64encode(der).decode()
        lines = "\n".join(encoded[i : i + 64] for i in range(0, len(encoded), 64))
        found[hashlib.sha256(der).hexdigest()] = f"-----BEGIN CERTIFICATE-----\n{lines}\n-----END CERTIFICATE-----\n"
    return found
