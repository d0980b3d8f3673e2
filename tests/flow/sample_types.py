"""Node types that the tests of the flow use, in a registry of their own."""

from __future__ import annotations

from typing import Annotated, Literal, NamedTuple

import PIL.Image

import pixelflow_widgets as pf
from pixelflow_widgets.controls import Seed, Slider
from pixelflow_widgets.schema import Registry


class Size(NamedTuple):
    width: int
    height: int


@pf.node
def say(text: str = "") -> str:
    """Says something."""
    return text


@pf.node
def paint(
    prompt: str,
    steps: Annotated[int, Slider(1, 50)] = 20,
    strength: float = 0.5,
    guidance: float | None = None,
    seed: Annotated[int, Seed()] = 0,
    blend: Literal["screen", "multiply"] = "screen",
    model: pf.Model = "starter",  # type: ignore[assignment]
    progress: pf.Progress = pf.Progress(),
) -> pf.Image:
    """Paints something."""
    return PIL.Image.new("RGB", (steps, steps))


@pf.node
def soften(image: pf.Image, amount: float = 1.0) -> pf.Image:
    """Blurs an image."""
    return image


@pf.node
def join(texts: list[str], images: list[pf.Image] | None = None) -> str:
    """Joins texts."""
    return " ".join(texts)


@pf.node
def measure(image: pf.Image) -> Size:
    """Measures an image."""
    return Size(*image.size)


@pf.node(pure=False)
def show(text: str) -> None:
    """Shows a text."""


def sample_registry() -> Registry:
    registry = Registry()
    for function in (say, paint, soften, join, measure, show):
        registry.add(function.node_type)  # type: ignore[attr-defined]
    return registry


REGISTRY = sample_registry()
