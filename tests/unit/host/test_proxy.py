from __future__ import annotations

from pathlib import Path

from devenv.host.proxy import container_proxies, proxies


def test_both_spellings_are_found_and_the_lower_one_counts() -> None:
    env = {"HTTP_PROXY": "http://a", "http_proxy": "http://b", "no_proxy": "x", "FTP_PROXY": "", "PATH": "/bin"}
    assert proxies(env) == {"HTTP_PROXY": "http://b", "NO_PROXY": "x"}


def test_containers_get_what_docker_s_configuration_says(tmp_path: Path) -> None:
    env = {"DOCKER_CONFIG": str(tmp_path)}
    assert container_proxies(env) == {}
    (tmp_path / "config.json").write_text('{"proxies": {"default": {"httpProxy": "http://a", "noProxy": "b"}}}')
    assert container_proxies(env) == {
        "HTTP_PROXY": "http://a", "http_proxy": "http://a", "NO_PROXY": "b", "no_proxy": "b",
    }  # fmt: skip
    (tmp_path / "config.json").write_text("[")
    assert container_proxies(env) == {}
