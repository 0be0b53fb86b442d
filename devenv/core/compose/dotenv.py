"""Files of `NAME=value` lines (`.env`, `env_file`), read as Compose reads them (compose-go's `dotenv`)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from types import MappingProxyType

from devenv.core.compose.interpolate import BadReference, Missing, substitute
from devenv.model.errors import DevenvError, DevenvErrors, Span, raise_all

_EXPORT = re.compile(r"export[ \t\v\f\r]+")
_KEY = re.compile(r"[^=:\n]*")
_KEY_TEXT = re.compile(r"[\w.\-\[\]]+")
_ESCAPE = re.compile(r"""\\(?:[abcfnrtv$"\\]|0\d{0,3})""")
_ESCAPES = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v", '"': '"', "\\": "\\"}
_SPACES = " \t\v\f\r\x85\xa0"


class NotSet(DevenvError):
    """A line says of the variable `name` that it must be set, and nothing is known of it."""

    name = ""


def not_set(error: DevenvError) -> frozenset[str]:
    """The variables that `error`, or one of several that it holds, asks for on behalf of a file of variables."""
    errors = error.errors if isinstance(error, DevenvErrors) else [error]
    return frozenset(each.name for each in errors if isinstance(each, NotSet))


def _nothing(name: str) -> str | None:
    return None


def parse(
    text: str,
    file: str,
    *,
    lookup: Callable[[str], str | None] = _nothing,
    earlier: Mapping[str, str] = MappingProxyType({}),
    raw: bool = False,
    unset: dict[str, Span] | None = None,
) -> dict[str, str]:
    """The variables in `text`, the content of `file`. `lookup` gives the values of others that it may name; its own
    come second, as in Compose, and those of `earlier` files third. A line with a name alone takes its value from
    `lookup`, or is left out. `raw`: what is behind the `=` is the value as it stands (`env_file` with `format: raw`).
    `unset` takes the names that nothing knows, where an empty text stands for them, with their first places.

    Raises DevenvErrors with the place of every line that cannot be read.
    """
    parser = _Parser(text.removeprefix("\ufeff").replace("\r\n", "\n"), file, lookup, earlier, unset)
    if raw:
        parser.read_raw()
    else:
        parser.read()
    raise_all(parser.errors)
    return parser.found


class _Parser:
    def __init__(
        self,
        text: str,
        file: str,
        lookup: Callable[[str], str | None],
        earlier: Mapping[str, str],
        unset: dict[str, Span] | None,
    ) -> None:
        self.text, self.file, self.lookup, self.earlier, self.unset = text, file, lookup, earlier, unset
        self.at = 0
        self.found: dict[str, str] = {}
        self.errors: list[DevenvError] = []

    def where(self, at: int) -> Span:
        line = self.text.count("\n", 0, at) + 1
        begin = self.text.rfind("\n", 0, at) + 1
        return Span(file=self.file, line=line, column=at - begin + 1, text=self.text[begin:].partition("\n")[0])

    def wrong(self, message: str, hint: str, at: int) -> None:
        self.errors.append(DevenvError(message, hint=hint, where=self.where(at)))

    def refuse(self, key: str, error: BadReference | Missing, at: int) -> None:
        """Tell that the value of `key` cannot be made because of `error`."""
        begin = f"{key}: a reference cannot be replaced:"
        if isinstance(error, BadReference):
            self.wrong(f"{begin} `{error}`.", "Write `$$` for a plain `$`.", at)
            return
        hint = f"Set it in the shell (`export {error.name}=…`) or in the `.env` file of the project."
        says = f": {error.message}" if error.message else ""
        lacking = NotSet(f"{begin} `{error.name}` has no value{says}.", hint=hint, where=self.where(at))
        lacking.name = error.name
        self.errors.append(lacking)

    def skip_line(self) -> None:
        end = self.text.find("\n", self.at)
        self.at = len(self.text) if end < 0 else end + 1

    def read(self) -> None:
        text = self.text
        while True:
            while self.at < len(text) and text[self.at].isspace():
                self.at += 1
            if self.at >= len(text):
                return
            if text[self.at] == "#":
                self.skip_line()
            else:
                self.statement()

    def read_raw(self) -> None:
        at = 0
        for whole in self.text.split("\n"):
            line = whole.lstrip(_SPACES)
            name, given, value = line.partition("=")
            if line.startswith("#") or not line:
                pass
            elif not name or any(character in _SPACES for character in name):
                hint = "A line is `NAME=value`, with no blank before the `=`; begin a comment with `#`."
                self.wrong(f"`{name}` cannot be the name of a variable." if name else "A name is missing.", hint, at)
            elif given:
                self.found[name] = value
            elif (found := self.lookup(name)) is not None:
                self.found[name] = found
            at += len(whole) + 1

    def statement(self) -> None:
        if export := _EXPORT.match(self.text, self.at):
            self.at = export.end()
        begin = self.at
        match = _KEY.match(self.text, begin)
        end = match.end() if match else begin
        key = self.text[begin:end].strip()
        if not _KEY_TEXT.fullmatch(key):
            self.wrong(
                f"`{key}` cannot be the name of a variable." if key else "A name is missing before the `=`.",
                "A line is `NAME=value`; begin a comment with `#`.",
                begin,
            )
            self.skip_line()
            return
        if end >= len(self.text) or self.text[end] == "\n":
            self.at = end
            value = self.lookup(key)
            if value is not None:
                self.found[key] = value
            return
        self.at = end + 1
        while self.at < len(self.text) and self.text[self.at] in _SPACES:
            self.at += 1
        place = self.at
        try:
            taken = self.value()
        except (BadReference, Missing) as error:
            self.refuse(key, error, place)
            return
        if taken is not None:
            self.found[key] = taken

    def value(self) -> str | None:
        quote = self.text[self.at : self.at + 1]
        if quote not in ("'", '"') or not quote:
            begin = self.at
            self.skip_line()
            raw = self.text[begin : self.at].rstrip("\n")
            return self.expand(raw.partition(" #")[0].rstrip(), begin)
        characters: list[str] = []
        at, begin = self.at + 1, self.at
        while at < len(self.text):
            character = self.text[at]
            if character == "\\" and at + 1 < len(self.text):
                following = self.text[at + 1]
                characters.append(following if following == quote else character + following)
                at += 2
                continue
            if character == quote:
                self.at = at + 1
                value = "".join(characters)
                return self.expand(_ESCAPE.sub(_unescape, value), begin) if quote == '"' else value
            characters.append(character)
            at += 1
        self.wrong(f"The quote {quote} is opened and not closed.", "Close it.", begin)
        self.skip_line()
        return None

    def expand(self, value: str, at: int) -> str:
        def lookup(name: str) -> str | None:
            given = self.lookup(name)
            return self.found.get(name, self.earlier.get(name)) if given is None else given

        unset: set[str] = set()
        found = substitute(value, lookup, lenient=True, unset=unset)
        if self.unset is not None:
            for name in sorted(unset):
                self.unset.setdefault(name, self.where(at))
        return found


def _unescape(match: re.Match[str]) -> str:
    body = match[0][1:]
    if body == "$":
        return "$$"
    if body.startswith("0"):
        return chr(int(body, 8) & 0xFF) if len(body) == 4 else match[0]
    return _ESCAPES.get(body, match[0])
