"""All pictures of a dataset on one, with their captions and marks of problems."""

from __future__ import annotations

import io
import math
from collections.abc import Sequence

import PIL.Image
import PIL.ImageDraw
import PIL.ImageOps

from ...media.captions import font_of
from ...media.contact_sheet import LARGEST, labelled_sheet
from .looking import THUMBNAIL
from .picture import Picture
from .problems import DatasetProblem, counted

_MARKS = {"error": (196, 43, 28), "warning": (219, 137, 0)}
_PALE = 0.75
"""How much of a picture that is left out becomes white; the rest becomes grey."""


def sheet(
    title: str, pictures: Sequence[Picture], problems: Sequence[DatasetProblem], edge: int | None = None
) -> PIL.Image.Image:
    """Return pictures side by side; each has its name, its caption and its problems below, and a mark if it has any.

    Args:
        title: Stands above all.
        pictures: All of a dataset.
        problems: Of the dataset.
        edge: Pixels of the longer side of a picture; None is what suits.
    """
    about: dict[str, list[DatasetProblem]] = {}
    for problem in problems:
        for name in problem.pictures:
            about.setdefault(name, []).append(problem)
    # Thousands of thumbnails in their full size would fill the memory, and the sheet has no room for it.
    most = min(edge or THUMBNAIL, max(16, math.floor(LARGEST / math.sqrt(max(1, len(pictures))))))
    shown = [_shown(picture, about.get(picture.name, ()), most) for picture in pictures]
    labels = [_label(picture, about.get(picture.name, ())) for picture in pictures]
    errors = {place: picture.fault for place, picture in enumerate(pictures) if picture.fault}
    counts = [counted(sum(each.severity == severity for each in problems), severity) for severity in _MARKS]
    heading = ", ".join([title, *(count for count in counts if not count.startswith("0 "))])
    return labelled_sheet(shown, labels, edge=edge, heading=heading, errors=errors)


def _shown(picture: Picture, problems: Sequence[DatasetProblem], most: int) -> PIL.Image.Image | None:
    if picture.fault:
        return None
    small = PIL.Image.open(io.BytesIO(picture.thumbnail)).convert("RGB")
    # Small ones are enlarged here, or their marks would be enlarged with them.
    small = PIL.ImageOps.contain(small, (most, most), PIL.Image.Resampling.LANCZOS)
    if not picture.is_used:
        return PIL.Image.blend(small.convert("L"), PIL.Image.new("L", small.size, 255), _PALE)
    if problems:
        _mark(small, "error" if any(each.severity == "error" for each in problems) else "warning")
    return small


def _mark(image: PIL.Image.Image, severity: str) -> None:
    """Draw an exclamation mark in a circle into the upper right corner."""
    size = max(8, max(image.size) // 9)
    draw = PIL.ImageDraw.Draw(image)
    right, top = image.width - size // 4, size // 4
    draw.ellipse(
        (right - size, top, right, top + size), fill=_MARKS[severity], outline="white", width=max(1, size // 14)
    )
    draw.text((right - size / 2, top + size / 2), "!", fill="white", font=font_of(round(size * 0.8)), anchor="mm")


def _label(picture: Picture, problems: Sequence[DatasetProblem]) -> str:
    told = [each.code.replace("-", " ") for each in problems] if picture.is_used else ["left out"]
    # Before the caption, of which little may have room.
    marks = f" ({', '.join(told)})" if told else ""
    return f"{picture.name}{marks}: {picture.caption or 'no caption'}"
