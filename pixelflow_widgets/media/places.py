"""Rectangles in pictures: where they stand, and what is beyond the border."""

from __future__ import annotations

import numpy as np
import PIL.Image

from ..errors import MediaError
from .colours import flat_mode

_SHARES = {
    "upper left": (0.0, 0.0),
    "upper right": (1.0, 0.0),
    "center": (0.5, 0.5),
    "lower left": (0.0, 1.0),
    "lower right": (1.0, 1.0),
}
Size = tuple[int, int]
Box = tuple[int, int, int, int]


def placed(place: str, outer: Size, inner: Size) -> tuple[int, int]:
    """Return (x, y) of a rectangle that stands at a place in a larger one; below zero where it stands over."""
    across, down = _SHARES[place]
    return int((outer[0] - inner[0]) * across), int((outer[1] - inner[1]) * down)


def within(size: Size, box: Box) -> Box:
    """Return a rectangle (left, top, right, bottom) that lies in a picture of a size.

    Raises:
        MediaError: It does not; says by how much, and what to do.
    """
    left, top, right, bottom = box
    if left < right and top < bottom and left >= 0 and top >= 0 and right <= size[0] and bottom <= size[1]:
        return box
    raise MediaError(
        f"The rectangle from ({left}, {top}) to ({right}, {bottom}) does not lie in a picture of {size[0]} x {size[1]} "
        "pixels. Make it smaller or move it; or pad the picture first."
    )


def extended(image: PIL.Image.Image, sides: Box, fill: str, colour: tuple[int, int, int]) -> PIL.Image.Image:
    """Return a picture that is larger at its sides.

    Args:
        image: The picture.
        sides: Pixels at the left, top, right and bottom.
        fill: "color", "transparent", "edge" or "mirror".
        colour: Where a colour fills.
    """
    left, top, right, bottom = sides
    image = flat_mode(image)
    if fill in ("edge", "mirror"):
        pixels = np.asarray(image)
        widths = [(top, bottom), (left, right)] + [(0, 0)] * (pixels.ndim - 2)
        return PIL.Image.fromarray(np.pad(pixels, widths, mode="edge" if fill == "edge" else "symmetric"))
    if fill == "transparent" and image.mode != "LA":
        image = image.convert("RGBA")
    size = image.width + left + right, image.height + top + bottom
    ink = 0 if fill == "transparent" else PIL.Image.new("RGB", (1, 1), colour).convert(image.mode).getpixel((0, 0))
    larger = PIL.Image.new(image.mode, size, ink)
    larger.paste(image, (left, top))
    return larger
