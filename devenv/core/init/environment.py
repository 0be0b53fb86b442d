"""The app's variables: from the example of an environment that the repository carries, else from its code."""

from __future__ import annotations

import re
from collections.abc import Mapping

from devenv.core.init.backing import by_url
from devenv.core.init.guess import App, Backing, Repository, Variable
from devenv.core.init.reading import example

_SECRET = re.compile(r"SECRET|TOKEN|PASSWORD|PASSWD|API_?KEY|PRIVATE|CREDENTIAL|_KEY$")
_ROLES = (
    (re.compile(r"(?:^|_)(?:HOST|HOSTNAME|SERVER)$"), "host"),
    (re.compile(r"(?:^|_)PORT$"), "port"),
    (re.compile(r"(?:^|_)(?:USER|USERNAME)$"), "user"),
    (re.compile(r"(?:^|_)(?:PASSWORD|PASS|PASSWD)$"), "password"),
    (re.compile(r"(?:^|_)(?:DB|DATABASE|NAME|DBNAME)$"), "database"),
)
_OF = {
    "PostgreSQL": re.compile(
        r"^(?:DB|DATABASE|POSTGRES|POSTGRESQL|PG|PGSQL|SQL)_|^PG(?:HOST|PORT|USER|PASSWORD|DATABASE)$"
    ),
    "MySQL": re.compile(r"^(?:DB|DATABASE|MYSQL|MARIADB|SQL)_"),
    "Redis": re.compile(r"^(?:REDIS|CACHE|QUEUE)_(?:HOST|PORT)"),
    "MongoDB": re.compile(r"^(?:MONGO|MONGODB)_"),
    "RabbitMQ": re.compile(r"^(?:RABBITMQ|AMQP)_"),
    "Memcached": re.compile(r"^MEMCACHED?_"),
}  # fmt: skip
"""Which variables speak of a service's parts."""
_CREDENTIALS = {"user": "app", "password": "app", "database": "app"}
_PG = {"PGHOST": "host", "PGPORT": "port", "PGUSER": "user", "PGPASSWORD": "password", "PGDATABASE": "database"}
_LINE = re.compile(r"^\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)=(.*)$")


def read_example(repository: Repository) -> tuple[str, dict[str, str]]:
    """The file, "" for none, and its variables. Quotes and comments at a line's end are left out."""
    file = example(repository)
    found: dict[str, str] = {}
    for line in repository.text(file).splitlines():
        match = _LINE.match(line)
        if match:
            value = match[2].strip()
            quoted = re.match(r"([\"'])(.*?)\1", value)
            found[match[1]] = quoted[2] if quoted else re.sub(r"\s+#.*$", "", value)
    return file, found


def variables(
    repository: Repository, app: App, backing: tuple[Backing, ...], endings: tuple[str, ...]
) -> tuple[Variable, ...]:
    """The variables of `app`, in the order of the example; then those of services that nothing named so far."""
    file, shown = read_example(repository)
    found: dict[str, Variable] = {
        name: Variable(name=name, value=value) for name, value in app.environment.items() if name not in shown
    }
    reached: set[str] = set()
    for name, value in shown.items():
        service, said = _reaches(name, value, backing)
        if service is not None:
            reached.add(service.title)
            found[name] = Variable(name=name, value=said, why=f"named in {file}")
        elif name in app.environment or name in ("PORT", app.port.variable):
            found[name] = Variable(name=name, value=escaped(app.environment.get(name, app.port.value)))
        elif _SECRET.search(name):
            found[name] = Variable(
                name=name,
                value="${%s:-%s}" % (name, re.sub(r"[^A-Za-z0-9._/@-]", "", value) or "for-development"),  # noqa: UP031
                why="from your shell or .env where it is set: devenv cannot know the real one",
            )
        elif value:
            found[name] = Variable(name=name, value=escaped(value), why=f"as in {file}")
        else:
            found[name] = Variable(name=name, value="${%s:-}" % name, why=f"{file} leaves it empty: set it in .env")  # noqa: UP031
    if app.port.variable and app.port.variable not in found:
        why = app.port.why if app.port.why.startswith(".env") else "the code reads it"
        found[app.port.variable] = Variable(name=app.port.variable, value=app.port.value, why=why)
    for service in backing:
        if service.title not in reached:
            found |= ("Spring" in app.title and _spring(service)) or _usual(repository, service, endings)
    return tuple(found.values())


def escaped(value: str) -> str:
    """A literal text as Compose and the manifest take it."""
    return value.replace("$", "$$").replace("{{", "{{ '{{' }}")


def _reaches(name: str, value: str, backing: tuple[Backing, ...]) -> tuple[Backing | None, str]:
    """The service that the variable `name` speaks of, and what the manifest says for it."""
    meant = by_url(value)
    for service in backing:
        if meant is not None and meant.title == service.title:
            return service, _url(service, value)
    for service in backing:
        of = _OF.get(service.title)
        if of is None or not of.search(name) or "://" in value:
            continue
        role = _PG.get(name) or next((role for pattern, role in _ROLES if pattern.search(name)), None)
        if role:
            return service, _part(service, role)
    return None, ""


def _url(service: Backing, value: str) -> str:
    """The address as the code wants to have it: with the driver in its scheme, or as JDBC's."""
    ours = f"{{{{ {service.name}.url }}}}" if service.use else service.url
    match = re.match(r"((?:jdbc:)?([a-z]+)(?:\+[a-z0-9]+)?)://", value)
    if match is None:
        return ours
    if service.use == "redis":
        number = re.search(r":[0-9]+/([1-9][0-9]?)\b", value)
        return f"redis://{{{{ {service.name}.host }}}}:6379/{number[1]}" if number else ours
    if match[1].startswith("jdbc:"):
        at = f"{{{{ {service.name}.host }}}}:{{{{ {service.name}.port }}}}/{{{{ {service.name}.database }}}}"
        return f"jdbc:{match[2]}://{at}"
    mine = "postgresql" if service.use == "postgres" else service.schemes[0]
    if match[1] == mine:
        return ours
    if service.use:
        return f"{{{{ {service.name}.url | replace('{mine}://', '{match[1]}://') }}}}"
    return service.url.replace(f"{mine}://", f"{match[1]}://", 1)


def _part(service: Backing, role: str) -> str:
    if service.use:
        return f"{{{{ {service.name}.{role} }}}}" if service.sql or role in ("host", "port") else ""
    return {"host": service.name, "port": str(service.port), **_CREDENTIALS}[role]


def _usual(repository: Repository, service: Backing, endings: tuple[str, ...]) -> Mapping[str, Variable]:
    """The variables under which the code looks for `service`; its usual one where none is seen."""
    value = f"{{{{ {service.name}.url }}}}" if service.use else service.url
    if service.use == "postgres":
        seen = [name for name in _PG if repository.search(rf"[\"'`]{name}[\"'`]|env\.{name}\b", *endings)]
        if seen:
            return {
                name: Variable(name=name, value=_part(service, _PG[name]), why="the code reads it") for name in seen
            }
        parts = repository.search(r"[\"'`](DB_HOST|POSTGRES_HOST)[\"'`]|env\.(DB_HOST|POSTGRES_HOST)\b", *endings)
        if parts:
            return _parts(repository, service, (parts[1][1] or parts[1][2]).rpartition("_")[0], endings)
    if service.use == "mariadb" and repository.search(r"[\"'`]DB_HOST[\"'`]|env\.DB_HOST\b", *endings):
        return _parts(repository, service, "DB", endings)
    looked = repository.search(rf"\b({service.variable})\b", *endings)
    if looked:
        return {service.variable: Variable(name=service.variable, value=value, why=f"{looked[0]} reads it")}
    why = f"a guess: no file says under which name the code looks for {service.title}"
    return {service.variable: Variable(name=service.variable, value=value, why=why)}


def _spring(service: Backing) -> Mapping[str, Variable]:
    """The variables that Spring Boot itself reads."""
    values = {
        "PostgreSQL": {
            "SPRING_DATASOURCE_URL": _url(service, "jdbc:postgresql://"),
            "SPRING_DATASOURCE_USERNAME": _part(service, "user"),
            "SPRING_DATASOURCE_PASSWORD": _part(service, "password"),
        },
        "MySQL": {
            "SPRING_DATASOURCE_URL": _url(service, "jdbc:mysql://"),
            "SPRING_DATASOURCE_USERNAME": _part(service, "user"),
            "SPRING_DATASOURCE_PASSWORD": _part(service, "password"),
        },
        "Redis": {"SPRING_DATA_REDIS_HOST": _part(service, "host")},
        "MongoDB": {"SPRING_DATA_MONGODB_URI": service.url},
        "RabbitMQ": {"SPRING_RABBITMQ_HOST": service.name},
        "Elasticsearch": {"SPRING_ELASTICSEARCH_URIS": service.url},
        "Kafka": {"SPRING_KAFKA_BOOTSTRAP_SERVERS": service.url},
    }.get(service.title, {})
    return {name: Variable(name=name, value=value, why="Spring Boot reads it") for name, value in values.items()}


def _parts(repository: Repository, service: Backing, prefix: str, endings: tuple[str, ...]) -> Mapping[str, Variable]:
    found: dict[str, Variable] = {}
    for pattern, role in _ROLES:
        names = {
            match
            for _, text in repository.sources(*endings)
            for match in re.findall(rf"\b({prefix}_[A-Z]+)\b", text)
            if pattern.search(match)
        }
        for name in sorted(names):
            found[name] = Variable(name=name, value=_part(service, role), why="the code reads it")
    return found
