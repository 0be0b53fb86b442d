"""Passwords out of what people and files get to see."""

from __future__ import annotations

import re
from collections.abc import Iterable

MASK = "***"
# user:password@ after a scheme; the password runs to the last @ before the host, as URLs in the wild leave @ unescaped.
# It is searched for by its `://`: a scheme that is matched from its begin is looked for at every letter of a long line.
_URL = re.compile(r"(?P<before>(?<=[a-zA-Z0-9+.-])://[^\s:/@]*:)(?P<password>[^\s/]+)(?P<after>@)")


def mask_urls(text: str) -> str:
    """`text` with the password of every URL in it as `***`."""
    return _URL.sub(rf"\g<before>{MASK}\g<after>", text)


def mask_values(text: str, secrets: Iterable[str]) -> str:
    """`text` without any of `secrets` (empty ones are ignored; longer ones first: one that holds another leaves
    no rest)."""
    for secret in sorted({s for s in secrets if s}, key=lambda s: (-len(s), s)):
        text = text.replace(secret, MASK)
    return text


def mask(text: str, secrets: Iterable[str] = ()) -> str:
    """`text` without any of `secrets` and without the passwords of URLs."""
    return mask_urls(mask_values(text, secrets))
