"""The editor in narrow and wide cells: nothing leaves it, and nothing in the toolbar lies over something else."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from .browser import page_of
from .editor import EditorPage, box_of
from .harness import Harness

pytestmark = [pytest.mark.browser, pytest.mark.slow]

LONG = "A title that is longer than any cell is wide, Donaudampfschifffahrtsgesellschaftskapitän " * 2

# What sticks out of the editor, and which buttons of the toolbar overlap.
_WRONG = """root => {
    const box = element => element.getBoundingClientRect();
    const seen = selector => [...root.querySelectorAll(selector)].filter(e => box(e).width > 0 && box(e).height > 0);
    const name = element => element.ariaLabel || element.className || element.tagName;
    const r = box(root);
    const out = element => {
        const b = box(element);
        return b.left < r.left - 1 || b.right > r.right + 1 || b.top < r.top - 1 || b.bottom > r.bottom + 1;
    };
    const over = '.pf-palette, .pf-panel, .pf-notice, .pf-menu, .pf-conflict, .pf-side, .pf-bubble, .pf-question';
    const inside = ['.pf-menu *', '.pf-conflict *', '.pf-side > header *', '.pf-notice *', '.pf-question > header *'];
    const parts = ['.pf-toolbar *', over, ...inside, '.pf-timeline, .pf-timeline > *'];
    const bar = seen('.pf-toolbar button, .pf-file-words, .pf-percent').filter(e => !e.closest('.pf-panel, .pf-menu'));
    const meet = (a, b, from, to) => a[from] < b[to] - 1 && b[from] < a[to] - 1;
    const overlap = (a, b) => meet(a, b, 'left', 'right') && meet(a, b, 'top', 'bottom');
    return [
        ...seen(parts.join()).filter(e => !e.closest('.pf-file-words > *, svg > *')).filter(out).map(name),
        ...bar.flatMap((one, i) => bar.slice(i + 1).filter(other => overlap(box(one), box(other))).map(name)),
    ];
}"""


@pytest.fixture(params=[240, 480, 800, 1400])
def narrow(request: pytest.FixtureRequest, browser: Browser) -> Iterator[Page]:
    """A page in which a cell is so wide; 240 is half of 480, at 200 %."""
    with page_of(browser, request.param + 40, 700, reduced_motion="reduce") as page:
        yield page


def check(editor: EditorPage) -> None:
    editor.page.wait_for_timeout(100)
    assert editor.root.evaluate(_WRONG) == []


def test_nothing_leaves_the_editor_or_lies_over_its_toolbar(narrow: Page, harness_page: Path) -> None:
    harness = Harness(narrow, harness_page)
    editor = harness.open("chain")
    check(editor)
    harness.kernel(f"void kernel.edit([{{ op: 'set_node', id: 'n3', fields: {{ title: `{LONG}` }} }}])")
    harness.kernel(f"void kernel.set('status', {{ file: `{LONG}.flow.json`, saved: true, draft: false, note: '' }})")
    check(editor)
    note = "Edits of this flow are not kept on disk: no space is left on it"
    harness.kernel(f"void kernel.set('status', {{ file: '', saved: false, draft: true, note: '{note}' }})")
    check(editor)
    for name in ("Save", "Versions", "Add a node"):
        editor.button(name).click()
        check(editor)
        narrow.keyboard.press("Escape")
    box = box_of(editor.root)
    narrow.mouse.dblclick(box["x"] + box["width"] - 4, box["y"] + box["height"] - 50)
    check(editor)
    narrow.keyboard.press("Escape")
    editor.button("Run").click()
    editor.notice.wait_for()
    for node in ("n1", "n5"):
        editor.title_of(node).click(button="right", force=True)
        editor.root.get_by_role("menu").wait_for()
        check(editor)
        assert box_of(editor.root.get_by_role("menu"))["height"] > 120, "it can be read at any zoom"
        narrow.keyboard.press("Escape")
    harness.kernel("void kernel.conflict('file', window.makeScene('first').flow)")
    editor.conflict.wait_for()
    check(editor)
    editor.conflict.get_by_role("button", name="Show both").click()
    editor.root.get_by_role("button", name="Keep this one").first.wait_for()
    check(editor)


def test_questions_and_the_timeline_fit_into_any_width(narrow: Page, harness_page: Path) -> None:
    harness = Harness(narrow, harness_page)
    editor = harness.open("engine")
    harness.kernel("void (kernel.runs.stepTime = 20)")
    editor.button("More ways to run").click()
    check(editor)
    editor.root.get_by_role("menuitem", name="Run all").click()
    question = editor.root.locator(".pf-question")
    question.wait_for()
    narrow.keyboard.press("Control+Enter")
    editor.root.locator(".pf-queued").wait_for()
    check(editor)
    question.get_by_role("button", name="Candidate 1").click()
    editor.button("More ways to run").click()
    editor.root.get_by_role("menuitemcheckbox", name="Timeline").click()
    editor.root.locator(".pf-time-bar").first.wait_for()
    check(editor)
    # There is room for bars; for a moment, as the run begins that was queued, there are no lanes.
    narrow.wait_for_function("() => document.querySelector('.pf-time-lane')?.getBoundingClientRect().width > 40")
