"""How long processors worked for a node."""

from __future__ import annotations

import threading
import time

from ...schema.usage import Usage
from .memory import accelerator

_lock = threading.Lock()
_running: set[Effort] = set()


class Effort:
    """Measures the seconds of processors from now on, in the thread that makes it.

    While one call runs, all threads of the process work for it, torch's among them. As soon as there are several, each
    counts what its own thread did: less than the truth rather than the same seconds twice.
    """

    def __init__(self) -> None:
        with _lock:
            self._is_alone = not _running
            for other in _running:
                other._is_alone = False
            _running.add(self)
        self._process, self._thread, self._clock = time.process_time(), time.thread_time(), time.monotonic()

    def end(self) -> Usage:
        """Return what was used; to be called once, in the same thread."""
        with _lock:
            _running.discard(self)
            is_alone = self._is_alone
        used = time.process_time() - self._process if is_alone else time.thread_time() - self._thread
        held = time.monotonic() - self._clock if accelerator() else 0.0
        return Usage(cpu_seconds=used, gpu_seconds=held)
