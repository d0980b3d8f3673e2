"""Training of the starter's VAE, and the pictures turned into latents by it."""

import math
import random
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from diffusers import AutoencoderKL
from torch.nn import functional

from ..finetuning import checkpoints
from .scenes import Scene, draw, training_scene

BATCH = 16
# Per latent number, at the start and at the end: noise in the latents first makes them smooth and the decoder sturdy
# against the UNet's small errors, then leaves, for the sake of thin lines and corners.
KL_WEIGHT = (2e-3, 2e-5)
# Standard deviation of the noise that the decoder alone is sharpened under, where latents have about 1.
DECODER_NOISE = 0.05


def pictures(scenes: list[Scene], rng: random.Random) -> torch.Tensor:
    """Draws the scenes: float32 (n, 3, 64, 64) in [-1, 1]."""
    drawn = np.stack([np.asarray(draw(scene, rng)) for scene in scenes])
    pixels = torch.from_numpy(drawn).permute(0, 3, 1, 2).float() / 127.5 - 1
    return pixels.contiguous(memory_format=torch.channels_last)


def train_autoencoder(
    vae: AutoencoderKL, path: Path, views: int, clock: checkpoints.Clock, report: Callable[[str], None]
) -> bool:
    """Trains the VAE on `views` fresh pictures, from the checkpoint at `path` if there is one; False if cut short."""

    def loss(images: torch.Tensor, done: float) -> tuple[torch.Tensor, torch.Tensor]:
        posterior = vae.encode(images).latent_dist
        restored = vae.decode(posterior.sample()).sample
        kl = posterior.kl().mean() / posterior.mean[0].numel()
        square = functional.mse_loss(restored, images)
        return square + functional.l1_loss(restored, images) + _kl_weight(done) * kl, square

    optimizer = torch.optim.AdamW(vae.parameters(), lr=2e-3, weight_decay=1e-4)
    return _fit("vae", vae, optimizer, loss, path, views, clock, report)


def train_decoder(
    vae: AutoencoderKL, path: Path, views: int, clock: checkpoints.Clock, report: Callable[[str], None]
) -> bool:
    """Sharpens the decoder on `views` pictures more; the encoder stands, and with it every latent computed before."""

    def loss(images: torch.Tensor, done: float) -> tuple[torch.Tensor, torch.Tensor]:
        with torch.no_grad():
            latents = vae.encode(images).latent_dist.mean
        restored = vae.decode(latents + DECODER_NOISE * torch.randn_like(latents)).sample
        square = functional.mse_loss(restored, images)
        return square + functional.l1_loss(restored, images), square

    weights = [*vae.decoder.parameters(), *vae.post_quant_conv.parameters()]
    optimizer = torch.optim.AdamW(weights, lr=1e-3, weight_decay=1e-4)
    return _fit("decoder", vae, optimizer, loss, path, views, clock, report)


def _fit(
    title: str,
    vae: AutoencoderKL,
    optimizer: torch.optim.AdamW,
    loss: Callable[[torch.Tensor, float], tuple[torch.Tensor, torch.Tensor]],
    path: Path,
    views: int,
    clock: checkpoints.Clock,
    report: Callable[[str], None],
) -> bool:
    """Lowers a loss of pictures, given with the share of the views done; its second value is the squared error."""
    vae.to(memory_format=torch.channels_last).train()
    parts, highest = {"vae": vae, "optimizer": optimizer}, optimizer.defaults["lr"]
    steps = views // BATCH
    done = checkpoints.resume(path, parts)
    for step in range(done, steps):
        # Drawn from the step's number alone, so that a resumed training sees what an unbroken one would have.
        rng = random.Random(f"{title} {step}")
        torch.manual_seed(step)
        images = pictures([training_scene(rng, pairs=0.5) for _ in range(BATCH)], rng)
        value, square = loss(images, step / steps)
        optimizer.param_groups[0]["lr"] = highest * min(1, (step + 1) / 100) * _cosine(step / steps)
        optimizer.zero_grad()
        value.backward()
        torch.nn.utils.clip_grad_norm_(optimizer.param_groups[0]["params"], 1.0)
        optimizer.step()
        if step % 50 == 0:
            report(f"{title} {step * BATCH} of {views} views: {10 * math.log10(4 / square.item()):.1f} dB")
        done = step + 1
        if clock.due() or clock.over() or done == steps:
            checkpoints.save(path, done, parts)
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
