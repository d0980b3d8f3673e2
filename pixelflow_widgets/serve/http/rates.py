"""How often a key may ask: a bucket a key, which fills up while it does not."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable


class Rates:
    """Counts the requests of keys.

    Args:
        per_minute: For keys that name no number.
        clock: Seconds that only go forward.
    """

    def __init__(self, per_minute: int, clock: Callable[[], float] = time.monotonic) -> None:
        self.per_minute = per_minute
        self._clock = clock
        self._buckets: dict[str, tuple[float, float]] = {}  # left, when
        self._lock = threading.Lock()

    def take(self, key: str, per_minute: int | None = None) -> int:
        """Take one request of a key; return 0, or the seconds after which there is one again.

        Args:
            key: Its id. Only keys that are known come here, so there are not more buckets than keys.
            per_minute: How many a minute; as many may come at once.
        """
        most = per_minute or self.per_minute
        with self._lock:
            now = self._clock()
            left, when = self._buckets.get(key, (float(most), now))
            left = min(float(most), left + (now - when) * most / 60)
            if left >= 1:
                self._buckets[key] = (left - 1, now)
                return 0
            self._buckets[key] = (left, now)
            return max(1, math.ceil((1 - left) * 60 / most))
