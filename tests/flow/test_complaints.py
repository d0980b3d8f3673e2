"""What node types say of their inputs before anything runs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pytest

import pixelflow_widgets as pf
from pixelflow_widgets.flow.document import new_document
from pixelflow_widgets.flow.media_files import MediaFiles
from pixelflow_widgets.flow.problems import find_problems
from pixelflow_widgets.schema import Complaint, Registry
from pixelflow_widgets.schema.node_type import Port
from pixelflow_widgets.schema.signature import read_node_type

REGISTRY = Registry()
ran: list[str] = []


def check_model(port: Port, model: pf.Model, known: Mapping[str, Any]) -> Iterable[Complaint]:
    if model.source == "missing":
        yield Complaint("missing-model", "The model 'missing' is not here.", "Get it.")
    for adapter in model.adapters:
        if adapter.source != model.source:
            yield Complaint("adapter", f"This adapter was made for {adapter.source}.", f"Take one for {model.source}.")


REGISTRY.checks["model"] = check_model


def stack(model: pf.Model, lora: str, weight: float = 1.0) -> pf.Model:
    if weight > 5:
        raise pf.MediaError("A weight is at most 5.")
    return model.with_adapter(lora, weight)


def paint(model: pf.Model, text: str = "", options: pf.Options = pf.Options()) -> str:
    ran.append(model.source)
    return f"{text} by {model.source} {sorted(options.items())}"


def several(models: list[pf.Model], weights: list[float]) -> str:
    return f"{len(models)}"


def as_many(known: Mapping[str, Any]) -> Iterable[Complaint]:
    if "models" in known and "weights" in known and len(known["models"]) != len(known["weights"]):
        yield Complaint("count", "There are not as many weights as models.", "Give one each.", "weights")


def later(text: str) -> str:
    return text


clip = pf.Option("clip_skip", int, pf.Slider(0, 4), families=("SDXL",), help="Layers that are left out.")
for function, settings in (
    (stack, {"is_static": True}),
    (paint, {"options": (clip,)}),
    (several, {"check": as_many}),
    (later, {}),
):
    REGISTRY.add(read_node_type(function, **settings))  # type: ignore[arg-type]


def problems_of(flow: pf.Flow) -> list[tuple[str, str | None, str | None]]:
    return [(problem.code, problem.node, problem.port) for problem in flow.problems()]


@pytest.fixture
def flow() -> pf.Flow:
    ran.clear()
    return pf.Flow("complaints", registry=REGISTRY)


def test_a_value_that_stands_in_the_document_is_checked(flow: pf.Flow) -> None:
    flow.add("tests.paint", model="missing")
    assert problems_of(flow) == [("missing-model", "paint", "model")]
    assert str(flow.problems()[0]) == "'Paint': The model 'missing' is not here. Get it."


def test_what_static_nodes_give_is_known_while_editing_however_many_stand_in_a_row(flow: pf.Flow) -> None:
    model: Any = "A"
    for _ in range(50):
        model = flow.add("tests.stack", model=model, lora="A")["model"]
    flow.add("tests.paint", model=model)
    assert problems_of(flow) == []
    flow.set("stack", lora="B")
    found = problems_of(flow)
    assert [code for code, _, _ in found] == ["adapter"] and found[0][2] == "model"


def test_a_muted_adapter_is_not_in_the_handle(flow: pf.Flow) -> None:
    flow.add("tests.paint", model=flow.add("tests.stack", model="A", lora="B")["model"])
    assert problems_of(flow)
    flow.mute("stack")
    assert problems_of(flow) == []


def test_a_static_node_that_cannot_be_worked_out_says_why(flow: pf.Flow) -> None:
    flow.add("tests.paint", model=flow.add("tests.stack", model="A", lora="A", weight=7.0)["model"])
    assert [str(problem) for problem in flow.problems()] == ["'Stack': A weight is at most 5."]


def test_a_circle_of_static_nodes_ends(flow: pf.Flow) -> None:
    document = new_document("x")
    nodes = {key: {"type": "tests.stack", "values": {"lora": "A"}} for key in "ab"}
    edges = [{"from": "a.model", "to": "b.model"}, {"from": "b.model", "to": "a.model"}]
    found = find_problems({**document, "nodes": nodes, "edges": edges}, REGISTRY, MediaFiles())
    assert {problem.code for problem in found} == {"circle"}


def test_a_check_of_several_inputs_names_the_one_that_is_wrong(flow: pf.Flow) -> None:
    flow.add("tests.several", models=["A", "A"], weights=[1.0])
    assert problems_of(flow) == [("count", "several", "weights")]


def test_each_item_of_a_list_is_checked(flow: pf.Flow) -> None:
    flow.add("tests.several", models=["A", "missing"], weights=[1.0, 1.0])
    assert problems_of(flow) == [("missing-model", "several", "models")]


def test_a_run_is_refused_with_the_same_sentence_and_nothing_runs(flow: pf.Flow) -> None:
    flow.add("tests.paint", model=flow.add("tests.stack", model="A", lora="B")["model"])
    with pytest.raises(pf.FlowProblems, match="made for B. Take one for A."):
        flow.run(backend="inline")
    assert ran == []


def test_what_is_known_only_in_the_run_is_refused_before_the_node_is_called(flow: pf.Flow) -> None:
    late = flow.add("tests.later", text="B")
    flow.add("tests.paint", model=flow.add("tests.stack", model="A", lora=late["text"])["model"])
    assert problems_of(flow) == []
    with pytest.raises(pf.NodeFailed, match="made for B. Take one for A."):
        flow.run(backend="inline")
    assert ran == []


def test_what_is_wrong_elsewhere_does_not_stop_a_target(flow: pf.Flow) -> None:
    flow.add("tests.paint", id="bad", model="missing")
    flow.add("tests.paint", id="good", model="A", text="x")
    assert flow.run(targets=["good"], backend="inline")["good.text"] == "x by A []"


def test_options_are_ports_of_their_own_and_come_as_one(flow: pf.Flow) -> None:
    flow.add("tests.paint", id="p", model="A", text="x", options={"clip_skip": 2})
    assert flow.document["nodes"]["p"]["values"]["options.clip_skip"] == 2
    assert flow.run(backend="inline")["p.text"] == "x by A [('clip_skip', 2)]"
    flow.set("p", **{"options.clip_skip": None})
    assert flow.run(backend="inline")["p.text"] == "x by A []"


def test_an_option_is_limited_optional_advanced_and_names_its_families() -> None:
    port = REGISTRY["tests.paint"].inputs["options.clip_skip"]
    described = port.describe()
    assert described["families"] == ["SDXL"] and described["advanced"] and described["optional"]
    assert port.title == "CLIP skip" and port.help == "Layers that are left out."
    with pytest.raises(pf.MediaError, match="largest value allowed, 4"):
        port.check(5)


def test_an_option_may_be_connected(flow: pf.Flow) -> None:
    flow.registry.add(pf.registry["seed"])
    flow.add("tests.paint", id="p", model="A", text="x", options={"clip_skip": flow.add("seed", value=3)["number"]})
    assert flow.run(backend="inline")["p.text"] == "x by A [('clip_skip', 3)]"


def test_options_without_their_parameter_are_refused() -> None:
    def bare(text: str) -> str:
        return text

    with pytest.raises(pf.NodeTypeError, match="options: Options = Options()"):
        read_node_type(bare, options=(clip,))


def test_what_is_wrong_is_said_once_where_it_enters_a_row_of_nodes(flow: pf.Flow) -> None:
    first = flow.add("tests.stack", model="missing", lora="missing")
    second = flow.add("tests.stack", model=first["model"], lora="missing")
    flow.mute(second)
    flow.add("tests.paint", model=flow.add("tests.stack", model=second["model"], lora="missing")["model"])
    assert problems_of(flow) == [("missing-model", "stack", "model")]


def test_a_check_that_stumbles_is_a_problem_and_hides_no_other(flow: pf.Flow) -> None:
    def broken(known: Mapping[str, Any]) -> Iterable[Complaint]:
        raise OSError("File name too long")

    def careless(text: str) -> str:
        return text

    flow.registry.add(read_node_type(careless, check=broken))
    flow.add("tests.careless", text="x")
    flow.add("tests.paint", model="missing")
    assert {code for code, _, _ in problems_of(flow)} == {"unchecked", "missing-model"}
    assert "OSError: File name too long" in str(flow.problems()[0])


def test_a_row_of_adapters_without_end_is_refused_in_words(flow: pf.Flow) -> None:
    model: Any = "A"
    for _ in range(70):
        model = flow.add("tests.stack", model=model, lora="A")["model"]
    assert [str(problem) for problem in flow.problems()] == [
        "'Stack': A model takes at most 64 adapters; these are 65."
    ]
