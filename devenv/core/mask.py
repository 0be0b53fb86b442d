"""Passwords out of what people and files get to see."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from functools import cache

MASK = "***"
# user:password@ after a scheme; the password runs to the last @ before the host, as URLs in the wild leave @ unescaped.
# It is searched for by its `://`: a scheme that is matched from its begin is looked for at every letter of a long line.
_URL = re.compile(r"(?P<before>(?<=[a-zA-Z0-9+.-])://[^\s:/@]*:)(?P<password>[^\s/]+)(?P<after>@)")

_HTML = re.compile(r"[<>&]")
_ESCAPED = re.compile(r"(\\u)([0-9a-f]{4})")


def mask_urls(text: str) -> str:
    """`text` with the password of every URL in it as `***`."""
    return _URL.sub(rf"\g<before>{MASK}\g<after>", text)


def mask_values(text: str, secrets: Iterable[str]) -> str:
    """`text` without any of `secrets`, also as JSON has them (empty ones are ignored; longer ones first: one that holds
    another leaves no rest)."""
    for secret in sorted({form for s in secrets if s for form in _forms(s)}, key=lambda s: (-len(s), s)):
        text = text.replace(secret, MASK)
    return text


@cache
def _forms(secret: str) -> frozenset[str]:
    """`secret`, and what stands for it between the quotes of JSON: writers differ in what they escape, and a log line
    is shown decoded."""
    found = {secret}
    for ascii_ in (True, False):
        plain = json.dumps(secret, ensure_ascii=ascii_)[1:-1]
        for one in (plain, plain.replace("/", "\\/"), _HTML.sub(lambda m: f"\\u{ord(m[0]):04x}", plain)):
            found |= {one, _ESCAPED.sub(lambda m: m[1] + m[2].upper(), one)}
    return frozenset(found)


def mask(text: str, secrets: Iterable[str] = ()) -> str:
    """`text` without any of `secrets` and without the passwords of URLs."""
    return mask_urls(mask_values(text, secrets))
