"""Saving and resuming a training: everything that a step changes, and nothing that can be computed again."""

import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch


def save(path: Path, step: int, parts: Mapping[str, Any]) -> None:
    """Writes the parts' state dicts and the step to one file, at once or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".part")
    torch.save({"step": step, **{name: part.state_dict() for name, part in parts.items()}}, unfinished)
    os.replace(unfinished, path)


def resume(path: Path, parts: Mapping[str, Any]) -> int:
    """Loads the parts' state dicts if the file exists, and returns the step to go on from."""
    if not path.exists():
        return 0
    saved = torch.load(path, map_location="cpu", weights_only=True)
    for name, part in parts.items():
        part.load_state_dict(saved[name])
    return saved["step"]


class Clock:
    """Tells when the next checkpoint is due, and when the training has to stop."""

    def __init__(self, every: float, until: float | None = None) -> None:
        """Starts it; `every` is in seconds, `until` a time as `time.time()` gives it."""
        self.every = every
        self.until = until
        self.last = time.time()

    def due(self) -> bool:
        """Tells whether `every` seconds have gone by since it last said so."""
        if time.time() - self.last < self.every:
            return False
        self.last = time.time()
        return True

    def over(self) -> bool:
        """Tells whether `until` has come."""
        return self.until is not None and time.time() >= self.until
