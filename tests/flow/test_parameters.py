"""Prompt and settings as other programs for pictures write them, for the node that painted."""

from __future__ import annotations

from typing import Any

import pytest

import pixelflow_widgets as pf
from pixelflow_widgets.flow.provenance import Upstream, parameters_of
from pixelflow_widgets.flow.subflows import with_subflows

from .sample_types import REGISTRY


def told(flow: pf.Flow, target: str, given: Any = None, size: Any = (64, 48), usual: Any = None) -> str:
    registry = with_subflows(flow.registry, flow.document)
    upstream = Upstream(flow.document, registry, flow.media, given or {})
    return parameters_of(upstream, target, "1.2", usual or {}, size)


def test_the_settings_of_the_node_that_painted_are_one_line() -> None:
    flow = pf.Flow("one", registry=REGISTRY)
    flow.add("tests.paint", prompt="a cat", steps=12, guidance=7.5, seed=2**63, strength=0.25)
    assert told(flow, "paint") == (
        "a cat\nSteps: 12, CFG scale: 7.5, Seed: 9223372036854775808, Size: 64x48, Denoising strength: 0.25, "
        "Model: starter, Version: pixelflow_widgets 1.2"
    )


def test_what_suits_the_model_stands_for_what_was_left_empty() -> None:
    flow = pf.Flow("one", registry=REGISTRY)
    flow.add("tests.paint", prompt="a cat", guidance=None)
    assert "CFG scale" not in told(flow, "paint")
    assert "CFG scale: 3.5" in told(flow, "paint", usual={"starter": {"guidance": 3.5}})


def test_sampler_negative_prompt_and_names_with_commas_are_as_others_read_them() -> None:
    with pf.Flow("real") as flow:
        model = pf.nodes.set_scheduler(pf.nodes.load_model("a, b: c"), "Euler a")
        pf.nodes.text_to_image("a “cat”, {x}\n", "a dog", model=model, steps=3, seed=5)
    assert told(flow, "text_to_image") == (
        "a “cat”, {x}\n\nNegative prompt: a dog\nSteps: 3, Sampler: Euler a, Seed: 5, Size: 64x48, "
        'Model: "a, b: c", Version: pixelflow_widgets 1.2'
    )


def test_a_prompt_is_followed_over_inputs_and_nodes_that_join_texts() -> None:
    with pf.Flow("real") as flow:
        subject = flow.input("subject", "a cat")
        place = flow.input("place", "mat")
        prompt = pf.nodes.template("{1} on a {2}", texts=[subject, place])
        image = pf.nodes.text_to_image(prompt, steps=3)
        pf.nodes.resize_image(image, width=20, height=20)
    assert told(flow, "resize_image").startswith("a cat on a mat\nSteps: 3, ")
    assert "Size" not in told(flow, "resize_image")  # that of the picture is not what was painted


def test_what_came_out_in_the_run_goes_before_what_stands_in_the_flow() -> None:
    flow = pf.Flow("one", registry=REGISTRY)
    words = flow.add("tests.say", text="before")
    flow.add("tests.paint", prompt=words["text"])
    assert told(flow, "paint") == ""  # a node of somebody else's is not called again
    assert told(flow, "paint", {"say": {"text": "after"}}).startswith("after\n")
    assert told(flow, "paint", {"say": {"text": ["one", "two"]}}) == ""  # it was mapped: no prompt is that of all


def test_nothing_is_said_where_no_single_node_painted() -> None:
    flow = pf.Flow("two", registry=REGISTRY)
    words = flow.add("tests.say", text="x")
    flow.add("tests.join", texts=words["text"])
    assert told(flow, "join") == ""
    first, second = (flow.add("tests.paint", prompt=text) for text in ("one", "two"))
    flow.add("tests.join", texts="x", images=[first["image"], second["image"]])
    assert told(flow, "join_2") == ""
    assert told(flow, "nowhere") == ""


def test_the_nearest_painter_counts() -> None:
    with pf.Flow("two steps") as flow:
        first = pf.nodes.text_to_image("first", steps=2)
        pf.nodes.image_to_image(first, "second", steps=3)
    assert told(flow, "image_to_image").startswith("second\nSteps: 3, ")


def test_muted_nodes_pass_on_and_paint_nothing() -> None:
    with pf.Flow("muted") as flow:
        first = pf.nodes.text_to_image("first", steps=2)
        pf.nodes.image_to_image(first, "second", steps=3)
    flow.apply([{"op": "set_node", "id": "image_to_image", "fields": {"muted": True}}])
    assert told(flow, "image_to_image").startswith("first\nSteps: 2, ")


def test_circles_and_broken_flows_end() -> None:
    document = pf.Flow("broken").document
    nodes = {key: {"type": "template", "values": {}} for key in ("a", "b")}
    edges = [{"from": "a.text", "to": "b.template"}, {"from": "b.text", "to": "a.template"}]
    nodes["p"] = {"type": "text_to_image", "values": {"prompt": 7, "seed": "x"}}
    edges.append({"from": "a.text", "to": "p.prompt"})
    broken = {**document, "nodes": nodes, "edges": edges}
    upstream = Upstream(broken, pf.registry, pf.Flow().media, {})
    assert [parameters_of(upstream, key, "1", {}) for key in ("a", "p", "none")] == ["", "", ""]


@pytest.mark.parametrize("size", [None, (10, 20)])
def test_the_size_is_that_of_the_picture_or_of_the_settings(size: Any) -> None:
    with pf.Flow("sized") as flow:
        pf.nodes.text_to_image("x", width=128, height=64, steps=1)
    assert ("Size: 10x20" if size else "Size: 128x64") in told(flow, "text_to_image", size=size)
