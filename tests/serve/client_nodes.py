"""Node types with every medium and every plain value, for those who call them from outside."""

from __future__ import annotations

import json
from typing import Annotated, Literal, NamedTuple

import pixelflow_widgets as pf


class EveryMedium(NamedTuple):
    image: pf.Image
    mask: pf.Mask
    audio: pf.Audio
    video: pf.Video
    table: pf.Table
    images: list[pf.Image]


@pf.node
def every_medium(
    image: pf.Image, mask: pf.Mask, audio: pf.Audio, video: pf.Video, table: pf.Table, images: list[pf.Image]
) -> EveryMedium:
    """Gives back what it is given."""
    return EveryMedium(image, mask, audio, video, table, images)


@pf.node
def every_value(
    text: str,
    count: Annotated[int, pf.Number(min=0, max=20)] = 3,
    size: Annotated[float, pf.Slider(0, 1)] = 0.5,
    flag: bool = False,
    mode: Literal["soft", "hard"] = "soft",
) -> str:
    """Says in JSON what it is given.

    Args:
        text: What to say.
        count: How often.
    """
    return json.dumps([text, count, size, flag, mode])


@pf.node
def large_number() -> int:
    """Gives a number that JavaScript cannot count to."""
    return 2**60 + 1
