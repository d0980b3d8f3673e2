"""Words that are read and copied, variables that are picked, and results that are saved, by hand and by keyboard."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from .editor import EditorPage
from .harness import Harness

pytestmark = [pytest.mark.browser, pytest.mark.slow]

SOURCE = "def stripes(count: int):\n    return count * 'x'"
# What a copy would put on the clipboard, asked for as a browser asks; "" leaves it to the browser.
COPY = """(root) => {
    const data = new DataTransfer();
    const event = new ClipboardEvent('copy', { clipboardData: data, bubbles: true, cancelable: true });
    (root.ownerDocument.activeElement ?? root).dispatchEvent(event);
    return data.getData('text/plain');
}"""


def asked_to_run_code(harness: Harness, scene: str = "chain") -> EditorPage:
    editor = harness.open(scene)
    ask = {"kind": "run", "name": "notebook.stripes", "digest": "abc", "source": SOURCE}
    editor.page.evaluate("(asks) => window.kernel.set('asks', asks)", [ask])
    expect(editor.root.get_by_role("group", name="Run this code for")).to_be_visible()
    return editor


# Copying


def test_words_that_are_selected_in_shown_code_are_copied_not_the_selected_nodes(harness: Harness) -> None:
    editor = asked_to_run_code(harness)
    editor.title_of("n5").click()
    assert "n5" in editor.root.evaluate(COPY)
    editor.root.locator("pre").click(click_count=2)
    chosen = editor.page.evaluate("() => getSelection().toString()").strip()
    assert chosen and chosen in SOURCE
    assert editor.root.evaluate(COPY) == ""
    editor.page.keyboard.press("Control+x")
    editor.wait_synced()
    assert "n5" in harness.document()["nodes"]


def test_once_a_node_is_clicked_on_the_nodes_are_copied_again(harness: Harness) -> None:
    editor = asked_to_run_code(harness)
    editor.root.locator("pre").click(click_count=3)
    assert editor.root.evaluate(COPY) == ""
    editor.title_of("n4").click()
    assert '"n4"' in editor.root.evaluate(COPY)


# Variables


def test_a_variable_is_picked_with_the_keyboard_alone(harness: Harness) -> None:
    editor = harness.open("chain")
    pick = editor.row("n2.negative_prompt").get_by_role(
        "button", name="Negative prompt: Use a variable of the notebook…"
    )
    editor.row("n2.negative_prompt").get_by_role("textbox").focus()
    editor.page.keyboard.press("Tab")
    expect(editor.row("n2.negative_prompt").get_by_role("button", name="in the prompt editor")).to_be_focused()
    editor.page.keyboard.press("Tab")
    expect(pick).to_be_focused()
    expect(pick).to_have_css("opacity", "1")
    editor.page.keyboard.press("Enter")
    entry = editor.root.get_by_role("menuitem", name="poster")
    expect(entry).to_be_focused()
    editor.page.keyboard.press("Escape")
    expect(entry).to_have_count(0)
    expect(pick).to_be_focused()
    editor.page.keyboard.press("Enter")
    expect(entry).to_be_focused()
    editor.page.keyboard.press("Enter")
    expect(editor.row("n2.negative_prompt").get_by_text("poster")).to_be_visible()  # it is no edit that is waited for
    assert harness.document()["nodes"]["n2"]["bindings"] == {"negative_prompt": "poster"}


def test_tab_leaves_the_list_of_variables_and_goes_on_from_its_button(harness: Harness) -> None:
    editor = harness.open("chain")
    pick = editor.row("n2.negative_prompt").get_by_role(
        "button", name="Negative prompt: Use a variable of the notebook…"
    )
    pick.focus()
    editor.page.keyboard.press("Enter")
    expect(editor.root.get_by_role("menuitem", name="poster")).to_be_focused()
    editor.page.keyboard.press("Tab")
    expect(editor.root.get_by_role("menu")).to_have_count(0)
    expect(pick).not_to_be_focused()
    assert editor.root.evaluate("(root) => root.contains(document.activeElement) && document.activeElement !== root")


# Saving results


@pytest.mark.parametrize(("scene", "node", "ending"), [("media", "speak", "wav"), ("media", "film", "webm")])
def test_a_result_is_saved_from_the_menu_of_its_node_with_its_record_or_without(
    harness: Harness, scene: str, node: str, ending: str
) -> None:
    editor = harness.open(scene)
    editor.button("Run").click()
    expect(editor.node(node).locator("audio, video").first).to_be_attached()
    for name, bare in (("Download the result", ""), ("Download without record", "-bare")):
        editor.node(node).get_by_role("button", name="More").click()
        with editor.page.expect_download() as saved:
            editor.root.get_by_role("menuitem", name=name).click()
        assert saved.value.suggested_filename.endswith(f"-0{bare}.{ending}")


def test_a_node_that_made_nothing_has_nothing_to_download(harness: Harness) -> None:
    editor = harness.open("chain")
    editor.node("n2").get_by_role("button", name="More").click()
    expect(editor.root.get_by_role("menuitem", name="Duplicate")).to_be_visible()
    expect(editor.root.get_by_role("menuitem", name="Download the result")).to_have_count(0)
