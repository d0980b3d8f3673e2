"""The whole way by mouse in JupyterLab: from an empty flow to the right picture."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import PIL.Image
import pytest
from playwright.sync_api import Page, expect

from .browser import LONG, complaints, is_red_circle_on_blue
from .editor import EditorPage, middle
from .lab import Lab, eventually, write_notebook
from .servers import Jupyter

pytestmark = [pytest.mark.browser, pytest.mark.slow]

FLOW = 'pf.edit("poster.flow.json")'
PROMPT = "a red circle on a blue background"


@dataclass
class Poster:
    """Is a flow that was made by mouse, and what the kernel had after each gesture."""

    lab: Lab
    editor: EditorPage
    prompt: str
    draw: str
    documents: list[Any]

    def document(self) -> Any:
        return self.lab.value(f"{FLOW}.document")

    def note(self) -> None:
        self.documents.append(self.document())


@pytest.fixture(scope="module")
def poster(jupyter: Jupyter, page: Page) -> Iterator[Poster]:
    write_notebook(jupyter.root / "lab" / "poster.ipynb", f"import pixelflow_widgets as pf\n{FLOW}")
    lab = Lab(page, jupyter)
    lab.open("lab/poster.ipynb")
    lab.run_all()
    assert lab.errors() == []
    editor = EditorPage(page).wait()
    poster = Poster(lab, editor, "", "", [])
    poster.note()
    poster.prompt = editor.add_node("Prompt", 0.25, 0.3)
    poster.note()
    poster.draw = editor.add_node("Text to image", 0.55, 0.2)
    poster.note()
    editor.connect(f"{poster.prompt}.text", f"{poster.draw}.prompt")
    poster.note()
    editor.set(f"{poster.prompt}.text", PROMPT)
    poster.note()
    x, y = middle(editor.title_of(poster.prompt))
    editor.drag_points((x, y), (x - 40, y + 60))
    editor.wait_synced()
    poster.note()
    yield poster
    jupyter.end_kernels()


def test_what_the_mouse_made_is_what_the_kernel_has(poster: Poster) -> None:
    empty, *_, document = poster.documents
    assert empty["nodes"] == {}
    assert {entry["type"] for entry in document["nodes"].values()} == {"prompt", "text_to_image"}
    edges = [(edge["from"], edge["to"]) for edge in document["edges"]]
    assert edges == [(f"{poster.prompt}.text", f"{poster.draw}.prompt")]
    assert document["nodes"][poster.prompt]["values"] == {"text": PROMPT}
    before = poster.documents[-2]["layout"]["positions"]
    after = document["layout"]["positions"]
    assert after[poster.draw] == before[poster.draw]
    assert after[poster.prompt][0] < before[poster.prompt][0] and after[poster.prompt][1] > before[poster.prompt][1]


def test_undo_takes_each_gesture_back_and_redo_makes_it_again(poster: Poster) -> None:
    for expected in reversed(poster.documents[:-1]):
        poster.editor.undo()
        assert _without_defaults(poster.document()) == _without_defaults(expected)
    expect(poster.editor.button("Undo")).to_be_disabled()
    assert poster.editor.nodes() == []
    for expected in poster.documents[1:]:
        poster.editor.redo()
        assert _without_defaults(poster.document()) == _without_defaults(expected)
    expect(poster.editor.button("Redo")).to_be_disabled()


def _without_defaults(document: Any) -> Any:
    """A document without what is empty, because an empty layout says no more than none."""
    return {name: value for name, value in document.items() if value not in ({"positions": {}}, {}, [], None)}


def test_a_run_shows_previews_and_then_the_right_picture(poster: Poster) -> None:
    editor = poster.editor
    editor.set(f"{poster.draw}.steps", "60")
    editor.watch_frames(poster.draw)
    editor.run()
    expect(editor.node(poster.draw)).to_have_attribute("data-state", "done")
    image = editor.result(poster.draw)
    assert is_red_circle_on_blue(image)
    previews, results = editor.frames("preview"), editor.frames("result")
    assert len(previews) >= 3
    editor.undo()
    distances = [float(np.abs(preview - results[-1]).mean()) for preview in previews]
    print(f"mean difference of {len(previews)} previews to the result: {[round(each) for each in distances]}")
    assert distances[-1] < 20 and distances[-1] < 0.5 * distances[0], "the last preview is close to the result"
    assert is_red_circle_on_blue(PIL.Image.fromarray(previews[-1].astype(np.uint8)))


def test_the_editor_looks_well_in_both_themes(poster: Poster, artifacts: Path) -> None:
    for dark in (False, True):
        poster.lab.theme(dark)
        expect(poster.editor.root).to_have_attribute("data-pf-theme", "dark" if dark else "light")
        poster.editor.root.scroll_into_view_if_needed()
        name = f"lab-{'dark' if dark else 'light'}"
        poster.lab.page.screenshot(path=artifacts / f"{name}-page.png")
        picture = poster.editor.screenshot(artifacts / f"{name}.png")
        brightness = float(np.asarray(picture.convert("L")).mean())
        assert brightness < 110 if dark else brightness > 145
    poster.lab.theme(dark=False)


FOLLOW_RUNS = f"""
import time
runs = []
def follow(run):
    began, cancel = time.monotonic(), run.cancel
    def noted(**how):
        run.stopped_after = time.monotonic() - began
        cancel(**how)
    run.cancel = noted
    runs.append(run)
{FLOW}.on_run(follow)
"""


def test_stop_ends_sampling_within_one_step(poster: Poster) -> None:
    editor = poster.editor
    poster.lab.execute(FOLLOW_RUNS)
    editor.set(f"{poster.draw}.steps", "150")
    editor.button("Run").click()
    bar = editor.node(poster.draw).get_by_role("progressbar")
    bar.wait_for(timeout=LONG)
    # Asked in the page, at each of its frames: the run is over within seconds.
    poster.lab.page.wait_for_function("bar => Number(bar.ariaValueNow) > 0", arg=bar.element_handle())
    editor.button("Stop").click()
    expect(editor.node(poster.draw)).to_have_attribute("data-state", "cancelled")
    after = poster.lab.value(
        "[event.fraction for event in runs[-1].events() if event.kind == 'progress'"
        " and event.seconds > runs[-1].stopped_after]"
    )
    # One step may have been on its way to the kernel, another one being painted.
    assert len(after) <= 2
    assert poster.lab.value("runs[-1].status") == "cancelled"
    editor.undo()


def test_an_error_says_in_words_on_its_node_what_to_do(poster: Poster) -> None:
    editor = poster.editor
    editor.set(f"{poster.draw}.width", "100")
    editor.button("Run").click()
    card = editor.node(poster.draw)
    expect(card).to_have_attribute("data-state", "failed", timeout=LONG)
    expect(card).to_contain_text("multiples of 8 pixels; 100 is not one. Try ")
    expect(card).not_to_contain_text("Traceback")
    editor.undo()
    editor.run()
    assert is_red_circle_on_blue(editor.result(poster.draw))


def test_keys_stay_in_the_editor_until_escape_gives_them_back(poster: Poster) -> None:
    lab, editor = poster.lab, poster.editor
    cells, before = lab.cells(), poster.document()
    editor.title_of(poster.prompt).click()
    for key in ("a", "b", "d", "d", "x", "y", "r"):
        lab.page.keyboard.press(key)
    editor.wait_synced()
    assert lab.cells() == cells
    assert poster.document() == before
    for _ in range(2):
        lab.page.keyboard.press("Escape")
    lab.page.keyboard.press("b")
    eventually(lab.cells, lambda found: len(found) == len(cells) + 1)


def test_python_sees_and_sets_what_is_selected_and_where_the_view_is(poster: Poster) -> None:
    lab, editor = poster.lab, poster.editor
    editor.title_of(poster.draw).click()
    eventually(lambda: lab.value(f"{FLOW}.editor.selection"), lambda found: found == [poster.draw])
    lab.execute(f"{FLOW}.editor.selection = ['{poster.prompt}']")
    expect(editor.root.locator(".pf-card-selected")).to_have_attribute("data-node", poster.prompt)
    lab.execute(f"{FLOW}.editor.viewport = {{'x': 40, 'y': 40, 'zoom': 0.3}}")
    expect(editor.root.locator(".pf-percent")).to_have_text("30 %")
    editor.button("Fit").click()
    eventually(lambda: lab.value(f"{FLOW}.editor.viewport"), lambda found: found.get("zoom") != 0.3)
    assert lab.value(f"{FLOW}.editor.run_state['status']") == "done"


def test_the_page_does_not_complain(poster: Poster) -> None:
    assert poster.lab.errors() == []
    assert complaints(poster.lab.page, "pixelflow", "anywidget", "React", "pf-") == []
