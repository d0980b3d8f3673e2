"""The latest result of each node, as pages show it: small at once, in full when asked for."""

from __future__ import annotations

import io
import threading
import weakref
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import PIL.Image

from ..errors import PixelFlowError
from ..media import Audio, Preview, Video, preview_of
from ..media.previews import LIVE_VIEW, eight_bits
from ..media.tags import picture_options
from ..run import Run
from ..run.cache import Value, as_list
from ..run.result import as_file
from ..schema import NodeType, PortType

CANDIDATES = "candidates"
"""The port under which pages are shown what they can choose from."""


@dataclass
class Shown:
    """Is the result at one output of a node.

    Args:
        run: Id of the run that it comes from.
        node: Id of the node.
        port: Name of the output.
        type: What it carries; None shows each value as what it is.
        values: The items; one where it is no list.
        took: Seconds that the node took.
        cached: It was there already.
    """

    run: str
    node: str
    port: str
    type: PortType | None
    values: list[Value]
    took: float | None = None
    cached: bool = False
    encoded: Preview | None = None
    maker: Callable[[], Run | None] = lambda: None
    """Returns the run that it comes from, as long as that is there."""

    def preview(self) -> Preview:
        """Return what a page shows of the first item; it is encoded once."""
        if self.encoded is None:
            self.encoded = self._preview(self.values[0].data)
        return self.encoded

    def _preview(self, value: Any) -> Preview:
        return self.type.medium.preview(value) if self.type is not None else preview_of(value)

    def item(self, number: int, *, full: bool) -> Preview:
        """Return what a page shows of an item, or all that a page can show of it: pictures without loss, whole texts.

        Raises:
            PixelFlowError: There is no such item.
        """
        value = self._value(number)
        if full and isinstance(value, PIL.Image.Image):
            return Preview("image/png", png_of(value, self._record(value)), value.size)
        if full and isinstance(value, str):
            return Preview("text/plain", value.encode(errors="replace"))
        return self.preview() if number == 0 else self._preview(value)

    def file(self, number: int, *, with_record: bool) -> tuple[str, bytes]:
        """Return the name and the bytes of the file of an item: all of it, in the form in which results are saved.

        Raises:
            PixelFlowError: There is no such item.
        """
        value = self._value(number)
        ending, content = as_file(value, self._record(value) if with_record else "")
        place = f"-{number + 1}" if len(self.values) > 1 else ""
        return f"{self.node}.{self.port}{place}{ending}", content

    def _value(self, number: int) -> Any:
        if not 0 <= number < len(self.values):
            raise PixelFlowError(f"'{self.node}.{self.port}' has {len(self.values)} items; there is no item {number}.")
        return self.values[number].data

    def _record(self, value: Any) -> str:
        """Return what a file of a value says of how it was made; nothing where there is no room for it."""
        run = self.maker() if isinstance(value, PIL.Image.Image | Audio | Video) else None
        return run.records.text(self.node, value) if run is not None else ""

    def message(self) -> tuple[dict[str, Any], list[bytes]]:
        """Return what a page is told of it."""
        preview = self.preview()
        message: dict[str, Any] = {"type": "result", "run": self.run, "node": self.node, "port": self.port}
        about, buffers = told(preview)
        message |= {**about, "count": len(self.values)}
        message |= {"took": round(self.took, 3)} if self.took is not None else {}
        message |= {"cached": True} if self.cached else {}
        return message, buffers


def told(preview: Preview) -> tuple[dict[str, Any], list[bytes]]:
    """Return what a page is told of a preview, and its bytes; the frame of a film comes second."""
    about: dict[str, Any] = {"mime": preview.mime}
    about |= {"size": list(preview.size)} if preview.size else {}
    about |= {"seconds": round(preview.seconds, 3)} if preview.seconds is not None else {}
    about |= {"peaks": [round(100 * peak) for peak in preview.peaks]} if preview.peaks else {}
    if not preview.poster:
        return about, [preview.data]
    return {**about, "poster": True}, [preview.data, preview.poster]


def png_of(image: PIL.Image.Image, record: str = "") -> bytes:
    """Return a picture as PNG, every pixel as it is; wide numbers become the grey that the preview shows, too.

    Args:
        image: The picture.
        record: What it says of how it was made.
    """
    image = eight_bits(image)
    if image.mode not in ("RGB", "RGBA", "L", "LA", "1", "P"):
        image = image.convert({"La": "LA", "RGBa": "RGBA", "PA": "RGBA"}.get(image.mode, "RGB"))
    buffer = io.BytesIO()
    image.save(buffer, "PNG", compress_level=1, **picture_options(".png", record))
    return buffer.getvalue()


class Results:
    """Keeps the latest result of each node, and which of them pages have not heard of."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._shown: dict[str, dict[str, Shown]] = {}
        self._untold: dict[str, None] = {}

    def keep(self, run: Run, node: str, node_type: NodeType, took: float | None, cached: bool) -> None:
        """Keep what a node of a type gave in a run."""
        found = run.results[node]
        entries, maker = {}, weakref.ref(run)  # it holds every result, and the newest ones of other runs are shown too
        for port, slot in found.items():
            values = [value for value in as_list(slot) if value.data is not None]
            if values:
                entries[port] = Shown(run.id, node, port, node_type.outputs[port].type.one, values, took, cached)
                entries[port].maker = maker
        with self._lock:
            for port, entry in self._shown.get(node, {}).items():
                if port in entries and _same(entry, entries[port]):
                    entries[port].encoded = entry.encoded
            self._shown[node] = entries
            self._untold.pop(node, None)  # to the end
            self._untold[node] = None

    def illustrate(self, node: str, port: str, last: Preview) -> None:
        """Let the last live view of a training stand for its samples: it shows them, and how they came to be.

        Args:
            node: Id of the node that trained.
            port: The output at which it was shown.
            last: What was shown last before the node finished; nothing is done with frames of anything else.
        """
        with self._lock:
            shown = self._shown.get(node, {}).get(port)
            if shown is not None and last.mime == LIVE_VIEW:
                shown.encoded = last

    def ask(self, run: str, node: str, candidates: list[Any]) -> None:
        """Keep the candidates of a question until it is answered.

        Args:
            run: Id of the run.
            node: Id of the node that asks.
            candidates: What can be chosen from.
        """
        values = [Value(value, f"{run}.{node}.{number}") for number, value in enumerate(candidates)]
        with self._lock:
            shown = self._shown.setdefault(node, {})
            shown[CANDIDATES] = Shown(run, node, CANDIDATES, None, values)
            self._untold[node] = None

    def answered(self, node: str) -> None:
        """Drop the candidates of a node that asks no more."""
        with self._lock:
            self._shown.get(node, {}).pop(CANDIDATES, None)

    def replay(self) -> None:
        """Tell of every result again: a page has come that knows of none."""
        with self._lock:
            self._untold = dict.fromkeys(self._shown)

    def take_untold(self, node: str) -> list[Shown]:
        """Return the results of a node that are to be told, which are told then."""
        with self._lock:
            if node not in self._untold:
                return []
            del self._untold[node]
            return [shown for shown in self._shown[node].values() if shown.values]

    @property
    def untold(self) -> list[str]:
        """Return the nodes with results that pages have not heard of."""
        with self._lock:
            return list(self._untold)

    def find(self, node: Any, port: Any) -> Shown:
        """Return a result.

        Raises:
            PixelFlowError: There is none.
        """
        with self._lock:
            found = self._shown.get(node, {}).get(port) if isinstance(node, str) and isinstance(port, str) else None
        if found is None:
            raise PixelFlowError(f"There is no result of '{str(node)[:60]}.{str(port)[:60]}' yet. Run it.")
        return found

    def previews(self) -> dict[str, dict[str, Preview]]:
        """Return what pages show of each result, by node and port."""
        with self._lock:
            shown = {node: dict(ports) for node, ports in self._shown.items()}
        return {
            node: {port: entry.preview() for port, entry in ports.items() if port != CANDIDATES}
            for node, ports in shown.items()
        }


def _same(one: Shown, other: Shown) -> bool:
    """Return whether two results are the same values, so that the picture of one is that of the other."""
    return [value.digest for value in one.values] == [value.digest for value in other.values]
