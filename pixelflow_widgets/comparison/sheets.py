"""A comparison as a table, as one picture, and as files."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import PixelFlowError, nearest
from ..flow.file import write_atomically
from ..media import Image, free_path
from ..media.axes import crossed
from ..media.contact_sheet import contact_sheet
from ..media.encoders import picture_file
from ..media.table_files import table_file
from .cells import Cell

if TYPE_CHECKING:
    from .comparison import Comparison

_PLAIN = (str, int, float, bool)


def row_of(comparison: Comparison, cell: Cell) -> dict[str, Any]:
    """Return what is known of a cell besides its picture: its values by axis, what else came out, seconds."""
    row: dict[str, Any] = {}
    for axis, place in zip(comparison._axes, cell.at, strict=True):
        value = axis.values[place]
        row[axis.name] = value if isinstance(value, _PLAIN) else axis.labels[place]
    for name, value in cell.told.items():
        row[_free(name, row)] = value
    return row | {_free("seconds", row): cell.seconds}


def _free(name: str, taken: Mapping[str, Any]) -> str:
    return f"{name}_out" if name in taken else name


def table(comparison: Comparison, cells: Sequence[Cell], *, with_images: bool = True) -> Any:
    """Return a DataFrame with a row for each of some cells, by number."""
    import pandas

    scores = comparison.scores
    rows = []
    for cell in cells:
        row = row_of(comparison, cell)
        if with_images and comparison._subject.picture:
            row[_free("image", row)] = cell.image
        row |= {name: cell.scores.get(name) for name in scores}
        row |= {_free("rating", row): comparison.rating(cell), _free("error", row): cell.error}
        rows.append(row)
    frame = pandas.DataFrame(rows, index=pandas.Index([cell.number for cell in cells], name="cell"))
    for name in ("rating", "rating_out"):
        if name in frame and name not in comparison.axes:
            frame[name] = frame[name].astype("Int64")
    return frame


def sheet(
    comparison: Comparison, rows: str | None, columns: str | None, only: Mapping[str, Any], *, small: bool = False
) -> Image:
    """Return cells on one picture; see `Comparison.image`."""
    if not comparison._subject.picture:
        raise PixelFlowError(f"'{comparison.name}' gives no pictures. What it says is in comparison.table.")
    axes = {axis.name: axis for axis in comparison._axes}
    for name in filter(None, (rows, columns, *only)):
        if name not in axes:
            raise PixelFlowError(f"There is no axis '{name}'.{nearest(name, axes)} Axes: {', '.join(axes) or 'none'}.")
    kept = {
        name: [_place(axis, only[name])] if name in only else range(len(axis.values)) for name, axis in axes.items()
    }
    # What is the same in all cells that are shown is not said in each.
    told = [name for name in axes if len(kept[name]) > 1 or name in (rows, columns)]
    down = rows or next((name for name in told if name != columns), None)
    right = columns or next((name for name in told if name != down), None)
    order = [name for name in told if name not in (down, right)] + [name for name in (down, right) if name]
    fixed = {name: str(kept[name][0]) for name in axes if name not in order}
    known = {cell.at: cell for cell in comparison.cells}
    cells = [
        known[tuple(int((one | fixed)[name] or 0) for name in axes)]
        for one in crossed({name: [str(place) for place in kept[name]] for name in order})
    ]
    return contact_sheet(
        [cell.small if small else cell.image for cell in cells],
        {name: [axes[name].labels[place] for place in kept[name]] for name in order},
        {number: cell.error for number, cell in enumerate(cells) if cell.error},
    )


def _place(axis: Any, value: Any) -> int:
    for place, (one, label) in enumerate(zip(axis.values, axis.labels, strict=True)):
        if label == str(value) or (isinstance(one, _PLAIN) and one == value) or (one is None and value is None):
            return place
    raise PixelFlowError(f"The axis '{axis.name}' has no value {value!r}. It has: {', '.join(axis.labels[:20])}.")


def save(comparison: Comparison, cells: Sequence[Cell], folder: Path, *, provenance: bool) -> list[Path]:
    """Write pictures, table and sheet; see `Comparison.save`."""
    frame = table(comparison, cells, with_images=False)
    written, names = [], []
    digits = len(str(max(1, len(comparison) - 1)))
    for cell in cells:
        if cell.path is None:
            names.append("")
            continue
        path = free_path(folder / f"{cell.number:0{digits}}{_words(comparison, cell)}.png")
        image = None if provenance else cell.image
        write_atomically(path, cell.file if image is None else picture_file(image, ".png", ""))
        written.append(path)
        names.append(path.name)
    if comparison._subject.picture:
        frame.insert(0, _free("file", frame), names)
    described = free_path(folder / "comparison.csv")
    write_atomically(described, table_file(frame.reset_index(), ".csv"))
    written.append(described)
    if any(names):
        place = free_path(folder / "comparison.png")
        write_atomically(place, picture_file(sheet(comparison, None, None, {}), ".png", ""))
        written.append(place)
    return written


def _words(comparison: Comparison, cell: Cell) -> str:
    """Return what a file is called besides its number: the prompt, as far as a name may hold it."""
    words = re.sub(r"[^a-z0-9]+", "-", comparison.prompt_of(cell).lower()[:60]).strip("-")
    return f" {words}" if words else ""
