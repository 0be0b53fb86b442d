"""What a person sees while the shop comes up, on terminals of two widths: nothing is cut off, nothing jumps.

The pictures of `docs/pictures` are made from these very runs: `DEVENV_WRITE_PICTURES=1 ./dev test -m slow
tests/e2e/test_pictures.py`. Look at them before they are committed.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.pages import DOCS, ROOT
from tests.e2e.repository import Repository
from tests.e2e.terminal import COLOURS, Frame, page, seen

pytestmark = [pytest.mark.slow, pytest.mark.engine]

SERVICES = ("db", "cache", "api", "worker", "web", "workspace")
ROWS = re.compile(r"^[⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏✔✘–·] ((?:check )?\S+) +([a-z]+)")
WRITE = bool(os.environ.get("DEVENV_WRITE_PICTURES"))


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    chromium = shutil.which("chromium")
    if not chromium:
        pytest.skip("no Chromium")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        yield started
        started.close()


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Repository]:
    """The shop in a folder of its own, under its own name, as pictures show it."""
    folder = tmp_path_factory.mktemp("pictures") / "shop"
    shutil.copytree(ROOT / "stacks" / "examples" / "shop", folder)
    one = Repository(folder, "shop")
    if one.containers():
        one.client.close()
        pytest.skip("a shop of somebody else is on this engine")
    yield one
    one.run("down", "--volumes", "--yes")
    one.client.close()


def picture(browser: Any, name: str, frame: Frame, command: str = "devenv up") -> None:
    """`frame` as docs/pictures/NAME-THEME.png, where pictures are to be written."""
    for theme in COLOURS if WRITE else ():
        shown = browser.new_page(viewport={"width": 1400, "height": 900}, device_scale_factor=1.25)
        shown.set_content(page(frame, theme, command))
        path = DOCS / "pictures" / f"{name}-{theme}.png"
        shown.locator("pre").screenshot(path=str(path))
        shown.close()
        assert path.stat().st_size < 200_000, path


def only(frame: Frame, begin: int, end: int) -> Frame:
    return Frame(frame.at, frame.lines[begin:end])


def table(frame: Frame) -> dict[str, tuple[int, int, str]]:
    """The rows of the table that stands on the screen: name → (line below the first, column of the phase, phase)."""
    found = [(index, match) for index, line in enumerate(frame.text()) if (match := ROWS.match(line))]
    return {match[1]: (index - found[0][0], match.start(2), match[2]) for index, match in found}


def steps(frame: Frame) -> str:
    """Of how many steps the table tells: a plan that is made anew, for a port that was taken meanwhile, is another."""
    return next((found[1] for line in frame.text() if (found := re.match(r"up shop: \d+ of (\d+) steps", line))), "")


def variety(frame: Frame) -> tuple[bool, int, int]:
    """How much a picture of it would show: data being loaded, different phases, reasons."""
    rows = table(frame)
    phases = {phase for _, _, phase in rows.values()}
    loading = any("seeding" in line and " rows" in line for line in frame.text())
    return loading, len(phases), sum(len(line.split()) > 3 for line in filter(ROWS.match, frame.text()))


@pytest.mark.parametrize("columns", [100, 60])
def test_the_table_stands_still_and_is_whole(shop: Repository, browser: Any, columns: int) -> None:
    down = shop.run("down", "--volumes", "--yes")
    assert down.returncode == 0, down.stderr
    code, frames = seen(shop.command("up"), columns=columns, rows=40, folder=shop.folder)
    last = frames[-1].text()
    assert code == 0, "\n".join(last)
    tables = [frame for frame in frames if table(frame)]
    assert len(tables) > 10
    places: dict[tuple[str, str], tuple[int, int]] = {}
    for frame in tables:
        rows = table(frame)
        assert [name for name in rows if name in SERVICES] == list(SERVICES)
        for name, (line, column, _) in rows.items():
            there = places.setdefault((steps(frame), name), (line, column))
            assert there == (line, column), f"{name} jumps:\n" + "\n".join(frame.text())
        for line in filter(ROWS.match, frame.text()):
            assert len(line) < columns, line
            assert columns == 60 or "…" not in line[: rows["db"][1] + 9], line
    assert any("is up" in line for line in last)
    best = max(tables, key=variety)
    top = next(index for index, line in enumerate(best.text()) if ROWS.match(line))
    picture(browser, f"up-{columns}", only(best, top, len(best.lines)))
    if columns == 100:
        begin = next(index for index, line in enumerate(last) if ROWS.match(line))
        picture(browser, "summary", only(frames[-1], begin, len(last)))


def test_an_order_in_the_page(shop: Repository, browser: Any) -> None:
    from playwright.sync_api import expect

    address = shop.run("open", "web").stdout.strip()
    for theme in COLOURS:
        shown = browser.new_page(viewport={"width": 1100, "height": 600}, color_scheme=theme, device_scale_factor=1)
        shown.goto(address)
        expect(shown.get_by_text("5,000 products")).to_be_visible(timeout=15_000)
        if WRITE:
            shown.screenshot(path=str(DOCS / "pictures" / f"shop-{theme}.png"))
        cards = shown.get_by_role("listitem").filter(has=shown.get_by_role("button", name="Order"))
        cards.nth(1).get_by_role("button").click()
        shown.get_by_label("Name").fill("New Hire")
        shown.get_by_label("Email").fill("new.hire@shop.test")
        shown.get_by_role("button", name="Place order").click()
        expect(shown.locator("#steps [data-step=done][aria-current]")).to_be_visible(timeout=15_000)
        shown.wait_for_timeout(1_500)  # until its colours have come
        if WRITE:
            shown.screenshot(path=str(DOCS / "pictures" / f"order-{theme}.png"))
        shown.close()


def test_a_failure_is_whole(shop: Repository, browser: Any) -> None:
    server = next(shop.folder.glob("api/shop/app.py"))
    text = server.read_text(encoding="utf-8")
    stop = 'raise SystemExit("PAYMENTS_URL is not set: see docs/runbook.md")'
    server.write_text(text.replace("\nimport", f"\n{stop}\nimport", 1), encoding="utf-8")
    try:
        code, frames = seen(shop.command("up"), columns=100, rows=60, folder=shop.folder)
    finally:
        server.write_text(text, encoding="utf-8")
    lines = frames[-1].text()
    assert code == 1, "\n".join(lines)
    foot = next(index for index, line in enumerate(lines) if line.startswith("up shop:"))
    begin = next(index for index, line in enumerate(lines[foot:], foot) if line.startswith("✘ "))
    block = "\n".join(lines[begin:])
    assert "  │ PAYMENTS_URL is not set: see docs/runbook.md" in block
    assert "→ `devenv logs api`" in block
    picture(browser, "failure", only(frames[-1], begin, len(lines)))


def test_pictures_are_small_and_shown() -> None:
    shown = {name for text in (ROOT / "README.md", *DOCS.glob("*.md")) for name in named(text)}
    there = {path.name for path in (DOCS / "pictures").glob("*.png")}
    assert there == shown
    assert all(path.stat().st_size < 200_000 for path in (DOCS / "pictures").glob("*.png"))


def named(text: Path) -> list[str]:
    return re.findall(r"pictures/([\w-]+\.png)", text.read_text(encoding="utf-8"))
