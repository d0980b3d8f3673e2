"""Masks made wider, narrower and softer."""

from __future__ import annotations

import numpy as np
import PIL.Image
import PIL.ImageFilter


def widened(mask: PIL.Image.Image, pixels: int) -> PIL.Image.Image:
    """Return a mask whose white grows by so many pixels to each side; a negative number lets it shrink.

    Args:
        mask: In mode "L"; what is lighter than middle grey counts as white, unless nothing is to be changed.
        pixels: How far.
    """
    if not pixels:
        return mask
    white = np.asarray(mask) > 127
    grown = _spread(white, pixels) if pixels > 0 else ~_spread(~white, -pixels)
    return PIL.Image.fromarray(np.where(grown, 255, 0).astype(np.uint8))


def softened(mask: PIL.Image.Image, pixels: float) -> PIL.Image.Image:
    """Return a mask whose edges go from black to white over about twice so many pixels."""
    return mask.filter(PIL.ImageFilter.GaussianBlur(pixels)) if pixels else mask


def _spread(white: np.ndarray, pixels: int) -> np.ndarray:
    """Return what lies within a square of so many pixels around True."""
    for _ in range(2):  # along the rows, then along the columns: is there any in the window?
        sums = np.cumsum(np.pad(white, ((pixels + 1, pixels), (0, 0))), axis=0)
        white = (sums[2 * pixels + 1 :] > sums[: -2 * pixels - 1]).T
    return white
