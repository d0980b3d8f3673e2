"""Trains the sketch that shows the starter's latents while they are being made."""

from __future__ import annotations

import random

import torch
from diffusers import StableDiffusionXLPipeline
from torch.nn import functional

from ..models.sketch import Sketch
from .autoencoder import pictures
from .scenes import random_scene

WIDTHS = (4, 48, 48, 48, 48)
BATCH = 32
_LOUDEST = 2.0
"""Standard deviation of the most noise that is put on latents: a sketch is wanted from the first steps on."""


def train_sketch(pipeline: StableDiffusionXLPipeline, *, steps: int = 3000, scenes: int = 3000) -> Sketch:
    """Return a sketch trained on what the autoencoder makes of random scenes, with and without noise.

    Args:
        pipeline: Whose latents it shall show.
        steps: How long it is trained.
        scenes: How many pictures it sees.
    """
    rng = random.Random("preview")
    torch.manual_seed(0)
    latents, images = encoded(pipeline, scenes, rng)
    sketch = Sketch(WIDTHS)
    optimiser = torch.optim.AdamW(sketch.parameters(), lr=2e-3)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 4e-3, steps)
    for _ in range(steps):
        chosen = torch.randint(len(latents), (BATCH,))
        # Half of them without noise: the last step is to look like the result.
        loudness = torch.rand(BATCH, 1, 1, 1) * _LOUDEST * (torch.rand(BATCH, 1, 1, 1) < 0.5)
        noisy = latents[chosen] + loudness * torch.randn_like(latents[chosen])
        loss = functional.l1_loss(sketch(noisy), images[chosen])
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
    return sketch.requires_grad_(False)


@torch.no_grad()
def encoded(
    pipeline: StableDiffusionXLPipeline, count: int, rng: random.Random, batch: int = 100
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return latents as the UNet sees them, and what the autoencoder makes of them, as RGB in [0, 1]."""
    pairs = []
    for start in range(0, count, batch):
        drawn = pictures([random_scene(rng) for _ in range(min(batch, count - start))], rng)
        latents = pipeline.vae.encode(drawn).latent_dist.mean
        images = pipeline.vae.decode(latents).sample.clamp(-1, 1) / 2 + 0.5
        pairs.append((latents * pipeline.vae.config.scaling_factor, images))
    return torch.cat([pair[0] for pair in pairs]), torch.cat([pair[1] for pair in pairs])
