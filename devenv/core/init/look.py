"""A repository looked over: first which of its files are worth reading, then what they say together."""

from __future__ import annotations

import re
from dataclasses import replace

from devenv.core.init import backing as services
from devenv.core.init.environment import read_example, variables
from devenv.core.init.guess import App, Backing, Guess, Language, Repository
from devenv.core.init.languages import LANGUAGES
from devenv.core.init.reading import own_dockerfile

_WORTH = re.compile(
    r"(^|/)([^/]*requirements[^/]*\.txt|requirements/[^/]+\.txt|pyproject\.toml|Pipfile|alembic\.ini|package\.json|go\.mod|Gemfile|Rakefile|config\.ru"
    r"|composer\.json|pom\.xml|build\.gradle(\.kts)?|Cargo\.toml|Rocket\.toml|Procfile|Makefile|Dockerfile(\.dev)?"
    r"|\.env(\.(example|sample|dist|template|development))?|\.python-version|\.nvmrc|\.node-version|\.ruby-version"
    r"|application[^/]*\.(properties|ya?ml))$"
)
_SKIPPED = re.compile(
    r"(^|/)(node_modules|vendor|\.git|\.venv|venv|target|dist|build|__pycache__|\.devenv|\.devcontainer|third_party)/"
)
_DEVCONTAINERS = (".devcontainer/devcontainer.json", ".devcontainer.json")
_MOST = 300
_DEEPEST = 9
_SEEDS = re.compile(
    r"(^|/)(migrations?|fixtures?|seeds?|db|database|sql|schema|data)/([^/]+/)?[^/]+\.(sql|csv|jsonl|ndjson)$"
)
_NOT_SEEDS = re.compile(
    r"\.down\.sql$|(^|/)(down|rollback|tests?|spec|examples?|samples?|docs?)[/.]|(^|/)U[0-9]+__|_down\.sql$",
    re.IGNORECASE,
)


def interesting(files: tuple[str, ...]) -> tuple[str, ...]:
    """Which of `files` (relative paths) must be read for `look`: what names dependencies and settings, and sources,
    those near the top first and no more than a few hundred."""
    endings = tuple(ending for language in LANGUAGES for ending in language.endings)
    mine = [path for path in files if not _SKIPPED.search(path) and path.count("/") <= _DEEPEST]
    worth = [path for path in mine if _WORTH.search(path)]
    sources = sorted((path for path in mine if path.endswith(endings)), key=lambda path: (path.count("/"), path))
    worth += [path for path in _DEVCONTAINERS if path in files]
    return tuple(dict.fromkeys([*worth, *sources[: _MOST - min(len(worth), _MOST // 2)]]))


def look(repository: Repository) -> Guess:
    """What is in the repository, as far as its files say."""
    found = [(language, app) for language in LANGUAGES if (app := language.look(repository)) is not None]
    if not found:
        return _without(repository)
    language, app = _main(found)
    others = [f"{other.title} ({other.file})" for _, other in found if other is not app]
    app = _by_procfile(repository, app)
    unsure = list(app.unsure)
    if others:
        unsure.append(f"Also here: {', '.join(others)}. Nothing was written for that.")
    needed = _backing(repository, language, app)
    seeds, why = _seeds(repository, app, needed)
    if seeds and not any(service.sql for service, _ in needed):
        unsure.append(f"{seeds[0]} and the like look like data, but nothing says for which database.")
        seeds, why = (), ""
    dockerfile = own_dockerfile(repository)
    app = _by_dockerfile(repository, app, dockerfile) if dockerfile else app
    return Guess(
        name=repository.name,
        app=app,
        dockerfile=dockerfile,
        devcontainer=_devcontainer(repository),
        backing=needed,
        variables=variables(repository, app, tuple(service for service, _ in needed), language.endings),
        seeds=seeds,
        seeds_why=why,
        unsure=tuple(unsure),
    )


def _main(found: list[tuple[Language, App]]) -> tuple[Language, App]:
    """The one that serves: a page's package.json beside another language is that one's assets."""
    return next((item for item in found if item[1].command[0] != "sleep"), found[0])


def _without(repository: Repository) -> Guess:
    """A page of files alone, or nothing that is known."""
    dockerfile = own_dockerfile(repository)
    if dockerfile:
        unsure = f"Only {dockerfile} was understood here: say its ports, environment and readiness yourself."
        return Guess(name=repository.name, app=None, dockerfile=dockerfile, unsure=(unsure,))
    static = next(
        (folder for folder in ("", "public", "site", "docs", "www", "html", "src", "dist")
         if repository.has(f"{folder}/index.html".lstrip("/"))), None,
    )  # fmt: skip
    if static is not None:
        return Guess(name=repository.name, app=None, static=static or ".")
    return Guess(name=repository.name, app=None)


def _by_procfile(repository: Repository, app: App) -> App:
    """Where nothing else says how the program is started, the Procfile's `web` does."""
    web = re.search(r"^web:\s*(.+)$", repository.text("Procfile"), re.MULTILINE)
    if web is None or app.command[0] != "sleep":
        return app
    return replace(
        app,
        command=("sh", "-c", web[1].strip()),
        environment={**app.environment, "PORT": app.port.value},
        unsure=tuple(sentence for sentence in app.unsure if "No way to start" not in sentence),
    )


def _devcontainer(repository: Repository) -> str:
    """The repository's own devcontainer.json, "" where it has none but one that devenv rendered."""
    found = repository.first(*_DEVCONTAINERS) or ""
    return "" if '"devenv"' in repository.text(found) else found


def _by_dockerfile(repository: Repository, app: App, dockerfile: str) -> App:
    """The repository's own Dockerfile says how its image is made and started; EXPOSE which port is meant."""
    exposed = re.search(r"^EXPOSE\s+([0-9]{2,5})", repository.text(dockerfile), re.MULTILINE)
    number = replace(app.port, value=exposed[1], why=f"{dockerfile}'s EXPOSE") if exposed else app.port
    return replace(app, command=(), port=number)


def _backing(repository: Repository, language: Language, app: App) -> tuple[tuple[Backing, str], ...]:
    file, shown = read_example(repository)
    found = services.from_packages(app.named, app.file)
    said = services.from_variables(shown, file)
    if {"PostgreSQL", "MySQL"} <= found.keys() and not {"PostgreSQL", "MySQL"} <= said.keys():
        # Drivers of two databases are a choice: the one that the example names, else the first.
        del found["PostgreSQL" if "MySQL" in said else "MySQL"]
    for title, item in said.items():
        found.setdefault(title, item)
    for title, item in services.from_code(repository, language.endings).items():
        found.setdefault(title, item)
    names: dict[str, int] = {}
    made = []
    for service, why in found.values():
        # Two databases: the second is called as people call it.
        name = service.name if service.name not in names else service.title.lower()
        names[name] = 1
        url = service.url.replace(f"@{service.name}:", f"@{name}:") if name != service.name else service.url
        made.append((replace(service, name=name, url=url), why))
    return tuple(made)


def _seeds(repository: Repository, app: App, needed: tuple[tuple[Backing, str], ...]) -> tuple[tuple[str, ...], str]:
    """Files that look like a database's schema, migrations and rows, in the order in which they are to be loaded."""
    found = [
        path
        for path in repository.files
        if (_SEEDS.search(path) or path in ("schema.sql", "init.sql", "seed.sql", "db.sql"))
        and not _NOT_SEEDS.search(path)
        and not _SKIPPED.search(path)
    ]
    if app.migrate is not None or app.named & {"flyway-core", "liquibase-core"}:
        # The framework's own migrations make the tables: rows for them cannot be loaded before it ran.
        return (), ""

    def rank(path: str) -> tuple[int, list[tuple[int, str]]]:
        by_number = [(int(part), "") if part.isdigit() else (-1, part) for part in re.split(r"([0-9]+)", path)]
        if re.search(r"schema|structure", path.rpartition("/")[2]):
            return 0, by_number
        return (1 if "migration" in path else 2 if path.endswith(".sql") else 3), by_number

    return tuple(sorted(found, key=rank)), "their folders and names look like a schema, then rows"
