"""What tests of trainings share: pictures, a place for what they keep, somebody who listens."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pixelflow_widgets.finetuning.dataset import Dataset
from pixelflow_widgets.finetuning.settings import Settings
from tests.crescents import SHAPES, WORD, captions, pictures


class Listening:
    """Is told how far a training is; stops it where it is asked to."""

    def __init__(self, stop_at: str = "") -> None:
        self.notes: list[str] = []
        self.views: list[Callable[[], Any]] = []
        self.stop_at = stop_at

    def __call__(self, fraction: float | None = None, *, preview: Any = None, note: str = "") -> None:
        from pixelflow_widgets.errors import Cancelled

        self.notes.append(note)
        if preview is not None:
            self.views.append(preview)
        if self.stop_at and note.startswith(self.stop_at):
            raise Cancelled("The run was stopped.")

    def log(self, line: str) -> None:
        self.notes.append(line)


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder in which trainings and weights are kept."""
    folder = tmp_path / "data"
    monkeypatch.setenv("PIXELFLOW_DATA", str(folder))
    return folder


@pytest.fixture(scope="session")
def crescents() -> Dataset:
    """Eight pictures with captions."""
    return Dataset(pictures(), captions=captions(), trigger=WORD, name="crescents")


def short(base: Path, **given: Any) -> Settings:
    """Settings of a training that takes a second or two."""
    usual = {
        "base": str(base),
        "steps": 4,
        "batch": 2,
        "sample_steps": 1,
        "sample_every": 4,
        "resolution": 64,
        "rank": 4,
    }
    usual |= {"gradient_checkpointing": False, "checkpoint_every": 4, "class_words": SHAPES, "prior": 0.0}
    return Settings.of(usual | given)
