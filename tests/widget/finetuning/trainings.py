"""A training that never was: what the widget reads of `pf.Training`, moved along by the test."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import PIL.Image

from pixelflow_widgets.media import Preview

from .views import PROMPTS, live_view


class PretendedTraining:
    """Reads as `pf.Training`.

    Args:
        folder: Where it lives.
        step: How far it is.
        status: Of it.
    """

    name, trigger = "crescents", "zorb"

    def __init__(self, folder: Path, step: int = 0, status: str = "running") -> None:
        self.folder = folder
        self.step, self.status = step, status
        self.note, self.error, self.code = "", "", ""
        self.weights: Path | None = None
        self.problems: list[Any] = []
        self.listeners: list[Callable[..., None]] = []
        self.asked: list[str] = []

    def __repr__(self) -> str:
        return f"Training({self.name!r}, {self.status})"

    def view(self) -> Preview | None:
        return live_view(self.step, status=self.status)

    def stop(self) -> None:
        self.asked.append("stop")

    def resume(self) -> None:
        self.asked.append("resume")

    def on_change(self, callback: Callable[..., None]) -> Callable[[], None]:
        self.listeners.append(callback)
        return lambda: self.listeners.remove(callback)

    def go(self, **now: Any) -> None:
        """Be something else, and tell who listens."""
        for name, value in now.items():
            setattr(self, name, value)
        for listener in list(self.listeners):
            listener(self)

    def paint(self, step: int) -> None:
        """Keep the samples of a step, as a training does."""
        (self.folder / "samples").mkdir(parents=True, exist_ok=True)
        for row in range(len(PROMPTS)):
            picture = PIL.Image.new("RGB", (128, 128), (40 * row, step % 256, 90))
            picture.save(self.folder / "samples" / f"{step:07}-{row}.png")

    def finish(self) -> None:
        """Be done, with weights."""
        weights = self.folder / "weights" / "crescents" / "crescents.safetensors"
        code = f'model = pf.Model("starter", adapters=(pf.Adapter("{weights.name}"),))\n'
        code += 'pf.nodes.text_to_image("a big red zorb on a blue background", model=model)'
        self.go(step=200, status="finished", weights=weights, code=code)
