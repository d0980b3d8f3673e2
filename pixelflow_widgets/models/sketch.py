"""A small decoder that shows latents while they are being made: a sketch of the picture, in well under a millisecond.

`preview.safetensors` in a model's folder holds 3 x 3 convolutions with rectifiers between them; the last one gives the
pixels of a block for each latent. Decoding with the model's own autoencoder would cost about as much as a step.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import PIL.Image
import torch
from safetensors.torch import load_file, save_file
from torch import nn

FILE = "preview.safetensors"
_LIMIT = 3.0
"""Latents are squeezed into ±3, where noise would otherwise outshine everything."""


class Sketch(nn.Module):
    """Makes RGB in [0, 1] of latents.

    Args:
        widths: Channels from the latents to the last layer, which has 3 x factor².
    """

    def __init__(self, widths: tuple[int, ...]) -> None:
        super().__init__()
        self.layers = nn.ModuleList(nn.Conv2d(given, made, 3, padding=1) for given, made in pairwise(widths))
        self.unfold = nn.PixelShuffle(round((widths[-1] / 3) ** 0.5))

    def forward(self, latents: torch.Tensor) -> torch.Tensor:
        """Return pictures (n, 3, factor x height, factor x width) of latents (n, channels, height, width)."""
        values = torch.tanh(latents / _LIMIT) * _LIMIT
        *inner, last = self.layers
        for layer in inner:
            values = torch.relu(layer(values))
        return self.unfold(last(values))

    def save(self, folder: Path) -> None:
        """Write the weights, in half precision, into a model's folder."""
        save_file({name: value.half().contiguous() for name, value in self.state_dict().items()}, folder / FILE)

    @classmethod
    def load(cls, folder: Path) -> Sketch | None:
        """Return the sketch of the model in a folder, or None if it has none."""
        path = folder / FILE
        if not path.is_file():
            return None
        weights = load_file(path)
        count = len(weights) // 2
        first = weights["layers.0.weight"].shape[1]
        sketch = cls((first, *(weights[f"layers.{number}.bias"].shape[0] for number in range(count))))
        sketch.load_state_dict(weights)
        return sketch.requires_grad_(False)


def latent_preview(folder: Path) -> Callable[[Any], PIL.Image.Image] | None:
    """Return a function from latents (batch, channels, height, width) to an RGB picture of the first, or None."""
    sketch = Sketch.load(folder)
    if sketch is None:
        return None

    def preview(latents: torch.Tensor) -> PIL.Image.Image:
        picture = sketch(latents[:1].detach().float().cpu())[0].clamp(0, 1)
        return PIL.Image.fromarray((picture.permute(1, 2, 0).numpy() * 255).round().astype(np.uint8))

    return preview
