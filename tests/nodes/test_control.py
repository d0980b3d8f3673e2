from __future__ import annotations

from typing import Any

import pytest

import pixelflow_widgets as pf
from pixelflow_widgets.nodes import control, text_to_image
from pixelflow_widgets.run.cache import MemoryCache
from tests.run.test_executor import run
from tests.zoo import Zoo

from .pictures import scene
from .told import Told

FAMILIES = ("sd15", "sdxl", "sd3", "flux")
SETTINGS: dict[str, Any] = {"steps": 3, "guidance": 4.0, "seed": 7}


def handle(zoo: Zoo, name: str) -> pf.Model:
    return pf.Model(str(zoo(name)))


@pytest.mark.parametrize("family", FAMILIES)
def test_a_controlnet_guides_and_at_scale_0_is_none(zoo: Zoo, family: str) -> None:
    model, controlnet = handle(zoo, family), handle(zoo, f"controlnet_{family}")
    plain = text_to_image("a red circle", model=model, width=64, height=48, **SETTINGS)
    made = {
        strength: control("a red circle", [scene(1, 64, 48)], [controlnet], strength=strength, model=model, **SETTINGS)
        for strength in (0.0, 0.5, 1.0)
    }
    assert {image.size for image in made.values()} == {(64, 48)}
    assert made[0.0].tobytes() == plain.tobytes()
    assert len({image.tobytes() for image in made.values()}) == 3
    assert text_to_image("a red circle", model=model, width=64, height=48, **SETTINGS).tobytes() == plain.tobytes()


@pytest.mark.parametrize("family", FAMILIES)
def test_several_controlnets_act_together_and_one_of_weight_0_is_not_there(zoo: Zoo, family: str) -> None:
    model, first = handle(zoo, family), handle(zoo, f"controlnet_{family}")
    second = handle(zoo, f"controlnet_{family}_other")
    images = [scene(1), scene(2)]

    def painted(weights: list[float] | None = None) -> bytes:
        return control("x", images, [first, second], weights, model=model, **SETTINGS).tobytes()

    alone = control("x", images[:1], [first], model=model, **SETTINGS).tobytes()
    assert painted([1.0, 0.0]) == alone
    assert painted() != alone
    assert painted() == painted([1.0, 1.0]) != painted([1.0, 0.5])


def test_it_is_what_diffusers_does_with_two_controlnets(zoo: Zoo) -> None:
    import torch
    from diffusers import ControlNetModel, StableDiffusionXLControlNetPipeline

    folders = [zoo("controlnet_sdxl"), zoo("controlnet_sdxl_second")]
    made = control(
        "a red circle",
        [scene(1), scene(2)],
        [pf.Model(str(folder)) for folder in folders],
        [0.8, 0.6],
        strength=0.5,
        start=0.2,
        end=0.9,
        model=handle(zoo, "sdxl"),
        **SETTINGS,
    )
    pipeline = StableDiffusionXLControlNetPipeline.from_pretrained(
        zoo("sdxl"), controlnet=[ControlNetModel.from_pretrained(folder) for folder in folders], dtype=torch.float32
    )
    pipeline.set_progress_bar_config(disable=True)
    expected = pipeline(
        "a red circle",
        image=[scene(1), scene(2)],
        controlnet_conditioning_scale=[0.4, 0.3],
        control_guidance_start=0.2,
        control_guidance_end=0.9,
        num_inference_steps=3,
        guidance_scale=4.0,
        generator=torch.Generator().manual_seed(7),
    ).images[0]
    assert made.tobytes() == expected.tobytes()


def test_one_image_serves_all_and_the_size_is_that_of_the_first_or_the_nearest(zoo: Zoo) -> None:
    controlnets = [handle(zoo, "controlnet_sdxl"), handle(zoo, "controlnet_sdxl_second")]
    told = Told()
    made = control("x", [scene(1, 70, 50)], controlnets, model=handle(zoo, "sdxl"), progress=told.reporter, **SETTINGS)
    assert made.size == (64, 48)
    assert told.fractions == [pytest.approx(step / 3) for step in (1, 2, 3)]
    assert len(told.previews) == 3


@pytest.mark.parametrize(
    ("inputs", "said"),
    [
        ({"weights": [1.0, 1.0, 1.0]}, "There are 2 ControlNets and 3 weights."),
        ({"start": 0.6, "end": 0.5}, "The ControlNets would act from 0.6 to 0.5."),
    ],
)
def test_what_does_not_go_together_is_said_before_anything_runs(zoo: Zoo, inputs: dict[str, Any], said: str) -> None:
    flow = pf.Flow("guided")
    controlnets = [handle(zoo, "controlnet_sdxl"), handle(zoo, "controlnet_sdxl_second")]
    given: dict[str, Any] = {"prompt": "x", "images": [scene(1), scene(2)], "controlnets": controlnets}
    flow.add("control", model=str(zoo("sdxl")), **given, **inputs)
    assert [problem.sentence.removeprefix("'Control': ").startswith(said) for problem in flow.problems()] == [True]


def test_a_controlnet_for_another_family_is_refused_before_anything_runs(zoo: Zoo) -> None:
    flow = pf.Flow("guided")
    given: dict[str, Any] = {"prompt": "x", "images": [scene(1)], "controlnets": [handle(zoo, "controlnet_sd15")]}
    flow.add("control", id="node", model=str(zoo("sdxl")), **given)
    (problem,) = [problem for problem in flow.problems() if problem.severity == "error"]
    assert problem.port == "controlnets"
    assert "Choose a ControlNet for SDXL" in str(problem)
    with pytest.raises(pf.FlowProblems, match="ControlNet"):
        run(flow)


def test_numbers_that_do_not_match_are_refused_in_a_plain_call(zoo: Zoo) -> None:
    controlnet, model = handle(zoo, "controlnet_sdxl"), handle(zoo, "sdxl")
    with pytest.raises(pf.MediaError, match="There are 1 ControlNets, 2 images and 1 weights"):
        control("x", [scene(1), scene(2)], [controlnet], model=model)
    with pytest.raises(pf.MediaError, match="at least one ControlNet and one image"):
        control("x", [], [], model=model)


def test_it_runs_in_a_flow(zoo: Zoo, worker: object) -> None:
    with pf.Flow("guided") as flow:
        edges = flow.input("edges", scene(1))
        made = pf.nodes.control("x", [edges], [str(zoo("controlnet_sdxl"))], model=str(zoo("sdxl")), **SETTINGS)  # type: ignore[arg-type]
        flow.output("image", made)
    image = run(flow, MemoryCache(), backend="worker").result()["image"]
    alone = control("x", [scene(1)], [handle(zoo, "controlnet_sdxl")], model=handle(zoo, "sdxl"), **SETTINGS)
    assert image.tobytes() == alone.tobytes()
