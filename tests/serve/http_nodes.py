"""Node types of the flows that are called over HTTP, importable from other processes."""

from __future__ import annotations

import hashlib
import time
from typing import Annotated, Literal

import PIL.Image

import pixelflow_widgets as pf


def colour_of(prompt: str) -> tuple[int, int, int]:
    """Return the colour that a prompt is painted in."""
    red, green, blue = hashlib.blake2b(prompt.encode("utf-8", "surrogatepass"), digest_size=3).digest()
    return red, green, blue


@pf.node
def painted_poster(
    prompt: str,
    width: Annotated[int, pf.Number(min=16, max=4096, step=16)] = 64,
    height: Annotated[int, pf.Number(min=16, max=4096, step=16)] = 48,
    steps: Annotated[int, pf.Slider(1, 100)] = 4,
    seed: Annotated[int, pf.Seed()] = 0,
    style: Literal["plain", "framed"] = "plain",
    bright: bool = True,
    strength: Annotated[float, pf.Slider(0, 1)] = 0.5,
) -> pf.Image:
    """Paints one colour for a prompt."""
    return PIL.Image.new("RGB", (width, height), colour_of(prompt))


@pf.node
def turned_picture(image: pf.Image, prompt: str = "") -> pf.Image:
    """Turns a picture over."""
    return image.transpose(PIL.Image.Transpose.FLIP_LEFT_RIGHT)


@pf.node
def fails_with(text: str) -> str:
    """Raises what it was given."""
    raise ValueError(text)


@pf.node(pure=False)
def takes_a_while(
    seconds: Annotated[float, pf.Number(min=0, max=60)] = 0.1, mark: int = 0, progress: pf.Progress = pf.Progress()
) -> float:
    """Takes as long as it is told, if it is not stopped."""
    until = time.monotonic() + seconds
    while (left := until - time.monotonic()) > 0:
        progress.check()
        time.sleep(min(left, 0.05))
    return seconds


@pf.node(pure=False)
def painted_slowly(prompt: str, seconds: float = 1.2, progress: pf.Progress = pf.Progress()) -> pf.Image:
    """Paints one colour for a prompt, and shows how far it is."""
    for step in range(8):
        progress((step + 1) / 8, preview=PIL.Image.new("RGB", (8, 8), (step * 30, 0, 0)))
        time.sleep(seconds / 8)
    return PIL.Image.new("RGB", (8, 8), colour_of(prompt))
