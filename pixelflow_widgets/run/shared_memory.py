"""Memory that both ends of a line see: a large value is written into it once and read from it once.

The kernel makes it without a name and hands it to the worker when that starts. There is nothing to unlink, so nothing
is left behind when either of them is killed.
"""

from __future__ import annotations

import mmap
import os
import tempfile
import threading
from collections.abc import Iterable
from typing import NamedTuple

from ..errors import MediaError

LIMIT = 2 * 1024**3
"""Bytes that one side may have under way at once; what is beyond travels through the line."""
KEPT = 64 * 1024**2
"""Bytes that stay for reuse when nothing is under way."""
Buffer = bytes | memoryview
_ALIGNED = 64
_STEP = 1024**2


class Span(NamedTuple):
    """Is where something lies in shared memory.

    Args:
        start: Its first byte.
        size: How many bytes it has.
    """

    start: int
    size: int


def make_shared() -> int | None:
    """Return a descriptor of new memory that can be handed to a process, or None where there is no such thing."""
    if os.name != "posix":
        return None
    try:
        if hasattr(os, "memfd_create"):
            return os.memfd_create("pixelflow")
        with tempfile.TemporaryFile() as file:
            return os.dup(file.fileno())
    except OSError:
        return None


class SharedMemory:
    """Is one direction of it: one side writes and frees, the other reads.

    Blocks are reused, the first that fits; it grows when none does, and shrinks when nothing is under way.

    Args:
        descriptor: What `make_shared` gave; belongs to this object, which closes it.
        limit: Bytes that it may grow to.
    """

    def __init__(self, descriptor: int, limit: int = LIMIT) -> None:
        os.set_inheritable(descriptor, False)
        self._descriptor: int | None = descriptor
        self._inode = os.fstat(descriptor).st_ino
        self._limit = limit
        self._size = 0
        self._map: mmap.mmap | None = None
        self._used: list[Span] = []  # by their start
        self._lock = threading.Lock()

    def __del__(self) -> None:
        self.close()

    def write(self, size: int, pieces: Iterable[Buffer]) -> Span | None:
        """Return where a copy of some bytes lies now, or None if there is no room: then they have to go another way.

        Args:
            size: How many bytes there are; at least one.
            pieces: The bytes, one piece after another.
        """
        with self._lock:
            span = Span(self._place(size), size)
            if not self._reach(span.start + size):
                return None
            self._used.append(span)
            self._used.sort()
            view = memoryview(self._map)  # type: ignore[arg-type] - there is one: size is not 0
        try:
            place = span.start
            for piece in pieces:
                flat = memoryview(piece).cast("B")
                view[place : place + flat.nbytes] = flat
                place += flat.nbytes
        except BaseException:
            self.free(span)
            raise
        return span

    def free(self, span: Span) -> None:
        """Say that nobody reads it any more."""
        with self._lock:
            if span in self._used:
                self._used.remove(span)
            if not self._used and self._size > KEPT and self._is_open():
                os.ftruncate(self._descriptor, KEPT)  # type: ignore[arg-type]
                self._size, self._map = KEPT, None

    def read(self, span: Span) -> memoryview:
        """Return what lies there; it may be written over as soon as its writer is told to free it.

        Raises:
            MediaError: Nothing lies there.
        """
        end = span.start + span.size
        with self._lock:
            if self._map is None or len(self._map) < end:
                if not self._is_open() or os.fstat(self._descriptor).st_size < end:  # type: ignore[arg-type]
                    raise MediaError("A value was lost on its way between the processes. Run again.")
                self._map = mmap.mmap(self._descriptor, 0)  # type: ignore[arg-type]
            return memoryview(self._map)[span.start : end]

    def close(self) -> None:
        """Give up this side; the memory is gone when the other side has ended, too."""
        descriptor, self._descriptor, self._map = self._descriptor, None, None
        if descriptor is not None and self._is_it(descriptor):
            os.close(descriptor)

    @property
    def used(self) -> int:
        """Return how many bytes are under way."""
        return sum(span.size for span in self._used)

    @property
    def size(self) -> int:
        """Return how many bytes are held."""
        return self._size

    def _place(self, size: int) -> int:
        """Return the first place where as many bytes fit, which may be the end."""
        start = 0
        for span in self._used:
            if span.start - start >= size:
                break
            start = -(-(span.start + span.size) // _ALIGNED) * _ALIGNED
        return start

    def _reach(self, end: int) -> bool:
        """Have at least as many bytes mapped; return whether that could be done."""
        if end > self._limit or not self._is_open():
            return False
        if end > self._size:
            size = min(max(-(-end // _STEP) * _STEP, min(2 * self._size, KEPT)), self._limit)
            try:
                # Taken now and not when it is written: a machine without memory says so here, and does not end us.
                if hasattr(os, "posix_fallocate"):
                    os.posix_fallocate(self._descriptor, self._size, size - self._size)  # type: ignore[arg-type]
                else:
                    os.ftruncate(self._descriptor, size)  # type: ignore[arg-type]
            except OSError:
                return False
            self._size, self._map = size, None
        if self._map is None or len(self._map) < end:
            self._map = mmap.mmap(self._descriptor, self._size)  # type: ignore[arg-type]
        return True

    def _is_open(self) -> bool:
        return self._descriptor is not None and self._is_it(self._descriptor)

    def _is_it(self, descriptor: int) -> bool:
        """Return whether a descriptor is still ours: a node may have closed it, and opened a file of that number."""
        try:
            return os.fstat(descriptor).st_ino == self._inode
        except OSError:
            return False
