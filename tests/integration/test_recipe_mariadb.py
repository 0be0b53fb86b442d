"""What stands for the official MariaDB does what its users take for granted."""

from __future__ import annotations

import gzip

import pytest

from tests.integration.recipes import Container, Run

pytestmark = [pytest.mark.engine, pytest.mark.slow]

INIT = "/docker-entrypoint-initdb.d"
PASSWORD = "se c'r\\et\"$x"


def up(db: Container) -> None:
    db.until("mariadb-admin ping -h 127.0.0.1 --silent")


def test_it_is_made_as_its_variables_and_init_files_say_once(recipe: Run) -> None:
    quiet = b"#!/bin/sh\n! mariadb-admin ping -h 127.0.0.1 --silent 2>/dev/null && touch /tmp/quiet\n"
    db = recipe(
        "mariadb",
        env=["MYSQL_USER=a-b", f"MARIADB_PASSWORD={PASSWORD}", "MARIADB_DATABASE=d_`b", "MARIADB_ROOT_PASSWORD=root"],
        command=["--max-connections=77"],
        files={
            f"{INIT}/1.sql": (b"CREATE TABLE t (x int); INSERT INTO t VALUES (1);", 0o644),
            f"{INIT}/2.sql.gz": (gzip.compress(b"INSERT INTO t VALUES (2);"), 0o644),
            f"{INIT}/3.sh": (quiet, 0o755),
            f"{INIT}/4.sh": (b'docker_process_sql "$database" <<< "INSERT INTO t VALUES (4)"\n', 0o644),
            "/tmp/my.cnf": (b'[client]\nuser=a-b\npassword="se c\'r\\\\et\\"$x"\nhost=127.0.0.1\n', 0o644),
        },
    )
    up(db)
    ask = "mariadb --defaults-file=/tmp/my.cnf -N -B 'd_`b' -e"
    assert db.sh(f'{ask} "SELECT count(*), sum(x) FROM t"').split() == ["3", "7"]
    assert db.sh(f'{ask} "SELECT @@max_connections, @@datadir"').split() == ["77", "/var/lib/mysql/"]
    assert db.sh(f'{ask} "SELECT version()"').startswith("11.8.")
    assert db.sh(f"""{ask} "SELECT convert_tz('2026-07-01 12:00', 'UTC', 'Europe/Paris')\"""") == "2026-07-01 14:00:00"
    assert "denied" in db.sh(f'{ask} "CREATE DATABASE other"', ok=False)
    db.sh("test -e /tmp/quiet")  # the server of the first start is not to be met by TCP
    assert db.sh("stat -c %u:%g /var/lib/mysql /proc/1").split() == ["999:999", "999:999"]
    outside = "mariadb -h $(hostname -i) -uroot -N -B -e 'SELECT 7'"
    assert db.sh(f"MYSQL_PWD=root {outside}") == "7"
    assert "denied" in db.sh(f"MYSQL_PWD=no {outside}", ok=False)

    assert db.stops() == 0
    db.engine.start(db.name)
    up(db)
    assert db.sh(f'{ask} "SELECT count(*) FROM t"') == "3"


def test_it_asks_for_a_password_and_runs_other_commands(recipe: Run) -> None:
    db = recipe("mariadb")
    assert db.ends() == 1
    assert "MARIADB_ROOT_PASSWORD" in db.said()
    other = recipe("mariadb", command=["mariadbd", "--version"])
    assert other.ends() == 0
    assert "11.8." in other.said()


def test_it_reads_files_and_runs_as_a_user_who_has_no_name(recipe: Run) -> None:
    files = {"/password": (b"secret\n", 0o644)}
    db = recipe("mariadb", env=["MARIADB_ROOT_PASSWORD_FILE=/password"], files=files)
    up(db)
    assert db.sh("mariadb -uroot -psecret -N -B -e 'SELECT 1'") == "1"
    empty = recipe("mariadb", env=["MYSQL_ALLOW_EMPTY_PASSWORD=1"], user="4711:4711", command=["--datadir=/tmp/data"])
    up(empty)
    assert empty.sh("stat -c %u /tmp/data") == "4711"


def test_it_makes_again_what_was_cut_off_in_the_middle(recipe: Run) -> None:
    files = {
        f"{INIT}/1.sql": (b"CREATE TABLE t (x int);", 0o644),
        f"{INIT}/2.sh": (b"#!/bin/sh\nif mkdir /tmp/once; then sleep 600; fi\n", 0o755),
    }
    db = recipe("mariadb", env=["MARIADB_ROOT_PASSWORD=x", "MARIADB_DATABASE=app"], files=files)
    db.until("test -d /tmp/once")
    db.engine.stop(db.name, 0)
    db.engine.start(db.name)
    up(db)
    assert db.sh("mariadb -uroot -px -N -B app -e 'SELECT count(*) FROM t'") == "0"
    assert db.sh("ls -A /var/lib/mysql | grep -c initialising || true") == "0"
