"""What runs inside the worker process: takes tasks in lanes, hears Stop meanwhile, ends with its kernel."""

from __future__ import annotations

import contextlib
import faulthandler
import importlib
import itertools
import json
import os
import queue
import signal
import sys
import threading
import traceback
from multiprocessing.connection import Listener
from pathlib import Path
from typing import Any, NamedTuple

from ...errors import Cancelled
from ...schema import Progress, Shape
from ...secrets import redacted
from ..shared_memory import SharedMemory
from ..transport import pack, spans_of, unpack, unpack_function
from .effort import Effort
from .inline import describe, partial_of
from .line import Line
from .memory import Peak
from .mutation import InputWatch, is_debugging
from .reports import Reports, TaskOutput, Ticker

MODEL_LANE, POOL = "model", "pool"
"""Nodes that take a model run one after another, for there is one accelerator; others beside them."""
_THREADS = max(1, min(4, len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1))
_OUT_OF_MEMORY = "Memory ran out. Make the result smaller or free a model."


def serve(setup: dict[str, Any]) -> None:
    """Open a line, tell the kernel its address, and run tasks until the line closes.

    Args:
        setup: The key of the line, as hexadecimal text, and descriptors of shared memory; `sys.path` was set before.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    given, taken = [None if number is None else SharedMemory(number) for number in setup["memory"]]
    with Listener(None, authkey=bytes.fromhex(setup["key"])) as listener:
        sys.stdout.write(json.dumps({"address": listener.address}) + "\n")
        sys.stdout.flush()
        line = Line(listener.accept(), taken)
    _detach()
    _offer_to_be_ended()
    worker = _Worker(line, given)
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=worker.leave)
    threading.Thread(target=line.listen, args=(worker.take,), name="pixelflow-line", daemon=True).start()
    worker.work(worker.lanes[MODEL_LANE])


def _detach() -> None:
    """Leave standard input and output, which nobody serves any more: a library that prints would fill the pipe."""
    os.dup2(2, 1)
    sys.stdin = Path(os.devnull).open()  # noqa: SIM115 - as long as the process
    faulthandler.enable(sys.__stderr__ or 2, all_threads=False)  # a crash in native code says where


def _offer_to_be_ended() -> None:
    """Have the system end this process before the kernel, whose variables are worth more, when memory runs out."""
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("800")


class _Message(NamedTuple):
    """Is one thing to do; what has the smaller priority comes first, then what came first."""

    priority: int
    place: int
    kind: str
    what: Any


class _Worker:
    """Runs tasks in lanes: one thread for nodes that take a model, some for the others."""

    def __init__(self, line: Line, given: SharedMemory | None) -> None:
        self._line, self._given = line, given
        self.lanes: dict[str, queue.PriorityQueue[_Message]] = {
            MODEL_LANE: queue.PriorityQueue(),
            POOL: queue.PriorityQueue(),
        }
        self._places = itertools.count()
        self._pool = 0  # threads
        self._lock = threading.Lock()
        self._running = 0
        self._output = TaskOutput()
        self._ticker = Ticker()

    def take(self, kind: str, *what: Any) -> None:
        """Put something into its lane."""
        if kind == "warm":
            # Before everything: who needs a model needs what is imported here.
            self.lanes[MODEL_LANE].put(_Message(-sys.maxsize, next(self._places), kind, what))
            return
        if kind == "ask":  # beside what runs: it is answered while a model is at work
            threading.Thread(target=self._reply, args=what, name="pixelflow-ask", daemon=True).start()
            return
        number, lane, priority, *task = what
        self.lanes[lane].put(_Message(priority, next(self._places), kind, (number, *task)))
        if lane == POOL and self._pool < _THREADS:
            self._pool += 1
            name = f"pixelflow-pool-{self._pool}"
            threading.Thread(target=self.work, args=(self.lanes[POOL],), name=name, daemon=True).start()

    def work(self, lane: queue.PriorityQueue[_Message]) -> None:
        """Do what comes into a lane, for ever."""
        while True:
            message = lane.get()
            if message.kind == "warm":
                _warm(*message.what)
                self._line.send("warmed", -1)  # of no task
            else:
                self._do(*message.what)
            del message  # with the inputs

    def _reply(self, number: int, name: str, arguments: tuple[Any, ...]) -> None:
        """Call a function and send what it gives, as JSON."""
        try:
            module, _, function = name.partition(":")
            found = True, json.dumps(getattr(importlib.import_module(module), function)(*arguments))
        except Exception as error:  # whoever asked is told
            found = False, in_words(error)
        self._line.send("answered", number, *found)

    def leave(self) -> None:
        """Become a process that a node forked off, and is none of ours."""
        self._line.leave()
        sys.stdout, sys.stderr = sys.__stdout__, sys.__stderr__

    def _do(self, number: int, code: Any, shape: Shape, packed: Any) -> None:
        if not self._line.begin(number):
            return
        with self._lock:
            self._running += 1
            peak = Peak(is_alone=self._running == 1)
        reports = Reports(self._line, number, self._ticker)
        self._output.begin(reports)
        try:
            answer = self._answer(reports, number, code, shape, packed)
        finally:
            self._output.end(reports)
            with self._lock:
                self._running -= 1
        reports.send_kept(is_last=True)
        self._line.send(*answer, peak.bytes(), reports.usage.as_json())
        self._line.end(number)

    def _answer(self, reports: Reports, number: int, code: Any, shape: Shape, packed: Any) -> tuple[Any, ...]:
        """Run a task and return the message that ends it."""
        try:
            return "done", number, self._run(reports, number, code, shape, packed)
        except Cancelled:
            return "cancelled", number
        except BaseException as error:  # of any kind: a lane must not end with a node
            return "failed", number, in_words(error), redacted(traceback.format_exc()), partial_of(error)

    def _run(self, reports: Reports, number: int, code: Any, shape: Shape, packed: Any) -> dict[str, Any]:
        progress = Progress(reports, self._line.cancelled(number).is_set)
        progress.check()
        function = unpack_function(code)
        arguments = unpack(packed, self._given)
        ports = {name: port for name, (port, _) in packed.items()}
        watch = InputWatch(ports, dict(arguments)) if is_debugging() else None
        if shape.progress:
            arguments[shape.progress] = progress
        effort = Effort()
        try:
            result = function(**arguments)
        finally:
            reports.used(effort.end())
        self._line.end_if_forked()
        progress.check()
        if watch:
            watch.check()
        outputs = pack(shape.outputs, shape.unpack(result), self._line.memory)
        self._line.lay(number, spans_of(outputs))
        return outputs


def in_words(error: BaseException) -> str:
    """Return an error of a node in one line; that memory ran out is said alike, whoever noticed."""
    is_full = isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError"
    if is_full or (isinstance(error, RuntimeError) and "can't allocate memory" in str(error)):
        return _OUT_OF_MEMORY
    return describe(error)


def _warm(modules: list[str]) -> None:
    for name in modules:
        try:
            importlib.import_module(name)
        except Exception:  # the node that needs it will say so in its own words
            traceback.print_exc()
