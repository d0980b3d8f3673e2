"""Schedulers by the names that people know, those that go with the model."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import pixelflow_widgets as pf
from pixelflow_widgets.models.fitting import check_model
from pixelflow_widgets.models.loading import generator, lend
from pixelflow_widgets.models.schedulers import DIFFUSION, FLOW, NAMES, names_for, why_unfit_scheduler
from pixelflow_widgets.nodes import control, image_to_image, inpaint, text_to_image
from tests.nodes.pictures import middle, scene
from tests.zoo import Zoo

from .test_loading import Notes

EULER = ("Euler", "Euler Karras", "Euler a")


def painted(model: pf.Model, **options: Any) -> bytes:
    with lend(model, "text_to_image", Notes()) as loan:
        made = loan.pipeline(
            prompt="a red circle", num_inference_steps=4, width=32, height=32, generator=generator(5), **options
        )
        return made.images[0].tobytes()


def test_every_scheduler_paints_and_no_two_paint_the_same(zoo: Zoo) -> None:
    model = pf.Model(str(zoo("sdxl")))
    pictures = {name: painted(model.with_options(scheduler=name)) for name in NAMES}
    assert set(NAMES) == set(names_for(zoo("sdxl")))
    assert len(set(pictures.values())) >= len(NAMES) - 1  # some are the same for so few steps
    assert painted(model) == painted(model)


def test_every_scheduler_paints_with_a_model_that_predicts_velocity(tiny_model: Path) -> None:
    model = pf.Model(str(tiny_model))
    for name in NAMES:
        assert any(painted(model.with_options(scheduler=name))), name


@pytest.mark.parametrize("base", ["flux", "sd3"])
def test_models_that_flow_take_schedulers_that_flow(zoo: Zoo, base: str) -> None:
    assert names_for(zoo(base)) == names_for(zoo(base), "text_to_image") == tuple(FLOW)
    model = pf.Model(str(zoo(base)))
    plain = painted(model)
    pictures = {name: painted(model.with_options(scheduler=name)) for name in FLOW}
    assert pictures["Euler"] == plain, "it is their own"
    assert len(set(pictures.values())) == len(FLOW)


def test_a_scheduler_of_the_other_kind_is_refused_in_words(zoo: Zoo) -> None:
    model = pf.Model(str(zoo("flux"))).with_options(scheduler="Heun")
    words = r"This model does not take the scheduler 'Heun' for text to image\. Choose one of Euler, "
    with pytest.raises(pf.ModelError, match=words), lend(model, "text_to_image", Notes()):
        pass


def test_an_unknown_name_is_answered_with_the_nearest() -> None:
    assert "Did you mean 'Euler a'?" in (why_unfit_scheduler("euler a", tuple(DIFFUSION)) or "")
    assert why_unfit_scheduler("Euler a", tuple(DIFFUSION)) is None
    assert "takes no other scheduler" in (why_unfit_scheduler("Euler a", ()) or "")


def test_what_a_model_takes_is_read_from_its_configuration_alone(tmp_path: Path) -> None:
    assert names_for(tmp_path) == ()
    (tmp_path / "scheduler").mkdir()
    path = tmp_path / "scheduler" / "scheduler_config.json"
    for name, expected in (
        ("PNDMScheduler", tuple(DIFFUSION)),
        ("FlowMatchEulerDiscreteScheduler", EULER),
        ("CosineDPMSolverMultistepScheduler", ()),
    ):
        path.write_text(json.dumps({"_class_name": name}))
        assert names_for(tmp_path) == expected
    path.write_text("{")
    assert names_for(tmp_path) == ()


# Family → task → the solvers that it takes besides Euler.
SOLVERS: dict[str, dict[str, tuple[str, ...]]] = {
    "flux": {"text_to_image": ("DPM++ 2M", "UniPC"), "control": ("UniPC",)},
    "flux_schnell": {"text_to_image": ("UniPC",), "control": ("UniPC",)},
    "sd3": {"text_to_image": ("DPM++ 2M", "UniPC"), "control": ("DPM++ 2M", "UniPC")},
    "qwen_image": {"text_to_image": ("UniPC",)},
    "z_image": {},
}
GUIDES = {"flux": "controlnet_flux", "flux_schnell": "controlnet_flux", "sd3": "controlnet_sd3"}


def asked(zoo: Zoo, base: str, task: str, scheduler: str) -> bytes:
    """What a node of pictures makes with a scheduler."""
    settings: dict[str, Any] = {"model": pf.Model(str(zoo(base))).with_options(scheduler=scheduler), "steps": 2}
    if task == "text_to_image":
        return text_to_image("a red circle", width=32, height=32, **settings).tobytes()
    if task == "control":
        guides = [pf.Model(str(zoo(GUIDES[base])))]
        return control("a red circle", [scene(1, 32, 32)], guides, **settings).tobytes()
    if task == "image_to_image":
        return image_to_image(scene(1), "a red circle", strength=0.8, **settings).tobytes()
    return inpaint(scene(1), middle(), "a red circle", **settings).tobytes()


@pytest.mark.parametrize("base", SOLVERS)
def test_what_is_offered_for_a_task_runs_and_everything_else_is_refused_before(zoo: Zoo, base: str) -> None:
    for task in ("text_to_image", "image_to_image", "inpaint", *(("control",) if base in GUIDES else ())):
        offered = names_for(zoo(base), task)
        assert offered == EULER + SOLVERS[base].get(task, ()), task
        for name in [*EULER[:1], *offered[3:]]:
            assert len(set(asked(zoo, base, task, name))) > 5, (task, name)
        for name in set(FLOW) - set(offered):
            model = pf.Model(str(zoo(base))).with_options(scheduler=name)
            (fault,) = check_model(task, model)
            assert fault.code == "scheduler" and f"'{name}' for {task.replace('_', ' ')}. Choose" in str(fault)
            with pytest.raises(pf.ModelError, match="does not take the scheduler"):
                asked(zoo, base, task, name)
    assert set(names_for(zoo(base))) == {*EULER, *(name for names in SOLVERS[base].values() for name in names)}


def test_a_flow_says_that_a_scheduler_does_not_go_with_a_task_before_it_runs(zoo: Zoo) -> None:
    with pf.Flow() as flow:
        model = pf.nodes.set_scheduler(str(zoo("flux")), "UniPC")
        pf.nodes.text_to_image("a red circle", model=model)
        pf.nodes.image_to_image(scene(1), "a red circle", model=model)
    (problem,) = [problem for problem in flow.problems() if problem.code == "scheduler"]
    assert problem.node.startswith("image_to_image") and "'UniPC' for image to image" in problem.sentence
