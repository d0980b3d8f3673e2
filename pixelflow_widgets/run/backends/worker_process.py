"""What runs inside the worker process: takes tasks one after another, hears Stop meanwhile, ends with its kernel."""

from __future__ import annotations

import importlib
import io
import json
import os
import queue
import signal
import sys
import threading
import traceback
from multiprocessing.connection import Connection, Listener
from pathlib import Path
from typing import Any

from ...errors import Cancelled
from ...media import Preview, preview_of
from ...schema import Progress, Shape
from ..transport import pack, unpack, unpack_function
from .inline import describe
from .mutation import InputWatch, is_debugging

_MAX_LOG_CHARACTERS = 100_000


def serve(setup: dict[str, Any]) -> None:
    """Open a line, tell the kernel its address, and run tasks until the line closes.

    Args:
        setup: The key of the line, as hexadecimal text; `sys.path` was set from it before.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with Listener(None, authkey=bytes.fromhex(setup["key"])) as listener:
        sys.stdout.write(json.dumps({"address": listener.address}) + "\n")
        sys.stdout.flush()
        line = _Line(listener.accept())
    _detach()
    tasks: queue.Queue[Any] = queue.Queue()
    threading.Thread(target=line.listen, args=(tasks,), daemon=True).start()
    while True:
        kind, *what = tasks.get()
        if kind == "warm":
            _warm(*what)
            line.send("warmed", -1)  # of no task
            continue
        number, code, shape, packed = what
        if not line.begin(number):
            continue
        log = sys.stdout = sys.stderr = _LogWriter(line, number)
        answer = _answer(line, number, code, shape, packed)
        sys.stdout, sys.stderr = sys.__stdout__, sys.__stderr__
        log.finish()
        line.send(*answer)
        line.end(number)


def _answer(line: _Line, number: int, code: Any, shape: Shape, packed: Any) -> tuple[Any, ...]:
    """Run a task and return the message that ends it."""
    try:
        return "done", number, _run(line, number, code, shape, packed)
    except Cancelled:
        return "cancelled", number
    except MemoryError:
        sentence = "Memory ran out. Make the result smaller or free a model."
        return "failed", number, sentence, traceback.format_exc()
    except (Exception, SystemExit) as error:
        return "failed", number, describe(error), traceback.format_exc()


def _detach() -> None:
    """Leave standard input and output, which nobody serves any more: a library that prints would fill the pipe."""
    os.dup2(2, 1)
    sys.stdin = Path(os.devnull).open()  # noqa: SIM115 - as long as the process


def _warm(modules: list[str]) -> None:
    for name in modules:
        try:
            importlib.import_module(name)
        except Exception:  # the node that needs it will say so in its own words
            traceback.print_exc()


def _run(line: _Line, number: int, code: Any, shape: Shape, packed: Any) -> dict[str, Any]:
    progress = Progress(_Reports(line, number), line.cancelled(number).is_set)
    progress.check()
    function = unpack_function(code)
    arguments = unpack(packed)
    watch = InputWatch({name: port for name, (port, _) in packed.items()}, dict(arguments)) if is_debugging() else None
    if shape.progress:
        arguments[shape.progress] = progress
    result = function(**arguments)
    progress.check()
    if watch:
        watch.check()
    return pack(shape.outputs, shape.unpack(result))


class _Line:
    """Is the connection to the kernel; when it closes, the process ends at once."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._sending = threading.Lock()
        self._lock = threading.Lock()
        self._waiting: set[int] = set()
        self._cancelled: dict[int, threading.Event] = {}

    def send(self, *message: Any) -> None:
        with self._sending:
            self._connection.send(message)

    def listen(self, tasks: queue.Queue[Any]) -> None:
        try:
            while True:
                kind, *what = self._connection.recv()
                if kind == "task":
                    with self._lock:
                        self._waiting.add(what[0])
                        self._cancelled[what[0]] = threading.Event()
                    tasks.put((kind, *what))
                elif kind == "cancel":
                    self._cancel(what[0])
                elif kind == "warm":
                    tasks.put((kind, *what))
                elif kind == "exit":
                    break
        except (EOFError, OSError):
            pass
        finally:
            os._exit(0)

    def _cancel(self, number: int) -> None:
        """Tell the running task; one that still waits for its turn is answered at once, and never begins."""
        with self._lock:
            if number in self._cancelled:
                self._cancelled[number].set()
            waited = number in self._waiting
            self._waiting.discard(number)
        if waited:
            self.send("cancelled", number)

    def begin(self, number: int) -> bool:
        """Take a task and say so; return False if it was cancelled while it waited."""
        with self._lock:
            if number not in self._waiting:
                self._cancelled.pop(number, None)
                return False
            self._waiting.remove(number)
        self.send("started", number)
        return True

    def cancelled(self, number: int) -> threading.Event:
        return self._cancelled[number]

    def end(self, number: int) -> None:
        with self._lock:
            self._cancelled.pop(number, None)


class _Reports:
    """Sends what a node reports."""

    def __init__(self, line: _Line, number: int) -> None:
        self._line, self._number = line, number

    def progress(self, fraction: float | None, note: str) -> None:
        self._line.send("progress", self._number, fraction, note)

    def preview(self, value: Any) -> None:
        preview: Preview = preview_of(value)
        self._line.send("preview", self._number, preview.mime, preview.data, preview.size)

    def log(self, line: str) -> None:
        self._line.send("log", self._number, line)


class _LogWriter(io.TextIOBase):
    """Makes what a node prints its log, up to a length that a page can show."""

    def __init__(self, line: _Line, number: int) -> None:
        self._line, self._number = line, number
        self._left = _MAX_LOG_CHARACTERS
        self._unfinished = ""

    def writable(self) -> bool:
        return True

    def finish(self) -> None:
        """Send the last line, which may have no end."""
        if self._unfinished:
            self._line.send("log", self._number, self._unfinished)
            self._unfinished = ""

    def write(self, text: str) -> int:
        if self._left > 0:
            *lines, self._unfinished = (self._unfinished + text[: self._left + 1]).replace("\r", "\n").split("\n")
            self._left -= len(text)
            for line in filter(None, lines):
                self._line.send("log", self._number, line)
            if self._left <= 0:
                self._line.send("log", self._number, "… the rest of what this node prints is not kept.")
        return len(text)
