"""The panel that exports, without Jupyter: every form, a refusal, the question before a file goes, keys."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from .harness import Harness

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def test_forms_are_chosen_by_tabs_and_a_refusal_is_words(harness: Harness) -> None:
    editor = harness.open()
    editor.button("Export").click()
    panel = editor.root.get_by_role("dialog", name="Export")
    expect(panel.locator("pre")).to_contain_text("as script")
    panel.get_by_role("tab", name="Builder").click()
    expect(panel.get_by_role("alert")).to_have_text("'Paint' cannot be written as code: it holds a lock.")
    panel.get_by_role("tab", name="Notebook").click()
    expect(panel.locator("pre")).to_have_text([f"# {harness.document()['name']}", "a = 1\na"])
    panel.get_by_role("tab", name="SVG").click()
    assert panel.locator("img").evaluate("image => image.decode().then(() => image.naturalWidth)") == 80


def test_a_host_without_a_notebook_offers_a_copy_and_says_why(harness: Harness) -> None:
    editor = harness.open()
    editor.button("Export").click()
    panel = editor.root.get_by_role("dialog", name="Export")
    expect(panel).to_contain_text("This notebook lets no widget add cells.")
    expect(panel.get_by_role("button", name="New cell below")).to_have_count(0)
    expect(panel.get_by_role("button", name="Copy")).to_be_visible()


def test_a_file_that_differs_is_written_over_only_when_asked_to(harness: Harness) -> None:
    editor = harness.open()
    editor.button("Export").click()
    panel = editor.root.get_by_role("dialog", name="Export")
    panel.get_by_role("button", name="Save as file").click()
    expect(editor.notice).to_contain_text("Wrote")
    panel.get_by_role("tab", name="Mermaid").click()
    panel.get_by_role("button", name="Save as file").click()
    expect(panel.locator("[data-sign='-']")).not_to_have_count(0)
    panel.get_by_role("button", name="Keep it").click()
    expect(panel.locator("pre")).to_contain_text("as mermaid")
    panel.get_by_role("button", name="Save as file").click()
    panel.get_by_role("button", name="Write over").click()
    expect(panel.locator("[data-sign]")).to_have_count(0)
    panel.get_by_role("button", name="Save as file").click()
    expect(editor.notice).to_contain_text("up to date")


def test_a_node_is_opened_as_cells_from_its_menu_and_escape_closes(harness: Harness) -> None:
    editor = harness.open()
    node = editor.nodes()[0]
    editor.node(node).get_by_role("button", name="More").click()
    editor.root.get_by_role("menuitem", name="Open as cells").click()
    panel = editor.root.get_by_role("dialog", name="Export")
    expect(panel.locator("pre").first).to_have_text(f'inputs = flow.values_into("{node}")')
    editor.page.keyboard.press("Delete")
    assert node in harness.document()["nodes"]
    editor.page.keyboard.press("Escape")
    expect(panel).to_have_count(0)
    editor.button("Export").click()
    expect(panel.get_by_role("tab", name="Script")).to_have_attribute("aria-selected", "true")
