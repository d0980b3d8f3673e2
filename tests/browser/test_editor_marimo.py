"""The same flow, edited and run in marimo."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page

from .browser import LONG, complaints, is_red_circle_on_blue
from .editor import EditorPage
from .lab import eventually
from .poster import PROMPT, write_poster
from .servers import marimo_server

pytestmark = [pytest.mark.browser, pytest.mark.slow]

NOTEBOOK = """
import marimo

app = marimo.App(width="full")


@app.cell
def _():
    import pixelflow_widgets as pf

    pf.edit("poster.flow.json")
    return


if __name__ == "__main__":
    app.run()
"""


@pytest.fixture
def folder(tmp_path: Path, page: Page) -> Iterator[Path]:
    folder = tmp_path / "notebook"
    write_poster(folder / "poster.flow.json")
    (folder / "poster.py").write_text(NOTEBOOK)
    with marimo_server(folder / "poster.py", tmp_path) as address:
        page.goto(address, timeout=LONG)
        yield folder


def test_a_flow_is_edited_and_run_in_marimo(folder: Path, page: Page, artifacts: Path) -> None:
    editor = EditorPage(page).wait()
    editor.set("prompt.text", PROMPT)
    added = editor.add_node("Number", 0.35, 0.85)
    editor.run()
    assert is_red_circle_on_blue(editor.result("draw"))
    page.screenshot(path=artifacts / "marimo.png")

    def saved() -> dict[str, object]:
        return json.loads((folder / "poster.flow.json").read_text())["nodes"]

    nodes = eventually(saved, lambda nodes: added in nodes)
    assert nodes["prompt"]["values"] == {"text": PROMPT}
    editor.undo()
    eventually(saved, lambda nodes: added not in nodes)
    assert complaints(page, "pixelflow", "anywidget", "React", "pf-") == []
