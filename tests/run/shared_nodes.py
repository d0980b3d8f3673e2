"""Nodes whose results are worth a file, and can be made again to be compared. Each kernel of a test imports them."""

from __future__ import annotations

import time

import numpy as np
import PIL.Image

import pixelflow_widgets as pf

SLOW = 0.022
"""Seconds, from which on a result is written."""


def pixels(number: int) -> np.ndarray:
    """Return what `draws` draws: noise, which no encoder makes smaller."""
    return np.random.default_rng(number).integers(0, 200, (50, 50, 3), dtype=np.uint8)


@pf.node
def draws(number: int) -> pf.Image:
    time.sleep(SLOW)
    return PIL.Image.fromarray(pixels(number))


@pf.node
def brightens(image: pf.Image, by: int) -> pf.Image:
    time.sleep(SLOW)
    return PIL.Image.fromarray((np.asarray(image) + by).astype(np.uint8))


@pf.node
def squares(count: int) -> list[int]:
    time.sleep(SLOW)
    return [place * place for place in range(count)]
