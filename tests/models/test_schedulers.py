"""Schedulers by the names that people know, those that go with the model."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import pixelflow_widgets as pf
from pixelflow_widgets.models.loading import generator, lend
from pixelflow_widgets.models.schedulers import DIFFUSION, FLOW, NAMES, names_for, why_unfit_scheduler
from tests.zoo import Zoo

from .test_loading import Notes


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
    assert names_for(zoo(base)) == tuple(FLOW)
    model = pf.Model(str(zoo(base)))
    plain = painted(model)
    pictures = {name: painted(model.with_options(scheduler=name)) for name in FLOW}
    assert pictures["Euler"] == plain, "it is their own"
    assert len(set(pictures.values())) == len(FLOW)


def test_a_scheduler_of_the_other_kind_is_refused_in_words(zoo: Zoo) -> None:
    model = pf.Model(str(zoo("flux"))).with_options(scheduler="Heun")
    words = r"This model does not take the scheduler 'Heun'\. Choose one of Euler, "
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
        ("FlowMatchEulerDiscreteScheduler", tuple(FLOW)),
        ("CosineDPMSolverMultistepScheduler", ()),
    ):
        path.write_text(json.dumps({"_class_name": name}))
        assert names_for(tmp_path) == expected
    path.write_text("{")
    assert names_for(tmp_path) == ()
