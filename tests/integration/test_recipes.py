"""What stands for the official images of PostgreSQL, Python and nginx does what their users take for granted."""

from __future__ import annotations

import gzip

import pytest

from tests.integration.recipes import Container, Run

pytestmark = pytest.mark.engine

INIT = "/docker-entrypoint-initdb.d"


def up(postgres: Container) -> None:
    postgres.until("pg_isready -q -h 127.0.0.1 -U nobody")


def test_postgres_is_made_as_its_variables_and_init_files_say_once(recipe: Run) -> None:
    quiet = b"#!/bin/sh\n! pg_isready -q -h 127.0.0.1 -U nobody && touch /tmp/quiet\n"
    db = recipe(
        "postgres",
        env=[
            "POSTGRES_USER=a-b",
            "POSTGRES_PASSWORD=se cr\"et'$x",
            "POSTGRES_DB=d b",
            "POSTGRES_INITDB_ARGS=-k -E UTF8",
        ],
        command=["-c", "work_mem=12MB"],
        files={
            f"{INIT}/1.sql": (b"CREATE TABLE t (x int); INSERT INTO t VALUES (1);", 0o644),
            f"{INIT}/2.sql.gz": (gzip.compress(b"INSERT INTO t VALUES (2);"), 0o644),
            f"{INIT}/3.sh": (
                b'#!/bin/sh\npsql -U "$POSTGRES_USER" -c "INSERT INTO t VALUES (3)" "$POSTGRES_DB"\n',
                0o755,
            ),
            f"{INIT}/4.sh": (b'docker_process_sql <<< "INSERT INTO t VALUES (4)"\n', 0o644),
            f"{INIT}/5.sh": (quiet, 0o755),
        },
    )
    up(db)
    ask = "psql -U a-b -d 'd b' -Atc"
    assert db.sh(f'{ask} "SELECT count(*), sum(x) FROM t"') == "4|10"
    shown = "data_directory data_checksums work_mem listen_addresses server_encoding"
    said = [db.sh(f'{ask} "SHOW {name}"') for name in shown.split()]
    assert said == ["/var/lib/postgresql/data", "on", "12MB", "*", "UTF8"]
    collation = f"{ask} \"SELECT datcollate FROM pg_database WHERE datname = 'd b'\""
    assert db.sh(collation) == "en_US.utf8"
    assert db.sh(f'{ask} "SHOW server_version"').startswith("17.")
    db.sh("test -e /tmp/quiet")  # the server of the first start is not to be met by TCP
    assert db.sh("stat -c %u:%g $PGDATA /proc/1").split() == ["999:999", "999:999"]
    # From outside only with the password; locally without.
    outside = 'psql -h "$(hostname -i)" -U a-b -d "d b" -Atc "SELECT 7"'
    assert "password authentication failed" in db.sh(f"PGPASSWORD=no {outside}", ok=False)
    assert db.sh(f'PGPASSWORD="$POSTGRES_PASSWORD" {outside}') == "7"

    assert db.stops() == 0
    db.engine.start(db.name)
    up(db)
    assert db.sh(f'{ask} "SELECT count(*) FROM t"') == "4"


def test_postgres_reads_files_and_trusts_where_told(recipe: Run) -> None:
    db = recipe(
        "postgres",
        env=["POSTGRES_USER_FILE=/user", "POSTGRES_PASSWORD_FILE=/password", "POSTGRES_HOST_AUTH_METHOD=trust"],
        files={"/user": (b"shop\n", 0o644), "/password": (b"secret\n", 0o644)},
    )
    up(db)
    assert db.sh('psql -h "$(hostname -i)" -U shop -Atc "SELECT current_database()"') == "shop"


def test_postgres_runs_as_a_user_who_has_no_name(recipe: Run) -> None:
    db = recipe("postgres", env=["POSTGRES_PASSWORD=x", "PGDATA=/tmp/data"], user="4711:4711")
    up(db)
    assert db.sh('psql -U postgres -Atc "SELECT 1"') == "1"
    assert db.sh("stat -c %u $PGDATA") == "4711"


def test_postgres_asks_for_a_password_and_runs_other_commands(recipe: Run) -> None:
    db = recipe("postgres")
    assert db.ends() == 1
    assert "POSTGRES_PASSWORD" in db.said()
    other = recipe("postgres", command=["postgres", "--version"])
    assert other.ends() == 0
    assert other.said().startswith("postgres (PostgreSQL) 17.")


def test_postgres_makes_again_what_was_cut_off_in_the_middle(recipe: Run) -> None:
    files = {
        f"{INIT}/1.sql": (b"CREATE TABLE t (x int);", 0o644),
        f"{INIT}/2.sh": (b"#!/bin/sh\nif mkdir /tmp/once; then sleep 600; fi\n", 0o755),
    }
    db = recipe("postgres", env=["POSTGRES_PASSWORD=x"], files=files)
    db.until("test -d /tmp/once")
    db.engine.stop(db.name, 0)
    db.engine.start(db.name)
    up(db)
    assert db.sh('psql -U postgres -Atc "SELECT count(*) FROM t"') == "0"
    assert db.sh("ls -A $PGDATA | grep -c -e '^.new$' || true") == "0"


WHEEL = """
import zipfile
with zipfile.ZipFile("/tmp/greet-1.0-py3-none-any.whl", "w") as wheel:
    wheel.writestr("greet.py", "def main(): print('hello')")
    info = "greet-1.0.dist-info/"
    wheel.writestr(info + "METADATA", "Metadata-Version: 2.1\\nName: greet\\nVersion: 1.0\\n")
    wheel.writestr(info + "WHEEL", "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
    wheel.writestr(info + "entry_points.txt", "[console_scripts]\\ngreet = greet:main\\n")
    wheel.writestr(info + "RECORD", "")
"""


def test_python_and_pip_stand_where_the_official_image_has_them(recipe: Run) -> None:
    box = recipe("python", command=["sleep", "600"], files={"/tmp/wheel.py": (WHEEL.encode(), 0o644)})
    assert box.sh("which python python3 pip pip3").split() == [
        f"/usr/local/bin/{name}" for name in ("python", "python3", "pip", "pip3")
    ]
    assert box.sh("python --version").startswith("Python 3.13.")
    box.sh(
        "python -c 'import ssl, sqlite3, lzma, bz2, ctypes, readline, zoneinfo; zoneinfo.ZoneInfo(\"Europe/Paris\")'"
    )
    box.sh("python /tmp/wheel.py; pip install --no-index /tmp/greet-1.0-py3-none-any.whl")
    assert box.sh("greet") == "hello"
    assert (
        box.sh("python -c 'import greet; print(greet.__file__)'") == "/usr/local/lib/python3.13/site-packages/greet.py"
    )
    assert box.sh("head -1 /usr/local/bin/greet").startswith("#!/usr/local/bin/python")
    box.sh("test -e $(python -c 'import sysconfig; print(sysconfig.get_path(\"include\"))')/Python.h")


def test_python_makes_environments_and_installs_for_a_user(recipe: Run) -> None:
    box = recipe("python", command=["sleep", "600"], files={"/tmp/wheel.py": (WHEEL.encode(), 0o644)})
    box.sh(
        "python /tmp/wheel.py; python -m venv /venv; /venv/bin/pip install --no-index /tmp/greet-1.0-py3-none-any.whl"
    )
    assert box.sh("/venv/bin/greet") == "hello"
    assert "No module named" in box.sh("python -c 'import greet'", ok=False)
    box.sh("pip install --user --no-index /tmp/greet-1.0-py3-none-any.whl")
    assert box.sh("~/.local/bin/greet") == "hello"
    # An environment that is to see the image's packages does.
    box.sh("pip uninstall -qy greet; pip install --no-index /tmp/greet-1.0-py3-none-any.whl")
    box.sh("python -m venv --system-site-packages /open; /open/bin/python -c 'import greet'")
    alone = recipe("python")
    assert alone.ends() == 0  # python3, whose input ends at once


def test_nginx_serves_its_page_logs_to_the_container_and_stops_in_order(recipe: Run) -> None:
    web = recipe("nginx", files={"/usr/share/nginx/html/mine.html": (b"mine", 0o644)})
    web.until("curl -fs -o /dev/null http://127.0.0.1/")
    assert "Welcome to nginx" in web.sh("curl -fs http://127.0.0.1/")
    assert web.sh("curl -fs http://127.0.0.1/mine.html") == "mine"
    assert web.sh("curl -s -o /dev/null -w %{http_code} http://127.0.0.1/nothing") == "404"
    assert web.sh("id -u nginx; id -g nginx").split() == ["101", "101"]
    said = web.said()
    assert '"GET /mine.html HTTP/1.1" 200' in said
    assert "/usr/share/nginx/html/nothing" in said
    assert web.stops() == 0
    assert "gracefully shutting down" in web.said()


def test_nginx_fills_templates_in_and_runs_what_lies_in_its_entrypoint_folder(recipe: Run) -> None:
    template = b'server { listen 81; location / { return 200 "${GREETING} $host"; } } # ${UNKNOWN}'
    web = recipe(
        "nginx",
        env=["GREETING=hello", "NGINX_ENVSUBST_FILTER=^GREET"],
        files={
            "/etc/nginx/templates/more/x.conf.template": (template, 0o644),
            "/etc/nginx/conf.d/include.conf": (b"include conf.d/more/*.conf;", 0o644),
            "/docker-entrypoint.d/30-mine.envsh": (b"export MINE=yes", 0o755),
            "/docker-entrypoint.d/40-mine.sh": (b"#!/bin/sh\necho mine=$MINE > /tmp/mine", 0o755),
            "/docker-entrypoint.d/50-not.sh": (b"#!/bin/sh\ntouch /tmp/not", 0o644),
        },
    )
    web.until("curl -fs -o /dev/null http://127.0.0.1/")
    written = web.sh("cat /etc/nginx/conf.d/more/x.conf")
    assert written == template.decode().replace("${GREETING}", "hello")
    assert web.sh("cat /tmp/mine; ls /tmp/not", ok=False).startswith("mine=yes")
    assert "No such file" in web.sh("ls /tmp/not", ok=False)
    other = recipe("nginx", command=["nginx", "-v"])
    assert other.ends() == 0
    assert "nginx/1.26." in other.said()
