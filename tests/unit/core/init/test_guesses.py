"""What is guessed from files that other repositories have: one thing each."""

from __future__ import annotations

import base64
import json

import pytest

from devenv.core.init import MANIFEST, Guess, Repository, interesting, look, write
from devenv.core.source import read_yaml

DOCKERFILE = "Dockerfile.dev"


def of(files: dict[str, str]) -> Repository:
    names = tuple(sorted(files))
    return Repository(name="one", files=names, texts={path: files[path] for path in interesting(names)})


def guessed(files: dict[str, str]) -> Guess:
    return look(of(files))


def written(files: dict[str, str]) -> dict[str, str]:
    return write(guessed(files), schema="s.json")


def manifest(files: dict[str, str]) -> dict[str, dict[str, object]]:
    """The manifest's services."""
    return read_yaml(written(files)[MANIFEST], MANIFEST).value["services"]  # type: ignore[no-any-return]


def command(files: dict[str, str]) -> str:
    (line,) = [line for line in written(files)[DOCKERFILE].splitlines() if line.startswith("CMD ")]
    return " ".join(word.strip('", []') for word in line.removeprefix("CMD ").split(", "))


FLASK = {"requirements.txt": "Flask==3.0\n", "app.py": "from flask import Flask\napp = Flask(__name__)\n"}
UNITTEST = "class TestA(unittest.TestCase):\n    def test_a(self): ..."
EXPRESS = {"package.json": '{"scripts": {"start": "node x.js"}, "dependencies": {"express": "4"}}'}


@pytest.mark.parametrize(
    ("files", "starts"),
    [
        (FLASK, "flask --app app:app run --debug --host 0.0.0.0 --port 5000"),
        (
            {"requirements.txt": "flask\n", "shop/__init__.py": "def create_app(): ...\n"},
            "flask --app shop:create_app run --debug --host 0.0.0.0 --port 5000",
        ),
        (
            {"requirements.txt": "fastapi\nuvicorn\n", "src/shop/main.py": "api = FastAPI()\n"},
            "python -m uvicorn shop.main:api --reload --host 0.0.0.0 --port 8000",
        ),
        (
            {"pyproject.toml": '[project]\ndependencies = ["fastapi[standard]"]\n', "main.py": "app = FastAPI()"},
            "fastapi dev --host 0.0.0.0 --port 8000 main.py",
        ),
        ({"requirements.txt": "Django>=5\n", "manage.py": ""}, "python manage.py runserver 0.0.0.0:8000"),
        ({"requirements.txt": "", "serve.py": "HTTPServer(('', 9000), H).serve_forever()"}, "python serve.py"),
        (EXPRESS, "npm run start"),
        ({"package.json": '{"main": "lib/index.js"}', "lib/index.js": ""}, "node --watch lib/index.js"),
        (
            {"package.json": '{"scripts": {"dev": "vite"}, "devDependencies": {"vite": "6"}}'},
            "npm run dev -- --host 0.0.0.0 --port 5173",
        ),
        (
            {"package.json": '{"scripts": {"dev": "next dev -p 3100"}, "dependencies": {"next": "15"}}'},
            "npm run dev -- -H 0.0.0.0 -p 3100",
        ),
        ({"Gemfile": 'gem "sinatra"\n', "web.rb": 'require "sinatra"\n'}, "bundle exec ruby web.rb -o 0.0.0.0 -p 4567"),
        ({"Gemfile": 'gem "sinatra"\n', "config.ru": "run App\n"}, "bundle exec rackup -o 0.0.0.0 -p 9292"),
        ({"Gemfile": 'gem "rails"\n'}, "bin/rails server -b 0.0.0.0 -p 3000"),
        ({"composer.json": '{"require": {"laravel/framework": "11"}}'}, "php artisan serve --host 0.0.0.0 --port 8000"),
        ({"index.php": "<?php"}, "php -S 0.0.0.0:8000"),
        ({"go.mod": "module x\n", "cmd/web/main.go": "func main() {}\n"}, "/usr/local/bin/app"),
        ({"Cargo.toml": '[package]\nname = "x"\n[[bin]]\nname = "web"\n'}, "/usr/local/bin/web"),
        ({"pom.xml": "<parent><artifactId>spring-boot-starter-parent</artifactId></parent>"}, "mvn -q spring-boot:run"),
        ({"build.gradle": "plugins { id 'org.springframework.boot' version '3.4.0' }\n// spring-boot"},
         "gradle --no-daemon -q bootRun"),
        (
            {"pom.xml": "<dependency><artifactId>guava</artifactId></dependency>", "src/main/java/a/B.java":
             "package a;\nclass B { public static void main(String[] x) {} }"},
            "mvn -q compile exec:java -Dexec.mainClass=a.B",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_how_it_is_started(files: dict[str, str], starts: str) -> None:
    assert command(files) == starts


@pytest.mark.parametrize(
    ("files", "port", "why"),
    [
        (FLASK, "5000", "where Flask listens unless told otherwise"),
        ({**FLASK, "app.py": "app = Flask(__name__)\napp.run(host='0.0.0.0', port=8088)\n"}, "8088", "app.py says so"),
        ({**FLASK, ".env.example": "PORT=7000\n"}, "7000", ".env.example says PORT=7000"),
        ({**EXPRESS, "x.js": "app.listen(process.env.PORT ?? 4100)"}, "4100", "x.js says so"),
        ({**EXPRESS, "test/x.test.js": "app.listen(4100)"}, "3000", "where Express listens unless told otherwise"),
        ({"go.mod": "module x\n", "main.go": 'http.ListenAndServe(":9090", nil)'}, "9090", "main.go says so"),
        ({"go.mod": "module x\n", "main.go": 's := &http.Server{Addr: ":9091"}'}, "9091", "main.go says so"),
        ({"Gemfile": 'gem "sinatra"', "app.rb": "require 'sinatra'\nset :port, 4600"}, "4600", "app.rb says so"),
        (
            {"pom.xml": "spring-boot", "src/main/resources/application.properties": "server.port=8085\n"},
            "8085", "src/main/resources/application.properties says so",
        ),
        (
            {"pom.xml": "spring-boot", "src/main/resources/application.yml": "server:\n  port: 8086\n"},
            "8086", "src/main/resources/application.yml says so",
        ),
        ({"Cargo.toml": "", "src/main.rs": 'TcpListener::bind("0.0.0.0:8787")'}, "8787", "src/main.rs says so"),
        ({**FLASK, "Dockerfile": "FROM python\nEXPOSE 8200\n"}, "8200", "Dockerfile's EXPOSE"),
    ],
)  # fmt: skip
def test_where_it_listens(files: dict[str, str], port: str, why: str) -> None:
    app = guessed(files).app
    assert app is not None
    assert (app.port.value, app.port.why) == (port, why)


@pytest.mark.parametrize(
    ("files", "titles"),
    [
        ({"requirements.txt": "psycopg2-binary\nredis>=5\n"}, ["PostgreSQL", "Redis"]),
        ({"requirements.txt": "pika\nelasticsearch\npymongo\n"}, ["MongoDB", "RabbitMQ", "Elasticsearch"]),
        ({"package.json": '{"dependencies": {"pg": "8", "bullmq": "5"}}'}, ["PostgreSQL", "Redis"]),
        ({"package.json": '{"dependencies": {"mysql2": "3"}}'}, ["MySQL"]),
        ({"go.mod": "module x\nrequire (\n\tgithub.com/jackc/pgx/v5 v5.7.0\n)\n"}, ["PostgreSQL"]),
        ({"go.mod": "module x\nrequire github.com/redis/go-redis/v9 v9.7.0\n"}, ["Redis"]),
        ({"Gemfile": "gem 'pg'\ngem 'sidekiq'\n"}, ["PostgreSQL", "Redis"]),
        ({"composer.json": '{"require": {"ext-pdo_mysql": "*"}}'}, ["MySQL"]),
        ({"index.php": "<?php new PDO('pgsql:host=x');"}, ["PostgreSQL"]),
        ({"Cargo.toml": '[dependencies]\nsqlx = {version = "0.8", features = ["postgres"]}\n'}, ["PostgreSQL"]),
        ({"pom.xml": "<dependency><artifactId>postgresql</artifactId></dependency>"}, ["PostgreSQL"]),
        ({"build.gradle": "runtimeOnly 'org.postgresql:postgresql:42.7.4'"}, ["PostgreSQL"]),
        ({"requirements.txt": "sqlalchemy\n", ".env.example": "DB=postgres://x/y\n"}, ["PostgreSQL"]),
        ({"requirements.txt": "", "a.py": 'URL = "redis://localhost"'}, ["Redis"]),
        ({"requirements.txt": "flask\n"}, []),
    ],
)
def test_what_it_connects_to(files: dict[str, str], titles: list[str]) -> None:
    assert [service.title for service, _ in guessed(files).backing] == titles


def test_variables_of_the_example_follow_the_services() -> None:
    services = manifest(
        {
            "requirements.txt": "sqlalchemy\nasyncpg\nredis\n",
            ".env.example": "DATABASE_URL=postgresql+asyncpg://a:b@localhost/c  # ours\nCELERY=redis://localhost:6379/2\n"
            "DB_HOST=localhost\nDB_PORT=5432\nDB_NAME='c'\nSTRIPE_API_KEY=\nGREETING=\"a $b {{c}}\"\n"
            "export DEBUG=1\nPORT=8000\nEMPTY=\n",
        }
    )
    assert services["app"]["environment"] == {
        "PYTHONUNBUFFERED": "1",
        "DATABASE_URL": "{{ db.url | replace('postgresql://', 'postgresql+asyncpg://') }}",
        "CELERY": "redis://{{ cache.host }}:6379/2",
        "DB_HOST": "{{ db.host }}",
        "DB_PORT": "{{ db.port }}",
        "DB_NAME": "{{ db.database }}",
        "STRIPE_API_KEY": "${STRIPE_API_KEY:-for-development}",
        "GREETING": "a $$b {{ '{{' }}c}}",
        "DEBUG": "1",
        "PORT": "8000",
        "EMPTY": "${EMPTY:-}",
    }


@pytest.mark.parametrize(
    ("files", "name", "value"),
    [
        ({"requirements.txt": "psycopg\n"}, "DATABASE_URL", "{{ db.url }}"),
        ({"requirements.txt": "psycopg\n", "a.py": 'os.environ["PGHOST"]'}, "PGHOST", "{{ db.host }}"),
        ({"requirements.txt": "psycopg\n", "a.py": '"DB_USER", "DB_HOST"'}, "DB_USER", "{{ db.user }}"),
        ({"requirements.txt": "pymysql\n"}, "DATABASE_URL", "{{ db.url }}"),
        ({"requirements.txt": "pymysql\n", "a.py": 'os.environ["DB_HOST"]'}, "DB_HOST", "{{ db.host }}"),
        ({"pom.xml": "<dependency><artifactId>postgresql</artifactId></dependency>",
          ".env.example": "SPRING_DATASOURCE_URL=jdbc:postgresql://localhost:5432/x\n"},
         "SPRING_DATASOURCE_URL", "jdbc:postgresql://{{ db.host }}:{{ db.port }}/{{ db.database }}"),
        (
            {"composer.json": "{}", ".env.example": "DB_CONNECTION=mysql\nDB_DATABASE=x\n"},
            "DB_DATABASE", "{{ db.database }}",
        ),
    ],
)  # fmt: skip
def test_variables_that_the_code_reads(files: dict[str, str], name: str, value: str) -> None:
    environment = manifest(files)["app"]["environment"]
    assert isinstance(environment, dict)
    assert environment[name] == value


def test_what_no_recipe_makes_is_said() -> None:
    files = {"requirements.txt": "pymongo\n", "a.py": "x.serve_forever()"}
    text = written(files)[MANIFEST]
    assert "# - `mongo:8.0` comes from a registry: devenv cannot make it where none answers." in text
    assert manifest(files)["mongo"] == {
        "image": "mongo:8.0",
        "ports": [27017],
        "ready": {"tcp": 27017, "timeout": "3m"},
        "volumes": ["mongo-data:/data/db"],
    }
    assert "volumes:\n  mongo-data: {}\n" in text


def test_migrations_of_a_framework_are_a_one_shot_before_the_program() -> None:
    services = manifest({"requirements.txt": "Django\npsycopg[binary]\n", "manage.py": "", "db/rows.csv": "a\n"})
    assert services["app"]["depends_on"] == {"migrate": {"condition": "service_completed_successfully"}}
    assert services["migrate"]["command"] == ["python", "manage.py", "migrate", "--noinput"]
    assert services["migrate"]["one_shot"] is True
    assert services["migrate"]["environment"] == services["app"]["environment"]
    assert "seed" not in services["db"]


def test_files_that_are_data_come_as_seeds_in_their_order() -> None:
    files = {
        "requirements.txt": "psycopg\n",
        **dict.fromkeys(
            ("migrations/10_c.sql", "migrations/2_b.up.sql", "migrations/2_b.down.sql", "db/schema.sql",
             "fixtures/t.csv", "tests/fixtures/x.csv", "docs/a.sql"), ""
        ),
    }  # fmt: skip
    assert guessed(files).seeds == ("db/schema.sql", "migrations/2_b.up.sql", "migrations/10_c.sql", "fixtures/t.csv")
    without = guessed({**files, "requirements.txt": ""})
    assert without.seeds == ()
    assert "nothing says for which database" in without.unsure[-1]


def test_files_for_mariadb_are_run_by_the_server() -> None:
    files = {"requirements.txt": "pymysql\n", "db/schema.sql": "", "db/a b.sql": ""}
    assert manifest(files)["db"] == {
        "use": "mariadb",
        "volumes": [
            "./db/schema.sql:/docker-entrypoint-initdb.d/01-schema.sql:ro",
            "./db/a b.sql:/docker-entrypoint-initdb.d/02-a b.sql:ro",
        ],
    }


@pytest.mark.parametrize(
    ("files", "image"),
    [
        ({"requirements.txt": "", ".python-version": "3.12\n"}, "python:3.12-slim"),
        ({"requirements.txt": "", ".python-version": "3.13.1\n"}, "python:3.13-slim"),
        ({"pyproject.toml": '[project]\nrequires-python = ">=3.10"\n'}, "python:3.13-slim"),
        ({"package.json": '{"engines": {"node": ">=18"}}'}, "node:20-slim"),
        ({"package.json": '{"engines": {"node": ">=22.1"}}'}, "node:22-slim"),
        ({"package.json": '{"engines": {"node": "^18"}}'}, "node:18-slim"),
        ({"package.json": "{}", ".nvmrc": "v22\n"}, "node:22-slim"),
        ({"package.json": "{}", ".nvmrc": "lts/*\n"}, "node:20-slim"),
        ({"go.mod": "module x\n\ngo 1.22.3\n"}, "golang:1.24"),
        ({"go.mod": "module x\n\ngo 1.25\n"}, "golang:1.25"),
        ({"Gemfile": "ruby '3.3.6'\n"}, "ruby:3.3-slim"),
        ({"Gemfile": "", ".ruby-version": "ruby-3.4.1\n"}, "ruby:3.4-slim"),
        ({"composer.json": '{"require": {"php": "^8.1"}}'}, "php:8.4-cli"),
        ({"composer.json": '{"require": {"php": "^7.4 || ^8.0"}}'}, "php:8.4-cli"),
        ({"Cargo.toml": '[package]\nname = "x"\nrust-version = "1.75"\n'}, "rust:1.85"),
        ({"Cargo.toml": '[package]\nname = "x"\nrust-version = "1.90"\n'}, "rust:1.90"),
        ({"pom.xml": "<java.version>17</java.version> spring-boot"}, "maven:3.9-eclipse-temurin-21"),
        ({"build.gradle.kts": "languageVersion = JavaLanguageVersion.of(25)"}, "gradle:8-jdk25"),
    ],
)  # fmt: skip
def test_the_version_that_the_repository_asks_for(files: dict[str, str], image: str) -> None:
    app = guessed(files).app
    assert app is not None
    assert app.image.value == image


@pytest.mark.parametrize(
    ("files", "lines"),
    [
        ({"pyproject.toml": "", "uv.lock": ""}, "uv export -q --frozen"),
        ({"pyproject.toml": "", "poetry.lock": ""}, "poetry install --no-interaction --no-root"),
        ({"Pipfile": "", "Pipfile.lock": ""}, "pipenv install --system --dev --deploy"),
        ({"requirements.txt": "", "requirements-dev.txt": ""}, "-r requirements-dev.txt -r requirements.txt"),
        (
            {"requirements/base.txt": "flask\n", "requirements/dev.txt": "-r base.txt\npytest\n"},
            "COPY requirements ./requirements\nRUN pip install --no-cache-dir -r requirements/dev.txt",
        ),
        ({"requirements.txt": "psycopg2\n"}, "--no-install-recommends gcc libc6-dev libpq-dev"),
        ({"package.json": '{"dependencies": {"a": "1"}}', "package-lock.json": ""}, "RUN npm ci"),
        ({"package.json": '{"dependencies": {"a": "1"}}', "yarn.lock": ""}, "RUN corepack enable && yarn install"),
        ({"package.json": '{"dependencies": {"a": "1"}}', "pnpm-lock.yaml": ""}, "pnpm install --frozen-lockfile"),
        ({"package.json": '{"dependencies": {"prisma": "6"}}', "prisma/schema.prisma": ""}, "RUN npx prisma generate"),
        ({"Gemfile": "gem 'pg'\n"}, "--no-install-recommends build-essential git libpq-dev pkg-config"),
        ({"composer.json": '{"require": {"slim/slim": "4", "ext-gd": "*"}}'}, "RUN docker-php-ext-install gd"),
        ({"composer.json": '{"require": {"slim/slim": "4"}}'}, "COPY --from=composer:2 /usr/bin/composer"),
        (
            {"go.mod": "module x\nrequire example.org/y v1\n", "go.sum": ""},
            "COPY go.mod go.sum ./\nRUN go mod download",
        ),
        ({"Cargo.toml": '[package]\nname = "x"\n', "Cargo.lock": ""}, "RUN cargo build --locked && cp target/debug/x"),
        ({"build.gradle": "", "settings.gradle": ""}, "COPY build.gradle settings.gradle ./"),
    ],
)
def test_how_dependencies_are_installed(files: dict[str, str], lines: str) -> None:
    assert lines in written(files)[DOCKERFILE]


@pytest.mark.parametrize(
    ("files", "test"),
    [
        ({"requirements.txt": "pytest\n"}, "python -m pytest -q"),
        ({"requirements.txt": "", "tests/test_a.py": "def test_one(): ..."}, "python -m pytest -q"),
        ({"requirements.txt": "", "a_test.py": "import pytest\nclass TestA(TestCase): ..."}, "python -m pytest -q"),
        ({"requirements.txt": "", "tests/conftest.py": "", "tests/test_a.py": UNITTEST}, "python -m pytest -q"),
        ({"pyproject.toml": "[tool.pytest.ini_options]\n", "tests/test_a.py": UNITTEST}, "python -m pytest -q"),
        ({"requirements.txt": "", "tests/test_a.py": UNITTEST}, "python -m unittest discover -s tests"),
        (
            {"requirements.txt": "", "tests/__init__.py": "", "tests/test_a.py": UNITTEST},
            "python -m unittest discover -s tests -t .",
        ),
        ({"requirements.txt": "", "test_a.py": UNITTEST}, "python -m unittest discover"),
        ({"requirements.txt": "", "test_a.py": UNITTEST, "test_b.py": "def test_b(): ..."}, "python -m pytest -q"),
        ({"requirements.txt": "django", "manage.py": "", "a/test_a.py": UNITTEST}, "python manage.py test"),
        ({"package.json": '{"scripts": {"test": "vitest"}}', "pnpm-lock.yaml": ""}, "pnpm test"),
        ({"Gemfile": "gem 'rspec'\n"}, "bundle exec rspec"),
        ({"composer.json": '{"require-dev": {"phpunit/phpunit": "11"}}'}, "vendor/bin/phpunit"),
        ({"go.mod": "module x\n", "a_test.go": ""}, "go test ./..."),
        ({"pom.xml": "spring-boot", "src/test/java/A.java": ""}, "mvn -q test"),
    ],
)
def test_how_it_is_tested(files: dict[str, str], test: str) -> None:
    tasks = read_yaml(written(files)[MANIFEST], MANIFEST).value["tasks"]
    assert tasks == {"test": {"service": "app", "command": test, "description": "Run the tests"}}


def test_npm_s_own_word_for_no_tests_is_none() -> None:
    script = '{"scripts": {"test": "echo \\"Error: no test specified\\" && exit 1"}}'
    assert "tasks:" not in written({"package.json": script})[MANIFEST]


def test_a_dockerfile_that_is_there_is_built() -> None:
    files = {**FLASK, "Dockerfile": "FROM python:3.13-slim\nEXPOSE 9000\n"}
    services = manifest(files)
    assert services["app"]["build"] == "."
    assert services["app"]["ports"] == [9000]
    assert services["workspace"] == {"use": "python"}
    assert set(written(files)) == {MANIFEST}
    only = {"Dockerfile": "FROM scratch\n"}
    assert manifest(only) == {"app": {"build": "."}}
    assert "Only Dockerfile was understood here" in written(only)[MANIFEST]


def test_a_development_dockerfile_of_one_s_own_is_kept_and_ours_is_not_taken_for_one() -> None:
    own = {**FLASK, "Dockerfile.dev": "FROM python:3.13\n"}
    assert manifest(own)["app"]["build"] == {"context": ".", "dockerfile": "Dockerfile.dev"}
    assert set(written(own)) == {MANIFEST}
    again = {**FLASK, **written(FLASK)}
    assert written(again) == written(FLASK)


def test_a_devcontainer_of_one_s_own_stays_the_workspace() -> None:
    own = {
        **FLASK,
        "requirements.txt": "flask\npytest\n",
        ".devcontainer/devcontainer.json": '{"image": "debian"} // x',
    }
    files = written(own)
    assert list(manifest(own)) == ["app"]
    assert "\n# The workspace is what .devcontainer/devcontainer.json says.\n" in files[MANIFEST]
    assert "workspace" not in files[DOCKERFILE]
    assert "service: app" in files[MANIFEST]
    rendered = {**own, ".devcontainer/devcontainer.json": '{"customizations": {"devenv": {"made": "x"}}}'}
    assert list(manifest(rendered)) == ["app", "workspace"]


def test_a_way_to_start_that_is_not_found_is_said() -> None:
    text = written({"requirements.txt": "requests\n"})[MANIFEST]
    assert "No way to start the program was found" in text
    assert "ports:" not in text


@pytest.mark.parametrize(
    "files",
    [
        {"requirements.txt": "", "a.py": "HTTPServer(('127.0.0.1', 80), H).serve_forever()"},
        {**EXPRESS, "x.js": "app.listen(3000, 'localhost')"},
        {"go.mod": "module x\n", "m.go": 'http.ListenAndServe("127.0.0.1:80", nil)'},
        {"Cargo.toml": '[package]\nname = "x"\n', "src/main.rs": 'TcpListener::bind("127.0.0.1:80")'},
    ],
)
def test_a_program_that_listens_inside_alone_is_said(files: dict[str, str]) -> None:
    assert any("seems to listen at 127.0.0.1 alone" in sentence for sentence in guessed(files).unsure)


def test_an_address_that_is_called_is_not_listened_at() -> None:
    assert not guessed({**EXPRESS, "x.js": "app.listen(80); fetch('http://localhost:4000/x')"}).unsure[1:]


def test_two_languages_are_said() -> None:
    guess = guessed({**FLASK, "package.json": '{"devDependencies": {"vite": "6"}, "scripts": {"dev": "vite"}}'})
    assert guess.app is not None
    assert guess.app.language == "python"
    assert "Also here: Node.js with Vite (package.json). Nothing was written for that." in guess.unsure


def test_a_folder_of_pages() -> None:
    assert manifest({"public/index.html": ""})["web"]["volumes"] == ["./public:/usr/share/nginx/html:ro"]


def test_nothing_that_is_known() -> None:
    text = written({"README.md": "# x\n"})[MANIFEST]
    assert "Nothing here says what this repository is" in text
    assert read_yaml(text, MANIFEST).value["services"] == {"app": {"use": "debian", "command": ["sleep", "infinity"]}}


def test_two_databases_have_two_names() -> None:
    example = "ONE=postgres://localhost/x\nTWO=mysql://localhost/x\n"
    services = manifest({"requirements.txt": "psycopg\npymysql\n", ".env.example": example})
    assert list(services) == ["app", "db", "mysql", "workspace"]
    assert services["app"]["environment"] == {
        "PYTHONUNBUFFERED": "1",
        "ONE": "{{ db.url | replace('postgresql://', 'postgres://') }}",
        "TWO": "{{ mysql.url }}",
    }


def test_drivers_of_two_databases_are_a_choice() -> None:
    both = "<dependency><artifactId>postgresql</artifactId></dependency>" * 1
    both += "<dependency><artifactId>mysql-connector-j</artifactId></dependency>"
    assert list(manifest({"pom.xml": both})) == ["app", "db", "workspace"]
    assert manifest({"pom.xml": both})["db"] == {"use": "postgres"}
    named = manifest({"pom.xml": both, ".env.example": "X=jdbc:mysql://localhost/x\n"})
    assert named["db"] == {"use": "mariadb"}


def test_spring_s_own_variables() -> None:
    pom = "spring-boot <dependency><artifactId>postgresql</artifactId></dependency>"
    pom += "<dependency><artifactId>spring-boot-starter-data-redis</artifactId></dependency>"
    assert manifest({"pom.xml": pom})["app"]["environment"] == {
        "SPRING_DATASOURCE_URL": "jdbc:postgresql://{{ db.host }}:{{ db.port }}/{{ db.database }}",
        "SPRING_DATASOURCE_USERNAME": "{{ db.user }}",
        "SPRING_DATASOURCE_PASSWORD": "{{ db.password }}",
        "SPRING_DATA_REDIS_HOST": "{{ cache.host }}",
    }


def test_a_procfile_says_how_it_is_started_where_nothing_else_does() -> None:
    files = {"requirements.txt": "falcon\ngunicorn\n", "Procfile": "web: gunicorn shop:app -b 0.0.0.0:$PORT\n"}
    assert command(files) == "sh -c gunicorn shop:app -b 0.0.0.0:$PORT"
    assert manifest(files)["app"]["environment"] == {"PYTHONUNBUFFERED": "1", "PORT": "8000"}
    assert "No way to start" not in written(files)[MANIFEST]
    assert command({**FLASK, "Procfile": "web: x\n"}).startswith("flask")


@pytest.mark.parametrize(
    ("files", "ready"),
    [
        ({**FLASK, "app.py": "app = Flask(__name__)\n@app.route('/')"}, {"http": "/", "timeout": "2m"}),
        ({**FLASK, "app.py": "app = Flask(__name__)\n@app.get('/healthz')"}, {"http": "/healthz", "timeout": "2m"}),
        (FLASK, {"tcp": 5000}),
        ({**FLASK, "routes.py": "bp = Blueprint('x')\n@bp.get('/health')"}, {"tcp": 5000}),
        ({"requirements.txt": "fastapi\nuvicorn", "a.py": "app = FastAPI()"}, {"http": "/docs", "timeout": "2m"}),
        ({"requirements.txt": "fastapi\nuvicorn", "a.py": "app = FastAPI(docs_url=None)"}, {"tcp": 8000}),
        ({"requirements.txt": "django", "manage.py": "", "x/urls.py": "path('', index)"}, {"tcp": 8000}),
        (
            {"requirements.txt": "django", "manage.py": "", "x/urls.py": "path('/health', ok)"},
            {"http": {"path": "/health", "headers": {"Host": "localhost"}}, "timeout": "2m"},
        ),
        ({**EXPRESS, "x.js": "const r = express.Router(); r.get('/health', ok)"}, {"tcp": 3000}),
        ({"pom.xml": "spring-boot spring-boot-starter-actuator"}, {"http": "/actuator/health", "timeout": "2m"}),
        ({"go.mod": "module x\n", "m.go": 'r.GET("/ping", f)'}, {"http": "/ping", "timeout": "2m"}),
    ],
)
def test_when_it_can_be_used(files: dict[str, str], ready: object) -> None:
    assert manifest(files)["app"]["ready"] == ready


def test_what_is_built_before_it_is_started() -> None:
    package = '{"scripts": {"build": "tsc", "start": "node dist/x.js"}}'
    assert "RUN npm run build" in written({"package.json": package})[DOCKERFILE]
    assert "RUN pip install --no-cache-dir -e ." in written({"setup.py": ""})[DOCKERFILE]
    several = {"go.mod": "module x\n", "cmd/a/main.go": "func main() {}", "cmd/server/main.go": "func main() {}"}
    assert "RUN go build -o /usr/local/bin/app ./cmd/server" in written(several)[DOCKERFILE]


def test_laravel_gets_a_key_with_which_it_starts() -> None:
    files = {"composer.json": '{"require": {"laravel/framework": "11"}}', ".env.example": "APP_KEY=\nAPP_DEBUG=true\n"}
    environment = manifest(files)["app"]["environment"]
    assert isinstance(environment, dict)
    assert len(base64.b64decode(environment["APP_KEY"].removeprefix("base64:"))) == 32
    assert environment["APP_DEBUG"] == "true"


def test_what_examples_and_tests_need_is_not_the_program_s() -> None:
    files = {"requirements.txt": "", "examples/x/requirements.txt": "psycopg\n", "examples/x/db/schema.sql": ""}
    guess = guessed(files)
    assert guess.backing == ()
    assert guess.seeds == ()


def test_files_of_others_are_not_read() -> None:
    assert interesting(
        ("node_modules/a/package.json", "vendor/x/composer.json", "a/package.json", "b.py", "c.png")
    ) == (
        "a/package.json",
        "b.py",
    )


@pytest.mark.parametrize("text", ["{", "[1]", "[tool\n", "\x00"])
def test_broken_files_say_nothing(text: str) -> None:
    for file in ("package.json", "composer.json", "pyproject.toml", "Cargo.toml", "Pipfile"):
        assert guessed({file: text}).app is not None


ODD = (1, "x", [], [1], ["x"], {}, {"x": 1}, {"x": []}, {"x": {"x": 1}}, [[1]], [{"x": 1}], True, None)


@pytest.mark.parametrize(
    ("file", "keys"),
    [
        ("package.json", ("name", "scripts", "dependencies", "devDependencies", "engines", "main", "packageManager")),
        ("composer.json", ("require", "require-dev", "autoload", "scripts", "name")),
    ],
)
def test_a_file_of_an_odd_shape_is_looked_at_all_the_same(file: str, keys: tuple[str, ...]) -> None:
    """PHP writes an empty mapping as `[]`, and what is half edited is anything."""
    for value in ODD:
        assert look(of({file: json.dumps(value)})).app is not None
        for key in keys:
            assert look(of({file: json.dumps({key: value})})).app is not None, (key, value)


@pytest.mark.parametrize("value", ["1", '"x"', "[]", "[1]", '["x"]', "{x = 1}", "{x = []}", "{x = {x = 1}}", "[[1]]"])
def test_toml_of_an_odd_shape_is_looked_at_all_the_same(value: str) -> None:
    python = ("project", "tool", "dependency-groups", "project.dependencies", "project.optional-dependencies",
              "project.requires-python", "tool.poetry", "tool.poetry.dependencies", "tool.poetry.group",
              "project.scripts", "build-system")  # fmt: skip
    for key in python:
        assert look(of({"pyproject.toml": f"{key} = {value}\n"})).app is not None, key
        assert write(look(of({"pyproject.toml": f"{key} = {value}\n"})), schema="s.json"), key
    for key in ("package", "dependencies", "bin", "package.name", "package.rust-version", "dependencies.sqlx.features"):
        assert look(of({"Cargo.toml": f"{key} = {value}\n"})).app is not None, key
    look(of({"Pipfile": f"packages = {value}\n"}))
