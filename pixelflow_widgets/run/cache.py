"""Results by key: in memory as many bytes as are allowed, the least recently used go first; behind it the disk."""

from __future__ import annotations

import functools
import threading
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import PIL.Image

from ..schema import Port

if TYPE_CHECKING:
    from .disk_cache import DiskCache

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
        self._held: dict[str, tuple[Results, int]] = {}
        self._lock = threading.Lock()

    def get(self, key: str) -> Results | None:
        """Return the results of a key, or None."""
        with self._lock:
            entry = self._entries.get(key)
            if entry is None:
                return self._held[key][0] if key in self._held else None
            self._entries.move_to_end(key)
            return entry[0]

    def get_many(self, keys: Iterable[str | None]) -> list[Results | None]:
        """Return the results of many keys in their order, each None where there are none; None is no key."""
        with self._lock:
            found = [self._entries.get(key) if key else None for key in keys]
            for key, entry in zip(keys, found, strict=True):
                if entry is not None:
                    self._entries.move_to_end(key)  # type: ignore[arg-type]
            if self._held:
                found = [one or (self._held.get(key) if key else None) for key, one in zip(keys, found, strict=True)]
        return [entry and entry[0] for entry in found]

    def put(self, key: str, results: Results) -> bool:
        """Keep results and return True; what is larger than the whole cache is not kept."""
        size = _size(results)
        with self._lock:
            if key in self._entries:
                self.used -= self._entries.pop(key)[1]
            if size > self.limit:
                return False
            self._entries[key] = (results, size)
            self.used += size
            while self.used > self.limit:
                _, (_, freed) = self._entries.popitem(last=False)
                self.used -= freed
        return True

    def hold(self, key: str, results: Results) -> None:
        """Keep results until they are released, whatever else has to go: they count for no limit."""
        with self._lock:
            self._held[key] = (results, _size(results))

    def release(self, key: str) -> None:
        """Let results go that were held."""
        with self._lock:
            self._held.pop(key, None)

    def clear(self) -> None:
        """Forget everything but what is held."""
        with self._lock:
            self._entries.clear()
            self.used = 0

    def __len__(self) -> int:
        return len(self._entries)

    def __contains__(self, key: str) -> bool:
        return key in self._entries or key in self._held


class Cache:
    """Keeps results in memory, and those that took long on disk too, where another kernel finds them.

    Args:
        memory: The results in memory.
        disk: The results on disk; None keeps none there.
    """

    def __init__(self, memory: MemoryCache | None = None, disk: DiskCache | None = None) -> None:
        self.memory = memory if memory is not None else MemoryCache()
        self.disk = disk

    def get(self, key: str) -> Results | None:
        """Return the results of a key, or None."""
        found = self.memory.get(key)
        return found if found is not None else self._from_disk(key)

    def get_many(self, keys: list[str | None]) -> list[Results | None]:
        """Return the results of many keys in their order, each None where there are none; None is no key."""
        found = self.memory.get_many(keys)
        if self.disk is not None and not all(found):
            there = self.disk.get_many(key for key, one in zip(keys, found, strict=True) if key and one is None)
            for key, results in there.items():
                self.memory.put(key, results)
            if there:
                found = [there.get(key) if key and one is None else one for key, one in zip(keys, found, strict=True)]
        return found

    def has(self, key: str) -> bool:
        """Return whether there are results of a key, without reading them."""
        return key in self.memory or (self.disk is not None and self.disk.has(key))

    def _from_disk(self, key: str) -> Results | None:
        found = self.disk.get(key) if self.disk is not None else None
        if found is not None:
            self.memory.put(key, found)
        return found

    def put(
        self, key: str, results: Results, ports: Mapping[str, Port], took: float, *, is_lasting: bool = True
    ) -> None:
        """Keep results: when this returns, they are in memory or on disk.

        Args:
            key: What identifies them.
            results: What a node gave.
            ports: Its outputs, which say how values are written.
            took: Seconds that it took; what is made faster than it is written is not written.
            is_lasting: It may outlive this process.
        """
        is_kept = self.memory.put(key, results)
        if self.disk is not None and is_lasting:
            self.disk.put(key, results, ports, took, at_once=not is_kept)

    def keep(self, key: str, results: Results, ports: Mapping[str, Port]) -> None:
        """Keep results until they are released, in memory and, where they can be written, on disk: a pin needs them.

        Args:
            key: What identifies them.
            results: What a node gave.
            ports: Its outputs, which say how values are written.
        """
        self.memory.hold(key, results)
        if self.disk is not None:
            self.disk.put(key, results, ports, 0.0, at_once=True)
            self.disk.hold(key)

    def release(self, key: str) -> None:
        """Let results go that were kept for a pin."""
        self.memory.release(key)
        if self.disk is not None:
            self.disk.release(key)


def _size(results: Results) -> int:
    size = 0
    for slot in results.values():
        size += size_of(slot.data) if isinstance(slot, Value) else sum(size_of(item.data) for item in slot)
    return size


@functools.cache
def process_cache() -> Cache:
    """Return the cache that the flows of this process share."""
    from .disk_cache import DiskCache, cache_folder

    folder = cache_folder()
    return Cache(MemoryCache(), DiskCache(folder) if folder else None)


def as_list(slot: Slot) -> list[Value]:
    """Return the values of a slot as a list."""
    return slot if isinstance(slot, list) else [slot]


def size_of(value: Any) -> int:
    """Return about how many bytes a value takes."""
    if value is None or isinstance(value, int | float):
        return 64
    if isinstance(value, PIL.Image.Image):
        # Pillow holds a pixel of several bands in four bytes, also one of RGB; beside it stand about 1 kB of objects.
        deep = 2 if value.mode == "I;16" else 1 if value.mode in ("1", "L", "P") else 4
        return value.width * value.height * deep + 1024
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
