"""Captions are encoded as the pipelines encode them, latents are theirs, and errors weigh what the papers say."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from pixelflow_widgets.finetuning.learner import Learner
from pixelflow_widgets.models.loading import lend
from tests.crescents import pictures
from tests.zoo import Zoo

from .conftest import Listening


@pytest.fixture(params=["sdxl", "sd15", "starter"])
def learner(request: pytest.FixtureRequest, zoo: Zoo, tiny_model: Path) -> Iterator[Learner]:
    place = tiny_model if request.param == "starter" else zoo(request.param)
    with lend(str(place), "text_to_image", Listening()) as loan:
        yield Learner(loan.pipeline, "cpu")


def test_captions_are_encoded_as_the_pipeline_encodes_prompts(learner: Learner) -> None:
    caption = "a big red circle on a blue background"
    context, summary = learner.texts([caption, ""])
    told: Any = learner.pipeline.encode_prompt(
        prompt=[caption, ""], device="cpu", num_images_per_prompt=1, do_classifier_free_guidance=False
    )
    assert torch.allclose(context, told[0], atol=1e-5)
    assert (summary is None) == (not learner.is_xl)
    if summary is not None:
        assert torch.allclose(summary, told[2], atol=1e-5)


def test_latents_bring_the_picture_back(learner: Learner) -> None:
    latents = learner.latents(pictures()[0])
    edge = 64 // learner.pipeline.vae_scale_factor
    assert latents.shape == (4, edge, edge) and latents.dtype == torch.float16


@pytest.mark.parametrize("kind", ["epsilon", "v_prediction"])
def test_min_snr_weighs_as_its_paper_says(learner: Learner, kind: str) -> None:
    learner.min_snr = 5.0
    learner.scheduler.register_to_config(prediction_type=kind)
    levels = torch.arange(0, 990, 33)
    share = learner.scheduler.alphas_cumprod[levels]
    ratio = share / (1 - share)
    expected = torch.minimum(ratio, torch.tensor(5.0)) / (ratio if kind == "epsilon" else ratio + 1)
    assert torch.allclose(learner._weights(levels), expected)
    learner.min_snr = 0.0
    assert (learner._weights(levels) == 1).all()


def test_levels_of_noise_are_spread_over_a_batch(learner: Learner) -> None:
    latents = torch.zeros(8, 4, 8, 8)
    levels = learner.noise(latents, torch.Generator().manual_seed(0)).levels
    assert sorted(int(level) * 8 // 1000 for level in levels) == list(range(8)), "one in each eighth"


def test_a_noise_offset_shifts_whole_pictures(learner: Learner) -> None:
    latents = torch.zeros(64, 4, 8, 8)
    plain = learner.noise(latents, torch.Generator().manual_seed(0)).sample
    learner.noise_offset = 1.0
    shifted = learner.noise(latents, torch.Generator().manual_seed(0)).sample
    assert shifted.mean((2, 3)).std() > 3 * plain.mean((2, 3)).std()


def test_a_model_that_predicts_perfectly_has_no_loss(learner: Learner) -> None:
    latents = torch.randn(2, 4, 8, 8, generator=torch.Generator().manual_seed(1))
    noise = learner.noise(latents, torch.Generator().manual_seed(2))
    target = learner._target(latents, noise)
    pipeline = copy.copy(learner.pipeline)

    class Perfect(torch.nn.Module):
        config = learner.pipeline.unet.config
        conv_in = learner.pipeline.unet.conv_in

        def forward(self, *_: Any, **__: Any) -> Any:
            from types import SimpleNamespace

            return SimpleNamespace(sample=target)

    pipeline.unet = Perfect()
    learner.pipeline = pipeline
    sizes = torch.tensor([[64, 64, 0, 0, 64, 64]] * 2).float()
    assert learner.loss(latents, ["a", "b"], sizes, noise).item() == 0


def test_nothing_is_left_changed(learner: Learner) -> None:
    unet = learner.pipeline.unet
    before = [weight.requires_grad for weight in unet.parameters()], unet.training
    with learner.resting():
        assert not any(weight.requires_grad for weight in unet.parameters())
        unet.train()
    assert ([weight.requires_grad for weight in unet.parameters()], unet.training) == before
