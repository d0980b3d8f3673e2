"""A comparison in JupyterLab, of the real starter: it fills, is rated and sorted, stopped while a cell waits, saved."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from .browser import LONG
from .lab import Lab, eventually, write_notebook
from .servers import Jupyter

pytestmark = [pytest.mark.browser, pytest.mark.slow]

SETUP = """
import pixelflow_widgets as pf
prompts = ["a big red circle on a white background", "a small yellow star on a blue background"]
"""
GRID = """
comparison = pf.compare("starter", prompts=prompts, seeds=[1, 2, 3], guidance=[2.0, 6.0], steps=4)
comparison
"""
LONG_ONE = """
long = pf.compare("starter", prompts=prompts, seeds=range(400), steps=30)
long
"""


@pytest.fixture(scope="module")
def lab(jupyter: Jupyter, page: Page) -> Iterator[Lab]:
    cells = [cell.strip() for cell in (SETUP, GRID, LONG_ONE)]
    write_notebook(jupyter.root / "comparing" / "comparing.ipynb", *cells)
    page.set_viewport_size({"width": 1300, "height": 1000})
    lab = Lab(page, jupyter)
    lab.open("comparing/comparing.ipynb")
    for cell in (0, 1):
        lab.run_cell(cell)
    assert lab.errors() == []
    yield lab
    jupyter.end_kernels()


def shown(lab: Lab, cell: int) -> Locator:
    """What a cell shows of its comparison."""
    lab.scroll_to(cell)
    root = lab.page.locator(".jp-Cell").nth(cell).locator(".pt")
    expect(root).to_be_visible(timeout=LONG)
    return root


def test_it_fills_and_is_rated_and_sorted(lab: Lab, artifacts: Path) -> None:
    root = shown(lab, 1)
    expect(root.locator(".pt-status")).to_have_text("Finished", timeout=LONG)
    expect(root.locator(".pc-picture img")).to_have_count(6)
    stars = root.get_by_role("slider").nth(4)
    stars.focus()
    lab.page.keyboard.press("5")
    eventually(lambda: lab.value("comparison.rating(8)"), lambda stars: stars == 5)
    for dark in (True, False):
        lab.theme(dark)
        lab.page.wait_for_timeout(400)
        root.screenshot(path=artifacts / f"comparison-lab-{'dark' if dark else 'light'}.png")
    root.get_by_role("combobox", name="Show", exact=True).select_option("most stars first")
    expect(root.locator(".pc-rank")).to_have_text(["1"])
    assert lab.value("comparison.best().seed.item()") == 2
    lab.execute("comparison.score(lambda image: float(image.getpixel((0, 0))[2]), name='blue').sort('blue')")
    expect(root.locator(".pc-rank")).to_have_count(12)
    root.screenshot(path=artifacts / "comparison-lab-best.png")
    lab.execute("comparison.sort(None)")
    expect(root.locator(".pc-grid")).to_be_visible()


def test_a_saved_notebook_shows_it_as_a_picture_and_a_page_that_comes_back_shows_how_it_is(lab: Lab) -> None:
    lab.save()
    (drawn,) = [
        output["data"]["image/svg+xml"] for output in lab.outputs() if "image/svg+xml" in output.get("data", {})
    ]
    assert "pixelflow-picture" in "".join(drawn) and "data:image/jpeg" in "".join(drawn)
    lab.reload()
    root = shown(lab, 1)
    expect(root.get_by_role("slider").nth(4)).to_have_attribute("aria-valuetext", "5 stars", timeout=LONG)
    expect(lab.page.locator('.jp-OutputArea-child img[src*="pixelflow-picture"]').first).to_be_hidden()


def test_stop_is_heard_while_a_cell_waits_for_it(lab: Lab) -> None:
    lab.run_cell(2)
    root = shown(lab, 2)
    expect(root.get_by_role("status")).to_contain_text("of 800 done", timeout=LONG)
    eventually(lambda: lab.value("sum(cell.status == 'done' for cell in long.cells)"), lambda done: done > 1)
    lab.busy("long.wait()")
    root.get_by_role("button", name="Stop").click()
    expect(root.locator(".pt-status")).to_have_text("Stopped", timeout=LONG)
    lab.wait_until_idle()
    assert 1 < lab.value("sum(cell.status == 'done' for cell in long.cells)") < 800
