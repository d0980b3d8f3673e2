"""Many pictures on one, each labelled by what it was made with."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import PIL.Image

from .captions import INK, PALE, QUIET, WARNING, Captions, font_of, wrapped
from .previews import eight_bits

LARGEST = 4096
"""Pixels of the longer side of a sheet."""
_USUAL, _LEAST = 256, 48
"""Pixels of the longer side of a picture: as it is wished, and as it can still be told apart beside its labels."""
_SMALL = 160
"""Pictures whose longer side is smaller than this are enlarged to it, so that words fit below."""
_MEASURED = 20
"""How many of the longest labels are measured to know how many lines they take."""
_PAPER = (250, 250, 252)
_BOX, _FAULT = (236, 237, 241), (252, 235, 232)


@dataclass(frozen=True)
class _Cells:
    """Says how large everything is.

    Args:
        width: Of a picture's place.
        height: Of a picture's place.
        gap: Between places, and around the sheet.
        font: Size of the letters.
    """

    width: int
    height: int
    gap: int
    font: int

    @property
    def line(self) -> int:
        """Return the height of one line of text."""
        return round(self.font * 1.35)


def contact_sheet(
    pictures: Sequence[PIL.Image.Image | None],
    axes: Mapping[str, Sequence[str | None]],
    errors: Mapping[int, str] | None = None,
) -> PIL.Image.Image:
    """Return the pictures of a grid with the values of its axes: the last axis runs to the right, the one before down.

    More axes make a group for each of their values. A grid that would not fit at a size that can be made out is drawn
    as rows of pictures, each with its values below.

    Args:
        pictures: One a cell, the last axis fastest; None where there is none.
        axes: The values by the name of the axis; None is no value.
        errors: Why there is none, by number of the cell.
    """
    told = {_title(name): [_word(value) for value in values] for name, values in axes.items()}
    if len(told) > 1:
        *outer, rows, columns = told
        groups = [_named(outer, values) for values in itertools.product(*(told[name] for name in outer))]
        for edge in _edges(pictures):
            grid = _Grid(_cells(pictures, edge), groups, (rows, told[rows]), (columns, told[columns]))
            if edge >= _LEAST and grid.fits:
                return grid.draw(pictures, errors or {})
    if len(told) == 1:
        ((name, values),) = told.items()
        return labelled_sheet(pictures, values, heading=name, errors=errors)
    labels = [_named(list(told), values) for values in itertools.product(*told.values())]
    return labelled_sheet(pictures, labels, errors=errors)


def labelled_sheet(
    pictures: Sequence[PIL.Image.Image | None],
    labels: Sequence[str] = (),
    *,
    columns: int | None = None,
    edge: int | None = None,
    heading: str = "",
    errors: Mapping[int, str] | None = None,
) -> PIL.Image.Image:
    """Return pictures side by side in rows, each with its label below.

    Args:
        pictures: None leaves a place empty.
        labels: One a picture; fewer leave the last ones without.
        columns: How many stand side by side; None is about as many as there are rows, and so is what would not fit.
        edge: Pixels of the longer side of a picture; smaller where the sheet would be too large. None is 256.
        heading: Stands above all.
        errors: Why a picture is missing, by number.
    """
    sheets = (
        _Rows(_cells(pictures, size), len(pictures), labels, wished, heading)
        for size, wished in _attempts(pictures, edge, columns)
    )
    # The last size that is tried is two pixels: any number of pictures that memory holds fits then.
    return next(sheet for sheet in sheets if sheet.fits).draw(pictures, errors or {})


class _Rows:
    """Draws pictures side by side, each with its label below.

    Args:
        cells: How large everything is.
        count: How many pictures there are.
        labels: One a picture.
        columns: How many stand side by side; None is about as many as there are rows.
        heading: Stands above all.
    """

    def __init__(self, cells: _Cells, count: int, labels: Sequence[str], columns: int | None, heading: str) -> None:
        self._cells, self._labels, self._heading = cells, labels, heading
        self._lines = _lines(labels, cells, 3) if cells.width >= _LEAST and any(labels) else 0
        self._step = cells.width + cells.gap, cells.height + cells.gap + self._lines * cells.line
        balanced = math.ceil(math.sqrt(count * self._step[1] / self._step[0]))
        self._columns = max(1, min(columns or balanced, count))
        self._top = cells.gap + (cells.line + cells.gap // 2 if heading else 0)
        self.width = cells.gap + self._columns * self._step[0]
        self.height = self._top + math.ceil(count / self._columns) * self._step[1] + (0 if count else cells.gap)

    @property
    def fits(self) -> bool:
        """Return whether the sheet is not too large."""
        return max(self.width, self.height) <= LARGEST

    def draw(self, pictures: Sequence[PIL.Image.Image | None], errors: Mapping[int, str]) -> PIL.Image.Image:
        """Return the sheet."""
        cells = self._cells
        sheet = PIL.Image.new("RGB", (self.width, self.height), _PAPER)
        captions = Captions(sheet, cells.font)
        captions.write(self._heading, (cells.gap, cells.gap), self.width - 2 * cells.gap, 1, QUIET)
        for number, picture in enumerate(pictures):
            row, column = divmod(number, self._columns)
            x, y = cells.gap + column * self._step[0], self._top + row * self._step[1]
            _paste(sheet, captions, picture, (x, y), cells, errors.get(number, ""))
            label = self._labels[number] if number < len(self._labels) else ""
            captions.write(label, (x, y + cells.height + cells.gap // 3), cells.width, self._lines, INK, centred=True)
        return sheet


class _Grid:
    """Draws groups of rows and columns, with the values of the axes beside them.

    Args:
        cells: How large everything is.
        groups: What stands above each group.
        rows: Name and values of the axis that runs down.
        columns: Name and values of the axis that runs to the right.
    """

    def __init__(
        self, cells: _Cells, groups: list[str], rows: tuple[str, list[str]], columns: tuple[str, list[str]]
    ) -> None:
        self._cells, self._groups = cells, groups
        (self._down, self._rows), (self._right, self._columns) = rows, columns
        font = font_of(cells.font)
        widest = max(map(font.getlength, [self._down, *self._rows]))
        self._beside = min(math.ceil(widest) + 1, max(cells.width, 8 * cells.font))
        self._over = _lines(self._columns, cells, 3) * cells.line
        self._head = cells.line + self._over + cells.gap // 2
        self._heading = (cells.line + cells.gap // 2) if len(groups) > 1 else 0
        self._group = self._heading + self._head + len(self._rows) * (cells.height + cells.gap) + cells.gap
        self.width = self._beside + 2 * cells.gap + len(self._columns) * (cells.width + cells.gap)
        self.height = cells.gap + len(groups) * self._group

    @property
    def fits(self) -> bool:
        """Return whether the sheet is not too large."""
        return max(self.width, self.height) <= LARGEST

    def draw(self, pictures: Sequence[PIL.Image.Image | None], errors: Mapping[int, str]) -> PIL.Image.Image:
        """Return the sheet."""
        sheet = PIL.Image.new("RGB", (self.width, self.height), _PAPER)
        captions, cells = Captions(sheet, self._cells.font), self._cells
        left = self._beside + 2 * cells.gap
        numbers = itertools.count()
        for place, group in enumerate(self._groups):
            top = cells.gap + place * self._group
            if self._heading:
                captions.write(group, (cells.gap, top), self.width - 2 * cells.gap, 1, INK)
            top += self._heading
            self._draw_head(captions, left, top)
            for row, label in enumerate(self._rows):
                y = top + self._head + row * (cells.height + cells.gap)
                lines = max(1, cells.height // cells.line)
                captions.write(label, (cells.gap, y), self._beside, lines, INK, height=cells.height)
                for column, number in zip(range(len(self._columns)), numbers):  # noqa: B905
                    x = left + column * (cells.width + cells.gap)
                    picture = pictures[number] if number < len(pictures) else None
                    _paste(sheet, captions, picture, (x, y), cells, errors.get(number, ""))
        return sheet

    def _draw_head(self, captions: Captions, left: int, top: int) -> None:
        cells = self._cells
        captions.write(self._right, (left, top), captions.width - left, 1, QUIET)
        captions.write(self._down, (cells.gap, top + self._over), self._beside, 1, QUIET)
        for column, label in enumerate(self._columns):
            place = left + column * (cells.width + cells.gap), top + cells.line
            captions.write(label, place, cells.width, 3, INK, centred=True)


def _paste(
    sheet: PIL.Image.Image,
    captions: Captions,
    picture: PIL.Image.Image | None,
    place: tuple[int, int],
    cells: _Cells,
    error: str,
) -> None:
    """Put a picture into the middle of its place, or say why there is none."""
    box = (*place, place[0] + cells.width, place[1] + cells.height)
    sheet.paste(_FAULT if error else _BOX, box)
    if picture is None:
        inner, pad = cells.width - cells.gap, cells.gap // 2
        lines = max(1, (cells.height - cells.gap) // cells.line)
        spot = place[0] + pad, place[1] + pad
        captions.write(error or "no picture", spot, inner, lines, WARNING if error else PALE, True, cells.height - pad)
        return
    scale = min(cells.width / picture.width, cells.height / picture.height)
    size = max(1, round(picture.width * scale)), max(1, round(picture.height * scale))
    shown = _on_paper(picture).resize(size, PIL.Image.Resampling.LANCZOS)
    sheet.paste(shown, (place[0] + (cells.width - size[0]) // 2, place[1] + (cells.height - size[1]) // 2))


def _on_paper(picture: PIL.Image.Image) -> PIL.Image.Image:
    """Return a picture as RGB; what is transparent shows the paper."""
    picture = eight_bits(picture)
    if picture.mode not in ("RGBA", "LA", "PA") and "transparency" not in picture.info:
        return picture.convert("RGB")
    picture = picture.convert("RGBA")
    paper = PIL.Image.new("RGBA", picture.size, _PAPER)
    return PIL.Image.alpha_composite(paper, picture).convert("RGB")


def _edges(pictures: Sequence[PIL.Image.Image | None], wished: int | None = None) -> list[int]:
    """Return the sizes that are tried, the largest first."""
    longest = max((max(picture.size) for picture in pictures if picture is not None), default=_SMALL)
    edge = min(wished or max(min(longest, _USUAL), _SMALL), LARGEST)
    return [size for step in range(80) if (size := round(edge * 0.9**step)) > 1]


def _attempts(
    pictures: Sequence[PIL.Image.Image | None], edge: int | None, columns: int | None
) -> list[tuple[int, int | None]]:
    """Return the sizes that are tried, first with the columns that are wished, as long as pictures can be made out."""
    sizes = _edges(pictures, edge)
    wished = [(size, columns) for size in sizes if columns and (size >= _LEAST or size == sizes[0])]
    return [*wished, *((size, None) for size in sizes)]


def _cells(pictures: Sequence[PIL.Image.Image | None], edge: int) -> _Cells:
    """Return places of a size that suits the shapes of the pictures."""
    shapes = [picture.size for picture in pictures if picture is not None] or [(1, 1)]
    width = max(one[0] / max(one) for one in shapes)
    height = max(one[1] / max(one) for one in shapes)
    font = 14 if edge >= 96 else max(8, edge // 7)
    gap = max(1, min(12, edge // 12))
    return _Cells(max(1, round(edge * width)), max(1, round(edge * height)), gap, font)


def _lines(labels: Sequence[str], cells: _Cells, most: int) -> int:
    font = font_of(cells.font)
    longest = sorted(set(labels), key=len)[-_MEASURED:]
    return max((len(wrapped(label, font, cells.width, most)) for label in longest), default=1) or 1


def _named(names: Sequence[str], values: Sequence[str]) -> str:
    return " · ".join(f"{name}: {value}" for name, value in zip(names, values, strict=True))


def _title(name: str) -> str:
    return name.replace("_", " ").capitalize()


def _word(value: str | None) -> str:
    return "none" if value is None else value or "(empty)"
