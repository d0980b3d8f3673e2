"""Costs without Jupyter: the estimate on the Run button, what a run used, budgets that ask, the panel of usage."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, expect

from .browser import complaints, page_of
from .editor import EditorPage
from .harness import Harness

pytestmark = [pytest.mark.browser, pytest.mark.slow]

# Some days and models with numbers, and nodes that cost money.
FILL = """() => {
    const sums = (count) => ({
        nodes: count, found: 1, input_tokens: count * 31, cached_tokens: 0, output_tokens: count * 9, images: count,
        seconds: count * 2.4, money: count * 0.013, unpriced: 0,
    });
    const day = (ago) => {
        const now = new Date();
        const time = new Date(now.getFullYear(), now.getMonth(), now.getDate() - ago);
        const parts = [time.getFullYear(), time.getMonth() + 1, time.getDate()];
        return parts.map((part) => String(part).padStart(2, '0')).join('-');
    };
    kernel.costs.days = [[20, 4], [9, 2], [8, 12], [1, 15], [0, 6]].map(([ago, n]) => ({ ...sums(n), day: day(ago) }));
    kernel.costs.models = ['server:large', 'starter', '/a/folder/a-model-with-a-long-name.safetensors'].map(
        (model, place) => ({ ...sums(30 - 9 * place), model }));
    kernel.costs.money = 0.011;
}"""


def run_button(editor: EditorPage) -> Locator:
    return editor.root.get_by_role("button", name="Run", exact=True)


def usage_of(editor: EditorPage) -> Locator:
    editor.root.get_by_role("button", name="More ways to run").click()
    editor.root.get_by_role("menuitem", name="Usage and budgets").click()
    return editor.root.get_by_role("dialog", name="Usage and budgets")


def test_the_run_button_says_what_a_run_will_cost_and_does_not_move_for_it(harness: Harness) -> None:
    editor = harness.open()
    before = run_button(editor).bounding_box()
    expect(run_button(editor)).to_contain_text("≈ 2 s")
    assert run_button(editor).bounding_box() == before
    title = run_button(editor).get_attribute("title") or ""
    assert title.startswith("Run (Ctrl Enter)\nEstimate: about 2 s") and "2.0 s, 12 tokens in" in title
    editor.page.evaluate("() => { kernel.costs.money = 0.25; }")
    editor.add_node("Prompt")
    expect(run_button(editor)).to_contain_text("≈ 4 s · $0.50")


def test_typing_asks_for_an_estimate_when_it_has_rested(harness: Harness) -> None:
    editor = harness.open()
    expect(run_button(editor)).to_contain_text("≈ 2 s")
    asked = harness.kernel("kernel.costs.asked")
    editor.root.locator('[data-control="prompt"] textarea').first.press_sequentially(" and much more", delay=20)
    editor.page.wait_for_timeout(2_000)
    assert 1 <= harness.kernel("kernel.costs.asked") - asked <= 2


def test_after_a_run_the_line_says_what_it_used(harness: Harness) -> None:
    editor = harness.open()
    editor.page.evaluate("() => { kernel.costs.used = {...kernel.costs.used, money: 0.011}; }")
    run_button(editor).click()
    expect(editor.status).to_contain_text(", 33 tokens, $0.0110")


def test_a_run_over_the_budget_asks_and_runs_when_told_to(harness: Harness) -> None:
    editor = harness.open()
    editor.page.evaluate("() => { kernel.costs.money = 0.5; kernel.costs.budget = { run: 0.1 }; }")
    run_button(editor).click()
    question = editor.root.get_by_role("alertdialog", name="Over the budget")
    expect(question).to_contain_text("It would cost about 0.50 USD; the budget of a run is 0.10 USD. Run anyway?")
    expect(editor.notice).to_have_count(0)
    question.get_by_role("button", name="Do not run").click()
    expect(question).to_have_count(0)
    expect(editor.root).to_be_focused()
    editor.page.keyboard.press("Control+Enter")
    question.get_by_role("button", name="Run anyway").click()
    expect(question).to_have_count(0)
    expect(editor.status).to_contain_text("Done in")


def test_a_budget_of_zero_blocks_with_the_reason_and_is_taken_away_in_the_panel(harness: Harness) -> None:
    editor = harness.open()
    editor.page.evaluate("() => { kernel.costs.budget = { run: 0 }; }")
    run_button(editor).click()
    question = editor.root.get_by_role("alertdialog", name="Over the budget")
    expect(question).to_contain_text("The budget of a run is 0 USD: nothing may run.")
    question.get_by_role("button", name="Budgets…").click()
    panel = editor.root.get_by_role("dialog", name="Usage and budgets")
    field = panel.get_by_role("textbox", name="One run, USD")
    expect(field).to_have_value("0")
    field.fill("-2")
    expect(panel.get_by_role("alert")).to_contain_text("from 0 up")
    keep = panel.get_by_role("button", name="Keep these budgets")
    expect(keep).to_be_disabled()
    field.fill("")
    panel.get_by_role("textbox", name="A day, all flows, tokens").fill("5000")
    keep.click()
    expect(keep).to_be_disabled()
    assert harness.kernel("kernel.costs.budget") == {"day_tokens": 5000}
    editor.page.keyboard.press("Escape")
    expect(panel).to_have_count(0)
    run_button(editor).click()
    expect(editor.status).to_contain_text("Done in")


def test_usage_is_told_by_day_and_by_model(harness: Harness) -> None:
    editor = harness.open()
    editor.page.evaluate(FILL)
    panel = usage_of(editor)
    expect(panel.get_by_role("list", name="Totals")).to_contain_text("14 s · $0.0780")
    expect(panel.get_by_role("row", name="starter")).to_contain_text("free")
    expect(panel.get_by_role("row", name="server:large")).to_contain_text("2026-11-01")
    chart = panel.get_by_role("img")
    expect(chart).to_have_attribute("aria-label", "$0.51 in 30 days, at most $0.19 on one")
    expect(chart.locator("[data-some]")).to_have_count(5)
    panel.get_by_role("tab", name="Tokens").click()
    expect(chart).to_have_attribute("aria-label", "1560 tokens in 30 days, at most 600 tokens on one")


@pytest.fixture(params=[False, True], ids=["light", "dark"])
def shown(request: pytest.FixtureRequest, browser: Browser, harness_page: Path) -> Iterator[tuple[Harness, str]]:
    with page_of(browser, width=1400, height=900) as page:
        yield Harness(page, harness_page), "dark" if request.param else "light"
        assert complaints(page) == []


@pytest.mark.parametrize("width", [360, 1400])
def test_the_panel_fits_narrow_and_wide(shown: tuple[Harness, str], width: int, artifacts: Path) -> None:
    harness, theme = shown
    harness.page.set_viewport_size({"width": width, "height": 900})
    editor = harness.open(theme=theme)
    editor.page.evaluate(FILL)
    editor.page.evaluate("() => kernel.set('options', { height: 820 })")
    panel = usage_of(editor)
    expect(panel.get_by_role("table").first).to_be_visible()
    wide = "(panel) => { const room = panel.querySelector('.pf-costing'); return room.scrollWidth - room.clientWidth; }"
    assert panel.evaluate(wide) <= 0
    editor.screenshot(artifacts / f"usage-{width}-{theme}.png")
