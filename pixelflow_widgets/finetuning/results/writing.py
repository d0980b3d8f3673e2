"""Files that are there whole or not at all."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any


@contextlib.contextmanager
def whole(path: Path) -> Iterator[Path]:
    """Yield where to write; afterwards the file stands at its path, on the disk, or nothing has changed.

    Args:
        path: Where it shall be; what stands there is replaced.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        yield unfinished
        with unfinished.open("rb+") as file:
            os.fsync(file.fileno())
        os.replace(unfinished, path)
    finally:
        unfinished.unlink(missing_ok=True)


def write_tensors(path: Path, tensors: Mapping[str, Any], header: Mapping[str, str]) -> Path:
    """Write tensors and a header as safetensors, whole or not at all.

    Args:
        path: Where; what stands there is replaced.
        tensors: By name; they are written as they are, on whatever device.
        header: Texts by name.
    """
    from safetensors.torch import save_file

    own = {name: tensor.detach().to("cpu").contiguous() for name, tensor in tensors.items()}
    with whole(path) as unfinished:
        save_file(own, unfinished, metadata=dict(header))
    return path
