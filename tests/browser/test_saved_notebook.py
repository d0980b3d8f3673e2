"""A saved notebook shows the flow and its results where there is no kernel and no live page."""

from __future__ import annotations

import base64
import io
import json
import re
from pathlib import Path
from typing import Any

import nbconvert
import numpy as np
import PIL.Image
import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from .browser import page_of
from .editor import EditorPage
from .lab import Lab, eventually, write_notebook
from .servers import Jupyter

pytestmark = [pytest.mark.browser, pytest.mark.slow]

CELLS = (
    """
import PIL.Image, PIL.ImageDraw
import pixelflow_widgets as pf

@pf.node
def paint_sun() -> pf.Image:
    \"\"\"Paints a red circle on a blue background.\"\"\"
    picture = PIL.Image.new("RGB", (96, 96), (30, 60, 220))
    PIL.ImageDraw.Draw(picture).ellipse((20, 20, 76, 76), fill=(230, 30, 30))
    return picture
""",
    'pf.edit("sun.flow.json")',
)

PICTURE = ".jp-RenderedSVG, .jp-RenderedHTMLCommon:has(svg)"


@pytest.fixture(scope="module")
def notebook(jupyter: Jupyter, browser: Browser) -> Path:
    """A notebook in which a flow was built and run by mouse, saved, its page closed and its kernel ended."""
    path = write_notebook(jupyter.root / "saved" / "sun.ipynb", *CELLS)
    with page_of(browser) as page:
        lab = Lab(page, jupyter)
        lab.open("saved/sun.ipynb")
        lab.run_all()
        assert lab.errors() == []
        editor = EditorPage(page).wait()
        sun = editor.add_node("Paint sun", 0.2, 0.2)
        large = editor.add_node("Resize image", 0.55, 0.2)
        editor.connect(f"{sun}.image", f"{large}.image")
        editor.run()
        editor.result(large)
        # The picture is renewed when the run is over and when no edit came for a second.
        eventually(lambda: still_picture(lab.outputs()), lambda svg: "data:image/" in svg and "Resize image" in svg)
        expect(page.locator(PICTURE)).to_be_hidden()
        lab.save()
    jupyter.end_kernels()
    return path


def still_picture(outputs: list[dict[str, Any]]) -> str:
    """The source of the picture among some outputs, or nothing."""
    for output in outputs:
        for kind in ("image/svg+xml", "text/html"):
            text = "".join(output.get("data", {}).get(kind, ""))
            if "pixelflow-picture" in text:
                return text
    return ""


def embedded(svg: str) -> list[PIL.Image.Image]:
    found = re.findall(r"data:image/(?:png|jpeg|webp);base64,([A-Za-z0-9+/=\s]+)", svg)
    return [PIL.Image.open(io.BytesIO(base64.b64decode(text))).convert("RGB") for text in found]


def share_of(picture: PIL.Image.Image, red: bool) -> float:
    """How much of a picture is as red, or as blue, as the sun and its sky."""
    pixels = np.asarray(picture, dtype=int)
    strong, weak = (pixels[..., 0], pixels[..., 2]) if red else (pixels[..., 2], pixels[..., 0])
    return float(((strong > 180) & (weak < 90)).mean())


def is_of_the_flow(picture: Locator, path: Path) -> None:
    image = PIL.Image.open(io.BytesIO(picture.screenshot(path=path))).convert("RGB")
    assert share_of(image, red=True) > 0.005, "the sun"
    assert share_of(image, red=False) > 0.005, "the sky"


def test_the_file_holds_a_picture_with_the_titles_and_the_result(notebook: Path) -> None:
    cells = json.loads(notebook.read_text())["cells"]
    svg = still_picture(cells[1]["outputs"])
    assert "Paint sun" in svg and "Resize image" in svg
    pictures = embedded(svg)
    assert pictures
    for picture in pictures:
        corner, middle = picture.getpixel((3, 3)), picture.getpixel((picture.width // 2, picture.height // 2))
        assert corner[2] > 150 > corner[0], "a blue background"  # type: ignore[index]
        assert middle[0] > 150 > middle[2], "a red circle"  # type: ignore[index]


def test_the_file_says_nothing_of_the_widget_that_would_break_its_readers(notebook: Path) -> None:
    content = json.loads(notebook.read_text())
    assert notebook.stat().st_size < 400_000, "neither the bundle nor pictures at full size"
    widgets = content["metadata"].get("widgets", {})
    assert all("state" in entry for entry in widgets.values())


def test_nbconvert_makes_a_page_with_the_picture(notebook: Path, page: Page, artifacts: Path) -> None:
    html, _ = nbconvert.HTMLExporter().from_filename(str(notebook))
    target = notebook.with_suffix(".html")
    target.write_text(html)
    page.goto(target.as_uri())
    picture = page.locator(PICTURE).first
    expect(picture).to_be_visible()
    is_of_the_flow(picture, artifacts / "saved-nbconvert.png")


def test_jupyterlab_shows_the_picture_while_the_kernel_knows_of_no_editor(
    notebook: Path, jupyter: Jupyter, browser: Browser, artifacts: Path
) -> None:
    with page_of(browser) as page:
        Lab(page, jupyter).open("saved/sun.ipynb")
        picture = page.locator(PICTURE).first
        expect(picture).to_be_visible()
        page.screenshot(path=artifacts / "saved-lab.png")
        is_of_the_flow(picture, artifacts / "saved-lab-picture.png")
    jupyter.end_kernels()


@pytest.mark.parametrize("shell", ["lab", "notebook"])
def test_after_a_reload_the_picture_in_the_file_follows_edits_too(
    jupyter: Jupyter, browser: Browser, shell: str
) -> None:
    path = write_notebook(jupyter.root / f"reloaded-{shell}" / "after.ipynb", CELLS[0], CELLS[1])
    with page_of(browser) as page:
        lab = Lab(page, jupyter, shell)
        lab.open(f"reloaded-{shell}/after.ipynb")
        lab.run_all()
        EditorPage(page).wait()
        lab.save_and_reload()
        editor = EditorPage(page).wait()
        assert "Paint sun" not in still_picture(lab.outputs())
        editor.add_node("Paint sun", 0.3, 0.3)
        eventually(lambda: still_picture(lab.outputs()), lambda svg: "Paint sun" in svg)
        lab.save()
        cells = json.loads(path.read_text())["cells"]
        assert "Paint sun" in still_picture(cells[1]["outputs"])
        assert [output["output_type"] for output in cells[1]["outputs"]] == ["display_data"] * 2
    jupyter.end_kernels()
