"""Colours as numbers: pictures as arrays and back, blended, adjusted."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import PIL.Image

from ..errors import MediaError
from .previews import eight_bits

Array = np.ndarray[Any, Any]


def rgb_of(colour: str) -> tuple[int, int, int]:
    """Return a colour like "#2080ff" as red, green and blue from 0 to 255.

    Raises:
        MediaError: It is no colour.
    """
    from PIL import ImageColor

    try:
        red, green, blue, *_ = ImageColor.getrgb(colour)
    except ValueError:
        raise MediaError(f"'{colour[:40]}' is no colour. Write it like #2080ff, or as a name like teal.") from None
    return red, green, blue


def has_alpha(image: PIL.Image.Image) -> bool:
    """Return whether parts of a picture may be transparent."""
    return image.has_transparency_data  # a palette may be of such colours, too


def flat_mode(image: PIL.Image.Image) -> PIL.Image.Image:
    """Return a picture without a palette, so that its pixels are colours: RGB or RGBA; other modes stay."""
    if image.mode in ("P", "PA"):
        return image.convert("RGBA" if has_alpha(image) else "RGB")
    return image


def plain(image: PIL.Image.Image) -> PIL.Image.Image:
    """Return a picture of any mode as RGB, or RGBA where parts may be transparent."""
    return eight_bits(image).convert("RGBA" if has_alpha(image) else "RGB")


def colours_of(image: PIL.Image.Image) -> tuple[Array, Array | None]:
    """Return the colours (height, width, 3) and the opacity (height, width, 1) of a picture, from 0 to 1, in float32.

    The opacity is None where nothing can be transparent.
    """
    pixels = np.asarray(plain(image), np.float32) / 255
    return pixels[..., :3], pixels[..., 3:] if pixels.shape[2] == 4 else None


def image_of(colours: Array, alpha: Array | None = None) -> PIL.Image.Image:
    """Return colours and opacity as a picture; what is outside 0 and 1 is cut off."""
    pixels = colours if alpha is None else np.concatenate([colours, alpha], axis=2)
    return PIL.Image.fromarray((pixels.clip(0, 1) * 255 + 0.5).astype(np.uint8))


# Adjusted


_LUMINANCE = np.array([0.213, 0.715, 0.072], np.float32)
_TURNED = np.array([[-0.213, -0.715, 0.928], [0.143, 0.140, -0.283], [-0.787, 0.715, 0.072]], np.float32)


def adjusted(
    colours: Array, brightness: float, contrast: float, saturation: float, hue: float, gamma: float, warmth: float
) -> Array:
    """Return colours changed in the order of the arguments.

    Brightness, contrast, saturation and hue are those of the W3C's Filter Effects Module Level 1, sections 9.2 and
    10.1 (https://www.w3.org/TR/filter-effects-1/): 1 changes nothing.

    Args:
        colours: (height, width, 3), from 0 to 1.
        brightness: A factor.
        contrast: A factor of the distance from middle grey.
        saturation: 0 is grey.
        hue: By how many degrees the colour wheel is turned.
        gamma: Above 1 the middle tones become lighter: c ** (1 / gamma).
        warmth: From -1, blue, to 1, orange: red is multiplied by 1 + warmth / 4, blue divided by it.
    """
    if brightness != 1 or contrast != 1:
        colours = ((colours * brightness - 0.5) * contrast + 0.5).clip(0, 1)
    if saturation != 1 or hue:
        grey = np.tile(_LUMINANCE, (3, 1))
        cosine, sine = math.cos(math.radians(hue)), math.sin(math.radians(hue))
        turn = grey + cosine * (np.eye(3, dtype=np.float32) - grey) + sine * _TURNED
        colours = (colours @ (turn @ (grey + saturation * (np.eye(3, dtype=np.float32) - grey))).T).clip(0, 1)
    if gamma != 1:
        colours = colours ** (1 / gamma)
    if warmth:
        gain = 1 + warmth / 4
        colours = colours * np.array([gain, 1, 1 / gain], np.float32)
    return colours


# Blended. The formulas are those of the W3C's Compositing and Blending Level 1, sections 9 and 10
# (https://www.w3.org/TR/compositing-1/); `below` is its Cb, `over` its Cs.


def _hard_light(below: Array, over: Array) -> Array:
    return np.where(over <= 0.5, below * 2 * over, 1 - (1 - below) * (2 - 2 * over))


def _soft_light(below: Array, over: Array) -> Array:
    bent = np.where(below <= 0.25, ((16 * below - 12) * below + 4) * below, np.sqrt(below))
    dark = below - (1 - 2 * over) * below * (1 - below)
    return np.where(over <= 0.5, dark, below + (2 * over - 1) * (bent - below))


def _dodge(below: Array, over: Array) -> Array:
    return np.where(below == 0, 0, np.minimum(1, below / np.maximum(1 - over, 1e-6)))


def _burn(below: Array, over: Array) -> Array:
    return np.where(below == 1, 1, 1 - np.minimum(1, (1 - below) / np.maximum(over, 1e-6)))


def _luminosity(colours: Array) -> Array:
    return colours @ np.array([[0.3], [0.59], [0.11]], np.float32)


def _with_luminosity(colours: Array, wished: Array) -> Array:
    colours = colours + (wished - _luminosity(colours))
    low, high = colours.min(axis=2, keepdims=True), colours.max(axis=2, keepdims=True)
    colours = np.where(low < 0, wished + (colours - wished) * wished / np.maximum(wished - low, 1e-6), colours)
    return np.where(high > 1, wished + (colours - wished) * (1 - wished) / np.maximum(high - wished, 1e-6), colours)


def _saturation(colours: Array) -> Array:
    return np.ptp(colours, axis=2, keepdims=True)


def _with_saturation(colours: Array, wished: Array) -> Array:
    low = colours.min(axis=2, keepdims=True)
    return (colours - low) * wished / np.maximum(_saturation(colours), 1e-6)


BLENDS: dict[str, Callable[[Array, Array], Array]] = {
    "normal": lambda _, over: over,
    "multiply": lambda below, over: below * over,
    "screen": lambda below, over: below + over - below * over,
    "overlay": lambda below, over: _hard_light(over, below),
    "soft light": _soft_light,
    "hard light": _hard_light,
    "darken": np.minimum,
    "lighten": np.maximum,
    "color dodge": _dodge,
    "color burn": _burn,
    "difference": lambda below, over: np.abs(below - over),
    "exclusion": lambda below, over: below + over - 2 * below * over,
    "add": lambda below, over: np.minimum(1, below + over),
    "subtract": lambda below, over: np.maximum(0, below - over),
    "hue": lambda below, over: _with_luminosity(_with_saturation(over, _saturation(below)), _luminosity(below)),
    "saturation": lambda below, over: _with_luminosity(_with_saturation(below, _saturation(over)), _luminosity(below)),
    "color": lambda below, over: _with_luminosity(over, _luminosity(below)),
    "luminosity": lambda below, over: _with_luminosity(below, _luminosity(over)),
}
"""How two colours make one, by name. Add and subtract are plain sums; the others are the W3C's."""


def blended(below: PIL.Image.Image, over: PIL.Image.Image, mode: str, strength: Array) -> PIL.Image.Image:
    """Return two pictures of one size blended.

    Args:
        below: The picture beneath; the result is as opaque as both together.
        over: The picture on it.
        mode: A key of BLENDS.
        strength: (height, width, 1) or one number: how much of the picture on it counts, from 0 to 1.
    """
    (base, base_alpha), (top, top_alpha) = colours_of(below), colours_of(over)
    cover = strength if top_alpha is None else strength * top_alpha
    under = np.float32(1) if base_alpha is None else base_alpha
    mixed = (1 - under) * top + under * BLENDS[mode](base, top)
    result = cover * mixed + (1 - cover) * under * base
    if base_alpha is None:
        return image_of(result)
    alpha = cover + under * (1 - cover)
    return image_of(result / np.maximum(alpha, 1e-6), alpha)
