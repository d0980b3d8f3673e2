"""Where trainings live, and what their folders say: any process reads there what is shown of one."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import TrainingError
from ..media import Image, blake3_hex, canonical_json, open_picture
from ..media.folders import data_folder

STATE, SETTINGS, SAMPLED = "state.json", "settings.json", "samples/prompts.json"
HISTORY, ESTIMATE, FINISH = "history.jsonl", "estimate.json", "finish"
# What these say changes nothing of the weights that come out.
_NO_MATTER = ("name", "sample_prompts", "sample_steps", "checkpoint_every", "keep_last", "licence")


def trainings_folder() -> Path:
    """Return the folder of all trainings of this user.

    Raises:
        TrainingError: Nothing is kept on disk here.
    """
    return _kept() / "trainings"


def weights_folder() -> Path:
    """Return the folder of what trainings of this user made.

    Raises:
        TrainingError: Nothing is kept on disk here.
    """
    return _kept() / "weights"


def _kept() -> Path:
    folder = data_folder()
    if folder is None:
        raise TrainingError(
            "A training keeps its checkpoints and weights on disk, and PIXELFLOW_DATA is 'none' here. Set it to a "
            "folder."
        )
    return folder


def folder_of(name: str, settings: Mapping[str, Any], dataset: str, base: str) -> Path:
    """Return the folder of a training: the same one for the same settings, pictures and base model.

    Args:
        name: What the result is called.
        settings: As JSON, with nothing left open.
        dataset: Digest of the pictures and captions.
        base: Digest of the base model's files.
    """
    told = {key: value for key, value in settings.items() if key not in _NO_MATTER}
    mark = blake3_hex(canonical_json([told, dataset, base]).encode())[:8]
    return trainings_folder() / f"{plain_name(name)}-{mark}"


def plain_name(name: str) -> str:
    """Return a name as a file may have it: letters, digits, - and _."""
    return re.sub(r"[^\w-]+", "-", name, flags=re.ASCII).strip("-_")[:60] or "training"


def newest_samples(folder: Path) -> list[Image]:
    """Return the pictures of a training's last look, one for each prompt."""
    files = sorted((folder / "samples").glob("*-*.png"))
    newest = files[-1].name.partition("-")[0] if files else ""
    return [open_picture(path) for path in files if path.name.startswith(f"{newest}-")]


def write_json(path: Path, value: Any) -> None:
    """Write JSON at once or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".part")
    unfinished.write_text(json.dumps(value, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    os.replace(unfinished, path)


def read_json(path: Path) -> dict[str, Any]:
    """Return a JSON object; an empty one where there is none that can be read."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


@dataclass(frozen=True)
class State:
    """Is how far a training is.

    Args:
        status: "running", "stopped", "finished" or "failed".
        step: Steps that are done.
        steps: Of how many.
        best_step: After which the weights were best; None before the first look.
        seconds: That it took so far.
        weights: Where the result lies; empty before there is one.
        process: Number of the process that is at it.
        error: Why it failed.
    """

    status: str = "running"
    step: int = 0
    steps: int = 0
    best_step: int | None = None
    seconds: float = 0.0
    weights: str = ""
    process: int = 0
    error: str = ""

    @classmethod
    def read(cls, folder: Path) -> State:
        """Return what a training's folder says; one that runs no more, because its process is gone, is "stopped"."""
        known = {name: value for name, value in read_json(folder / STATE).items() if name in cls.__annotations__}
        state = cls(**known)
        if state.status == "running" and not _is_alive(state.process):
            return cls(**(known | {"status": "stopped"}))
        return state

    def write(self, folder: Path) -> None:
        """Write it there."""
        write_json(folder / STATE, vars(self))


def _is_alive(process: int) -> bool:
    if process <= 0:
        return False
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True  # it belongs to somebody else
    return True


def all_trainings() -> list[Path]:
    """Return the folders of all trainings, that used last first."""
    root = trainings_folder()
    found = [path.parent for path in root.glob(f"*/{STATE}")] if root.is_dir() else []
    return sorted(found, key=lambda folder: (folder / STATE).stat().st_mtime, reverse=True)
