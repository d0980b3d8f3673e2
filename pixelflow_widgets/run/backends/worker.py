"""The backend that runs nodes in a process of its own: it can be killed, and gives all its memory back.

One worker serves every flow of a kernel, so that models are resident once. It is started when first needed (or warmed
in the background), ends with the kernel, and after a crash the next task starts a new one.
"""

from __future__ import annotations

import atexit
import contextlib
import itertools
import json
import queue
import threading
import time
from collections.abc import Iterable, Iterator
from typing import Any

from ...errors import Cancelled, MediaError, NodeFailed, RunError, WorkerLost
from ...media import Model, Preview
from ...schema import Port, PortType
from ...schema.usage import Usage
from ..transport import pack_function
from .inline import failed, over_limit
from .process import ENDS, Lost, Process
from .protocol import Stop, Task, TaskListener

GRACE_SECONDS = 2.5
ANSWER_SECONDS = 10.0
"""How long a question to the process may take; it may be starting, or a node may hold its interpreter."""
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
        self._suspects = threading.Lock()
        self._process: Process | None = None
        self._numbers = itertools.count()

    @property
    def pid(self) -> int | None:
        """Return the id of the worker process, if there is one."""
        process = self._process
        return process.popen.pid if process and process.alive else None

    def warm(self, modules: Iterable[str] = ()) -> None:
        """Start the process and import modules in the background, so that the first run does not wait."""
        names = list(modules)

        def start() -> None:
            with contextlib.suppress(RunError):  # the first task says it to somebody
                self._running().warm(names)

        threading.Thread(target=start, name="pixelflow-warm", daemon=True).start()

    def ask(self, name: str, *arguments: Any) -> Any:
        """Call a function in the process, beside what runs there, and return what it gave; None if there is no process.

        Args:
            name: "module:function"; quick, and what it gives is plain data that JSON knows.
            arguments: Plain data.

        Raises:
            RunError: The function raised, or the process does not answer.
        """
        with self._lock:
            process = self._process
        if process is None or not process.alive:
            return None
        number = next(self._numbers)
        mailbox = process.open_mailbox(number)
        try:
            process.send("ask", number, name, arguments)
            kind, *what = mailbox.get(timeout=ANSWER_SECONDS)
        except queue.Empty:
            raise RunError(f"The worker did not answer {name} within {ANSWER_SECONDS:g} s. Try again later.") from None
        finally:
            process.close_mailbox(number)
        if kind == "lost":
            return None
        is_found, answer = what
        if not is_found:
            raise RunError(answer)
        return json.loads(answer)

    def execute(self, task: Task, listener: TaskListener, stop: Stop) -> dict[str, Any]:
        """Run a node; see `Backend.execute`.

        When the process ends, a task that it had not begun, or that ran beside the one for which it was ended, is done
        again in a new one. Where nobody knows which of several tasks made it crash, each is tried once more, alone.
        """
        code = pack_function(task.node_type)
        not_begun = 0
        is_suspect = False
        while True:
            try:
                with self._one_at_a_time(stop) if is_suspect else contextlib.nullcontext():
                    return self._try(task, code, listener, stop)
            except _Gone as gone:
                lost, number = gone.lost, gone.number
            if stop.is_set():
                raise Cancelled("The run was stopped.")
            if lost.culprit is not None:
                continue  # it was ended for another task
            if number not in lost.running and not_begun < 1:
                not_begun += 1
            elif len(lost.running) > 1 and task.node_type.pure and not is_suspect:
                is_suspect = True
            else:
                raise WorkerLost(lost.words)

    @contextlib.contextmanager
    def _one_at_a_time(self, stop: Stop) -> Iterator[None]:
        while not self._suspects.acquire(timeout=_POLL_SECONDS):
            if stop.is_set():
                raise Cancelled("The run was stopped.")
        try:
            yield
        finally:
            self._suspects.release()

    def _try(self, task: Task, code: tuple[str, Any], listener: TaskListener, stop: Stop) -> dict[str, Any]:
        if stop.is_set():
            raise Cancelled("The run was stopped.")
        patience = _Patience(listener, "" if self.pid is not None else "Starting the worker …")
        process, number = self._running(), next(self._numbers)
        follower = _Follower(process, number, task, patience, stop, self.grace)
        ports = task.node_type.inputs
        if record := task.node_type.record:  # travels like a text that came to a port
            ports = {**ports, record: Port(record, PortType("text"))}
        lane = "model" if any(_computes(port, task.inputs.get(name)) for name, port in ports.items()) else "pool"
        try:
            process.give(number, ports, task.inputs, lane, task.priority, code, task.node_type.shape)
            return follower.follow()
        except MediaError as error:
            raise NodeFailed(f"A value cannot travel between the processes: {error}") from error
        finally:
            process.close_mailbox(number)

    def _running(self) -> Process:
        with self._lock:
            if self._process is None or not self._process.alive:
                try:
                    self._process = Process()
                except OSError as error:
                    raise WorkerLost(f"The worker process could not be started: {error}") from error
                except RunError as error:  # what the environment says cannot be followed
                    raise NodeFailed(str(error)) from error
            return self._process

    def close(self) -> None:
        """End the process."""
        with self._lock:
            if self._process is not None:
                self._process.end()
                self._process = None


def _computes(port: Port, value: Any) -> bool:
    """Return whether what comes to a port computes in the worker: a model that is not on a server."""
    return port.type.name == "model" and not (isinstance(value, Model) and value.is_served)


class _Gone(Exception):
    """Says that the process ended before a task did."""

    def __init__(self, lost: Lost, number: int) -> None:
        self.lost, self.number = lost, number


class _Follower:
    """Follows one try of a task until it ends, by itself or because it was stopped or took too long."""

    def __init__(
        self, process: Process, number: int, task: Task, patience: _Patience, stop: Stop, grace: float
    ) -> None:
        self._process, self._number, self._task = process, number, task
        self._patience, self._listener, self._stop, self._grace = patience, patience.listener, stop, grace
        self._mailbox = process.open_mailbox(number)
        self._began: float | None = None
        self._deadline: float | None = None
        """When the process is killed if the task has not ended by itself."""
        self._is_late = False

    def follow(self) -> dict[str, Any]:
        """Return the outputs of the task; see `Backend.execute`."""
        while True:
            self._watch()
            try:
                kind, *what = self._mailbox.get(timeout=_POLL_SECONDS)
            except queue.Empty:
                if self._began is None:
                    self._patience.wait(self._process.occupation())
                continue
            if kind in ENDS:
                return self._end(kind, what)
            self._hear(kind, what)

    def _watch(self) -> None:
        """See whether the task was stopped or is late; ask it to end, and end it if it does not."""
        now = time.monotonic()
        if self._deadline is None and (self._stop.is_set() or self._is_over(now)):
            if self._process.withdraw(self._number):
                raise self._stopped()
            self._deadline = now + max(self._grace, self._task.node_type.grace)
            self._process.send("cancel", self._number)
        if self._deadline is None:
            return
        if now > self._deadline or (self._stop.now and self._began is not None):
            self._process.kill(culprit=self._number)
            raise self._stopped(" The node did not stop by itself, so its worker process was ended.")

    def _is_over(self, now: float) -> bool:
        limit = self._task.limit
        self._is_late = limit is not None and self._began is not None and now > self._began + limit
        return self._is_late

    def _stopped(self, how: str = "") -> RunError:
        if self._is_late and not self._stop.is_set():
            return NodeFailed(over_limit(self._task.limit or 0) + how)
        return Cancelled("The run was stopped." + how)

    def _end(self, kind: str, what: list[Any]) -> dict[str, Any]:
        *what, peak, used = what
        if peak is not None:
            self._listener.peak(peak)
        self._listener.used(Usage.of(used))
        if kind == "done" and not self._is_late:
            return self._process.take(self._number, what[0])
        if kind == "failed" and not self._is_late:
            raise failed(self._listener, *what)
        raise self._stopped()

    def _hear(self, kind: str, what: list[Any]) -> None:
        listener = self._listener
        match kind:
            case "started":
                self._began = time.monotonic()
                self._patience.end()
            case "progress":
                listener.progress(*what)
            case "preview":
                listener.preview(Preview(*what))
            case "log":
                for line in what[0]:
                    listener.log(line)
            case "lost":
                raise _Gone(what[0], self._number)


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
