"""One answer as it comes, chunk by chunk, in a thread of its own: whoever waits hears Stop meanwhile."""

from __future__ import annotations

import contextlib
import queue
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from .connecting import Connection

FIRST_SECONDS = 300.0
"""How long a server may think before it says the first word; it may have to load the model."""
SILENCE_SECONDS = 60.0
"""How long it may be silent then."""
_POLL = 0.1
_AHEAD = 512
"""Chunks that may wait to be read."""


class Silent(Exception):
    """Says that nothing came for longer than a server may take."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"nothing came for {seconds:g} s")


def chunks_of(connection: Connection, request: Mapping[str, Any], meanwhile: Callable[[float], None]) -> Iterator[Any]:
    """Yield the chunks of an answer; who stops asking for them ends the request.

    Args:
        connection: The way to the server.
        request: Arguments of a chat completion.
        meanwhile: Called ten times a second while nothing comes, with the seconds so far; may raise to stop.

    Raises:
        Silent: Nothing came for too long.
        Exception: What the client raised.
    """
    came: queue.Queue[tuple[str, Any]] = queue.Queue(_AHEAD)
    is_over = threading.Event()

    def put(kind: str, what: Any = None) -> None:
        while not is_over.is_set():
            with contextlib.suppress(queue.Full):
                came.put((kind, what), timeout=1)
                return

    def listen() -> None:
        try:
            with connection.client.chat.completions.create(**request, stream=True) as stream:
                for chunk in stream:
                    put("chunk", chunk)
                    if is_over.is_set():
                        return
            put("end")
        except BaseException as error:  # of any kind: whoever waits is told
            put("error", error)
        finally:
            with contextlib.suppress(Exception):
                connection.client.close()

    threading.Thread(target=listen, name="pixelflow-served", daemon=True).start()
    try:
        yield from _taken(came, meanwhile)
    finally:
        is_over.set()
        connection.close()


def _taken(came: queue.Queue[tuple[str, Any]], meanwhile: Callable[[float], None]) -> Iterator[Any]:
    last, patience = time.monotonic(), FIRST_SECONDS
    while True:
        try:
            kind, what = came.get(timeout=_POLL)
        except queue.Empty:
            silent = time.monotonic() - last
            if silent > patience:
                raise Silent(patience) from None
            meanwhile(silent)
            continue
        if kind == "error":
            raise what
        if kind == "end":
            return
        yield what
        last, patience = time.monotonic(), SILENCE_SECONDS
