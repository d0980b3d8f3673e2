"""The cells of a comparison: what each was made with, and what came of it."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import PIL.Image

from ..media import Image, Model
from ..media.axes import crossed
from ..media.previews import eight_bits
from .axes import Axis, mark_of, weighted

Status = Literal["waiting", "running", "done", "failed"]
_THUMBNAIL = 320
"""Pixels of the longer side: as large as a cell is shown, on a screen of twice as many."""

_SMALL = 128


@dataclass
class Cell:
    """Is one cell.

    Args:
        number: Which one, from 0; the last axis runs fastest.
        at: Its place on each axis.
        mark: What tells its values apart from others, here and in other processes.
        inputs: What the flow is given.
        status: How far it is.
        path: Where the picture lies as a PNG, which says how it was made; None where there is none.
        size: Of the picture: (width, height).
        told: The other outputs by name: texts and numbers.
        seconds: How long it took; None before it is done.
        error: Why it failed.
        scores: By name.
    """

    number: int
    at: tuple[int, ...]
    mark: str
    inputs: dict[str, Any]
    status: Status = "waiting"
    path: Path | None = None
    size: tuple[int, int] = (0, 0)
    told: dict[str, Any] = field(default_factory=dict)
    seconds: float | None = None
    error: str = ""
    scores: dict[str, float] = field(default_factory=dict)
    _thumbnail: bytes = field(default=b"", repr=False)

    @property
    def file(self) -> bytes:
        """Return the picture as a PNG; empty where there is none."""
        return b"" if self.path is None else self.path.read_bytes()

    @property
    def image(self) -> Image | None:
        """Return the picture, decoded; None where there is none."""
        return PIL.Image.open(io.BytesIO(self.file)).copy() if self.path else None

    @property
    def text(self) -> str:
        """Return what is shown where there is no picture."""
        return "\n".join(str(value) for value in self.told.values() if value is not None)

    @property
    def thumbnail(self) -> bytes:
        """Return a small JPEG of the picture; empty where there is none."""
        if self.path and not self._thumbnail:
            self._thumbnail = self._made_small()
        return self._thumbnail

    def _made_small(self) -> bytes:
        image = PIL.Image.open(io.BytesIO(self.file))
        small = eight_bits(image)
        if small.mode not in ("RGB", "L"):
            paper = PIL.Image.new("RGBA", small.size, "white")
            small = PIL.Image.alpha_composite(paper, small.convert("RGBA")).convert("RGB")
        small.thumbnail((_THUMBNAIL, _THUMBNAIL))
        buffer = io.BytesIO()
        # Pixels that are shown enlarged are seen one by one.
        finely = {"quality": 97, "subsampling": 0} if max(self.size) <= _SMALL else {"quality": 88}
        small.save(buffer, "JPEG", **finely)
        return buffer.getvalue()

    @property
    def small(self) -> Image | None:
        """Return the thumbnail as a picture; None where there is none."""
        return PIL.Image.open(io.BytesIO(self.thumbnail)) if self.path else None

    def begin_anew(self) -> None:
        """Forget that it failed or ran."""
        self.status, self.error, self.seconds = "waiting", "", None


def cells_of(axes: Sequence[Axis], given: Mapping[str, Any], model: Model | None, into: str) -> list[Cell]:
    """Return the cells of a grid, in order.

    Args:
        axes: What differs.
        given: What all are given, by input.
        model: What weights change, where no axis gives a model.
        into: The input that takes the model.

    Raises:
        PixelFlowError: A strength is given to a model without adapters.
    """
    places = {axis.name: [str(place) for place in range(len(axis.values))] for axis in axes}
    cells = []
    for number, place in enumerate(crossed(places)):
        at = tuple(int(one or 0) for one in place.values())
        inputs, marks = dict(given), {}
        for axis, where in zip(axes, at, strict=True):
            marks[axis.name] = axis.marks[where]
            if axis.target is not None:
                inputs[axis.target.name] = axis.values[where]
        for axis, where in zip(axes, at, strict=True):
            if axis.target is None and (base := inputs.get(into) or model) is not None:
                inputs[into] = weighted(base, axis.values[where])
        kept = {name: value for name, value in inputs.items() if value is not None}
        cells.append(Cell(number, at, mark_of(marks), kept))
    return cells


def in_order_of_work(cells: Sequence[Cell], axes: Sequence[Axis]) -> list[Cell]:
    """Return cells so that each model is loaded once: models change last, then weights."""
    names = [axis.name for axis in axes]
    slow = [names.index(name) for name in ("model", "weights") if name in names]
    return sorted(cells, key=lambda cell: ([cell.at[place] for place in slow], cell.number))
