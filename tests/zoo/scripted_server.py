"""A server of language models on 127.0.0.1 that does what a test says: answers, refuses, stumbles, is silent, dies."""

from __future__ import annotations

import contextlib
import json
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Act = Callable[["Handler"], None]


class ScriptedServer:
    """Is such a server; every request takes the next act, and the last one stays.

    Args:
        acts: What it does, in order.
    """

    def __init__(self, *acts: Act) -> None:
        self._acts = list(acts)
        self._lock = threading.Lock()
        self.requests: list[dict[str, Any]] = []
        """Bodies that came, in order."""
        self.headers: list[dict[str, str]] = []
        self.hung_up = threading.Event()
        """Set when somebody who was being answered went away."""
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._server.scripted = self  # type: ignore[attr-defined]
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    @property
    def address(self) -> str:
        """Its API's."""
        return f"http://127.0.0.1:{self._server.server_port}/v1"

    def plays(self, *acts: Act) -> None:
        """Do something else from now on, and forget what was asked."""
        with self._lock:
            self._acts = list(acts)
            self.requests.clear()
            self.headers.clear()
            self.hung_up.clear()

    def next_act(self) -> Act:
        with self._lock:
            return self._acts.pop(0) if len(self._acts) > 1 else self._acts[0]

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


class Handler(BaseHTTPRequestHandler):
    """Answers one request."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        scripted: ScriptedServer = self.server.scripted  # type: ignore[attr-defined]
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        scripted.requests.append(json.loads(body))
        scripted.headers.append({name.lower(): value for name, value in self.headers.items()})
        self.close_connection = True
        try:
            scripted.next_act()(self)
        except OSError:
            scripted.hung_up.set()

    def do_GET(self) -> None:
        self.do_POST()

    def log_message(self, *_: Any) -> None:
        """Say nothing."""

    # What acts are made of

    def begin(self, kind: str = "text/event-stream", status: int = 200, **headers: str) -> None:
        self.send_response(status)
        self.send_header("content-type", kind)
        self.send_header("transfer-encoding", "chunked")
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()

    def send(self, data: bytes) -> None:
        self.wfile.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")
        self.wfile.flush()

    def event(self, data: Any) -> None:
        self.send(f"data: {data if isinstance(data, str) else json.dumps(data)}\n\n".encode())

    def words(self, words: Iterable[str]) -> None:
        for word in words:
            self.event(chunk(word))

    def end(self) -> None:
        self.wfile.write(b"0\r\n\r\n")
        self.wfile.flush()

    def is_left(self) -> bool:
        """Return whether the other side hung up."""
        self.connection.setblocking(False)
        try:
            return self.connection.recv(1, socket.MSG_PEEK) == b""
        except BlockingIOError:
            return False
        except OSError:
            return True
        finally:
            with contextlib.suppress(OSError):
                self.connection.setblocking(True)


def chunk(text: str | None = None, reason: str | None = None, **delta: Any) -> dict[str, Any]:
    """Return a chunk of an answer."""
    delta |= {} if text is None else {"content": text}
    choice = {"index": 0, "delta": delta, "finish_reason": reason}
    return {"id": "1", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": [choice]}


def says(*words: str, reason: str | None = "stop", usage: dict[str, Any] | None = None, done: bool = True) -> Act:
    """Answer, word by word."""

    def act(handler: Handler) -> None:
        handler.begin()
        handler.event(chunk("", role="assistant"))
        handler.words(words)
        if reason:
            handler.event(chunk(None, reason))
        if usage is not None:
            handler.event({**chunk(), "choices": [], "usage": usage})
        if done:
            handler.event("[DONE]")
        handler.end()

    return act


def refuses(status: int, message: str = "no", **headers: str) -> Act:
    """Refuse, with words as OpenAI's servers do."""

    def act(handler: Handler) -> None:
        handler.begin("application/json", status, **headers)
        handler.send(json.dumps({"error": {"message": message, "type": "refused", "code": None}}).encode())
        handler.end()

    return act


def echoes(status: int) -> Act:
    """Refuse, and repeat the key in headers and words, as careless servers do."""

    def act(handler: Handler) -> None:
        key = handler.headers.get("authorization", "").removeprefix("Bearer ")
        refuses(status, f"The key {key} ({key!r}) is not known here.", x_your_key=key)(handler)

    return act


def gives(status: int, kind: str, body: bytes) -> Act:
    """Answer with anything."""

    def act(handler: Handler) -> None:
        handler.begin(kind, status)
        handler.send(body)
        handler.end()

    return act


def redirects(to: str) -> Act:
    """Pass the request on to another address."""

    def act(handler: Handler) -> None:
        handler.begin("text/plain", 307, location=to)
        handler.end()

    return act


def stumbles(*words: str, over: str = '{"id": "1", "choi') -> Act:
    """Say some words, and then something that is no chunk."""

    def act(handler: Handler) -> None:
        handler.begin()
        handler.words(words)
        handler.event(over)
        handler.end()

    return act


def breaks_off(*words: str) -> Act:
    """Say some words, and end in good order without saying that this is all."""
    return says(*words, reason=None, done=False)


def dies(*words: str) -> Act:
    """Say some words and half a chunk, and reset the line, as a process that is killed."""

    def act(handler: Handler) -> None:
        handler.begin()
        handler.words(words)
        handler.wfile.write(b"40\r\ndata: {")
        handler.wfile.flush()
        time.sleep(0.1)  # what was sent arrives first
        handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        handler.connection.close()

    return act


def falls_silent(*words: str) -> Act:
    """Say some words, and nothing more until the other side hangs up."""

    def act(handler: Handler) -> None:
        if words:
            handler.begin()
            handler.words(words)
        until = time.monotonic() + 20
        while time.monotonic() < until:
            if handler.is_left():
                raise BrokenPipeError
            time.sleep(0.02)

    return act


def slowly(*words: str, seconds: float) -> Act:
    """Answer, and rest before each word."""

    def act(handler: Handler) -> None:
        handler.begin()
        for word in words:
            time.sleep(seconds)
            handler.event(chunk(word))
        handler.event(chunk(None, "stop"))
        handler.event("[DONE]")
        handler.end()

    return act


def pings() -> Act:
    """Say for ever that the answer is still to come."""

    def act(handler: Handler) -> None:
        handler.begin()
        while True:
            handler.send(b": still there\n\n")
            time.sleep(0.02)

    return act


def never_ends(word: str = "on and ") -> Act:
    """Say one word for ever."""

    def act(handler: Handler) -> None:
        handler.begin()
        while True:
            handler.event(chunk(word))

    return act


def floods() -> Act:
    """Send one line that has no end."""

    def act(handler: Handler) -> None:
        handler.begin()
        handler.send(b"data: ")
        while True:
            handler.send(b"x" * 1_000_000)

    return act


def answers(text: str) -> Act:
    """Answer at once, as a request wants that is no stream."""
    message = {"role": "assistant", "content": text}
    choice = {"index": 0, "message": message, "finish_reason": "stop"}
    body = {"id": "1", "object": "chat.completion", "created": 1, "model": "m", "choices": [choice]}
    return gives(200, "application/json", json.dumps(body).encode())
