"""The flow as code from the editor, in JupyterLab: read, copied, saved, put into cells."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
from playwright.sync_api import Locator, Page, expect

from .editor import EditorPage
from .lab import Lab, in_both_themes, write_notebook
from .servers import TRACKER, Jupyter

pytestmark = [pytest.mark.browser, pytest.mark.slow]

FLOW = """
import PIL.Image
import pixelflow_widgets as pf

poster = pf.edit("poster")
words = poster.input("words", "hello", help="What is said.")
first = poster.add("prompt", id="first", text="a lighthouse at dusk", position=(0, 0))
joined = poster.add("join_text", id="join", texts=[first["text"], words], position=(330, 0))
poster.add("note", id="about", text="## Why\\nWords are joined.", position=(0, 300))
poster.output("text", joined["text"])
poster.save()
poster
"""
AFTER = "'the cell after'"


@pytest.fixture(scope="module")
def lab(jupyter: Jupyter, page: Page) -> Iterator[Lab]:
    write_notebook(jupyter.root / "export" / "export.ipynb", FLOW, AFTER)
    page.set_viewport_size({"width": 1300, "height": 1000})
    page.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=jupyter.address)
    lab = Lab(page, jupyter)
    lab.open("export/export.ipynb")
    lab.run_cell(0)
    assert lab.errors() == []
    yield lab
    jupyter.end_kernels()


@pytest.fixture(scope="module")
def editor(lab: Lab, page: Page) -> EditorPage:
    return EditorPage(page).wait()


@pytest.fixture
def panel(editor: EditorPage) -> Iterator[Locator]:
    """The panel, open."""
    editor.button("Export").click()
    panel = editor.root.get_by_role("dialog", name="Export")
    expect(panel).to_be_visible()
    yield panel
    if panel.is_visible():
        panel.get_by_role("button", name="Close").click()


def text_of(panel: Locator) -> str:
    return "\n".join(panel.locator(".pf-exported pre").all_inner_texts())


def test_each_form_is_shown_as_the_kernel_makes_it(
    lab: Lab, editor: EditorPage, panel: Locator, artifacts: Path
) -> None:
    for form, verb in (("Script", "to_script"), ("Builder", "to_builder"), ("Mermaid", "to_mermaid")):
        panel.get_by_role("tab", name=form).click()
        expect(panel.locator(".pf-exported pre")).to_have_count(1)
        expect(panel.locator(".pf-exported pre")).to_have_text(lab.value(f"poster.{verb}()"))
        in_both_themes(lab, editor, artifacts, f"export-{form.lower()}")
    panel.get_by_role("tab", name="Notebook").click()
    expect(panel.locator('.pf-exported [data-kind="markdown"]')).to_have_count(2)
    expect(panel).to_contain_text("Words are joined.")
    in_both_themes(lab, editor, artifacts, "export-notebook")
    panel.get_by_role("tab", name="SVG").click()
    expect(panel.locator("img")).to_be_visible()
    assert panel.locator("img").evaluate("image => image.decode().then(() => image.naturalWidth)") > 200
    in_both_themes(lab, editor, artifacts, "export-svg")


def test_the_text_follows_the_flow_and_is_copied(lab: Lab, page: Page, panel: Locator) -> None:
    panel.get_by_role("tab", name="Script").click()
    lab.execute("poster.set('first', text='a mill')")
    expect(panel.locator("pre")).to_contain_text('"a mill"')
    panel.get_by_role("button", name="Copy").click()
    expect(panel.get_by_role("button", name="Copied")).to_be_visible()
    assert page.evaluate("() => navigator.clipboard.readText()") == lab.value("poster.to_script()")


def test_a_file_is_written_and_one_that_differs_is_shown_and_asked_about(
    lab: Lab, editor: EditorPage, panel: Locator, artifacts: Path
) -> None:
    file = lab.jupyter.root / "export" / "poster.py"
    panel.get_by_role("tab", name="Script").click()
    expect(panel.get_by_label("File")).to_have_value("poster.py")
    panel.get_by_role("button", name="Save as file").click()
    expect(editor.notice).to_contain_text("Wrote poster.py.")
    assert file.read_text() == lab.value("poster.to_script()")
    panel.get_by_role("button", name="Save as file").click()
    expect(editor.notice).to_contain_text("up to date")
    mine = file.read_text().replace('"a mill"', '"my own words"')
    file.write_text(mine)
    panel.get_by_role("button", name="Save as file").click()
    expect(panel.get_by_role("alert")).to_contain_text("poster.py is there and differs")
    expect(panel.locator('[data-sign="-"]').filter(has_text="my own words")).to_have_count(1)
    expect(panel.locator('[data-sign="+"]').filter(has_text="a mill")).to_have_count(1)
    in_both_themes(lab, editor, artifacts, "export-difference")
    panel.get_by_role("button", name="Keep it").click()
    expect(panel.locator("pre")).to_contain_text("a mill")
    assert file.read_text() == mine
    panel.get_by_role("button", name="Save as file").click()
    panel.get_by_role("button", name="Write over").click()
    expect(editor.notice).to_contain_text("Wrote poster.py.")
    assert file.read_text() == lab.value("poster.to_script()")


def test_a_notebook_is_saved_beside_the_flow(lab: Lab, editor: EditorPage, panel: Locator) -> None:
    panel.get_by_role("tab", name="Notebook").click()
    expect(panel.get_by_label("File")).to_have_value("poster.ipynb")
    panel.get_by_role("button", name="Save as file").click()
    expect(editor.notice).to_contain_text("Wrote poster.ipynb.")
    nbformat.validate(nbformat.read(lab.jupyter.root / "export" / "poster.ipynb", as_version=4))


def test_what_is_selected_in_the_panel_is_copied_and_keys_do_not_reach_the_nodes(
    lab: Lab, editor: EditorPage, page: Page, panel: Locator
) -> None:
    before = editor.revision
    panel.get_by_role("tab", name="Builder").click()
    panel.locator(".pf-exported pre").dblclick(position={"x": 30, "y": 20})
    page.keyboard.press("Control+c")
    assert page.evaluate("() => navigator.clipboard.readText()").strip() in lab.value("poster.to_builder()")
    page.keyboard.press("Delete")
    page.keyboard.press("m")
    assert editor.revision == before
    page.keyboard.press("Escape")
    expect(panel).to_have_count(0)


def test_a_new_cell_below_holds_the_text(lab: Lab, editor: EditorPage, panel: Locator) -> None:
    panel.get_by_role("tab", name="Builder").click()
    panel.get_by_role("button", name="New cell below").click()
    expect(editor.notice).to_contain_text("A cell was added")
    assert lab.cells() == [FLOW, lab.value("poster.to_builder()"), AFTER]
    lab.set_cell(1, "")


def test_a_node_is_opened_as_cells_that_run(lab: Lab, editor: EditorPage, artifacts: Path) -> None:
    editor.node("join").hover()
    editor.node("join").get_by_role("button", name="More").click()
    editor.root.get_by_role("menuitem", name="Open as cells").click()
    panel = editor.root.get_by_role("dialog", name="Export")
    expect(panel.locator("pre")).to_have_count(2)
    expect(panel.locator("pre").first).to_contain_text('inputs = poster.values_into("join")')
    in_both_themes(lab, editor, artifacts, "export-node")
    cells = lab.value("poster.to_cells('join', variable='poster')")
    assert text_of(panel).split() == "\n".join(cells).split()
    panel.get_by_role("button", name="2 new cells below").click()
    assert lab.cells() == [FLOW, *cells, "", AFTER]
    lab.run_cell(1)
    lab.run_cell(2)
    assert lab.errors() == []
    assert lab.value("texts") == ["a mill", "hello"] and lab.value("text") == "a mill, hello"


def test_what_cannot_be_written_is_said_in_words(lab: Lab, editor: EditorPage, panel: Locator, artifacts: Path) -> None:
    lab.execute("small = poster.add('resize_image', position=(330, 300)); poster.output('image', small['image'])")
    panel.get_by_role("tab", name="Script").click()
    expect(panel.get_by_role("alert")).to_contain_text("its input 'image' has no value")
    in_both_themes(lab, editor, artifacts, "export-refused")
    lab.execute("poster.undo(); poster.undo()")
    expect(panel.locator("pre")).to_contain_text("def main(")


def test_a_new_cell_finds_its_place_where_cells_that_are_scrolled_away_are_not_in_the_page(
    jupyter: Jupyter, lab: Lab, page: Page
) -> None:
    lab.save()
    with jupyter.setting(TRACKER, {"windowingMode": "full"}):
        many = [f"{number}" for number in range(60)]
        write_notebook(jupyter.root / "export" / "long.ipynb", *many, FLOW.replace("poster", "other"), AFTER)
        lab.open("export/long.ipynb")
        lab.scroll_to(60)
        lab.run_cell(60)
        assert lab.errors() == []
        editor = EditorPage(page).wait()
        editor.button("Export").click()
        panel = editor.root.get_by_role("dialog", name="Export")
        panel.get_by_role("button", name="New cell below").click()
        cells = lab.cells()
        assert cells[:60] == many and cells[61] == lab.value("other.to_script()") and cells[62] == AFTER
