"""Parts of pictures, selected by what they are or where."""

from __future__ import annotations

from typing import Any

import numpy as np
import PIL.Image

from .colours import colours_of

Array = np.ndarray[Any, Any]


def measured(image: PIL.Image.Image, by: str, colour: tuple[int, int, int]) -> Array:
    """Return how much each pixel is what is looked for, from 0 to 1, as (height, width).

    Args:
        image: The picture.
        by: "luminance" (Rec. 709), "alpha", or "color": 1 less the distance in RGB, where black and white are 1 apart.
        colour: Which one, from 0 to 255.
    """
    colours, alpha = colours_of(image)
    if by == "alpha":
        return np.ones(colours.shape[:2], np.float32) if alpha is None else alpha[..., 0]
    if by == "luminance":
        return colours @ np.array([0.2126, 0.7152, 0.0722], np.float32)
    away = colours - np.array(colour, np.float32) / 255
    return 1 - np.sqrt(np.square(away).mean(axis=2))


def stepped(values: Array, level: float, softness: float) -> Array:
    """Return values as a mask of uint8: 255 from a level on, rising over so much around it.

    Args:
        values: From 0 to 1.
        level: Where it is half selected; without softness, selected.
        softness: From where to where it rises.
    """
    if softness <= 0:
        return np.where(values >= level - 1e-6, np.uint8(255), np.uint8(0))
    return (((values - level) / softness + 0.5).clip(0, 1) * 255 + 0.5).astype(np.uint8)


def shape(kind: str, size: tuple[int, int], box: tuple[int, int, int, int]) -> Array:
    """Return where a shape is, as flags (height, width); what stands over the border is cut off.

    Args:
        kind: "rectangle", or "ellipse": the one that touches the sides of the rectangle.
        size: (width, height) of all.
        box: Left, top, width and height of the rectangle.
    """
    left, top, width, height = box
    across = np.arange(size[0], dtype=np.float32) + 0.5 - left
    down = np.arange(size[1], dtype=np.float32)[:, None] + 0.5 - top
    if kind == "rectangle":
        return (across >= 0) & (across < width) & (down >= 0) & (down < height)
    middle = max(width, 1) / 2, max(height, 1) / 2
    return ((across - middle[0]) / middle[0]) ** 2 + ((down - middle[1]) / middle[1]) ** 2 <= 1
