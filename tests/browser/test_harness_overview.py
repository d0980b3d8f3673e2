"""A flow of a thousand nodes seen whole: one canvas in place of cards, in the page without Jupyter."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from .editor import EditorPage, box_of
from .harness import Harness
from .lab import eventually

pytestmark = [pytest.mark.browser, pytest.mark.slow]

# 25 rows of 40 nodes, so that each is large enough to be hit.
_BROAD = """void (() => {
    const place = (id) => {
        const [row, column] = id.slice(1).split('_').map(Number);
        return [id, [((row % 4) * 10 + column) * 340, Math.floor(row / 4) * 620]];
    };
    kernel.edit([{ op: 'move_nodes', positions: Object.fromEntries(Object.keys(kernel.document.nodes).map(place)) }]);
})()"""


@pytest.fixture
def editor(harness: Harness) -> EditorPage:
    editor = harness.open("large")
    harness.kernel(_BROAD)
    editor.page.wait_for_function("() => Number(document.querySelector('.pf-root').dataset.revision) === 1")
    editor.button("Fit").click()
    expect(editor.root.get_by_role("img", name="Overview of 1000 nodes")).to_be_visible()
    editor.page.wait_for_timeout(400)
    return editor


def position(harness: Harness, node: str) -> list[float]:
    return harness.document()["layout"]["positions"][node]


def point(editor: EditorPage, harness: Harness, node: str) -> tuple[float, float]:
    """The place on the page of a point near a node's upper left corner."""
    x, y = position(harness, node)
    view = editor.root.locator(".react-flow__viewport").evaluate(
        "e => { const m = new DOMMatrix(getComputedStyle(e).transform); return { x: m.e, y: m.f, zoom: m.a }; }"
    )
    box = box_of(editor.root.locator(".react-flow"))
    return box["x"] + view["x"] + (x + 120) * view["zoom"], box["y"] + view["y"] + (y + 100) * view["zoom"]


def selection(harness: Harness) -> Any:
    return harness.page.evaluate("() => window.editor.get('selection')")


def test_the_whole_flow_is_in_view_and_no_card_is_in_the_page(editor: EditorPage, artifacts: Path) -> None:
    assert editor.nodes() == []
    shades = {colour for _, colour in editor.screenshot(artifacts / "harness-overview.png").getcolors(1 << 20) or []}
    assert len(shades) > 20


def test_a_click_selects_a_drag_moves_and_a_box_takes_what_it_touches(harness: Harness, editor: EditorPage) -> None:
    x, y = point(editor, harness, "n40_5")
    before = position(harness, "n40_5")
    editor.page.mouse.click(x, y)
    eventually(lambda: selection(harness), lambda ids: ids == ["n40_5"])
    editor.drag_points((x, y), (x + 30, y + 20))
    editor.wait_synced()
    after = position(harness, "n40_5")
    assert after[0] > before[0] + 500 and after[1] > before[1] + 300
    assert position(harness, "n40_6") == [6 * 340, 10 * 620], "only what was dragged has moved"
    editor.undo()
    assert position(harness, "n40_5") == before
    start, end = point(editor, harness, "n0_0"), point(editor, harness, "n4_2")
    editor.drag_points((start[0] - 12, start[1] - 12), end)
    wanted = {f"n{row}_{column}" for row in (0, 4) for column in (0, 1, 2)}
    eventually(lambda: set(selection(harness)), lambda ids: ids == wanted)
    assert editor.revision == 3


def test_crossing_the_threshold_keeps_selection_and_place(harness: Harness, editor: EditorPage) -> None:
    x, y = point(editor, harness, "n40_5")
    editor.page.mouse.dblclick(x, y)
    card = editor.node("n40_5")
    expect(card).to_be_visible()
    expect(card).to_have_class("pf-card pf-card-selected")
    for _ in range(8):
        editor.button("Zoom out").click()
        editor.page.wait_for_timeout(120)
    expect(editor.root.locator(".pf-overview")).to_be_visible()
    assert editor.nodes() == []
    for _ in range(8):
        editor.button("Zoom in").click()
        editor.page.wait_for_timeout(120)
    expect(card).to_have_class("pf-card pf-card-selected")
    assert selection(harness) == ["n40_5"]


def test_a_node_that_is_added_is_zoomed_in_to(harness: Harness, editor: EditorPage) -> None:
    editor.button("Add a node").click()
    editor.choose("Duotone")
    expect(editor.root.locator(".pf-card-selected")).to_be_visible()
    editor.wait_synced()
    assert len(harness.document()["nodes"]) == 1001
