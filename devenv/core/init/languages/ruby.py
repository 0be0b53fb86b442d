"""Ruby: Rails, Sinatra, Rack, or a program that serves by itself."""

from __future__ import annotations

import re

from devenv.core.init.guess import App, Language, Reason, Repository
from devenv.core.init.reading import health, image, only_inside, port

_ENDINGS = (".rb", ".ru")
_PORTS = (
    r"set\s*\(?:port,\s*(?:ENV[^\n]*\|\|\s*)?([0-9]{2,5})",
    r"TCPServer\.(?:new|open)\([^)\n]*?([0-9]{2,5})\s*\)",
    r"Port:\s*([0-9]{2,5})",
    r"ENV(?:\.fetch\(|\[)\s*[\"']PORT[\"']\]?[^\n]{0,12}?([0-9]{2,5})",
)
_ROOT = (
    r"get\s*\(?\s*[\"']/[\"']|PATH_INFO"
    r"|mount(?:_proc)?\s*\(?\s*[\"']/[\"']|root\s+(?:to:|[\"'])"
)
_NEEDS = {
    "pg": ("libpq-dev",), "mysql2": ("default-libmysqlclient-dev",), "sqlite3": ("libsqlite3-dev",),
    "psych": ("libyaml-dev",), "rails": ("libyaml-dev",),
}  # fmt: skip
_PURE = frozenset(("rack", "rackup", "webrick", "sinatra", "rake", "minitest", "test-unit", "logger", "mustermann"))
"""Gems without C: they need no compiler."""


def look(repository: Repository) -> App | None:
    if not repository.has("Gemfile"):
        return None
    text = repository.text("Gemfile")
    named = set(re.findall(r"^\s*gem\s*\(?\s*[\"']([^\"']+)", text, re.MULTILINE))
    framework, command, number = _framework(repository, named)
    said = repository.text(".ruby-version").strip().removeprefix("ruby-")
    inside = re.search(r"^ruby\s*\(?[\"']([^\"']+)", text, re.MULTILINE)
    files = ["Gemfile", *(["Gemfile.lock"] if repository.has("Gemfile.lock") else []), *_more(repository)]
    packages = {package for name in named for package in _NEEDS.get(name, ())}
    if named - _PURE:
        packages |= {"build-essential", "git", "pkg-config"}
    root = health(repository, _ENDINGS, _ROOT)
    if (
        framework == "Rails"
        and repository.has("config/routes.rb")
        and "rails/health#show" in repository.text("config/routes.rb")
    ):
        root = Reason(value="/up", why="Rails' own health route, in config/routes.rb")
    return App(
        language="ruby",
        title=f"Ruby with {framework}" if framework else "Ruby",
        file="Gemfile",
        image=image("ruby", said or (inside[1] if inside else ""), "3.3", "-slim", "the repository says"),
        command=command or ("sleep", "infinity"),
        port=number,
        health=root,
        environment={"RAILS_ENV": "development"} if framework == "Rails" else {},
        packages=tuple(sorted(packages)),
        # `bundle check` alone where the image has every gem: then nothing is fetched.
        dependencies=(f"COPY {' '.join(files)} ./", "RUN bundle check || bundle install"),
        rebuild=tuple(files),
        reloads=framework == "Rails",
        migrate=Reason(value="bin/rails db:prepare", why="Rails' migrations") if framework == "Rails" else None,
        test=_test(repository, named, framework),
        extensions=("shopify.ruby-lsp",),
        ignore=("log", "tmp", "vendor/bundle"),
        named=frozenset(named),
        unsure=tuple(
            filter(
                None,
                (
                    "" if command else "No way to start the program was found: say it in `command` of `app`.",
                    "" if framework else only_inside(repository, _ENDINGS),
                ),
            )
        ),
    )


def _more(repository: Repository) -> list[str]:
    """Files that the Gemfile may read."""
    return [path for path in repository.files if path == ".ruby-version" or re.fullmatch(r"[^/]+\.gemspec", path)]


def _framework(repository: Repository, named: set[str]) -> tuple[str, tuple[str, ...], Reason]:
    if "rails" in named:
        number = port(repository, _PORTS[2:], (".rb",), 3000, "Rails")
        return "Rails", ("bin/rails", "server", "-b", "0.0.0.0", "-p", number.value), number
    if repository.has("config.ru"):
        title = "Sinatra" if "sinatra" in named else "Rack"
        number = port(repository, _PORTS, _ENDINGS, 9292, "rackup")
        return title, ("bundle", "exec", "rackup", "-o", "0.0.0.0", "-p", number.value), number
    if "sinatra" in named:
        found = repository.search(r"require\s+[\"']sinatra", *_ENDINGS)
        number = port(repository, _PORTS, _ENDINGS, 4567, "Sinatra")
        main = found[0] if found else "app.rb"
        return "Sinatra", ("bundle", "exec", "ruby", main, "-o", "0.0.0.0", "-p", number.value), number
    found = repository.search(r"TCPServer|WEBrick|Rack::Handler|Rackup", *_ENDINGS)
    main = found[0] if found else repository.first("app.rb", "server.rb", "main.rb") or ""
    number = port(repository, _PORTS, _ENDINGS, 4567)
    return "", ("bundle", "exec", "ruby", main) if main else (), number


def _test(repository: Repository, named: set[str], framework: str) -> Reason | None:
    if {"rspec", "rspec-rails"} & named:
        return Reason(value="bundle exec rspec", why="rspec in the Gemfile")
    if framework == "Rails":
        return Reason(value="bin/rails test", why="Rails' own")
    if repository.has("Rakefile") and re.search(r"TestTask|task\s*:test|task\(:test", repository.text("Rakefile")):
        return Reason(value="bundle exec rake test", why="the Rakefile's task `test`")
    found = next((path for path in repository.files if re.search(r"(^|/)(test_[^/]*|[^/]*_test)\.rb$", path)), "")
    return Reason(value=f"bundle exec ruby -Itest {found}", why=found) if found else None


LANGUAGE = Language(name="Ruby", marks=("Gemfile",), endings=_ENDINGS, look=look)
