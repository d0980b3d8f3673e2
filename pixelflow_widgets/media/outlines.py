"""Where a picture changes: smoothing and edges, with numpy alone."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]


def smoothed(values: Array, sigma: float, radius: int | None = None) -> Array:
    """Return values (height, width) smoothed by a Gaussian; beyond the border they are mirrored.

    Args:
        values: Of float32.
        sigma: Width of the Gaussian in pixels; 0 changes nothing.
        radius: Where it is cut off, in pixels; None is four sigma.
    """
    if sigma <= 0:
        return values
    reach = math.ceil(4 * sigma) if radius is None else radius
    offsets = np.arange(-reach, reach + 1, dtype=np.float32)
    weights = np.exp(-(offsets**2) / (2 * sigma**2))
    weights /= weights.sum()
    for axis in (0, 1):
        widths = [(reach, reach) if place == axis else (0, 0) for place in (0, 1)]
        padded = np.pad(values, widths, mode="symmetric")
        length = values.shape[axis]
        total = np.zeros_like(values)
        for place, weight in enumerate(weights):
            total += weight * (padded[place : place + length] if axis == 0 else padded[:, place : place + length])
        values = total
    return values


def canny(grey: Array, sigma: float, low: float, high: float) -> Array:
    """Return where a picture has edges, one pixel wide, as flags (height, width).

    Canny, "A Computational Approach to Edge Detection" (1986): smoothing, gradient by Sobel, thinning to the largest
    across the edge, and of the weak ones only those that hang together with a strong one.

    Args:
        grey: (height, width) of float32, from 0 to 1.
        sigma: Width of the smoothing in pixels.
        low: How strong a weak edge is at least; 1 is a step from black to white.
        high: How strong a strong edge is at least.
    """
    across, down = _gradient(smoothed(grey, sigma))
    strength = np.hypot(across, down)
    thin = strength * _is_ridge(strength, across, down)
    return _connected((thin >= low) & (thin > 0), thin >= high)


def _gradient(grey: Array) -> tuple[Array, Array]:
    """Return how much it changes to the right and downwards, by Sobel; 1 is a step from black to white."""
    framed = np.pad(grey, 1, mode="edge")
    rows = framed[:-2] + 2 * framed[1:-1] + framed[2:]
    columns = framed[:, :-2] + 2 * framed[:, 1:-1] + framed[:, 2:]
    return (rows[:, 2:] - rows[:, :-2]) / 4, (columns[2:] - columns[:-2]) / 4


def _is_ridge(strength: Array, across: Array, down: Array) -> Array:
    """Return where the gradient is not smaller than before and behind, in the nearest of four directions."""
    height, width = strength.shape
    framed = np.pad(strength, 1)
    steep = np.abs(down) * math.tan(math.radians(67.5)) ** -1 > np.abs(across)
    flat = np.abs(across) * math.tan(math.radians(22.5)) > np.abs(down)
    same_sign = across * down > 0
    directions = np.select([flat, steep, same_sign], [0, 1, 2], 3)
    ridge = np.zeros(strength.shape, bool)
    for number, (y, x) in enumerate([(0, 1), (1, 0), (1, 1), (1, -1)]):
        behind = framed[1 + y : 1 + y + height, 1 + x : 1 + x + width]
        before = framed[1 - y : 1 - y + height, 1 - x : 1 - x + width]
        # Of two that are equal only one stays, so that the edge is one pixel wide.
        ridge |= (directions == number) & (strength >= before) & (strength > behind)
    return ridge


def _connected(weak: Array, strong: Array) -> Array:
    """Return the weak places that can be reached from strong ones by steps to the eight neighbours.

    Each round looks at the neighbours of what the round before found, and at nothing else.
    """
    height, width = weak.shape
    open_places = np.pad(weak, 1).ravel()
    found = np.pad(strong & weak, 1).ravel()
    step = width + 2
    neighbours = np.array([-step - 1, -step, -step + 1, -1, 1, step - 1, step, step + 1])
    front = np.flatnonzero(found)
    while len(front):
        reached = (front[:, None] + neighbours).ravel()
        front = np.unique(reached[open_places[reached] & ~found[reached]])
        found[front] = True
    return found.reshape(height + 2, width + 2)[1:-1, 1:-1]
