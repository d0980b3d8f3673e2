"""One worker process as the kernel sees it: its start, the line to it, its memory, its end."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import deque
from collections.abc import Mapping
from multiprocessing.connection import Client, Connection
from multiprocessing.reduction import ForkingPickler
from typing import Any, NamedTuple

from ... import secrets as known_secrets
from ...errors import MediaError
from ...schema import Port
from ..shared_memory import SharedMemory, Span, make_shared
from ..transport import Packed, pack, spans_of, unpack
from .line import LINE_CLOSED
from .memory import VARIABLE, in_words, memory_limit, private_bytes

_START = (
    "import sys, json; setup = json.loads(sys.stdin.readline()); sys.path[:] = setup['path']; "
    "from pixelflow_widgets.run.backends.worker_process import serve; serve(setup)"
)
_LOOK_SECONDS = 0.1
_LAST_WORDS = 1500
_MAX_WORDS = 1_000_000
"""Bytes that a process may write past Python before they are thrown away."""
ENDS = ("done", "failed", "cancelled")


class Lost(NamedTuple):
    """Says how a process ended.

    Args:
        words: A sentence.
        culprit: The task for which the kernel ended it, if it did.
        running: The tasks that ran in it.
    """

    words: str
    culprit: int | None
    running: frozenset[int]


class Process:
    """Is one worker process; it is there at once, and takes messages while it starts.

    Raises:
        OSError: The system has no room for one more.
        RunError: The environment names a limit of memory that is none.
    """

    def __init__(self) -> None:
        self._mailboxes: dict[int, queue.Queue[Any]] = {}
        self._laid: dict[int, list[Span]] = {}
        self._read: list[int] = []
        self._running: set[int] = set()
        self._outgoing: deque[tuple[int, bytes]] = deque()
        self._changed = threading.Condition(threading.RLock())
        self._is_busy = threading.Event()
        self._connection: Connection | None = None
        self.alive = True
        self._lost: Lost | None = None
        self._culprit: int | None = None
        self._reason = ""
        self._warming = 0
        self._limit = memory_limit()
        self._told_secrets: dict[str, Any] | None = None
        self._key = secrets.token_bytes(32)
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the process
        _append_only(self._errors.fileno())
        numbers = [make_shared(), make_shared()]
        self._to_worker, self._from_worker = [None if n is None else SharedMemory(n) for n in numbers]
        self.popen = subprocess.Popen(
            [sys.executable, "-c", _START],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            pass_fds=[number for number in numbers if number is not None],
            start_new_session=True,  # Ctrl-C in a terminal reaches the kernel only, which then says what to stop
        )
        setup = {"key": self._key.hex(), "path": sys.path, "memory": numbers}
        threading.Thread(target=self._listen, args=(setup,), name="pixelflow-worker", daemon=True).start()
        threading.Thread(target=self._look, name="pixelflow-worker-look", daemon=True).start()

    # Tasks

    def open_mailbox(self, number: int) -> queue.Queue[Any]:
        """Return where the answers to a task will come."""
        with self._changed:
            mailbox = self._mailboxes[number] = queue.Queue()
            if self._lost:
                mailbox.put(("lost", self._lost))
            self._is_busy.set()
            return mailbox

    def close_mailbox(self, number: int) -> None:
        """Forget a task; one that still runs is told to stop."""
        with self._changed:
            self._mailboxes.pop(number, None)
            if number in self._running:
                self.send("cancel", number)
            for span in self._laid.pop(number, ()):
                self._to_worker.free(span)  # type: ignore[union-attr] - something was laid there

    def give(self, number: int, ports: Mapping[str, Port], values: Mapping[str, Any], *task: Any) -> None:
        """Send a task.

        Args:
            number: Its number.
            ports: Its inputs.
            values: By port.
            task: What else the worker has to know: lane, priority, code, shape.

        Raises:
            MediaError: Something cannot travel.
        """
        packed = pack(ports, values, self._to_worker)
        with self._changed:
            self._laid[number] = spans_of(packed)
        self._tell_secrets()
        self.send("task", number, self._freed(), *task, packed)

    def _tell_secrets(self) -> None:
        """Send the secrets of this kernel, in memory, where they are others than the process knows."""
        with self._changed:
            now = known_secrets.state()
            if now != self._told_secrets:
                self._told_secrets = now
                self.send("secrets", now)

    def take(self, number: int, packed: Mapping[str, tuple[Port, Packed]]) -> dict[str, Any]:
        """Return the values of a result, whose place in shared memory is free then.

        Raises:
            MediaError: They cannot be read.
        """
        try:
            return unpack(packed, self._from_worker)
        finally:
            self._let_free(number, packed)

    def _let_free(self, number: int, packed: Mapping[str, tuple[Port, Packed]]) -> None:
        """Have the place of a result freed: the next task says so, or whoever looks next."""
        if spans_of(packed):
            with self._changed:
                self._read.append(number)
            self._is_busy.set()

    def _freed(self) -> list[int]:
        with self._changed:
            numbers, self._read = self._read, []
            return numbers

    def withdraw(self, number: int) -> bool:
        """Take back a task that was not sent yet; return whether it was not."""
        with self._changed:
            kept = [message for message in self._outgoing if message[0] != number]
            is_kept = len(kept) < len(self._outgoing)
            self._outgoing = deque(kept)
            return is_kept

    def warm(self, modules: list[str]) -> None:
        """Import modules."""
        self._warming += 1
        self.send("warm", modules)

    def occupation(self) -> str:
        """Return what it does that makes a task wait, in words."""
        if self._connection is None:
            return "Starting the worker …"
        return "Loading model code …" if self._warming else "Waiting for the worker, which runs another node …"

    def send(self, kind: str, *what: Any) -> None:
        """Send a message, without waiting until the worker reads it.

        Raises:
            MediaError: It cannot be made bytes of.
        """
        try:
            data = bytes(ForkingPickler.dumps((kind, *what)))
        except Exception as error:
            raise MediaError(f"A task cannot travel to the worker process: {error}") from error
        with self._changed:
            if self._lost is None:
                self._outgoing.append((what[0] if kind == "task" else -1, data))
                self._changed.notify_all()

    # The line

    def _speak(self, connection: Connection) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._outgoing or self._lost)
                if self._lost:
                    return
                _, data = self._outgoing.popleft()
            try:
                connection.send_bytes(data)
            except OSError:  # the line is gone; who listens to it says so
                return

    def _listen(self, setup: dict[str, Any]) -> None:
        try:
            connection = self._connection = self._connect(setup)
            threading.Thread(target=self._speak, args=(connection,), name="pixelflow-worker-speak", daemon=True).start()
            while True:
                kind, number, *what = connection.recv()
                self._hear(kind, number, what)
        except Exception:  # the line is closed; or holds what nobody can read, which is no better
            self._note_end()

    def _connect(self, setup: dict[str, Any]) -> Connection:
        assert self.popen.stdin and self.popen.stdout
        with self.popen.stdin as entry:
            entry.write(json.dumps(setup).encode() + b"\n")
        with self.popen.stdout as exit:
            address = json.loads(exit.readline())["address"]
        return Client(address, authkey=self._key)

    def _hear(self, kind: str, number: int, what: list[Any]) -> None:
        with self._changed:
            if kind == "started":
                self._running.add(number)
            elif kind in ENDS:
                self._running.discard(number)
            elif kind == "warmed":
                self._warming -= 1
            mailbox = self._mailboxes.get(number)
        if mailbox is not None:
            mailbox.put((kind, *what))
        elif kind == "done":  # nobody waits for it any more
            self._let_free(number, what[0])

    # Its end

    def _look(self) -> None:
        """Watch over the process while it has something to do: what it holds, what it writes, whether it lives."""
        while True:
            self._is_busy.wait()
            time.sleep(_LOOK_SECONDS)
            if freed := self._freed():
                self.send("free", freed)
            held = private_bytes(self.popen.pid)
            if held is not None and held > self._limit:
                may = in_words(self._limit)
                self.kill(
                    reason=f"was ended because it held {in_words(held)} of memory; it may hold {may}. "
                    f"Make the result smaller, free a model, or allow more in {VARIABLE}."
                )
            if os.fstat(self._errors.fileno()).st_size > _MAX_WORDS:
                os.ftruncate(self._errors.fileno(), 0)
            if self.popen.poll() is not None:
                self._hang_up()
            with self._changed:
                if self._lost:
                    return
                if not self._mailboxes and not self._read:
                    self._is_busy.clear()

    def _hang_up(self) -> None:
        """Close the line to a process that is gone, which a process that a node started may have kept open."""
        if self._connection is not None and hasattr(socket, "AF_UNIX"):
            with contextlib.suppress(OSError), socket.socket(fileno=os.dup(self._connection.fileno())) as line:
                line.shutdown(socket.SHUT_RDWR)

    def _note_end(self) -> None:
        """Tell everybody who waits that the process is gone."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.popen.wait(timeout=0.5)  # it may be about to end, and says more then
        self._kill_all()
        self.popen.wait()
        with self._changed:
            self.alive = False
            self._lost = Lost(self._ending(), self._culprit, frozenset(self._running))
            for mailbox in self._mailboxes.values():
                mailbox.put(("lost", self._lost))
            self._outgoing.clear()
            self._changed.notify_all()
            self._is_busy.set()
        if self._connection is not None:
            self._connection.close()

    def _ending(self) -> str:
        """Say how the process ended, with the last lines that it wrote."""
        if self._reason:
            return f"The worker process {self._reason}"
        code = self.popen.wait()
        how = f"was ended by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"
        if code == LINE_CLOSED:
            how = "lost its line to the kernel, perhaps because the node closed files that were not its own"
        elif code == -signal.SIGKILL:
            how += " (killed, perhaps because memory ran out)"
        if self._connection is None:
            how = f"did not start: it {how}"
        self._errors.seek(max(0, self._errors.seek(0, os.SEEK_END) - _LAST_WORDS))
        last = self._errors.read().decode(errors="replace").strip()
        return f"The worker process {how}." + (f" It wrote:\n{last}" if last else "")

    def kill(self, culprit: int | None = None, reason: str = "") -> None:
        """End the process with everything that it started.

        Args:
            culprit: The task that is the reason; others that run are not to blame.
            reason: What everybody is told.
        """
        with self._changed:
            if not self.alive:
                return
            self.alive = False  # at once: the next task must not be given to it
            self._culprit, self._reason = culprit, reason
        self._kill_all()

    def _kill_all(self) -> None:
        with contextlib.suppress(OSError):
            if hasattr(os, "killpg"):
                os.killpg(self.popen.pid, signal.SIGKILL)  # it leads a session of its own
            else:
                self.popen.kill()

    def end(self) -> None:
        """Ask the process to end, and end it if it does not."""
        self.alive = False
        if self._connection is not None:
            self.send("exit")
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.popen.wait(timeout=2)
        self._kill_all()


def _append_only(descriptor: int) -> None:
    """Have everything written at the end of a file, also after it was cut."""
    with contextlib.suppress(ImportError):
        import fcntl

        fcntl.fcntl(descriptor, fcntl.F_SETFL, fcntl.fcntl(descriptor, fcntl.F_GETFL) | os.O_APPEND)
