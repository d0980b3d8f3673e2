"""The backend that runs nodes in a process of its own: it can be killed, and gives all its memory back.

One worker serves every flow of a kernel, so that models are resident once. It is started when first needed (or warmed
in the background), ends with the kernel, and after a crash the next task starts a new one.
"""

from __future__ import annotations

import atexit
import itertools
import json
import os
import queue
import secrets
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterable
from multiprocessing.connection import Client, Connection
from typing import Any

from ...errors import Cancelled, MediaError, NodeFailed, WorkerLost
from ...media import Preview
from ..transport import pack, pack_function, unpack
from .protocol import Task, TaskListener

_START = (
    "import sys, json; setup = json.loads(sys.stdin.readline()); sys.path[:] = setup['path']; "
    "from pixelflow_widgets.run.backends.worker_process import serve; serve(setup)"
)
GRACE_SECONDS = 3.0
_POLL_SECONDS = 0.05
_PATIENCE_SECONDS = 0.2
"""How long a task waits for its turn before its listener is told what for."""


class WorkerBackend:
    """Runs nodes in one spawned process.

    Args:
        grace: Seconds that a stopped node has to leave by itself before the process is killed.
    """

    def __init__(self, grace: float = GRACE_SECONDS) -> None:
        self.grace = grace
        self._lock = threading.Lock()
        self._process: _Process | None = None
        self._numbers = itertools.count()

    @property
    def pid(self) -> int | None:
        """Return the id of the worker process, if there is one."""
        process = self._process
        return process.popen.pid if process and process.alive else None

    def warm(self, modules: Iterable[str] = ()) -> None:
        """Start the process and import modules in the background, so that the first run does not wait."""
        names = list(modules)
        threading.Thread(target=lambda: self._running().warm(names), name="pixelflow-warm", daemon=True).start()

    def execute(self, task: Task, listener: TaskListener, cancelled: threading.Event) -> dict[str, Any]:
        """Run a node; see `Backend.execute`."""
        try:
            packed = pack(task.node_type.inputs, task.inputs)
        except Exception as error:
            raise NodeFailed(f"An input cannot travel to the worker process: {error}") from error
        message = (pack_function(task.node_type), task.node_type.shape, packed)
        if cancelled.is_set():
            raise Cancelled("The run was stopped.")
        try:
            return self._try(message, listener, cancelled)
        except _NeverStarted:  # the process died before it took the task: a new one is tried, once
            try:
                return self._try(message, listener, cancelled)
            except _NeverStarted as error:
                raise WorkerLost(str(error)) from None

    def _try(self, message: tuple[Any, ...], listener: TaskListener, cancelled: threading.Event) -> dict[str, Any]:
        patience = _Patience(listener, "" if self.pid is not None else "Starting the worker …")
        process = self._running()
        number = next(self._numbers)
        mailbox = process.open_mailbox(number)
        try:
            process.send("task", number, *message)
            return self._follow(process, number, mailbox, patience, cancelled)
        finally:
            process.close_mailbox(number)

    def _follow(
        self, process: _Process, number: int, mailbox: queue.Queue[Any], patience: _Patience, cancelled: threading.Event
    ) -> dict[str, Any]:
        listener, deadline, started = patience.listener, None, False
        while True:
            if cancelled.is_set() and deadline is None:
                deadline = time.monotonic() + self.grace
                process.send("cancel", number)
            try:
                kind, *what = mailbox.get(timeout=_POLL_SECONDS)
            except queue.Empty:
                if not started:
                    patience.wait(process.occupation)
                if deadline is not None and time.monotonic() > deadline:
                    process.kill()
                    raise Cancelled("The node did not stop by itself, so its worker process was ended.") from None
                continue
            match kind:
                case "started":
                    started = True
                    patience.end()
                case "progress":
                    listener.progress(*what)
                case "preview":
                    listener.preview(Preview(*what))
                case "log":
                    listener.log(*what)
                case "done":
                    return unpack(what[0])
                case "failed":
                    raise NodeFailed(what[0], traceback=what[1])
                case "cancelled":
                    raise Cancelled("The run was stopped.")
                case "lost":
                    if cancelled.is_set():
                        raise Cancelled("The run was stopped.")
                    raise (WorkerLost if started else _NeverStarted)(what[0])

    def _running(self) -> _Process:
        with self._lock:
            if self._process is None or not self._process.alive:
                self._process = _Process()
            return self._process

    def close(self) -> None:
        """End the process."""
        with self._lock:
            if self._process is not None:
                self._process.end()
                self._process = None


class _Patience:
    """Tells a listener what its task waits for, so that nothing looks hung."""

    def __init__(self, listener: TaskListener, reason: str) -> None:
        self.listener = listener
        self._asked = time.monotonic()
        self._told = ""
        self._tell(reason)

    def wait(self, reason: str) -> None:
        if time.monotonic() > self._asked + _PATIENCE_SECONDS:
            self._tell(reason)

    def end(self) -> None:
        self._tell("")
        self.listener.began()

    def _tell(self, reason: str) -> None:
        if reason != self._told:
            self._told = reason
            self.listener.progress(None, reason)


class _NeverStarted(Exception):
    """Says that a process ended before it took a task."""


class _Process:
    """Is one worker process and the line to it."""

    def __init__(self) -> None:
        self._mailboxes: dict[int, queue.Queue[Any]] = {}
        self._lock = threading.Lock()
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the process
        self.alive = True
        self._warming = 0
        key = secrets.token_bytes(32)
        self.popen = subprocess.Popen(
            [sys.executable, "-c", _START],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            start_new_session=True,  # Ctrl-C in a terminal reaches the kernel only, which then says what to stop
        )
        self._connection = self._connect(key)
        threading.Thread(target=self._listen, name="pixelflow-worker", daemon=True).start()

    def _connect(self, key: bytes) -> Connection:
        assert self.popen.stdin and self.popen.stdout
        try:
            self.popen.stdin.write(json.dumps({"key": key.hex(), "path": sys.path}).encode() + b"\n")
            self.popen.stdin.close()
            answer = self.popen.stdout.readline()
            address = json.loads(answer)["address"]
            return Client(address, authkey=key)
        except (OSError, ValueError, EOFError) as error:
            self.alive = False
            self.popen.kill()
            raise WorkerLost(f"The worker process did not start. {self._ending()}") from error

    def warm(self, modules: list[str]) -> None:
        self._warming += 1
        self.send("warm", modules)

    @property
    def occupation(self) -> str:
        """Return what it does that makes a task wait, in words."""
        return "Loading model code …" if self._warming else "Waiting for the worker, which runs another node …"

    def open_mailbox(self, number: int) -> queue.Queue[Any]:
        with self._lock:
            mailbox: queue.Queue[Any] = queue.Queue()
            self._mailboxes[number] = mailbox
            if not self.alive:
                mailbox.put(("lost", self._ending()))
            return mailbox

    def close_mailbox(self, number: int) -> None:
        with self._lock:
            self._mailboxes.pop(number, None)

    def send(self, kind: str, *what: Any) -> None:
        try:
            with self._lock:
                self._connection.send((kind, *what))
        except (OSError, ValueError):  # the line is gone; the mailboxes are told by the listener
            pass
        except Exception as error:
            raise MediaError(f"A task cannot travel to the worker process: {error}") from error

    def _listen(self) -> None:
        while True:
            try:
                kind, number, *what = self._connection.recv()
            except Exception:  # the line is closed; or holds what nobody can read, which is no better
                self.popen.kill()
                break
            if kind == "warmed":
                self._warming -= 1
            mailbox = self._mailboxes.get(number)
            if mailbox is not None:
                mailbox.put((kind, *what))
        self.popen.wait()
        with self._lock:
            self.alive = False
            for mailbox in self._mailboxes.values():
                mailbox.put(("lost", self._ending()))

    def _ending(self) -> str:
        """Say how the process ended, with the last lines that it wrote."""
        code = self.popen.wait()
        how = f"was ended by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"
        if code == -signal.SIGKILL:
            how += " (killed, perhaps because memory ran out)"
        self._errors.seek(max(0, self._errors.seek(0, os.SEEK_END) - 1500))
        last = self._errors.read().decode(errors="replace").strip()
        return f"The worker process {how}." + (f" It wrote:\n{last}" if last else "")

    def kill(self) -> None:
        self.alive = False  # at once: the next task must not be given to it
        self.popen.kill()

    def end(self) -> None:
        self.send("exit")
        try:
            self.popen.wait(timeout=2)
        except subprocess.TimeoutExpired:
            self.kill()


_shared: WorkerBackend | None = None
_shared_lock = threading.Lock()


def shared_worker() -> WorkerBackend:
    """Return the one worker of this process; it is started when it first runs something."""
    global _shared
    with _shared_lock:
        if _shared is None:
            _shared = WorkerBackend()
            atexit.register(_shared.close)
        return _shared
