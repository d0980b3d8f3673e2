"""How alike two pictures are, as numbers."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import PIL.Image

from .colours import colours_of
from .outlines import smoothed

EQUAL_DECIBELS = 200.0
"""Stands for the infinite PSNR of equal pictures; no two different ones of fewer than 10^15 pixels reach it."""


def peak_signal_to_noise(first: PIL.Image.Image, second: PIL.Image.Image) -> float:
    """Return the peak signal-to-noise ratio of two pictures of one size, in decibels: -10 log10 of the mean square."""
    error = float(np.square(colours_of(first)[0] - colours_of(second)[0], dtype=np.float64).mean())
    return -10 * math.log10(error) if error else EQUAL_DECIBELS


def structural_similarity(first: PIL.Image.Image, second: PIL.Image.Image) -> float:
    """Return the structural similarity of two pictures of one size, from -1 to 1: equal.

    Wang, Bovik, Sheikh, Simoncelli, "Image Quality Assessment: From Error Visibility to Structural Similarity" (2004),
    equation 13: Gaussian windows of 11 pixels and sigma 1.5, K1 = 0.01, K2 = 0.03, on the luminance (Rec. 601), the
    mean over all pixels; at the border the pictures are mirrored.
    """
    one, other = _grey(first), _grey(second)

    def mean(values: Any) -> Any:
        return smoothed(values, 1.5, 5)

    mean_one, mean_other = mean(one), mean(other)
    spread_one = mean(one * one) - mean_one**2
    spread_other = mean(other * other) - mean_other**2
    together = mean(one * other) - mean_one * mean_other
    floor_of_means, floor_of_spreads = 0.01**2, 0.03**2
    above = (2 * mean_one * mean_other + floor_of_means) * (2 * together + floor_of_spreads)
    below = (mean_one**2 + mean_other**2 + floor_of_means) * (spread_one + spread_other + floor_of_spreads)
    return float((above / below).mean())


def _grey(image: PIL.Image.Image) -> Any:
    return colours_of(image)[0].astype(np.float64) @ np.array([0.299, 0.587, 0.114])
