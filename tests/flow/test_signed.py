"""The verbs that state a flow's inputs and outputs."""

from __future__ import annotations

from typing import Any

import pytest

import pixelflow_widgets as pf

from .sample_types import REGISTRY


@pytest.fixture
def flow() -> pf.Flow:
    flow = pf.Flow("signed", registry=REGISTRY)
    prompt, steps, seed = flow.input("prompt", "x"), flow.input("steps", 20), flow.input("seed", 7)
    paint = flow.add("tests.paint", id="paint", prompt=prompt, steps=steps, seed=seed)
    flow.output("image", paint["image"])
    flow.output("again", paint["image"], help="The same.")
    return flow


def entry(flow: pf.Flow, name: str) -> dict[str, object]:
    return next(each for each in flow.document["inputs"] if each["name"] == name)


def test_an_input_says_all_that_a_form_shows_of_it(flow: pf.Flow) -> None:
    flow.input("style", "a", title="Style", help="How.", choices=["a", "b"], affects_cost=True, max_length=9)
    assert entry(flow, "style") == {
        "name": "style",
        "type": "text",
        "default": "a",
        "title": "Style",
        "help": "How.",
        "limits": {"max_length": 9},
        "choices": ["a", "b"],
        "affects_cost": True,
        "feeds": [],
    }


def test_what_is_not_named_stays_and_none_takes_it_away(flow: pf.Flow) -> None:
    flow.set_input("steps", title="Steps", help="How often.", min=1, max=40, affects_cost=False)
    flow.set_input(flow.inputs["steps"], max=30, help=None)
    told = entry(flow, "steps")
    assert told == {
        "name": "steps",
        "type": "int",
        "default": 20,
        "title": "Steps",
        "limits": {"min": 1, "max": 30},
        "affects_cost": False,
        "feeds": ["paint.steps"],
    }
    flow.set_input("steps", default=None, min=None, max=None)
    assert "limits" not in entry(flow, "steps") and flow.signature.input("steps").is_required  # type: ignore[union-attr]
    flow.undo()
    assert entry(flow, "steps") == told


def test_a_default_is_checked_against_the_type_of_its_input(flow: pf.Flow) -> None:
    flow.set_input("seed", default=2**60)
    assert entry(flow, "seed")["default"] == str(2**60)
    with pytest.raises(pf.MediaError, match="A whole number is wanted here"):
        flow.set_input("seed", default="many")


def test_inputs_and_outputs_are_put_in_order_as_one_step(flow: pf.Flow) -> None:
    before = flow.document
    flow.order_inputs("seed", flow.inputs["steps"])
    assert list(flow.inputs) == ["seed", "steps", "prompt"]
    flow.order_outputs("again")
    assert list(flow.outputs) == ["again", "image"]
    flow.undo()
    flow.undo()
    assert flow.document == before
    revision = flow.revision
    flow.order_inputs("prompt", "steps")
    assert flow.revision == revision, "they stand so already"


def test_a_renamed_input_keeps_its_place_and_what_it_feeds(flow: pf.Flow) -> None:
    handle = flow.rename_input("steps", "effort")
    assert str(handle) == "effort" and list(flow.inputs) == ["prompt", "effort", "seed"]
    assert entry(flow, "effort")["feeds"] == ["paint.steps"]
    flow.rename_output("again", "copy")
    assert flow.outputs == {"image": "paint.image", "copy": "paint.image"}
    assert flow.problems() == []
    with pytest.raises(pf.OperationRejected, match="There is an input 'prompt' already"):
        flow.rename_input("seed", "prompt")
    assert list(flow.inputs) == ["prompt", "effort", "seed"], "all or nothing"


def test_outputs_have_words(flow: pf.Flow) -> None:
    flow.set_output("again", title="Once more")
    assert flow.document["outputs"][1] == {
        "name": "again",
        "from": "paint.image",
        "help": "The same.",
        "title": "Once more",
    }
    assert [given.help for given in flow.signature.outputs] == ["", "The same."]


def test_what_is_not_there_and_what_is_no_limit_is_named(flow: pf.Flow) -> None:
    with pytest.raises(KeyError, match="'signed' has no input 'stepz'. Its inputs: prompt, steps, seed."):
        flow.set_input("stepz", title="x")
    with pytest.raises(KeyError, match="has no output 'x'"):
        flow.rename_output("x", "y")
    with pytest.raises(TypeError, match="has no limit 'maximum'. There is: min, max, step, max_length, max_items."):
        flow.set_input("steps", maximum=3)
    with pytest.raises(TypeError, match="Choices are texts"):
        flow.set_input("steps", choices=["1"])
    with pytest.raises(TypeError, match="Choices are texts"):
        flow.set_input("prompt", choices=[])


def test_the_builder_of_a_flow_states_its_signature_too(flow: pf.Flow) -> None:
    flow.set_input("prompt", choices=["x", "y"], max_length=3)
    flow.set_input("steps", affects_cost=False, step=5, max=40)
    read = pf.Flow.from_builder(flow.to_builder(), registry=REGISTRY)
    assert read.document == flow.document


@pytest.mark.parametrize(
    ("limits", "given", "words"),
    [
        ({"choices": ["x", "y"]}, {"prompt": "z"}, "'z' is not one of x, y."),
        ({"max_length": 3}, {"prompt": "long"}, "The text has 4 characters; it has at most 3."),
        ({"step": 10}, {"steps": 15}, "15 is not a multiple of 10."),
        ({"min": 5, "max": 30}, {"steps": 40}, "40 is not allowed; it is at least 5 and at most 30."),
        ({"max_items": 1}, {"words": ["a", "b"]}, "The list has 2 items; it has at most 1."),
    ],
)
def test_limits_and_choices_hold_for_every_run(flow: pf.Flow, limits: Any, given: Any, words: str) -> None:
    flow.input("words", ["a"])
    (name,) = given
    flow.set_input(name, **limits)
    assert flow.problems() == []
    with pytest.raises(pf.FlowProblems, match=words):
        flow.run(given, backend="inline")


def test_limits_hold_for_defaults(flow: pf.Flow) -> None:
    flow.set_input("prompt", choices=["a"])
    assert [str(problem) for problem in flow.problems()] == [
        "The flow's input 'prompt': 'x' is not one of a. Change its type or default."
    ]


def test_a_flow_says_what_it_is_called_and_does(flow: pf.Flow) -> None:
    flow.describe("Paints what is said.", title="Poster")
    assert (flow.signature.title, flow.signature.help) == ("Poster", "Paints what is said.")
    flow.describe(title=None)
    assert (flow.signature.title, flow.signature.help) == ("Signed", "Paints what is said.")
    flow.undo()
    flow.undo()
    assert (flow.signature.title, flow.signature.help) == ("Signed", "")
