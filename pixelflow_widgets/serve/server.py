"""The server: uvicorn beside a notebook or alone in its process, with the runner and the webhooks that belong to it.

In a notebook it has a thread and an event loop of its own, so the kernel stays free; nodes run in the kernel's worker,
which editors and servers share. From the shell it has the process, and SIGTERM drains it.
"""

from __future__ import annotations

import contextlib
import json
import logging
import logging.handlers
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import uvicorn

from ..errors import ServeError
from ..run.backends import Backend
from ..schema import Registry
from .http.app import make_app
from .http.listening import CarefulProtocol
from .jobs.jobs import KEPT_SECONDS, MAX_QUEUED
from .jobs.runner import Runner
from .keys import NewKey
from .publishing.endpoints import Endpoint
from .serving import Serving
from .snippets import KEY, snippets
from .store import Store
from .uploads.limits import Limits

if TYPE_CHECKING:
    from .client import Client

PORT = 8484
_START_SECONDS = 30.0
_LOG_BYTES, _LOGS = 10_000_000, 3


class Server:
    """Serves the published flows of a store.

    Args:
        store: Where they are; the usual one if not given.
        host: Address to listen on; another one than 127.0.0.1 lets other machines in, who need a key like everybody.
        port: Port to listen on; 0 takes a free one.
        names: Names by which it may be called, besides this machine's own.
        registry: Which node types there are.
        lanes: How many jobs run at once.
        backend: Where nodes run.
        limits: How much a request may ask.
        per_minute: Requests a minute of a key that names no number of its own.
        queue: How many jobs may wait; more are refused with words on when to come again.
        kept: Seconds that jobs and what they made stay after their end.
        webhook_hosts: Private hosts that webhooks may be on, by name.
        drain: Seconds that running jobs have when it stops.
    """

    def __init__(
        self,
        store: Store | None = None,
        *,
        host: str = "127.0.0.1",
        port: int = PORT,
        names: Iterable[str] = (),
        registry: Registry | None = None,
        lanes: int = 2,
        backend: str | Backend = "auto",
        limits: Limits | None = None,
        per_minute: int = 1200,
        queue: int = MAX_QUEUED,
        kept: float = KEPT_SECONDS,
        webhook_hosts: Iterable[str] | str | None = None,
        drain: float = 30.0,
    ) -> None:
        self.store = store or Store()
        self.serving = Serving.of(
            self.store, registry=registry, limits=limits, webhook_hosts=webhook_hosts, queue=queue, kept=kept
        )
        self.runner = Runner(
            self.store,
            registry,
            lanes,
            backend=backend,
            jobs=self.serving.jobs,
            endpoints=self.serving.endpoints,
        )
        self.serving = self.serving.with_preview(self.runner.preview)
        self._log = access_log(self.store.folder)
        self.guard = make_app(self.serving, hosts=names, log=self._log, per_minute=per_minute)
        self._host, self._port, self._drain = host, port, drain
        self._uvicorn: uvicorn.Server | None = None
        self._thread: threading.Thread | None = None
        self._socket: socket.socket | None = None
        self._own: NewKey | None = None

    @property
    def url(self) -> str:
        """Return where it answers."""
        if self._socket is None:
            raise ServeError("The server does not run. Start it first.")
        port = self._socket.getsockname()[1]
        name = "127.0.0.1" if self._host in ("0.0.0.0", "::", "") else self._host
        return f"http://[{name}]:{port}" if ":" in name else f"http://{name}:{port}"

    @property
    def is_running(self) -> bool:
        """Return whether it answers."""
        return self._uvicorn is not None and self._uvicorn.started and not self._uvicorn.should_exit

    def client(self) -> Client:
        """Return a client of the server for this process, with a key that is revoked when the server stops."""
        from .client import Client

        url = self.url
        if self._own is None:
            self._own = self.serving.keys.make("the server's own process")
        return Client(url, self._own.text)

    def start(self) -> Server:
        """Begin to serve in a thread, and return when it answers.

        Raises:
            ServeError: The port is taken, or it did not start.
        """
        if self.is_running:
            return self
        server = self._prepare()
        self._thread = threading.Thread(target=self._serve, args=(server,), name="pixelflow-server", daemon=True)
        self._thread.start()
        until = time.monotonic() + _START_SECONDS
        while not server.started:
            if not self._thread.is_alive() or time.monotonic() > until:
                self.stop(0)
                raise ServeError("The server did not start. Its log says why.")
            time.sleep(0.01)
        return self

    def run(self, on_start: Callable[[], None] | None = None) -> None:
        """Serve in this thread until SIGTERM or Ctrl-C, then drain: what runs may end, what waits stays in the store.

        Args:
            on_start: Called when it is about to answer.
        """
        server = self._prepare()
        former = {each: signal.getsignal(each) for each in (signal.SIGTERM, signal.SIGINT)}
        for each in former:
            signal.signal(each, lambda *_: self._begin_drain(server))
        try:
            if on_start is not None:
                on_start()
            self._serve(server)
        finally:
            for each, handler in former.items():
                signal.signal(each, handler)
            self._close()

    def stop(self, drain: float | None = None) -> None:
        """Stop: nothing new is taken, what runs has some seconds, and goes back into the queue after that.

        Args:
            drain: How many seconds; those that the server was made with if not given.
        """
        server, thread = self._uvicorn, self._thread
        if server is None:
            return
        self.guard.is_draining = True
        self._end(server, self._drain if drain is None else drain)
        if thread is not None and thread is not threading.current_thread():
            thread.join(10)
        self._close()

    def _begin_drain(self, server: uvicorn.Server) -> None:
        """Hear a signal: the first one drains, the second one ends at once."""
        if self.guard.is_draining:
            server.force_exit = server.should_exit = True
            return
        self.guard.is_draining = True

        threading.Thread(target=self._end, args=(server, self._drain), name="pixelflow-drain", daemon=True).start()

    def _end(self, server: uvicorn.Server, drain: float) -> None:
        """Let what runs end, within some seconds, and then the server."""
        self.runner.drain(drain)
        self.guard.is_ending = server.should_exit = True

    def _prepare(self) -> uvicorn.Server:
        self._socket = _bound(self._host, self._port)
        config = uvicorn.Config(
            self.guard,
            http=CarefulProtocol,
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            date_header=True,
            proxy_headers=False,
            timeout_keep_alive=15,
            timeout_graceful_shutdown=5,
        )
        self.guard.is_draining = self.guard.is_ending = False
        server = self._uvicorn = _Uvicorn(config)
        self.runner.start()
        self.serving.deliveries.start()
        return server

    def _serve(self, server: uvicorn.Server) -> None:
        assert self._socket is not None
        server.run(sockets=[self._socket])

    def _close(self) -> None:
        self.serving.deliveries.stop()
        self.runner.stop()
        if self._own is not None:
            self.serving.keys.revoke(self._own.key.id)
        if self._socket is not None:
            self._socket.close()
        self._uvicorn = self._thread = self._socket = self._own = None

    def __enter__(self) -> Server:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop(0)

    def __repr__(self) -> str:
        return f"<server {self.url}>" if self.is_running else "<server, stopped>"


class _Uvicorn(uvicorn.Server):
    """Leaves signals to us: a server in a notebook has no right to Ctrl-C."""

    @contextlib.contextmanager
    def capture_signals(self) -> Any:
        yield


def _bound(host: str, port: int) -> socket.socket:
    """Return a socket that listens; a port below is taken by another server.

    Raises:
        ServeError: It is taken, or the address is none of this machine's.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    made = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)  # asyncio sends at once on such lines only
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        made.bind((host, port))
        made.listen(256)
    except OSError as error:
        made.close()
        raise ServeError(
            f"The server cannot listen on {host}:{port}: {error.strerror or error}. Choose another port."
        ) from error
    return made


def access_log(folder: Path) -> Callable[[dict[str, Any]], None]:
    """Return what writes one JSON line a request into `access.log` of a folder; ten megabytes thrice are kept."""
    handler = logging.handlers.RotatingFileHandler(
        folder / "access.log", maxBytes=_LOG_BYTES, backupCount=_LOGS, encoding="utf-8", delay=True
    )
    handler.setFormatter(logging.Formatter("%(message)s"))

    def write(entry: dict[str, Any]) -> None:
        line = json.dumps(entry, ensure_ascii=True)
        handler.handle(logging.LogRecord("pixelflow.access", logging.INFO, "", 0, line, None, None))

    return write


def first_key(serving: Serving, title: str = "first") -> str | None:
    """Return the text of a new key where the store has none that works, else None: keys are shown once."""
    if any(key.revoked_at is None for key in serving.keys.all()):
        return None
    return serving.keys.make(title, ("*", "admin")).text


def welcome(server: Server, key: str | None, endpoint: Endpoint | None = None) -> str:
    """Return what is printed when a server begins: where it is, the key once, a page and a line to try it.

    Args:
        server: The server.
        key: A key that was made just now.
        endpoint: What the line calls.
    """
    lines = [f"Serving at {server.url}", f"Documentation: {server.url}/docs"]
    if key is not None:
        lines.append(f"Key (shown once): {key}")
    if endpoint is not None:
        opened = "" if key is None else f"#key={key}"  # what follows # stays in the browser
        lines.insert(1, f"Playground: {server.url}/play/{endpoint.name}{opened}")
        signature = endpoint.signature
        shown = snippets(server.url, endpoint.name, signature.request_schema(), signature.result_schema())["curl"]
        head, _, call = shown.partition("\n\n")
        lines += ["", f"export {KEY}={key}" if key is not None else head, call.rstrip()]
    return "\n".join(lines)
