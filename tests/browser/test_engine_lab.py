"""The engine by mouse in JupyterLab: auto-run, mute, pin, a question, the timeline, a loop that is stopped."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from .browser import LONG
from .editor import EditorPage
from .lab import Lab, eventually, write_notebook
from .servers import Jupyter

pytestmark = [pytest.mark.browser, pytest.mark.slow]

CELL = """
from typing import Annotated
import PIL.Image
import pixelflow_widgets as pf

@pf.node
def tinted(level: int = 100, size: int = 48) -> pf.Image:
    return PIL.Image.new("RGB", (size, size), (level, 0, 255 - level))

@pf.node
def brighter(image: pf.Image, times: int = 4) -> list[pf.Image]:
    return [image.point(lambda value, n=n: min(255, value + 40 * n)) for n in range(times)]

@pf.node
def dice(seed: Annotated[int, pf.Seed()] = 0) -> int:
    return seed % 1000

@pf.node
def turned(image: pf.Image, angle: int = 90) -> pf.Image:
    return image.rotate(angle)

flow = pf.edit("engine.flow.json")
if not flow.nodes:
    tint = flow.add(tinted, id="tint", position=(0, 0))
    turn = flow.add(turned, id="turn", image=tint["image"], position=(330, 0))
    rolled = flow.add(dice, id="dice", seed="random", position=(0, 420))
    flow.output("picture", turn["image"])
    flow.output("number", rolled["number"])
flow
"""


@pytest.fixture(scope="module")
def lab(jupyter: Jupyter, page: Page) -> Iterator[Lab]:
    write_notebook(jupyter.root / "engine" / "engine.ipynb", CELL)
    lab = Lab(page, jupyter)
    lab.open("engine/engine.ipynb")
    lab.run_all()
    assert lab.errors() == []
    yield lab
    jupyter.end_kernels()


@pytest.fixture(scope="module")
def editor(lab: Lab, page: Page) -> EditorPage:
    return EditorPage(page).wait()


def level_of(editor: EditorPage, node: str) -> int:
    """Return how red the picture on a node is; pictures reach the page with a little loss."""
    return editor.result(node).convert("RGB").getpixel((24, 24))[0]  # type: ignore[index]


def entry(lab: Lab, node: str) -> Any:
    return lab.value(f"flow.document['nodes']['{node}']")


def test_auto_run_shows_the_result_of_an_edit_without_a_press_on_run(lab: Lab, editor: EditorPage) -> None:
    editor.run()
    assert abs(level_of(editor, "turn") - 100) < 5
    editor.button("Auto-run").click()
    for level in (30, 220):
        editor.set("tint.level", str(level))
        eventually(lambda: level_of(editor, "turn"), lambda shown, level=level: abs(shown - level) < 5)
    editor.button("Auto-run").click()
    editor.set("tint.level", "60")
    expect(editor.node("turn")).to_have_attribute("data-stale", "true")
    assert "level went from 220 to 60" in lab.value("flow.why('turn')")
    editor.run()
    eventually(lambda: level_of(editor, "turn"), lambda shown: abs(shown - 60) < 5)


def test_a_muted_node_is_passed_through_and_the_kernel_ran_nothing_of_it(lab: Lab, editor: EditorPage) -> None:
    editor.title_of("turn").click()
    lab.page.keyboard.press("m")
    editor.wait_synced()
    assert entry(lab, "turn")["muted"] is True
    editor.run()
    assert lab.value("[e.node for e in flow.last_run.events() if e.kind == 'node-started' and e.node == 'turn']") == []
    assert lab.value("flow.last_run.result()['picture'].getpixel((0, 0))")[0] == 60
    editor.undo()
    assert "muted" not in entry(lab, "turn")


def test_a_pinned_node_keeps_its_number_although_its_seed_is_random(lab: Lab, editor: EditorPage) -> None:
    editor.run()
    first = lab.value("flow.last_run.result()['number']")
    editor.title_of("dice").click()
    lab.page.keyboard.press("p")
    editor.wait_synced()
    assert lab.value("flow.is_pinned('dice')") is True
    editor.run()
    assert lab.value("flow.last_run.result()['number']") == first
    editor.undo()
    editor.run()
    assert lab.value("flow.is_pinned('dice')") is False


def test_a_question_is_answered_by_a_click_and_stands_for_the_next_run(lab: Lab, editor: EditorPage) -> None:
    lab.execute(
        "many = flow.add(brighter, id='many', image=flow.nodes['tint']['image'], position=(330, 420))\n"
        "chosen = flow.add('choose', id='chosen', candidates=many['images'], position=(660, 0))\n"
        "flow.output('chosen', chosen['value'])"
    )
    editor.button("Fit").click()
    editor.wait_synced()
    editor.button("Run").click()
    expect(editor.node("chosen")).to_have_attribute("data-state", "asking", timeout=LONG)
    candidates = editor.node("chosen").get_by_role("button", name=re.compile("^Candidate"))
    expect(candidates).to_have_count(4)
    candidates.nth(2).click()
    editor.wait_done()
    assert lab.value("flow.last_run.result()['chosen'].getpixel((0, 0))")[0] == 60 + 80
    editor.run()
    assert lab.value("flow.last_run.result()['chosen'].getpixel((0, 0))")[0] == 60 + 80


def test_what_is_selected_becomes_a_subflow_that_runs_and_fills_a_grid(
    lab: Lab, editor: EditorPage, artifacts: Path
) -> None:
    editor.title_of("tint").click()
    editor.title_of("turn").click(modifiers=["Shift"])
    before = set(editor.nodes())
    lab.page.keyboard.press("Control+g")
    expect(editor.node("turn")).to_have_count(0)
    editor.wait_synced()
    (made,) = set(editor.nodes()) - before
    assert entry(lab, made)["type"].startswith("flow/")
    editor.run()
    assert lab.value("flow.last_run.result()['picture'].getpixel((0, 0))")[0] == 60
    lab.execute(
        f"name = flow.document['nodes']['{made}']['type'].partition('/')[2]\n"
        "with flow.subflow(name) as body: pass\n"
        "body.input('level', 60)\n"
        "body.set('tint', level=body.inputs['level'])\n"
        f"sheet = flow.grid('{made}', {{'level': [10, 120, 240]}})\n"
        "flow.output('sheet', sheet['image'])"
    )
    editor.button("Fit").click()
    editor.run()
    assert lab.value("list(flow.last_run.result()[f'{sheet.id}.table']['level'])") == ["10", "120", "240"]
    editor.screenshot(artifacts / "engine-lab-grid.png")


def test_the_timeline_and_the_table_of_runs_tell_the_same(lab: Lab, editor: EditorPage) -> None:
    editor.button("More ways to run").click()
    editor.root.get_by_role("menuitemcheckbox", name="Timeline").click()
    drawer = editor.root.get_by_role("region", name="Timeline")
    expect(drawer).to_be_visible()
    count = lab.value("len(flow.runs)")
    assert count >= 7
    runs = drawer.get_by_role("list", name="Runs, the newest first")
    expect(runs.get_by_role("button")).to_have_count(min(count, 20))
    assert lab.value("list(flow.runs['status'][:1])") == ["done"]
