"""The first notebook, as its user sees it."""

from __future__ import annotations

import io
import shutil
from collections.abc import Iterator
from pathlib import Path

import PIL.Image
import pytest
from playwright.sync_api import Page, expect

from .browser import complaints, corner_and_middle
from .lab import Lab, eventually
from .servers import Jupyter

ROOT = Path(__file__).parents[2]
pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture(scope="module")
def lab(jupyter: Jupyter, page: Page) -> Iterator[Lab]:
    shutil.copy(ROOT / "notebooks" / "01_first_flow.ipynb", jupyter.root)
    lab = Lab(page, jupyter)
    lab.open("01_first_flow.ipynb")
    lab.run_all()
    yield lab
    jupyter.end_kernels()


def test_no_cell_fails_and_the_page_does_not_complain(lab: Lab) -> None:
    assert lab.errors() == []
    assert complaints(lab.page, "pixelflow", "anywidget") == []


def test_the_pictures_are_what_the_prompts_said(lab: Lab) -> None:
    images = lab.page.locator(".jp-RenderedImage img")
    expect(images).to_have_count(4)
    background, middle = _colours(images.nth(0).screenshot())
    assert background[2] > 150 > background[0], "a blue background"
    assert middle[0] > 150 > middle[2], "a red circle"
    background, middle = _colours(images.nth(1).screenshot())
    assert min(background) > 200, "a white background"
    assert middle[1] > middle[0] and middle[1] > middle[2], "a green square"


def _colours(picture: bytes) -> tuple[tuple[int, ...], tuple[int, ...]]:
    return corner_and_middle(PIL.Image.open(io.BytesIO(picture)))


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_the_flow_is_shown_with_its_nodes_and_the_result_on_them(lab: Lab, artifacts: Path, dark: bool) -> None:
    lab.theme(dark)
    view = lab.page.locator(".pf-root").first
    view.scroll_into_view_if_needed()
    lab.page.wait_for_timeout(300)
    view.screenshot(path=artifacts / f"view-{'dark' if dark else 'light'}.png")
    for title in ("Text to image", "Resize image"):
        expect(view).to_contain_text(title)
    widths = "images => images.map(image => image.naturalWidth).sort((one, other) => one - other)"
    eventually(lambda: view.locator("img").evaluate_all(widths), lambda found: found == [64, 512])
