"""Pictures made larger by a model, square by square."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
import PIL.Image

from ..errors import ModelError
from ..media import Image

if TYPE_CHECKING:
    from .loading import Loan, Report

_MARGIN = 16
"""Pixels around a square that the model sees too, so that no seam shows."""
_MOST = 4
"""How often a picture is enlarged one after another at most."""


def enlarged(loan: Loan, image: Image, factor: float | None, tile: int, report: Report) -> Image:
    """Return a picture made larger; its transparency grows with it.

    Args:
        loan: The model.
        image: Any picture.
        factor: How many times as wide and high; None is what the model makes.
        tile: Edge of the squares it is done in, in pixels.
        report: Told of each square, with the picture so far; may raise to stop.

    Raises:
        ModelError: The model does not say by how much it enlarges.
    """
    own = getattr(loan.model.config, "upscale", None)
    if not isinstance(own, int) or own < 1:
        raise ModelError(f"{loan.folder} does not say by how much it enlarges. Choose a model such as Swin2SR.")
    return upscaled(loan.model, loan.processor, image, factor, tile, report)


def upscaled(model: Any, processor: Any, image: Image, factor: float | None, tile: int, report: Report) -> Image:
    """Return a picture made larger; its transparency grows with it.

    Args:
        model: A model of super-resolution.
        processor: What prepares its input.
        image: Any picture.
        factor: How many times as wide and high; None is what the model makes.
        tile: Edge of the squares it is done in, in pixels.
        report: Told of each square, with the picture so far; may raise to stop.
    """
    own = model.config.upscale
    wanted = own if factor is None else factor
    made = image.convert("RGB")
    for _ in range(_MOST):
        if made.width >= image.width * wanted or own == 1:
            break
        made = _once(model, processor, made, tile, report)
    size = (round(image.width * wanted), round(image.height * wanted))
    made = made if made.size == size else made.resize(size, PIL.Image.Resampling.LANCZOS)
    if "A" in image.getbands():
        made.putalpha(image.getchannel("A").resize(size, PIL.Image.Resampling.LANCZOS))
    return made


def _once(model: Any, processor: Any, image: Image, tile: int, report: Report) -> Image:
    """Return a picture made larger by as much as the model does, square by square."""
    own = model.config.upscale
    size = (image.width * own, image.height * own)
    made = image.resize(size, PIL.Image.Resampling.BICUBIC)  # what is shown meanwhile
    boxes = list(_boxes(image.size, tile))
    for number, (left, top, right, bottom) in enumerate(boxes):
        seen = (
            max(left - _MARGIN, 0),
            max(top - _MARGIN, 0),
            min(right + _MARGIN, image.width),
            min(bottom + _MARGIN, image.height),
        )
        part = _run(model, processor, image.crop(seen))
        x, y = (left - seen[0]) * own, (top - seen[1]) * own
        inner = part.crop((x, y, x + (right - left) * own, y + (bottom - top) * own))
        made.paste(inner, (left * own, top * own))
        report((number + 1) / len(boxes), preview=functools.partial(made.copy), note=f"{number + 1} of {len(boxes)}")
    return made


def _boxes(size: tuple[int, int], tile: int) -> Iterator[tuple[int, int, int, int]]:
    """Yield the squares (left, top, right, bottom) that a picture is done in."""
    width, height = size
    for top, left in itertools.product(range(0, height, tile), range(0, width, tile)):
        yield left, top, min(left + tile, width), min(top + tile, height)


def _run(model: Any, processor: Any, image: Image) -> Image:
    """Return what the model makes of a whole picture; what it was padded with is cut off."""
    import torch

    inputs: Any = processor(images=image, return_tensors="pt")
    with torch.inference_mode():
        made = model(pixel_values=inputs["pixel_values"].to(model.device, model.dtype)).reconstruction[0]
    pixels = made.float().clamp(0, 1).mul(255).round().byte().permute(1, 2, 0).cpu().numpy()
    factor = model.config.upscale
    return PIL.Image.fromarray(np.ascontiguousarray(pixels[: image.height * factor, : image.width * factor]))
