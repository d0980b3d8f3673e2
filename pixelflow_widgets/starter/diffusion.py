"""Training of the starter's UNet together with its two text encoders, on latents computed once."""

import math
import random
from collections.abc import Callable
from pathlib import Path

import torch
from diffusers import StableDiffusionXLPipeline
from torch.nn import functional
from torch.optim.swa_utils import AveragedModel

from ..finetuning import checkpoints
from .architecture import PIXELS
from .autoencoder import pictures
from .muon import Muon
from .scenes import training_scene

BATCH = 32
RATE = 2e-3
WARM_UP = 100
# The learning rate stays up until this share of the views, then falls to almost nothing.
DECAY_FROM = 0.75
EMPTY_CAPTIONS = 0.1
PAIRS = 0.5
TRAINED = ("unet", "text_encoder", "text_encoder_2")


class Latents:
    """The training set: float16 latents (n, 4, 16, 16), not yet scaled, and token numbers (n, 32)."""

    def __init__(self, latents: torch.Tensor, tokens: torch.Tensor) -> None:
        """Keeps both, and the latents' standard deviation, which the VAE's scaling factor undoes."""
        self.latents = latents
        self.tokens = tokens
        self.deviation = latents[:4096].float().std().item()

    @classmethod
    @torch.no_grad()
    def draw(cls, pipeline: StableDiffusionXLPipeline, count: int, report: Callable[[str], None]) -> "Latents":
        """Draws `count` scenes that are not held out and encodes them."""
        latents, tokens = [], []
        for start in range(0, count, 500):
            rng = random.Random(f"latents {start}")
            scenes = [training_scene(rng, PAIRS) for _ in range(min(500, count - start))]
            latents.append(pipeline.vae.encode(pictures(scenes, rng)).latent_dist.mean.half())
            tokens.append(tokenize(pipeline, [scene.caption for scene in scenes]))
            if start % 5000 == 0:
                report(f"latents {start} of {count}")
        return cls(torch.cat(latents).contiguous(), torch.cat(tokens))

    @classmethod
    def load(cls, path: Path) -> "Latents":
        """Reads what `save` wrote."""
        return cls(**torch.load(path, weights_only=True))

    def save(self, path: Path) -> None:
        """Writes both tensors."""
        torch.save({"latents": self.latents, "tokens": self.tokens}, path)

    def batch(self, rows: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Returns float32 latents of unit variance, and tokens."""
        latents = self.latents[rows].float() / self.deviation
        return latents.contiguous(memory_format=torch.channels_last), self.tokens[rows]


def tokenize(pipeline: StableDiffusionXLPipeline, captions: list[str]) -> torch.Tensor:
    """Turns captions into token numbers (n, 32) as the pipeline does."""
    tokenizer = pipeline.tokenizer
    return tokenizer(
        captions, padding="max_length", max_length=tokenizer.model_max_length, truncation=True, return_tensors="pt"
    ).input_ids


def train_diffusion(
    pipeline: StableDiffusionXLPipeline,
    latents: Latents,
    path: Path,
    views: int,
    clock: checkpoints.Clock,
    report: Callable[[str], None],
) -> bool:
    """Trains on `views` latents, from the checkpoint at `path` if there is one; False if cut short.

    The averaged weights are left in the pipeline.
    """
    networks = torch.nn.ModuleDict({name: getattr(pipeline, name) for name in TRAINED})
    networks.to(memory_format=torch.channels_last).train()
    average = AveragedModel(networks, multi_avg_fn=_average)
    adamw, muon = optimizers(networks)
    parts = {"networks": networks, "average": average, "adamw": adamw, "muon": muon}
    steps = views // BATCH
    done, recent = checkpoints.resume(path, parts), 0.0
    for step in range(done, steps):
        torch.manual_seed(step)  # From the step alone, so that resuming changes nothing.
        loss = velocity_loss(pipeline, *_batch(pipeline, latents))
        networks.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(networks.parameters(), 1.0)
        for optimizer in (adamw, muon):
            optimizer.param_groups[0]["lr"] = RATE * rate(step, steps)
            optimizer.step()
        average.update_parameters(networks)
        recent = 0.98 * (recent or loss.item()) + 0.02 * loss.item()
        done = step + 1
        if step % 50 == 0:
            report(f"unet {step * BATCH} of {views} views: loss {recent:.4f}, rate {rate(step, steps):.3f}")
        if clock.due() or clock.over() or done == steps:
            checkpoints.save(path, done, parts)
        if clock.over():
            break
    networks.load_state_dict(average.module.state_dict())
    networks.eval()
    return done >= steps


def _batch(pipeline: StableDiffusionXLPipeline, latents: Latents) -> tuple[torch.Tensor, torch.Tensor]:
    """Draws latents with their tokens, some of these replaced by the empty caption's, for guidance."""
    clean, tokens = latents.batch(torch.randint(len(latents.tokens), (BATCH,)))
    return clean, torch.where(torch.rand(BATCH, 1) < EMPTY_CAPTIONS, tokenize(pipeline, [""]), tokens)


def optimizers(networks: torch.nn.Module) -> tuple[torch.optim.AdamW, Muon]:
    """Gives the matrices inside the networks to Muon; embeddings, first and last layers, scales and biases to AdamW."""
    matrices, others = [], []
    for name, weight in networks.named_parameters():
        outer = weight.ndim < 2 or "embed" in name or "conv_in" in name or "conv_out" in name
        (others if outer else matrices).append(weight)
    adamw = torch.optim.AdamW(others, lr=RATE, betas=(0.9, 0.99), weight_decay=1e-2, fused=True)
    return adamw, Muon(matrices, lr=RATE, weight_decay=1e-2)


def velocity_loss(pipeline: StableDiffusionXLPipeline, clean: torch.Tensor, tokens: torch.Tensor) -> torch.Tensor:
    """Measures the v-prediction's mean squared error (arXiv 2202.00512) at noise levels spread over the batch."""
    scheduler, count = pipeline.scheduler, len(clean)
    # One level from each of `count` equal strata: the same mean as independent ones, with less variance.
    share = (torch.randperm(count) + torch.rand(count)) / count
    levels = (share * scheduler.config.num_train_timesteps).long()
    noise = torch.randn_like(clean)
    noisy = scheduler.add_noise(clean, noise, levels)
    context, pooled = encode(pipeline, tokens)
    sizes = torch.tensor([[PIXELS, PIXELS, 0, 0, PIXELS, PIXELS]], dtype=clean.dtype).expand(count, -1)
    added = {"text_embeds": pooled, "time_ids": sizes}
    predicted = pipeline.unet(noisy, levels, context, added_cond_kwargs=added).sample
    return functional.mse_loss(predicted, scheduler.get_velocity(clean, noise, levels))


def encode(pipeline: StableDiffusionXLPipeline, tokens: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Encodes tokens as the pipeline does: both encoders' last layer but one, and the second's pooled vector."""
    first = pipeline.text_encoder(tokens, output_hidden_states=True)
    second = pipeline.text_encoder_2(tokens, output_hidden_states=True)
    return torch.cat([first.hidden_states[-2], second.hidden_states[-2]], dim=-1), second.text_embeds


def rate(step: int, steps: int) -> float:
    """Returns the learning rate's factor: a linear rise, a plateau, and a cosine fall over the last quarter."""
    fall = max(0.0, (step / steps - DECAY_FROM) / (1 - DECAY_FROM))
    return min(1.0, (step + 1) / WARM_UP) * (0.02 + 0.98 * (1 + math.cos(math.pi * min(fall, 1.0))) / 2)


@torch.no_grad()
def _average(averaged: list[torch.Tensor], current: list[torch.Tensor], count: torch.Tensor | int) -> None:
    """Moves the averaged weights towards the current ones, faster while there are few of them."""
    kept = min(0.999, (1 + int(count)) / (10 + int(count)))
    torch._foreach_lerp_(averaged, current, 1 - kept)
