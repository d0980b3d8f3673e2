"""One node as cells: run where the flow lives, they give what the node gave, and `%debug` finds its inputs."""

from __future__ import annotations

import ast
import threading
from pathlib import Path
from typing import Any

import PIL.Image
import pytest

import pixelflow_widgets as pf
from pixelflow_widgets.errors import ExportError
from pixelflow_widgets.export.formatting import formatted_cell

from . import script_nodes as nodes
from .scripts import plain


def ran(cells: list[str], **names: Any) -> Any:
    """Run cells as a notebook does, and return what the last one shows."""
    space: dict[str, Any] = {"__name__": "__main__", **names}
    for cell in cells:
        tree, shown = ast.parse(cell), None
        last = tree.body[-1]
        if isinstance(last, ast.Expr):
            tree.body.pop()
        exec(compile(tree, "cell", "exec"), space)
        if isinstance(last, ast.Expr):
            shown = eval(compile(ast.Expression(last.value), "cell", "eval"), space)
    return shown


def holds(flow: pf.Flow, node: str, port: str) -> list[str]:
    """Assert that a node's cells give what a run gives, and are always the same; return them."""
    cells = flow.to_cells(node)
    assert flow.to_cells(node) == cells
    assert [formatted_cell(cell) for cell in cells] == cells
    expected = flow.run(targets=[node], backend="inline").node(node)[port]
    assert plain(ran(cells, flow=flow)) == plain(expected)
    return cells


@pytest.fixture(autouse=True)
def inline(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nodes run in this process, whoever asks."""
    run = pf.Flow.run
    monkeypatch.setattr(pf.Flow, "run", lambda self, *args, **more: run(self, *args, **{"backend": "inline", **more}))


@pytest.fixture
def flow() -> pf.Flow:
    return pf.Flow("words")


def test_the_first_cell_loads_each_input_that_comes_from_elsewhere_and_the_second_is_the_code(flow: pf.Flow) -> None:
    value = flow.add(nodes.raised, value=flow.input("start", 4))
    flow.add(nodes.in_units, id="told", value=value["number"], unit="mm")
    first, second = holds(flow, "told", "text")
    assert first == 'inputs = flow.values_into("told")\nvalue = inputs["value"]'
    assert "def in_units(value: int" in second and 'unit="mm"' in second
    assert "raised" not in second, "the code of the node before is in the cell"
    assert second.splitlines()[-1] == "text"


def test_an_input_of_the_flow_is_loaded_as_the_value_it_has(flow: pf.Flow) -> None:
    flow.add(nodes.raised, id="up", value=flow.input("start", 4))
    assert holds(flow, "up", "number")[0].endswith('value = inputs["value"]')


def test_a_node_whose_values_all_stand_on_it_is_one_cell(flow: pf.Flow) -> None:
    flow.add(nodes.in_units, id="told", value=3)
    (cell,) = holds(flow, "told", "text")
    assert "inputs" not in cell


def test_a_node_that_runs_for_each_item_is_a_loop_over_the_list_that_comes(flow: pf.Flow) -> None:
    many = flow.add(nodes.counted_up, count=3)
    flow.add(nodes.raised, id="up", value=many["numbers"])
    _, second = holds(flow, "up", "number")
    assert "for " in second


def test_lists_stay_lists_where_nodes_before_cannot_be_written(flow: pf.Flow) -> None:
    lock = threading.Lock()

    @pf.node
    def held_back(value: int) -> int:
        """Uses what no script can take along."""
        with lock:
            return value

    many = flow.add(nodes.counted_up, count=2)
    stored = flow.add(held_back, value=many["numbers"])
    with pytest.raises(ExportError):
        flow.to_cells(stored)
    flow.add(nodes.raised, id="up", value=stored["number"])
    holds(flow, "up", "number")


def test_several_edges_into_one_input_are_one_list(flow: pf.Flow) -> None:
    one, two = flow.add("prompt", text="a"), flow.add("prompt", text="b")
    flow.add("join_text", id="join", texts=[one["text"], two["text"], flow.input("more", "c")])
    assert holds(flow, "join", "text")[0].endswith('texts = inputs["texts"]')


def test_a_picture_that_lies_on_the_node_is_loaded_too(flow: pf.Flow) -> None:
    flow.add("resize_image", id="small", image=PIL.Image.linear_gradient("L").convert("RGB"), width=16, height=16)
    first, second = holds(flow, "small", "image")
    assert 'image = inputs["image"]' in first and "Path" not in second


def test_lazy_inputs_are_loaded_and_a_switch_chooses(flow: pf.Flow) -> None:
    yes, no = flow.add("prompt", text="yes"), flow.add("prompt", text="no")
    flow.add("switch", id="which", condition=flow.input("on", True), on=yes["text"], off=no["text"])
    first, _ = cells = flow.to_cells("which")
    assert 'inputs["on"]' in first and 'inputs["off"]' in first
    assert ran(cells, flow=flow) == "yes"


@pytest.mark.slow
def test_a_node_that_paints_names_its_model_and_paints_the_same(flow: pf.Flow) -> None:
    words = flow.add("prompt", text="a red circle")
    flow.add("text_to_image", id="paint", prompt=words["text"], model=pf.Model("starter"), steps=2, seed=3)
    first, second = holds(flow, "paint", "image")
    assert first.splitlines()[1:] == ['prompt = inputs["prompt"]']
    assert 'STARTER = pf.models.card_of("starter").source' in second and "__file__" not in second


def test_no_name_of_the_notebook_that_the_flow_uses_is_taken(flow: pf.Flow) -> None:
    value = flow.add(nodes.raised, value=1)
    flow.output("text", flow.add(nodes.in_units, id="told", value=value["number"])["text"])
    flow.bind_output("text", "value")
    first, second = flow.to_cells("told", variable="text")
    assert first.splitlines() == ['inputs = text.values_into("told")', 'value_2 = inputs["value"]']
    assert second.splitlines()[-1] not in ("value", "text", "inputs")


def test_a_flow_without_a_variable_is_opened_from_its_file(flow: pf.Flow, tmp_path: Path) -> None:
    value = flow.add(nodes.raised, value=1)
    flow.add(nodes.raised, id="up", value=value["number"])
    with pytest.raises(ExportError, match="Save it first"):
        flow.to_cells("up", variable=None)
    flow.save(tmp_path / "words.flow.json")
    first, _ = cells = flow.to_cells("up", variable=None)
    assert first.startswith("import pixelflow_widgets as pf\n\nflow = pf.edit(")
    assert ran(cells) == 7


def test_an_error_leaves_the_inputs_behind_for_the_debugger(flow: pf.Flow) -> None:
    value = flow.add(nodes.raised, value=1)
    flow.add(nodes.broken, id="breaks", value=value["number"])
    first, second = flow.to_cells("breaks")
    space: dict[str, Any] = {"flow": flow}
    exec(first, space)
    with pytest.raises(ValueError, match="this one is broken"):
        exec(second, space)
    assert space["value"] == 4


def test_what_has_no_code_is_refused_by_name(flow: pf.Flow) -> None:
    node = flow.add(nodes.in_units, id="told")
    with pytest.raises(ExportError, match="value"):
        flow.to_cells(node)
    flow.set(node, value=3)
    flow.apply([{"op": "set_node", "id": "told", "fields": {"muted": True}}])
    with pytest.raises(ExportError, match=r"'In units' is muted.*Unmute"):
        flow.to_cells(node)
    with pytest.raises(ExportError, match="no node 'gone'"):
        flow.to_cells("gone")
    flow.add("load_model", id="names")
    with pytest.raises(ExportError, match="only names a model"):
        flow.to_cells("names")


def test_values_into_a_node_runs_only_what_is_missing(flow: pf.Flow) -> None:
    value = flow.add(nodes.raised, id="up", value=1)
    flow.add(nodes.in_units, id="told", value=value["number"])
    assert flow.values_into("told") == {"value": 4, "unit": "px"}
    before = flow.last_run
    assert flow.values_into(flow.nodes["up"]) == {"value": 1}
    assert flow.last_run is before, "nothing had to run"
    with pytest.raises(KeyError, match="gone"):
        flow.values_into("gone")
