"""Comparisons for tests of what is shown: real ones, of a node that draws plain pictures at once or when it is let."""

from __future__ import annotations

import threading
from typing import Any

import PIL.Image
import PIL.ImageDraw

import pixelflow_widgets as pf
from pixelflow_widgets.schema import Registry
from pixelflow_widgets.schema.signature import read_node_type

PROMPTS = ["a red circle on a white background", "a blue circle", "a green circle that is described at some length"]


def drawing(gate: threading.Semaphore | None = None) -> pf.Flow:
    """A flow that draws circles.

    Args:
        gate: Is taken before each picture.
    """

    def drawn_circle(prompt: str, seed: int = 0, guidance: float = 3.0) -> pf.Image:
        if gate is not None:
            gate.acquire(timeout=30)
        colour = next((word for word in prompt.split() if word in ("red", "blue", "green")), None)
        if colour is None:
            raise ValueError(f"'{prompt}' names no colour. Write red, blue or green.")
        picture = PIL.Image.new("RGB", (64, 64), (250, 245 - 10 * seed, 235))
        edge = 6 + 3 * seed
        PIL.ImageDraw.Draw(picture).ellipse((edge, edge, 58, 20 + 8 * guidance), fill=colour)
        return picture

    types = Registry()
    types.add(read_node_type(drawn_circle, pure=gate is None))
    flow = pf.Flow("circles", registry=types)
    circle = flow.add("drawn_circle", prompt=flow.input("prompt", type=str))
    flow.output("image", circle["image"])
    return flow


def compared(gate: threading.Semaphore | None = None, **given: Any) -> pf.Comparison:
    """A comparison of 18 circles, or of what is given."""
    given = given or {"prompts": PROMPTS, "seeds": [1, 2, 3], "guidance": [2.0, 4.0]}
    return pf.compare(drawing(gate), backend="inline", **given)
