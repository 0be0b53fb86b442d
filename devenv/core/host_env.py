"""A service's environment as a process on the host needs it: addresses inside the stack's network become the host's.

All by the text of the values alone, so that it is the same for `devenv.yaml` and for a team's own Compose file:

    db:5432, tcp(db:3306), …      an address with its port, wherever it stands
    http://web/, redis://cache    an address whose port is that of its scheme
    DB_HOST=db, DB_PORT=5432      host and port in two variables, PGHOST too
    host=db port=5432             a connection string of names and values

What else has a service's name in it (`POSTGRES_DB=db`) is no address and stays, as paths inside the container do.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

_SCHEMES = {
    "http": 80, "ws": 80, "https": 443, "wss": 443, "postgres": 5432, "postgresql": 5432, "mysql": 3306,
    "mariadb": 3306, "redis": 6379, "rediss": 6379, "valkey": 6379, "amqp": 5672, "amqps": 5671, "mongodb": 27017,
    "nats": 4222,
    "memcached": 11211, "mqtt": 1883, "smtp": 25, "ftp": 21, "ldap": 389,
}  # fmt: skip
_HOST = re.compile(r"(.*?)(?:HOST_?NAME|HOST|SERVER|ADDR|ADDRESS|ENDPOINT)", re.IGNORECASE)
_BIND = re.compile(r"(0\.0\.0\.0|\[::\]|127\.0\.0\.1|localhost|):(\d+)")
_ENGINES_HOST = re.compile(r"(?<![\w.-])host\.docker\.internal(?![\w.-])")
_TAG = 1000
"""From here on `name:number` that is known of nowhere is taken for an address, below for an image and its tag."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a service is. `names` are those it goes by in the network, `ports` its ports there → (address, port) on
    the host, `closed` ports that it is known to have and does not publish, `main` the port that is meant where none is
    said."""

    names: tuple[str, ...]
    ports: Mapping[int, tuple[str, int]] = field(default_factory=dict)
    closed: frozenset[int] = frozenset()
    main: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Closed:
    """A variable that names a port of a service which the host cannot reach; None: no port of it is known."""

    variable: str
    service: str
    port: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class HostEnv:
    """`values` are the variables as the host needs them, `closed` what could not be replaced and stays as it was,
    `added` variables that the service does not have, but whose neighbour needs them."""

    values: Mapping[str, str]
    closed: tuple[Closed, ...] = ()
    added: tuple[str, ...] = ()


def host_env(
    environment: Mapping[str, str], places: Mapping[str, Place], listens: Mapping[int, int] | None = None
) -> HostEnv:
    """`environment` with the addresses of `places` (by service) as they are on the host. `listens` maps each port that
    the service listens on to the host's: variables that say one of them (`PORT`, `BIND=0.0.0.0:8000`) follow."""
    reader = _Reader(places)
    values = {name: reader.text(name, value) for name, value in environment.items()}
    added = []
    for name, value in environment.items():
        split = _HOST.fullmatch(name)
        service = reader.services.get(value)
        if split and service is not None:
            port = split[1] + ("port" if name.islower() else "PORT")
            said = environment.get(port, "")
            found = reader.find(name, service, int(said) if said.isdecimal() else places[service].main)
            if found is None:
                continue
            values[name] = found[0]
            if port in environment or found[1] != places[service].main:
                values[port] = str(found[1])
                added += [] if port in environment else [port]
            reader.settled.add(port)
    for name, value in environment.items():
        if values[name] == value and name not in reader.settled:
            values[name] = _own_port(name, value, listens or {})
    return HostEnv(values=values, closed=tuple(dict.fromkeys(reader.closed)), added=tuple(added))


def _own_port(name: str, value: str, listens: Mapping[int, int]) -> str:
    """A port of the service's own, where `name` is one of a variable that says it."""
    last = name.upper().rpartition("_")[2]
    if last == "PORT" and value.isdecimal() and int(value) in listens:
        return str(listens[int(value)])
    bound = _BIND.fullmatch(value)
    if bound and int(bound[2]) in listens:
        return f"{bound[1]}:{listens[int(bound[2])]}"
    return value


class _Reader:
    """Replaces addresses in texts, and remembers what it could not replace."""

    def __init__(self, places: Mapping[str, Place]) -> None:
        self.closed: list[Closed] = []
        self.settled: set[str] = set()
        self.services = {name: service for service, place in places.items() for name in place.names}
        self._places = places
        names = "|".join(re.escape(name) for name in sorted(self.services, key=lambda name: (-len(name), name)))
        names = f"(?P<name>{names or '(?!)'})"
        self._rules: tuple[tuple[re.Pattern[str], Callable[[str, re.Match[str]], str]], ...] = (
            (
                re.compile(
                    rf"(?:(?<![\w.%-])(?<![^/]/)|(?<=(?i:%2F))|(?<=%40)){names}(?P<colon>:|(?i:%3A))(?P<port>\d{{1,5}})(?![\d@.])"
                ),
                self._with_port,
            ),
            (
                re.compile(rf"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://(?P<user>[^/@\s]*@)?{names}(?=[/?#\s\"',;]|$)"),
                self._by_scheme,
            ),
            (
                re.compile(
                    rf"(?P<key>\b(?i:host|server|data source)\s*=\s*){names}(?:,(?P<port>\d+))?(?![\w.:-])(?P<rest>.*)",
                    re.DOTALL,
                ),
                self._in_pairs,
            ),
        )

    def text(self, variable: str, value: str) -> str:
        for pattern, put in self._rules:
            value = pattern.sub(lambda match, put=put: put(variable, match), value)  # type: ignore[misc]
        return _ENGINES_HOST.sub("127.0.0.1", value)

    def find(self, variable: str, service: str, port: int | None) -> tuple[str, int] | None:
        """Where `port` of `service` is on the host; None, and remembered, where it is not."""
        found = self._places[service].ports.get(port) if port is not None else None
        if found is None:
            self.closed.append(Closed(variable=variable, service=service, port=port))
        return found

    def _with_port(self, variable: str, match: re.Match[str]) -> str:
        service, port = self.services[match["name"]], int(match["port"])
        place = self._places[service]
        address = match.string[: match.start()].endswith(("//", "@", "%2F", "%2f", "%40")) or port >= _TAG
        if port not in place.ports and port not in place.closed and not address:
            return match[0]
        found = self.find(variable, service, port)
        return match[0] if found is None else f"{found[0]}{match['colon']}{found[1]}"

    def _by_scheme(self, variable: str, match: re.Match[str]) -> str:
        service = self.services[match["name"]]
        port = _SCHEMES.get(match["scheme"].lower().partition("+")[0], self._places[service].main)
        found = self.find(variable, service, port)
        if found is None:
            return match[0]
        return f"{match['scheme']}://{match['user'] or ''}{found[0]}:{found[1]}"

    def _in_pairs(self, variable: str, match: re.Match[str]) -> str:
        """`host=db port=5432`, `Server=db;Port=3306`, `Server=db,1433`."""
        service = self.services[match["name"]]
        said = re.search(r"(\bport\s*=\s*)(\d+)", match["rest"], re.IGNORECASE)
        number = match["port"] or (said[2] if said else None)
        found = self.find(variable, service, int(number) if number else self._places[service].main)
        if found is None:
            return match[0]
        host, port = found
        rest = match["rest"]
        if match["port"]:
            return f"{match['key']}{host},{port}{rest}"
        if said:
            rest = f"{rest[: said.start(2)]}{port}{rest[said.end(2) :]}"
        elif port != self._places[service].main:
            rest = f";Port={port}{rest}" if rest.startswith(";") else f" port={port}{rest}"
        return f"{match['key']}{host}{rest}"


# How they are written

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_PLAIN = re.compile(r"[A-Za-z0-9_./:@%+,=?&~-]*")


def export(values: Mapping[str, str]) -> tuple[str, tuple[str, ...]]:
    """Lines for a shell's `eval`, and the names that no shell takes for a variable's."""
    lines = []
    for name, value in values.items():
        if _NAME.fullmatch(name):
            quoted = value.replace("'", "'\"'\"'")
            lines.append(f"export {name}='{quoted}'")
    return "\n".join(lines), tuple(name for name in values if not _NAME.fullmatch(name))


def dotenv(values: Mapping[str, str]) -> str:
    """Lines that editors, Compose and python-dotenv read alike: bare where nothing is special, else in single quotes,
    in which nothing is; in double ones only where the value has a backslash, a line end, or a quote and no `$`."""
    return "\n".join(f"{name}={_quoted(value)}" for name, value in values.items())


def _quoted(value: str) -> str:
    if _PLAIN.fullmatch(value):
        return value
    if not re.search(r"['\\\n\r]", value):
        return f"'{value}'"
    if "$" in value and not re.search(r"[\\\n\r]", value):
        escaped = value.replace("'", "\\'")
        return f"'{escaped}'"  # in double quotes `$` names another variable
    text = value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\r", "\\r")
    return f'"{text}"'
