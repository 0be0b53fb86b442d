"""What devenv.yaml says instead of a Compose file, key by key."""

from __future__ import annotations

from typing import Any

import pytest

from devenv.app.data import catalogue
from devenv.core.importing import Imported, taken
from devenv.core.importing.compare import compared
from devenv.core.importing.flatten import relative
from devenv.extensions.probes import PROBES

POSTGRES = {"POSTGRES_USER": "u", "POSTGRES_PASSWORD": "p", "POSTGRES_DB": "d"}


def imported(services: dict[str, Any], **top: Any) -> Imported:
    return taken({"services": services, **top}, name="shop", catalogue=catalogue(), kinds=PROBES)


def service(**keys: Any) -> dict[str, Any]:
    found: dict[str, Any] = imported({"db": keys}).value["services"]["db"]
    return found


@pytest.mark.parametrize(
    ("image", "use"),
    [
        ("postgres:17", {"use": "postgres@17"}),
        ("postgres:16-alpine", {"use": "postgres", "image": "postgres:16-alpine"}),
        ("docker.io/library/postgres:17", {"use": "postgres", "image": "docker.io/library/postgres:17"}),
        ("${PG:-postgres:17}", {"use": "postgres", "image": "${PG:-postgres:17}"}),
        ("postgis/postgis:17", {"image": "postgis/postgis:17"}),
        ("registry.test/postgres:17", {"image": "registry.test/postgres:17"}),
        ("python:3.13-slim", {"image": "python:3.13-slim"}),
    ],
)
def test_a_server_of_the_catalogue_is_known_by_its_official_image(image: str, use: dict[str, str]) -> None:
    assert service(image=image, environment=POSTGRES) == {**use, "environment": POSTGRES}


@pytest.mark.parametrize(
    "more",
    [
        {"entrypoint": ["sleep"]},
        {"command": "psql -f x"},
        {"command": ["postgres", "-p", "6000"]},
        {"network_mode": "host"},
        {"build": "."},
        {"scale": 2},
        {"deploy": {"replicas": 2}},
        {"volumes": ["data:/var/lib/postgresql"]},
        {"volumes": ["${DATA}"]},
        {"tmpfs": ["/var/lib/postgresql/data/pg_wal"]},
        {"environment": {**POSTGRES, "PGDATA": "/data"}},
        {"environment": {"POSTGRES_PASSWORD_FILE": "/run/secrets/p"}},
        {"environment": ["POSTGRES_PASSWORD"]},
        {"environment": {}},
        {"environment": {"POSTGRES_PASSWORD": "p"}, "env_file": "db.env"},
    ],
)
def test_what_contradicts_the_catalogue_stays_an_image(more: dict[str, Any]) -> None:
    keys = {"image": "postgres:17", "environment": POSTGRES, **more}
    assert service(**keys) == keys


def test_what_the_image_would_have_taken_is_said_since_the_catalogue_has_other_values() -> None:
    assert service(image="postgres:17", environment={"POSTGRES_PASSWORD": "p"})["environment"] == {
        "POSTGRES_PASSWORD": "p", "POSTGRES_USER": "postgres", "POSTGRES_DB": "postgres",
    }  # fmt: skip
    found = service(image="postgres:17", environment=["POSTGRES_PASSWORD=p", "POSTGRES_USER=u"])
    assert found["environment"] == ["POSTGRES_PASSWORD=p", "POSTGRES_USER=u", "POSTGRES_DB=u"]
    assert "use" not in service(image="mariadb:11.8", environment={"MYSQL_ROOT_PASSWORD": "p"})
    assert service(image="redis:8", command="redis-server --save ''")["use"] == "redis@8"
    assert service(image="redis:8", command=["--appendonly", "yes"])["use"] == "redis@8"


def test_the_very_address_of_a_server_is_taken_from_there() -> None:
    url = "postgresql://u:p@db:5432/d"
    services = {
        "db": {"image": "postgres:17", "environment": POSTGRES},
        "my-cache": {"image": "redis:8", "environment": {"SELF": "redis://my-cache:6379/0"}},
        "a": {"image": "x", "environment": {"DB": url, "OTHER": url + "?a", "N": 1, "V": None}},
        "b": {"image": "x", "environment": [f"DB={url}", "CACHE=redis://my-cache:6379/0", "V"]},
    }
    found = imported(services)
    written = found.value["services"]
    assert written["a"]["environment"] == {"DB": "{{ db.url }}", "OTHER": url + "?a", "N": 1, "V": None}
    assert written["b"]["environment"] == ["DB={{ db.url }}", "CACHE={{ my_cache.url }}", "V"]
    assert written["my-cache"]["environment"] == {"SELF": "redis://my-cache:6379/0"}
    assert any("`b` takes the address of `db`, `my-cache`" in line for line in found.gains)


def test_scripts_that_the_image_runs_stay_and_a_seed_is_told_of() -> None:
    found = imported(
        {"db": {"image": "postgres:17", "environment": POSTGRES, "volumes": ["./sql:/docker-entrypoint-initdb.d:ro"]}}
    )
    assert found.value["services"]["db"]["volumes"] == ["./sql:/docker-entrypoint-initdb.d:ro"]
    assert any("./sql" in line and "seed" in line for line in found.gains)


def test_braces_that_compose_knows_nothing_of_are_braces() -> None:
    labels = {"a": "{{ x }}", "b": "{{.Name}}", "c": "{% if %}", "d": "${#x}", "e": "{{- .X }}"}
    found = imported({"a": {"image": "x", "labels": labels}}).value["services"]["a"]["labels"]
    assert found == {**labels, "a": "{{ '{{' }} x }}", "c": "{{ '{%' }} if %}"}


def test_names_are_plain_and_a_version_goes() -> None:
    found = imported({"a": {"image": "x"}}, name="${P:-team}", version="3")
    assert (found.value["name"], "version" in found.value) == ("shop", False)
    assert ["${P:-team}" in line for line in found.unsaid] == [True]
    assert imported({"a": {"image": "x"}}, name="team").value["name"] == "team"


def test_what_stands_under_x_devenv_stands_in_its_own_place() -> None:
    found = imported(
        {"a": {"image": "x", "x-devenv": {"ready": {"tcp": 1}, "seeder": "postgres", "urls": {"a": "b"}}}},
        **{"x-devenv": {"tasks": {"t": "x"}}},
    )
    assert found.value["services"]["a"] == {"image": "x", "ready": {"tcp": 1}}
    assert found.value["tasks"] == {"t": "x"}
    assert found.unsaid == ("`urls` of `a` in x-devenv has no place in a devenv.yaml.",)


def test_differences_are_sentences() -> None:
    port = {"target": 80, "published": "8080", "host_ip": "127.0.0.1", "protocol": "tcp"}
    before = {
        "services": {"a": {"image": "x", "init": True, "environment": {"A": "1", "B": None}}, "b": {}, "same": {}},
        "volumes": {"v": {}},
    }
    now = {
        "services": {
            "a": {
                "image": "y" * 100, "ports": [port], "environment": {"A": "2", "B": None, "C": "3"},
                "healthcheck": {"test": ["CMD-SHELL", "true"]},
            },
            "c": {}, "same": {"build": {}},
        },
    }  # fmt: skip
    assert compared(before, now) == [
        f"`a`: `image` is {'y' * 90}…, was x",
        "`a`: `init` is not set, was true",
        "`a`: `environment.A` is 2, was 1",
        "`a`: `environment.C` is 3, was not",
        "`a`: `ports`: 127.0.0.1:8080:80 is new",
        "`a`: it has a healthcheck: true",
        "`b` is no longer there",
        "`c` is new",
        "volume `v` is no longer there",
    ]
    assert compared(before, before) == []
    assert compared(now, now | {"services": {**now["services"], "a": {}}}, frozenset({"a"})) == []


def test_paths_are_seen_from_the_repository() -> None:
    value = {"a": ["/r", "/r/x:/y", "/rest", 1, "x=/r/y"], "b": "/other"}
    assert relative(value, "/r") == {"a": [".", "./x:/y", "/rest", 1, "x=./y"], "b": "/other"}


def test_what_loads_seeds_is_known_by_the_image_or_said_by_use() -> None:
    seed = {"seed": "a.sql"}
    plain = {"image": "postgres:17-alpine", "env_file": "db.env"}
    assert service(**plain, **{"x-devenv": {**seed, "seeder": "postgres"}}) == {**plain, **seed}
    found = imported({"db": {"image": "our/pg:1", "x-devenv": {**seed, "seeder": "postgres", "data": "/d"}}})
    assert found.value["services"]["db"] == {"use": "postgres", "image": "our/pg:1", **seed}
    assert found.unsaid == ("`data` of `db` in x-devenv: a devenv.yaml says it by `use:`.",)
