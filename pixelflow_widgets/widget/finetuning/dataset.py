"""The widget of a dataset: a sheet of its pictures, whose captions are edited, and which may be left out."""

from __future__ import annotations

import base64
import io
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

import PIL.Image

from ...errors import PixelFlowError
from ..bridge import Answer, Buffers, Message
from ..errands import Later, beside
from .problems import Wrong, told_problems
from .shown import WIDTH, Picture, Shown

SECONDS_BETWEEN = 0.1
_IDLE_PROBLEMS = 0.4
MOST_THUMBNAILS = 48
"""Thumbnails that are sent in one answer."""
_SHEET_PIXELS = 1_200
_SOON = 64
"""Pictures that are looked at before a cell has run; more are looked at beside."""


class Pictured(Protocol):
    """Is a picture of a dataset."""

    @property
    def name(self) -> str:
        """Return its name, once in the dataset."""
        ...

    @property
    def caption(self) -> str:
        """Return its caption."""
        ...

    @property
    def is_used(self) -> bool:
        """Return whether it is trained on."""
        ...

    @property
    def size(self) -> tuple[int, int]:
        """Return (width, height); (0, 0) of one that cannot be read."""
        ...

    @property
    def thumbnail(self) -> bytes:
        """Return a small JPEG; empty of one that cannot be read."""
        ...


class Sheet(Protocol):
    """Is a dataset as the widget reads it; `finetuning.dataset.Dataset` is one."""

    @property
    def name(self) -> str:
        """Return what it is called."""
        ...

    @property
    def trigger(self) -> str:
        """Return the trigger word."""
        ...

    @property
    def pictures(self) -> Sequence[Pictured]:
        """Return all pictures in order."""
        ...

    def problems(self) -> Sequence[Wrong]:
        """Return what is wrong with it."""
        ...

    def caption(self, name: str, text: str) -> None:
        """Give a picture another caption."""
        ...

    def leave_out(self, name: str) -> None:
        """Train without a picture."""
        ...

    def take_in(self, name: str) -> None:
        """Train with a picture that was left out."""
        ...

    def sheet(self) -> PIL.Image.Image:
        """Return all pictures on one."""
        ...

    def on_change(self, callback: Callable[..., None]) -> Callable[[], None]:
        """Call back after each edit; the function that is returned ends it."""
        ...


Row = tuple[str, str, bool]


class DatasetWidget(Shown):
    """Shows a dataset.

    Args:
        dataset: `pf.Dataset`, or what reads as one.
    """

    def __init__(self, dataset: Sheet) -> None:
        self._dataset = dataset
        self._telling = threading.Lock()
        self._is_drawn = True
        self._told = {row[0]: row for row in rows_of(dataset)}
        self._tell_later = Later(lambda: beside(self._tell), SECONDS_BETWEEN)
        self._problems_later = Later(lambda: beside(self._tell_problems), _IDLE_PROBLEMS, after_pause=True)
        super().__init__(
            "dataset", _Requests(dataset, self._problems_later.ask), Picture(self._drawn), lambda: repr(dataset)
        )
        self._end = dataset.on_change(lambda *_: self._changed())

    def close(self) -> None:
        """Close the line to the pages."""
        self._end()
        super().close()

    def show(self) -> None:
        """Show it in the running cell; a saved notebook gets the sheet of many pictures when it is made."""
        self._is_drawn = len(self._dataset.pictures) <= _SOON
        super().show()
        if not self._is_drawn:
            self._is_drawn = True
            self.renew_picture()

    def _changed(self) -> None:
        self._tell_later.ask()
        self._problems_later.ask()

    def _tell(self) -> None:
        with self._telling:
            rows = rows_of(self._dataset)
            changed = [row for row in rows if self._told.get(row[0]) != row]
            self._told = {row[0]: row for row in rows}
        self.send({"type": "pictures", "pictures": [_told(row) for row in changed]})
        self.renew_picture()

    def _tell_problems(self) -> None:
        self.send({"type": "problems", "problems": told_problems(self._dataset.problems())})

    def _drawn(self) -> tuple[str, str, str, float]:
        dataset = self._dataset
        rows = rows_of(dataset)
        if not self._is_drawn:
            return dataset.name, _summary(rows, dataset.trigger), "", 8
        sheet = dataset.sheet().convert("RGB")
        sheet.thumbnail((_SHEET_PIXELS, 4 * _SHEET_PIXELS))
        buffer = io.BytesIO()
        sheet.save(buffer, "JPEG", quality=80)
        room = WIDTH - 32
        height = min(sheet.height, sheet.height * room / max(1, sheet.width))
        uri = f"data:image/jpeg;base64,{base64.b64encode(buffer.getvalue()).decode()}"
        image = f'<image x="16" width="{room}" height="{height:.0f}" preserveAspectRatio="xMinYMin" href="{uri}"/>'
        return dataset.name, _summary(rows, dataset.trigger), image, height + 16


class _Requests:
    """Does what pages of a dataset ask for; see `bridge.Handlers`."""

    def __init__(self, dataset: Sheet, came: Callable[[], None]) -> None:
        self._dataset = dataset
        self._came = came
        self.edits: dict[str, Callable[[str, Message, Buffers], bool]] = {}
        self.quick: dict[str, Callable[[str, Message, Buffers], Message]] = {"edit": self._edit}
        self.slow = {"about": self._about, "thumbnails": self._thumbnails}
        self.notices: dict[str, Callable[[str, Message, Buffers], None]] = {}

    def _about(self, _: str, __: Message, ___: Buffers) -> Answer:
        dataset = self._dataset
        self._came()
        told = [_told(row) for row in rows_of(dataset)]
        return {"name": dataset.name, "trigger": dataset.trigger, "pictures": told}, []

    def _edit(self, _: str, message: Message, __: Buffers) -> Message:
        captions, used = message.get("captions", {}), message.get("used", {})
        if not isinstance(captions, Mapping) or not isinstance(used, Mapping):
            raise PixelFlowError("An edit names pictures with their captions, or whether they are used.")
        for name, caption in captions.items():
            self._dataset.caption(name, str(caption))
        for name, is_used in used.items():
            (self._dataset.take_in if is_used else self._dataset.leave_out)(name)
        return {}

    def _thumbnails(self, _: str, message: Message, __: Buffers) -> Answer:
        wanted = message.get("names")
        if not isinstance(wanted, list):
            raise PixelFlowError("Thumbnails are asked for by the names of their pictures.")
        names = set(wanted[:MOST_THUMBNAILS])
        found = [picture for picture in self._dataset.pictures if picture.name in names]
        told = [{"name": picture.name, "size": list(picture.size)} for picture in found]
        return {"thumbnails": told}, [picture.thumbnail for picture in found]


def rows_of(dataset: Sheet) -> list[Row]:
    """Return what can change of each picture: its name, its caption, whether it is used; no picture is decoded."""
    return [(picture.name, picture.caption, picture.is_used) for picture in dataset.pictures]


def _told(row: Row) -> dict[str, Any]:
    return {"name": row[0], "caption": row[1], "used": row[2]}


def _summary(rows: Sequence[Row], trigger: str) -> str:
    used = sum(row[2] for row in rows)
    words = f"{used:,} pictures" if used == len(rows) else f"{used:,} of {len(rows):,} pictures"
    return f"{words}, trigger '{trigger}'" if trigger else words
