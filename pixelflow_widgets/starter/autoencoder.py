"""Training of the starter's VAE, and the pictures turned into latents by it."""

import math
import random
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from diffusers import AutoencoderKL
from torch.nn import functional

from pixelflow_widgets.starter import checkpoint
from pixelflow_widgets.starter.scenes import Scene, draw, training_scene

BATCH = 16
# Per latent number, at the start and at the end: noise in the latents first makes them smooth and the decoder sturdy
# against the UNet's small errors, then leaves, for the sake of thin lines and corners.
KL_WEIGHT = (2e-3, 2e-5)


def pictures(scenes: list[Scene], rng: random.Random) -> torch.Tensor:
    """Draws the scenes: float32 (n, 3, 64, 64) in [-1, 1]."""
    drawn = np.stack([np.asarray(draw(scene, rng)) for scene in scenes])
    pixels = torch.from_numpy(drawn).permute(0, 3, 1, 2).float() / 127.5 - 1
    return pixels.contiguous(memory_format=torch.channels_last)


def train_autoencoder(
    vae: AutoencoderKL, path: Path, views: int, clock: checkpoint.Clock, report: Callable[[str], None]
) -> bool:
    """Trains the VAE on `views` fresh pictures, from the checkpoint at `path` if there is one; False if cut short."""
    vae.to(memory_format=torch.channels_last).train()
    optimizer = torch.optim.AdamW(vae.parameters(), lr=2e-3, weight_decay=1e-4)
    parts = {"vae": vae, "optimizer": optimizer}
    steps = views // BATCH
    done = checkpoint.resume(path, parts)
    for step in range(done, steps):
        # Drawn from the step's number alone, so that a resumed training sees what an unbroken one would have.
        rng = random.Random(f"vae {step}")
        torch.manual_seed(step)
        images = pictures([training_scene(rng, pairs=0.5) for _ in range(BATCH)], rng)
        posterior = vae.encode(images).latent_dist
        restored = vae.decode(posterior.sample()).sample
        square = functional.mse_loss(restored, images)
        kl = posterior.kl().mean() / posterior.mean[0].numel()
        loss = square + functional.l1_loss(restored, images) + _kl_weight(step / steps) * kl
        optimizer.param_groups[0]["lr"] = 2e-3 * min(1, (step + 1) / 100) * _cosine(step / steps)
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(vae.parameters(), 1.0)
        optimizer.step()
        if step % 50 == 0:
            decibels = 10 * math.log10(4 / square.item())
            report(f"vae {step * BATCH} of {views} views: {decibels:.1f} dB, KL {kl.item():.2f}")
        done = step + 1
        if clock.due() or clock.over() or done == steps:
            checkpoint.save(path, done, parts)
        if clock.over():
            break
    vae.eval()
    return done >= steps


def _cosine(done: float) -> float:
    """Falls from 1 to 0.02 as `done` goes from 0 to 1."""
    return 0.02 + 0.98 * (1 + math.cos(math.pi * min(done, 1))) / 2


def _kl_weight(done: float) -> float:
    """Goes from the first weight to the last in equal ratios as `done` goes from 0 to 1."""
    first, last = KL_WEIGHT
    return first * (last / first) ** done
