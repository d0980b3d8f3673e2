"""Saving and resuming a training: everything that a step changes, and nothing that can be computed again."""

import os
import pickle
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from ..errors import TrainingError


def save(path: Path, step: int, parts: Mapping[str, Any]) -> None:
    """Writes the parts' state dicts and the step to one file, at once or not at all, also if the power fails."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".part")
    with unfinished.open("wb") as file:
        torch.save({"step": step, **{name: part.state_dict() for name, part in parts.items()}}, file)
        file.flush()
        os.fsync(file.fileno())
    os.replace(unfinished, path)


def resume(path: Path, parts: Mapping[str, Any]) -> int:
    """Loads the parts' state dicts if the file exists, and returns the step to go on from.

    Raises TrainingError where the file is damaged.
    """
    if not path.exists():
        return 0
    try:
        saved = torch.load(path, map_location="cpu", weights_only=True)
    except (RuntimeError, ValueError, EOFError, pickle.UnpicklingError) as error:
        raise TrainingError(
            f"The checkpoint {path} is damaged, so the training cannot go on from it. Remove it: then it goes on from "
            "the one before, or begins anew."
        ) from error
    for name, part in parts.items():
        part.load_state_dict(saved[name])
    return saved["step"]


def path_of(folder: Path, step: int) -> Path:
    """Returns where the checkpoint of a step lies."""
    return folder / f"step-{step:07d}.pt"


def last(folder: Path) -> Path:
    """Returns the newest checkpoint of a folder; a path at which nothing is, if there is none."""
    return max(folder.glob("step-*.pt"), default=path_of(folder, 0))


def prune(folder: Path, keep: int) -> None:
    """Removes all checkpoints of a folder but the newest `keep`."""
    for path in sorted(folder.glob("step-*.pt"))[:-keep]:
        path.unlink(missing_ok=True)


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
