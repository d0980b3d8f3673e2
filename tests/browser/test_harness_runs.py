"""Runs, refusals, questions and looks, in the page without Jupyter."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from .browser import page_of
from .editor import EditorPage
from .harness import Harness
from .record import Record

pytestmark = [pytest.mark.browser, pytest.mark.slow]

N1, STATUS = '.pf-card[data-node="n1"]', ".pf-status-words"

# Running


def test_a_run_shows_progress_previews_and_result_and_is_said(harness: Harness, artifacts: Path) -> None:
    editor = harness.open("first")
    editor.watch_frames("n1")
    bar = Record(editor.root, f"{N1} [role=progressbar]", "aria-valuenow")
    image, said = Record(editor.root, f"{N1} .pf-frame img", "data-kind"), Record(editor.root, STATUS)
    editor.button("Run").click()
    expect(editor.node("n1").locator(".pf-frame img")).to_be_visible()
    editor.screenshot(artifacts / "harness-running.png")
    editor.wait_done()
    assert len(bar.values("aria-valuenow")) >= 3
    assert image.values("data-kind") == ["preview", "result"]
    assert said.shown("Text to image")
    assert len(editor.frames("preview")) >= 3
    assert editor.result("n1").size == (512, 512)
    editor.button("Run").click()
    expect(editor.node("n1")).to_contain_text("cached")


def test_loading_model_code_is_said_and_counted_so_that_it_never_looks_hung(harness: Harness) -> None:
    editor = harness.open("first", loading="3000")
    card, said = Record(editor.root, N1), Record(editor.root, STATUS)
    bar = Record(editor.root, f"{N1} [role=progressbar]", "aria-valuenow")
    editor.button("Run").click()
    editor.wait_done()
    for place in (card, said):
        assert place.shown("Loading model code …")
        assert place.shown(r"Loading model code ….*[123] s")
    assert bar.values("aria-valuenow")[0] is None
    expect(editor.node("n1")).not_to_contain_text("Loading")


def test_stop_ends_a_run(harness: Harness) -> None:
    editor = harness.open("first")
    harness.kernel("void (kernel.runs.stepTime = 1000)")
    editor.button("Run").click()
    expect(editor.node("n1")).to_have_attribute("data-state", "running")
    editor.button("Stop").click()
    expect(editor.node("n1")).to_have_attribute("data-state", "cancelled")
    expect(editor.button("Run")).to_be_enabled()


def test_a_failed_node_says_so_in_words_and_shows_the_traceback_when_asked(harness: Harness, artifacts: Path) -> None:
    editor = harness.open("failing")
    editor.button("Run").click()
    card = editor.node("fails")
    expect(card).to_have_attribute("data-state", "failed")
    expect(card).to_contain_text("ValueError: No.")
    expect(card).not_to_contain_text("Traceback")
    editor.screenshot(artifacts / "harness-failed.png")
    card.get_by_role("button", name="Details").click()
    expect(card).to_contain_text("Traceback")


def test_a_run_that_is_refused_says_what_is_missing_on_its_node(harness: Harness) -> None:
    editor = harness.open("empty")
    added = editor.add_node("Text to image", 0.5, 0.3)
    editor.button("Run").click()
    expect(editor.node(added)).to_contain_text("prompt")
    expect(editor.root).to_contain_text("Set it or connect something to it.")
    expect(editor.button("Run")).to_be_enabled()


# The kernel


def test_an_edit_that_the_kernel_refuses_is_taken_back_in_words(harness: Harness) -> None:
    editor = harness.open("first")
    harness.kernel("void (kernel.refuse = () => 'This flow is being shown to somebody. Ask them first.')")
    editor.title_of("n1").click()
    editor.page.keyboard.press("Delete")
    expect(editor.notice).to_contain_text("Ask them first.")
    expect(editor.node("n1")).to_be_visible()
    assert list(harness.document()["nodes"]) == ["n1"]


def test_a_kernel_that_does_not_answer_is_said_within_a_second_and_no_edit_is_lost(harness: Harness) -> None:
    editor = harness.open("first")
    editor.title_of("n1").click()
    editor_itself, notice = Record(editor.root, "", "data-pending"), Record(editor.root, ".pf-notice")
    # An answer after a second and a half: what was seen at all was seen before it.
    harness.kernel("void (kernel.delay = 1500)")
    editor.page.keyboard.press("ArrowRight")
    harness.kernel("void (kernel.delay = 0)")
    editor.wait_synced()
    assert editor_itself.values("data-pending") == ["0", "1", "0"]
    assert notice.texts()
    expect(editor.notice).to_have_count(0)
    assert harness.document()["layout"]["positions"]["n1"] == [10, 0]


def test_stop_that_is_late_offers_to_interrupt(harness: Harness) -> None:
    editor = harness.open("first")
    harness.kernel("void (kernel.runs.stepTime = 1000)")
    editor.button("Run").click()
    expect(editor.node("n1")).to_have_attribute("data-state", "running")
    harness.kernel("void (kernel.delay = 8000)")
    editor.button("Stop").click()
    expect(editor.notice.get_by_role("button", name="Interrupt the kernel")).to_be_visible()


@pytest.mark.parametrize("kind", ["code", "file"])
def test_a_conflict_is_asked_about_and_both_sides_can_be_looked_at(
    harness: Harness, artifacts: Path, kind: str
) -> None:
    editor = harness.open("first")
    harness.kernel(f"void kernel.conflict('{kind}', window.makeScene('chain').flow)")
    question = editor.conflict
    expect(question).to_be_visible()
    theirs = "Take the code's" if kind == "code" else "Take the file's"
    for name in ("Keep my edits", theirs, "Show both"):
        expect(question.get_by_role("button", name=name)).to_be_visible()
    editor.screenshot(artifacts / f"harness-conflict-{kind}.png")
    question.get_by_role("button", name="Show both").click()
    expect(editor.root.get_by_role("button", name="Keep this one")).to_have_count(2)
    editor.screenshot(artifacts / f"harness-both-{kind}.png")
    editor.root.get_by_role("button", name="Keep this one").last.click()
    expect(question).to_be_hidden()
    sent = harness.page.evaluate("() => window.editor.sent.filter(each => each.type === 'resolve')")
    assert [each["choice"] for each in sent] == ["other"]


def test_versions_can_be_looked_up_and_restored(harness: Harness) -> None:
    editor = harness.open("chain")
    editor.button("Save").click()
    if editor.root.get_by_role("dialog", name="Save").count():
        editor.page.keyboard.press("Enter")
    editor.page.wait_for_function("() => window.editor.sent.some(each => each.type === 'save')")
    editor.title_of("n3").click()
    editor.page.keyboard.press("Delete")
    editor.wait_synced()
    editor.button("Versions").click()
    editor.root.get_by_role("button", name="Restore").first.click()
    expect(editor.node("n3")).to_be_visible()


def test_two_views_of_one_model_stay_in_step(harness: Harness) -> None:
    first = harness.open("first", two="")
    second = EditorPage(harness.page, 1)
    first.root.scroll_into_view_if_needed()
    added = first.add_node("Prompt", 0.25, 0.8)
    expect(second.node(added)).to_have_count(1)
    second.root.scroll_into_view_if_needed()
    second.set(f"{added}.text", "seen by both")
    expect(first.control(f"{added}.text")).to_have_value("seen by both")


def test_what_a_screen_reader_hears_has_names(harness: Harness) -> None:
    editor = harness.open("chain")
    nameless = editor.root.evaluate(
        """root => [...root.querySelectorAll('button, input, select, textarea, [role=button], [role=img]')]
            .filter(e => e.type !== 'file' && e.offsetParent !== null)
            .filter(e => !(e.ariaLabel || e.title || e.textContent.trim() || e.labels?.length || e.alt))
            .map(e => e.outerHTML.slice(0, 120))"""
    )
    assert nameless == []
    assert editor.root.get_attribute("role") == "application"
    assert editor.root.get_attribute("aria-label") == "Flow poster"
    assert editor.root.get_attribute("data-lm-suppress-shortcuts") == "true"
    expect(editor.status).to_have_count(1)


# How it looks


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("scene", ["empty", "first", "chain", "controls"])
def test_pictures_for_people_to_look_at(harness: Harness, artifacts: Path, scene: str, theme: str) -> None:
    editor = harness.open(scene, theme=theme)
    expect(editor.root).to_have_attribute("data-pf-theme", theme)
    editor.page.wait_for_timeout(200)
    editor.screenshot(artifacts / f"harness-{scene}-{theme}.png")
    if scene == "chain":
        editor.page.mouse.dblclick(*editor.free_corner)
        expect(editor.root.get_by_role("dialog", name="Add a node")).to_be_visible()
        editor.screenshot(artifacts / f"harness-palette-{theme}.png")


def test_a_flow_of_a_thousand_nodes_opens_and_is_edited(harness: Harness, artifacts: Path) -> None:
    editor = harness.open("large")
    editor.screenshot(artifacts / "harness-large.png")
    assert len(harness.document()["nodes"]) == 1000
    editor.button("Add a node").click()
    editor.choose("Prompt")
    expect(editor.root.locator(".pf-card-selected")).to_be_visible()
    editor.wait_synced()
    assert len(harness.document()["nodes"]) == 1001


def test_a_host_without_themes_is_taken_as_the_browser_says(browser: Browser, harness_page: Path) -> None:
    with page_of(browser, color_scheme="dark") as page:
        editor = Harness(page, harness_page).open("first", plain="")
        expect(editor.root).to_have_attribute("data-pf-theme", "dark")
