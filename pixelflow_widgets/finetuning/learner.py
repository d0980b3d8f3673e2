"""What a training asks of a pipeline: latents of pictures, what its text encoders say of captions, the loss of both."""

from __future__ import annotations

import contextlib
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import torch
from torch.nn import functional

from ..media import Image

_ENCODERS = (("tokenizer", "text_encoder"), ("tokenizer_2", "text_encoder_2"))
_REMEMBERED = 256
"""Captions whose encoding is kept, where no text encoder learns."""


class Noise(NamedTuple):
    """Is what is added to a batch, and how much of it.

    Args:
        sample: Like the latents.
        levels: Steps of the noise schedule, (n,), whole numbers.
    """

    sample: torch.Tensor
    levels: torch.Tensor


@dataclass
class Learner:
    """Is a pipeline of Stable Diffusion 1.5, 2 or XL, whose UNet or text encoders learn.

    Args:
        pipeline: Of diffusers.
        device: Where it computes.
        min_snr: Gamma of arXiv 2303.09556; 0 is off.
        noise_offset: How far the brightness of the noise is shifted.
        texts_learn: Whether what a caption means changes from step to step.
    """

    pipeline: Any
    device: str
    min_snr: float = 0.0
    noise_offset: float = 0.0
    texts_learn: bool = False

    def __post_init__(self) -> None:
        from diffusers import DDPMScheduler

        self.scheduler: Any = DDPMScheduler.from_config(self.pipeline.scheduler.config)
        self._said: OrderedDict[str, tuple[torch.Tensor, torch.Tensor | None]] = OrderedDict()

    @property
    def encoders(self) -> list[tuple[str, str]]:
        """Return the names (tokenizer, text encoder) of those that the pipeline has."""
        return [names for names in _ENCODERS if getattr(self.pipeline, names[1], None) is not None]

    @property
    def is_xl(self) -> bool:
        """Return whether the UNet is told sizes and a summary of the caption, as SDXL's is (arXiv 2307.01952)."""
        return self.pipeline.unet.config.addition_embed_type == "text_time"

    @property
    def multiple(self) -> int:
        """Return what the edges of its pictures are multiples of."""
        return self.pipeline.vae_scale_factor * 2 ** (len(self.pipeline.unet.config.block_out_channels) - 1)

    @torch.no_grad()
    def latents(self, picture: Image) -> torch.Tensor:
        """Return the latents (4, height, width) of an RGB picture, scaled to about unit variance, in half precision."""
        vae = self.pipeline.vae
        pixels = torch.from_numpy(np.array(picture)).permute(2, 0, 1)[None].float() / 127.5 - 1
        is_half = vae.dtype == torch.float16  # in which SDXL's overflows
        if is_half:
            vae.to(torch.float32)
        mean = vae.encode(pixels.to(vae.device, vae.dtype)).latent_dist.mean
        if is_half:
            vae.to(torch.float16)
        return (mean[0].float() * vae.config.scaling_factor).half().cpu()

    def texts(self, captions: Sequence[str]) -> tuple[torch.Tensor, torch.Tensor | None]:
        """Return what the UNet reads of captions: (n, tokens, width), and for SDXL the second's summary (n, width)."""
        if self.texts_learn:
            return self._encoded(captions)
        found = [self._remembered(caption) for caption in captions]
        pooled = [summary for _, summary in found if summary is not None]
        return torch.cat([context for context, _ in found]), torch.cat(pooled) if pooled else None

    @torch.no_grad()
    def _remembered(self, caption: str) -> tuple[torch.Tensor, torch.Tensor | None]:
        if caption not in self._said:
            self._said[caption] = self._encoded([caption])
            while len(self._said) > _REMEMBERED:
                self._said.popitem(last=False)
        self._said.move_to_end(caption)
        return self._said[caption]

    def _encoded(self, captions: Sequence[str]) -> tuple[torch.Tensor, torch.Tensor | None]:
        """Encode as the pipelines do: SDXL's reads the last layer but one of both encoders, others the last."""
        contexts, pooled = [], None
        for tokenizer, encoder in self.encoders:
            said = getattr(self.pipeline, encoder)(self._tokens(captions, tokenizer), output_hidden_states=True)
            contexts.append(said.hidden_states[-2] if self.is_xl else said[0])
            pooled = said[0] if self.is_xl else None
        return torch.cat(contexts, dim=-1), pooled

    def _tokens(self, captions: Sequence[str], name: str) -> torch.Tensor:
        tokenizer = getattr(self.pipeline, name)
        whole = [self.pipeline.maybe_convert_prompt(caption, tokenizer) for caption in captions]
        settings = {"padding": "max_length", "max_length": tokenizer.model_max_length, "truncation": True}
        return tokenizer(whole, return_tensors="pt", **settings).input_ids.to(self.device)

    def noise(self, latents: torch.Tensor, generator: torch.Generator) -> Noise:
        """Draw noise for latents: levels from as many equal strata as there are pictures, for less variance.

        Args:
            latents: (n, 4, height, width).
            generator: On the CPU, so that the same seed draws the same on every device.
        """
        count = len(latents)
        sample = torch.randn(latents.shape, generator=generator)
        if self.noise_offset:
            sample += self.noise_offset * torch.randn((count, latents.shape[1], 1, 1), generator=generator)
        share = (torch.randperm(count, generator=generator) + torch.rand(count, generator=generator)) / count
        levels = (share * self.scheduler.config.num_train_timesteps).long()
        return Noise(sample.to(latents.device), levels.to(latents.device))

    def loss(self, latents: torch.Tensor, captions: Sequence[str], sizes: torch.Tensor, noise: Noise) -> torch.Tensor:
        """Return the mean squared error of what the UNet predicts.

        Args:
            latents: (n, 4, height, width), clean.
            captions: n texts.
            sizes: (n, 6): SDXL's original size, crop and target size, each (height, width).
            noise: What is added.
        """
        noisy = self.scheduler.add_noise(latents, noise.sample, noise.levels)
        context, summary = self.texts(captions)
        told = {"text_embeds": summary, "time_ids": sizes.to(context.dtype)} if self.is_xl else None
        dtype = self.pipeline.unet.conv_in.weight.dtype
        predicted = self.pipeline.unet(noisy.to(dtype), noise.levels, context.to(dtype), added_cond_kwargs=told).sample
        errors = functional.mse_loss(predicted.float(), self._target(latents, noise), reduction="none").mean((1, 2, 3))
        return (errors * self._weights(noise.levels)).mean()

    def _target(self, latents: torch.Tensor, noise: Noise) -> torch.Tensor:
        kind = self.scheduler.config.prediction_type
        if kind == "v_prediction":  # arXiv 2202.00512
            return self.scheduler.get_velocity(latents, noise.sample, noise.levels)
        return latents if kind == "sample" else noise.sample

    def _weights(self, levels: torch.Tensor) -> torch.Tensor:
        """Return what each picture's error weighs: min(SNR, gamma) over what its kind of prediction has already."""
        if not self.min_snr:
            return torch.ones_like(levels, dtype=torch.float32)
        share = self.scheduler.alphas_cumprod.to(levels.device)[levels]
        ratio = (share / (1 - share)).clamp(min=1e-8)
        kind = self.scheduler.config.prediction_type
        own = {"epsilon": ratio, "v_prediction": ratio + 1}.get(kind, torch.ones_like(ratio))
        return ratio.clamp(max=self.min_snr) / own

    @contextlib.contextmanager
    def resting(self) -> Iterator[None]:
        """Have nothing learn but what is told to, and put everything back afterwards."""
        modules = [self.pipeline.unet, self.pipeline.vae]
        modules += [getattr(self.pipeline, encoder) for _, encoder in self.encoders]
        learnt = [(weight, weight.requires_grad) for module in modules for weight in module.parameters()]
        training = [(module, module.training) for module in modules]
        for weight, _ in learnt:
            weight.requires_grad_(False)
        try:
            yield
        finally:
            for weight, before in learnt:
                weight.requires_grad_(before)
            for module, before in training:
                module.train(before)
