"""Node.js: Express and its like, Next, Vite, or a program that serves by itself."""

from __future__ import annotations

import re

from devenv.core.init.guess import App, Language, Reason, Repository
from devenv.core.init.reading import health, image, json_object, only_inside, port, table, text

_ENDINGS = (".js", ".mjs", ".cjs", ".ts", ".mts", ".jsx", ".tsx")
_PORTS = (
    r"\.listen\(\s*([0-9]{2,5})",
    r"\.listen\(\s*\{[^}]*port:\s*([0-9]{2,5})",
    r"(?<![A-Z_])(?:(?:APP|API|HTTP|LISTEN|NODE|SERVER|WEB)_)?PORT\b[^\n]{0,20}(?:\|\||\?\?)\s*[\"']?([0-9]{2,5})",
    r"\bport\s*[:=]\s*([0-9]{2,5})",
)
_SERVERS = {
    "next": ("Next.js", 3000), "nuxt": ("Nuxt", 3000), "@nestjs/core": ("NestJS", 3000), "astro": ("Astro", 4321),
    "express": ("Express", 3000), "fastify": ("Fastify", 3000), "koa": ("Koa", 3000), "@hapi/hapi": ("hapi", 3000),
    "hono": ("Hono", 3000), "vite": ("Vite", 5173), "react-scripts": ("Create React App", 3000),
}  # fmt: skip
"""By the package: what people call it, and where it listens by itself. The first that is there counts."""
_PAGES = ("Next.js", "Nuxt", "Astro", "Vite", "Create React App")
"""Those that answer at `/` without a route that could be seen."""


def look(repository: Repository) -> App | None:
    if not repository.has("package.json"):
        return None
    package = json_object(repository.text("package.json"))
    named = {name for key in ("dependencies", "devDependencies") for name in table(package, key)}
    scripts = {name: str(text) for name, text in table(package, "scripts").items()}
    framework, default = next((said for name, said in _SERVERS.items() if name in named), ("", 3000))
    number = _port(repository, scripts, default, framework)
    command, why_not = _command(repository, package, scripts, framework, number.value)
    locks, install, manager = _install(repository, package, bool(named))
    engines = text(package, "engines", "node")
    said = repository.text(".nvmrc").strip() or repository.text(".node-version").strip()
    root = health(
        repository, _ENDINGS, r"\.(?:get|use|all)\(\s*[\"'`]/[\"'`]|url\s*===?\s*[\"'`]/[\"'`]|createServer\("
    )
    if framework in _PAGES and root is None:
        root = Reason(value="/", why=f"{framework} serves its page there")
    local = "" if framework in _PAGES else only_inside(repository, _ENDINGS)
    floating = "" if locks or not named else "There is no lock file: versions of packages are whatever npm finds today."
    return App(
        language="node",
        title=f"Node.js with {framework}" if framework else "Node.js",
        file="package.json",
        image=image("node", said or engines, "20", "-slim", ".nvmrc says" if said else "package.json asks for"),
        command=command,
        port=number,
        health=root,
        environment={"NODE_ENV": "development", "PORT": number.value},
        packages=("ca-certificates", "openssl") if "prisma" in named or "@prisma/client" in named else (),
        dependencies=install,
        finish=(
            *(("RUN npx prisma generate",) if "prisma" in named else ()),
            *(("RUN npm run build",) if command[-1] == "start" and "build" in scripts else ()),
        ),
        rebuild=("package.json", *locks),
        reloads=framework in _PAGES or any(word in " ".join(command) for word in ("run dev", "--watch")),
        migrate=_migrate(named),
        test=Reason(value=f"{manager} test", why="package.json's script `test`")
        if "test" in scripts and "no test specified" not in scripts["test"]
        else None,
        extensions=("dbaeumer.vscode-eslint",) if "eslint" in named else (),
        post_create=f"{manager} install" if named else "",
        ignore=("**/node_modules", ".next", "dist", "coverage"),
        named=frozenset(named),
        unsure=tuple(filter(None, (why_not, local, floating))),
    )


def _port(repository: Repository, scripts: dict[str, str], default: int, framework: str) -> Reason:
    for name in ("dev", "start"):
        match = re.search(r"(?:--port[= ]|-p |PORT=)([0-9]{2,5})\b", scripts.get(name, ""))
        if match:
            return Reason(value=match[1], why=f"package.json's script `{name}`")
    return port(repository, _PORTS, _ENDINGS, default, framework)


def _command(
    repository: Repository, package: dict[str, object], scripts: dict[str, str], framework: str, number: str
) -> tuple[tuple[str, ...], str]:
    script = next((name for name in ("dev", "start:dev", "develop", "start") if name in scripts), None)
    if script:
        everywhere = ("--host", "0.0.0.0", "--port", number)
        options = {
            "Vite": everywhere,
            "Astro": everywhere,
            "Nuxt": everywhere,
            "Next.js": ("-H", "0.0.0.0", "-p", number),
        }
        bound = options.get(framework, ())
        bound = bound if "host" not in scripts[script] and " -H" not in scripts[script] else ()
        return ("npm", "run", script, *(("--", *bound) if bound else ())), ""
    main = text(package, "main")
    found = repository.first(*filter(None, (main, "server.js", "index.js", "app.js", "src/index.js", "src/server.js")))
    if found:
        return ("node", "--watch", found), ""
    return ("sleep", "infinity"), "No way to start the program was found: say it in `command` of `app`."


def _install(
    repository: Repository, package: dict[str, object], any_named: bool
) -> tuple[tuple[str, ...], tuple[str, ...], str]:
    """The lock files, the Dockerfile's lines that install, and the package manager."""
    asked = text(package, "packageManager").partition("@")[0]
    if repository.has("pnpm-lock.yaml") or asked == "pnpm":
        lock, manager, command = "pnpm-lock.yaml", "pnpm", "npm install -g pnpm && pnpm install"
    elif repository.has("yarn.lock") or asked == "yarn":
        lock, manager, command = "yarn.lock", "yarn", "corepack enable && yarn install"
    elif repository.has("package-lock.json"):
        lock, manager, command = "package-lock.json", "npm", "npm ci"
    else:
        lock, manager, command = "", "npm", "npm install"
    locks = (lock,) if lock and repository.has(lock) else ()
    if locks and manager == "pnpm":
        command += " --frozen-lockfile"
    if not any_named:
        return locks, (), manager
    files = ["package.json", *locks, *(name for name in (".npmrc", ".yarnrc.yml") if repository.has(name))]
    if repository.has("prisma/schema.prisma"):
        return locks, (f"COPY {' '.join(files)} ./", "COPY prisma ./prisma", f"RUN {command}"), manager
    return locks, (f"COPY {' '.join(files)} ./", f"RUN {command}"), manager


def _migrate(named: set[str]) -> Reason | None:
    for package, command in (
        ("prisma", "npx prisma migrate deploy"),
        ("knex", "npx knex migrate:latest"),
        ("sequelize-cli", "npx sequelize-cli db:migrate"),
        ("node-pg-migrate", "npx node-pg-migrate up"),
        ("drizzle-kit", "npx drizzle-kit migrate"),
    ):
        if package in named:
            return Reason(value=command, why=f"{package} in package.json")
    return None


LANGUAGE = Language(name="Node.js", marks=("package.json",), endings=_ENDINGS, look=look)
