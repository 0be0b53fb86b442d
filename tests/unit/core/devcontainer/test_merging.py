"""Sources of one container merged, features put in order, and what comes of them: the image and the create call."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from devenv.core.devcontainer import container, features, image, metadata
from devenv.model import labels
from devenv.model.devcontainer import Devcontainer, Feature
from devenv.model.errors import DevenvError
from devenv.model.observed import ObservedImage

COMPOSED = {"dockerComposeFile": "compose.yaml", "service": "app"}


def feature(identity: str, about: Mapping[str, Any] | None = None, **options: str) -> Feature:
    return Feature(id=identity, about=about or {}, options=options, digest=identity)


def devcontainer(config: Mapping[str, Any], **more: Any) -> Devcontainer:
    given = {"written": {**COMPOSED, **config}, "config": {**COMPOSED, **config}, "workspace_folder": "/app"}
    return Devcontainer(
        file="/shop/.devcontainer/devcontainer.json", folder="/shop", service="app", **{**given, **more}
    )


def an_image(metadata_label: Any = None, **config: Any) -> ObservedImage:
    said = {} if metadata_label is None else {labels.DEVCONTAINER_METADATA: json.dumps(metadata_label)}
    return ObservedImage(ref="base", id="sha256:1", labels=said, config=config)


def test_the_rules_of_the_merge() -> None:
    found = metadata.merged(
        [
            {"init": True, "capAdd": ["A"], "mounts": ["source=one,target=/one", "source=x,target=/same"],
             "remoteUser": "first", "containerEnv": {"A": "1", "B": "1"}, "overrideCommand": True},
            {"id": "./two", "entrypoint": "/start.sh", "capAdd": ["B", "A"], "securityOpt": ["s"]},
            {"remoteUser": "last", "containerEnv": {"B": "2"}, "overrideCommand": False,
             "mounts": [{"source": "/y", "target": "/same", "type": "bind"}]},
        ]
    )  # fmt: skip
    assert found["init"] is True
    assert found["privileged"] is False
    assert found["capAdd"] == ["A", "B"]
    assert found["securityOpt"] == ["s"]
    assert found["entrypoints"] == ["/start.sh"]
    assert found["remoteUser"] == "last"
    assert found["overrideCommand"] is False
    assert found["containerEnv"] == {"A": "1", "B": "2"}
    assert [(one["type"], one["source"], one["target"]) for one in found["mounts"]] == [
        ("volume", "one", "/one"), ("bind", "/y", "/same"),
    ]  # fmt: skip


def test_a_label_that_cannot_be_read_says_nothing() -> None:
    assert metadata.of_labels({labels.DEVCONTAINER_METADATA: "{"}) == []
    assert metadata.of_labels({labels.DEVCONTAINER_METADATA: '{"remoteUser": "a"}'}) == [{"remoteUser": "a"}]
    assert metadata.remote_user({}) == ""
    odd = '[{"containerEnv": 1, "mounts": [2], "capAdd": "ALL", "remoteUser": "a"}, {"entrypoint": []}]'
    assert metadata.of_labels({labels.DEVCONTAINER_METADATA: odd}) == [{"remoteUser": "a"}, {}]


def test_options_have_their_defaults_and_become_variables() -> None:
    about = {"options": {"version": {"default": "5"}, "flag-x": {"default": True}, "none": {}, "1st": {"default": "a"}}}
    assert features.options(about, "7") == {"VERSION": "7", "FLAG_X": "true", "_ST": "a"}
    assert features.options(about, {"flag-x": False, "more": 3}) == {
        "VERSION": "5", "FLAG_X": "false", "_ST": "a", "MORE": "3",
    }  # fmt: skip
    assert features.options(about, True)["VERSION"] == "5"


def test_features_wait_for_what_they_need_and_what_they_come_after() -> None:
    found = [
        feature("ghcr.io/a/b/zed:1"),
        feature("ghcr.io/a/b/one:1", {"installsAfter": ["ghcr.io/a/b/zed", "ghcr.io/not/there"]}),
        feature("./own", {"dependsOn": {"ghcr.io/a/b/one:1": {}}}),
        feature("ghcr.io/a/b/alpha@sha256:" + "0" * 64),
    ]
    assert [features.bare(each.id) for each in features.ordered(found)] == [
        "ghcr.io/a/b/alpha", "ghcr.io/a/b/zed", "ghcr.io/a/b/one", "./own",
    ]  # fmt: skip
    first = features.ordered(found, ["ghcr.io/a/b/zed"])
    assert [features.bare(each.id) for each in first][:2] == ["ghcr.io/a/b/zed", "ghcr.io/a/b/alpha"]


def test_an_earlier_name_of_a_feature_counts() -> None:
    found = [feature("r.io/a/new:1", {"legacyIds": ["old"]}), feature("r.io/a/b:1", {"installsAfter": ["r.io/a/old"]})]
    assert [each.id for each in features.ordered(found)] == ["r.io/a/new:1", "r.io/a/b:1"]


def test_a_circle_is_told() -> None:
    found = [feature("./a", {"installsAfter": ["./b"]}), feature("./b", {"dependsOn": {"./a": {}}})]
    with pytest.raises(DevenvError, match=r"The features `./a` and `./b` wait for each other."):
        features.ordered(found)


def test_users_of_a_container() -> None:
    said = an_image([{"remoteUser": "vscode"}], User="node")
    who = image.users(devcontainer({}), said)
    assert (who.image, who.container, who.remote) == ("node", "node", "vscode")
    who = image.users(devcontainer({"containerUser": "anna"}), an_image())
    assert (who.image, who.container, who.remote) == ("root", "anna", "anna")
    assert image.users(devcontainer({}), an_image(), "1000:1000").remote == "1000:1000"


def test_nothing_is_built_where_nothing_differs() -> None:
    assert not image.differs(devcontainer({}, ids=(5, 5)), an_image())
    assert not image.differs(devcontainer({"remoteUser": "1000"}, ids=(5, 5)), an_image())
    assert not image.differs(devcontainer({"remoteUser": "anna"}), an_image())
    assert image.differs(devcontainer({"remoteUser": "anna"}, ids=(5, 5)), an_image())
    assert image.differs(devcontainer({}, features=(feature("./a"),)), an_image())


def test_the_build_installs_features_in_order_and_maps_the_user_last() -> None:
    given = devcontainer(
        {"remoteUser": "anna"},
        ids=(1001, 1002),
        features=(feature("./a", {"containerEnv": {"PATH": "/a:${PATH}"}}, SIZE="it's big"), feature("./b")),
        context="/context",
    )
    made = image.build(given, "base:1", an_image(User="node"))
    lines = (made.inline or "").splitlines()
    assert lines[:2] == ["FROM base:1", "USER root"]
    assert lines[-1] == "USER node"
    assert made.context == "/context"
    assert [line.split(" ")[0] for line in lines] == ["FROM", "USER", "COPY", "RUN", "ENV", "RUN", "RUN", "RUN", "USER"]
    assert lines[4] == 'ENV PATH="/a:${PATH}"'
    assert "SIZE='it'\"'\"'s big'" in lines[5]


def test_what_the_image_is_made_of_tells_two_apart() -> None:
    one = devcontainer({"remoteUser": "anna"}, features=(feature("./a", {}, SIZE="1"),))
    other = devcontainer({"remoteUser": "anna"}, features=(feature("./a", {}, SIZE="2"),))
    assert image.digest(one, "sha256:1") == image.digest(one, "sha256:1")
    assert len({image.digest(one, "sha256:1"), image.digest(one, "sha256:2"), image.digest(other, "sha256:1")}) == 3


ROOT, BOB = "root:x:0:0::/root:/bin/sh", "bob:x:1000:100::/b:/bin/sh"


def anna(numbers: str) -> str:
    return f"anna:x:{numbers}:Anna,,:/nohome:/bin/bash"


@pytest.mark.parametrize(
    ("uid", "gid", "passwd", "group"),
    [
        (1001, 1001, [anna("1001:1001"), ROOT, BOB], "anna:x:1001:"),
        (1000, 100, [anna("1000:100"), ROOT, BOB], "anna:x:1234:"),
        (0, 0, [ROOT, BOB, anna("0:0")], "anna:x:1234:"),
        (1234, 1234, [ROOT, anna("1234:1234"), BOB], "anna:x:1234:"),
    ],
)
def test_the_user_gets_the_numbers_of_the_host(
    tmp_path: Path, uid: int, gid: int, passwd: list[str], group: str
) -> None:
    """The script as a shell runs it, on copies of the two files."""
    (tmp_path / "passwd").write_text(f"{ROOT}\n{anna('1234:1234')}\n{BOB}\n")
    (tmp_path / "group").write_text("root:x:0:\nusers:x:100:\nanna:x:1234:\n")
    given = devcontainer({"remoteUser": "anna"}, ids=(uid, gid))
    lines = (image.build(given, "base", an_image()).inline or "").splitlines()
    script = lines[2].removeprefix("RUN ").replace("/etc/", f"{tmp_path}/")
    subprocess.run(["sh", "-c", script], check=True)
    assert (tmp_path / "passwd").read_text().splitlines() == passwd
    assert group in (tmp_path / "group").read_text().splitlines()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["group", "passwd"]


PAYLOAD = {
    "Env": ["A=1", "PASSED"],
    "Cmd": ["sleep", "9"],
    "Entrypoint": None,
    "Labels": {labels.PROJECT: "shop", labels.FOLDER: "/shop"},
    "HostConfig": {"Binds": ["/shop:/app:rw"], "Mounts": [], "SecurityOpt": ["a"]},
}


def test_a_container_without_more_is_as_its_service_says() -> None:
    assert container.furnished(PAYLOAD, devcontainer({}), an_image()) == PAYLOAD
    assert container.is_plain(devcontainer({"postCreateCommand": "true"}))


def test_what_it_adds_is_said_in_words() -> None:
    assert container.additions(devcontainer({"remoteUser": "root"}, ids=(1000, 1000))) == ()
    assert container.additions(devcontainer({"remoteUser": "1000"}, ids=(1000, 1000))) == ()
    more = devcontainer(
        {"containerEnv": {"A": "1"}, "features": {"./a": {}}, "remoteUser": "anna"}, ids=(1001, 1001),
        override_command=True,
    )  # fmt: skip
    said = ("containerEnv", "features", "overrideCommand", "the number 1001 for anna")
    assert container.additions(more) == said


def test_all_that_devcontainer_json_adds() -> None:
    config = {
        "containerEnv": {"A": "2", "B": "b"}, "containerUser": "anna", "init": True, "privileged": True,
        "capAdd": ["X"], "securityOpt": ["a", "b"],
        "mounts": ["source=store,target=/store", {"type": "bind", "source": "/host", "target": "/app/"},
                   "type=tmpfs,target=/tmp,tmpfs-size=1000", "type=bind,src=/r,dst=/r,ro"],
    }  # fmt: skip
    body = container.furnished(PAYLOAD, devcontainer(config), an_image())
    assert body["Env"] == ["A=2", "B=b", "PASSED"]
    assert body["User"] == "anna"
    host = body["HostConfig"]
    assert (host["Init"], host["Privileged"], host["CapAdd"], host["SecurityOpt"]) == (True, True, ["X"], ["a", "b"])
    assert host["Binds"] == []
    store, work, temporary, read_only = host["Mounts"]
    assert (store["Source"], store["VolumeOptions"]["Labels"][labels.VOLUME]) == ("shop_store", "store")
    assert (work["Type"], work["Source"]) == ("bind", "/host")
    assert temporary["TmpfsOptions"] == {"SizeBytes": 1000}
    assert read_only["ReadOnly"] is True
    assert labels.DEVCONTAINER_METADATA not in body["Labels"]
    assert (body["Cmd"], body["Entrypoint"]) == (["sleep", "9"], None)


def test_a_volume_beside_an_image_has_the_engines_own_name() -> None:
    given = {"image": "a", "mounts": ["source=store,target=/store"]}
    said = Devcontainer(file="/f", folder="/shop", service="workspace", written=given, config=given)
    (mount,) = container.furnished(PAYLOAD, said, an_image())["HostConfig"]["Mounts"]
    assert (mount["Source"], "VolumeOptions" in mount) == ("store", False)


def test_features_run_their_entrypoints_before_the_command() -> None:
    given = devcontainer({}, features=(feature("./a", {"entrypoint": "/a.sh", "capAdd": ["X"]}),))
    body = container.furnished(PAYLOAD, given, an_image(Entrypoint=["/entry"], Cmd=["image"]))
    assert body["Entrypoint"][:2] == ["/bin/sh", "-c"]
    assert body["Entrypoint"][2].splitlines()[1:] == ["/a.sh", 'exec "$@"']
    assert body["Cmd"] == ["-", "/entry", "sleep", "9"]
    own = container.furnished({**PAYLOAD, "Cmd": None}, given, an_image(Entrypoint=["/entry"], Cmd=["image"]))
    assert own["Cmd"] == ["-", "/entry", "image"]


def test_a_command_of_ours_keeps_it_running() -> None:
    body = container.furnished(PAYLOAD, devcontainer({}, override_command=True), an_image(Cmd=["python"]))
    assert body["Cmd"] == ["-"]
    assert "sleep" in body["Entrypoint"][2]


def test_the_label_holds_every_source_as_it_was_written() -> None:
    given = replace(
        devcontainer({"postCreateCommand": "/shop/x"}),
        written={**COMPOSED, "postCreateCommand": "${localWorkspaceFolder}/x"},
        features=(feature("./a", {"postCreateCommand": "a", "options": {}, "customizations": {"e": {}}}),),
    )
    body = container.furnished(PAYLOAD, given, an_image([{"remoteUser": "vscode"}]))
    assert json.loads(body["Labels"][labels.DEVCONTAINER_METADATA]) == [
        {"remoteUser": "vscode"},
        {"id": "./a", "postCreateCommand": "a", "customizations": {"e": {}}},
        {"postCreateCommand": "${localWorkspaceFolder}/x"},
    ]


def test_what_makes_the_container_another_one() -> None:
    plain = container.digest(devcontainer({}))
    assert container.digest(devcontainer({"customizations": {"a": {}}, "postCreateCommand": "x"})) == plain
    for more in ({"containerEnv": {"A": "1"}}, {"init": True}, {"mounts": ["target=/x"]}):
        assert container.digest(devcontainer(more)) != plain
    known = devcontainer({}, features=(feature("./a"),))
    hooked = devcontainer({"postCreateCommand": "x"}, features=(feature("./a"),))
    assert len({plain, container.digest(known), container.digest(hooked)}) == 3
