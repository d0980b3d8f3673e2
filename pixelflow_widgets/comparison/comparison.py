"""`pf.Comparison`: what is held of a comparison while it fills and afterwards."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any, Self

from ..errors import PixelFlowError, nearest
from ..flow.edited import listen
from ..media import Image
from ..schema import registry
from . import sheets
from .axes import Axis
from .cells import Cell, in_order_of_work
from .ratings import MOST_STARS, Ratings
from .scoring import scorer_of
from .subject import Subject
from .work import Work

if TYPE_CHECKING:
    import pandas

RATING = "rating"


class Comparison:
    """Is a comparison: a grid of cells, each made with other values. `pf.compare` makes one.

    Args:
        subject: What runs in each cell.
        axes: What differs.
        cells: One for each combination.
        words: How many runs that are.
        backend: As of `Flow.start`.
        over_budget: As of `Flow.start`.
    """

    def __init__(
        self,
        subject: Subject,
        axes: Sequence[Axis],
        cells: Sequence[Cell],
        words: str,
        backend: Any = "auto",
        *,
        over_budget: bool = False,
    ) -> None:
        self._subject, self._axes, self.words = subject, list(axes), words
        self._cells = list(cells)
        self._listeners: list[Callable[[list[int]], None]] = []
        self._ratings = Ratings(subject.mark)
        self._scoring = threading.Lock()
        self._order = ""
        self._note = ""
        self._work = Work(subject, in_order_of_work(cells, axes), backend, self._came)
        self._work.over_budget = over_budget
        self._work.begin()

    # What it is

    @property
    def name(self) -> str:
        """Return what is compared: the name of the flow."""
        return self._subject.name

    @property
    def axes(self) -> dict[str, list[str]]:
        """Return what differs: the values of each axis, as they are called."""
        return {axis.name: list(axis.labels) for axis in self._axes}

    @property
    def cells(self) -> Sequence[Cell]:
        """Return all cells, the last axis fastest."""
        return tuple(self._cells)

    def __len__(self) -> int:
        return len(self._cells)

    @property
    def status(self) -> str:
        """Return "running", "stopping", "stopped" (it goes on with `resume`) or "finished"."""
        if self._work.is_on:
            return "stopping" if self._work.is_stopping else "running"
        return "stopped" if any(cell.status in ("waiting", "running") for cell in self._cells) else "finished"

    @property
    def note(self) -> str:
        """Return what the cell that runs does now, or which score is being measured."""
        return self._note or self._work.note

    @property
    def error(self) -> str:
        """Return why it was stopped, where nobody did it: a budget would be exceeded. Empty otherwise."""
        return self._work.refusal

    @property
    def left(self) -> float | None:
        """Return in about how many seconds it will be done; None where that is not known."""
        took = [cell.seconds for cell in self._cells if cell.status == "done" and cell.seconds]
        waiting = sum(cell.status in ("waiting", "running") for cell in self._cells)
        return waiting * median(took) if took and self._work.is_on else None  # the first one has loaded the model

    @property
    def scores(self) -> list[str]:
        """Return the names of the scores that cells have."""
        return list(dict.fromkeys(name for cell in self._cells for name in cell.scores))

    @property
    def order(self) -> str:
        """Return what it is sorted by: "rating", a score, or an empty text where it is a grid."""
        return self._order

    @property
    def table(self) -> pandas.DataFrame:
        """Return a row for each cell: every axis, what came out, seconds, scores, rating, error; as it is sorted."""
        return sheets.table(self, self._ordered())

    def _ordered(self) -> list[Cell]:
        if not self._order:
            return self._cells
        return sorted(self._cells, key=lambda cell: (-self.value_of(cell, self._order), cell.number))

    def value_of(self, cell: Cell, by: str) -> float:
        """Return the rating or a score of a cell; one that has none is below all others."""
        value = self._ratings.get(cell.mark) if by == RATING else cell.scores.get(by)
        return float("-inf") if value is None or value != value else value

    def rating(self, cell: int | Cell) -> int | None:
        """Return the stars of a cell; None where it has none."""
        return self._ratings.get(self._cell(cell).mark)

    def __repr__(self) -> str:
        done = sum(cell.status == "done" for cell in self._cells)
        failed = sum(cell.status == "failed" for cell in self._cells)
        told = f", {failed} failed" if failed else ""
        why = f": {self.error}" if self.error else ""
        return f"Comparison({self.name!r}, {self.words}, {self.status}, {done} done{told}){why}"

    def _ipython_display_(self) -> None:
        from ..widget.comparison import show_comparison

        show_comparison(self)

    # Its pictures

    def image(self, rows: str | None = None, columns: str | None = None, **only: Any) -> Image:
        """Return all pictures on one sheet, labelled; further axes make a block for each of their values.

        Args:
            rows: The axis that runs down; the first one if not given.
            columns: The axis that runs to the right; the second one if not given.
            only: One value of an axis, by its name: seed=1; the others are left out.

        Raises:
            PixelFlowError: There is no such axis or value, or the flow gives no pictures.
        """
        return sheets.sheet(self, rows, columns, only)

    def preview(self) -> Image | None:
        """Return all pictures on one sheet, made of small ones; None where there are none yet."""
        return sheets.sheet(self, None, None, {}, small=True) if any(cell.path for cell in self._cells) else None

    def save(self, folder: str | Path, *, provenance: bool = True) -> list[Path]:
        """Write the pictures, each of which says how it was made, the table as CSV and the sheet; return the paths.

        Files that are there stay: a number is added to the name.

        Args:
            folder: Where to.
            provenance: Whether pictures carry the flow as it was run.
        """
        return sheets.save(self, self._ordered(), Path(folder).expanduser(), provenance=provenance)

    # What one thinks of them

    def score(self, by: str | Callable[..., Any], *, name: str | None = None, **settings: Any) -> Self:
        """Measure every picture that is done; the result is a column of the table.

        Args:
            by: A node type that gives a number for a picture: "clip_score", which asks how well the prompt says what is
                seen; or a function of a picture (of the text, where there is none), and of its row if it takes two.
            name: What the score is called; the name of the node type or function if not given.
            settings: Values of the node's other inputs, or keywords of the function: model="clip".

        Raises:
            PixelFlowError: There is no such node type, or it measures no pictures.
        """
        called, measure = scorer_of(by, settings, registry)
        called = name or called
        if called == RATING or called in self.axes:
            raise PixelFlowError(f"A score cannot be called '{called}'. Call it otherwise: score(…, name='…').")
        done = [cell for cell in self._cells if cell.status == "done"]
        with self._scoring:
            try:
                for count, cell in enumerate(done, 1):
                    self._note = f"{called}: {count} of {len(done)}"
                    shown = cell.image or cell.text
                    cell.scores[called] = measure(shown, self.prompt_of(cell), sheets.row_of(self, cell))
                    self._tell([cell.number])
            finally:
                self._note = ""
                self._tell([])
        return self

    def prompt_of(self, cell: Cell) -> str:
        """Return the prompt of a cell; empty where it has none."""
        for number, axis in enumerate(self._axes):
            if axis.name == "prompt":
                return str(axis.values[cell.at[number]] or "")
        return self._subject.prompt_of(cell.inputs)

    def rate(self, cell: int | Cell, stars: int | None) -> None:
        """Give a cell stars, from 1 to 5; they are kept on disk and found again by the same comparison.

        Args:
            cell: The cell, or its number, as in the table's index.
            stars: How many; None or 0 takes them away.

        Raises:
            PixelFlowError: There is no such cell, or not so many stars.
        """
        if stars is not None and (not isinstance(stars, int) or not 0 <= stars <= MOST_STARS):
            raise PixelFlowError(f"A cell has 1 to {MOST_STARS} stars, or None; not {stars!r}.")
        found = self._cell(cell)
        self._ratings.set(found.mark, stars or None)
        self._tell([found.number])

    def sort(self, by: str | None) -> Self:
        """Show cells from the best to the worst instead of as a grid; the table follows.

        Args:
            by: "rating" or a score; None is the grid again.

        Raises:
            PixelFlowError: There is no such score.
        """
        self._order = self._checked(by) if by else ""
        self._tell([])
        return self

    def best(self, count: int = 1, by: str | None = None) -> pandas.DataFrame:
        """Return the rows of the best cells.

        Args:
            count: How many.
            by: "rating" or a score; what it is sorted by if not given, else the rating, where there is one.

        Raises:
            PixelFlowError: There is no such score, or none at all.
        """
        rated = [RATING] if any(self.rating(cell) for cell in self._cells) else []
        chosen = by or self._order or next(iter([*rated, *self.scores]), None)
        if chosen is None:
            raise PixelFlowError(
                "No cell has stars or a score yet. Write comparison.score('clip_score'), or rate some."
            )
        self._checked(chosen)
        found = [cell for cell in self._cells if self.value_of(cell, chosen) > float("-inf")]
        found.sort(key=lambda cell: (-self.value_of(cell, chosen), cell.number))
        return sheets.table(self, found[:count])

    def _checked(self, by: str) -> str:
        known = [RATING, *self.scores]
        if by not in known:
            raise PixelFlowError(f"Nothing is called '{by}'.{nearest(by, known)} There is: {', '.join(known)}.")
        return by

    def _cell(self, cell: int | Cell) -> Cell:
        number = cell.number if isinstance(cell, Cell) else cell
        if not isinstance(number, int) or not 0 <= number < len(self._cells):
            raise PixelFlowError(f"There is no cell {number!r}; they are counted from 0 to {len(self._cells) - 1}.")
        return self._cells[number]

    # Going on

    def stop(self) -> None:
        """End now; what is done is kept, and `resume` goes on."""
        self._work.stop()
        self._tell([])

    def resume(self, *, failed: bool = False, over_budget: bool = False) -> Self:
        """Go on with what is not done; returns at once.

        Args:
            failed: Cells that failed are tried again, too.
            over_budget: From now on runs start though they exceed the flow's budget.
        """
        self._work.over_budget = self._work.over_budget or over_budget
        again = [cell for cell in self._cells if failed and cell.status == "failed"]
        for cell in again:
            cell.begin_anew()
        self._work.begin()
        self._tell([cell.number for cell in again])
        return self

    def wait(self, timeout: float | None = None) -> Self:
        """Wait until all cells are done or failed; Ctrl-C stops it, and what is done is kept.

        Args:
            timeout: Seconds after which waiting ends anyway.
        """
        try:
            self._work.join(timeout)
        except KeyboardInterrupt:
            self.stop()
            raise
        return self

    def on_change(self, callback: Callable[[list[int]], None]) -> Callable[[], None]:
        """Call back with the numbers of cells that are other than before; the function that is returned ends it."""
        return listen(self._listeners, callback)

    def _came(self, cell: Cell | None) -> None:
        self._tell([] if cell is None else [cell.number])

    def _tell(self, cells: list[int]) -> None:
        for listener in tuple(self._listeners):
            listener(cells)
