"""What was guessed, as the files that say it: comments tell where each guess comes from."""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Iterable, Mapping

from devenv.core.init.guess import App, Backing, Guess, Reason

MANIFEST = "devenv.yaml"
DOCKERFILE = "Dockerfile.dev"
IGNORE = "Dockerfile.dev.dockerignore"
_WIDTH = 118
_COMPLETED = "{condition: service_completed_successfully}"
_WITH_GIT = ("golang:", "rust:")
"""Images that have git already."""
_IGNORED = (".git", ".devcontainer", ".devenv", ".env", MANIFEST, DOCKERFILE, IGNORE)


def write(guess: Guess, *, schema: str) -> dict[str, str]:
    """Path (relative to the repository) → text. `schema` is where an editor finds the manifest's schema, relative to
    the repository."""
    files = {MANIFEST: _manifest(guess, schema)}
    if guess.app is not None and not guess.dockerfile:
        files[DOCKERFILE] = _dockerfile(guess.app, alone=bool(guess.devcontainer))
        files[IGNORE] = "\n".join((*_IGNORED, *guess.app.ignore)) + "\n"
    return files


def served(guess: Guess) -> bool:
    """Whether something is known that answers at a port."""
    return guess.app is not None and guess.app.command[:1] != ("sleep",)


def _manifest(guess: Guess, schema: str) -> str:
    lines = [
        f"# yaml-language-server: $schema={schema}",
        "# Written by `devenv init` from what lies in this repository. A comment says where each guess comes from:",
        "# mend what is wrong, then `devenv up`. Your editor completes every key and explains it.",
        *_unsure(guess),
        f"name: {guess.name}",
        "",
        "services:",
    ]
    if guess.app is not None:
        lines += _app(guess, guess.app)
    elif guess.static:
        lines += _static(guess.static)
    elif guess.dockerfile:
        lines += ["  app:", *_build(guess, "app")]
    else:
        lines += ["  # Nothing here says what this repository is: name its services.", "  app:", "    use: debian",
                  "    command: [sleep, infinity]"]  # fmt: skip
    for service, why in guess.backing:
        lines += ["", *_backing(service, why, guess)]
    if guess.app is not None:
        lines += _workspace(guess, guess.app)
    return "\n".join(lines) + "\n"


def _unsure(guess: Guess) -> list[str]:
    said = list(guess.unsure)
    said += [
        f"`{service.image}` comes from a registry: devenv cannot make it where none answers."
        for service, _ in guess.backing
        if service.image
    ]
    if not said:
        return []
    lines = ["#", "# What could not be known:"]
    for sentence in said:
        lines += textwrap.wrap(sentence, _WIDTH - 4, initial_indent="# - ", subsequent_indent="#   ")
    return [*lines, "#"]


def _app(guess: Guess, app: App) -> list[str]:
    lines = ["  app:", *_comment(f"{app.title} ({app.file}).", 4)]
    lines += _build(guess, "app")
    if guess.dockerfile:
        lines[-1:] = [*_comment("The repository's own Dockerfile says how it is made and started.", 4), lines[-1]]
    migrated = app.migrate is not None
    lines.append("    init: true")
    if guess.variables:
        lines.append("    environment:" + (" &environment" if migrated else ""))
        for variable in guess.variables:
            text = f"      {variable.name}: {_scalar(variable.value)}"
            lines.append(_aside(text, variable.why))
    if not served(guess):
        return lines
    lines.append(_aside(f"    ports: [{app.port.value}]", app.port.why))
    lines += _ready(app)
    if migrated:
        lines.append(f"    depends_on: {{migrate: {_COMPLETED}}}")
    if not guess.dockerfile:
        lines += _watch(app)
    if app.migrate is not None:
        lines += ["", *_migrate(guess, app.migrate)]
    return lines


def _build(guess: Guess, target: str) -> list[str]:
    if guess.dockerfile == "Dockerfile":
        return ["    build: ."]
    if guess.dockerfile:
        return [f"    build: {{context: ., dockerfile: {guess.dockerfile}}}"]
    return [f"    build: {{context: ., dockerfile: {DOCKERFILE}, target: {target}}}"]


def _ready(app: App) -> list[str]:
    if app.health is None:
        return [_aside(f"    ready: {{tcp: {app.port.value}}}", "no route was found that says more")]
    path = _scalar(app.health.value)
    if app.host:
        path = f"{{path: {path}, headers: {{Host: {app.host}}}}}"
    return [_aside(f"    ready: {{http: {path}, timeout: 2m}}", app.health.why)]


def _watch(app: App) -> list[str]:
    """What `up --watch` does with an edited file; what Dockerfile.dev.dockerignore names does not count."""
    if app.compiled:
        why = "`devenv up --watch`: an edit makes a new image, and a new container of it."
        return [*_comment(why, 4), "    develop:", "      watch:", "        - {action: rebuild, path: .}"]
    seen = "which sees it by itself" if app.reloads else "and the program starts anew"
    lines = [*_comment(f"`devenv up --watch`: an edited file is copied to the program, {seen}.", 4), "    develop:"]
    lines += [
        "      watch:",
        f"        - {{action: {'sync' if app.reloads else 'sync+restart'}, path: ., target: /app}}",
    ]
    return [*lines, *(f"        - {{action: rebuild, path: {_scalar(path)}}}" for path in app.rebuild)]


def _migrate(guess: Guess, migrate: Reason) -> list[str]:
    command = _flow(migrate.value.split())
    lines = ["  migrate:", *_comment(f"{migrate.why}: run to the end before `app` starts.", 4), *_build(guess, "app")]
    lines += [f"    command: {command}"]
    if guess.variables:
        lines.append("    environment: *environment")
    return [*lines, "    one_shot: true"]


def _static(folder: str) -> list[str]:
    where, page = (".", "index.html") if folder == "." else (f"./{folder}", f"{folder}/index.html")
    return [
        "  web:",
        *_comment(f"A page of files ({page}) and no program: nginx serves it as it lies here.", 4),
        "    use: nginx",
        f'    volumes: ["{where}:/usr/share/nginx/html:ro"]',
        "    ready: {http: /}",
    ]


def _backing(service: Backing, why: str, guess: Guess) -> list[str]:
    lines = [f"  {service.name}:", *_comment(f"{service.described}: {why}.", 4)]
    if service.use:
        lines.append(f"    use: {service.use}")
    else:
        lines.append(f"    image: {service.image}")
        if service.environment:
            lines.append("    environment:")
            lines += [f"      {name}: {_scalar(value)}" for name, value in service.environment.items()]
        lines += [f"    ports: [{service.port}]", f"    ready: {{tcp: {service.port}, timeout: 3m}}"]
        if service.data:
            lines.append(f'    volumes: ["{service.name}-data:{service.data}"]')
    if guess.seeds and service.use == "mariadb" and all(path.endswith(".sql") for path in guess.seeds):
        why = "Run by the server itself when it makes its data, in this order: devenv has no seeds for MariaDB yet."
        lines += [*_comment(why, 4), "    volumes:"]
        places = (f"{number:02}-{path.rpartition('/')[2]}" for number, path in enumerate(guess.seeds, 1))
        pairs = zip(guess.seeds, places, strict=True)
        lines += [f"      - {_scalar(f'./{path}:/docker-entrypoint-initdb.d/{place}:ro')}" for path, place in pairs]
    elif guess.seeds and service.use == "postgres":
        lines += [*_comment(f"Loaded once per data, in this order: {guess.seeds_why}.", 4), "    seed:"]
        lines += [f"      - {_scalar(path)}" for path in guess.seeds]
    return lines


def _workspace(guess: Guess, app: App) -> list[str]:
    own = guess.devcontainer
    lines = []
    if not own:
        lines = ["", "  workspace:", *_comment("What an editor opens (`Reopen in Container`).", 4)]
        lines += [f"    use: {app.language}"] if guess.dockerfile else _build(guess, "workspace")
    volumes = [service for service, _ in guess.backing if service.data]
    if volumes:
        lines += ["", "volumes:", *(f"  {service.name}-data: {{}}" for service in volumes)]
    lines += ["", *_comment(f"The workspace is what {own} says.", 0)] if own else ["", "workspace:"]
    settings = [f"  extensions: {_flow(app.extensions)}"] if app.extensions else []
    if app.post_create and not guess.dockerfile:
        settings.append(
            _aside(f"  postCreateCommand: {app.post_create}", "the editor works on the repository, not on /app")
        )
    if not own:
        lines += settings
    if not own and not settings:
        lines[-1] += " {}"
    if app.test is not None:
        where = "workspace" if guess.dockerfile and not own else "app"
        lines += ["", "tasks:", *_comment(f"`devenv run test`: {app.test.why}.", 2)]
        command = f"command: {_scalar(app.test.value)}"
        lines.append(f"  test: {{service: {where}, {command}, description: Run the tests}}")
    return lines


def _dockerfile(app: App, *, alone: bool) -> str:
    """What `devenv up` builds. The sources come in the last stage alone: an edit makes neither the dependencies nor the
    workspace anew, also with a builder that makes every stage above the one that is asked for."""
    lines = [
        "# For development: what `devenv up` builds. Written by `devenv init`; a production image is another matter.",
        *_comment(f"The version: {app.image.why}.", 0),
        f"FROM {app.image.value} AS {'app' if alone else 'base'}",
        "WORKDIR /app",
    ]
    if app.packages:
        lines.append(_install(app.packages))
    lines += app.dependencies
    if not alone:
        lines += ["", *_comment("What an editor opens: this with the tools of whoever works in it. The repository is "
                  "mounted there.", 0), "FROM base AS workspace"]  # fmt: skip
        if not app.image.value.startswith(_WITH_GIT):
            lines.append(_install(("git", "openssh-client")))
        lines += ["", "FROM base AS app"]
    else:
        lines.append("")
    lines += ["# The sources come last: they change most often.", "COPY . .", *app.finish]
    lines.append(f"CMD {json.dumps(list(app.command))}")
    return "\n".join(lines) + "\n"


def _install(packages: Iterable[str]) -> str:
    return (
        f"RUN apt-get update && apt-get install -y --no-install-recommends {' '.join(packages)} \\\n"
        "    && rm -rf /var/lib/apt/lists/*"
    )


def _comment(text: str, indent: int) -> list[str]:
    mark = " " * indent + "# "
    return textwrap.wrap(text, _WIDTH, initial_indent=mark, subsequent_indent=mark)


def _aside(line: str, why: str) -> str:
    """`line` with the reason beside it, or above it where there is no room."""
    if not why:
        return line
    if len(line) + len(why) + 4 <= _WIDTH:
        return f"{line}  # {why}"
    return "\n".join((*_comment(why, len(line) - len(line.lstrip())), line))


def _flow(items: Iterable[str]) -> str:
    return f"[{', '.join(_scalar(item, flow=True) for item in items)}]"


_PLAIN = re.compile(r"[A-Za-z_./][A-Za-z0-9_./+@-]*(?: [A-Za-z0-9_./+=@-]+)*")
_WORDS = frozenset(("true", "false", "yes", "no", "on", "off", "null", "y", "n", "~"))


def _scalar(text: str, *, flow: bool = False) -> str:
    """`text` as YAML reads it back: bare where nothing in it means something else."""
    if _PLAIN.fullmatch(text) and text.lower() not in _WORDS and text not in (".", ".."):
        return text
    return json.dumps(text, ensure_ascii=False)


def summary(guess: Guess) -> Mapping[str, str]:
    """What was found, by what a person would call it: shown before anything is written."""
    found: dict[str, str] = {}
    if guess.app is not None:
        found["code"] = f"{guess.app.title} ({guess.app.file})"
        if served(guess):
            found["port"] = f"{guess.app.port.value} ({guess.app.port.why})"
    elif guess.static:
        found["code"] = "a page of files, served by nginx"
    for service, why in guess.backing:
        found[service.name] = f"{service.described} ({why})"
    if guess.seeds:
        found["data"] = ", ".join(guess.seeds)
    return found
