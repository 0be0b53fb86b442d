"""What tests of builds share: a folder's files, a private CA, the type of the fixture `make`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

AUTHORITY = """\
-----BEGIN CERTIFICATE-----
MIIBljCCAT2gAwIBAgIUW/MM9OB2QL+0z7b4yLq1JNAkN2owCgYIKoZIzj0EAwIw
IDEeMBwGA1UEAwwVZGV2ZW52IHRlc3QgYXV0aG9yaXR5MCAXDTI2MTEyNDA4MzUx
M1oYDzIxMjYxMDMxMDgzNTEzWjAgMR4wHAYDVQQDDBVkZXZlbnYgdGVzdCBhdXRo
b3JpdHkwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAAQba5VatHAlPg8DdhkSxmZT
OMAtCQiAulrTB9AqoBGGCUgURj4B16X4/RZFgbXutuYfCi9r6AOflqkIePLxq7+R
o1MwUTAdBgNVHQ4EFgQUs0mKl/iQD+3hd101WxA4tjF4dSEwHwYDVR0jBBgwFoAU
s0mKl/iQD+3hd101WxA4tjF4dSEwDwYDVR0TAQH/BAUwAwEB/zAKBggqhkjOPQQD
AgNHADBEAiA6vYXJAaGfM4TmiGWFPV7Udn35UhZM3z/a5FssFDCUugIgfeOLmqbL
t+dQ55wDEGdnYu7z0Mfwi7+pEB8CrVl7Mk8=
-----END CERTIFICATE-----
"""
"""A private CA that no host has."""

Make = Callable[..., str]
"""See `conftest.make`."""


def write(folder: Path, **files: str) -> Path:
    for name, text in files.items():
        path = folder / name.replace("__", "/").replace("_dot_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder
