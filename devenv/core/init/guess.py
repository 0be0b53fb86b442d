"""What is looked at, and what is guessed from it: frozen types of `devenv init`."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property


@dataclass(frozen=True, kw_only=True)
class Repository:
    """A repository as far as it is looked at: `name` for the project, `files` all paths (relative, with slashes,
    sorted), `texts` the contents of those that were worth reading."""

    name: str
    files: tuple[str, ...]
    texts: Mapping[str, str]

    @cached_property
    def _known(self) -> frozenset[str]:
        return frozenset(self.files)

    def has(self, path: str) -> bool:
        return path in self._known

    def first(self, *paths: str) -> str | None:
        """The first of `paths` that is there."""
        return next((path for path in paths if self.has(path)), None)

    def text(self, path: str) -> str:
        """The text of `path`, "" where it is not there or was not read."""
        return self.texts.get(path, "")

    def sources(self, *endings: str) -> Iterator[tuple[str, str]]:
        """Path and text of files that were read and end so, those nearer to the top first; no tests."""
        for path in sorted(self.texts, key=lambda path: (path.count("/"), path)):
            if path.endswith(endings) and not _TEST.search(path):
                yield path, self.texts[path]

    def search(self, pattern: str, *endings: str) -> tuple[str, re.Match[str]] | None:
        """The first match of `pattern` in `sources`, and where."""
        compiled = re.compile(pattern, re.MULTILINE)
        for path, text in self.sources(*endings):
            if match := compiled.search(text):
                return path, match
        return None


_TEST = re.compile(r"(^|/)(tests?|spec|__tests__|testdata)/|(^|/)test_[^/]*$|[._-](test|spec)s?\.[a-z]+$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """A value, and in a few words why: what is written in a comment beside it. `variable` is the one of the environment
    that says it to the program, "" where none does."""

    value: str
    why: str
    variable: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class App:
    """What the repository's own code is and how it is run.

    `title` for people, `file` the one it was known by. `image` is the Dockerfile's FROM. `packages` are Debian's that
    the dependencies need, `dependencies` the lines of the Dockerfile that install them, `finish` those after the
    sources are copied. `command` starts it. `health` is a path that answers, None where none is known, `host` the name
    by which it wants to be called. `named` are the packages that the code depends on, for what it connects to.
    `rebuild` are files whose change needs a new image, `reloads` says that it sees edited sources by itself, `compiled`
    that every edit needs a new image. `unsure` are sentences for the head of the file.
    """

    language: str
    title: str
    file: str
    image: Reason
    command: tuple[str, ...]
    port: Reason
    health: Reason | None = None
    host: str = ""
    environment: Mapping[str, str] = field(default_factory=dict)
    packages: tuple[str, ...] = ()
    dependencies: tuple[str, ...] = ()
    finish: tuple[str, ...] = ()
    rebuild: tuple[str, ...] = ()
    reloads: bool = False
    compiled: bool = False
    migrate: Reason | None = None
    test: Reason | None = None
    extensions: tuple[str, ...] = ()
    post_create: str = ""
    ignore: tuple[str, ...] = ()
    named: frozenset[str] = frozenset()
    unsure: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Language:
    """A kind of repository: `marks` are files by which it is known, `endings` those of its sources; `look` guesses."""

    name: str
    marks: tuple[str, ...]
    endings: tuple[str, ...]
    look: Callable[[Repository], App | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Backing:
    """A service that the code connects to: `name` in the manifest, `use` of the catalogue or else `image`, with `port`
    and `environment`; `schemes` of URLs that mean it; `variable` under which code usually finds its address."""

    name: str
    title: str
    use: str = ""
    image: str = ""
    port: int = 0
    environment: Mapping[str, str] = field(default_factory=dict)
    schemes: tuple[str, ...] = ()
    variable: str = ""
    url: str = ""
    data: str = ""

    @property
    def sql(self) -> bool:
        """Whether it is a database that files of SQL are for."""
        return self.use in ("postgres", "mariadb")

    @property
    def run(self) -> str:
        """What is run for it, as people call that."""
        return "MariaDB" if self.use == "mariadb" else self.title

    @property
    def described(self) -> str:
        """The same, and what it has to do with what the code asks for."""
        return self.run if self.run == self.title else f"{self.run}, which speaks {self.title}'s protocol"


@dataclass(frozen=True, slots=True, kw_only=True)
class Variable:
    """One variable of the app's environment: `value` as the manifest writes it, and why."""

    name: str
    value: str
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Guess:
    """All that was found out. `dockerfile` and `devcontainer` are the repository's own, "" where they are written.
    `static` is the folder of a page without a program. `backing` are the services that the code needs, each with the
    reason; `seeds` are files for the first database among them."""

    name: str
    app: App | None
    static: str = ""
    dockerfile: str = ""
    devcontainer: str = ""
    backing: tuple[tuple[Backing, str], ...] = ()
    variables: tuple[Variable, ...] = ()
    seeds: tuple[str, ...] = ()
    seeds_why: str = ""
    unsure: tuple[str, ...] = ()
