"""What a kind of readiness says of itself: how it is written, read, rendered and explained.

A kind is one class in `devenv/extensions/probes`, which adds the look; `core` is handed the table of them (`Kinds`) and
names none. All that differs between kinds stands in that class; what is here serves most of them as it is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from devenv.core.compose import values
from devenv.core.compose.values import Read, Reader
from devenv.model.manifest import Path
from devenv.model.protocols import Probe

if TYPE_CHECKING:
    from devenv.core.schema.shapes import Schema

Command = list[str] | str
"""A command as written: a list as it stands, a text for `sh -c`."""
Named = Callable[..., "list[str] | None"]
"""The command that the catalogue names for a kind in the service's image, its `port` (by default the service's) and
what else is given filled in; None where it names none."""


class ReadyKind(Probe):
    """One kind of readiness. `short` is the option that is meant where no mapping stands behind the key."""

    kind: str
    """The key under `ready`."""
    means: str
    """What is true of the service then, in a sentence: for editors and docs/manifest.md."""
    example: ClassVar[Any]
    """A value, for the same."""
    short: str = ""
    options: ClassVar[Mapping[str, Read]] = {}
    """The options, and how each is read."""
    scheme: str = "tcp"
    """How the address of a service begins that says nothing else of it."""
    own: bool = False
    """It asks for the container's own healthcheck, which is then left as it is."""
    named: bool = False
    """Whether the catalogue may name a command (`commands:`) that looks the same way from inside."""

    def shape(self) -> Schema:
        """What may stand behind the key, as JSON Schema."""
        raise NotImplementedError

    def long(self, value: Any) -> Mapping[str, Any]:
        """`value` as a mapping of options."""
        return value if isinstance(value, Mapping) else {self.short: value}

    def read(self, reader: Reader, value: Any, at: Path) -> dict[str, Any] | None:
        """The options for a look, from what a rendered file says; None where that is wrong (the reader was told)."""
        return values.fields(reader, self.long(value), at, self.options)

    def wrong(self, value: Any) -> tuple[str, str] | None:
        """A sentence and a remedy for what no schema can say of `value`, which fits the schema."""
        return None

    def port(self, value: Any) -> Any:
        """The container's port that is asked, where `value` names it."""
        return self.long(value).get("port")

    def rendered(self, value: Any, port: Any) -> Any:
        """`value` as it is written to `x-devenv`; `port` is the service's, if it has one."""
        return value

    def command(self, value: Any, named: Named) -> Command | None:
        """The command of a healthcheck that says the same; None where there is none: devenv alone can wait for it."""
        return named(port=self.port(value)) if self.named else None


Kinds = Mapping[str, ReadyKind]
"""Key under `ready` → its kind."""


def words(kinds: Kinds) -> str:
    """The kinds in a sentence: `http`, `tcp`, …"""
    return ", ".join(f"`{kind}`" for kind in kinds)


def port(reader: Reader, value: Any, at: Path) -> int | None:
    """A port as an option."""
    number = values.integer(reader, value, at)
    if number is not None and not 0 < number <= 65_535:
        reader.not_a(at, "a port from 1 to 65535")
        return None
    return number


def command(reader: Reader, value: Any, at: Path) -> Any:
    """A command as an option."""
    parts = [value] if isinstance(value, str) else value
    if isinstance(parts, list) and parts and all(isinstance(word, str) for word in parts):
        return value
    reader.not_a(at, "a command: a text, or a list of texts")
    return None


def number(value: Any) -> Any:
    """A port as a number, where it is no reference."""
    return int(value) if str(value).isdigit() else value


def pattern_error(pattern: str) -> str:
    """What is wrong with a regular expression; "" where nothing is."""
    try:
        re.compile(pattern)
    except (re.error, RecursionError, OverflowError) as error:
        return str(error)
    return ""
