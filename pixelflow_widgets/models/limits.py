"""What may be asked of a model: the numbers that its card allows, and those below which its family cannot compute."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ..errors import ModelError
from ..media import Model
from .cards import described

FEWEST_FRAMES = {"SVD": 2}
"""Family → the shortest film that it makes: the frames of this one look at each other."""
_UNITS = {"width": " pixels", "height": " pixels", "seconds": " s"}


def why_too_short(title: str, family: str, frames: float) -> str | None:
    """Return why a family makes no film of so few frames, in words, or None if it does.

    Args:
        title: What a person calls the model.
        family: Its base model.
        frames: How many are asked for.
    """
    fewest = FEWEST_FRAMES.get(family, 1)
    if frames >= fewest:
        return None
    return f"{title} films at least {fewest} frames; {frames:g} is fewer. Ask for {fewest} or more."


def beyond_limits(model: Model, asked: Mapping[str, Any]) -> Iterator[tuple[str, str, bool]]:
    """Yield (input, what is wrong with its number, whether the model cannot compute it at all).

    Args:
        model: The handle.
        asked: Values by the names of inputs; those that are no numbers do not count.
    """
    try:
        card = described(model)
    except ModelError:
        return  # that it is not here is said elsewhere
    numbers = {name: value for name, value in asked.items() if isinstance(value, int | float)}
    if "frames" in numbers and (why := why_too_short(card.title, card.base_model, numbers["frames"])):
        yield "frames", why, True
        return
    for name, (low, high) in card.limits.items():
        if name in numbers and not low <= numbers[name] <= high:
            span = f"{low:g}" if low == high else f"{low:g} to {high:g}"
            what, unit = name.replace("_", " "), _UNITS.get(name, "")
            yield name, f"{card.title} is made for {what} {span}{unit}; {numbers[name]:g} is asked for.", False
