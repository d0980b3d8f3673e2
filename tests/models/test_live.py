"""A pipeline that the notebook holds is a model like any other, and never leaves the kernel."""

from __future__ import annotations

import copy
import gc
import os
import threading
from pathlib import Path
from typing import Any

import PIL.Image
import pytest

import pixelflow_widgets as pf
from pixelflow_widgets.models import card_of
from pixelflow_widgets.models.digests import fingerprint
from pixelflow_widgets.models.loading import generator, lend
from pixelflow_widgets.models.weights import place_of

from .pipelines import painter, pipeline_of


@pytest.fixture
def pipeline(tiny_model: Path) -> Any:
    return pipeline_of(tiny_model)


def by_hand(pipeline: Any, **options: Any) -> PIL.Image.Image:
    return pipeline(num_inference_steps=3, generator=generator(5), width=32, height=32, **options).images[0]


def flow_with(model: pf.Model) -> pf.Flow:
    with pf.Flow("live") as flow:
        image = pf.nodes.text_to_image(prompt="a red circle", model=model, steps=3, width=32, height=32, seed=5)
        flow.output("image", image)
    return flow


def test_the_same_node_paints_the_same_pixels_as_by_hand(pipeline: Any) -> None:
    flow = flow_with(pf.Model.from_object(pipeline))
    found = flow.run()["image"]
    assert found.tobytes() == by_hand(pipeline, prompt="a red circle").tobytes()


def test_nodes_that_take_it_run_in_the_kernel_and_the_others_in_the_worker(pipeline: Any) -> None:
    @pf.node
    def process_of(model: pf.Model) -> int:
        return os.getpid()

    with pf.Flow("where") as flow:
        flow.output("here", process_of(model=pf.Model.from_object(pipeline)))
        flow.output("there", process_of(model=pf.Model("starter")))
    found = flow.run()
    assert found["here"] == os.getpid() != found["there"]


def test_the_worker_cannot_have_it_and_says_what_to_do(pipeline: Any) -> None:
    with pytest.raises(pf.NodeFailed, match=r"'model' cannot travel.*Choose backend=\"auto\""):
        flow_with(pf.Model.from_object(pipeline)).run(backend="worker")


def test_a_notebook_function_that_holds_one_is_told_to_run_in_the_kernel(pipeline: Any) -> None:
    model = pf.Model.from_object(pipeline)

    @pf.node
    def uses_it(prompt: str) -> str:
        return model.source

    with pf.Flow("held") as flow:
        flow.output("text", uses_it(prompt="x"))
    with pytest.raises(pf.NodeFailed, match=r"lives in the kernel.*where=\"kernel\""):
        flow.run()
    assert copy.deepcopy(model) is model


def test_one_object_is_one_model_and_two_objects_are_two(pipeline: Any, tiny_model: Path) -> None:
    first, again = pf.Model.from_object(pipeline), pf.Model.from_object(pipeline)
    assert first == again and hash(first) == hash(again)
    assert pf.Model.from_object(pipeline_of(tiny_model)) != first
    assert first.is_live and not pf.Model("starter").is_live
    with lend(first, "text_to_image", lambda *_, **__: None) as loan:
        assert loan.pipeline is pipeline


def test_it_is_known_by_the_class_of_its_configuration(pipeline: Any, tiny_model: Path) -> None:
    model = pf.Model.from_object(pipeline)
    card = card_of(model)
    assert card and card.base_model == "SDXL" and card.title == "StableDiffusionXLPipeline of this notebook"
    assert card.megabytes > 0 and card.defaults == {} and card.is_here
    assert place_of(model) == tiny_model
    starter = pf.Model.from_object(pipeline_of(place_of("starter")))
    assert card_of(starter).base_model == "Starter"  # type: ignore[union-attr]


def test_a_pipeline_that_is_gone_is_said_in_words() -> None:
    model = pf.Model.from_object(painter())
    source = model.source
    assert card_of(source) is not None  # the handle keeps it
    flow = flow_with(model)
    del model
    gc.collect()
    assert card_of(source) is None
    with pytest.raises(pf.FlowProblems, match=r"The Painter behind 'object:.*Keep it in a variable"):
        flow.run()


def test_what_is_done_to_a_pipeline_makes_its_results_stale(pipeline: Any) -> None:
    from diffusers import DDIMScheduler

    model = pf.Model.from_object(pipeline)
    seen = [fingerprint(model)]
    by_hand(pipeline, prompt="anything")
    assert fingerprint(model) == seen[0]  # to paint changes nothing

    pipeline.scheduler = DDIMScheduler.from_config(pipeline.scheduler.config)
    seen.append(fingerprint(model))
    next(pipeline.unet.parameters()).data.add_(1)
    next(pipeline.unet.parameters()).detach().add_(1)
    seen.append(fingerprint(model))
    pipeline.vae = type(pipeline.vae).from_config(pipeline.vae.config)
    seen.append(fingerprint(model))
    assert len(set(seen)) == 4


@pytest.mark.parametrize("wrong", ["starter", 3, None, len, PIL.Image.new("L", (1, 1))])
def test_what_is_no_pipeline_is_refused(wrong: Any) -> None:
    with pytest.raises(pf.MediaError, match="takes a diffusers pipeline"):
        pf.Model.from_object(wrong)


def test_a_pipeline_paints_one_picture_at_a_time_and_who_waits_hears_stop(pipeline: Any) -> None:
    model, notes = pf.Model.from_object(pipeline), []

    def stops(fraction: float | None = None, *, preview: Any = None, note: str = "") -> None:
        notes.append(note)
        raise pf.Cancelled("The run was stopped.")

    def wait() -> None:
        with pytest.raises(pf.Cancelled), lend(model, "text_to_image", stops):
            raise AssertionError("two at once")

    with lend(model, "text_to_image", stops), lend(model, "text_to_image", stops):  # a node may call another
        other = threading.Thread(target=wait)
        other.start()
        other.join(30)
    assert notes == ["Waiting for the model, which is at another result …"]
    with lend(model, "text_to_image", stops):
        pass


def test_called_as_a_plain_function_the_node_takes_a_name_too(pipeline: Any, tiny_model: Path) -> None:
    options: dict[str, Any] = {"prompt": "x", "steps": 3, "width": 32, "height": 32, "seed": 5}
    named = pf.nodes.text_to_image(model=str(tiny_model), **options)
    held = pf.nodes.text_to_image(model=pf.Model.from_object(pipeline), **options)
    assert named.tobytes() == held.tobytes() == by_hand(pipeline, prompt="x").tobytes()
