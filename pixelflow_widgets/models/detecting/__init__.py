"""What a file or folder of weights is, from headers alone: kind, base model, rank, trigger words, and why."""

from __future__ import annotations

from pathlib import Path

from ...errors import ModelError
from .base_layers import base_shapes
from .files import detect_file
from .folders import detect_folder
from .result import Detected, Kind

__all__ = ["Detected", "Kind", "base_shapes", "detect"]


def detect(path: Path | str) -> Detected:
    """Return what a file or folder of weights is; nothing is loaded, and nothing is guessed.

    Args:
        path: A .safetensors file, or a folder that diffusers, transformers or PEFT wrote.

    Raises:
        ModelError: There is nothing, or it is refused: a pickle, something else, or damaged; says which.
    """
    path = Path(path).expanduser()
    try:
        if path.is_dir():
            return detect_folder(path)
        if path.is_file():
            return detect_file(path)
    except OSError as error:
        raise ModelError(f"'{path.name}' cannot be read: {error.strerror or error} ({path}).") from error
    raise ModelError(f"There is no file or folder {path}.")
