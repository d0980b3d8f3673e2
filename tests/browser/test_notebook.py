"""The first notebook, as its user sees it."""

from __future__ import annotations

import io
import shutil
from collections.abc import Iterator
from pathlib import Path

import PIL.Image
import pytest

from .jupyter import Lab, browser_page, jupyter_lab

ROOT = Path(__file__).parents[2]
ARTIFACTS = Path(__file__).parent / "artifacts"
pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    root = tmp_path_factory.mktemp("notebooks")
    shutil.copy(ROOT / "notebooks" / "01_first_flow.ipynb", root)
    ARTIFACTS.mkdir(exist_ok=True)
    with jupyter_lab(root, tmp_path_factory.mktemp("jupyter")) as address, browser_page() as page:
        lab = Lab(page, address)
        lab.open("01_first_flow.ipynb")
        lab.run_all()
        yield lab


def test_no_cell_fails_and_the_page_does_not_complain(lab: Lab) -> None:
    assert lab.errors() == []
    complaints = [text for text in lab.page.complaints if "pixelflow" in text or "anywidget" in text]  # type: ignore[attr-defined]
    assert complaints == []


def test_the_pictures_are_what_the_prompts_said(lab: Lab) -> None:
    images = lab.page.locator(".jp-RenderedImage img")
    assert images.count() == 4
    background, middle = _colours(images.nth(0).screenshot())
    assert background[2] > 150 > background[0], "a blue background"
    assert middle[0] > 150 > middle[2], "a red circle"
    background, middle = _colours(images.nth(1).screenshot())
    assert min(background) > 200, "a white background"
    assert middle[1] > middle[0] and middle[1] > middle[2], "a green square"


def _colours(picture: bytes) -> tuple[tuple[int, int, int], tuple[int, int, int]]:
    """The colours of a corner and of the middle."""
    image = PIL.Image.open(io.BytesIO(picture)).convert("RGB")
    corner, middle = image.getpixel((6, 6)), image.getpixel((image.width // 2, image.height // 2))
    assert isinstance(corner, tuple) and isinstance(middle, tuple)
    return corner, middle  # type: ignore[return-value]


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_the_flow_is_shown_with_its_nodes_and_the_result_on_them(lab: Lab, dark: bool) -> None:
    lab.theme(dark)
    view = lab.page.locator(".pf-view, .pf-root").first
    view.scroll_into_view_if_needed()
    lab.page.wait_for_timeout(300)
    view.screenshot(path=ARTIFACTS / f"view-{'dark' if dark else 'light'}.png")
    text = view.inner_text()
    assert "Text to image" in text and "Resize image" in text
    widths = view.locator("img").evaluate_all("images => images.map(image => image.naturalWidth)")
    assert sorted(widths) == [64, 512]
