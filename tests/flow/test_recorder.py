"""Inside `with Flow()` node functions are placed instead of run."""

from __future__ import annotations

import asyncio
import copy
import threading
from collections.abc import Callable
from typing import Any

import pytest

import pixelflow_widgets as pf
from pixelflow_widgets.flow.document import Edge
from pixelflow_widgets.flow.handles import Node, OutputPort

from .sample_types import REGISTRY, join, measure, paint, say, show, soften


def test_a_call_inside_is_placed_and_outside_it_runs() -> None:
    with pf.Flow("recorded", registry=REGISTRY) as flow:
        words = say("a")
        image = paint(words, steps=3)
        texts = join([words, say(text="b")])
    assert isinstance(image, OutputPort) and isinstance(texts, OutputPort)
    assert list(flow.nodes) == ["say", "paint", "say_2", "join"]
    assert flow.edges == [
        Edge("say", "text", "paint", "prompt"),
        Edge("say", "text", "join", "texts"),
        Edge("say_2", "text", "join", "texts"),
    ]
    assert flow.nodes["paint"].entry["values"] == {"steps": 3}
    assert say("a") == "a"
    assert paint("x", steps=4).size == (4, 4)


def test_several_outputs_come_as_they_would_from_the_function() -> None:
    with pf.Flow("recorded", registry=REGISTRY) as flow:
        size = measure(paint("a"))
        width, _ = size
        soften(paint("b"), amount=size.height)
    assert type(size).__name__ == "Size" and width is size.width
    assert Edge("measure", "height", "soften", "amount") in flow.edges


def test_a_node_without_outputs_comes_as_itself() -> None:
    with pf.Flow("recorded", registry=REGISTRY) as flow:
        shown = show(say("a"))
    assert isinstance(shown, Node) and shown.id == "show"
    assert flow.nodes["show"].outputs == {}


def test_progress_is_not_placed() -> None:
    with pf.Flow("recorded", registry=REGISTRY) as flow:
        paint("a", progress=pf.Progress())
    assert flow.nodes["paint"].entry["values"] == {"prompt": "a"}


def test_a_wrong_call_is_refused_as_python_would_and_names_the_inputs() -> None:
    with pf.Flow("recorded", registry=REGISTRY) as flow:
        with pytest.raises(
            TypeError, match=r"paint\(\): got an unexpected keyword argument 'step'.* Its inputs: prompt"
        ):
            paint("a", step=3)  # type: ignore[call-arg]
        with pytest.raises(TypeError, match="missing a required argument: 'prompt'"):
            paint()  # type: ignore[call-arg]
    assert flow.document["nodes"] == {}


CONTROL_FLOW: dict[str, tuple[Callable[[Any], Any], str]] = {
    "if": (lambda value: 1 if value else 2, "place the node 'switch'"),
    "not": (lambda value: not value, "place the node 'switch'"),
    "and": (lambda value: value and 1, "place the node 'switch'"),
    "for": (lambda value: [item for item in value], "the node is mapped over it"),  # noqa: C416
    "in": (lambda value: "a" in value, "the node is mapped over it"),
    "unpacking": (lambda value: [*value], "the node is mapped over it"),
    "len": (len, "cannot be asked while recording"),
    "==": (lambda value: value == "a", "a function with @pf.node that compares"),
    "!=": (lambda value: value != "a", "a function with @pf.node that compares"),
    "in a list": (lambda value: value in ["a"], "a function with @pf.node that compares"),
    "<": (lambda value: value < 3, "write a function with @pf.node"),
    "+": (lambda value: "a" + value, "write a function with @pf.node"),
    "*": (lambda value: 2 * value, "write a function with @pf.node"),
    "//": (lambda value: value // 2, "write a function with @pf.node"),
    "[0]": (lambda value: value[0], "write a function with @pf.node"),
    "int": (int, "write a function with @pf.node"),
    "float": (float, "write a function with @pf.node"),
    "range": (range, "write a function with @pf.node"),
    "f-string": (lambda value: f"a {value}", "a function with @pf.node that joins the texts"),
    "format": ("a {}".format, "a function with @pf.node that joins the texts"),
    ".size": (lambda value: value.size, "To use its 'size', write a function with @pf.node"),
    ".upper()": (lambda value: value.upper(), "To use its 'upper', write a function with @pf.node"),
}


@pytest.mark.parametrize("use", CONTROL_FLOW)
def test_what_would_need_the_value_now_names_what_to_write_instead(use: str) -> None:
    do, remedy = CONTROL_FLOW[use]
    with pf.Flow("recorded", registry=REGISTRY) as flow:
        recorded = [say("a"), flow.input("words", "a")]
    for value in recorded:
        with pytest.raises(pf.RecordingError) as caught:
            do(value)
        assert str(caught.value).startswith(f"{value!s} is only known when the flow runs. ")
        assert remedy in str(caught.value)


def test_a_recorded_value_can_be_shown_kept_and_asked_for_attributes() -> None:
    with pf.Flow("recorded", registry=REGISTRY) as flow:
        value = say("a")
    assert repr(value) == "<output say.text>"
    assert not hasattr(value, "shape") and not hasattr(value, "_repr_html_")
    assert {value: 1}[flow.nodes["say"]["text"]] == 1  # type: ignore[index]
    assert value == flow.nodes["say"]["text"]
    assert value != flow.add("tests.say")["text"]
    assert copy.copy(value) == value


def test_recording_ends_with_the_block_even_when_it_fails() -> None:
    flow = pf.Flow("recorded", registry=REGISTRY)
    with pytest.raises(ZeroDivisionError), flow:
        1 / 0  # noqa: B018
    assert say("a") == "a"


def test_blocks_may_stand_inside_each_other() -> None:
    outer, inner = pf.Flow("outer", registry=REGISTRY), pf.Flow("inner", registry=REGISTRY)
    with outer:
        say("a")
        with inner:
            say("b")
        say("c")
    assert len(outer.nodes) == 2 and len(inner.nodes) == 1


def test_another_thread_or_task_is_not_recorded() -> None:
    found: list[Any] = []
    with pf.Flow("recorded", registry=REGISTRY) as flow:
        thread = threading.Thread(target=lambda: found.append(say("a")))
        thread.start()
        thread.join()
    assert found == ["a"] and not flow.nodes

    async def record(name: str) -> pf.Flow:
        with pf.Flow(name, registry=REGISTRY) as mine:
            say(name)
            await asyncio.sleep(0)
            say(name)
        return mine

    async def both() -> list[pf.Flow]:
        return await asyncio.gather(record("x"), record("y"))

    for made in asyncio.run(both()):
        assert [node.values["text"] for node in made.nodes.values()] == [made.name, made.name]


def test_a_node_that_calls_another_node_calls_it_when_it_runs() -> None:
    @pf.node
    def twice(text: str) -> str:
        """Says it twice."""
        return say(text) + say(text)

    REGISTRY.add(twice.node_type)  # type: ignore[attr-defined]
    with pf.Flow("recorded", registry=REGISTRY) as flow:
        twice("a")
    assert list(flow.nodes) == ["twice"]
    assert twice("a") == "aa"
