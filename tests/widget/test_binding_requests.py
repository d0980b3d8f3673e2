"""What pages ask about variables and code: names without values, binding as an edit, confirming what was shown."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import pixelflow_widgets as pf
from pixelflow_widgets.media import blake3_hex
from pixelflow_widgets.schema import registry
from pixelflow_widgets.widget import binding_requests, cells
from pixelflow_widgets.widget import editor as editors
from tests.flow.notebook import notebook
from tests.run import sample_nodes as nodes

from .page import Page, wait_for

__all__ = ["notebook"]
Names = dict[str, Any]
SOURCE = "import pixelflow_widgets as pf\n\n@pf.node\ndef brought(n: int = 1) -> int:\n    return n\n"


@pf.node(where="kernel")
def looks_at(image: pf.Image, factor: int = 1) -> int:
    return int(np.asarray(image).sum()) * factor


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch, notebook: Names) -> Iterator[None]:
    monkeypatch.setattr(editors, "IDLE_PROBLEMS", 0.05)
    monkeypatch.setattr(editors, "IDLE_CELLS", 0.02)
    monkeypatch.setattr(binding_requests, "notebook_names", lambda: notebook)
    yield
    registry._types.pop("notebook.brought", None)


@pytest.fixture
def flow() -> pf.Flow:
    flow = pf.Flow("bound")
    seen = flow.add(looks_at, id="seen")
    flow.add(nodes.double, id="double", value=seen["number"])
    flow.output("sum", seen["number"])
    return flow


def came_from_elsewhere(flow: pf.Flow) -> pf.Flow:
    """Return a flow of the same document that nobody here has confirmed."""
    other = pf.Flow("other")
    document = json.loads(json.dumps(flow.document))
    other.apply([{"op": "replace", "document": {**document, "name": "elsewhere"}}])
    return other


def test_a_page_hears_names_kinds_and_sizes_of_what_fits_and_no_value(flow: pf.Flow, notebook: Names) -> None:
    notebook |= {"np": np, "old": np.zeros((2, 2), np.uint8), "words": "a secret", "_mine": np.zeros((1, 1)), "n": 77}
    notebook["photo"] = np.full((4, 6, 3), 201, np.uint8)
    page = Page(flow)
    answer = page.ask("variables", port="seen.image")
    assert answer["variables"] == [
        {"name": "photo", "kind": "array", "size": "4 × 6 × 3"},
        {"name": "old", "kind": "array", "size": "2 × 2"},
    ]
    (number,) = page.ask("variables", port="seen.factor")["variables"]
    assert number == {"name": "n", "kind": "number", "size": ""}
    told = json.dumps([message for message in page.line.messages if "variables" in message], default=str)
    assert "secret" not in told and "77" not in told and "201" not in told
    assert page.ask("variables", port="seen.gone")["type"] == "reject"


def test_binding_by_hand_is_an_edit_that_every_page_hears_and_undo_takes_back(flow: pf.Flow, notebook: Names) -> None:
    notebook["photo"] = np.zeros((2, 2, 3), np.uint8)
    page = Page(flow)
    answer = page.ask("bind", port="seen.image", variable="photo")
    assert answer["type"] == "change"
    assert answer["ops"] == [{"op": "set_node", "id": "seen", "fields": {"bindings": {"image": "photo"}}}]
    assert flow.unconfirmed == []
    assert page.ask("bind", port="sum", variable="total", output=True)["type"] == "change"
    flow.run(backend="inline")
    assert notebook["total"] == 0
    page.ask("undo")
    page.ask("bind", port="seen.image", variable=None)
    assert flow.bindings == {} and "variable" not in flow.document["outputs"][0]


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"port": "seen.gone", "variable": "photo"}, "no input 'gone'"),
        ({"port": "seen.image", "variable": "a b"}, "cannot name a variable"),
        ({"port": "seen.image", "variable": None}, "No variable is bound"),
        ({"port": "sum", "variable": "print", "output": True}, "makes no variable called 'print'"),
        ({"port": 3, "variable": "photo"}, "by its name"),
        ({"port": "seen.image", "variable": 3}, "by its name"),
    ],
)
def test_what_cannot_be_bound_is_refused_in_words(flow: pf.Flow, fields: dict[str, Any], words: str) -> None:
    answer = Page(flow).ask("bind", **fields)
    assert answer["type"] == "reject" and words in answer["message"]


def test_a_page_hears_what_a_flow_from_elsewhere_wants_and_confirms_one_thing_at_a_time(
    flow: pf.Flow, notebook: Names
) -> None:
    notebook["photo"] = np.ones((1, 1, 3), np.uint8)
    flow.bind("seen.image", "photo")
    flow.bind_output("sum", "total")
    page = Page(came_from_elsewhere(flow))
    wanted = [
        {"kind": "read", "name": "photo", "ports": ["seen.image"]},
        {"kind": "write", "name": "total", "ports": ["sum"]},
    ]
    assert page.editor.asks == wanted
    assert page.ask("confirm", what="read", name="photo")["type"] == "ack"
    wait_for(lambda: page.editor.asks == wanted[1:])
    page.flow.run(backend="inline")
    assert "total" not in notebook
    page.ask("confirm", what="write", name="total")
    wait_for(lambda: page.editor.asks == [])
    assert page.ask("confirm", what="read", name="other")["type"] == "reject"
    assert page.ask("confirm", what="anything", name="photo")["type"] == "reject"
    assert page.ask("confirm", what="read", name=None)["type"] == "reject"


def brings_code() -> pf.Flow:
    flow = pf.Flow("brings")
    document = json.loads(json.dumps(flow.document))
    document["nodes"] = {"one": {"type": "notebook.brought", "values": {}}}
    document["sources"] = {"notebook.brought": {"source": SOURCE, "digest": "of no use", "missing": ["palette"]}}
    flow.apply([{"op": "replace", "document": document}])
    return flow


def test_code_that_a_flow_brings_is_shown_and_only_the_shown_code_is_run(notebook: Names) -> None:
    page = Page(brings_code())
    (ask,) = page.editor.asks
    assert ask["source"] == SOURCE and ask["missing"] == ["palette"] and ask["digest"] == blake3_hex(SOURCE.encode())
    answer = page.ask("confirm", what="code", name="notebook.brought", digest=blake3_hex(b"something else"))
    assert answer["type"] == "reject" and "not what was shown" in answer["message"]
    assert registry.find("notebook.brought") is None
    page.ask("confirm", what="code", name="notebook.brought", digest=ask["digest"])
    wait_for(lambda: page.editor.asks == [])
    wait_for(lambda: "notebook.brought" in page.editor.types)
    assert page.flow.problems() == []


# Cells that have run


def test_a_cell_that_has_run_marks_what_its_variables_made_stale_and_auto_runs_it(
    flow: pf.Flow, notebook: Names
) -> None:
    notebook["photo"] = np.zeros((2, 2, 3), np.uint8)
    flow.bind("seen.image", "photo")
    page = Page(flow)
    flow.run(backend="inline", targets=["seen", "double"])
    wait_for(lambda: page.editor.stale == [] and page.editor.problems == [])
    notebook["photo"][0, 0, 0] = 5
    cells.cell_ended()
    wait_for(lambda: sorted(page.editor.stale) == ["double", "seen"])
    page.editor.options = {"auto_run": True}
    wait_for(lambda: page.editor.stale == [])
    notebook["photo"][0, 0, 0] = 6
    cells.cell_ended()

    def gave() -> Any:
        run = flow.last_run
        return run.partial_result()["double.number"] if run is not None and run.wait(5) else None

    wait_for(lambda: gave() == 12)


def test_a_name_that_a_cell_makes_takes_the_problem_away(flow: pf.Flow, notebook: Names) -> None:
    flow.bind("seen.image", "photo")
    page = Page(flow)
    wait_for(lambda: [problem["code"] for problem in page.editor.problems] == ["no-variable"])
    notebook["photo"] = np.zeros((2, 2, 3), np.uint8)
    cells.cell_ended()
    wait_for(lambda: page.editor.problems == [])


def test_cells_cost_nothing_where_a_flow_takes_nothing_from_the_notebook(
    notebook: Names, monkeypatch: pytest.MonkeyPatch
) -> None:
    flow = pf.Flow("plain")
    flow.add("prompt", text="x")
    page = Page(flow)
    looked: list[int] = []
    monkeypatch.setattr(page.editor, "_renew_problems", lambda: looked.append(1))
    page.editor._look_at_notebook()
    assert looked == []


def test_a_listener_that_fails_keeps_no_cell_and_no_other_listener(caplog: pytest.LogCaptureFixture) -> None:
    heard: list[int] = []

    def fails() -> None:
        raise ValueError("broken")

    ends = [cells.on_cell_end(fails), cells.on_cell_end(lambda: heard.append(1))]
    cells.cell_ended("a result of IPython")
    for end in ends:
        end()
    cells.cell_ended()
    assert heard == [1] and "broken" in caplog.text


def test_a_shell_tells_once_however_many_editors_listen(monkeypatch: pytest.MonkeyPatch) -> None:
    from IPython.core.interactiveshell import InteractiveShell

    registered: list[str] = []

    class Shell:
        class events:
            @staticmethod
            def register(name: str, _: Any) -> None:
                registered.append(name)

    monkeypatch.setattr(InteractiveShell, "_instance", Shell())
    for end in [cells.on_cell_end(lambda: None) for _ in range(3)]:
        end()
    assert registered == ["post_run_cell"]
