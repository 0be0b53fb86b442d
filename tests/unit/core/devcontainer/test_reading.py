"""devcontainer.json read: comments, places, variables, what is wrong and what is said of it."""

from __future__ import annotations

from typing import Any

import pytest

from devenv.core.devcontainer.jsonc import read_jsonc
from devenv.core.devcontainer.properties import PROPERTIES
from devenv.core.devcontainer.read import Read, read
from devenv.core.devcontainer.variables import devcontainer_id, in_container, substituted
from devenv.model.errors import DevenvError, DevenvErrors

FILE = "/home/anna/shop/.devcontainer/devcontainer.json"


def parsed(text: str, **more: Any) -> Read:
    given = {"env": {"HOME": "/home/anna", "EMPTY": ""}, "mount_folder": "/home/anna/shop", "ids": (1001, 1002)}
    return read(text, file=FILE, shown="devcontainer.json", folder="/home/anna/shop", **{**given, **more})


def test_comments_and_commas_are_allowed_and_places_stay() -> None:
    text = '// 1\n{\n\t"name": "a // b, /* c */", /* two\nlines */\n\t"list": [1, 2, ], // l\n\t"tab": "x\\ty",\n}\n'
    document = read_jsonc(text, "a.json")
    assert document.value == {"name": "a // b, /* c */", "list": [1, 2], "tab": "x\ty"}
    assert str(document.where(("list",))) == "a.json:5:2"
    assert str(document.where(("list", 1))) == "a.json:5:14"


def test_characters_beyond_the_first_plane_are_read() -> None:
    assert read_jsonc('{"name": "\\ud83d\\ude00"}', "a.json").value == {"name": "\U0001f600"}


@pytest.mark.parametrize(
    ("text", "message", "line"),
    [
        ('{\n  "a": 1\n  "b": 2\n}', "This is no JSON: expecting ',' delimiter.", 3),
        ("[1]", "a.json holds no object.", 1),
        ("", "This is no JSON: expecting value.", 1),
    ],
)
def test_what_is_no_json_is_told_with_its_place(text: str, message: str, line: int) -> None:
    with pytest.raises(DevenvError) as caught:
        read_jsonc(text, "a.json")
    assert caught.value.message == message
    assert caught.value.where is not None
    assert caught.value.where.line == line


def test_variables_of_the_host_are_filled_in_and_those_of_the_container_stay() -> None:
    found = parsed(
        """{"image": "a", "containerEnv": {"A": "${localEnv:HOME}", "B": "${localEnv:NONE:b:c}",
        "C": "${localEnv:EMPTY:d}", "D": "${env:NONE}",
        "E": "${localWorkspaceFolderBasename}", "F": "${containerWorkspaceFolder}",
        "G": "${containerWorkspaceFolderBasename}", "H": "${containerEnv:PATH}", "I": "${other}", "J": "$HOME"}}"""
    )
    assert found.devcontainer.config["containerEnv"] == {
        "A": "/home/anna", "B": "b", "C": "", "D": "", "E": "shop", "F": "/workspaces/shop", "G": "shop",
        "H": "${containerEnv:PATH}", "I": "${other}", "J": "$HOME",
    }  # fmt: skip
    assert found.devcontainer.written["containerEnv"]["A"] == "${localEnv:HOME}"


def test_the_containers_own_variables() -> None:
    known = in_container({"PATH": "/bin"})
    assert substituted(["${containerEnv:PATH}:/x", "${containerEnv:NO:def}"], known) == ["/bin:/x", "def"]


def test_the_id_is_that_of_the_cli() -> None:
    # Held to the real CLI by tests/e2e/test_devcontainer_compared.py.
    assert devcontainer_id("/home/anna/shop", FILE) == "0cfl22t1ss30tc7pk3a4273f1rna8srqe3cvljn5i58kqp4okote"


def test_a_folder_below_gits_top_is_opened_below_its_mount() -> None:
    found = parsed('{"image": "a"}', mount_folder="/home/anna")
    assert found.devcontainer.workspace_folder == "/workspaces/anna/shop"


def test_kinds_and_what_follows_from_them() -> None:
    image = parsed('{"image": "a"}').devcontainer
    composed = parsed('{"dockerComposeFile": ["../compose.yaml", "more.yaml"], "service": "app"}')
    assert (image.service, image.override_command, image.ids) == ("workspace", True, (1001, 1002))
    assert composed.compose_files == ("/home/anna/shop/compose.yaml", "/home/anna/shop/.devcontainer/more.yaml")
    assert (composed.devcontainer.service, composed.devcontainer.override_command) == ("app", False)
    assert parsed('{"image": "a", "updateRemoteUserUID": false}').devcontainer.ids is None
    assert parsed('{"image": "a", "overrideCommand": false}').devcontainer.override_command is False


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"image": 3}', "`image` is not a text."),
        ('{"image": "a", "runArgs": "--init"}', "`runArgs` is not a list of texts."),
        ('{"image": "a", "mounts": [{"source": "x"}]}',
         "`mounts` is not a list of mounts such as `type=volume,source=x,target=/x`."),
        ('{"image": "a", "postCreateCommand": 3}',
         "`postCreateCommand` is not a text, a list of texts or a mapping of commands."),
        ('{"image": "a", "waitFor": "dinner"}', "`waitFor` is not the name of a hook."),
        ('{"image": "a", "containerEnv": {"A": 1}}', "`containerEnv` is not a mapping of texts."),
        ('{"build": {"dockerfile": "Dockerfile", "argh": {}}}', "`build.argh` is no property."),
        ('{"build": {"context": "."}}', "`build` names no Dockerfile."),
        ('{"image": "a", "mounts": [{"target": "/x"}]}',
         "`mounts` is not a list of mounts such as `type=volume,source=x,target=/x`."),
        ('{"image": "a", "mounts": ["source=x"]}',
         "`mounts` is not a list of mounts such as `type=volume,source=x,target=/x`."),
        ('{"dockerComposeFile": "compose.yaml"}', "It names Compose files, and no service of theirs."),
        ('{"name": "x"}', "It names neither an image, nor a Dockerfile, nor Compose files."),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said(text: str, message: str) -> None:
    with pytest.raises(DevenvError) as caught:
        parsed(text)
    assert caught.value.message == message
    assert caught.value.hint
    assert caught.value.where is not None


def test_a_build_that_is_no_mapping() -> None:
    with pytest.raises(DevenvErrors) as caught:
        parsed('{"build": 1.5}')
    assert [error.message for error in caught.value.errors] == [
        "`build` is not a mapping.", "`build` names no Dockerfile.",
    ]  # fmt: skip


def test_all_that_is_wrong_is_said_at_once() -> None:
    with pytest.raises(DevenvErrors) as caught:
        parsed('{"image": "a", "init": "yes", "capAdd": "ALL"}')
    assert [error.message for error in caught.value.errors] == [
        "`init` is not `true` or `false`.", "`capAdd` is not a list of texts.",
    ]  # fmt: skip


def test_nothing_is_dropped_in_silence() -> None:
    found = parsed('{"dockerComposeFile": "c.yaml", "service": "app",\n "runArgs": ["--init"],\n "remoteUsr": "anna"}')
    assert found.notices == (
        "devcontainer.json:2:2: `runArgs` means nothing where there are Compose files and is left out",
        "devcontainer.json:3:2: `remoteUsr` is no property of a devcontainer.json and is left out "
        "(Did you mean `remoteUser`?)",
    )


def test_every_property_of_the_published_schema_is_known() -> None:
    """containers.dev/implementors/json_schema: the properties of devContainer.base.schema.json, by name."""
    published = (
        "name features overrideFeatureInstallOrder secrets forwardPorts portsAttributes otherPortsAttributes "
        "updateRemoteUserUID containerEnv containerUser mounts init privileged capAdd securityOpt remoteEnv remoteUser "
        "initializeCommand onCreateCommand updateContentCommand postCreateCommand postStartCommand postAttachCommand "
        "waitFor userEnvProbe hostRequirements customizations appPort runArgs shutdownAction overrideCommand "
        "workspaceFolder workspaceMount build dockerFile context image dockerComposeFile service runServices"
    )
    assert set(published.split()) <= set(PROPERTIES)
