from __future__ import annotations

from devenv.host.proxy import proxies


def test_both_spellings_are_found_and_the_lower_one_counts() -> None:
    env = {"HTTP_PROXY": "http://a", "http_proxy": "http://b", "no_proxy": "x", "FTP_PROXY": "", "PATH": "/bin"}
    assert proxies(env) == {"HTTP_PROXY": "http://b", "NO_PROXY": "x"}
