"""Files of a component: which there are, what tells them from others, and how large what they hold will be."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Hashable
from pathlib import Path
from typing import Any

from ..errors import ModelError
from .safetensors_header import read_header

_VARIANT = re.compile(r"\.(fp16|bf16|fp32)(?:-\d{5}-of-\d{5})?\.safetensors$")
_BYTES = {"F64": 8, "I64": 8, "U64": 8, "F32": 4, "I32": 4, "U32": 4, "F16": 2, "BF16": 2, "I16": 2, "U16": 2}


def state_of(place: Path) -> tuple[Any, ...]:
    """Return what changes when the files behind a model do; links count as what they point at.

    Args:
        place: A folder or a file.
    """
    paths = sorted(path for path in place.rglob("*") if path.is_file()) if place.is_dir() else [place]
    states = []
    for path in paths:
        real = path.resolve()
        stat = real.stat()
        states.append((str(real), stat.st_size, stat.st_mtime_ns))
    return tuple(states)


def component_key(place: Path, name: str, *settings: Any) -> Hashable:
    """Return what tells a component from every other: its files, and how they are read."""
    folder = place / name if (place / name).is_dir() else place
    own = "" if folder != place else name  # in a single file are several
    return (state_of(folder), own, *map(str, settings))


def index_of(folder: Path) -> dict[str, Any]:
    """Return the model_index.json of a folder, or nothing."""
    try:
        found = json.loads((folder / "model_index.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def only_variant(folder: Path) -> str | None:
    """Return the variant in which the weights of a folder are here, if they are in no other."""
    names = [path.name for path in folder.rglob("*.safetensors") if path.parent != folder]
    found = {match[1] for name in names if (match := _VARIANT.search(name))}
    is_plain = any(not _VARIANT.search(name) for name in names if "model" in name)
    return found.pop() if len(found) == 1 and not is_plain else None


def weight_files(folder: Path, variant: str | None = None) -> list[Path]:
    """Return the files of a component that are read."""
    if folder.is_file():
        return [folder]
    paths = sorted(folder.glob("*.safetensors"))
    fitting = [path for path in paths if (match := _VARIANT.search(path.name)) and match[1] == variant]
    return fitting or [path for path in paths if not _VARIANT.search(path.name)]


def bytes_in_memory(paths: list[Path], itemsize: int) -> int:
    """Return how many bytes the weights of files will take.

    Args:
        paths: safetensors files; of others, their size counts.
        itemsize: Bytes of a number with a fraction, in the precision of the model.

    Raises:
        ModelError: A file is damaged.
    """
    total = 0
    for path in paths:
        if path.suffix != ".safetensors":
            total += path.stat().st_size
            continue
        try:
            tensors = read_header(path).tensors
        except ModelError as error:
            raise ModelError(f"{error} It lies in {path.parent}.") from error
        for dtype, shape in tensors.values():
            is_whole = dtype.startswith(("I", "U")) or dtype == "BOOL"
            total += math.prod(shape) * (_BYTES.get(dtype, 1) if is_whole else itemsize)
    return total
