"""The widget of a comparison: its cells as they come, stars, order, Stop; and what a saved notebook keeps of it."""

from __future__ import annotations

import base64
import io
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import PIL.Image

from ..errors import PixelFlowError
from .bridge import Answer, Buffers, Message
from .errands import Later, beside
from .finetuning import show
from .finetuning.shown import WIDTH, Picture, Shown

SECONDS_BETWEEN = 0.1
MOST_THUMBNAILS = 48
"""Thumbnails that are sent in one answer."""
MOST_TEXT = 4_000
"""Letters of a text or error that are sent with a cell."""
_SHEET_PIXELS = 1_200
_INSET = 16
_RARELY = 20
"""While it fills, the picture of a saved notebook may take one part in so many of the time."""


class Celled(Protocol):
    """Is a cell as the widget reads it; `comparison.cells.Cell` is one."""

    number: int
    at: tuple[int, ...]
    status: Any  # "waiting", "running", "done" or "failed"
    path: Path | None
    size: tuple[int, int]
    seconds: float | None
    error: str
    scores: dict[str, float]

    @property
    def file(self) -> bytes:
        """Return the picture as a PNG; empty where there is none."""
        ...

    @property
    def text(self) -> str:
        """Return what is shown where there is no picture."""
        ...

    @property
    def thumbnail(self) -> bytes:
        """Return a small JPEG; empty where there is no picture."""
        ...


class Compared(Protocol):
    """Is a comparison as the widget reads it; `pf.Comparison` is one."""

    @property
    def name(self) -> str:
        """Return what is compared."""
        ...

    @property
    def words(self) -> str:
        """Return how many runs it is."""
        ...

    @property
    def axes(self) -> Mapping[str, Sequence[str]]:
        """Return what the values of each axis are called."""
        ...

    @property
    def cells(self) -> Sequence[Celled]:
        """Return all cells, the last axis fastest."""
        ...

    @property
    def status(self) -> str:
        """Return "running", "stopping", "stopped" or "finished"."""
        ...

    @property
    def note(self) -> str:
        """Return what it does now."""
        ...

    @property
    def error(self) -> str:
        """Return why it was stopped, where nobody did it."""
        ...

    @property
    def left(self) -> float | None:
        """Return in about how many seconds it will be done."""
        ...

    @property
    def scores(self) -> Sequence[str]:
        """Return the names of scores."""
        ...

    @property
    def order(self) -> str:
        """Return what it is sorted by; empty where it is a grid."""
        ...

    def rating(self, cell: int) -> int | None:
        """Return the stars of a cell."""
        ...

    def rate(self, cell: int, stars: int | None) -> None:
        """Give a cell stars."""
        ...

    def sort(self, by: str | None) -> Any:
        """Sort it by a score, "rating" or not at all."""
        ...

    def stop(self) -> None:
        """End with what is done."""
        ...

    def resume(self, *, failed: bool = False, over_budget: bool = False) -> Any:
        """Go on."""
        ...

    def preview(self) -> PIL.Image.Image | None:
        """Return all pictures on one, small; None where there are none."""
        ...

    def on_change(self, callback: Callable[[list[int]], None]) -> Callable[[], None]:
        """Call back with the numbers of cells that are other than before; the function that is returned ends it."""
        ...


def show_comparison(held: Any) -> None:
    """Show a comparison in the running cell; a plain terminal, which has no widgets, gets a line of words."""
    show(held, lambda: ComparisonWidget(held))


class ComparisonWidget(Shown):
    """Shows a comparison.

    Args:
        comparison: `pf.Comparison`, or what reads as one.
    """

    def __init__(self, comparison: Compared) -> None:
        self._comparison = comparison
        self._changed: set[int] = set()
        self._pictured, self._not_before = -1, 0.0
        self._telling = threading.Lock()
        self._tell_later = Later(lambda: beside(self._tell), SECONDS_BETWEEN)
        super().__init__("comparison", _Requests(comparison), Picture(self._drawn), lambda: repr(comparison))
        self._end = comparison.on_change(self._hear)

    def close(self) -> None:
        """Close the line to the pages; the comparison goes on."""
        self._end()
        super().close()

    def _hear(self, cells: list[int]) -> None:
        with self._telling:
            self._changed.update(cells)
        self._tell_later.ask()

    def _tell(self) -> None:
        with self._telling:
            numbers, self._changed = sorted(self._changed), set()
        self.send({"type": "comparison", **state_of(self._comparison, numbers)})
        self._renew()

    def _renew(self) -> None:
        """Renew what a saved notebook keeps, where cells came; of many not often, because that takes long."""
        cells = sum(cell.status in ("done", "failed") for cell in self._comparison.cells)
        is_on = self._comparison.status in ("running", "stopping")
        if cells != self._pictured and (not is_on or time.monotonic() > self._not_before):
            self._pictured = cells
            self.renew_picture()

    def _drawn(self) -> tuple[str, str, str, float]:
        comparison = self._comparison
        started = time.monotonic()
        sheet = comparison.preview()
        self._not_before = time.monotonic() + _RARELY * (time.monotonic() - started)
        if sheet is None:
            return comparison.name, comparison.words, "", 8
        sheet = sheet.convert("RGB")
        sheet.thumbnail((_SHEET_PIXELS, 3 * _SHEET_PIXELS))
        buffer = io.BytesIO()
        sheet.save(buffer, "JPEG", quality=80)
        room = min(WIDTH - 2 * _INSET, sheet.width)
        height = sheet.height * room / max(1, sheet.width)
        uri = f"data:image/jpeg;base64,{base64.b64encode(buffer.getvalue()).decode()}"
        image = f'<image x="{_INSET}" width="{room}" height="{height:.0f}" href="{uri}"/>'
        return comparison.name, comparison.words, image, height + _INSET


class _Requests:
    """Does what pages of a comparison ask for; see `bridge.Handlers`."""

    def __init__(self, comparison: Compared) -> None:
        self._comparison = comparison
        self.edits: dict[str, Callable[[str, Message, Buffers], bool]] = {}
        self.quick: dict[str, Callable[[str, Message, Buffers], Message]] = {"rate": self._rate, "sort": self._sort}
        self.slow = {
            "about": self._about,
            "thumbnails": self._thumbnails,
            "picture": self._picture,
            "stop": self._stop,
            "resume": self._resume,
        }
        self.notices: dict[str, Callable[[str, Message, Buffers], None]] = {}

    def _about(self, _: str, __: Message, ___: Buffers) -> Answer:
        comparison = self._comparison
        axes = [{"name": name, "labels": [label[:MOST_TEXT] for label in labels]} for name, labels in _axes(comparison)]
        return {"about": {**state_of(comparison, range(len(comparison.cells))), "axes": axes}}, []

    def _rate(self, _: str, message: Message, __: Buffers) -> Message:
        self._comparison.rate(self._number(message), message.get("stars") or None)
        return {}

    def _sort(self, _: str, message: Message, __: Buffers) -> Message:
        by = message.get("by")
        self._comparison.sort(by if isinstance(by, str) and by else None)
        return {}

    def _thumbnails(self, _: str, message: Message, __: Buffers) -> Answer:
        wanted = message.get("names")
        if not isinstance(wanted, list):
            raise PixelFlowError("Thumbnails are asked for by the numbers of their cells.")
        cells = self._comparison.cells
        numbers = [
            int(one) for one in wanted[:MOST_THUMBNAILS] if isinstance(one, str) and one.isdecimal() and one.isascii()
        ]
        found = [cells[number] for number in numbers if number < len(cells) and cells[number].path]
        told = [{"name": str(cell.number), "size": list(cell.size)} for cell in found]
        return {"thumbnails": told}, [cell.thumbnail for cell in found]

    def _picture(self, _: str, message: Message, __: Buffers) -> Answer:
        cell = self._comparison.cells[self._number(message)]
        if cell.path is None:
            raise PixelFlowError(f"Cell {cell.number} has no picture.")
        return {"mime": "image/png"}, [cell.file]

    def _stop(self, _: str, __: Message, ___: Buffers) -> Answer:
        self._comparison.stop()
        return {}, []

    def _resume(self, _: str, message: Message, __: Buffers) -> Answer:
        self._comparison.resume(failed=message.get("failed") is True, over_budget=message.get("over_budget") is True)
        return {}, []

    def _number(self, message: Message) -> int:
        number = message.get("cell")
        if type(number) is not int or not 0 <= number < len(self._comparison.cells):
            raise PixelFlowError("A cell is named by its number.")
        return number


def _axes(comparison: Compared) -> list[tuple[str, Sequence[str]]]:
    return list(comparison.axes.items())


def state_of(comparison: Compared, numbers: Sequence[int]) -> Message:
    """Return what a page shows of a comparison, with some of its cells."""
    cells = comparison.cells
    state: Message = {"name": comparison.name, "words": comparison.words, "status": comparison.status}
    state |= {"note": comparison.note, "error": comparison.error[:MOST_TEXT]}
    state |= {"left": comparison.left, "order": comparison.order}
    return state | {
        "scores": list(comparison.scores),
        "cells": [_told(cells[number], comparison.rating(number)) for number in numbers if number < len(cells)],
    }


def _told(cell: Celled, stars: int | None) -> dict[str, Any]:
    scores = {name: value for name, value in cell.scores.items() if value == value and abs(value) != float("inf")}
    return {
        "number": cell.number,
        "at": list(cell.at),
        "status": cell.status,
        "seconds": cell.seconds,
        "error": cell.error[:MOST_TEXT],
        "text": cell.text[:MOST_TEXT],
        "size": list(cell.size) if cell.path else None,
        "scores": scores,
        "stars": stars or 0,
    }
