"""The publish panel without Jupyter: the signature edited, versions, keys, webhooks, in narrow cells and by keys."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from .browser import complaints, page_of
from .editor import EditorPage
from .harness import Harness

pytestmark = [pytest.mark.browser, pytest.mark.slow]

STEPS = {"name": "steps", "type": "int", "default": 20, "feeds": ["n1.steps"]}
SIDEWAYS = """root => [...root.querySelectorAll('.pf-published, .pf-published :is(input, select, button, p, h4, code)')]
    .filter(each => each.scrollWidth > each.clientWidth + 1 && getComputedStyle(each).display !== 'inline')
    .filter(each => !each.closest('pre, .pf-table') && !each.matches('input, .pf-entry'))
    .map(each => each.className || each.textContent)"""


@pytest.fixture
def editor(harness: Harness) -> EditorPage:
    editor = harness.open()
    edit(harness, {"op": "add_input", "input": STEPS})
    return editor


def edit(harness: Harness, *operations: dict[str, Any]) -> None:
    harness.kernel(f"void kernel.edit({json.dumps(operations)})")


def entry(harness: Harness, name: str, side: str = "inputs") -> dict[str, Any]:
    return next(each for each in harness.document()[side] if each["name"] == name)


def names(harness: Harness, side: str = "inputs") -> list[str]:
    return [each["name"] for each in harness.document()[side]]


def open_panel(editor: EditorPage, tab: str) -> Locator:
    panel = editor.root.get_by_role("dialog", name="Publish")
    if not panel.is_visible():
        editor.button("Publish").click()
    panel.get_by_role("tab", name=tab, exact=True).click()
    return panel


def fill(editor: EditorPage, panel: Locator, label: str, text: str) -> None:
    field = panel.get_by_label(label, exact=True)
    field.fill(text)
    field.blur()
    editor.wait_synced()


def test_an_entry_of_a_dock_opens_its_form_and_each_field_is_one_step_of_undo(
    harness: Harness, editor: EditorPage
) -> None:
    before = harness.document()
    editor.dock("inputs").locator('[data-port="steps"]').first.hover()
    editor.dock("inputs").get_by_role("button", name="Edit the input Steps").click()
    panel = editor.root.get_by_role("dialog", name="Publish")
    form = panel.get_by_role("region", name="Input Steps")
    edits = [("Title", "How often"), ("Help", "More is finer."), ("Least", "2"), ("Most", "40"), ("In steps of", "2")]
    for label, text in edits:
        fill(editor, form if label != "Title" else panel, label, text)
        form = panel.get_by_role("region", name="Input How often")
    told = entry(harness, "steps")
    assert (told["title"], told["help"]) == ("How often", "More is finer.")
    assert told["limits"] == {"min": 2, "max": 40, "step": 2}
    form.get_by_label("Affects the cost").check()
    editor.wait_synced()
    assert entry(harness, "steps")["affects_cost"] is True
    form.get_by_label("Required").check()
    editor.wait_synced()
    assert "default" not in entry(harness, "steps")
    form.get_by_label("Required").uncheck()
    editor.wait_synced()
    assert entry(harness, "steps")["default"] == 20, "what the port takes where nothing is said"
    for _ in range(8):
        editor.undo()
    assert harness.document() == before


def test_what_is_emptied_is_taken_away_and_what_cannot_be_a_name_is_not_sent(
    harness: Harness, editor: EditorPage
) -> None:
    edit(harness, {"op": "set_input", "name": "steps", "fields": {"help": "x", "limits": {"max": 9}}})
    panel = open_panel(editor, "Signature")
    panel.get_by_role("button", name="Steps", exact=True).click()
    fill(editor, panel, "Help", "")
    fill(editor, panel, "Most", "")
    assert "help" not in entry(harness, "steps") and "limits" not in entry(harness, "steps")
    for text, words in (("2 words", "letters, digits"), ("prompt", "already")):
        fill(editor, panel, "Name", text)
        expect(panel.get_by_role("alert").filter(has_text=words)).to_have_count(1)
    assert names(harness) == ["prompt", "steps"]
    fill(editor, panel, "Name", "count")
    assert names(harness) == ["prompt", "count"]
    expect(panel.get_by_role("region", name="Input Count")).to_be_visible()


def test_choices_of_a_text_become_its_control_in_the_dock(harness: Harness, editor: EditorPage) -> None:
    panel = open_panel(editor, "Signature")
    panel.get_by_role("button", name="Prompt", exact=True).click()
    fill(editor, panel, "Choices, one on a line", "a mill\na boat\n\na mill")
    assert entry(harness, "prompt")["choices"] == ["a mill", "a boat"]
    panel.get_by_role("button", name="Close").click()
    picker = editor.dock("inputs").locator("select")
    picker.select_option("a boat")
    editor.wait_synced()
    assert entry(harness, "prompt")["default"] == "a boat"


def test_inputs_are_put_in_order_by_buttons_and_by_dragging(harness: Harness, editor: EditorPage) -> None:
    panel = open_panel(editor, "Signature")
    panel.get_by_role("button", name="Steps", exact=True).click()
    panel.get_by_role("button", name="Steps up").click()
    editor.wait_synced()
    assert names(harness) == ["steps", "prompt"]
    panel.locator(".pf-entries li").filter(has_text="Steps").drag_to(
        panel.locator(".pf-entries li").filter(has_text="Prompt")
    )
    editor.wait_synced()
    assert names(harness) == ["prompt", "steps"]
    editor.undo()
    assert names(harness) == ["steps", "prompt"]


def test_the_preview_is_a_table_a_request_and_its_schema(harness: Harness, editor: EditorPage) -> None:
    panel = open_panel(editor, "Signature")
    seen = panel.get_by_role("region", name="What callers see")
    expect(seen.locator("tbody tr")).to_have_count(2)
    seen.get_by_role("tab", name="Request").click()
    prompt = entry(harness, "prompt")["default"]
    assert json.loads(seen.locator("pre").inner_text()) == {"prompt": prompt, "steps": 20}
    edit(harness, {"op": "set_input", "name": "steps", "fields": {"default": 33}})
    expect(seen.locator("pre")).to_contain_text("33")
    seen.get_by_role("tab", name="Schema").click()
    assert json.loads(seen.locator("pre").inner_text())["additionalProperties"] is False


def test_what_the_flow_does_is_said_in_the_flow_and_enter_publishes_nothing(
    harness: Harness, editor: EditorPage
) -> None:
    panel = open_panel(editor, "Publish")
    fill(editor, panel, "What it does", "Paints posters.")
    title = panel.get_by_label("Title", exact=True)
    title.fill("A poster")
    title.press("Enter")
    editor.wait_synced()
    assert (harness.document()["title"], harness.document()["description"]) == ("A poster", "Paints posters.")
    expect(panel.get_by_text("None yet.")).to_be_visible()
    title.fill("")
    title.blur()
    editor.wait_synced()
    assert "title" not in harness.document()


def test_a_reason_leads_to_what_it_is_about(harness: Harness, editor: EditorPage) -> None:
    edit(
        harness,
        {"op": "add_node", "id": "tint", "node": {"type": "duotone", "values": {}}, "position": [900, 0]},
        {"op": "add_input", "input": {"name": "idle", "type": "text", "feeds": []}},
    )
    panel = open_panel(editor, "Publish")
    reasons = panel.get_by_role("region", name="Reasons against publishing")
    expect(reasons.get_by_role("listitem")).to_have_count(2)
    reasons.get_by_role("button", name="'idle' feeds nothing").click()
    expect(panel.get_by_role("region", name="Input Idle")).to_be_visible()
    panel = open_panel(editor, "Publish")
    reasons.get_by_role("button", name="needs a value").click()
    expect(panel).to_have_count(0)
    expect(editor.node("tint")).to_have_class("pf-card pf-card-selected")


def test_a_name_that_stands_in_no_url_is_refused_in_words_and_none_is_lost(
    harness: Harness, editor: EditorPage
) -> None:
    panel = open_panel(editor, "Publish")
    panel.get_by_label("Name").fill("Big Poster")
    panel.get_by_label("Note").fill("kept")
    panel.get_by_role("button", name="Publish", exact=True).click()
    expect(panel.get_by_role("region", name="Reasons against publishing")).to_contain_text("cannot name an endpoint")
    expect(panel.get_by_label("Note")).to_have_value("kept")


def test_versions_say_what_changed_are_rolled_back_and_unpublished_only_after_a_question(
    harness: Harness, editor: EditorPage
) -> None:
    panel = open_panel(editor, "Publish")
    publish = panel.get_by_role("button", name="Publish", exact=True)
    panel.get_by_label("Note").fill("The first")
    panel.get_by_label("Seconds").fill("60")
    publish.click()
    versions = panel.get_by_role("region", name="Versions of the endpoint").get_by_role("listitem")
    expect(versions).to_have_count(1)
    expect(panel.get_by_label("Note")).to_have_value("")
    expect(panel.get_by_label("Seconds")).to_have_value("60")
    assert harness.kernel("kernel.publishing.answer({type: 'publishing', name: ''})")["publishing"]["versions"][0][
        "caps"
    ]["seconds"] == (60)
    publish.click()
    expect(panel).to_contain_text("This is first-v1 already")
    edit(harness, {"op": "set_input", "name": "steps", "fields": {"default": 33}})
    expect(panel.get_by_role("region", name="What has changed")).to_contain_text("33 by default, was 20")
    publish.click()
    expect(panel).to_contain_text("first-v2 is published")
    expect(versions.filter(has_text="first-v2").first).to_contain_text("current")
    panel.get_by_role("button", name="Roll back to first-v1").click()
    expect(panel.locator(".pf-version-list > li").nth(1)).to_contain_text("current")
    panel.get_by_role("button", name="Unpublish first-v2").click()
    panel.get_by_role("button", name="Keep it").click()
    expect(panel.locator(".pf-version-list > li").first).not_to_contain_text("unpublished")
    panel.get_by_role("button", name="Unpublish first-v2").click()
    panel.get_by_role("button", name="Unpublish", exact=True).click()
    expect(panel.locator(".pf-version-list > li").first).to_contain_text("unpublished")


def test_a_rename_that_callers_would_miss_is_said_once_and_stays_marked(harness: Harness, editor: EditorPage) -> None:
    open_panel(editor, "Publish").get_by_role("button", name="Publish", exact=True).click()
    expect(editor.root.get_by_role("dialog", name="Publish")).to_contain_text("first-v1 is published")
    editor.page.keyboard.press("Escape")
    editor.dock("inputs").get_by_text("Prompt", exact=True).dblclick()
    editor.page.keyboard.type("Words")
    editor.page.keyboard.press("Enter")
    expect(editor.notice).to_contain_text("takes 'prompt', an input that the flow has no longer")
    editor.notice.get_by_role("button", name="Show it").click()
    panel = editor.root.get_by_role("dialog", name="Publish")
    expect(panel.get_by_role("alert").first).to_contain_text("rename it back")
    editor.page.keyboard.press("Escape")
    mark = editor.dock("inputs").get_by_role("button", name="Callers would miss inputs")
    expect(mark).to_be_visible()
    editor.undo()
    expect(mark).to_have_count(0)


def test_a_key_is_shown_once_copied_and_taken_back(harness: Harness, editor: EditorPage) -> None:
    panel = open_panel(editor, "Call")
    panel.get_by_role("button", name="Serve").click()
    shown = panel.get_by_role("alert").filter(has_text="shown once")
    expect(shown.locator("code")).to_contain_text("pf_")
    secret = shown.locator("code").inner_text()
    shown.get_by_role("button", name="Copy key").click()
    expect(shown.get_by_role("button", name="Copied key")).to_be_visible()
    shown.get_by_role("button", name="Done").click()
    assert secret not in panel.inner_text()
    panel.get_by_label("New key for").fill("phone")
    panel.get_by_label("It may").select_option(label="call first")
    panel.get_by_role("button", name="Make key").click()
    keys = panel.get_by_role("region", name="Keys").get_by_role("listitem")
    expect(keys.filter(has_text="phone")).to_contain_text("first")
    panel.get_by_role("button", name="Rotate phone").click()
    panel.get_by_role("button", name="Rotate", exact=True).click()
    expect(panel.get_by_role("alert").filter(has_text="shown once")).to_have_count(1)
    panel.get_by_role("button", name="Revoke notebook").click()
    panel.get_by_role("button", name="Revoke", exact=True).click()
    expect(keys).to_have_count(1)


def test_a_webhook_that_is_refused_says_why_and_one_that_failed_is_replayed(
    harness: Harness, editor: EditorPage
) -> None:
    panel = open_panel(editor, "Webhooks")
    expect(panel).to_contain_text("Make one first, under Call")
    panel = open_panel(editor, "Call")
    panel.get_by_role("button", name="Serve").click()
    panel.get_by_role("button", name="Done").click()
    failed = {"id": "msg_1", "kind": "job.finished", "url": "https://example.com/", "state": "failed", "attempts": 10}
    log = json.dumps([{**failed, "last_status": 500, "last_error": "It answered 500.", "created_at": 1.0}])
    harness.kernel(f"void (kernel.publishing.deliveries = {log})")
    panel = open_panel(editor, "Webhooks")
    panel.get_by_label("URL").fill("http://10.0.0.1/")
    panel.get_by_role("button", name="Add webhook").click()
    expect(editor.notice).to_contain_text("no address that webhooks are sent to")
    expect(panel.get_by_label("URL")).to_have_value("http://10.0.0.1/")
    panel.get_by_label("URL").fill("https://example.com/")
    panel.get_by_label("job.started").check()
    panel.get_by_role("button", name="Add webhook").click()
    expect(panel.get_by_role("alert").filter(has_text="shown once")).to_contain_text("whsec_")
    hooks = panel.get_by_role("region", name="Webhooks")
    expect(hooks.get_by_role("listitem")).to_contain_text("job.started, job.finished of notebook")
    sent = panel.get_by_role("region", name="Deliveries")
    expect(sent).to_contain_text("It answered 500.")
    sent.get_by_role("button", name="Replay job.finished").click()
    expect(sent).to_contain_text("waiting")
    hooks.get_by_role("button", name="Remove https://example.com/").click()
    hooks.get_by_role("button", name="Remove", exact=True).click()
    expect(hooks.get_by_role("listitem")).to_have_count(0)


def test_keys_stay_in_the_panel_but_for_undo_and_escape(harness: Harness, editor: EditorPage) -> None:
    editor.title_of("n1").click()
    panel = open_panel(editor, "Signature")
    fill(editor, panel, "Title", "Words")
    panel.get_by_role("tab", name="Signature").focus()
    for key in ("Delete", "m", "Control+d"):
        editor.page.keyboard.press(key)
    assert list(harness.document()["nodes"]) == ["n1"] and "muted" not in harness.document()["nodes"]["n1"]
    editor.page.keyboard.press("Control+z")
    expect(panel.get_by_role("region", name="Input Prompt")).to_be_visible()
    editor.page.keyboard.press("Escape")
    expect(panel).to_have_count(0)


@pytest.fixture(params=[240, 480, 900, 1400])
def narrow(request: pytest.FixtureRequest, browser: Browser) -> Iterator[Page]:
    """A page in which a cell is so wide."""
    with page_of(browser, request.param + 40, 760, reduced_motion="reduce") as page:
        yield page
        assert complaints(page) == []


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_tab_is_read_without_scrolling_sideways(
    narrow: Page, harness_page: Path, artifacts: Path, theme: str
) -> None:
    harness = Harness(narrow, harness_page)
    editor = harness.open("first", theme=theme)
    edit(harness, {"op": "add_input", "input": STEPS})
    editor.button("More ways to run").click()
    editor.root.get_by_role("menuitem", name="Publish").click()
    panel = editor.root.get_by_role("dialog", name="Publish")
    panel.get_by_role("button", name="Publish", exact=True).click()
    panel.get_by_role("button", name="How to call it").click()
    panel.get_by_role("button", name="Serve").click()
    panel.get_by_role("button", name="Done").wait_for()
    edit(harness, {"op": "remove_input", "name": "prompt"})
    for tab in ("Signature", "Publish", "Call", "Webhooks", "Usage"):
        panel.get_by_role("tab", name=tab, exact=True).click()
        narrow.wait_for_timeout(200)
        assert editor.root.evaluate(SIDEWAYS) == [], tab
        width = narrow.viewport_size["width"] - 40  # type: ignore[index]
        editor.screenshot(artifacts / f"publish-{tab.lower()}-{width}-{theme}.png")
