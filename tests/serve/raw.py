"""Requests as bytes, for those that no client would send."""

from __future__ import annotations

import json
import re
import socket
import time
from typing import Any
from urllib.parse import urlsplit

_SILENCE = 0.3


def exchange(
    url: str, sent: bytes, *, seconds: float = 5.0, pieces: tuple[bytes, ...] = (), pause: float = 0.0
) -> bytes:
    """Send bytes on a line of its own, and return all that comes until the server closes it or is silent.

    It is silent when nothing more comes: for some seconds, or for a moment after a whole answer.
    """
    place = urlsplit(url)
    answer = b""
    with socket.create_connection((place.hostname or "", place.port or 80), timeout=seconds) as line:
        line.settimeout(seconds)
        try:
            line.sendall(sent)
            for piece in pieces:
                time.sleep(pause)
                line.sendall(piece)
        except OSError:
            pass
        try:
            while part := line.recv(65_536):
                answer += part
                line.settimeout(_SILENCE if _is_whole(answer) else seconds)
        except OSError:
            pass
    return answer


def _is_whole(answer: bytes) -> bool:
    """Return whether bytes are one answer of the length that it names."""
    head, _, body = answer.partition(b"\r\n\r\n")
    found = re.search(rb"(?i)\r\ncontent-length: *([0-9]+)", head)
    return found is not None and len(body) == int(found[1])


def read_answer(answer: bytes) -> tuple[int, Any]:
    """Return the status and the JSON of the first answer among bytes; 0 where there is none."""
    head, _, body = answer.partition(b"\r\n\r\n")
    if not head.startswith(b"HTTP/1.1 "):
        return 0, None
    try:
        return int(head.split(b" ")[1]), json.loads(body)
    except ValueError:
        return int(head.split(b" ")[1]), body


def head(method: str, path: str, *lines: str, host: str = "127.0.0.1") -> bytes:
    """Return the head of a request."""
    return "\r\n".join([f"{method} {path} HTTP/1.1", f"host: {host}", *lines, "", ""]).encode("latin-1")
