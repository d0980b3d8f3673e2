"""Prompts on cards and in their editor: meters, weights, tokens, styles, history; panels whose code comes late."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, expect

from .browser import complaints, page_of
from .editor import EditorPage
from .harness import Harness

pytestmark = [pytest.mark.browser, pytest.mark.slow]

LONG = "boat " * 31
MARKED = "# note\na (lighthouse:1.4) in a {red|green} {subject}"

# Of each letter of the text area and of what is drawn behind it, where it begins.
SAME_PLACES = """(panel) => {
    const area = panel.querySelector('.pf-page > textarea');
    const behind = panel.querySelector('.pf-page-scroll');
    const wide = (element) => element.clientWidth;
    return [wide(area), wide(behind), area.scrollHeight, behind.scrollHeight];
}"""


def prompt_of(editor: EditorPage) -> Locator:
    """The prompt that is an input of the flow."""
    return editor.dock("inputs").locator('[data-control="prompt"]')


def write(editor: EditorPage, text: str) -> Locator:
    """Write a prompt on its card and return its meter."""
    field = prompt_of(editor).locator("textarea")
    field.fill(text)
    field.blur()
    editor.wait_synced()
    return prompt_of(editor).locator(".pf-meter")


def open_editor(editor: EditorPage) -> Locator:
    prompt_of(editor).get_by_role("button", name="in the prompt editor").click()
    panel = editor.root.get_by_role("dialog", name="Prompt: Prompt")
    expect(panel).to_be_visible()
    return panel


def test_a_meter_says_how_much_is_read_and_what_is_cut_and_never_moves_the_card(harness: Harness) -> None:
    editor = harness.open()
    height = editor.dock("inputs").bounding_box()
    meter = write(editor, "a red boat")
    expect(meter).to_have_text("3 / 30")
    expect(meter.get_by_role("meter")).to_have_attribute("aria-valuenow", "3")
    expect(meter).to_have_attribute("data-tone", "calm")
    meter = write(editor, LONG)
    expect(meter).to_have_attribute("data-tone", "cut")
    expect(meter).to_contain_text("31 / 30cut after “…boat”")
    assert editor.dock("inputs").bounding_box() == height


def test_typing_asks_the_kernel_when_it_rests_and_not_for_each_letter(harness: Harness) -> None:
    editor = harness.open()
    expect(prompt_of(editor).locator(".pf-meter-count")).to_be_visible()
    asked = harness.kernel("kernel.prompts.asked")
    prompt_of(editor).locator("textarea").press_sequentially(" with many more words to it", delay=15)
    expect(prompt_of(editor).locator(".pf-meter-count")).not_to_have_text("0 / 30")
    editor.page.wait_for_timeout(500)
    assert harness.kernel("kernel.prompts.asked") - asked <= 3


def test_a_prompt_that_no_model_reads_has_no_meter(harness: Harness) -> None:
    editor = harness.open()
    node = editor.add_node("Prompt")
    row = editor.row(f"{node}.text")
    expect(row.get_by_role("button", name="in the prompt editor")).to_be_visible()
    expect(row.locator(".pf-meter-count")).to_have_count(0)


def test_panels_come_when_the_first_is_opened_and_are_asked_for_once(harness: Harness) -> None:
    editor = harness.open()
    page = editor.page
    page.evaluate(
        """() => { const hear = kernel.hear.bind(kernel); window.asked = [];
            kernel.hear = (content, ...rest) => { asked.push(content.type); hear(content, ...rest); }; }"""
    )
    open_editor(editor)
    editor.page.keyboard.press("Escape")
    for name in ("Export", "Publish", "Versions", "Models", "Timeline"):
        editor.button(name).click()
    assert page.evaluate("() => asked.filter((type) => type === 'panels').length") == 1
    expect(editor.root.get_by_role("region", name="Timeline")).to_be_visible()


@pytest.mark.parametrize(
    ("file", "words"),
    [
        ("null", "There are no panels here."),
        ('{ js: "export const page = \\"another\\"; export default () => ({});", css: "" }', "another version"),
        ('{ js: "not a program", css: "" }', "cannot be shown"),
    ],
)
def test_panels_that_cannot_be_had_say_why_and_may_be_asked_for_again(harness: Harness, file: str, words: str) -> None:
    editor = harness.open()
    editor.page.evaluate(f"() => {{ window.right = kernel.panels; kernel.panels = {file}; }}")
    editor.button("Versions").click()
    failed = editor.root.get_by_role("alert", name="The panel cannot be shown")
    expect(failed).to_contain_text(words)
    editor.page.evaluate("() => { kernel.panels = window.right; }")
    failed.get_by_role("button", name="Try again").click()
    expect(editor.root.get_by_role("region", name="Versions")).to_be_visible()


def test_a_kernel_that_is_gone_is_said_in_words(harness: Harness) -> None:
    editor = harness.open()
    editor.page.evaluate("() => { kernel.hear = () => {}; }")
    editor.button("Versions").click()
    failed = editor.root.get_by_role("alert", name="The panel cannot be shown")
    expect(failed).to_contain_text("The kernel does not answer")


def test_two_views_of_one_flow_share_the_panels(harness: Harness) -> None:
    harness.open(two="")
    for number in (0, 1):
        editor = EditorPage(harness.page, number)
        editor.button("Versions").click()
        expect(editor.root.get_by_role("region", name="Versions")).to_be_visible()


def test_weights_by_keys_are_shown_at_once_and_each_is_one_step_of_undo(harness: Harness) -> None:
    editor = harness.open()
    write(editor, "a red boat")
    panel = open_editor(editor)
    area = panel.get_by_role("textbox", name="Prompt", exact=True)
    expect(area).to_be_focused()
    area.evaluate("(area) => area.setSelectionRange(2, 5)")
    for _ in range(2):
        editor.page.keyboard.press("Control+ArrowUp")
    expect(area).to_have_value("a (red:1.2) boat")
    assert area.evaluate("(area) => area.value.slice(area.selectionStart, area.selectionEnd)") == "red"
    expect(panel.get_by_role("list", name="Weights")).to_have_text("red ×1.20")
    expect(panel.locator('[data-weight="more"]').first).to_have_text("red")
    editor.button("Undo").click()
    expect(area).to_have_value("a (red:1.1) boat")
    area.evaluate("(area) => area.setSelectionRange(3, 6)")
    panel.get_by_role("button", name="Weigh less").click()
    expect(area).to_have_value("a red boat")


def test_what_is_drawn_behind_the_letters_stands_where_they_stand(harness: Harness) -> None:
    editor = harness.open()
    write(editor, f"{MARKED}\n" + "many words that break into lines " * 40 + "\n\n")
    panel = open_editor(editor)
    expect(panel.locator('[data-kinds~="past"]').first).to_be_attached()
    panel.get_by_label("Show tokens").check()
    expect(panel.locator("[data-token]").nth(20)).to_be_attached()
    area_width, behind_width, area_height, behind_height = panel.evaluate(SAME_PLACES)
    assert (area_width, area_height) == (behind_width, behind_height)
    panel.locator("textarea").evaluate("(area) => area.scrollTo(0, 99999)")
    scrolled = "(panel) => ['textarea', '.pf-page-scroll'].map((each) => panel.querySelector(each).scrollTop)"
    editor.page.wait_for_timeout(100)
    area_top, behind_top = panel.evaluate(scrolled)
    assert area_top == behind_top > 0


def test_marks_are_told_apart_and_counted(harness: Harness) -> None:
    editor = harness.open()
    write(editor, MARKED)
    panel = open_editor(editor)
    for kind, text in (("comment", "# note"), ("alternatives", "{red|green}"), ("variable", "{subject}")):
        expect(panel.locator(f'[data-kinds~="{kind}"]')).to_have_text(text)
    expect(panel).to_contain_text("2 combinations · 1 variable: subject")
    row = panel.get_by_role("row", name="Scenes")
    expect(row).to_contain_text("/ 30")


def test_words_of_adapters_and_styles_go_into_the_prompt(harness: Harness) -> None:
    editor = harness.open()
    editor.page.evaluate("() => { kernel.prompts.words = [{source: 'ink', title: 'Ink', words: ['inkdraw']}]; }")
    write(editor, "a boat")
    panel = open_editor(editor)
    area = panel.get_by_role("textbox", name="Prompt", exact=True)
    chip = panel.get_by_role("button", name="Put “inkdraw” into the prompt")
    chip.click()
    expect(area).to_have_value("inkdraw, a boat")
    expect(chip).to_be_disabled()
    panel.get_by_role("tab", name="Styles").click()
    panel.get_by_role("button", name="Use the style Film noir").click()
    expect(area).to_have_value("inkdraw, a boat, film noir, hard light")
    panel.get_by_role("textbox", name="Name of the style").fill("Mine")
    panel.get_by_role("button", name="Save this prompt as a style").click()
    expect(panel.locator(".pf-style-list > li").first).to_contain_text("Mine")
    panel.get_by_role("button", name="Remove the style Mine").click()
    expect(panel.locator(".pf-style-list > li").first).to_contain_text("Film noir")
    for expected in ("inkdraw, a boat", "a boat"):
        editor.button("Undo").click()
        expect(area).to_have_value(expected)


def test_earlier_prompts_are_compared_with_each_other_and_with_the_present_one(harness: Harness) -> None:
    editor = harness.open()
    name = harness.document()["inputs"][0]["name"]
    rows = [{"text": f"a {colour} boat", "node": name, "when": 1.7e9 + n, "run": f"r{n}"} for n, colour in COLOURS]
    editor.page.evaluate("(rows) => { kernel.prompts.past = rows; }", rows)
    write(editor, "a blue boat")
    panel = open_editor(editor)
    panel.get_by_role("tab", name="History").click()
    compare = panel.get_by_role("button", name="Compare")
    compare.first.click()
    changes = panel.get_by_role("region", name="What is otherwise")
    expect(changes.locator("del")).to_have_text("red ")
    expect(changes.locator("ins")).to_have_text("blue ")
    compare.nth(1).click()
    expect(changes.locator("del")).to_have_text("green ")
    expect(changes.locator("ins")).to_have_text("red ")
    panel.get_by_role("button", name="Use the prompt").nth(1).click()
    expect(panel.get_by_role("textbox", name="Prompt", exact=True)).to_have_value("a green boat")


COLOURS = [(1, "red"), (0, "green")]


def test_escape_leaves_and_keys_are_not_for_the_nodes_behind(harness: Harness) -> None:
    editor = harness.open()
    editor.title_of(editor.nodes()[0]).click()
    panel = open_editor(editor)
    panel.get_by_role("tab", name="Styles").focus()
    editor.page.keyboard.press("Delete")
    assert len(harness.document()["nodes"]) == 1
    editor.page.keyboard.press("Escape")
    expect(panel).to_have_count(0)
    expect(editor.root).to_be_focused()


def test_a_prompt_that_is_gone_is_said_and_nothing_breaks(harness: Harness) -> None:
    editor = harness.open()
    panel = open_editor(editor)
    name = harness.document()["inputs"][0]["name"]
    editor.page.evaluate("(name) => kernel.edit([{ op: 'remove_input', name }])", name)
    expect(editor.root.get_by_role("dialog", name="Prompt")).to_contain_text("not there any more")
    expect(panel).to_have_count(0)


@pytest.fixture(params=[False, True], ids=["light", "dark"])
def shown(request: pytest.FixtureRequest, browser: Browser, harness_page: Path) -> Iterator[tuple[Harness, str]]:
    theme = "dark" if request.param else "light"
    with page_of(browser, width=1400, height=700) as page:
        yield Harness(page, harness_page), theme
        assert complaints(page) == []


@pytest.mark.parametrize("width", [360, 1400])
def test_nothing_stands_over_anything_else(shown: tuple[Harness, str], width: int, artifacts: Path) -> None:
    harness, theme = shown
    harness.page.set_viewport_size({"width": width, "height": 700})
    editor = harness.open(theme=theme)
    write(editor, MARKED + LONG)
    panel = open_editor(editor)
    for tab in ("Reading", "Styles", "History"):
        panel.get_by_role("tab", name=tab).click()
        expect(panel.locator(".pf-prompt-tab")).not_to_contain_text("Asking")
        assert panel.evaluate(SPILLS) == []
        editor.screenshot(artifacts / f"prompt-{tab.lower()}-{width}-{theme}.png")


# What is wider than its room, or lies over its neighbour.
SPILLS = """(panel) => {
    const boxes = [...panel.querySelectorAll('button, input, th, td, li, h4')].filter((each) => each.offsetParent);
    const room = panel.getBoundingClientRect();
    const outside = boxes.filter((each) => {
        const box = each.getBoundingClientRect();
        return box.left < room.left - 1 || box.right > room.right + 1;
    });
    const buttons = [...panel.querySelectorAll('button')].filter((each) => each.offsetParent);
    const over = buttons.filter((one, place) => buttons.slice(place + 1).some((other) => {
        const [a, b] = [one.getBoundingClientRect(), other.getBoundingClientRect()];
        return a.left < b.right - 1 && b.left < a.right - 1 && a.top < b.bottom - 1 && b.top < a.bottom - 1;
    }));
    return [...outside, ...over].map((each) => each.outerHTML.slice(0, 80));
}"""
