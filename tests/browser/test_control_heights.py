"""Controls are as high as the computed sizes of cards say, with and without what a person brings."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import PIL.Image
import pytest
from playwright.sync_api import Browser, expect

from .browser import complaints, page_of
from .harness import Harness

pytestmark = [pytest.mark.browser, pytest.mark.slow]

# 22 px on the title's line; below it, what controlBlock said and the card has kept free.
MISFITS = """() => {
    const zoom = new DOMMatrix(getComputedStyle(document.querySelector('.react-flow__viewport')).transform).a;
    return [...document.querySelectorAll('.pf-card .pf-control')].flatMap((control) => {
        const below = control.classList.contains('pf-control-block');
        const wanted = below ? parseFloat(control.parentElement.style.height) : 22;
        const height = control.getBoundingClientRect().height / zoom;
        const spills = control.scrollHeight > control.clientHeight + 1 || control.scrollWidth > control.clientWidth + 1;
        const wide = control.offsetWidth > (below ? 224 : 130);
        const misfit = Math.abs(height - wanted) > 0.6 || spills || wide;
        return misfit ? [[control.closest('[data-port]').dataset.port, height, wanted, spills]] : [];
    });
}"""


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_every_control_has_the_height_that_was_computed(
    browser: Browser, harness_page: Path, tmp_path: Path, dark: bool
) -> None:
    picture = tmp_path / "red.png"
    PIL.Image.new("RGB", (40, 30), (220, 30, 30)).save(picture)
    with page_of(browser, height=1600) as page:
        editor = Harness(page, harness_page).open("controls", theme="dark" if dark else "light")
        page.evaluate("() => window.kernel.set('options', { height: 1500 })")
        page.wait_for_function("() => document.querySelector('.pf-root').getBoundingClientRect().height > 1400")
        editor.button("Fit").click()
        expect(page.locator(".pf-card .pf-control").first).to_be_visible()
        expect(page.locator(".pf-card .pf-control").nth(15)).to_be_visible()
        assert _misfits(page) == []
        for port in ("n1.upload", "n1.mask"):
            editor.row(port).locator("input[type=file]").set_input_files(picture)
            expect(editor.row(port).locator("img")).to_be_visible()
        assert _misfits(page) == []
        assert complaints(page) == []


def _misfits(page: Any) -> list[Any]:
    return page.evaluate(MISFITS)
