"""The sentences that say what made a node stale."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import PIL.Image
import pytest

import pixelflow_widgets as pf
from pixelflow_widgets.controls import Slider
from pixelflow_widgets.run import start
from pixelflow_widgets.run.cache import Cache
from pixelflow_widgets.run.why import why

from . import sample_nodes as nodes


@pf.node(title="Text to image")
def draws_a_picture(prompt: str, steps: Annotated[int, Slider(1, 50)] = 20, model: str = "starter") -> pf.Image:
    return PIL.Image.new("RGB", (steps, 1))


@pf.node
def tint(image: pf.Image, hue: float = 0.5) -> pf.Image:
    return image


@pf.node
def uses_a_model(model: pf.Model = "starter") -> str:  # type: ignore[assignment]
    return model.source


@pytest.fixture
def kept() -> Cache:
    return Cache()


@pytest.fixture
def flow() -> pf.Flow:
    with pf.Flow("poster") as flow:
        prompt = flow.input("prompt", "a fox")
        flow.output("image", tint(image=draws_a_picture(prompt=prompt)))
    return flow


def run(flow: pf.Flow, cache: Cache, **options: Any) -> Any:
    started = start(flow.document, flow.registry, flow.media, cache=cache, backend="inline", **options)
    started.wait()
    return started


def said(flow: pf.Flow, cache: Cache, node: str) -> str:
    return why(flow.document, flow.registry, flow.media, node, cache=cache)


def test_a_node_that_never_ran_is_new_and_one_that_ran_is_fresh(flow: pf.Flow, kept: Cache) -> None:
    assert said(flow, kept, "draws_a_picture") == "'Text to image' is new"
    assert said(flow, kept, "tint") == "'Tint' is new"
    run(flow, kept)
    assert said(flow, kept, "draws_a_picture") == said(flow, kept, "tint") == "it is fresh"


def test_a_value_that_changed_is_named_with_both_values(flow: pf.Flow, kept: Cache) -> None:
    run(flow, kept)
    flow.set("draws_a_picture", steps=25)
    assert said(flow, kept, "draws_a_picture") == "steps went from 20 to 25 on 'Text to image'"
    assert said(flow, kept, "tint") == "it comes after 'Text to image', whose steps went from 20 to 25"
    flow.undo()
    assert said(flow, kept, "tint") == "it is fresh"
    flow.set("draws_a_picture", model="sdxl")
    assert said(flow, kept, "draws_a_picture") == "model went from 'starter' to 'sdxl' on 'Text to image'"


def test_long_texts_are_cut(flow: pf.Flow, kept: Cache) -> None:
    run(flow, kept)
    flow.set("draws_a_picture", model="x" * 100)
    assert said(flow, kept, "draws_a_picture") == f"model went from 'starter' to '{'x' * 37}…' on 'Text to image'"


def test_a_node_that_was_placed_before_another_is_new(flow: pf.Flow, kept: Cache) -> None:
    run(flow, kept)
    middle = flow.add(tint, image=flow.nodes["draws_a_picture"]["image"], hue=0.1)
    flow.disconnect(flow.nodes["draws_a_picture"]["image"], flow.nodes["tint"].inputs["image"])
    flow.connect(middle["image"], flow.nodes["tint"].inputs["image"])
    assert said(flow, kept, "tint_2") == "'Tint' is new"
    assert said(flow, kept, "tint") == "image comes from 'Tint' now on 'Tint'"


def test_an_input_of_the_flow_that_changed_is_named(flow: pf.Flow, kept: Cache) -> None:
    run(flow, kept)
    flow.apply([{"op": "set_input", "name": "prompt", "fields": {"default": "a hare"}}])
    assert said(flow, kept, "draws_a_picture") == "an input of the flow changed: prompt"
    assert said(flow, kept, "tint") == "it comes after 'Text to image': an input of the flow changed: prompt"


def test_a_function_that_changed_is_named(kept: Cache) -> None:
    space: dict[str, Any] = {"pf": pf, "__name__": "__main__"}
    exec("def helper(value):\n    return value + 1", space)
    exec("@pf.node\ndef tinted(value: int) -> int:\n    return helper(value)", space)
    with pf.Flow("cell") as flow:
        flow.output("number", nodes.double(value=space["tinted"](value=1)))
    run(flow, kept)
    exec("def helper(value):\n    return value + 2", space)
    assert said(flow, kept, "tinted") == "the function behind 'tinted' changed"
    assert said(flow, kept, "double") == "it comes after 'Tinted': the function behind 'tinted' changed"
    run(flow, kept)
    exec("@pf.node\ndef tinted(value: int) -> int:\n    return helper(value) * 2", space)
    assert said(flow, kept, "tinted") == "the function behind 'tinted' changed"


def test_files_of_a_model_that_changed_are_named(kept: Cache, monkeypatch: pytest.MonkeyPatch) -> None:
    flow = pf.Flow("model")
    flow.add(uses_a_model)
    monkeypatch.setitem(pf.registry.fingerprints, "model", lambda model: "these")
    run(flow, kept)
    assert said(flow, kept, "uses_a_model") == "it is fresh"
    monkeypatch.setitem(pf.registry.fingerprints, "model", lambda model: "others")
    assert said(flow, kept, "uses_a_model") == "its model's files changed"


def test_chance_is_named(tmp_path: Path, kept: Cache) -> None:
    with pf.Flow("chance") as flow:
        flow.output("one", nodes.double(value=nodes.counts(path=str(tmp_path / "count"))))
        flow.output("two", pf.nodes.seed(value="random"))  # type: ignore[arg-type]
    run(flow, kept)
    assert said(flow, kept, "counts") == "'Counts' runs each time, because it is not pure"
    assert said(flow, kept, "double") == "it comes after 'Counts', which runs each time, because it is not pure"
    assert said(flow, kept, "seed") == "'Seed' draws its value for each run"


def test_a_result_that_was_not_kept_is_said(flow: pf.Flow, kept: Cache) -> None:
    run(flow, kept)
    kept.memory.clear()
    assert said(flow, kept, "draws_a_picture") == "nothing of it changed, but its result is not kept any more"


def test_a_flow_that_cannot_run_says_what_is_wrong(kept: Cache) -> None:
    flow = pf.Flow("wrong")
    flow.add(nodes.double)
    assert said(flow, kept, "double").startswith("it cannot run: 'Double' needs a whole number")
    with pytest.raises(KeyError, match="no node 'duble'"):
        said(flow, kept, "duble")


def test_a_run_says_why_each_of_its_nodes_ran(flow: pf.Flow, kept: Cache) -> None:
    assert run(flow, kept).why("draws_a_picture") == "'Text to image' is new"
    flow.set("tint", hue=0.25)
    second = run(flow, kept)
    assert second.why("draws_a_picture") == "it is fresh"
    assert second.why("tint") == "hue went from 0.5 to 0.25 on 'Tint'"
    assert run(flow, kept).why("tint") == "it is fresh"
    assert second.why("tint") == "hue went from 0.5 to 0.25 on 'Tint'"


def test_a_node_that_failed_is_not_done(kept: Cache) -> None:
    flow = pf.Flow("fails")
    flow.add(nodes.fails, text="one")
    run(flow, kept)
    assert said(flow, kept, "fails") == "'Fails' is new"


def test_asking_why_runs_nothing_and_changes_nothing(flow: pf.Flow, kept: Cache) -> None:
    run(flow, kept)
    flow.set("draws_a_picture", steps=25)
    for _ in range(2):
        assert said(flow, kept, "draws_a_picture") == "steps went from 20 to 25 on 'Text to image'"
    assert flow.why("draws_a_picture") == "steps went from 20 to 25 on 'Text to image'"
    assert flow.why(flow.nodes["tint"]).startswith("it comes after")
