"""What is written so that work on it goes on well: stages, tests, the port that a variable says."""

from __future__ import annotations

import pytest

from devenv.core.init import DOCKERFILE, MANIFEST, Guess, Repository, interesting, look, summary, write
from devenv.core.source import read_yaml

FLASK = {"requirements.txt": "Flask==3.0\n", "app.py": "from flask import Flask\napp = Flask(__name__)\n"}
EXPRESS = {"package.json": '{"scripts": {"start": "node x.js"}, "dependencies": {"express": "4"}}'}
UNITTEST = "class TestA(unittest.TestCase):\n    def test_a(self): ..."


def guessed(files: dict[str, str]) -> Guess:
    names = tuple(sorted(files))
    return look(Repository(name="one", files=names, texts={path: files[path] for path in interesting(names)}))


def written(files: dict[str, str]) -> dict[str, str]:
    return write(guessed(files), schema="s.json")


def manifest(files: dict[str, str]) -> dict[str, dict[str, object]]:
    """The manifest's services."""
    return read_yaml(written(files)[MANIFEST], MANIFEST).value["services"]  # type: ignore[no-any-return]


@pytest.mark.parametrize(
    ("files", "installed"),
    [
        ({"requirements.txt": "flask\n", "test_a.py": "def test_a(): ..."}, True),
        ({"requirements.txt": "flask\npytest-cov\n", "test_a.py": "def test_a(): ..."}, False),
        ({"requirements.txt": "flask\n", "requirements-dev.txt": "pytest\n"}, False),
        ({"requirements.txt": "flask\n", "test_a.py": UNITTEST}, False),
        # Of these lists dev.txt is installed, and what that reads.
        ({"requirements/dev.txt": "flask\n", "requirements/test.txt": "pytest\n"}, True),
        ({"requirements/dev.txt": "-r test.txt\n", "requirements/test.txt": "-r dev.txt\npytest\n"}, False),
        # Its groups are installed with the dependencies that it names, and it names none.
        ({"pyproject.toml": '[dependency-groups]\ndev = ["pytest"]\n'}, True),
    ],
)
def test_pytest_is_installed_where_no_list_does_it(files: dict[str, str], installed: bool) -> None:
    text = written(files)[DOCKERFILE]
    base = text[: text.index("FROM base AS workspace")]
    assert ("RUN pip install --no-cache-dir pytest\n" in base) is installed
    assert text.count(" pytest\n") == installed


def test_a_dockerfile_of_one_s_own_is_told_what_the_tests_need() -> None:
    files = {**FLASK, "test_a.py": "def test_a(): ...", "Dockerfile": "FROM python\n"}
    assert guessed(files).unsure[-1].startswith("`devenv run test` needs pytest, which no list of dependencies names")


PYTHON = {"requirements.txt": "flask\n"}
NODE = {"package.json": '{"dependencies": {"express": "4"}}'}
GO = {"go.mod": "module x\nrequire github.com/gin-gonic/gin v1\n"}
RUBY = {"Gemfile": "gem 'pg'\n"}
PHP = {"composer.json": '{"require": {"slim/slim": "4", "ext-gd": "*"}}'}
JAVA = {"pom.xml": "<dependency><artifactId>guava</artifactId></dependency>"}
RUST = {"Cargo.toml": '[package]\nname = "x"\n'}


@pytest.mark.parametrize("files", [PYTHON, NODE, GO, RUBY, PHP, JAVA, RUST, {"setup.py": ""}])
def test_an_edit_makes_nothing_anew_but_what_is_after_the_sources(files: dict[str, str]) -> None:
    base, workspace, app = written(files)[DOCKERFILE].split("\nFROM ")[1:]
    assert workspace.startswith("base AS workspace\n")
    assert app.startswith("base AS app\n")
    # Whatever builder makes the workspace, it has no stage with the sources above it.
    assert "COPY . ." not in base + workspace
    for fetched in (
        "apt-get",
        "requirements",
        "npm install",
        "go mod",
        "bundle install",
        "composer install",
        "mvn -q -B d",
    ):
        assert fetched not in app


AXUM = '[package]\nname = "x"\n[dependencies]\naxum = "0.8"\n'


def test_crates_are_built_before_the_sources() -> None:
    text = written({"Cargo.toml": AXUM, "Cargo.lock": "", "src/main.rs": ""})[DOCKERFILE]
    base, _, app = text.split("\nFROM ")[1:]
    assert "COPY Cargo.toml Cargo.lock ./\n" in base
    assert "RUN mkdir src && echo 'fn main() {}' > src/main.rs && cargo build --locked && rm -r src\n" in base
    assert "RUN touch src/main.rs && cargo build --locked && cp target/debug/x /usr/local/bin/\n" in app


@pytest.mark.parametrize(
    "files",
    [
        {"Cargo.toml": AXUM, "src/main.rs": "", "build.rs": ""},
        {"Cargo.toml": AXUM, "src/bin/x.rs": ""},
        {"Cargo.toml": AXUM + '[[bin]]\nname = "x"\npath = "a.rs"\n', "src/main.rs": ""},
        {"Cargo.toml": AXUM.replace("[dep", 'default-run = "y"\n[dep'), "src/main.rs": ""},
        {"Cargo.toml": AXUM + 'y = {path = "y"}\n', "src/main.rs": ""},
        {"Cargo.toml": '[package]\nname = "x"\n', "src/main.rs": ""},
    ],
)
def test_crates_are_not_built_ahead_where_more_than_the_manifest_is_needed(files: dict[str, str]) -> None:
    text = written(files)[DOCKERFILE]
    assert "mkdir src" not in text
    assert "RUN cargo build && cp" in text


def test_a_package_that_the_editor_works_on_is_installed_from_there() -> None:
    assert "  postCreateCommand: pip install -e .  # the editor works on" in written({"setup.py": ""})[MANIFEST]


@pytest.mark.parametrize(
    ("files", "port", "why", "variable"),
    [
        # What the code falls back to counts where no variable is set, and ours is.
        ({**EXPRESS, "x.js": "app.listen(process.env.PORT || 3000)", ".env.example": "PORT=4100\n"},
         "4100", ".env.example says PORT=4100", "PORT"),
        ({**EXPRESS, "x.js": "app.listen(process.env.PORT || 3000)", ".env": "export PORT='4200'\n"},
         "4200", ".env says PORT=4200", "PORT"),
        ({**EXPRESS, "x.js": "l(process.env.PORT ?? 3000)", ".env": "PORT=1\nPORT=4200\n", ".env.example": "PORT=4100"},
         "4100", ".env.example says PORT=4100", "PORT"),
        ({**EXPRESS, "x.js": "app.listen(3000)", ".env.example": "PORT=4100\n"}, "3000", "x.js says so", "PORT"),
        ({**EXPRESS, "x.js": "l(process.env.SERVER_PORT || 3000)", ".env.example": "SERVER_PORT=4100\nPORT=1234\n"},
         "4100", ".env.example says SERVER_PORT=4100", "SERVER_PORT"),
        ({**EXPRESS, "x.js": "l(process.env.DB_PORT || 5432)", ".env.example": "DB_PORT=5433\n"},
         "3000", "where Express listens unless told otherwise", "PORT"),
        ({"requirements.txt": "", "a.py": "app.run(port=int(os.environ.get('PORT', 8000)))", ".env": "PORT=4200\n"},
         "4200", ".env says PORT=4200", "PORT"),
        ({"go.mod": "module x\n", "m.go": 'p := os.Getenv("PORT")\nif p == "" { p = "8080" }', ".env": "PORT=4200\n"},
         "4200", ".env says PORT=4200", "PORT"),
        ({"Gemfile": "", "a.rb": "TCPServer.new(ENV.fetch('PORT', 4567))"}, "4567", "a.rb says so", "PORT"),
        ({**EXPRESS, "x.js": "app.listen(process.env.PORT || 3000)", ".env": "PORT=70000\n"},
         "3000", "x.js says so", "PORT"),
    ],
)  # fmt: skip
def test_a_variable_goes_before_what_the_code_falls_back_to(
    files: dict[str, str], port: str, why: str, variable: str
) -> None:
    app = guessed(files).app
    assert app is not None
    assert (app.port.value, app.port.why) == (port, why)
    environment = manifest(files)["app"]["environment"]
    assert isinstance(environment, dict)
    assert manifest(files)["app"]["ports"] == [int(port)]
    assert environment[variable] == port


def test_mariadb_is_called_so_wherever_it_is_told() -> None:
    files = {"composer.json": '{"require": {"ext-pdo_mysql": "*"}}'}
    told = "MariaDB, which speaks MySQL's protocol"
    assert summary(guessed(files))["db"] == f"{told} (ext-pdo_mysql in composer.json)"
    assert f"# {told}: ext-pdo_mysql in composer.json.\n" in written(files)[MANIFEST]
