"""The worker's end of the line to its kernel: which tasks wait, which were stopped, and what goes out."""

from __future__ import annotations

import contextlib
import errno
import os
import signal
import threading
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any

from ... import secrets
from ..shared_memory import SharedMemory, Span

LINE_CLOSED = 75
"""The exit code of a worker that can no longer speak to its kernel."""


class Line:
    """Is the connection to the kernel; when it closes, the process ends at once.

    Args:
        connection: The connection.
        memory: Where large results are laid; None sends them as bytes.
    """

    def __init__(self, connection: Connection, memory: SharedMemory | None) -> None:
        self._connection = connection
        self._pid = os.getpid()
        self._sending = threading.Lock()
        self._lock = threading.Lock()
        self._waiting: set[int] = set()
        self._cancelled: dict[int, threading.Event] = {}
        self._laid: dict[int, list[Span]] = {}
        self.memory = memory

    def send(self, *message: Any) -> None:
        """Send a message; one to a kernel that is gone ends the process."""
        self.end_if_forked()
        try:
            with self._sending:
                self._connection.send(message)
        except OSError:  # the kernel is gone, or a node closed files that were not its own
            os._exit(LINE_CLOSED)

    def end_if_forked(self) -> None:
        """End this process if a node forked it off: it would go on as a second worker."""
        if os.getpid() != self._pid:
            os._exit(0)

    def leave(self) -> None:
        """Let go of the line in a process that was forked off: the kernel must hear when the worker ends."""
        with contextlib.suppress(OSError):
            os.close(self._connection.fileno())

    def listen(self, take: Callable[..., None]) -> None:
        """Hear what the kernel says until it says no more, then end the process.

        Args:
            take: Called with each task, each question and each wish to import modules; does not wait.
        """
        code = 0
        try:
            while True:
                kind, *what = self._connection.recv()
                match kind:
                    case "task":
                        self._free(what.pop(1))
                        with self._lock:
                            self._waiting.add(what[0])
                            self._cancelled[what[0]] = threading.Event()
                        take(kind, *what)
                    case "warm" | "ask":
                        take(kind, *what)
                    case "secrets":  # at once: what comes behind it may need them
                        secrets.take(what[0])
                    case "cancel":
                        self._cancel(what[0])
                    case "free":
                        self._free(what[0])
                    case "exit":
                        break
        except EOFError:
            pass
        except OSError as error:
            code = LINE_CLOSED if error.errno == errno.EBADF else 0
        finally:
            if code == 0 and hasattr(os, "killpg") and os.getpgrp() == os.getpid():
                os.killpg(0, signal.SIGKILL)  # with what nodes started, which nobody waits for any more
            os._exit(code)

    def _cancel(self, number: int) -> None:
        """Tell the running task; one that still waits for its turn is answered at once, and never begins."""
        with self._lock:
            if number in self._cancelled:
                self._cancelled[number].set()
            waited = number in self._waiting
            self._waiting.discard(number)
        if waited:
            self.send("cancelled", number, None, {})  # it held nothing

    def _free(self, numbers: list[int]) -> None:
        for number in numbers:
            for span in self._laid.pop(number, ()):
                self.memory.free(span)  # type: ignore[union-attr] - something was laid there

    def lay(self, number: int, spans: list[Span]) -> None:
        """Note what of a task's result lies in shared memory, until the kernel says that it was read."""
        if spans:
            self._laid[number] = spans

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
        """Return the event that is set when a task was stopped."""
        return self._cancelled[number]

    def end(self, number: int) -> None:
        """Forget a task."""
        with self._lock:
            self._cancelled.pop(number, None)
