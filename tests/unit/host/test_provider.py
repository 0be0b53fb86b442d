from __future__ import annotations

from pathlib import Path

import pytest

from devenv.host.provider import Call, find, run
from devenv.model.errors import DevenvError, ExitCode
from devenv.run.cancel import CancelToken

METADATA = '{"up": {"parameters": [{"name": "size", "required": true}]}, "down": {"parameters": []}}'


def program(folder: Path, up: str, metadata: str = "") -> str:
    """A provider that writes how it was called into `calls` and does `up`; what it says of itself is `metadata`."""
    path = folder / "somewhere"
    path.write_text(
        f"""#!/bin/sh
echo "$*" >>{folder}/calls
if [ "$2" = metadata ]; then test -n '{metadata}' && echo '{metadata}'; exit; fi
{up}
"""
    )
    path.chmod(0o755)
    return str(path)


def call(path: str, verb: str = "up", **options: list[str]) -> Call:
    config = {"provider": {"type": "somewhere", "options": options}}
    return Call(
        program=path,
        project="shop",
        service="db",
        verb=verb,
        config=config,
        folder=str(Path(path).parent),
        env={"PATH": "/bin:/usr/bin"},
    )


def calls(folder: Path) -> list[str]:
    return (folder / "calls").read_text().splitlines()


def test_it_is_found_as_a_plugin_or_on_the_path(tmp_path: Path) -> None:
    plugins = tmp_path / "docker/cli-plugins"
    plugins.mkdir(parents=True)
    env = {"DOCKER_CONFIG": str(tmp_path / "docker"), "PATH": str(tmp_path)}
    assert find("somewhere", env) is None
    path = program(tmp_path, "")
    assert find("somewhere", env) == path
    plugin = plugins / "docker-somewhere"
    plugin.write_text("#!/bin/sh\n")
    plugin.chmod(0o755)
    assert find("somewhere", env) == str(plugin)
    assert find("compose", env) is None


def test_what_it_gives_and_says(tmp_path: Path) -> None:
    up = """echo '{"type": "info", "message": "making"}'
echo '{"type": "debug", "message": "x"}'
echo '{"type": "setenv", "message": "URL=http://a=b"}'
echo '{"type": "rawsetenv", "message": "TOKEN=t"}'
echo '{"type": "get-service-config"}'
read config
echo "$config" >>calls"""
    told: list[str] = []
    given = run(call(program(tmp_path, up), size=["1"], at=["a", "b"]), tell=told.append, cancel=CancelToken())
    assert (given.own, given.raw, told) == ({"URL": "http://a=b"}, {"TOKEN": "t"}, ["db: making"])
    asked, called, config = calls(tmp_path)
    assert asked == "compose metadata"
    assert called == "compose --project-name=shop up --size=1 --at=a --at=b db"
    assert config == '{"provider": {"type": "somewhere", "options": {"size": ["1"], "at": ["a", "b"]}}}'


def test_it_is_given_what_it_takes_and_asked_for_what_it_does(tmp_path: Path) -> None:
    path = program(tmp_path, "", METADATA)
    with pytest.raises(DevenvError, match="needs the option `size`"):
        run(call(path), tell=print, cancel=CancelToken())
    run(call(path, size=["1"], other=["2"]), tell=print, cancel=CancelToken())
    assert calls(tmp_path)[-1] == "compose --project-name=shop up --size=1 db"
    run(call(path, "stop"), tell=print, cancel=CancelToken())
    assert calls(tmp_path)[-1] == "compose metadata", "it says nothing of stop"


@pytest.mark.parametrize(
    ("up", "why"),
    [
        ("""echo '{"type": "error", "message": "no room"}'; sleep 60""", "no room"),
        ("exit 3", "ended with exit code 3"),
        ("echo hello", "says what is no message: hello"),
        ("""echo '{"type": "sing"}'""", "says `sing`"),
        ("""echo '{"type": "setenv", "message": "URL"}'""", "no variable: URL"),
    ],
)
def test_how_it_fails(tmp_path: Path, up: str, why: str) -> None:
    with pytest.raises(DevenvError, match=why) as caught:
        run(call(program(tmp_path, up)), tell=print, cancel=CancelToken())
    assert caught.value.message.startswith("The provider `somewhere` could not do `up` of `db`: ")
    assert caught.value.code == ExitCode.FAILED
    assert caught.value.hint


def test_one_that_cannot_be_run_says_so(tmp_path: Path) -> None:
    with pytest.raises(DevenvError, match="cannot be run"):
        run(call(str(tmp_path / "gone")), tell=print, cancel=CancelToken())
