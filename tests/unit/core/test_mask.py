from __future__ import annotations

import pytest

from devenv.core.mask import mask, mask_urls, url_secrets


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("postgresql://app:s3cret@db:5432/shop", "postgresql://app:***@db:5432/shop"),
        ("redis://:pw@cache", "redis://:***@cache"),
        ("two http://a:b@c and amqp+ssl://d:e@f/g", "two http://a:***@c and amqp+ssl://d:***@f/g"),
        ("a password with an @: http://u:p@ss@host/", "a password with an @: http://u:***@host/"),
        ("http://127.0.0.1:8080/a@b", "http://127.0.0.1:8080/a@b"),
        ("http://ghp_token@host/x and HTTPS://a.b-c@host", "http://***@host/x and HTTPS://***@host"),
        (
            "git+https://token:@host, https://token:x-oauth-basic@host",
            "git+https://***:@host, https://***:x-oauth-basic@host",
        ),
        ("ssh://git@host/x git@host:x postgres://app@db/x", "ssh://git@host/x git@host:x postgres://app@db/x"),
        ("http://host/a?mail=b@c http://host#x@y", "http://host/a?mail=b@c http://host#x@y"),
        ('["https://host","me@host"]', '["https://host","me@host"]'),
        ("http://$TOKEN@host http://me:${PW}@host", "http://$TOKEN@host http://me:${PW}@host"),
        ("user@example.org: hello", "user@example.org: hello"),
    ],
)
def test_passwords_in_urls(text: str, masked: str) -> None:
    assert mask_urls(text) == masked


def test_the_places_of_what_is_masked() -> None:
    text = "http://tok@a http://u:pw@b"
    assert [text[begin:end] for begin, end in url_secrets(text)] == ["tok", "pw"]
    assert url_secrets("nothing: tok@a") == ()


def test_known_secrets_go_longer_ones_first() -> None:
    assert mask("key=abcd and abc", ["abc", "abcd", ""]) == "key=*** and ***"


@pytest.mark.parametrize(
    "written",
    [
        'pä<s/"word',
        r'{"m": "pä<s/\"word"}',
        r'{"m": "p\u00e4<s/\"word"}',
        r'{"m": "p\u00E4<s\/\"word"}',
        r'{"m": "pä\u003cs/\"word"}',
    ],
)
def test_a_secret_is_known_as_json_has_it(written: str) -> None:
    assert "word" not in mask(written, ['pä<s/"word'])
    assert mask(written, ["other"]) == written


def test_a_long_line_of_letters_takes_no_longer_than_its_length() -> None:
    text = "x" * 2_000_000 + " postgresql+asyncpg://app:secret@db/app"
    assert mask(text).endswith(" postgresql+asyncpg://app:***@db/app")
