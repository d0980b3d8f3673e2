"""Which nodes somebody looks at, and the live frames that are sent to them."""

from __future__ import annotations

import itertools
import threading
import time
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any

from ..media import Preview

_KEPT_PAGES = 32
_LOST_AFTER = 2.0
"""Seconds after which a frame that no page has acknowledged is taken for lost."""


class Sight:
    """Knows what the pages show: all nodes, until a page has said which."""

    def __init__(self) -> None:
        self._pages: OrderedDict[str, frozenset[str] | None] = OrderedDict()
        self._lock = threading.Lock()

    def came(self, client: str) -> None:
        """Take notice of a page."""
        with self._lock:
            self._pages.setdefault(client, None)
            self._pages.move_to_end(client)
            while len(self._pages) > _KEPT_PAGES:  # pages do not say that they go
                self._pages.popitem(last=False)

    def shows(self, client: str, nodes: list[str]) -> None:
        """Take notice of the nodes that a page shows now."""
        self.came(client)
        with self._lock:
            self._pages[client] = frozenset(nodes)

    def sees(self, node: str) -> bool:
        """Return whether a page shows a node."""
        with self._lock:
            return any(nodes is None or node in nodes for nodes in self._pages.values())


@dataclass
class Frame:
    """Is an unfinished result of a node.

    Args:
        run: Id of the run.
        port: The output that it will be.
        preview: The picture.
        item: Which item of a mapped node, as (number, of how many).
    """

    run: str
    port: str
    preview: Preview
    item: tuple[int, int] | None = None


class Frames:
    """Keeps the latest frame of each node, and gives one out when the page has shown the one before.

    Args:
        sight: Says which nodes are seen; nothing is given out for the others.
    """

    def __init__(self, sight: Sight) -> None:
        self._sight = sight
        self._lock = threading.Lock()
        self._latest: dict[str, Frame] = {}
        self._waiting: set[str] = set()
        self._out: dict[str, tuple[int, float]] = {}
        self._numbers = itertools.count(1)

    def put(self, node: str, frame: Frame) -> None:
        """Keep a frame in place of the one before, seen or not."""
        with self._lock:
            self._latest[node] = frame
            self._waiting.add(node)

    def latest(self, node: str) -> Frame | None:
        """Return the frame that is kept of a node."""
        with self._lock:
            return self._latest.get(node)

    def end(self, node: str) -> None:
        """Forget the frames of a node whose result is there."""
        with self._lock:
            self._latest.pop(node, None)
            self._waiting.discard(node)
            self._out.pop(node, None)

    def clear(self) -> None:
        """Forget every frame."""
        with self._lock:
            self._latest.clear()
            self._waiting.clear()
            self._out.clear()

    def credit(self, node: str, number: int) -> None:
        """Take notice that a page has shown a frame."""
        with self._lock:
            if self._out.get(node, (0, 0.0))[0] <= number:
                self._out.pop(node, None)

    def again(self) -> None:
        """Give the latest frame of each node out again: a page has come that has none."""
        with self._lock:
            self._waiting.update(self._latest)
            self._out.clear()

    def due(self) -> list[tuple[dict[str, Any], list[bytes]]]:
        """Return the messages that are to be sent now."""
        now, messages = time.monotonic(), []
        with self._lock:
            for node in sorted(self._waiting):
                number, since = self._out.get(node, (0, 0.0))
                if (number and now - since < _LOST_AFTER) or not self._sight.sees(node):
                    continue
                self._waiting.discard(node)
                frame, number = self._latest[node], next(self._numbers)
                self._out[node] = number, now
                message = {"type": "preview", "run": frame.run, "node": node, "port": frame.port, "frame": number}
                message |= {"mime": frame.preview.mime} | ({"item": list(frame.item)} if frame.item else {})
                messages.append((message, [frame.preview.data]))
        return messages
