"""Python: Flask, FastAPI, Django, or a program that serves by itself."""

from __future__ import annotations

import re

from devenv.core.init.guess import App, Language, Reason, Repository
from devenv.core.init.reading import health, image, only_inside, own_dockerfile, part, port, table, text, texts, toml

_ENDINGS = (".py",)
_MARKS = (
    "requirements.txt", "pyproject.toml", "Pipfile", "setup.py", "manage.py", "requirements/dev.txt",
    "requirements/local.txt", "requirements/base.txt",
)  # fmt: skip
_PORTS = (
    r"(?:\.run|run_simple|uvicorn\.run|serve)\([^\n]*port\s*=\s*(?:int\()?(?:os\.[^\n]*?,\s*)?[\"']?([0-9]{2,5})",
    r"(?:HTTPServer|make_server|TCPServer)\(\s*\(?[^\n]*?[\"'],\s*([0-9]{2,5})",
    r"environ[^\n]*[\"']PORT[\"'],\s*[\"']?([0-9]{2,5})",
)
_REQUIREMENTS = re.compile(r"(?:requirements/)?[^/]*requirements[^/]*\.txt|requirements/[^/]+\.txt")
_FOLDER = ("dev", "development", "local", "base", "common", "main", "prod", "production")
"""What a folder of requirements has, the one that develops first."""
_ROOT = r"(?:route|get)\(\s*[\"']/[\"']|self\.path\s*==\s*[\"']/[\"']"
_NEEDS = {
    "psycopg2": ("gcc", "libc6-dev", "libpq-dev"),
    "psycopg": ("libpq5",),
    "psycopg[c]": ("gcc", "libc6-dev", "libpq-dev"),
    "mysqlclient": ("default-libmysqlclient-dev", "gcc", "libc6-dev", "pkg-config"),
}
"""Debian's packages that a package needs, where it brings no binary of its own."""


def look(repository: Repository) -> App | None:
    file = repository.first(*_MARKS)
    if file is None:
        return None
    named, lines, rebuild = _dependencies(repository)
    framework, command, number, more = _framework(repository, named)
    unsure = [] if command else ["No way to start the program was found: say it in `command` of `app`."]
    inside = "" if framework in ("Flask", "FastAPI", "Django") else only_inside(repository, _ENDINGS)
    root = health(repository, _ENDINGS, "" if framework == "Django" else _ROOT)
    if framework == "FastAPI" and root is None and not repository.search(r"docs_url\s*=", *_ENDINGS):
        root = Reason(value="/docs", why="FastAPI's own page")
    test, missing = _test(repository, named, framework, lines)
    if missing and own_dockerfile(repository):
        unsure.append(f"`devenv run test` needs {missing}, which no list of dependencies names: add it to one.")
    elif missing:
        lines += [f"# For the tests: no list of dependencies that is installed names {missing}.",
                  f"RUN pip install --no-cache-dir {missing}"]  # fmt: skip
    itself = _itself(repository) if not rebuild else ()
    version, why = _version(repository)
    return App(
        language="python",
        title=f"Python with {framework}" if framework else "Python",
        file=file,
        image=image("python", version, "3.13", "-slim", why),
        command=command or ("sleep", "infinity"),
        port=number,
        health=root,
        host="localhost" if framework == "Django" else "",
        environment={"PYTHONUNBUFFERED": "1", **more},
        packages=tuple(sorted({package for name in named for package in _NEEDS.get(name, ())})),
        dependencies=tuple(lines),
        finish=itself,
        rebuild=tuple(rebuild),
        reloads=framework in ("Flask", "FastAPI", "Django"),
        migrate=_migrate(repository, named, framework),
        test=test,
        extensions=("ms-python.python",),
        post_create="pip install -e ." if itself else "",
        ignore=("**/__pycache__", ".venv", "venv", ".pytest_cache", ".mypy_cache"),
        named=frozenset(named),
        unsure=tuple(filter(None, (*unsure, inside))),
    )


def _dependencies(repository: Repository) -> tuple[set[str], list[str], list[str]]:
    """The packages that are depended on, the Dockerfile's lines that install them, and the files these read."""
    lists = [repository.text(path) for path in repository.files if _REQUIREMENTS.fullmatch(path)]
    project = toml(repository.text("pyproject.toml"))
    listed = texts(project, "project", "dependencies")
    for groups in (table(project, "project", "optional-dependencies"), table(project, "dependency-groups")):
        listed += [item for name in groups for item in texts(groups, name)]
    poetry = [*table(project, "tool", "poetry", "dependencies"), *table(project, "tool", "poetry", "dev-dependencies")]
    for group in table(project, "tool", "poetry", "group").values():
        poetry += table(group, "dependencies")
    pipfile = toml(repository.text("Pipfile"))
    poetry += [*table(pipfile, "packages"), *table(pipfile, "dev-packages")]
    named = {_name(line) for each in lists for line in each.splitlines()} | {_name(item) for item in listed + poetry}
    named |= {name.partition("[")[0] for name in named}
    for name in ("psycopg", "psycopg2"):
        if {f"{name}[binary]", f"{name}-binary"} & named and name in named:
            named.discard(name)
            named.add(f"{name}-binary")
    return named - {""}, *_install(repository, project)


def _name(line: str) -> str:
    match = re.match(r"\s*([A-Za-z0-9][A-Za-z0-9._-]*(?:\[[a-z,]+\])?)", line)
    return match[1].lower().replace("_", "-") if match else ""


def _install(repository: Repository, project: dict[str, object]) -> tuple[list[str], list[str]]:
    if repository.has("uv.lock"):
        files = ["pyproject.toml", "uv.lock"]
        return [
            f"COPY {' '.join(files)} ./",
            "RUN pip install --no-cache-dir uv \\",
            "    && uv export -q --frozen --all-groups --no-emit-project -o /tmp/lock.txt \\",
            "    && pip install --no-cache-dir -r /tmp/lock.txt",
        ], files
    if repository.has("poetry.lock"):
        files = ["pyproject.toml", "poetry.lock"]
        return [
            f"COPY {' '.join(files)} ./",
            "RUN pip install --no-cache-dir poetry && poetry config virtualenvs.create false \\",
            "    && poetry install --no-interaction --no-root",
        ], files
    if repository.has("Pipfile"):
        files = [name for name in ("Pipfile", "Pipfile.lock") if repository.has(name)]
        locked = " --deploy" if len(files) == 2 else ""
        return [
            f"COPY {' '.join(files)} ./",
            f"RUN pip install --no-cache-dir pipenv && pipenv install --system --dev{locked}",
        ], files
    folder = next((f"requirements/{name}.txt" for name in _FOLDER if repository.has(f"requirements/{name}.txt")), "")
    top = [path for path in repository.files if _REQUIREMENTS.fullmatch(path) and "/" not in path]
    if folder and (not top or repository.text("requirements.txt").strip().startswith("-r requirements/")):
        return ["COPY requirements ./requirements", f"RUN pip install --no-cache-dir -r {folder}"], ["requirements"]
    if top:
        # Those of the tests too: the same image runs them.
        asked = " ".join(f"-r {name}" for name in top)
        return [f"COPY {' '.join(top)} ./", f"RUN pip install --no-cache-dir {asked}"], top
    if part(project, "project", "dependencies"):
        return [
            "COPY pyproject.toml ./",
            "# What pyproject.toml depends on, before the sources are there: they change more often.",
            "RUN python -c \"import tomllib; t = tomllib.load(open('pyproject.toml', 'rb')); p = t['project']; \\",
            "groups = [*p.get('optional-dependencies', {}).values(), *t.get('dependency-groups', {}).values()]; \\",
            "print(*p['dependencies'], *(d for g in groups for d in g if isinstance(d, str)), sep=chr(10))\" \\",
            "    > /tmp/needed.txt && pip install --no-cache-dir -r /tmp/needed.txt",
        ], ["pyproject.toml"]
    return [], []


def _itself(repository: Repository) -> tuple[str, ...]:
    """The line that installs a package whose dependencies only its build knows."""
    built = repository.has("setup.py") or "build-system" in toml(repository.text("pyproject.toml"))
    return ("RUN pip install --no-cache-dir -e .",) if built else ()


def _module(repository: Repository, pattern: str) -> tuple[str, str] | None:
    """The module in which `pattern` (group 1: a name) stands, with the name."""
    found = repository.search(pattern, *_ENDINGS)
    if not found:
        return None
    module = found[0].removeprefix("src/").removesuffix(".py").removesuffix("/__init__").replace("/", ".")
    return module, found[1][1]


def _framework(repository: Repository, named: set[str]) -> tuple[str, tuple[str, ...], Reason, dict[str, str]]:
    """Which framework, the command that starts it, its port, and variables that it needs."""
    more = {"PYTHONPATH": "/app/src"} if any(path.startswith("src/") for path in repository.files) else {}
    if repository.has("manage.py"):
        number = port(repository, (), _ENDINGS, 8000, "Django")
        return "Django", ("python", "manage.py", "runserver", f"0.0.0.0:{number.value}"), number, more
    app = _module(repository, r"^(\w+)\s*(?::[^=\n]+)?=\s*FastAPI\(") if "fastapi" in named else None
    if app:
        number = port(repository, _PORTS, _ENDINGS, 8000, "Uvicorn")
        start = ("python", "-m", "uvicorn") if "uvicorn" in named else ("fastapi", "dev")
        if start[0] == "fastapi":
            path = app[0].replace(".", "/") + ".py"
            return "FastAPI", (*start, "--host", "0.0.0.0", "--port", number.value, path), number, more
        words = (*start, f"{app[0]}:{app[1]}", "--reload", "--host", "0.0.0.0", "--port", number.value)
        return "FastAPI", words, number, more
    if "flask" in named:
        app = _module(repository, r"^(\w+)\s*=\s*(?:flask\.)?Flask\(")
        factory = _module(repository, r"^def (create_app|make_app)\(")
        number = port(repository, _PORTS, _ENDINGS, 5000, "Flask")
        where = f"{app[0]}:{app[1]}" if app else f"{factory[0]}:{factory[1]}" if factory else ""
        words = ("flask", *(("--app", where) if where else ()), "run", "--debug", "--host", "0.0.0.0", "--port")
        return "Flask", (*words, number.value), number, more
    number = port(repository, _PORTS, _ENDINGS, 8000)
    found = repository.search(r"\.serve_forever\(|run_app\(|app\.run\(|uvicorn\.run\(", *_ENDINGS)
    main = found[0] if found else repository.first("app.py", "main.py", "server.py", "run.py")
    return "", ("python", main) if main else (), number, more


def _migrate(repository: Repository, named: set[str], framework: str) -> Reason | None:
    if framework == "Django":
        return Reason(value="python manage.py migrate --noinput", why="Django's migrations")
    if repository.has("alembic.ini"):
        return Reason(value="alembic upgrade head", why="alembic.ini")
    if "flask-migrate" in named and repository.has("migrations/env.py"):
        return Reason(value="flask db upgrade", why="Flask-Migrate in the dependencies, and migrations/env.py")
    return None


def _test(repository: Repository, named: set[str], framework: str, lines: list[str]) -> tuple[Reason | None, str]:
    """The command of the tests, and the package that it needs and `lines` do not install, "" for none."""
    asked = any(name == "pytest" or name.startswith(("pytest[", "pytest-")) for name in named)
    settings = next((path for path in repository.files if re.search(r"(^|/)(conftest\.py|pytest\.ini)$", path)), "")
    if not settings and part(toml(repository.text("pyproject.toml")), "tool", "pytest"):
        settings = "pyproject.toml"
    found = [path for path in repository.files if re.search(r"(^|/)(test_[^/]*|[^/]*_test)\.py$", path)]
    if not (asked or settings):
        if framework == "Django":
            return Reason(value="python manage.py test", why="Django's own"), ""
        if not found:
            return None, ""
        if all(_unittest(repository.text(path)) for path in found):
            return _discover(repository, found[0]), ""
    why = "pytest is among the dependencies" if asked else settings or f"{found[0]} is written for pytest"
    missing = "" if asked and _installs(repository, lines) else "pytest"
    return Reason(value="python -m pytest -q", why=why), missing


def _unittest(text: str) -> bool:
    """Whether a file of tests has classes of unittest, and nothing that pytest alone runs."""
    return bool(re.search(r"^class .*TestCase\b", text, re.MULTILINE)) and not re.search(
        r"^(?:async )?def test_|^\s*(?:import|from) pytest\b", text, re.MULTILINE
    )


def _discover(repository: Repository, found: str) -> Reason:
    """unittest's own search, from the folder of the file `found`: from the top where that folder is a package."""
    folder = found.rpartition("/")[0]
    top = " -t ." if repository.has(f"{folder}/__init__.py") else ""
    return Reason(value=f"python -m unittest discover{f' -s {folder}{top}' if folder else ''}", why=found)


def _installs(repository: Repository, lines: list[str]) -> bool:
    """Whether the Dockerfile's `lines` install pytest, which some list names: of a folder of lists one is installed,
    with those that it reads."""
    of_folder = re.search(r"-r (requirements/\S+)", " ".join(lines))
    if of_folder is None:
        return bool(lines)
    waiting, seen = [of_folder[1]], set[str]()
    while waiting:
        path = waiting.pop()
        text = repository.text(path)
        if re.search(r"^\s*pytest\b", text, re.MULTILINE | re.IGNORECASE):
            return True
        seen.add(path)
        more = {f"requirements/{name}" for name in re.findall(r"^\s*-(?:r|-requirement)[ =]*(\S+)", text, re.MULTILINE)}
        waiting += sorted(more - seen)
    return False


def _version(repository: Repository) -> tuple[str, str]:
    said = repository.text(".python-version").strip()
    if said:
        return said, ".python-version says"
    asked = text(toml(repository.text("pyproject.toml")), "project", "requires-python")
    return (asked, "pyproject.toml asks for") if asked else ("", "")


LANGUAGE = Language(name="Python", marks=_MARKS, endings=_ENDINGS, look=look)
