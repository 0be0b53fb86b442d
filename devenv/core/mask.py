"""Passwords out of what people and files get to see."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from functools import cache

MASK = "***"
# user:password@ after a scheme; the password runs to the last @ before the host: URLs in the wild leave it unescaped.
# Before the host of a web address a word alone is a token, as is what stands with no password or with the one that
# says so; elsewhere (`ssh://git@host`) it is a name. Both are searched for by `://`: a scheme that is matched from
# its begin is looked for at every letter of a long line. The name of a variable is none of them.
_URL = re.compile(
    r"(?:(?<=http)|(?<=https))://(?!\$\{?\w+\}?@)(?P<token>[^\s:/@?#\"'<>,`]+)(?::(?:x-oauth-basic)?)?@"
    r"|(?<=[a-z0-9+.-])://[^\s:/@]*:(?!\$\{?\w+\}?@)(?P<password>[^\s/]+)@",
    re.IGNORECASE,
)

_HTML = re.compile(r"[<>&]")
_ESCAPED = re.compile(r"(\\u)([0-9a-f]{4})")


def url_secrets(text: str) -> tuple[tuple[int, int], ...]:
    """Where the passwords and tokens of URLs stand in `text`: begin and end of each, in their order."""
    return tuple(found.span(found.lastgroup or 0) for found in _URL.finditer(text)) if "://" in text else ()


def mask_urls(text: str) -> str:
    """`text` with the password or token of every URL in it as `***`."""
    parts, last = [], 0
    for begin, end in url_secrets(text):
        parts += [text[last:begin], MASK]
        last = end
    return "".join((*parts, text[last:]))


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
