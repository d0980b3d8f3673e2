"""Files of weights with the names and shapes of real ones and no content: a gigabyte takes a kilobyte of disk."""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Mapping
from pathlib import Path

Layout = dict[str, tuple[int, ...]]
_BYTES = {"F32": 4, "F16": 2, "BF16": 2, "U8": 1}


def write(path: Path, layout: Layout, metadata: Mapping[str, str] | None = None, dtype: str = "F16") -> Path:
    """Write a safetensors file whose tensors are a hole in the file."""
    header: dict[str, object] = {"__metadata__": dict(metadata)} if metadata else {}
    end = 0
    for name, shape in layout.items():
        start, end = end, end + math.prod(shape) * _BYTES[dtype]
        header[name] = {"dtype": dtype, "shape": list(shape), "data_offsets": [start, end]}
    content = json.dumps(header, separators=(",", ":")).encode()
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        file.write(struct.pack("<Q", len(content)) + content)
        file.truncate(8 + len(content) + end)
    return path


def within(prefix: str, layout: Layout) -> Layout:
    """The same under a name of its own."""
    return {prefix + name: shape for name, shape in layout.items()}
