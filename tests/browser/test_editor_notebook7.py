"""The same flow, edited and run in Notebook 7."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from .browser import complaints, is_red_circle_on_blue
from .editor import EditorPage
from .lab import Lab, write_notebook
from .poster import EDIT, PROMPT, write_poster
from .servers import Jupyter

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture(scope="module")
def lab(jupyter: Jupyter, page: Page) -> Iterator[Lab]:
    write_poster(jupyter.root / "notebook7" / "poster.flow.json")
    write_notebook(jupyter.root / "notebook7" / "poster.ipynb", f"import pixelflow_widgets as pf\n{EDIT}")
    lab = Lab(page, jupyter, shell="notebook")
    lab.open("notebook7/poster.ipynb")
    lab.run_all()
    assert lab.errors() == []
    yield lab
    jupyter.end_kernels()


def test_a_flow_is_edited_and_run_in_notebook_7(lab: Lab, artifacts: Path) -> None:
    editor = EditorPage(lab.page).wait()
    editor.set("prompt.text", PROMPT)
    added = editor.add_node("Number", 0.35, 0.85)
    document = lab.value(f"{EDIT}.document")
    assert document["nodes"]["prompt"]["values"] == {"text": PROMPT}
    assert added in document["nodes"]
    editor.run()
    assert is_red_circle_on_blue(editor.result("draw"))
    editor.undo()
    assert added not in lab.value(f"{EDIT}.document")["nodes"]
    for dark in (False, True):
        lab.theme(dark)
        expect(editor.root).to_have_attribute("data-pf-theme", "dark" if dark else "light")
        lab.page.screenshot(path=artifacts / f"notebook7-{'dark' if dark else 'light'}.png")
    assert complaints(lab.page, "pixelflow", "anywidget", "React", "pf-") == []
