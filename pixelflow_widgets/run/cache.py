"""Results in memory, by key, as many bytes as are allowed; the least recently used go first."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import Any, NamedTuple

import PIL.Image

DEFAULT_LIMIT = 1024**3


class Value(NamedTuple):
    """Is one value on an edge.

    Args:
        data: The value; nobody changes it.
        digest: What identifies it: chained from what made it, or of its content where that is not repeatable.
    """

    data: Any
    digest: str


Slot = Value | list[Value]
"""What an output port holds: one value, or the items of a list, each with its own digest."""
Results = dict[str, Slot]
"""What a node gave, by output port."""


class MemoryCache:
    """Keeps results by key.

    Args:
        limit: How many bytes of values are kept.
    """

    def __init__(self, limit: int = DEFAULT_LIMIT) -> None:
        self.limit = limit
        self.used = 0
        self._entries: OrderedDict[str, tuple[Results, int]] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: str) -> Results | None:
        """Return the results of a key, or None."""
        with self._lock:
            entry = self._entries.get(key)
            if entry is None:
                return None
            self._entries.move_to_end(key)
            return entry[0]

    def put(self, key: str, results: Results) -> None:
        """Keep results; what is larger than the whole cache is not kept."""
        size = sum(size_of(item.data) for slot in results.values() for item in as_list(slot))
        with self._lock:
            if key in self._entries:
                self.used -= self._entries.pop(key)[1]
            if size > self.limit:
                return
            self._entries[key] = (results, size)
            self.used += size
            while self.used > self.limit:
                _, (_, freed) = self._entries.popitem(last=False)
                self.used -= freed

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._entries.clear()
            self.used = 0

    def __len__(self) -> int:
        return len(self._entries)


def as_list(slot: Slot) -> list[Value]:
    """Return the values of a slot as a list."""
    return slot if isinstance(slot, list) else [slot]


def size_of(value: Any) -> int:
    """Return about how many bytes a value takes."""
    if isinstance(value, PIL.Image.Image):
        deep = 4 if value.mode in ("I", "F") else 2 if value.mode == "I;16" else 1
        return value.width * value.height * len(value.getbands()) * deep + 256
    if isinstance(value, str):
        return len(value) + 64
    if (number := getattr(value, "nbytes", None)) is not None:  # numpy arrays and torch tensors
        return int(number)
    parts = [getattr(value, name, None) for name in ("samples", "frames", "audio")]
    if any(part is not None for part in parts):
        return sum(size_of(part) for part in parts if part is not None)
    if hasattr(value, "memory_usage"):  # a pandas DataFrame
        return int(value.memory_usage(deep=True).sum())
    return 64
