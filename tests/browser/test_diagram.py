"""The drawing of a flow as a browser shows it; its pictures lie in the artifacts."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Literal

import PIL.Image
import pytest
from playwright.sync_api import Browser

from pixelflow_widgets.export.diagram import svg_of
from pixelflow_widgets.export.diagram.shapes import CANVAS, COLOURS, DARK, SURFACE
from tests.export.test_diagram import everything
from tests.flow.sample_types import REGISTRY

from .browser import complaints, page_of


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_drawing_has_the_colours_that_its_reader_likes(
    browser: Browser, artifacts: Path, tmp_path: Path, theme: Literal["light", "dark"]
) -> None:
    (tmp_path / "flow.svg").write_text(svg_of(everything(), REGISTRY), encoding="utf-8")
    with page_of(browser, 2400, 1600, color_scheme=theme) as page:
        page.goto((tmp_path / "flow.svg").as_uri())
        shot = page.screenshot(path=artifacts / f"diagram-{theme}.png")
        titles = page.locator("text").all_text_contents()
        assert complaints(page) == []
    assert {"Draw the poster", "Subflow of 2 nodes", "muted", "not installed here"} <= set(titles)
    with PIL.Image.open(io.BytesIO(shot)) as image:
        found = {colour for _, colour in image.convert("RGB").getcolors(1 << 24) or []}
    other = {light: DARK[light] for light in (SURFACE, CANVAS, COLOURS["image"], COLOURS["text"])}
    shown, hidden = (other, other.values()) if theme == "light" else (other.values(), other)
    assert {rgb(colour) for colour in shown} <= found
    assert not {rgb(colour) for colour in hidden if colour != "#ffffff"} & found  # around the sheet, pages are white


def rgb(colour: str) -> tuple[int, ...]:
    return tuple(bytes.fromhex(colour[1:]))
