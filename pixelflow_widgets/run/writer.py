"""A thread that does what may wait, in its order, and is done before the process ends."""

from __future__ import annotations

import atexit
import logging
import threading
import time
from collections import deque
from collections.abc import Callable

_log = logging.getLogger(__name__)

MAX_WAITING_BYTES = 256 * 1024**2
END_SECONDS = 30.0


class Writer:
    """Does jobs in a thread that lives while there are some.

    Args:
        limit: How many bytes may wait; who adds more does the job himself.
    """

    def __init__(self, limit: int = MAX_WAITING_BYTES) -> None:
        self._limit = limit
        self._waiting: deque[tuple[Callable[[], None], int]] = deque()
        self._bytes = 0
        self._changed = threading.Condition()
        self._is_running = False
        self._is_registered = False

    def add(self, job: Callable[[], None], size: int) -> None:
        """Add a job that holds so many bytes until it is done."""
        with self._changed:
            if self._waiting and self._bytes + size > self._limit:
                is_mine = True
            else:
                is_mine = False
                self._waiting.append((job, size))
                self._bytes += size
                self._start()
        if is_mine:
            _do(job)

    def _start(self) -> None:
        if not self._is_registered:
            self._is_registered = True
            atexit.register(self.flush, END_SECONDS)
        if not self._is_running:
            self._is_running = True
            threading.Thread(target=self._work, name="pixelflow-writer", daemon=True).start()

    def _work(self) -> None:
        while True:
            with self._changed:
                if not self._waiting:
                    self._is_running = False
                    self._changed.notify_all()
                    return
                job, size = self._waiting[0]
            _do(job)
            with self._changed:
                self._waiting.popleft()
                self._bytes -= size
            del job

    def flush(self, timeout: float) -> bool:
        """Wait until everything is done, or some seconds; return whether it is."""
        deadline = time.monotonic() + timeout
        with self._changed:
            while self._is_running:
                left = deadline - time.monotonic()
                if left <= 0:
                    return False
                self._changed.wait(left)
        return True


def _do(job: Callable[[], None]) -> None:
    try:
        job()
    except Exception:  # what waits is never worth a run
        _log.exception("A result could not be written.")
