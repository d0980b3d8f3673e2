"""Tables in a flow's picture: the first rows and columns of what the editor shows."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from html.parser import HTMLParser

from ...export.diagram.cards import TABLE_HEIGHT
from ...export.diagram.shapes import INK, LINE, MUTED, number, text
from ...export.diagram.words import fitted, printable, width_of
from ...media import Preview

_ROW = 19
_SIZE = 11
_GAP = 16
_INSET = 8
_WIDEST = 110
_MOST_COLUMNS = 12


class _Cells(HTMLParser):
    """Collects the words of each cell."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.rows: list[list[str]] = []
        self._is_cell = False

    def handle_starttag(self, tag: str, attrs: object) -> None:
        if tag == "tr":
            self.rows.append([])
        elif tag in ("td", "th") and self.rows:
            self.rows[-1].append("")
            self._is_cell = True

    def handle_endtag(self, tag: str) -> None:
        if tag in ("td", "th"):
            self._is_cell = False

    def handle_data(self, data: str) -> None:
        if self._is_cell:
            self.rows[-1][-1] += data


@functools.lru_cache(64)
def rows_of(preview: Preview) -> tuple[tuple[str, ...], ...]:
    """Return the cells of a table that a page is shown as HTML, its head first."""
    cells = _Cells()
    cells.feed(preview.data.decode(errors="replace"))
    return tuple(tuple(printable(cell.strip()) for cell in row[:_MOST_COLUMNS]) for row in cells.rows)


def draw_table(rows: Sequence[Sequence[str]], x: float, y: float, width: float) -> str:
    """Return as many rows and columns as there is room for.

    Args:
        rows: Words of the cells; the first row and the first column are heads.
        x: Of the left edge.
        y: Of the upper edge.
        width: Of the room.
    """
    shown = rows[: TABLE_HEIGHT // _ROW]
    parts, left = [], x + _INSET
    for column in range(max((len(row) for row in shown), default=0)):
        words = [fitted(row[column], _WIDEST, _SIZE) if column < len(row) else "" for row in shown]
        wide = max(width_of(word, _SIZE, bold=True) for word in words)
        if left + wide > x + width - _INSET:
            break
        for place, word in enumerate(words):
            is_head = place == 0 or column == 0
            fill, weight = (INK, 600) if is_head else (MUTED, 400)
            parts.append(text(left, y + (place + 0.5) * _ROW, word, size=_SIZE, fill=fill, weight=weight))
        left += wide + _GAP
    lines = "".join(
        f"M{number(x + _INSET)} {number(y + row * _ROW)}H{number(x + width - _INSET)}" for row in range(1, len(shown))
    )
    return f'<path d="{lines}" stroke="{LINE}"/>{"".join(parts)}' if parts else ""
