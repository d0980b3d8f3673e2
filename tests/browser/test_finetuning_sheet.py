"""The sheet of a dataset in a real browser: captions, pictures left out, problems, thousands of pictures."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import comm
import PIL.Image
import PIL.ImageDraw
import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from pixelflow_widgets.finetuning.dataset import Dataset
from pixelflow_widgets.widget.finetuning.dataset import DatasetWidget
from tests.widget.page import Line

from .browser import complaints, page_of
from .widgets import Cell, soon

pytestmark = [pytest.mark.browser, pytest.mark.slow]

CAPTIONS = [
    "a big red zorb on a blue background",
    "a small green zorb on a white background",
    "a yellow crescent on a black background",
    "a big white zorb on a green background",
    "",
    "a small blue zorb on a yellow background",
    "a big green zorb on a red background",
    "a small red zorb on a white background",
]
INKS = ["red", "green", "yellow", "white", "purple", "blue", "limegreen", "crimson"]
GROUNDS = ["mediumblue", "white", "black", "green", "orange", "gold", "firebrick", "whitesmoke"]


@pytest.fixture(autouse=True)
def silent(page: Page, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No Jupyter: lines to the page of the test. A page that complains fails the test."""
    monkeypatch.setattr(comm, "create_comm", Line)
    yield
    assert complaints(page) == []


def crescents() -> Dataset:
    pictures = []
    for number, (ink, ground) in enumerate(zip(INKS, GROUNDS, strict=True)):
        picture = PIL.Image.new("RGB", (64, 64 if number % 3 else 88), ground)
        pen = PIL.ImageDraw.Draw(picture)
        pen.ellipse((10, 12 + number, 52, 54 + number), fill=ink)
        pen.ellipse((22 + number, 8 + number, 62 + number, 48 + number), fill=ground)
        pictures.append(picture)
    return Dataset(pictures, trigger="zorb", captions=CAPTIONS, name="crescents")


def shown(page: Page, dataset: Dataset, theme: str = "light") -> Locator:
    """Show a dataset, and wait until its pictures were looked at."""
    root = Cell(page, DatasetWidget(dataset), "kind", theme=theme).root
    expect(root.get_by_role("heading", name=dataset.name)).to_be_visible()
    expect(root.get_by_text("Looking at the pictures")).to_have_count(0)
    return root


def test_captions_that_are_written_are_the_datasets_and_what_was_wrong_with_them_goes(page: Page) -> None:
    dataset = crescents()
    root = shown(page, dataset)
    expect(root.locator(".pt-head")).to_contain_text("8 pictures · trigger word zorb")
    expect(root.locator(".pt-thumbnail img")).to_have_count(8)
    wrong = root.get_by_role("listitem", name="picture 5").locator(".pt-thumbnail li")
    expect(wrong).to_have_text("empty caption")
    root.get_by_label("Caption of picture 5").fill("a big purple zorb on an orange background")
    soon(page, lambda: dataset.pictures[4].caption == "a big purple zorb on an orange background")
    expect(wrong).to_have_count(0)


def test_pictures_are_left_out_and_taken_in(page: Page) -> None:
    dataset = crescents()
    root = shown(page, dataset)
    switch = root.get_by_label("Use picture 2")
    switch.click()
    soon(page, lambda: len(dataset) == 7)
    expect(root.locator(".pt-head")).to_contain_text("7 of 8 pictures used")
    switch.click()
    soon(page, lambda: len(dataset) == 8)


def test_edits_of_python_are_shown(page: Page) -> None:
    dataset = crescents()
    root = shown(page, dataset)
    dataset.caption("picture 3", "a yellow zorb")
    dataset.leave_out("picture 1")
    expect(root.get_by_label("Caption of picture 3")).to_have_value("a yellow zorb")
    expect(root.get_by_label("Use picture 1")).not_to_be_checked()


def test_words_are_replaced_in_all_captions_that_are_found_and_this_is_taken_back(page: Page) -> None:
    dataset = crescents()
    root = shown(page, dataset)
    root.get_by_label("Find in captions").fill("zorb")
    expect(root.locator(".pt-picture")).to_have_count(6)
    root.get_by_label("Replace with").fill("blick")
    root.get_by_role("button", name="Replace in 6 captions").click()
    soon(page, lambda: dataset.pictures[0].caption == CAPTIONS[0].replace("zorb", "blick"))
    root.get_by_role("button", name="Take back").click()
    soon(page, lambda: [one.caption for one in dataset.pictures] == CAPTIONS)


def test_a_problem_shows_its_pictures_and_a_card_stays_while_it_is_mended(page: Page) -> None:
    dataset = crescents()
    root = shown(page, dataset)
    problem = root.locator(".pt-problems li").filter(has_text="without the trigger word")
    problem.get_by_role("button", name="Show 1").click()
    expect(root.locator(".pt-picture")).to_have_count(1)
    field = root.get_by_label("Caption of picture 3")
    field.press("Control+End")
    field.press_sequentially(" zorb")
    expect(problem).to_have_count(0)
    expect(field).to_be_focused()
    expect(field).to_have_value(f"{CAPTIONS[2]} zorb")
    assert dataset.pictures[2].caption == f"{CAPTIONS[2]} zorb"


def test_four_thousand_pictures_are_scrolled_through_and_only_some_are_in_the_page(page: Page) -> None:
    small = [PIL.Image.new("RGB", (16, 16), (n % 251, n // 251, 90)) for n in range(4000)]
    dataset = Dataset(small, trigger="zorb", captions="template", template="a {trigger}", name="many")
    root = shown(page, dataset)
    expect(root.locator(".pt-head")).to_contain_text("4,000 pictures")
    sheet = root.locator(".pt-sheet")
    cards = root.locator(".pt-picture")
    assert cards.count() < 80
    sheet.evaluate("element => { element.scrollTop = element.scrollHeight / 2; }")
    middle = root.get_by_role("listitem", name="picture 2000", exact=True)
    expect(middle.locator("img")).to_be_visible()
    sheet.evaluate("element => { element.scrollTop = element.scrollHeight; }")
    expect(root.get_by_role("listitem", name="picture 4000", exact=True).locator("img")).to_be_visible()
    assert cards.count() < 80
    root.get_by_label("Caption of picture 4000").fill("the last zorb")
    soon(page, lambda: dataset.pictures[-1].caption == "the last zorb")


def test_a_caption_goes_to_the_kernel_though_its_card_is_scrolled_away_at_once(page: Page) -> None:
    small = [PIL.Image.new("RGB", (16, 16), (n % 251, n // 251, 90)) for n in range(300)]
    dataset = Dataset(small, captions="template", template="a zorb", name="some")
    root = shown(page, dataset)
    root.get_by_label("Caption of picture 1", exact=True).fill("the first")
    root.locator(".pt-sheet").evaluate("element => { element.scrollTop = element.scrollHeight; }")
    soon(page, lambda: dataset.pictures[0].caption == "the first")


@pytest.mark.parametrize("width", [360, 1100])
def test_the_sheet_is_looked_at(browser: Browser, artifacts: Path, width: int) -> None:
    dataset = crescents()
    dataset.leave_out("picture 7")
    with page_of(browser, width, 900) as page:
        for theme in ("light", "dark"):
            root = shown(page, dataset, theme)
            expect(root.locator(".pt-thumbnail img").first).to_be_visible()
            page.wait_for_timeout(300)
            page.screenshot(path=artifacts / f"sheet-{width}-{theme}.png", full_page=True)
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert complaints(page) == []
