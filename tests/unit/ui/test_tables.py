from __future__ import annotations

from typing import Any

from devenv.ui.tables import status_table, table, top_table

STATUS: dict[str, Any] = {
    "project": "shop",
    "services": [
        {
            "name": "db",
            "state": "running",
            "ready": True,
            "seeded": "done",
            "ports": [],
            "urls": {"db": "postgresql://app:***@127.0.0.1:5432/app"},
        },
        {"name": "api", "state": "missing", "ready": False, "seeded": None, "ports": [], "urls": {}},
        {
            "name": "web",
            "state": "exited",
            "ready": False,
            "seeded": None,
            "ports": [
                {"target": 80, "protocol": "tcp", "host_ip": "127.0.0.1", "published": 8080},
                {"target": 81, "protocol": "tcp", "host_ip": "", "published": 0},
            ],
            "urls": {"web": "http://127.0.0.1:8080", "admin": "http://127.0.0.1:8081"},
        },
        {
            "name": "cache",
            "state": "running",
            "ready": True,
            "seeded": None,
            "ports": [{"target": 6379, "protocol": "tcp", "host_ip": "127.0.0.1", "published": 6379}],
            "urls": {},
        },
        {"name": "migrate", "state": "exited", "ready": True, "seeded": None, "ports": [], "urls": {}},
    ],
}


def test_status_is_a_row_a_service() -> None:
    assert status_table(STATUS).split("\n") == [
        "SERVICE  STATE    READY  SEEDED  ADDRESS",
        "db       running  yes    done    postgresql://app:***@127.0.0.1:5432/app",
        "api      missing",
        "web      exited   no             http://127.0.0.1:8080",
        "                                 http://127.0.0.1:8081 (admin)",
        "cache    running  yes            127.0.0.1:6379 -> 6379/tcp",
        "migrate  done     yes",
    ]


def test_where_it_is_too_wide_addresses_get_lines_of_their_own() -> None:
    lines = status_table(STATUS, width=60).split("\n")
    assert lines[:3] == [
        "SERVICE  STATE    READY  SEEDED",
        "db       running  yes    done",
        "    postgresql://app:***@127.0.0.1:5432/app",
    ]
    assert max(map(len, lines)) <= 60


def test_a_service_on_the_host_answers_or_does_not_or_cannot_be_asked() -> None:
    door = {"target": 80, "protocol": "tcp", "host_ip": "127.0.0.1", "published": 8080}
    rows = [
        {"name": name, "state": "on the host", "ready": ready, "seeded": None, "ports": ports, "urls": {}}
        for name, ready, ports in (("api", True, [door]), ("web", False, [door]), ("worker", True, []))
    ]
    assert status_table({"project": "shop", "services": rows}).split("\n") == [
        "SERVICE  STATE        READY      SEEDED  ADDRESS",
        "api      on the host  yes                127.0.0.1:8080 -> 80/tcp",
        "web      on the host  no answer          127.0.0.1:8080 -> 80/tcp",
        "worker   on the host",
    ]


def test_no_services() -> None:
    assert status_table({"project": "shop", "services": []}) == "shop has no services"


def test_a_table_of_nothing_is_its_head() -> None:
    assert table(("A", "B"), []) == "A  B"


def test_what_services_use_is_a_table() -> None:
    row = {
        "service": "db", "state": "running", "cpu_percent": 12.34, "memory": 32 << 20, "memory_limit": 64 << 20,
        "received": 1_234_567, "sent": 900, "pids": 7,
    }  # fmt: skip
    idle = {**row, "service": "api", "cpu_percent": None, "memory_limit": None}
    gone = {**row, "service": "web", "state": "exited", "memory": None}
    assert top_table([row, idle, gone]).splitlines() == [
        "SERVICE  CPU     MEMORY                   RECEIVED / SENT  PIDS",
        "db       12.3 %  32 MiB of 64 MiB (50 %)  1.2 MB / 900 B   7",
        "api              32 MiB                   1.2 MB / 900 B   7",
        "web      exited",
    ]
