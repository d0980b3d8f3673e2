"""A file is dropped on the editor, by the browser's own drop event: the question, the flow, and nothing else."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

import pixelflow_widgets as pf
from pixelflow_widgets.flow.provenance import record_text
from pixelflow_widgets.media.encoders import picture_file
from tests.nodes.media_samples import picture

from .editor import EditorPage
from .harness import Harness
from .lab import Lab, eventually, write_notebook
from .servers import Jupyter

pytestmark = [pytest.mark.browser, pytest.mark.slow]

MINE = """with pf.Flow("mine") as flow:
    flow.output("text", pf.nodes.prompt(text="here before"))
flow"""
_DROP = """([selector, name, mime, data]) => {
    const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
    const transfer = new DataTransfer();
    transfer.items.add(new File([bytes], name, { type: mime }));
    const target = [...document.querySelectorAll(selector)].find((each) => each.offsetParent !== null);
    for (const type of ['dragenter', 'dragover', 'drop']) {
        const event = new DragEvent(type, { bubbles: true, cancelable: true, dataTransfer: transfer });
        target.dispatchEvent(event);
    }
}"""


def drop(page: Page, name: str, content: bytes, mime: str = "") -> None:
    """Drop a file on the canvas."""
    data = base64.b64encode(content).decode()
    page.evaluate(_DROP, [".pf-root .react-flow__pane", name, mime, data])


def question(page: Page) -> Any:
    return page.get_by_role("alertdialog", name="What becomes of this file?")


def other() -> dict[str, Any]:
    with pf.Flow("other ☃") as flow:
        words = pf.nodes.prompt(text=flow.input("subject", "from the picture"))
        flow.output("text", pf.nodes.template("{1}!", texts=words))
    return flow.document


def hostile() -> dict[str, Any]:
    document = other()
    document["name"] = '<img src=x onerror="window.stolen=1">'
    document["nodes"]["evil"] = {
        "type": "notebook.evil",
        "title": "<script>window.stolen = 1</script>\x1b[2J\u202e",
        "values": {"text": "x" * 10_000},
        "bindings": {"text": "secret"},
        "source": "import pathlib; pathlib.Path('ran').write_text('ran')",
    }
    document["inputs"][0]["variable"] = "secret"
    document["outputs"][0]["variable"] = "taken"
    document["sources"] = {"notebook.evil": "import pathlib; pathlib.Path('ran').write_text('ran')"}
    return document


def carrying(ending: str, document: Any) -> bytes:
    return picture_file(picture(), ending, record_text(document, "", {}, {}))


# Without Jupyter: the question itself


def test_the_question_changes_nothing_until_it_is_answered(harness: Harness) -> None:
    editor = harness.open("first")
    before, content = harness.document(), json.dumps({**harness.document(), "name": "another"}).encode()
    drop(editor.page, "another.flow.json", content)
    expect(question(editor.page)).to_contain_text("carries the flow “another”")
    expect(editor.page.get_by_role("button", name="Open the flow")).to_be_focused()
    editor.page.keyboard.press("Escape")
    expect(question(editor.page)).to_have_count(0)
    assert harness.document() == before
    drop(editor.page, "another.flow.json", content)
    editor.page.get_by_role("button", name="Open the flow").click()
    editor.wait_synced()
    assert harness.document()["name"] == "another"
    editor.undo()
    assert harness.document() == before


def test_a_picture_without_a_flow_becomes_an_input(harness: Harness) -> None:
    editor = harness.open("first")
    count = len(harness.document()["inputs"])
    drop(editor.page, "photo.png", picture_file(picture(), ".png"), "image/png")
    expect(question(editor.page)).to_contain_text("“photo.png” carries no flow.")
    expect(editor.page.get_by_role("button", name="Open the flow")).to_have_count(0)
    editor.page.get_by_role("button", name="Place the picture as an input").click()
    placed = eventually(lambda: harness.document()["inputs"][count:], bool)[0]
    assert placed["type"] == "image" and "$media" in placed["default"]


def test_what_is_neither_is_said_in_words(harness: Harness) -> None:
    editor = harness.open("first")
    drop(editor.page, "words.txt", b"words", "text/plain")
    expect(editor.page.get_by_text("“words.txt”: It carries no flow.")).to_be_visible()
    expect(question(editor.page)).to_have_count(0)


# In JupyterLab: the kernel looks


@pytest.fixture(scope="module")
def application(jupyter: Jupyter, page: Page) -> Iterator[Lab]:
    write_notebook(
        jupyter.root / "dropped" / "notebook.ipynb", "import pixelflow_widgets as pf", "secret = 'mine'", MINE
    )
    lab = Lab(page, jupyter)
    lab.open("dropped/notebook.ipynb")
    lab.run_all()
    assert lab.errors() == []
    yield lab
    jupyter.end_kernels()


@pytest.fixture
def editor(application: Lab) -> Iterator[EditorPage]:
    """The editor of the notebook, as the cell made it."""
    editor = EditorPage(application.page).wait()
    yield editor
    while application.value("flow.name") != "mine":
        application.execute("flow.undo()")
    eventually(editor.nodes, lambda found: found == ["prompt"])


@pytest.mark.parametrize(("ending", "mime"), [(".png", "image/png"), (".webp", "image/webp"), (".jpg", "image/jpeg")])
def test_a_dropped_picture_opens_the_same_flow(application: Lab, editor: EditorPage, ending: str, mime: str) -> None:
    page = application.page
    drop(page, f"poster{ending}", carrying(ending, other()), mime)
    expect(question(page)).to_contain_text("carries the flow “other ☃” with 2 nodes")
    assert application.value("flow.name") == "mine"
    page.get_by_role("button", name="Open the flow").click()
    eventually(editor.nodes, lambda found: sorted(found) == ["prompt", "template"])
    assert application.value("flow.document") == other()
    assert application.value("flow.last_run is None") is True
    expect(page.get_by_text("Opened. Nothing has run")).to_be_visible()
    editor.undo()
    eventually(lambda: application.value("flow.name"), lambda name: name == "mine")


def test_a_hostile_flow_runs_nothing_and_is_told_no_variable(
    application: Lab, editor: EditorPage, artifacts: Path
) -> None:
    page = application.page
    application.execute("editor = flow.editor; editor.options = {**editor.options, 'auto_run': True}")
    eventually(lambda: application.value("flow.last_run and flow.last_run.status"), lambda status: status == "done")
    mine = application.value("flow.last_run.id")
    drop(page, "hostile.png", carrying(".png", hostile()), "image/png")
    expect(question(page)).to_contain_text("Not known here: notebook.evil")
    page.screenshot(path=artifacts / "dropped_hostile.png")
    page.get_by_role("button", name="Open the flow").click()
    eventually(editor.nodes, lambda found: "evil" in found)
    page.wait_for_timeout(1500)  # longer than automatic runs wait
    assert page.evaluate("() => window.stolen") is None
    assert application.value("flow.last_run.id") == mine
    assert application.value("editor.options['auto_run']") is False
    assert application.value("'taken' in globals() or __import__('pathlib').Path('ran').exists()") is False
    assert application.value("secret") == "mine"
    page.screenshot(path=artifacts / "dropped_hostile_opened.png")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b'{"format":"pixelflow","version":1,"x":NaN}', "NaN is not a number"),
        (b'{"format":"pixelflow","version":1,"x":' + b"[" * 90 + b"]" * 90 + b"}", "nested too deep"),
        (b'{"format":"pixelflow","version":1,"nodes":[]}', "'nodes' of this flow file is list"),
    ],
)
def test_what_is_broken_on_purpose_is_refused_in_words(
    application: Lab, editor: EditorPage, content: bytes, words: str
) -> None:
    drop(application.page, "broken.flow.json", content, "application/json")
    expect(application.page.get_by_text(words)).to_be_visible()
    assert application.value("flow.name") == "mine"


def test_a_large_flow_is_opened(application: Lab, editor: EditorPage, open_large: Callable[[], None]) -> None:
    open_large()
    eventually(lambda: application.value("len(flow.nodes)"), lambda count: count == 2000)


@pytest.fixture
def open_large(application: Lab) -> Callable[[], None]:
    document = other()
    document |= {"edges": [], "inputs": [], "outputs": []}
    document["nodes"] = {f"n{number}": {"type": "number", "values": {}} for number in range(2000)}

    def opened() -> None:
        drop(application.page, "large.flow.json", json.dumps(document).encode(), "application/json")
        application.page.get_by_role("button", name="Open the flow").click()

    return opened
