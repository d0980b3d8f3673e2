"""Nothing that a hand made is lost: crashes, restarts, code that runs again, files that change, pages that go."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from .browser import page_of
from .editor import EditorPage, middle
from .lab import Lab, eventually, write_notebook
from .servers import TRACKER, Jupyter

pytestmark = [pytest.mark.browser, pytest.mark.slow]

EDIT = 'pf.edit("poster.flow.json")'
BOTH = ["prompt", "template"]
CODE = """with pf.Flow("first") as flow:
    prompt = flow.input("prompt", "a red circle")
    flow.output("text", pf.nodes.template(text=prompt))
flow"""


@pytest.fixture(scope="module")
def application(jupyter: Jupyter, page: Page) -> Iterator[Lab]:
    """JupyterLab, opened once; each test opens a notebook of its own in it."""
    write_notebook(jupyter.root / "survives" / "empty.ipynb", "")
    lab = Lab(page, jupyter)
    lab.open("survives/empty.ipynb")
    yield lab
    jupyter.end_kernels()


@pytest.fixture
def open_cells(application: Lab, request: pytest.FixtureRequest) -> Iterator[Callable[..., Lab]]:
    """Opens a notebook of some cells in a folder of the test's own, and runs it."""

    def opened(*cells: str) -> Lab:
        name = request.node.name.translate({ord(letter): "-" for letter in "[]"})
        path = f"survives/{name}/notebook.ipynb"
        write_notebook(application.jupyter.root / path, "import pixelflow_widgets as pf", *cells)
        application.reopen(path)
        application.run_all()
        assert application.errors() == []
        return application

    yield opened
    application.shut_down()


def folder_of(lab: Lab) -> Path:
    return Path(lab.execute("import os; print(os.getcwd())"))


def document(lab: Lab, flow: str = EDIT) -> Any:
    return lab.value(f"{flow}.document")


def types(found: Any) -> list[str]:
    return sorted(entry["type"] for entry in found["nodes"].values())


def kept_versions(lab: Lab, flow: str) -> list[Any]:
    return [json.loads(text) for text in lab.value(f"[version.path.read_text() for version in {flow}.versions]")]


def build(editor: EditorPage, title: str = "Template", port: str = "text") -> tuple[str, str]:
    """Make a small flow of a prompt and what takes it by mouse; return the ids of its nodes.

    Args:
        editor: Is empty.
        title: Of what takes the prompt; where it runs a model, a worker starts to load its code.
        port: What it takes the prompt by.
    """
    prompt = editor.add_node("Prompt", 0.25, 0.3)
    taker = editor.add_node(title, 0.55, 0.2)
    editor.connect(f"{prompt}.text", f"{taker}.{port}")
    editor.set(f"{prompt}.text", "a green star")
    return prompt, taker


def move(editor: EditorPage, node: str, x: float, y: float) -> None:
    start = middle(editor.title_of(node))
    editor.drag_points(start, (start[0] + x, start[1] + y))
    editor.wait_synced()


def test_a_killed_kernel_comes_back_with_the_last_gesture(open_cells: Callable[..., Lab]) -> None:
    lab = open_cells(EDIT)
    editor = EditorPage(lab.page).wait()
    prompt, draw = build(editor, "Text to image", "prompt")
    lab.kernel_pid()
    move(editor, prompt, -30, 50)
    before = document(lab)
    lab.kill_kernel()
    lab.run_all()
    assert document(lab) == before
    editor = EditorPage(lab.page).wait()
    assert set(editor.nodes()) == {prompt, draw}
    expect(editor.control(f"{prompt}.text")).to_have_value("a green star")


@pytest.mark.parametrize("restart", [False, True], ids=["again", "restarted"])
def test_code_that_runs_again_asks_and_keeps_what_hands_made(open_cells: Callable[..., Lab], restart: bool) -> None:
    lab = open_cells(CODE)
    editor = EditorPage(lab.page).wait()
    added = editor.add_node("Number", 0.4, 0.85)
    mine = document(lab, "flow")
    if restart:
        lab.restart_kernel()
    lab.run_all()
    assert lab.errors() == []
    editor = EditorPage(lab.page).wait()
    expect(editor.conflict).to_be_visible()
    editor.conflict.get_by_role("button", name="Keep my edits").click()
    expect(editor.conflict).to_be_hidden()
    expect(editor.node(added)).to_be_visible()
    assert document(lab, "flow") == mine
    lab.run_all()
    editor = EditorPage(lab.page).wait()
    editor.conflict.get_by_role("button", name="Take the code's").click()
    expect(editor.conflict).to_be_hidden()
    expect(editor.node(added)).to_have_count(0)
    assert types(document(lab, "flow")) == ["template"]
    assert any(added in version["nodes"] for version in kept_versions(lab, "flow"))


def test_both_flows_can_be_looked_at_before_one_is_kept(open_cells: Callable[..., Lab], artifacts: Path) -> None:
    lab = open_cells(CODE)
    editor = EditorPage(lab.page).wait()
    added = editor.add_node("Number", 0.4, 0.85)
    lab.run_all()
    editor = EditorPage(lab.page).wait()
    editor.conflict.get_by_role("button", name="Show both").click()
    sides = editor.root.get_by_role("button", name="Keep this one")
    expect(sides).to_have_count(2)
    editor.screenshot(artifacts / "lab-both.png")
    sides.first.click()
    expect(sides).to_have_count(0)
    expect(editor.conflict).to_be_hidden()
    assert added in document(lab, "flow")["nodes"]


def test_a_file_that_another_program_changed_is_not_written_over(open_cells: Callable[..., Lab]) -> None:
    lab = open_cells(EDIT)
    editor = EditorPage(lab.page).wait()
    build(editor)
    path = folder_of(lab) / "poster.flow.json"
    eventually(lambda: path.is_file() and types(json.loads(path.read_text())), lambda found: found == BOTH)
    other = json.loads(path.read_text())
    other["nodes"]["theirs"] = {"type": "number", "type_version": 1, "values": {"value": 3}}
    path.write_text(json.dumps(other))
    added = editor.add_node("Seed", 0.3, 0.85)
    expect(editor.conflict).to_be_visible()
    assert "theirs" in json.loads(path.read_text())["nodes"]
    editor.conflict.get_by_role("button", name="Take the file's").click()
    expect(editor.conflict).to_be_hidden()
    assert types(document(lab)) == ["number", *BOTH]
    assert any(added in version["nodes"] for version in kept_versions(lab, EDIT))


def test_a_reloaded_page_and_a_reopened_notebook_go_on(open_cells: Callable[..., Lab]) -> None:
    lab = open_cells(EDIT)
    editor = EditorPage(lab.page).wait()
    prompt, template = build(editor)
    before = document(lab)
    for leave in (lab.save_and_reload, lab.save_close_and_reopen):
        leave()
        assert document(lab) == before
        editor = EditorPage(lab.page).wait()
        assert set(editor.nodes()) == {prompt, template}
        # The history is the kernel's, so it is still there.
        editor.undo()
        expect(editor.control(f"{prompt}.text")).not_to_have_value("a green star")
        editor.redo()
        assert document(lab) == before


def test_two_cells_with_one_flow_stay_in_step_with_each_other_and_with_python(open_cells: Callable[..., Lab]) -> None:
    lab = open_cells(EDIT, EDIT)
    first, second = EditorPage(lab.page, 0).wait(), EditorPage(lab.page, 1).wait()
    first.root.scroll_into_view_if_needed()
    added = first.add_node("Prompt", 0.3, 0.3)
    expect(second.node(added)).to_be_visible()
    second.root.scroll_into_view_if_needed()
    second.set(f"{added}.text", "a blue square")
    expect(first.control(f"{added}.text")).to_have_value("a blue square")
    lab.execute(f'{EDIT}.add("number", id="counted", value=5)')
    for editor in (first, second):
        expect(editor.node("counted")).to_have_count(1)
    lab.execute(f'{EDIT}.set("counted", value=6)')
    for editor in (first, second):
        expect(editor.control("counted.value")).to_have_value("6")
    second.button("Undo").click()
    expect(first.control("counted.value")).to_have_value("5")


def test_two_browser_windows_stay_in_step(open_cells: Callable[..., Lab], browser: Browser) -> None:
    lab = open_cells(EDIT)
    here = EditorPage(lab.page).wait()
    with page_of(browser) as other_page:
        other = Lab(other_page, lab.jupyter)
        lab.save()
        other.open(lab.path())
        other.run_cell(1)
        there = EditorPage(other_page).wait()
        added = there.add_node("Prompt", 0.3, 0.3)
        lab.run_cell(1)
        here = EditorPage(lab.page).wait()
        expect(here.node(added)).to_be_visible()
        second = here.add_node("Number")
        expect(there.node(second)).to_be_visible()


def test_a_windowed_notebook_may_take_the_editor_away_and_bring_it_back(jupyter: Jupyter, browser: Browser) -> None:
    filler = "for line in range(40): print(line)"
    cells = ["import pixelflow_widgets as pf", EDIT, *[filler] * 25]
    write_notebook(jupyter.root / "survives" / "windowed" / "notebook.ipynb", *cells)
    with jupyter.setting(TRACKER, {"windowingMode": "full"}), page_of(browser) as page:
        lab = Lab(page, jupyter)
        lab.open("survives/windowed/notebook.ipynb")
        lab.run_all()
        lab.scroll_to(1)
        editor = EditorPage(page).wait()
        added = editor.add_node("Prompt", 0.3, 0.3)
        lab.scroll_to(len(cells) - 1)
        expect(page.locator(".pf-root:visible")).to_have_count(0)
        lab.execute(f'{EDIT}.add("number", id="counted")')
        lab.scroll_to(1)
        editor = EditorPage(page).wait()
        expect(editor.node("counted")).to_have_count(1)
        editor.set(f"{added}.text", "still here")
        assert document(lab)["nodes"][added]["values"] == {"text": "still here"}
        lab.shut_down()
