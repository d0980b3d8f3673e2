"""Prompts and costs in JupyterLab, with the real kernel and the model that ships: read, painted, remembered, refused.

One notebook, in the order in which a person would do it: each test goes on where the one before ended.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from pixelflow_widgets.prompts.tokens import readers_of

from .browser import LONG
from .editor import EditorPage
from .lab import Lab, in_both_themes, write_notebook
from .servers import Jupyter

pytestmark = [pytest.mark.browser, pytest.mark.slow]

FLOW = """
import os
os.environ |= SETTINGS
import pixelflow_widgets as pf

flow = pf.Flow("poster")
wish = flow.add("prompt", id="wish", text="a red circle", position=(0, 0))
paint = flow.add("text_to_image", id="paint", prompt=wish["text"], steps=4, seed=7, position=(330, 0))
flow
"""
LONG_PROMPT = "a red circle on a blue background, " * 6


@pytest.fixture(scope="module")
def lab(jupyter: Jupyter, page: Page, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    folders = tmp_path_factory.mktemp("data")
    settings = {"PIXELFLOW_DATA": str(folders / "data"), "PIXELFLOW_CACHE": str(folders / "cache")}
    write_notebook(jupyter.root / "prompts" / "prompts.ipynb", FLOW.replace("SETTINGS", repr(settings)), "1 + 1")
    page.set_viewport_size({"width": 1300, "height": 1000})
    lab = Lab(page, jupyter)
    lab.open("prompts/prompts.ipynb")
    lab.run_cell(0)
    assert lab.errors() == []
    yield lab
    jupyter.end_kernels()


@pytest.fixture(scope="module")
def editor(lab: Lab, page: Page) -> EditorPage:
    return EditorPage(page).wait()


def write(editor: EditorPage, text: str) -> Locator:
    """Write the prompt on its card and return its meter."""
    field = editor.row("wish.text").locator("textarea")
    field.fill(text)
    field.blur()
    editor.wait_synced()
    return editor.row("wish.text").locator(".pf-meter")


def run(editor: EditorPage) -> None:
    editor.root.get_by_role("button", name="Run", exact=True).click()
    expect(editor.status).to_contain_text("Done in", timeout=LONG)


def test_panels_that_a_restarted_kernel_does_not_know_of_say_what_to_do(lab: Lab, page: Page) -> None:
    before = EditorPage(page).wait()
    lab.restart_kernel()
    before.root.get_by_role("button", name="Versions", exact=True).click()
    failed = before.root.get_by_role("alert", name="The panel cannot be shown")
    expect(failed).to_contain_text("run the cell that shows the flow again")
    failed.get_by_role("button", name="Close").click()
    expect(failed).to_have_count(0)
    lab.run_cell(0)
    assert lab.errors() == []
    editor = EditorPage(page).wait()
    editor.root.get_by_role("button", name="Versions", exact=True).click()
    expect(editor.root.get_by_role("region", name="Versions")).to_be_visible()
    editor.page.keyboard.press("Escape")


def test_a_prompt_node_is_read_by_the_model_that_it_comes_to(lab: Lab, editor: EditorPage) -> None:
    count = readers_of("starter")[0].read("a red circle").count
    expect(editor.row("wish.text").locator(".pf-meter-count")).to_have_text(f"{count} / 30", timeout=LONG)
    long = readers_of("starter")[0].read(LONG_PROMPT).count
    expect(write(editor, LONG_PROMPT)).to_contain_text(f"{long} / 30")
    expect(editor.row("wish.text").locator(".pf-meter")).not_to_have_attribute("data-tone", "calm")
    assert "transformers" not in lab.value("sorted(set(__import__('sys').modules) & {'transformers', 'torch'})")


def test_what_ran_is_remembered_with_a_picture_and_said_in_tokens(lab: Lab, editor: EditorPage) -> None:
    for text in ("a red circle", "a blue square"):
        write(editor, text)
        run(editor)
        expect(editor.status).to_contain_text("token")
    expect(editor.root.get_by_role("button", name="Run", exact=True)).to_have_attribute(
        "title", re.compile("everything is fresh")
    )


def test_the_editor_of_prompts_shows_it_all(lab: Lab, editor: EditorPage, artifacts: Path) -> None:
    editor.row("wish.text").get_by_role("button", name="in the prompt editor").click()
    panel = editor.root.get_by_role("dialog", name="Prompt: Text")
    panel.get_by_role("tab", name="History").click()
    rows = panel.locator(".pf-past > li")
    expect(rows).to_have_count(2)
    expect(rows.first).to_contain_text("a blue square")
    assert rows.first.locator("img").evaluate("image => image.decode().then(() => image.naturalWidth)") > 8
    panel.get_by_role("button", name="Compare").nth(1).click()
    expect(panel.get_by_role("region", name="What is otherwise").locator("ins")).to_contain_text(["blue"])
    in_both_themes(lab, editor, artifacts, "prompt-history-lab")
    area = panel.get_by_role("textbox", name="Text", exact=True)
    area.evaluate("(area) => area.setSelectionRange(2, 6)")
    area.press("Control+ArrowUp")
    expect(panel.get_by_role("list", name="Weights")).to_have_text("blue ×1.10")
    panel.get_by_role("tab", name="Styles").click()
    panel.get_by_role("textbox", name="Name of the style").fill("mine")
    panel.get_by_role("button", name="Save this prompt as a style").click()
    expect(panel.locator(".pf-style-list > li").first).to_contain_text("mine")
    panel.get_by_role("tab", name="Reading").click()
    panel.get_by_label("Show tokens").check()
    expect(panel.locator("[data-token]").first).to_be_attached()
    in_both_themes(lab, editor, artifacts, "prompt-reading-lab")
    editor.page.keyboard.press("Escape")
    editor.wait_synced()
    assert lab.value("flow.document['nodes']['wish']['values']['text']") == "a (blue:1.1) square"


def test_an_estimate_stands_on_the_button_and_a_budget_of_zero_asks(
    lab: Lab, editor: EditorPage, artifacts: Path
) -> None:
    button = editor.root.get_by_role("button", name="Run", exact=True)
    expect(button).to_contain_text(" s", timeout=LONG)
    lab.execute("flow.budget = pf.Budget(run=0)")
    button.click()
    question = editor.root.get_by_role("alertdialog", name="Over the budget")
    expect(question).to_contain_text("The budget of a run is 0 USD: nothing may run.")
    question.get_by_role("button", name="Run anyway").click()
    expect(editor.status).to_contain_text("Done in", timeout=LONG)
    editor.root.get_by_role("button", name="More ways to run").click()
    editor.root.get_by_role("menuitem", name="Usage and budgets").click()
    panel = editor.root.get_by_role("dialog", name="Usage and budgets")
    expect(panel.get_by_role("row", name="starter")).to_be_visible(timeout=LONG)
    field = panel.get_by_role("textbox", name="One run, USD")
    expect(field).to_have_value("0")
    field.fill("")
    panel.get_by_role("button", name="Keep these budgets").click()
    expect(field).to_have_value("")
    in_both_themes(lab, editor, artifacts, "usage-lab")
    assert lab.value("bool(flow.budget)") in (False, "False")
    editor.page.keyboard.press("Escape")
