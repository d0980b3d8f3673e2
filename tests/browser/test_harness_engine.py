"""What the engine shows on the page without Jupyter: queue, pins, mutes, stale nodes, items, questions, timeline."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Locator, expect

from .editor import EditorPage, box_of
from .harness import Harness
from .record import Record

pytestmark = [pytest.mark.browser, pytest.mark.slow]

SETTLE = 300


def ask(harness: Harness, scene: str = "engine", **options: str) -> EditorPage:
    """Run a scene until its node "pick" asks."""
    editor = harness.open(scene, **options)
    harness.kernel("void (kernel.runs.stepTime = 5)")
    editor.button("Run").click()
    expect(editor.node("pick")).to_have_attribute("data-state", "asking")
    return editor


def run_through(harness: Harness, **options: str) -> EditorPage:
    """Run the scene "engine" to its end and answer its question."""
    editor = ask(harness, **options)
    candidates(editor).nth(2).click()
    editor.wait_done()
    return editor


def candidates(editor: EditorPage) -> Locator:
    """Return what can be picked on the node "pick"."""
    return editor.node("pick").get_by_role("button", name=re.compile("^Candidate"))


def sent(harness: Harness, kind: str) -> list[dict[str, object]]:
    """Return the requests of a type that the page has sent."""
    return harness.page.evaluate("kind => window.editor.sent.filter(each => each.type === kind)", kind)


# Running


def test_auto_run_runs_after_an_edit_until_it_is_switched_off(harness: Harness) -> None:
    editor = harness.open("first")
    auto = editor.button("Auto-run")
    expect(auto).to_have_attribute("aria-pressed", "false")
    auto.click()
    expect(auto).to_have_attribute("aria-pressed", "true")
    harness.page.wait_for_function("() => window.kernel.traits.options.auto_run === true")
    card = Record(editor.root, '.pf-card[data-node="n1"]', "data-state")
    editor.set("n1.steps", "9")
    editor.wait_done()
    assert "running" in card.values("data-state")
    auto.click()
    harness.page.wait_for_function("() => window.kernel.traits.options.auto_run === false")
    editor.set("n1.steps", "10")
    expect(editor.node("n1")).to_have_attribute("data-stale", "true")
    expect(editor.button("Run")).to_be_visible()


def test_runs_that_are_started_while_one_is_on_wait_and_can_be_taken_out(harness: Harness, artifacts: Path) -> None:
    editor = harness.open("first")
    harness.kernel("void (kernel.runs.stepTime = 1500)")
    editor.button("Run").click()
    expect(editor.button("Stop")).to_be_visible()
    harness.page.keyboard.press("Control+Enter")
    editor.button("More ways to run").click()
    editor.root.get_by_role("menuitem", name="Run all").click()
    queued = editor.root.get_by_role("button", name=re.compile("^2 runs queued"))
    expect(queued).to_be_visible()
    editor.screenshot(artifacts / "engine-queued.png")
    queued.click()
    expect(editor.root.locator(".pf-queued")).to_have_count(0)
    expect(editor.button("Stop")).to_be_visible()
    harness.kernel("void (kernel.runs.stepTime = 20)")
    editor.wait_done()


def test_stop_pressed_again_stops_at_once(harness: Harness) -> None:
    editor = harness.open("first")
    harness.kernel("void (kernel.runs.stubborn = 60000, kernel.runs.stepTime = 1000)")
    editor.button("Run").click()
    expect(editor.node("n1")).to_have_attribute("data-state", "running")
    editor.button("Stop").click()
    now = editor.button("Stop now")
    expect(now).to_be_visible()
    expect(editor.status).to_contain_text("Stopping")
    harness.page.wait_for_timeout(500)
    expect(editor.node("n1")).to_have_attribute("data-state", "running")
    now.click()
    expect(editor.node("n1")).to_have_attribute("data-state", "cancelled")
    assert [each.get("now") for each in sent(harness, "stop")] == [None, True]


def test_shift_enter_runs_what_is_selected_with_what_it_needs(harness: Harness) -> None:
    editor = harness.open("engine")
    harness.kernel("void (kernel.runs.stepTime = 20)")
    editor.title_of("paint").click()
    harness.page.keyboard.press("Shift+Enter")
    editor.wait_done()
    expect(editor.node("paint")).to_have_attribute("data-state", "done")
    expect(editor.node("tint")).to_have_attribute("data-state", "idle")
    (run,) = sent(harness, "run")
    assert run["targets"] == ["paint"]


def test_shift_enter_without_a_selection_is_left_to_the_notebook(harness: Harness) -> None:
    editor = harness.open("first")
    harness.page.evaluate(
        "() => { window.left = 0; document.addEventListener('keydown', e => { window.left += e.shiftKey ? 1 : 0; }); }"
    )
    editor.root.focus()
    harness.page.keyboard.press("Shift+Enter")
    assert harness.page.evaluate("() => window.left") >= 1
    assert sent(harness, "run") == []


# Pins, mutes, stale nodes


def test_m_mutes_what_is_selected_shows_the_way_through_and_wakes_it_again(harness: Harness) -> None:
    editor = harness.open("engine")
    height = box_of(editor.node("tint"))["height"]
    editor.title_of("tint").click()
    editor.title_of("finish").click(modifiers=["Shift"])
    harness.page.keyboard.press("m")
    editor.wait_synced()
    for node in ("tint", "finish"):
        expect(editor.node(node)).to_have_attribute("data-muted", "true")
        expect(editor.node(node)).to_have_attribute("aria-label", re.compile("muted"))
        expect(editor.node(node).locator(".pf-passes path")).to_have_count(1)
    assert box_of(editor.node("tint"))["height"] == height, "a mark does not change the size of a card"
    row = box_of(editor.node("tint").locator('.pf-row-input[data-port="tint.image"]'))
    port = box_of(editor.port("tint.image", "input"))
    assert abs((row["y"] + row["height"] / 2) - (port["y"] + port["height"] / 2)) < 1
    assert harness.document()["nodes"]["tint"]["muted"] is True
    harness.page.keyboard.press("m")
    editor.wait_synced()
    assert "muted" not in harness.document()["nodes"]["tint"]


def test_the_menu_of_a_node_pins_mutes_and_runs_all_that_are_selected(harness: Harness, artifacts: Path) -> None:
    editor = run_through(harness)
    editor.title_of("paint").click()
    editor.title_of("tint").click(modifiers=["Shift"])
    editor.node("tint").get_by_role("button", name="More").click()
    items = editor.root.get_by_role("menu").get_by_role("menuitem")
    expect(items.first).to_have_text(re.compile("Run 2 nodes"))
    editor.screenshot(artifacts / "engine-menu.png")
    editor.root.get_by_role("menuitem", name="Pin 2 nodes").click()
    for node in ("paint", "tint"):
        pin = editor.node(node).get_by_role("img", name=re.compile("^Pinned"))
        expect(pin).to_be_visible()
        expect(pin).to_have_attribute("title", re.compile("its last result stands"))
    editor.node("tint").get_by_role("button", name="More").click()
    editor.root.get_by_role("menuitem", name="Unpin 2 nodes").click()
    expect(editor.root.locator(".pf-pin")).to_have_count(0)


def test_a_pin_holds_until_the_settings_of_its_node_change_and_says_when_it_no_longer_does(harness: Harness) -> None:
    editor = run_through(harness)
    editor.title_of("paint").click()
    harness.page.keyboard.press("p")
    expect(editor.node("paint").locator(".pf-pin")).to_be_visible()
    harness.kernel("void kernel.edit([{ op: 'set_values', id: 'idea', values: { text: 'a boat' } }])")
    expect(editor.node("idea")).to_have_attribute("data-stale", "true")
    expect(editor.node("paint")).not_to_have_attribute("data-stale", "true")
    harness.kernel("void kernel.edit([{ op: 'set_values', id: 'paint', values: { count: 2 } }])")
    expect(editor.node("paint").get_by_role("img", name=re.compile("no longer holds"))).to_be_visible()


def test_what_has_no_result_cannot_be_pinned_and_says_so(harness: Harness) -> None:
    editor = harness.open("first")
    editor.title_of("n1").click()
    harness.page.keyboard.press("p")
    expect(editor.notice).to_contain_text("no result to pin yet")


def test_a_stale_node_says_why_when_it_is_hovered_over_or_focused(harness: Harness) -> None:
    editor = run_through(harness)
    harness.kernel("void kernel.edit([{ op: 'set_values', id: 'tint', values: { hue: 0.9 } }])")
    expect(editor.node("pick")).to_have_attribute("data-stale", "true")
    expect(editor.node("pick")).to_have_attribute("aria-label", re.compile("stale"))
    expect(editor.node("paint").locator(".pf-stale")).to_have_count(0)
    assert sent(harness, "why") == []
    badge = editor.node("pick").get_by_role("button", name=re.compile("^Stale"))
    badge.hover()
    words = "hue went from 0.2 to 0.9 on Duotone."
    expect(editor.root.locator(".pf-bubble")).to_have_text(words)
    editor.status.hover()
    expect(editor.root.locator(".pf-bubble")).to_have_count(0)
    expect(badge).to_have_attribute("aria-label", f"Stale: {words}")
    badge.focus()
    expect(editor.root.locator(".pf-bubble")).to_have_text(words)
    assert len(sent(harness, "why")) == 1, "the kernel is asked once for each state of the flow"


# Items


def test_a_mapped_node_says_how_many_items_are_done_and_which_failed(harness: Harness, artifacts: Path) -> None:
    editor = harness.open("items")
    harness.kernel("void (kernel.runs.stepTime = 100)")
    place = '.pf-card[data-node="test"]'
    label, badge = Record(editor.root, place, "aria-label"), Record(editor.root, f"{place} .pf-badge")
    bar = Record(editor.root, f"{place} [role=progressbar]", "aria-valuenow")
    said = Record(editor.root, ".pf-status-words")
    editor.button("Run").click()
    card = editor.node("test")
    expect(card).to_have_attribute("data-state", "failed")
    assert any(re.search(r"running, item \d of 7", name or "") for name in label.values("aria-label"))
    assert badge.shown(r"^\d of 7$") and said.shown(r"item \d of 7")
    assert any(re.search(r"^[5-9]\d$", percent or "") for percent in bar.values("aria-valuenow"))
    expect(card.locator(".pf-times")).to_have_text("×7")
    expect(card).to_contain_text("2 of 7 items failed.")
    expect(card).to_contain_text("Item 2")
    expect(card).to_contain_text("Item 5")
    editor.screenshot(artifacts / "engine-items.png")


# Questions


def test_a_question_shows_its_candidates_and_a_click_picks_one(harness: Harness) -> None:
    editor = ask(harness)
    question = editor.node("pick").get_by_role("group", name="Choose asks: Which one do you like best?")
    expect(question).to_be_visible()
    expect(editor.status).to_contain_text("Choose asks: Which one do you like best?")
    expect(candidates(editor)).to_have_count(4)
    expect(question.locator("img")).to_have_count(4)
    colours = {image.get_attribute("src") for image in question.locator("img").all()}
    assert len(colours) == 4
    candidates(editor).nth(2).click()
    expect(question).to_have_count(0)
    editor.wait_done()
    (answer,) = sent(harness, "answer")
    assert (answer["node"], answer["pick"]) == ("pick", 2)


def test_a_question_is_answered_by_keys_alone(harness: Harness) -> None:
    editor = ask(harness)
    expect(candidates(editor)).to_have_count(4)
    if not harness.page.evaluate("() => document.activeElement.classList.contains('pf-candidate')"):
        candidates(editor).first.focus()
    harness.page.keyboard.press("ArrowRight")
    harness.page.keyboard.press("Enter")
    editor.wait_done()
    assert [each["pick"] for each in sent(harness, "answer")] == [1]
    harness.kernel("void kernel.edit([{ op: 'set_values', id: 'tint', values: { hue: 0.9 } }])")
    harness.page.keyboard.press("Control+Enter")
    expect(candidates(editor)).to_have_count(4)
    candidates(editor).first.focus()
    harness.page.keyboard.press("4")
    editor.wait_done()
    assert [each["pick"] for each in sent(harness, "answer")] == [1, 3]


def test_texts_are_read_before_one_is_picked_and_pictures_can_be_looked_at_closer(harness: Harness) -> None:
    editor = ask(harness, "words")
    expect(candidates(editor).nth(1)).to_have_text(re.compile("A harbour that wakes up"))
    expect(candidates(editor).nth(1)).to_have_attribute("aria-label", re.compile("Candidate 2: A harbour"))
    editor = ask(harness)
    editor.node("pick").get_by_role("button", name="Look closer").click()
    large = editor.root.get_by_role("dialog", name="Result")
    expect(large).to_contain_text("1 of 4")
    large.get_by_role("button", name="Next").click()
    expect(large).to_contain_text("2 of 4")
    harness.page.keyboard.press("Escape")
    expect(candidates(editor).first).to_be_visible()


def test_a_question_far_away_is_said_and_can_be_gone_to(harness: Harness) -> None:
    editor = ask(harness)
    harness.page.evaluate("() => window.model.set('viewport', { x: 3000, y: 3000, zoom: 1 })")
    expect(editor.root.locator(".pf-question")).to_have_count(0)
    editor.root.get_by_role("button", name="Show it").click()
    expect(candidates(editor).first).to_be_visible()
    stage = box_of(editor.root.locator(".pf-stage"))
    question = box_of(editor.root.locator(".pf-question"))
    assert question["y"] >= stage["y"] and question["y"] + question["height"] <= stage["y"] + stage["height"]


# The timeline


def test_the_timeline_lists_runs_and_shows_a_bar_for_each_node(harness: Harness) -> None:
    editor = run_through(harness)
    editor.button("Timeline").click()
    drawer = editor.root.get_by_role("region", name="Timeline")
    rows = drawer.get_by_role("list", name="Nodes of the run").get_by_role("button")
    expect(rows).to_have_count(6)
    expect(drawer.locator('.pf-time-bar[data-state="ran"]')).to_have_count(6)
    expect(rows.nth(1)).to_have_attribute("title", re.compile(r"^Variants: [\d.]+ m?s, from .* on, at most 24 MB$"))
    editor.button("Run").click()
    editor.wait_done()
    runs = drawer.get_by_role("list", name=re.compile("^Runs")).get_by_role("button")
    expect(runs).to_have_count(2)
    expect(drawer.locator('.pf-time-bar[data-state="cached"]')).to_have_count(6)
    runs.last.click()
    expect(runs.last).to_have_attribute("aria-current", "true")
    expect(drawer.locator('.pf-time-bar[data-state="ran"]')).to_have_count(6)
    rows.nth(2).click()
    expect(editor.node("tint")).to_have_class(re.compile("pf-card-selected"))
    drawer.get_by_role("button", name="Close the timeline").click()
    expect(drawer).to_have_count(0)


def test_the_timeline_says_what_failed_and_that_nothing_was_run_yet(harness: Harness) -> None:
    editor = harness.open("failing")
    harness.kernel("void (kernel.runs.stepTime = 20)")
    editor.button("Timeline").click()
    drawer = editor.root.get_by_role("region", name="Timeline")
    expect(drawer).to_contain_text("Nothing has been run yet.")
    editor.button("Run").click()
    expect(drawer.locator('.pf-time-bar[data-state="failed"]')).to_have_count(1)
    expect(drawer.get_by_role("button", name=re.compile("Always fails: .*ValueError: No."))).to_be_visible()
    editor.root.locator(".pf-time").first.focus()
    harness.page.keyboard.press("Escape")
    expect(drawer).to_have_count(0)


def test_changes_that_are_lost_are_asked_for_and_the_run_shows_as_it_is(harness: Harness) -> None:
    editor = harness.open("engine")
    harness.kernel("void (kernel.runs.stepTime = 1000)")
    editor.button("Run").click()
    expect(editor.node("idea")).to_have_attribute("data-state", "running")
    harness.kernel("void (kernel.lose(8), kernel.runs.stepTime = 60)")
    expect(editor.node("pick")).to_have_attribute("data-state", "asking")
    for node in ("idea", "paint", "tint"):
        expect(editor.node(node)).to_have_attribute("data-state", "done")


# How it looks


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_pictures_of_the_engine_for_people_to_look_at(harness: Harness, artifacts: Path, theme: str) -> None:
    editor = ask(harness, theme=theme)
    expect(editor.root.locator(".pf-question img")).to_have_count(4)
    harness.page.wait_for_timeout(SETTLE)
    editor.screenshot(artifacts / f"engine-question-{theme}.png")
    candidates(editor).nth(1).click()
    editor.wait_done()
    editor.title_of("finish").click()
    harness.page.keyboard.press("m")
    editor.title_of("paint").click()
    harness.page.keyboard.press("p")
    editor.wait_synced()
    harness.kernel("void kernel.edit([{ op: 'set_values', id: 'tint', values: { hue: 0.9 } }])")
    expect(editor.node("pick")).to_have_attribute("data-stale", "true")
    editor.button("Timeline").click()
    expect(editor.root.locator(".pf-time-bar")).to_have_count(6)
    editor.node("tint").locator(".pf-stale").hover()
    harness.page.wait_for_timeout(SETTLE)
    editor.screenshot(artifacts / f"engine-marks-{theme}.png")


# Subflows


def test_what_is_selected_becomes_one_node_that_can_be_looked_into_and_unpacked(
    harness: Harness, artifacts: Path
) -> None:
    editor = harness.open("engine")
    before = harness.document()
    editor.title_of("paint").click()
    editor.title_of("tint").click(modifiers=["Shift"])
    harness.page.keyboard.press("Control+g")
    made = editor.node("subflow")
    expect(made).to_have_class(re.compile("pf-card-selected"))
    expect(editor.node("paint")).to_have_count(0)
    made.get_by_role("button", name="More").click()
    editor.root.get_by_role("menuitem", name="Look inside").click()
    inside = editor.root.get_by_role("dialog", name="Inside Subflow")
    expect(inside.locator(".pf-card")).to_have_count(2)
    editor.screenshot(artifacts / "engine-inside.png")
    harness.page.keyboard.press("Escape")
    expect(inside).to_have_count(0)
    editor.undo()
    assert harness.document()["nodes"] == before["nodes"]
    editor.redo()
    editor.title_of("subflow").click()
    harness.page.keyboard.press("Control+Shift+g")
    expect(editor.node("tint")).to_be_visible()
    editor.wait_synced()
    assert sorted(harness.document()["nodes"]) == sorted(before["nodes"])
    assert not harness.document().get("subflows")


def test_a_subflow_that_cannot_be_made_says_why(harness: Harness) -> None:
    editor = harness.open("engine")
    editor.title_of("paint").click()
    editor.title_of("pick").click(modifiers=["Shift"])
    harness.page.keyboard.press("Control+g")
    expect(editor.notice).to_contain_text("cannot be one node")
    assert "subflow" not in harness.document()["nodes"]
