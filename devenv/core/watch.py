"""`develop.watch` decided: which paths a rule is about, and what a batch of changed files does to each service. Pure.

Rules: docker/compose `pkg/compose/watch.go`: what `.dockerignore` and `ignore` name does not count, nor do `.git` and
the files that editors make while they write; `include`, where it is there, names all that counts.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from devenv.core.dockerignore import Matcher, State
from devenv.model.errors import DevenvError
from devenv.model.stack import Service

_NEVER = (
    "**/.git", "**/.devenv", "**/.devcontainer/.env", "**/*___jb_old___", "**/*___jb_tmp___", "**/.idea", "**/.#*",
    "**/4913", "**/*~", "**/.*.swp", "**/.*.swx", "**/.*.swo", "**/.*.swn",
)  # fmt: skip
"""What never counts: git's own, devenv's own (secrets among it), files of editors that are gone a moment later."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule of `service`. `path` is absolute, `target` the absolute path in the container ("" where nothing is
    copied); `exec` what is run after a copy (Compose's keys)."""

    service: str
    path: str
    action: str
    target: str = ""
    ignore: tuple[str, ...] = ()
    include: tuple[str, ...] = ()
    initial: bool = False
    exec: Mapping[str, Any] = field(default_factory=dict)

    @property
    def copies(self) -> bool:
        """Whether what changed is copied."""
        return self.action.startswith("sync")

    def inside(self, path: str) -> str:
        """Where in the container the host's `path` goes."""
        return posixpath.normpath(posixpath.join(self.target, posixpath.relpath(path, self.path)))


def rules(services: Mapping[str, Service]) -> tuple[Rule, ...]:
    """The rules of `services`. Raises DevenvError (INPUT) where there are none, or one cannot be carried out."""
    found = [rule for name, service in services.items() for rule in _rules(name, service.own)]
    if not found:
        raise DevenvError(
            "No service says what to do when its files change.",
            hint="Say it in the service: `develop: {watch: [{path: ./src, action: sync, target: /app/src}]}`.",
            where=next((service.where for service in services.values() if service.where), None),
        )
    return tuple(found)


def _rules(name: str, service: Service) -> Iterable[Rule]:
    for item in (service.config.get("develop") or {}).get("watch") or ():
        run = item.get("exec") or {}
        rule = Rule(
            service=name,
            path=item["path"],
            action=item["action"],
            target=posixpath.normpath(posixpath.join("/", item["target"])) if item.get("target") else "",
            ignore=tuple(item.get("ignore") or ()),
            include=tuple(item.get("include") or ()),
            initial=bool(item.get("initial_sync")),
            exec=run,
        )
        if rule.action == "rebuild" and service.build is None:
            raise DevenvError(
                f"`{name}` cannot be rebuilt when {rule.path} changes: it has no `build`.",
                hint="Give it a `build`, or another action, such as `sync` or `restart`.",
                where=service.where,
            )
        if rule.action == "sync+exec" and not run.get("command"):
            raise DevenvError(
                f"A rule of `{name}` says `sync+exec`, but not what is run.",
                hint="Add it: `exec: {command: [./reload]}`.",
                where=service.where,
            )
        yield rule


def mounted(rule: Rule, service: Service) -> bool:
    """Whether what `rule` copies lies in a folder of the host that the container has mounted, so that it sees every
    change anyway."""
    sources = [str(m["source"]) for m in service.own.config.get("volumes") or () if m.get("type") == "bind"]
    return rule.copies and any(below(rule.path, source) for source in sources)


def below(path: str, folder: str) -> bool:
    """Whether `path` is `folder` or lies in it."""
    return path == folder or path.startswith(folder.rstrip("/") + "/")


class Chosen:
    """The paths that count for a rule. `ignores` are further ignore files: (the folder that their patterns are
    relative to, their patterns), `names` are files that do not count wherever they lie. Raises DevenvError for what is
    no pattern."""

    def __init__(self, rule: Rule, ignores: Sequence[tuple[str, str]] = (), *, names: Iterable[str] = ()) -> None:
        never = [*_NEVER, *(f"**/{name}" for name in names)]
        texts = [(rule.path, "\n".join(never)), (rule.path, "\n".join(rule.ignore)), *ignores]
        self._ignores = [(base, Matcher(_without_all(text))) for base, text in texts if text.strip()]
        self._root = rule.path
        self._include = Matcher("\n".join(rule.include)) if rule.include else None
        self._folders: dict[str, tuple[tuple[bool, State | None], ...]] = {}

    def ignored(self, path: str) -> bool:
        """Whether the absolute `path` does not count."""
        return any(ignored for ignored, _ in self._look(path))

    def holds(self, folder: str) -> bool:
        """Whether something in `folder` may count."""
        looks = zip(self._ignores, self._states(folder), strict=True)
        return all(
            not ignored or matcher.may_hold(posixpath.relpath(folder, base)) for (base, matcher), (ignored, _) in looks
        )

    def included(self, path: str) -> bool:
        """Whether `include` names `path`; it is one that is not ignored."""
        if self._include is None or path == self._root:
            return True
        return self._include.ignored(posixpath.relpath(path, self._root))

    def _look(self, path: str) -> Iterable[tuple[bool, State | None]]:
        parents = self._states(posixpath.dirname(path))
        for (base, matcher), (_, state) in zip(self._ignores, parents, strict=True):
            yield (
                (False, None)
                if path == base or not below(path, base)
                else matcher.look(posixpath.relpath(path, base), state)
            )

    def _states(self, folder: str) -> tuple[tuple[bool, State | None], ...]:
        found = self._folders.get(folder)
        if found is None:
            top = folder in ("/", "") or not any(below(folder, base) for base, _ in self._ignores)
            found = tuple((False, None) for _ in self._ignores) if top else tuple(self._look(folder))
            self._folders[folder] = found
        return found


def _without_all(patterns: str) -> str:
    """Compose takes `*` for "all that is not said otherwise is none of the image's", and watches it all the same."""
    lines = [line.strip() for line in patterns.split("\n")]
    return "\n".join(line for line in lines if line.startswith("!")) if "*" in lines else patterns


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """What became of a rule's paths: `there` are new or other than before, `gone` the topmost that are no more. What
    is in both is of another kind than before (a file where a folder was)."""

    there: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.there or self.gone)


@dataclass(slots=True, kw_only=True)
class Work:
    """What a batch does to one service: paths in the container by those of the host that they are copied from,
    `clear` those that are removed before anything is put there; whether it is made anew or restarted, and what is
    run in it then."""

    copies: dict[str, str] = field(default_factory=dict)
    clear: dict[str, None] = field(default_factory=dict)
    rebuild: bool = False
    restart: bool = False
    runs: list[Rule] = field(default_factory=list)


def work(changes: Iterable[tuple[Rule, Changes]]) -> dict[str, Work]:
    """What is to be done, by service, for a batch of changes."""
    found: dict[str, Work] = {}
    for rule, changed in changes:
        if not changed:
            continue
        mine = found.setdefault(rule.service, Work())
        mine.rebuild |= rule.action == "rebuild"
        mine.restart |= rule.action in ("restart", "sync+restart")
        if not rule.copies:
            continue
        for path in changed.gone:
            mine.clear[rule.inside(path)] = None
        for path in (*changed.gone, *changed.there):
            mine.copies[rule.inside(path)] = path
        if rule.action == "sync+exec":
            mine.runs.append(rule)
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """To whom files in a container belong, in its own numbers."""

    uid: int = 0
    gid: int = 0


def owner(user: str, passwd: str = "", group: str = "") -> Owner | None:
    """The owner that a container's `user` means (`app`, `1000`, `app:staff`, "" for root), by the container's own
    /etc/passwd and /etc/group; None for a name that these do not have."""
    name, _, of = user.partition(":")
    if not name:
        return Owner()
    known = [line.split(":") for line in passwd.splitlines() if line.count(":") >= 3]
    mine = next((line for line in known if name in (line[0], line[2])), None)
    groups = {line.split(":")[0]: line.split(":")[2] for line in group.splitlines() if line.count(":") >= 2}
    uid = mine[2] if mine and name == mine[0] else name
    gid = groups.get(of, of) if of else mine[3] if mine else "0"
    return Owner(uid=int(uid), gid=int(gid)) if uid.isdecimal() and gid.isdecimal() else None
