"""Pictures and masks for the tests of nodes."""

from __future__ import annotations

import numpy as np
import PIL.Image


def scene(seed: int = 0, width: int = 64, height: int = 64) -> PIL.Image.Image:
    """Return soft patches of colour, other ones for another seed."""
    patches = np.random.default_rng(seed).integers(0, 256, (4, 4, 3), np.uint8)
    return PIL.Image.fromarray(patches).resize((width, height), PIL.Image.Resampling.BICUBIC)


def middle(width: int = 64, height: int = 64) -> PIL.Image.Image:
    """Return a mask of the middle: half as wide and high."""
    mask = PIL.Image.new("L", (width, height), 0)
    mask.paste(255, (width // 4, height // 4, width - width // 4, height - height // 4))
    return mask
