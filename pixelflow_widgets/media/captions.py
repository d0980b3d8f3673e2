"""Words on a picture, in the scalable font that comes with PIL."""

from __future__ import annotations

import functools
from typing import Any

import PIL.Image

INK, QUIET, PALE, WARNING = (32, 33, 38), (104, 106, 114), (150, 152, 160), (158, 42, 30)


@functools.lru_cache(maxsize=16)
def font_of(size: int) -> Any:
    """Return the font at a size in pixels."""
    from PIL import ImageFont

    return ImageFont.load_default(size)


def wrapped(text: str, font: Any, width: int, most: int) -> list[str]:
    """Return a text as lines of at most so many pixels; what does not fit on the last one ends in an ellipsis."""
    lines: list[str] = []
    rest = " ".join(text.split())
    while rest and len(lines) < most:
        cut = _fitting(rest, font, width)
        if cut < len(rest) and len(lines) == most - 1:
            cut = _fitting(rest, font, width - font.getlength("…"))
            return [*lines, f"{rest[:cut].rstrip()}…"]
        space = rest.rfind(" ", 0, cut + 1)
        if cut < len(rest) and space > 0:
            cut = space
        lines.append(rest[:cut].rstrip())
        rest = rest[cut:].lstrip()
    return lines


def _fitting(text: str, font: Any, width: float) -> int:
    """Return how many characters of a text fit into a width; at least one."""
    low, high = 1, min(len(text), 4096)
    while low < high:
        middle = (low + high + 1) // 2
        if font.getlength(text[:middle]) <= width:
            low = middle
        else:
            high = middle - 1
    return low


class Captions:
    """Writes on a picture.

    Args:
        picture: It is changed.
        size: Of the letters, in pixels.
    """

    def __init__(self, picture: PIL.Image.Image, size: int) -> None:
        from PIL import ImageDraw

        self._draw = ImageDraw.Draw(picture)
        self._font = font_of(size)
        self._line = round(size * 1.35)
        self.width = picture.width

    def write(
        self,
        text: str,
        place: tuple[int, int],
        width: int,
        most: int,
        colour: tuple[int, int, int],
        centred: bool = False,
        height: int | None = None,
    ) -> None:
        """Write a text.

        Args:
            text: It is broken into lines.
            place: (x, y) of the upper left corner.
            width: Pixels that a line may take.
            most: How many lines there may be.
            colour: Of the letters.
            centred: Each line stands in the middle of the width.
            height: The lines stand in the middle of so many pixels; None begins at the top.
        """
        lines = wrapped(text, self._font, width, most)
        x, y = place
        if height is not None:
            y += max(0, (height - len(lines) * self._line) // 2)
        for number, line in enumerate(lines):
            shift = max(0, (width - self._font.getlength(line)) // 2) if centred else 0
            self._draw.text((x + shift, y + number * self._line), line, fill=colour, font=self._font)
