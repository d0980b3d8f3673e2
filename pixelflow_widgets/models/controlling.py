"""Pictures guided by ControlNets, whose arguments families name differently."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..media import Image
from ..media.canvas import nearest
from .image_generation import Painting, Told, check_size, multiple_of, paint
from .seeding import seeded

if TYPE_CHECKING:
    from .loading import Loan


@dataclass(frozen=True)
class Control:
    """Is what one ControlNet goes by.

    Args:
        image: In any size; it is brought to that of the result.
        weight: How strongly it acts, not 0.
    """

    image: Image
    weight: float


def controlled(
    loan: Loan,
    wanted: Painting,
    controls: Sequence[Control],
    span: tuple[float, float],
    size: tuple[int | None, int | None],
    given: tuple[int, int],
    report: Told,
) -> Image:
    """Return a picture that is guided by ControlNets.

    Args:
        loan: The model, with as many ControlNets as there are controls; with none it is painted without.
        wanted: What it shall be.
        controls: What each ControlNet goes by, in their order.
        span: (first, last) part of the steps where they act, from 0 to 1.
        size: (width, height) that are asked for; None is the nearest to what is given.
        given: (width, height) of the first image.
        report: As for `paint`.

    Raises:
        MediaError: The model cannot paint in that size.
    """
    factor = multiple_of(loan)
    width, height = (asked or nearest(edge, factor) for asked, edge in zip(size, given, strict=True))
    check_size(loan, width, height)
    own: dict[str, Any] = {"width": width, "height": height}
    if not controls:
        return paint(loan, wanted, report, **own)
    own["controlnet_conditioning_scale"] = _one_or_all([control.weight for control in controls])
    own["control_guidance_start"], own["control_guidance_end"] = span
    images = _one_or_all([control.image.convert("RGB") for control in controls])
    if "control_image" not in inspect.signature(type(loan.pipeline).__call__).parameters:
        return paint(loan, wanted, report, image=images, **own)
    with seeded(wanted.seed):  # some of these encode the images with chance of torch's own, not of the generator
        return paint(loan, wanted, report, control_image=images, **own)


def _one_or_all(values: list[Any]) -> Any:
    """Return the only value, or all: pipelines with one ControlNet take no list."""
    return values[0] if len(values) == 1 else values
