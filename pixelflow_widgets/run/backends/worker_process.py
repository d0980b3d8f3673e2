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
from typing import Any

from ...errors import Cancelled
from ...media import Preview, preview_of
from ...schema import Progress, Shape
from ..transport import pack, unpack, unpack_function
from .inline import describe

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
    tasks: queue.Queue[Any] = queue.Queue()
    threading.Thread(target=line.listen, args=(tasks,), daemon=True).start()
    while True:
        kind, *what = tasks.get()
        if kind == "warm":
            _warm(*what)
            continue
        number, code, shape, packed = what
        cancelled = line.cancelled(number)
        line.send("started", number)
        sys.stdout = sys.stderr = _LogWriter(line, number)
        try:
            line.send("done", number, _run(line, number, cancelled, code, shape, packed))
        except Cancelled:
            line.send("cancelled", number)
        except MemoryError:
            line.send("failed", number, "Memory ran out. Make the result smaller or free a model.", _trace())
        except Exception as error:
            line.send("failed", number, describe(error), _trace())
        finally:
            sys.stdout, sys.stderr = sys.__stdout__, sys.__stderr__
            line.forget(number)


def _trace() -> str:
    return traceback.format_exc()


def _warm(modules: list[str]) -> None:
    for name in modules:
        try:
            importlib.import_module(name)
        except Exception:  # the node that needs it will say so in its own words
            traceback.print_exc()


def _run(line: _Line, number: int, cancelled: threading.Event, code: Any, shape: Shape, packed: Any) -> dict[str, Any]:
    progress = Progress(_Reports(line, number), cancelled.is_set)
    progress.check()
    function = unpack_function(code)
    arguments = unpack(packed)
    if shape.progress:
        arguments[shape.progress] = progress
    result = function(**arguments)
    progress.check()
    return pack(shape.outputs, shape.unpack(result))


class _Line:
    """Is the connection to the kernel; when it closes, the process ends at once."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._lock = threading.Lock()
        self._cancelled: dict[int, threading.Event] = {}

    def send(self, *message: Any) -> None:
        with self._lock:
            self._connection.send(message)

    def listen(self, tasks: queue.Queue[Any]) -> None:
        try:
            while True:
                kind, *what = self._connection.recv()
                if kind == "task":
                    self.cancelled(what[0])
                    tasks.put((kind, *what))
                elif kind == "cancel":
                    self.cancelled(what[0]).set()
                elif kind == "warm":
                    tasks.put((kind, *what))
                elif kind == "exit":
                    break
        except (EOFError, OSError):
            pass
        finally:
            os._exit(0)

    def cancelled(self, number: int) -> threading.Event:
        return self._cancelled.setdefault(number, threading.Event())

    def forget(self, number: int) -> None:
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

    def write(self, text: str) -> int:
        if self._left > 0:
            *lines, self._unfinished = (self._unfinished + text[: self._left + 1]).replace("\r", "\n").split("\n")
            self._left -= len(text)
            for line in filter(None, lines):
                self._line.send("log", self._number, line)
            if self._left <= 0:
                self._line.send("log", self._number, "… the rest of what this node prints is not kept.")
        return len(text)
