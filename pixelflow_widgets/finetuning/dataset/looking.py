"""What is known of a picture after it was seen once: its size, its digest, what it looks like."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
import PIL.Image

from ...media import blake3_hex
from ...media.previews import preview_image

THUMBNAIL = 256
"""Pixels of the longer side of what is kept of a picture."""
_STEP, _EVEN = 2, 2
"""Greys beside each other, and the darkest and the lightest, differ by so much and count as one: JPEG ripples."""
_ALIKE_BITS, _ALIKE_COLOURS = 6, 24
"""By how many of 64 bits, and by how many of 255 steps of colour in each of 64 places, two pictures that are nearly one
differ at most. Of a smaller size or another quality of JPEG they differ by less; drawings of other things by more."""


@dataclass(frozen=True)
class Look:
    """Is what was seen.

    Args:
        size: (width, height), upright.
        digest: BLAKE3 of the size and the pixels.
        gradients: 64 bits: in 8 rows of 9 greys, which is lighter than the one to its right ("dHash").
        colours: 8 x 8 colours, as uint8 (192,).
        is_plain: It has one colour only.
        more: "frames" or "pages" where it has others than the first.
        thumbnail: A JPEG.
        fault: Why it cannot be read; all else is empty then.
    """

    size: tuple[int, int] = (0, 0)
    digest: str = ""
    gradients: int = 0
    colours: np.ndarray | None = None
    is_plain: bool = False
    more: str = ""
    thumbnail: bytes = b""
    fault: str = ""

    @classmethod
    def at(cls, image: PIL.Image.Image, more: str = "") -> Self:
        """Look at a picture in RGB."""
        small = image.copy()
        small.thumbnail((THUMBNAIL, THUMBNAIL))
        return cls(
            image.size,
            pixels_digest(image),
            _gradients(small),
            np.asarray(small.resize((8, 8), PIL.Image.Resampling.BOX)).reshape(-1),
            all(high - low <= _EVEN for low, high in image.getextrema()),  # type: ignore[misc]
            more,
            preview_image(small).data,
        )


def pixels_digest(image: PIL.Image.Image) -> str:
    """Return the digest of what a picture in RGB shows."""
    return blake3_hex(f"{image.width} {image.height} ".encode(), image.tobytes())


def _gradients(image: PIL.Image.Image) -> int:
    greys = np.asarray(image.convert("L").resize((9, 8), PIL.Image.Resampling.BOX), np.int16)
    return int.from_bytes(np.packbits(greys[:, :-1] > greys[:, 1:] + _STEP).tobytes())


def alike(looks: list[Look]) -> list[list[int]]:
    """Return the places of pictures that are nearly one, group by group; of equal ones the first."""
    firsts = {look.digest: place for place, look in reversed([*enumerate(looks)])}
    places = [place for place in sorted(firsts.values()) if not looks[place].fault and not looks[place].is_plain]
    if not places:
        return []
    bits = np.array([looks[place].gradients for place in places], np.uint64)
    colours = np.stack([looks[place].colours for place in places]).astype(np.int16)  # type: ignore[arg-type]
    leader = np.arange(len(places))
    for first in range(len(places) - 1):
        near = np.flatnonzero(np.bitwise_count(bits[first + 1 :] ^ bits[first]) <= _ALIKE_BITS) + first + 1
        near = near[leader[near] > leader[first]]  # of many that are alike none is compared again
        near = near[np.abs(colours[near] - colours[first]).max(1) <= _ALIKE_COLOURS]
        leader[near] = leader[first]
    groups: dict[int, list[int]] = {}
    for place, lead in enumerate(leader.tolist()):
        groups.setdefault(lead, []).append(places[place])
    return [group for group in groups.values() if len(group) > 1]
