"""A comparison in a real browser: cells as they come, axes, stars by keys, order, one that is large."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from pathlib import Path

import comm
import pytest
from playwright.sync_api import Browser, Locator, Page, expect

import pixelflow_widgets as pf
from pixelflow_widgets.widget.comparison import ComparisonWidget
from tests.widget.comparisons import PROMPTS, compared
from tests.widget.page import Line

from .browser import complaints, page_of
from .widgets import Cell, soon

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture(autouse=True)
def silent(page: Page, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No Jupyter: lines to the page of the test. A page that complains fails the test."""
    monkeypatch.setattr(comm, "create_comm", Line)
    yield
    assert complaints(page) == []


def shown(page: Page, comparison: pf.Comparison, theme: str = "light") -> Locator:
    root = Cell(page, ComparisonWidget(comparison), "kind", theme=theme).root
    expect(root.get_by_role("heading", name=comparison.name)).to_be_visible()
    return root


def column_labels(root: Locator) -> list[str]:
    return root.locator(".pc-column").all_inner_texts()


def test_it_fills_is_stopped_and_goes_on(page: Page) -> None:
    gate = threading.Semaphore(0)
    comparison = compared(gate, prompts=PROMPTS[:2], seeds=[1, 2])
    root = shown(page, comparison)
    expect(root.get_by_role("img", name="is being made")).to_have_count(1)
    gate.release(2)
    expect(root.locator(".pc-picture img")).to_have_count(2)
    expect(root.get_by_role("status")).to_contain_text("2 of 4 done")
    root.get_by_role("button", name="Stop").click()
    gate.release(1)
    expect(root.locator(".pt-status")).to_have_text("Stopped")
    gate.release(9)
    root.get_by_role("button", name="Go on").click()
    expect(root.locator(".pc-picture img")).to_have_count(4)
    expect(root.locator(".pt-status")).to_have_text("Finished")


def test_any_axis_runs_down_or_to_the_right_and_the_others_are_turned_like_pages(page: Page) -> None:
    root = shown(page, compared().wait(60))
    assert column_labels(root) == ["1", "2", "3"]
    expect(root.locator(".pc-label")).to_have_text(PROMPTS)
    first = root.locator(".pc-cell").first
    expect(first).to_have_attribute("aria-label", f"{PROMPTS[0]}, seed 1, guidance 2")
    root.get_by_role("combobox", name="Guidance", exact=True).select_option("4")
    expect(first).to_have_attribute("aria-label", f"{PROMPTS[0]}, seed 1, guidance 4")
    root.get_by_role("combobox", name="Columns", exact=True).select_option("Prompt")
    assert column_labels(root) == PROMPTS
    expect(root.locator(".pc-label")).to_have_text(["1", "2", "3"])
    root.get_by_role("combobox", name="Rows", exact=True).select_option("Guidance")
    expect(root.locator(".pc-label")).to_have_text(["2", "4"])
    expect(root.locator(".pc-picture img")).to_have_count(6)


def test_stars_are_given_by_keys_and_clicks_and_the_best_come_first(page: Page) -> None:
    comparison = compared().wait(60)
    root = shown(page, comparison)
    third = root.locator(".pc-cell").nth(2)
    stars = third.get_by_role("slider")
    stars.focus()
    page.keyboard.press("4")
    soon(page, lambda: comparison.rating(4) == 4)
    expect(stars).to_have_attribute("aria-valuetext", "4 stars")
    root.locator(".pc-cell").nth(3).locator(".pc-stars svg").nth(4).click()
    soon(page, lambda: comparison.rating(6) == 5)
    root.locator(".pc-cell").first.get_by_role("button").focus()
    page.keyboard.press("2")
    soon(page, lambda: comparison.rating(0) == 2)
    root.get_by_role("combobox", name="Show", exact=True).select_option("most stars first")
    expect(root.locator(".pc-rank")).to_have_text(["1", "2", "3"])
    labels = [one.get_attribute("aria-label") for one in root.locator(".pc-cell").all()]
    assert labels[0] == f"{PROMPTS[1]}, seed 1, guidance 2" and comparison.order == "rating"
    comparison.score(lambda image: float(image.getpixel((32, 20))[2]), name="blueness").sort("blueness")
    expect(root.locator(".pc-rank")).to_have_count(18)
    expect(root.locator(".pc-picture img")).to_have_count(18)
    expect(root.get_by_role("combobox", name="Show", exact=True)).to_have_value("blueness")
    for cell in range(18):
        comparison.rate(cell, None)


def test_one_is_seen_large_and_arrows_go_on_and_keys_rate_it(page: Page) -> None:
    comparison = compared().wait(60)
    root = shown(page, comparison)
    root.get_by_role("button", name=f"Enlarge {PROMPTS[0]}, seed 1").click()
    dialog = root.get_by_role("dialog")
    expect(dialog).to_have_accessible_name(f"{PROMPTS[0]}, seed 1, guidance 2")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowDown")
    expect(dialog).to_have_accessible_name(f"{PROMPTS[1]}, seed 2, guidance 2")
    expect(dialog.locator("img")).to_have_attribute("src", re.compile("^blob:"))
    page.keyboard.press("3")
    soon(page, lambda: comparison.rating(8) == 3)
    expect(dialog.get_by_role("slider")).to_have_attribute("aria-valuenow", "3")
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    comparison.rate(8, None)


def failing() -> pf.Comparison:
    comparison = compared(prompts=[*PROMPTS, "a circle"], seeds=[1, 2, 3, 4], guidance=[2.0, 4.0]).wait(60)
    for cell, stars in ((0, 4), (10, 5), (4, 2)):
        comparison.rate(cell, stars)
    return comparison.score(lambda image: float(image.getpixel((32, 20))[0]), name="red_score")


@pytest.mark.parametrize("width", [360, 1100])
def test_it_is_looked_at(browser: Browser, artifacts: Path, width: int) -> None:
    comparison = failing()
    with page_of(browser, width, 900) as page:
        for theme in ("light", "dark"):
            root = shown(page, comparison.sort(None), theme)
            expect(root.locator(".pc-picture img").first).to_be_visible()
            expect(root.locator(".pc-error").first).to_contain_text("names no colour")
            page.wait_for_timeout(300)
            page.screenshot(path=artifacts / f"comparison-{width}-{theme}.png", full_page=True)
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
            comparison.sort("red_score")
            expect(root.locator(".pc-rank").first).to_be_visible()
            page.wait_for_timeout(300)
            page.screenshot(path=artifacts / f"comparison-best-{width}-{theme}.png", full_page=True)
            root.get_by_role("button", name="Enlarge").first.click()
            expect(root.get_by_role("dialog").locator("img")).to_be_visible()
            page.screenshot(path=artifacts / f"comparison-large-{width}-{theme}.png")
        assert complaints(page) == []
