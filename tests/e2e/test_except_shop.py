"""The shop with its API on the host, as a person debugs it: installed in a venv, its environment from `devenv env`."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pytest

from tests.e2e.repository import ROOT, Repository
from tests.engines import new_name

pytestmark = [pytest.mark.engine, pytest.mark.slow]

_SHOP = ROOT / "stacks" / "examples" / "shop"


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Repository]:
    """A copy of the shop, under a name of its own."""
    folder = tmp_path / "shop"
    shutil.copytree(_SHOP, folder, ignore=shutil.ignore_patterns(".devcontainer", ".devenv", "__pycache__"))
    repository = Repository(folder, new_name())
    repository.edit("devenv.yaml", "\nname: shop\n", f"\nname: {repository.name}\n")
    repository.edit("devenv.yaml", "ports: [8000]", f'ports: ["127.0.0.1:{free_port()}:8000"]')
    try:
        yield repository
    finally:
        repository.clean()


def free_port() -> int:
    """One that no stack of another test chooses."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def api_on_the_host(shop: Repository, python: Path) -> Iterator[None]:
    """`python -m shop` with the environment that devenv says, and with nothing else that could help."""
    told = shop.run("env", "--json")
    assert told.returncode == 0, told.stderr
    environment = {"PATH": os.environ["PATH"], **json.loads(told.stdout)}
    log = shop.folder / "api.log"
    with log.open("w") as out:
        api = subprocess.Popen([python, "-m", "shop"], cwd=shop.folder / "api", env=environment, stdout=out, stderr=out)
    try:
        yield
    finally:
        api.terminate()
        api.wait(20)
        print(log.read_text())


def ask(address: str, body: Any = None) -> Any:
    request = Request(
        address, None if body is None else json.dumps(body).encode(), {"Content-Type": "application/json"}
    )
    with urlopen(request, timeout=10) as answer:
        return json.loads(answer.read())


def _sql(shop: Repository, query: str) -> str:
    code, output = shop.containers()["db"].exec_run(["psql", "-U", "app", "-d", "shop", "-X", "-A", "-t", "-c", query])
    assert code == 0, output
    return str(output.decode().strip())


def test_the_page_works_through_the_api_on_the_host(shop: Repository, tmp_path: Path) -> None:
    python = tmp_path / "venv" / "bin" / "python"
    subprocess.run([sys.executable, "-m", "venv", tmp_path / "venv"], check=True, timeout=120)
    needed = shop.folder / "api" / "requirements.txt"
    subprocess.run([python, "-m", "pip", "install", "-q", "--require-hashes", "-r", needed], check=True, timeout=300)

    told = shop.up("--except", "api")
    assert "check order is left out: it needs api, and nobody answers" in told
    assert shop.status()["worker"]["ready"]  # it runs the image that only the API builds
    web = shop.status()["web"]["urls"]["web"]

    with api_on_the_host(shop, python):
        for _ in range(100):
            if shop.status()["api"]["ready"]:
                break
            time.sleep(0.2)
        time.sleep(0.5)  # the forwarder looks five times a second
        health = ask(f"{web}/api/health")
        assert (health["database"], health["cache"]) == ("ok", "ok")
        with urlopen(web, timeout=10) as page:
            assert b"<title>Shop" in page.read()
        product = ask(f"{web}/api/products?q=teapot&size=1")["items"][0]
        order = ask(
            f"{web}/api/orders",
            {"product_id": product["id"], "quantity": 1, "name": "New Hire", "email": "new.hire@shop.test"},
        )["id"]
        for _ in range(100):
            if ask(f"{web}/api/orders/{order}")["status"] == "done":
                break
            time.sleep(0.1)
        assert _sql(shop, f"SELECT status FROM orders WHERE id = {order}") == "done"
        checked = shop.run("check")
        assert checked.returncode == 0, checked.stdout + checked.stderr
        assert str(order) in (shop.folder / "api.log").read_text()
    shop.up()
    assert shop.status()["api"]["state"] == "running"
