"""Arrays and byte strings one after another, under a header of JSON; never pickle."""

from __future__ import annotations

import io
import json
import struct
from collections.abc import Mapping
from typing import Any

import numpy as np

from .values import canonical_json


def encode_array(array: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=False)
    return buffer.getvalue()


def decode_array(data: bytes) -> np.ndarray:
    return np.load(io.BytesIO(data), allow_pickle=False)


def framed(header: Mapping[str, Any], *parts: bytes) -> bytes:
    """Return a header and its parts as one string of bytes."""
    head = canonical_json({**header, "parts": [len(part) for part in parts]}).encode()
    return b"".join([struct.pack("<I", len(head)), head, *parts])


def unframed(data: bytes) -> tuple[dict[str, Any], list[bytes]]:
    """Return the header and the parts that `framed` joined."""
    (length,) = struct.unpack_from("<I", data)
    header = json.loads(data[4 : 4 + length])
    parts, start = [], 4 + length
    for size in header["parts"]:
        parts.append(data[start : start + size])
        start += size
    return header, parts
