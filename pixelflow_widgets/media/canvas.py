"""Pictures brought to the size and mode in which a model paints, and what it painted brought back."""

from __future__ import annotations

import numpy as np
import PIL.Image
import PIL.ImageChops

from .colours import flat_mode


def nearest(edge: int, factor: int) -> int:
    """Return the multiple of a factor that is nearest to an edge, and at least one."""
    return max(factor, round(edge / factor) * factor)


def fitted(image: PIL.Image.Image, factor: int) -> PIL.Image.Image:
    """Return a picture in RGB, its edges the nearest multiples of a factor.

    Args:
        image: Any picture.
        factor: What the edges of a model's pictures are multiples of.
    """
    width, height = (nearest(edge, factor) for edge in image.size)
    return resized(image.convert("RGB"), (width, height))


def resized(image: PIL.Image.Image, size: tuple[int, int]) -> PIL.Image.Image:
    """Return a picture in another size, or itself where that is its own."""
    return image if image.size == size else image.resize(size, PIL.Image.Resampling.LANCZOS)


def restored(painted: PIL.Image.Image, image: PIL.Image.Image) -> PIL.Image.Image:
    """Return what was painted over a picture in the size of that, and as transparent.

    Args:
        painted: What was painted.
        image: Over which picture.
    """
    made = resized(painted, image.size)
    if "A" in image.getbands():
        made.putalpha(image.getchannel("A"))
    return made


def joined(painted: PIL.Image.Image, image: PIL.Image.Image, mask: PIL.Image.Image) -> PIL.Image.Image:
    """Return a picture with what was painted where a mask is white, and itself pixel by pixel where it is black.

    Args:
        painted: What was painted.
        image: The picture.
        mask: In mode "L", of the picture's size; grey mixes both. What is painted becomes opaque.
    """
    if not mask.getbbox():
        return image
    mixed = PIL.Image.composite(resized(painted.convert("RGB"), image.size), image.convert("RGB"), mask)
    if "A" in image.getbands():
        mixed.putalpha(PIL.ImageChops.lighter(image.getchannel("A"), mask))
    return mixed


def drawn_out(
    image: PIL.Image.Image, left: int, top: int, right: int, bottom: int
) -> tuple[PIL.Image.Image, PIL.Image.Image]:
    """Return a picture whose edges are drawn out, and a mask that is white where it is new.

    Args:
        image: The picture.
        left: Pixels that it grows at the left.
        top: Pixels that it grows above.
        right: Pixels that it grows at the right.
        bottom: Pixels that it grows below.
    """
    pixels = np.asarray(flat_mode(image))
    widths = [(top, bottom), (left, right)] + [(0, 0)] * (pixels.ndim - 2)
    larger = PIL.Image.fromarray(np.pad(pixels, widths, mode="edge"))
    beyond = PIL.Image.new("L", larger.size, 255)
    beyond.paste(0, (left, top, left + image.width, top + image.height))
    return larger, beyond
