"""What is shown of a picture while it is being made."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import torch

from pixelflow_widgets.models.sketch import Sketch, latent_preview
from pixelflow_widgets.models.weights import place_of


def test_it_is_the_same_after_saving_and_loading(tmp_path: Path) -> None:
    sketch = Sketch((4, 5, 12)).half().float()
    sketch.save(tmp_path)
    loaded = Sketch.load(tmp_path)
    assert loaded is not None
    latents = torch.randn(2, 4, 3, 5)
    assert torch.equal(loaded(latents), sketch(latents)) and loaded(latents).shape == (2, 3, 6, 10)


def test_a_model_without_one_has_no_previews(tmp_path: Path, tiny_model: Path) -> None:
    assert latent_preview(tmp_path) is None
    preview = latent_preview(tiny_model)
    assert preview is not None and preview(torch.randn(2, 4, 16, 16) * 100).size == (64, 64)


def test_the_starters_is_close_to_what_its_autoencoder_paints() -> None:
    from diffusers import AutoencoderKL

    from pixelflow_widgets.starter.autoencoder import pictures
    from pixelflow_widgets.starter.scenes import random_scene

    folder, rng = place_of("starter"), random.Random("previews of scenes that it was not trained on")
    vae = AutoencoderKL.from_pretrained(folder / "vae", dtype=torch.float32)
    with torch.no_grad():
        latents = vae.encode(pictures([random_scene(rng) for _ in range(8)], rng)).latent_dist.mean
        images = (vae.decode(latents).sample.clamp(-1, 1) / 2 + 0.5).permute(0, 2, 3, 1).numpy()
    preview = latent_preview(folder)
    assert preview is not None
    for latent, image in zip(latents * vae.config["scaling_factor"], images, strict=True):
        shown = np.asarray(preview(latent[None])) / 255
        assert np.abs(shown - image).mean() < 0.06
