"""PHP: Laravel, Symfony, Slim, or pages alone; PHP's own server serves them while one works on them."""

from __future__ import annotations

import re

from devenv.core.init.guess import App, Language, Reason, Repository
from devenv.core.init.reading import health, image, json_object, part, port, table

_ENDINGS = (".php",)
_FRAMEWORKS = {"laravel/framework": "Laravel", "symfony/framework-bundle": "Symfony", "slim/slim": "Slim"}
_LARAVEL = {"APP_KEY": "base64:" + "ZGV2ZW52" * 5 + "ZGU="}
"""32 bytes that are no secret: without a key Laravel answers nothing."""
_PORTS = (r"php\s+-S\s+[^\s:]+:([0-9]{2,5})",)
_BUILT_IN = frozenset((
    "core", "ctype", "curl", "date", "dom", "fileinfo", "filter", "ftp", "hash", "iconv", "json", "libxml", "mbstring",
    "openssl", "pcre", "pdo", "pdo_sqlite", "phar", "posix", "random", "readline", "reflection", "session", "simplexml",
    "sodium", "spl", "sqlite3", "standard", "tokenizer", "xml", "xmlreader", "xmlwriter", "zlib",
))  # fmt: skip
"""Extensions that the official image has compiled in."""
_NEEDS = {
    "pdo_pgsql": ("libpq-dev",), "pgsql": ("libpq-dev",), "gd": ("libpng-dev",), "intl": ("libicu-dev",),
    "zip": ("libzip-dev",), "soap": ("libxml2-dev",), "gmp": ("libgmp-dev",), "bz2": ("libbz2-dev",),
    "xsl": ("libxslt1-dev",), "ldap": ("libldap2-dev",),
}  # fmt: skip
"""Debian's packages that an extension is compiled against."""
_IN_CODE = {"pgsql": r"[\"']pgsql:|pg_connect\(", "mysql": r"[\"']mysql:", "mysqli": r"\bmysqli\b"}


def look(repository: Repository) -> App | None:
    file = repository.first("composer.json", "index.php", "public/index.php")
    if file is None:
        return None
    package = json_object(repository.text("composer.json"))
    required = {**table(package, "require"), **table(package, "require-dev")}
    named = {name.lower() for name in required}
    real = {name for name in named if "/" in name}
    extensions = _extensions(repository, named)
    framework = next((title for name, title in _FRAMEWORKS.items() if name in named), "")
    said_in = (".php", "composer.json", "Makefile")
    number = port(repository, _PORTS, said_in, 8000, framework if framework == "Laravel" else "")
    served = ("-t", "public") if repository.has("public/index.php") else ()
    command: tuple[str, ...] = ("php", "-S", f"0.0.0.0:{number.value}", *served)
    if framework == "Laravel":
        command = ("php", "artisan", "serve", "--host", "0.0.0.0", "--port", number.value)
    root = health(repository, _ENDINGS, "") or _index(repository)
    fetches = bool(real or part(package, "autoload") or part(package, "autoload-dev"))
    files = ["composer.json", *(["composer.lock"] if repository.has("composer.lock") else [])]
    lines = [f"RUN docker-php-ext-install {' '.join(extensions)}"] if extensions else []
    if fetches:
        lines += [
            "COPY --from=composer:2 /usr/bin/composer /usr/local/bin/composer",
            f"COPY {' '.join(files)} ./",
            "RUN composer install --no-interaction --no-scripts --no-autoloader",
        ]
    packages = {package for name in extensions for package in _NEEDS.get(name, ())} | (
        {"git", "unzip"} if fetches else set()
    )
    unsure = (
        "Composer comes from its image `composer:2`: where no registry answers, devenv cannot make that one."
        if fetches
        else ""
    )
    return App(
        language="php",
        title=f"PHP with {framework}" if framework else "PHP",
        file=file,
        image=image("php", _atleast(str(required.get("php", ""))), "8.4", "-cli", "composer.json asks for PHP"),
        command=command,
        port=number,
        health=root,
        environment=_LARAVEL if framework == "Laravel" else {},
        packages=tuple(sorted(packages)),
        dependencies=tuple(lines),
        finish=("RUN composer dump-autoload",) if fetches else (),
        rebuild=tuple(files) if fetches else (),
        reloads=True,
        migrate=_migrate(repository, named, framework),
        test=_test(repository, package, named),
        extensions=("bmewburn.vscode-intelephense-client",),
        ignore=("vendor",),
        named=frozenset(named | {f"ext-{name}" for name in extensions}),
        unsure=(unsure,) if unsure else (),
    )


def _atleast(said: str) -> str:
    return said.split("|")[-1].strip() if "|" in said else said


def _extensions(repository: Repository, named: set[str]) -> tuple[str, ...]:
    asked = {name.removeprefix("ext-") for name in named if name.startswith("ext-")}
    for name, pattern in _IN_CODE.items():
        if repository.search(pattern, *_ENDINGS):
            asked.add(name if name == "mysqli" else f"pdo_{name}")
    if "laravel/framework" in named:
        example = repository.text(".env.example")
        asked |= {f"pdo_{kind}" for kind in ("pgsql", "mysql") if re.search(rf"^DB_CONNECTION={kind}", example, re.M)}
    # What PECL alone has is not compiled by docker-php-ext-install.
    return tuple(sorted(asked - _BUILT_IN - {"redis", "memcached", "mongodb", "xdebug", "imagick", "amqp"}))


def _index(repository: Repository) -> Reason | None:
    found = repository.first("public/index.php", "index.php")
    return Reason(value="/", why=f"{found} answers it") if found else None


def _migrate(repository: Repository, named: set[str], framework: str) -> Reason | None:
    if framework == "Laravel":
        return Reason(value="php artisan migrate --force", why="Laravel's migrations")
    if "doctrine/doctrine-migrations-bundle" in named:
        return Reason(value="php bin/console doctrine:migrations:migrate -n", why="Doctrine's migrations")
    if repository.has("phinx.php"):
        return Reason(value="vendor/bin/phinx migrate", why="phinx.php")
    return None


def _test(repository: Repository, package: dict[str, object], named: set[str]) -> Reason | None:
    if "test" in table(package, "scripts"):
        return Reason(value="composer test", why="composer.json's script `test`")
    if "phpunit/phpunit" in named:
        return Reason(value="vendor/bin/phpunit", why="phpunit in composer.json")
    found = next((path for path in repository.files if re.fullmatch(r"tests?/[^/]*\.php", path)), "")
    return Reason(value=f"php {found}", why=found) if found else None


LANGUAGE = Language(name="PHP", marks=("composer.json", "index.php", "public/index.php"), endings=_ENDINGS, look=look)
