"""The client of a server, and the one connection that an answer comes by: bounded, closed at once, never redirected."""

from __future__ import annotations

import contextlib
import importlib
import socket
import threading
from typing import Any

from ... import secrets
from ...errors import ModelError
from .server import Server

EXTRA = 'pip install "pixelflow-widgets[llm]"'
CONNECT_SECONDS = 15.0
MOST_BYTES = 32_000_000
"""Of everything that a server sends for one answer."""
_NO_KEY = "none"
"""What the client is given where a server wants no key: it insists on one."""


class TooMuch(Exception):
    """Says that a server sent more than an answer can be."""


class Strange(ValueError):
    """Says that what came is no stream of an answer."""


class Broken(Exception):
    """Says that a stream ended before its answer did."""


class Connection:
    """Is the way to a server for one answer.

    Args:
        server: Where it is.
        silence: Seconds without a byte after which it counts as dead.

    Raises:
        ModelError: The package that speaks to it is not installed.
        SecretError: Its key is missing, or does not belong there.
    """

    def __init__(self, server: Server, silence: float) -> None:
        openai = client_package()
        self._http = _http_of(openai)
        self._stream: Any = None
        self._lock = threading.Lock()
        self._is_closed = False
        self.is_done = False
        """The server said that the answer is whole."""
        timeout = self._http.Timeout(silence, connect=CONNECT_SECONDS)
        hooks = {"request": [self._follow], "response": [self._bound]}
        http = self._http.Client(timeout=timeout, follow_redirects=False, event_hooks=hooks)
        key = _NO_KEY
        if server.key and (server.needs_key or secrets.has(server.key)):
            if why := secrets.why_not_to(server.key, server.address):
                http.close()
                raise ModelError(why)
            key = secrets.reveal(server.key)
        self.client = openai.OpenAI(
            api_key=key, base_url=server.address, max_retries=0, timeout=timeout, http_client=http
        )
        if not server.address.startswith(f"{secrets.USUAL}/"):
            self.client.organization = self.client.project = None  # the environment's; nobody else's business

    def close(self) -> None:
        """End the connection at once, also while another thread waits for what comes by it."""
        with self._lock:
            self._is_closed = True
            stream = self._stream
        own = stream.get_extra_info("socket") if stream is not None else None
        if own is not None:
            with contextlib.suppress(OSError):
                own.shutdown(socket.SHUT_RDWR)  # to close it would leave who waits waiting

    def _follow(self, request: Any) -> None:
        request.extensions = {**request.extensions, "trace": self._trace}
        request.headers["accept-encoding"] = "identity"  # what unpacks to a thousandfold cannot be bounded

    def _trace(self, event: str, told: dict[str, Any]) -> None:
        if event.endswith((".connect_tcp.complete", ".start_tls.complete")):
            with self._lock:
                self._stream = told["return_value"]
                is_closed = self._is_closed
            if is_closed:
                self.close()

    def _bound(self, response: Any) -> None:
        encoding = response.headers.get("content-encoding", "identity").strip().lower()
        if encoding not in ("", "identity"):
            raise TooMuch(f"it packed its answer as {encoding[:20]}, though it was asked not to")
        kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
        if response.status_code == 200 and kind in ("text/html", "application/json"):
            raise Strange(f"it answered with {kind}, not with a stream")
        inner, connection = response.stream, self

        class Bounded(self._http.SyncByteStream):
            def __iter__(self) -> Any:
                left, tail = MOST_BYTES, b""
                for part in inner:
                    left -= len(part)
                    if left < 0:
                        raise TooMuch(f"it sent more than {MOST_BYTES // 1_000_000} MB")
                    tail = (tail + part)[-80:]
                    connection.is_done = connection.is_done or b"[DONE]" in tail or b"[DONE]" in part
                    yield part

            def close(self) -> None:
                inner.close()

        response.stream = Bounded()


def _http_of(openai: Any) -> Any:
    """Return the package that a client speaks HTTP with: httpx, or what took its place."""
    told = str(openai.APIStatusError.__annotations__["response"])  # "httpx.Response"
    return importlib.import_module("httpx2" if "httpx2" in told else "httpx")


def client_package() -> Any:
    """Return the package that speaks to servers.

    Raises:
        ModelError: It is not installed.
    """
    try:
        return importlib.import_module("openai")
    except ModuleNotFoundError as error:
        raise ModelError(f"Models on servers want the package openai. Get it with: {EXTRA}") from error
