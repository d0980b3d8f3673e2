"""Running the cells of a comparison, one after the other, beside; each is a run of the flow, found if it ran before."""

from __future__ import annotations

import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import PIL.Image

from ..errors import BudgetExceeded, Cancelled, PixelFlowError
from ..media import Image
from ..media.encoders import picture_file
from ..public import Flow
from ..run import Run
from .cells import Cell
from .subject import Subject

_LOOK_SECONDS = 0.1


class Work:
    """Runs cells.

    Args:
        subject: What is run.
        cells: All cells, in the order in which they run.
        backend: As of `Flow.start`.
        changed: Called with a cell that is further than before, and with None when anything else is.
    """

    def __init__(
        self, subject: Subject, cells: Sequence[Cell], backend: Any, changed: Callable[[Cell | None], None]
    ) -> None:
        self._subject, self._cells, self._backend, self._changed = subject, cells, backend, changed
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._stop = threading.Event()
        self._run: Run | None = None
        # A thousand large pictures would fill the memory of the kernel.
        self._folder = tempfile.TemporaryDirectory(prefix="pixelflow-comparison-", ignore_cleanup_errors=True)
        self.note = ""
        """What the running cell does now."""
        self.refusal = ""
        """Why it does not go on: a budget would be exceeded."""
        self.over_budget = False

    @property
    def is_on(self) -> bool:
        """Return whether cells are being run."""
        return self._thread is not None and self._thread.is_alive()

    @property
    def is_stopping(self) -> bool:
        """Return whether it was told to stop and has not yet."""
        return self.is_on and self._stop.is_set()

    def begin(self) -> None:
        """Run what waits, beside; does nothing where that is on."""
        with self._lock:
            if self.is_on and not self._stop.is_set():
                return
            self.refusal = ""
            before, self._stop = self._thread, threading.Event()
            self._thread = threading.Thread(
                target=self._work,
                args=(self._stop, before),
                name=f"pixelflow-compare-{self._subject.name}",
                daemon=True,
            )
            self._thread.start()

    def stop(self) -> None:
        """End with what is done; the cell that runs waits again."""
        with self._lock:
            self._stop.set()
            run = self._run
        if run is not None:
            run.cancel()

    def join(self, timeout: float | None = None) -> bool:
        """Wait until nothing runs; return whether that is so."""
        end = None if timeout is None else time.monotonic() + timeout
        while self.is_on and (end is None or time.monotonic() < end):
            if (thread := self._thread) is not None:  # short waits: a long one does not hear Ctrl-C everywhere
                thread.join(_LOOK_SECONDS)
        return not self.is_on

    def _work(self, stop: threading.Event, before: threading.Thread | None) -> None:
        if before is not None:
            before.join()
        for cell in self._cells:
            if stop.is_set():
                break
            if cell.status == "waiting":
                self._do(cell, stop)
        self.note = ""
        with self._lock:
            if self._thread is threading.current_thread():
                self._thread = None
        self._changed(None)

    def _do(self, cell: Cell, stop: threading.Event) -> None:
        cell.status, self.note = "running", ""
        self._changed(cell)
        started = time.monotonic()
        try:
            self._take(cell, self._go(self._subject.flow_of(cell.inputs), cell, stop))
        except Cancelled:
            cell.status = "waiting"
        except BudgetExceeded as error:  # the others would not begin either
            cell.status, self.refusal = "waiting", str(error)
            stop.set()
        except Exception as error:  # a cell that fails must not take down the others
            cell.status, cell.error = "failed", str(error) or type(error).__name__
            cell.seconds = time.monotonic() - started
        else:
            cell.seconds = time.monotonic() - started
            cell.status = "done"
        finally:
            self._run = None
        self._changed(cell)

    def _go(self, flow: Flow, cell: Cell, stop: threading.Event) -> Run:
        run = flow.start(
            cell.inputs,
            targets=self._subject.outputs,
            backend=self._backend,
            on_event=self._hear,
            over_budget=self.over_budget,
        )
        with self._lock:
            self._run = run
        if stop.is_set():  # told between two looks
            run.cancel()
        while not run.wait(_LOOK_SECONDS):
            for question in run.questions.values():
                run.cancel()
                run.wait()
                raise PixelFlowError(f"'{question.title}' asks which candidate to take. A comparison asks nobody.")
        return run

    def _hear(self, event: Any) -> None:
        if event.kind == "progress" and event.note and event.note != self.note:
            self.note = event.note
            self._changed(None)

    def _take(self, cell: Cell, run: Run) -> None:
        result = run.result()
        for name in self._subject.outputs:
            value = result[name]
            value: Any = value[0] if isinstance(value, list) and value else value
            if name == self._subject.picture:
                if not isinstance(value, PIL.Image.Image):
                    raise PixelFlowError("The flow gave no picture.")
                node, _ = self._subject.place_of(name)
                self._keep(cell, value, run.records.text(node, value))
            elif name in self._subject.told:
                cell.told[name] = value

    def _keep(self, cell: Cell, image: Image, record: str) -> None:
        path = Path(self._folder.name) / f"{cell.number}.png"
        path.write_bytes(picture_file(image, ".png", record))
        cell.path, cell.size = path, image.size
