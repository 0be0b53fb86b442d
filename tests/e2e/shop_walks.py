"""The shop as people meet it, on whatever machine it runs: an order in a browser, and faults that checks find."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

CHROMIUM = "/usr/bin/chromium"

Shell = Callable[[str], tuple[int, str]]
"""Runs a shell command in which `devenv` is the stack's and `$shop` the shop's folder; exit code and all it wrote."""

SLOW = 's/^    q = q.strip()$/    q = (__import__("time").sleep(3), q.strip())[1]/'


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """`plant` breaks the shop and `mend` mends it. Between them `check` fails with a sentence that `says` is found in,
    and with a remedy that names `look`."""

    name: str
    plant: str
    mend: str
    check: str
    says: str
    look: str


FAULTS = (
    Fault(
        name="worker stopped",
        plant="devenv stop worker",
        mend="devenv start worker",
        check="order",
        says=r"step 3 of 5, the worker works the order off \(GET http://\S+/api/orders/\d+\): "
        r"`status` is 'taken', not 'done' \(tried for 10 s\)$",
        look="devenv start worker",
    ),
    Fault(
        name="cache down",
        plant="devenv stop cache",
        mend="devenv start cache",
        check="parts",
        says=r"step 1 of 2, API, database and cache answer \(GET http://\S+/api/health\): "
        r"`cache` is '.*cache:6379.*', not 'ok'$",
        look="devenv start NAME",
    ),
    Fault(
        name="wrong URL",
        plant="sed -i 's,http://api:8000,http://apl:8000,' $shop/web/nginx.conf && devenv restart web",
        mend="sed -i 's,http://apl:8000,http://api:8000,' $shop/web/nginx.conf && devenv restart web",
        check="parts",
        says=r"step 1 of 2, API, database and cache answer \(GET http://\S+/api/health\): "
        r"answered 503, not 200-399: {\"detail\": \"The API does not answer at http://apl:8000.\"}$",
        look="web/nginx.conf",
    ),
    Fault(
        name="slow API",
        # `up` walks the checks, too, and ends with 1.
        plant=f"sed -i '{SLOW}' $shop/api/shop/app.py && ! devenv up",
        mend="sed -i 's/^    q = (__import__.*$/    q = q.strip()/' $shop/api/shop/app.py && devenv up",
        check="order",
        says=r"step 1 of 5, a customer searches for a teapot \(GET http://\S+/api/products\?q=teapot&size=1\): "
        r"no answer in 2 s$",
        look="devenv logs api",
    ),
    Fault(
        name="missing table",
        plant="devenv exec db psql -qU app -d shop -c 'ALTER TABLE orders RENAME TO lost'",
        mend="devenv exec db psql -qU app -d shop -c 'ALTER TABLE lost RENAME TO orders'",
        check="order",
        says=r"step 2 of 5, the customer orders it \(POST http://\S+/api/orders\): "
        r"answered 503, not 201: .*relation .*orders.* does not exist",
        look="devenv reset db",
    ),
    Fault(
        name="stale page",
        plant="""sed -i 's/name="version" content="2/name="version" content="1/' $shop/web/html/index.html""",
        mend="""sed -i 's/name="version" content="1/name="version" content="2/' $shop/web/html/index.html""",
        check="parts",
        says=r"step 2 of 2, the page is made for version 2\.0 of the API \(GET http://\S+\): "
        r"has nothing that matches 'name=\"version\" content=\"2\.0\"': .*name=\"version\" content=\"1\.0\"",
        look="web/html/index.html",
    ),
)


def plant_and_mend(fault: Fault, shell: Shell) -> None:
    """With the fault the check fails, with the right sentence and remedy; without it all checks pass again."""
    code, output = shell(fault.plant)
    assert code == 0, output
    try:
        code, output = shell("devenv check")
        print(f"{fault.name}:\n{output}")
        assert code == 1, output
        lines = output.splitlines()
        begin = f"✘ check {fault.check} does not hold: "
        (at,) = (number for number, line in enumerate(lines) if line.startswith(begin))
        assert re.search(fault.says, lines[at]), output
        assert lines[at + 1].startswith("  → "), output
        assert fault.look in lines[at + 1], output
    finally:
        code, output = shell(fault.mend)
    assert code == 0, output
    code, output = shell("devenv check")
    assert code == 0, output


@contextmanager
def browser() -> Iterator[Any]:
    """A real Chromium, installed where there is none."""
    from playwright.sync_api import sync_playwright

    if not shutil.which("chromium"):
        subprocess.run(["apt-get", "install", "-y", "-qq", "--no-install-recommends", "chromium"], check=True)
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        yield opened
        opened.close()


def cards(page: Any) -> Any:
    """The products that the page shows, once there are any."""
    from playwright.sync_api import expect

    found = page.get_by_role("listitem").filter(has=page.get_by_role("button", name="Order"))
    expect(found.first).to_be_visible(timeout=15_000)
    return found


def order(page: Any, name: str) -> str:
    """Order the product `name`, which the page shows, as a new customer; the order's number, as the page says it. What
    the page says of its steps is kept in it (`window.said`), until it is loaded again."""
    from playwright.sync_api import expect

    page.evaluate(
        """() => {
            window.said = [];
            const text = document.getElementById("step-text");
            new MutationObserver(() => window.said.push(text.textContent)).observe(text, {childList: true});
        }"""
    )
    page.get_by_role("button", name=f"Order {name}", exact=True).first.click()
    page.get_by_label("Name").fill("New Hire")
    page.get_by_label("Email").fill("new.hire@shop.test")
    page.get_by_role("button", name="Place order").click()
    expect(page.get_by_role("button", name="Go on shopping")).to_be_visible(timeout=15_000)
    return page.locator("#done-text").inner_text().split(":")[0].removeprefix("Order ")


def goes_to_done(page: Any, number: str) -> None:
    """The page shows the placed order `number` go from taken to done, without being loaded again."""
    from playwright.sync_api import expect

    expect(page.locator("#steps li.passed")).to_have_text(["Taken", "Packed", "Done"], timeout=15_000)
    said = page.evaluate("() => window.said")  # gone where the page was loaded again
    assert said[0] == f"Order {number} is taken. It will be packed in a moment."
    assert said[-1] == f"Order {number} is done and on its way to you."
    assert page.locator("#steps li[aria-current=step]").inner_text() == "Done"
