"""The image that a workspace's container is made from: its service's, with features and the host's user in it."""

from __future__ import annotations

import hashlib
import json
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from devenv.core.devcontainer import metadata
from devenv.core.devcontainer.variables import on_host, substituted
from devenv.model.devcontainer import Devcontainer, Feature
from devenv.model.observed import ObservedImage
from devenv.model.stack import Build

FORM = 1
"""Raised where the same devcontainer gives another image."""
_AT = "/tmp/devenv-features"
NOT_INSTALLED = "cannot install the feature "
"""What the build says before a feature's id where its install.sh fails."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Users:
    """`image` is the one that its processes run as, `container` the one that the container is started as, `remote`
    the one that the person works as."""

    image: str
    container: str
    remote: str


def users(devcontainer: Devcontainer, image: ObservedImage, service_user: str = "") -> Users:
    """Who works in a container made from `image`; `service_user` is what its service says."""
    entries = metadata.sources(devcontainer, image.labels)
    found = metadata.merged(substituted(entries, known(devcontainer)))
    own = str(image.config.get("User") or "root")
    container = service_user or str(found.get("containerUser") or "") or own
    return Users(image=own, container=container, remote=str(found.get("remoteUser") or "") or container)


def known(devcontainer: Devcontainer, env: Mapping[str, str] | None = None) -> Any:
    """The variables that a source other than devcontainer.json (an image's label, a feature) may name."""
    return on_host(
        env=env or {}, folder=devcontainer.folder, file=devcontainer.file,
        container_folder=devcontainer.workspace_folder,
    )  # fmt: skip


def digest(devcontainer: Devcontainer, base: str) -> str:
    """Hex over all that the image is made of; `base` is the ID of the one it is made from."""
    made = [
        FORM, base, devcontainer.ids, devcontainer.user, devcontainer.config.get("containerUser"),
        [[feature.id, feature.digest, sorted(feature.options.items()), feature.about.get("containerEnv")]
         for feature in devcontainer.features],
    ]  # fmt: skip
    return hashlib.sha256(json.dumps(made).encode()).hexdigest()


def differs(devcontainer: Devcontainer, image: ObservedImage, service_user: str = "") -> bool:
    """Whether anything is to be made of `image`: a feature, or a user who is to have other numbers. A user that is said
    by its number has it already, and root keeps its own."""
    name = users(devcontainer, image, service_user).remote.partition(":")[0]
    return bool(devcontainer.features) or (devcontainer.ids is not None and name != "root" and not name.isdigit())


def build(devcontainer: Devcontainer, base: str, image: ObservedImage, service_user: str = "") -> Build:
    """The build that makes it from `base`, which is `image`. Its context is the folder of the fetched features."""
    who = users(devcontainer, image, service_user)
    lines = [f"FROM {base}", "USER root"]
    if devcontainer.features:
        lines += [f"COPY . {_AT}/", _homes(who)]
        for index, feature in enumerate(devcontainer.features):
            lines += [*_variables(feature), _install(index, feature, who)]
    name = who.remote.partition(":")[0]
    if devcontainer.ids is not None and name != "root" and not name.isdigit():
        lines.append(_mapping(name, *devcontainer.ids))
    lines.append(f"USER {who.image}")
    return Build(context=devcontainer.context, inline="\n".join(lines) + "\n", where=devcontainer.where)


def _homes(who: Users) -> str:
    """A file with the users and their homes, which install.sh may ask for."""
    found = [
        "set -e",
        f"cd {_AT}",
        'home() { grep -E "^($1:|[^:]*:[^:]*:$1:)" /etc/passwd | head -n 1 | cut -d: -f6; }',
    ]
    for variable, user in (("_CONTAINER_USER", who.container), ("_REMOTE_USER", who.remote)):
        name = _q(user.partition(":")[0])
        found.append(f'echo {variable}={name} >> env; echo {variable}_HOME="$(home {name})" >> env')
    return "RUN " + "; ".join(found)


def _variables(feature: Feature) -> list[str]:
    """The variables of the container that a feature brings; they may name earlier ones (`${PATH}`)."""
    given = feature.about.get("containerEnv") or {}
    return [f"ENV {name}={json.dumps(str(value), ensure_ascii=False)}" for name, value in given.items()]


def _install(index: int, feature: Feature, who: Users) -> str:
    options = " ".join(f"{name}={_q(value)}" for name, value in feature.options.items())
    said = f"installing the feature {feature.id}"
    failed = f"{NOT_INSTALLED}{feature.id}"
    return (
        f"RUN echo {_q(said)}; set -a; . {_AT}/env; {options and options + ';'} set +a; cd {_AT}/{index} && "
        f"chmod +x install.sh && ./install.sh || {{ code=$?; echo {_q(failed)} >&2; exit $code; }}"
    )


def _mapping(name: str, uid: int, gid: int) -> str:
    """Gives the user `name` the numbers of the person on the host, and its home with them. Its line comes first, so
    that the number is called by its name though another user of the image has the same; root stays what 0 is called.
    Where the number is root's, the user is root under its own name: with its own home and shell."""
    first = 'printf \'%s\\n\' "$new"; grep -v "^$user:" /etc/passwd'
    last = 'grep -v "^$user:" /etc/passwd; printf \'%s\\n\' "$new"'
    script = [
        f"user={_q(name)}; uid={uid}; gid={gid}",
        'line=$(grep "^$user:" /etc/passwd) || { echo "there is no user $user in /etc/passwd"; exit 0; }',
        'old=$(echo "$line" | cut -d: -f3)',
        'oldgid=$(echo "$line" | cut -d: -f4); home=$(echo "$line" | cut -d: -f6)',
        'if [ "$old:$oldgid" = "$uid:$gid" ]; then exit 0; fi',
        'new=$(echo "$line" | sed "s/^\\([^:]*:[^:]*\\):[^:]*:[^:]*:/\\1:$uid:$gid:/")',
        f"{{ {last if uid == 0 else first}; }} > /etc/passwd.devenv; cat /etc/passwd.devenv > /etc/passwd; "
        "rm /etc/passwd.devenv",
        'if ! cut -d: -f3 /etc/group | grep -qx "$gid"; then '
        'sed -i "s/^\\($user:[^:]*\\):$oldgid:/\\1:$gid:/" /etc/group; fi',
        'if [ -d "$home" ] && [ "$home" != / ]; then chown -R "$uid:$gid" "$home"; fi',
    ]
    return "RUN set -e; " + "; ".join(script)


def _q(text: str) -> str:
    """For a shell in a RUN: a newline would end the instruction."""
    return shlex.quote(text.replace("\n", " "))
