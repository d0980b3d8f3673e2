"""Whether what is made are training pictures over again: the nearest one to each, and how alike they are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import PIL.Image

from ...media.likeness import structural_similarity

NEARLY_ONE = 0.9
"""Likeness from which two pictures are nearly one: copies of another size or quality have more, drawings of the same
thing in other colours at most 0.86."""
_EDGE, _SMALL = 24, 8
_LOOKED_AT = 8
"""How many training pictures are compared closely: those whose colours lie nearest."""


class Nearest(NamedTuple):
    """Is the training picture that is nearest to one that was made.

    Args:
        number: Of the made picture.
        name: Of the training picture.
        likeness: From about 0 to 1, where 1 is the same picture.
    """

    number: int
    name: str
    likeness: float

    @property
    def is_nearly_one(self) -> bool:
        """Return whether they are nearly one picture."""
        return self.likeness >= NEARLY_ONE


def likeness(one: PIL.Image.Image, other: PIL.Image.Image) -> float:
    """Return how alike two pictures look: their structural similarity, the mean over red, green and blue.

    Both are seen from far, at 24 x 24, where the ripples of JPEG and small shifts are gone. A picture and its mirror
    image count as alike, because models are taught with both.
    """
    first, second = _seen(one), _seen(other)
    mirrored = second.transpose(PIL.Image.Transpose.FLIP_LEFT_RIGHT)
    return max(_alike(first, second), _alike(first, mirrored))


def memorised(made: Sequence[PIL.Image.Image], dataset: Any) -> list[Nearest]:
    """Return for each picture that was made the training picture that is nearest to it.

    Args:
        made: The pictures.
        dataset: What the model was taught with; only pictures that are used count. One at a time is in memory.
    """
    names, coarse = [], []
    for picture in dataset.used:
        names.append(picture.name)
        coarse.append(_coarse(picture.image()))
    if not names:
        return []
    known = np.stack(coarse)
    candidates = [_near(_coarse(image), known) for image in made]
    seen = {place: _seen(dataset.used[place].image()) for place in sorted({each for few in candidates for each in few})}
    found = []
    for number, (image, few) in enumerate(zip(made, candidates, strict=True)):
        alike, place = max((likeness(image, seen[place]), -place) for place in few)
        found.append(Nearest(number, names[-place], round(alike, 4)))
    return found


def warnings_of(found: Iterable[Nearest]) -> Iterator[str]:
    """Yield a sentence for each picture that is nearly a training picture."""
    for nearest in found:
        if nearest.is_nearly_one:
            yield (
                f"Picture {nearest.number + 1} is nearly the training picture '{nearest.name}' "
                f"(likeness {nearest.likeness:.2f}). Teach fewer steps, at a lower weight, or with more pictures."
            )


def _near(colours: np.ndarray, known: np.ndarray) -> list[int]:
    """Return the places of those that come into question, by rough colours, as they are or mirrored."""
    distances = [np.abs(known - each).mean((1, 2, 3)) for each in (colours, colours[:, ::-1])]
    return [int(place) for place in np.argsort(np.minimum(*distances), kind="stable")[:_LOOKED_AT]]


def _coarse(image: PIL.Image.Image) -> np.ndarray:
    return np.asarray(image.convert("RGB").resize((_SMALL, _SMALL), PIL.Image.Resampling.BOX), np.int16)


def _seen(image: PIL.Image.Image) -> PIL.Image.Image:
    return image.convert("RGB").resize((_EDGE, _EDGE), PIL.Image.Resampling.BOX)


def _alike(one: PIL.Image.Image, other: PIL.Image.Image) -> float:
    pairs = zip(one.split(), other.split(), strict=True)
    return float(np.mean([structural_similarity(first, second) for first, second in pairs]))
