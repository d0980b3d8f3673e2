from __future__ import annotations

import base64
import io
import re
import threading
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from typing import Any

import nbclient
import nbformat
import PIL.Image
import pytest
from IPython.core.displaypub import CapturingDisplayPublisher
from IPython.core.interactiveshell import InteractiveShell
from nbconvert import HTMLExporter
from traitlets.config import Config

import pixelflow_widgets as pf
from pixelflow_widgets.media import Preview
from pixelflow_widgets.widget.saved import SavedPicture
from tests.run import sample_nodes as nodes
from tests.run.test_executor import run

from .page import Page

SVG = "image/svg+xml"


class Shell(InteractiveShell):
    """A notebook's shell whose cells are told apart by `cell`."""

    cell = "a"

    def get_parent(self) -> dict[str, Any]:
        return {"header": {"msg_id": "1"}, "metadata": {"cellId": self.cell}}


@pytest.fixture
def shell() -> Iterator[Any]:
    config = Config()
    config.HistoryManager.enabled = False
    InteractiveShell.clear_instance()
    shell = Shell.instance(config=config)
    shell.display_pub = CapturingDisplayPublisher(parent=shell)  # type: ignore[assignment]
    yield shell
    Shell.clear_instance()


def sent(shell: Any) -> list[tuple[str, bool, str]]:
    """What was shown: (display id, whether it takes the place of what was there, SVG)."""
    return [
        (output["transient"]["display_id"], output.get("update", False), output["data"][SVG])
        for output in shell.display_pub.outputs
    ]


@pytest.fixture
def flow() -> pf.Flow:
    with pf.Flow("still") as flow:
        flow.output("image", nodes.gradient(size=8))
        flow.output("number", nodes.double(value=2))
    return flow


def test_the_picture_and_words_are_shown_in_the_cell(shell: Any, flow: pf.Flow) -> None:
    SavedPicture(flow).show()
    (output,) = shell.display_pub.outputs
    assert set(output["data"]) == {SVG, "text/plain"}
    assert ET.fromstring(output["data"][SVG]).get("class") == "pixelflow-picture"
    assert output["data"]["text/plain"].startswith("still: 2 nodes")


def test_every_cell_that_shows_it_is_renewed_and_only_where_it_changed(shell: Any, flow: pf.Flow) -> None:
    picture = SavedPicture(flow)
    picture.show()
    picture.renew()
    assert len(sent(shell)) == 1, "nothing has changed"
    flow.add(nodes.double)
    shell.cell = "b"
    picture.show()
    picture.renew()
    (first, _, _), (second, is_update, _), (renewed, is_renewal, svg) = sent(shell)
    assert first != second and not is_update
    assert (renewed, is_renewal) == (first, True), "the second cell has the newest picture"
    assert "3 nodes" in svg
    flow.add(nodes.double)
    picture.renew()
    assert [(name, update) for name, update, _ in sent(shell)[3:]] == [(first, True), (second, True)]


def test_a_cell_that_runs_again_has_a_new_picture_and_its_old_one_is_let_go(shell: Any, flow: pf.Flow) -> None:
    picture = SavedPicture(flow)
    for _ in range(30):
        picture.show()
    flow.add(nodes.double)
    picture.renew()
    assert len({name for name, _, _ in sent(shell)}) == 30
    assert [update for _, update, _ in sent(shell)].count(True) == 1
    assert sent(shell)[-1][0] == sent(shell)[-2][0]


def test_results_of_the_last_run_are_on_the_nodes_and_errors_too(shell: Any, flow: pf.Flow) -> None:
    flow.last_run = run(flow)
    flow.last_run.wait()
    SavedPicture(flow).show()
    (_, _, svg) = sent(shell)[0]
    (uri,) = re.findall(r'href="data:image/jpeg;base64,([^"]+)"', svg)
    assert PIL.Image.open(io.BytesIO(base64.b64decode(uri))).size == (8, 8)
    assert ">4<" in svg

    with pf.Flow("broken") as broken:
        broken.output("out", nodes.fails(text="No such file. Choose another."))
    broken.last_run = run(broken)
    broken.last_run.wait()
    SavedPicture(broken).show()
    found = " ".join(re.findall(r">([^<]*)</text>", sent(shell)[1][2]))
    assert "No such file. Choose another." in found


def test_what_pages_show_is_drawn_where_it_is_given(shell: Any, flow: pf.Flow) -> None:
    SavedPicture(flow, lambda: {"double": {"number": Preview("text/plain", b"forty-two")}}).show()
    assert "forty-two" in sent(shell)[0][2]


def test_it_is_renewed_from_any_thread(shell: Any, flow: pf.Flow) -> None:
    picture = SavedPicture(flow)
    picture.show()
    flow.add(nodes.double)
    threads = [threading.Thread(target=picture.renew) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [update for _, update, _ in sent(shell)] == [False, True]


def test_renewing_never_raises(shell: Any, flow: pf.Flow, monkeypatch: pytest.MonkeyPatch, caplog: Any) -> None:
    picture = SavedPicture(flow)
    picture.renew()
    picture.show()
    flow.add(nodes.double)
    monkeypatch.setattr(shell.display_pub, "publish", lambda **_: 1 / 0)
    picture.renew()
    assert "could not be renewed" in caplog.text


def test_a_flow_that_is_gone_is_not_kept_by_its_picture(shell: Any) -> None:
    picture = SavedPicture(flow := pf.Flow("gone"))
    picture.show()
    del flow
    import gc

    gc.collect()
    picture.renew()
    assert len(sent(shell)) == 1


def test_outside_of_a_notebook_nothing_happens(flow: pf.Flow) -> None:
    InteractiveShell.clear_instance()
    picture = SavedPicture(flow)
    picture.show()
    picture.renew()
    assert not InteractiveShell.initialized()


CELLS = [
    """
import threading, time
import PIL.Image
import pixelflow_widgets as pf
from pixelflow_widgets.widget.saved import SavedPicture

@pf.node
def plain(size: int = 300) -> pf.Image:
    '''Paints.'''
    return PIL.Image.new("RGB", (size, size), (200, 30, 40))

flow = pf.Flow("still")
flow.add("plain", title="Painted & kept")
picture = SavedPicture(flow)
picture.show()
""",
    """
def later():
    time.sleep(0.3)
    flow.run(backend="inline")
    picture.renew()

threading.Thread(target=later).start()
time.sleep(1.5)
""",
]


@pytest.fixture(scope="module")
def notebook() -> Any:
    """A notebook that was run by a real kernel; its second cell changed what the first had shown."""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in CELLS])
    nbclient.NotebookClient(notebook, timeout=60, kernel_name="python3").execute()
    return notebook


@pytest.mark.slow
def test_a_thread_renews_what_an_earlier_cell_showed_and_that_is_saved(notebook: Any) -> None:
    (output,) = notebook.cells[0].outputs
    assert output["output_type"] == "display_data"
    (uri,) = re.findall(r'href="data:image/jpeg;base64,([^"]+)"', output["data"][SVG])
    colour = PIL.Image.open(io.BytesIO(base64.b64decode(uri))).convert("RGB").getpixel((100, 100))
    assert isinstance(colour, tuple)
    assert max(abs(a - b) for a, b in zip(colour, (200, 30, 40), strict=True)) < 6
    assert output["data"]["text/plain"] == "still: 1 node\n  Painted & kept: a picture of 300 × 300 pixels"


@pytest.mark.slow
@pytest.mark.parametrize("template", ["lab", "classic"])
def test_nbconvert_shows_the_nodes_and_the_result(notebook: Any, template: str) -> None:
    html, _ = HTMLExporter(template_name=template).from_notebook_node(notebook)
    (content,) = re.findall(r'<img [^>]*src="data:image/svg\+xml;base64,([^"]+)"', html)
    root = ET.fromstring(base64.b64decode(content))
    names = [element.text for element in root.iter("{http://www.w3.org/2000/svg}text")]
    assert {"Painted & kept", "still", "1 node"} <= set(names)
    assert len(list(root.iter("{http://www.w3.org/2000/svg}image"))) == 1


def test_a_page_may_ask_for_the_picture_that_its_notebook_keeps(shell: Any, page: Page) -> None:
    refused = page.ask("picture")
    assert refused["type"] == "reject" and "No notebook" in refused["message"]
    page.editor.show_picture()
    (_, _, shown) = sent(shell)[0]
    answer = page.ask("picture")
    assert (answer["type"], answer["id"]) == ("ack", page.editor.model_id)
    assert answer["svg"] == shown
    page.flow.add("number", id="another")
    answer = page.ask("picture")
    assert answer["svg"] != shown and "pixelflow-picture" in answer["svg"]
    assert answer["text"]
