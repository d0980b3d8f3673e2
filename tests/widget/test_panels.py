"""The panels of the editor, as a page asks for them."""

from __future__ import annotations

from pathlib import Path

import pytest

from pixelflow_widgets.widget import panels as room

from .page import Page


def test_the_panels_come_as_their_module_and_their_style_sheet(page: Page) -> None:
    answer = page.ask("panels")
    assert answer["type"] == "ack"
    code, css = (bytes(buffer).decode() for buffer in answer["buffers"])
    assert code.startswith("export default") and ".pf-" in css


def test_panels_that_were_never_built_are_refused_in_words(
    page: Page, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(room, "STATIC", tmp_path)
    answer = page.ask("panels")
    assert answer["type"] == "reject" and "make setup" in answer["message"]
