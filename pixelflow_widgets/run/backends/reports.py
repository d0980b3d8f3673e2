"""What nodes report and print in the worker: each line to the task that wrote it, no more than a kernel can read."""

from __future__ import annotations

import io
import sys
import threading
import time
from typing import Any

from ...media import Preview
from ...schema.usage import Usage
from ...secrets import redacted
from .inline import shown
from .line import Line

MAX_CHARACTERS = 100_000
MAX_LINES = 2_000
BURST, PREVIEWS = 20, 5
"""Reports and previews that are sent at once; then as many as `PER_SECOND`, of which the last counts."""
PER_SECOND = 10
_PAUSE = 0.1
_CUT = "… the rest of what this node prints is not kept."


class Reports:
    """Sends what one task reports, bounded in messages a second and in text altogether.

    Args:
        line: The line to the kernel.
        number: Of the task.
        ticker: Sends later what may not be sent at once.
    """

    def __init__(self, line: Line, number: int, ticker: Ticker) -> None:
        self._line, self._number, self._ticker = line, number, ticker
        self.usage = Usage()
        """What the task has used so far; is sent with its end."""
        self._lock = threading.RLock()
        self._left, self._lines_left = MAX_CHARACTERS, MAX_LINES
        self._lines: list[str] = []
        self._unfinished = ""
        self._progress: tuple[float | None, str] | None = None
        self._steps, self._previews = _Allowance(BURST), _Allowance(PREVIEWS)

    def progress(self, fraction: float | None, note: str) -> None:
        """Send how far the task is, or keep it until something may be sent again."""
        with self._lock:
            self._progress = fraction, redacted(note)
            if self._steps.take():
                self._send_progress()
            else:
                self._ticker.wake(self)

    def preview(self, value: Any) -> None:
        """Send an unfinished result, or pass over it: the next one shows more."""
        if self._previews.take():
            preview: Preview = shown(value)
            self._line.send("preview", self._number, preview.mime, preview.data, preview.size)

    def log(self, line: str) -> None:
        """Send a line of text."""
        self.write(f"{line}\n")

    def used(self, usage: Usage) -> None:
        """Take what was used."""
        with self._lock:
            self.usage += usage

    def write(self, text: str) -> None:
        """Take what the task prints; whole lines are sent ten times a second."""
        if self._left <= 0:
            return
        with self._lock:
            *lines, self._unfinished = (self._unfinished + text[: self._left]).replace("\r", "\n").split("\n")
            self._left -= len(text)
            lines = [line for line in lines if line]
            self._lines += lines[: self._lines_left]
            self._lines_left -= len(lines)
            if self._left <= 0 or self._lines_left < 0:
                self._left, self._unfinished = 0, ""
                self._lines.append(_CUT)
        self._ticker.wake(self)

    def send_kept(self, is_last: bool = False) -> None:
        """Send what was kept back."""
        with self._lock:
            lines, self._lines = self._lines, []
            if is_last and self._unfinished:
                lines.append(self._unfinished)
                self._unfinished = ""
            if lines:
                self._line.send("log", self._number, [redacted(line) for line in lines])
            if self._progress is not None:
                self._send_progress()

    def _send_progress(self) -> None:
        self._line.send("progress", self._number, *(self._progress or (None, "")))
        self._progress = None


class _Allowance:
    """Says whether one more may be sent now."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._left, self._asked = float(most), time.monotonic()

    def take(self) -> bool:
        now = time.monotonic()
        self._left = min(self._left + (now - self._asked) * PER_SECOND, self._most)
        self._asked = now
        if self._left < 1:
            return False
        self._left -= 1
        return True


class Ticker:
    """Sends ten times a second what reports kept back, and sleeps while there is nothing."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._kept: set[Reports] = set()
        self._thread: threading.Thread | None = None

    def wake(self, reports: Reports) -> None:
        """Have what a task kept back sent soon."""
        if reports in self._kept:
            return
        with self._changed:
            self._kept.add(reports)
            if self._thread is None:
                self._thread = threading.Thread(target=self._tick, name="pixelflow-ticker", daemon=True)
                self._thread.start()
            self._changed.notify()

    def _tick(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._kept)
            time.sleep(_PAUSE)
            with self._changed:
                kept, self._kept = self._kept, set()
            for reports in kept:
                reports.send_kept()


class TaskOutput(io.TextIOBase):
    """Stands for standard output and error: what a thread prints goes to the task that it runs.

    What a thread prints that a node started goes to the one task that runs, if there is only one.
    """

    def __init__(self) -> None:
        self._here = threading.local()
        self._running: list[Reports] = []

    def begin(self, reports: Reports) -> None:
        """Say that this thread runs a task now."""
        self._here.reports = reports
        self._running.append(reports)
        sys.stdout = sys.stderr = self  # a node before may have put something else there

    def end(self, reports: Reports) -> None:
        """Say that the task of this thread is over."""
        self._here.reports = None
        self._running.remove(reports)

    def writable(self) -> bool:
        """Return True."""
        return True

    def write(self, text: str) -> int:
        """Give text to its task; what belongs to none goes where the process writes its last words."""
        reports = getattr(self._here, "reports", None)
        if reports is None and len(running := self._running[:2]) == 1:
            reports = running[0]
        if reports is not None:
            reports.write(text)
        elif sys.__stderr__ is not None:
            sys.__stderr__.write(redacted(text))
        return len(text)
