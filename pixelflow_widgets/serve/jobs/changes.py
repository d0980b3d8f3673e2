"""Who wants to hear of what: whoever waits for a job is woken when it changed, also by another process."""

from __future__ import annotations

import sqlite3
import threading
import time
import traceback
from collections.abc import Callable, Iterable

QUEUE = "queue"
"""The topic of jobs that began to wait."""
LOOK_SECONDS = 0.2
"""How often somebody who waits looks whether another process has written."""


class Changes:
    """Calls back whoever listens to a topic; topics are ids of jobs and QUEUE.

    Args:
        others_wrote: Returns another number when another process has written.
    """

    def __init__(self, others_wrote: Callable[[], int]) -> None:
        self._others_wrote = others_wrote
        self._lock = threading.Lock()
        self._listeners: dict[str, list[Callable[[], object]]] = {}
        self._is_looking = False

    def listen(self, topic: str, callback: Callable[[], object]) -> Callable[[], None]:
        """Call back, in any thread, whenever something may have changed; return what ends that.

        The callback must be quick; an asyncio server gives `lambda: loop.call_soon_threadsafe(event.set)`.
        """
        with self._lock:
            self._listeners.setdefault(topic, []).append(callback)
            if not self._is_looking:
                self._is_looking = True
                known = self._seen()  # now: what is written from here on shall be heard of
                threading.Thread(target=self._look, args=(known,), name="pixelflow-changes", daemon=True).start()

        def stop() -> None:
            with self._lock:
                listeners = self._listeners.get(topic, [])
                if callback in listeners:
                    listeners.remove(callback)
                if not listeners:
                    self._listeners.pop(topic, None)

        return stop

    def tell(self, topics: Iterable[str]) -> None:
        """Wake who listens to some topics; called when the transaction is done."""
        with self._lock:
            callbacks = [callback for topic in topics for callback in self._listeners.get(topic, ())]
        for callback in callbacks:
            try:
                callback()
            except Exception:  # a listener's mistake is not the job's
                traceback.print_exc()

    def _seen(self) -> int | None:
        try:
            return self._others_wrote()
        except sqlite3.Error:  # the store was closed, or its disk is gone: who waits looks by himself now and then
            return None

    def _look(self, known: int | None) -> None:
        """Tell everybody when another process has written, as long as anybody listens."""
        while True:
            seen = self._seen()
            with self._lock:
                topics = list(self._listeners)
                if not topics:
                    self._is_looking = False
                    return
            if seen != known:
                self.tell(topics)
            known = seen
            time.sleep(LOOK_SECONDS)
