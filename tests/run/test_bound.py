"""Variables of the notebook in runs: read when a run is planned, by content; what does not depend on them stays."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np
import pandas
import PIL.Image
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import pixelflow_widgets as pf
from pixelflow_widgets.controls import Slider
from pixelflow_widgets.run.cache import process_cache
from pixelflow_widgets.run.why import stale_nodes

from ..flow.notebook import notebook
from ..flow.strategies import examples

__all__ = ["notebook"]
Names = dict[str, Any]
LOG: list[str] = []


@pf.node(where="kernel")
def sees(image: pf.Image) -> int:
    LOG.append("sees")
    return int(np.asarray(image).sum())


@pf.node(where="kernel")
def gains(n: int, by: int = 1) -> int:
    LOG.append("gains")
    return n + by


@pf.node(where="kernel")
def alone(n: int = 5) -> int:
    LOG.append("alone")
    return n


@pf.node(where="kernel")
def limited(n: Annotated[int, Slider(0, 9)] = 1) -> int:
    return n


@pytest.fixture(autouse=True)
def nothing_kept() -> None:
    LOG.clear()
    process_cache().memory.clear()


def flow_of(notebook: Names) -> pf.Flow:
    flow = pf.Flow("bound")
    seen = flow.add(sees, id="seen")
    grown = flow.add(gains, id="grown", n=seen["number"])
    other = flow.add(alone, id="other")
    flow.output("sum", grown["number"])
    flow.output("alone", other["number"])
    flow.bind("seen.image", "photo")
    notebook["photo"] = np.zeros((2, 2, 3), np.uint8)
    return flow


def run(flow: pf.Flow, **options: Any) -> list[str]:
    """Run, and return which nodes did something."""
    LOG.clear()
    flow.run(backend="inline", **options)
    return sorted(LOG)


def test_only_what_depends_on_a_variable_runs_when_its_object_changes_also_in_place(notebook: Names) -> None:
    flow = flow_of(notebook)
    assert run(flow) == ["alone", "gains", "sees"]
    assert run(flow) == []
    notebook["photo"][0, 0] = 7
    assert stale_nodes(flow.document, flow.registry, flow.media) == ["seen", "grown"]
    assert "the variable 'photo' changed" in flow.why("seen")
    assert "the variable 'photo' changed" in flow.why("grown")
    assert run(flow) == ["gains", "sees"]
    assert flow.last_run is not None and flow.last_run.result()["sum"] == 22


def test_another_object_of_the_same_content_makes_nothing_stale(notebook: Names) -> None:
    flow = flow_of(notebook)
    run(flow)
    notebook["photo"] = PIL.Image.new("RGB", (2, 2))
    assert run(flow) == [] and flow.why("seen") == "it is fresh"
    notebook["photo"] = torch.zeros(3, 2, 2)
    assert run(flow) == []


@given(st.lists(st.sampled_from(["change", "back", "same", "edit", "unrelated"]), max_size=6))
@examples(25)
def test_after_any_changes_a_run_gives_what_a_run_from_nothing_gives(steps: list[str]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        names: Names = {}
        patch.setattr("pixelflow_widgets.flow.variables.notebook_names", lambda: names)
        flow = flow_of(names)
        run(flow)
        for number, step in enumerate(steps, 1):
            match step:
                case "change":
                    names["photo"][0, 0, 0] = number
                case "back":
                    names["photo"] = np.zeros((2, 2, 3), np.uint8)
                case "same":
                    names["photo"] = names["photo"].copy()
                case "edit":
                    flow.set("grown", by=number)
                case _:
                    names["something"] = number
            found = flow.run(backend="inline")
            assert found["sum"] == int(names["photo"].sum()) + flow.nodes["grown"].values["by"]


def test_a_name_that_goes_and_comes_is_a_refusal_in_words_and_no_work(notebook: Names) -> None:
    flow = flow_of(notebook)
    run(flow)
    photo = notebook.pop("photo")
    with pytest.raises(pf.FlowProblems, match="'photo' is not defined in this notebook. Run the cell that makes it"):
        flow.run(backend="inline")
    assert run(flow, targets=["alone"]) == [], "what does not need the variable runs without it"
    notebook["photo"] = photo
    assert run(flow) == []


def test_a_list_runs_the_node_for_each_item(notebook: Names) -> None:
    flow = flow_of(notebook)
    notebook["photo"] = [np.full((1, 1, 3), level, np.uint8) for level in (1, 2)]
    assert run(flow) == ["alone", "gains", "gains", "sees", "sees"]
    assert flow.last_run is not None and flow.last_run.result()["sum"] == [4, 7]
    notebook["photo"][1][:] = 5
    assert run(flow) == ["gains", "sees"], "the item that did not change is found"


def test_an_array_that_changes_during_the_run_changes_no_result(notebook: Names) -> None:
    flow = flow_of(notebook)

    def changes(event: Any) -> None:
        if event.kind == "run-started":
            notebook["photo"][:] = 9

    flow.run(backend="inline", on_event=changes)
    notebook["photo"] = np.zeros((2, 2, 3), np.uint8)
    assert flow.run(backend="inline")["sum"] == 1


def test_values_outside_the_limits_and_of_other_kinds_are_refused_where_they_enter(notebook: Names) -> None:
    flow = pf.Flow("limits")
    flow.add(limited, id="limited")
    flow.bind("limited.n", "n")
    for value, words in ((12, "12 is more than the largest"), ("x", "of type str"), (object(), "of type object")):
        notebook["n"] = value
        with pytest.raises(pf.FlowProblems, match=words) as caught:
            flow.run(backend="inline")
        assert (caught.value.problems[0].node, caught.value.problems[0].port) == ("limited", "n")


def test_an_input_of_the_flow_reads_its_variable_unless_a_value_is_given(notebook: Names) -> None:
    flow = pf.Flow("inputs")
    grown = flow.add(gains, id="grown", n=flow.input("count", type=int))
    flow.output("sum", grown["number"])
    flow.bind("count", "n")
    assert flow.run(count=1, backend="inline")["sum"] == 2, "the variable is not even there"
    with pytest.raises(pf.FlowProblems, match="The flow's input 'count': 'n' is not defined"):
        flow.run(backend="inline")
    notebook["n"] = np.int64(6)
    assert flow.run(backend="inline")["sum"] == 7
    notebook["n"] = 7
    assert "variable 'n' changed" in flow.why("grown") or "count" in flow.why("grown")
    notebook["n"] = [1, 2]
    with pytest.raises(pf.FlowProblems, match="takes one value, and the variable 'n' is a list"):
        flow.run(backend="inline")


def test_a_table_drives_a_loop(notebook: Names) -> None:
    body = pf.Flow("body")
    grown = body.add(gains, n=body.input("n", type=int))
    body.output("number", grown["number"])
    flow = pf.Flow("rows")
    flow.add(body, id="once", n=0)
    loop = flow.loop("for_each", "once")
    flow.remove("once")
    body_of_it = loop.node_type.body
    assert body_of_it is not None
    flow.bind(f"{loop.id}.{body_of_it.steered_by}", "rows")
    notebook["rows"] = pandas.DataFrame({"n": [1, 2]})
    flow.output("table", loop["table"])
    assert len(flow.run(backend="inline")["table"]) == 2
    LOG.clear()
    notebook["rows"].loc[1, "n"] = 9
    flow.run(backend="inline")
    assert LOG == ["gains"], "the row that did not change is found"


def test_outputs_become_variables_when_the_run_has_ended_and_not_before_it_gave_them(notebook: Names) -> None:
    flow = flow_of(notebook)
    flow.bind_output("sum", "total")
    flow.run(backend="inline", targets=["alone"])
    assert "total" not in notebook
    flow.run(backend="inline")
    assert notebook["total"] == 1
    notebook["photo"][:] = 1
    started = flow.start(backend="inline")
    assert started.wait(30) and notebook["total"] == 13, "whoever waited for the run finds the variable there"


def test_a_muted_node_passes_on_what_a_variable_gives(notebook: Names) -> None:
    flow = pf.Flow("muted")
    grown = flow.add(gains, id="grown")
    flow.output("n", grown["number"])
    flow.bind("grown.n", "n")
    notebook["n"] = 3
    flow.mute("grown")
    assert flow.run(backend="inline")["n"] == 3


def test_a_pin_is_taken_off_when_another_variable_is_bound(notebook: Names) -> None:
    flow = flow_of(notebook)
    run(flow)
    flow.pin("seen")
    notebook["photo"][:] = 1
    assert run(flow) == [], "a pin stands although the object changed"
    notebook["other"] = np.ones((1, 1), np.uint8)
    flow.bind("seen.image", "other")
    assert not flow.is_pinned("seen") and run(flow) == ["gains", "sees"]


def test_what_a_variable_held_stands_in_no_document(notebook: Names) -> None:
    flow = pf.Flow("told")
    grown = flow.add(gains, id="grown")
    flow.output("n", grown["number"])
    flow.bind("grown.n", "n")
    notebook["n"] = 918273645
    result = flow.run(backend="inline")
    assert "918273645" not in str(result.document) and "918273645" not in str(flow.document)
