"""A receiver of webhooks on 127.0.0.1 that answers as it is told and keeps what came."""

from __future__ import annotations

import contextlib
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple

Answer = Callable[["Receiver", BaseHTTPRequestHandler], None]


class Came(NamedTuple):
    path: str
    headers: dict[str, str]
    body: bytes
    at: float


def says(status: int, **headers: str) -> Answer:
    def answer(receiver: Receiver, handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.send_header("content-length", "0")
        handler.end_headers()

    return answer


def drips(receiver: Receiver, handler: BaseHTTPRequestHandler) -> None:
    """Answer a byte at a time, for ever."""
    with contextlib.suppress(OSError):
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nx-long: ")
        while not receiver.is_closed:
            handler.wfile.write(b"a")
            handler.wfile.flush()
            time.sleep(0.05)


def floods(receiver: Receiver, handler: BaseHTTPRequestHandler) -> None:
    """Answer 200 with a body that has no end."""
    handler.send_response(200)
    handler.end_headers()
    with contextlib.suppress(OSError):
        while not receiver.is_closed:
            receiver.flooded += handler.wfile.write(b"x" * 65_536)


class Receiver:
    def __init__(self, *answers: Answer, context: ssl.SSLContext | None = None) -> None:
        self.answers = list(answers) or [says(204)]  # the last one stays
        self.came: list[Came] = []
        self.busy = self.most_busy = self.flooded = 0
        self.is_closed = False
        self._news = threading.Condition()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        if context is not None:
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        return f"http://{self.host}/hook"

    def wait(self, count: int, seconds: float = 20.0) -> list[Came]:
        """Return what came once it is so many."""
        with self._news:
            assert self._news.wait_for(lambda: len(self.came) >= count, seconds), f"{len(self.came)} of {count} came"
            return list(self.came)

    def close(self) -> None:
        self.is_closed = True
        self._server.shutdown()
        self._server.server_close()

    def _handler(self) -> Any:
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length", 0)))
                with receiver._news:
                    receiver.busy += 1
                    receiver.most_busy = max(receiver.busy, receiver.most_busy)
                    headers = {name.lower(): value for name, value in self.headers.items()}
                    receiver.came.append(Came(self.path, headers, body, time.time()))
                    answer = receiver.answers.pop(0) if len(receiver.answers) > 1 else receiver.answers[0]
                    receiver._news.notify_all()
                try:
                    answer(receiver, self)
                finally:
                    with receiver._news:
                        receiver.busy -= 1

            do_GET = do_POST

            def log_message(self, *_: Any) -> None: ...

        return Handler


@contextlib.contextmanager
def receiving(*answers: Answer, context: ssl.SSLContext | None = None) -> Iterator[Receiver]:
    receiver = Receiver(*answers, context=context)
    try:
        yield receiver
    finally:
        receiver.close()
