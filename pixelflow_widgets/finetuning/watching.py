"""The live view of a training: losses as a chart's numbers, samples as one picture, in one message for pages."""

from __future__ import annotations

import functools
import io
import json
import math
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import PIL.Image

from ..media.previews import LIVE_VIEW, Preview
from .folders import HISTORY, SAMPLED, SETTINGS, State, all_trainings, read_json
from .history import History, smoothed

if TYPE_CHECKING:
    from .lesson import Lesson

_MOST_POINTS, _MOST_OTHER_POINTS = 240, 120
_MOST_OTHERS, _MOST_COLUMNS, _TILE = 4, 8, 128
_FIRST = 10
"""Steps whose loss tells how high the chart must be."""
_PAUSE_SECONDS = 1.0
"""Between two writings of the state, which other processes read."""


class Watch:
    """Tells those who watch a training how far it is.

    Args:
        lesson: The training.
    """

    def __init__(self, lesson: Lesson) -> None:
        self._lesson = lesson
        self._written = -math.inf
        self._others = _others(lesson.folder, lesson.settings.name)

    def tell(self, is_last: bool = False) -> None:
        """Report, and write down now and then how far it is; raises if somebody pressed Stop."""
        lesson = self._lesson
        steps = lesson.settings.steps or 1
        if time.monotonic() - self._written > _PAUSE_SECONDS and not is_last:
            lesson.state("running").write(lesson.folder)
            self._written = time.monotonic()
        # The last row alone: this happens at every step, and there may be a hundred thousand.
        last = next((row["loss"] for row in reversed(lesson.history.rows) if "loss" in row), None)
        loss = "" if last is None else f" · loss {last:.3f}"
        lesson.report(
            lesson.step / steps,
            preview=self._view,
            note=f"step {lesson.step} of {steps}{loss}",
        )

    def _view(self) -> Preview:
        lesson = self._lesson
        return view(lesson.folder, lesson.history, State.read(lesson.folder), self._others, lesson.prompts)


def view_of(folder: Path) -> Preview:
    """Return the live view of a training, in any process."""
    settings = read_json(folder / SETTINGS)
    history = History(folder / HISTORY)
    prompts = read_json(folder / SAMPLED).get("prompts", [])
    return view(folder, history, State.read(folder), _others(folder, settings.get("name", "")), prompts)


def view(
    folder: Path, history: History, state: State, others: Sequence[dict[str, Any]], prompts: Sequence[str]
) -> Preview:
    """Return the live view: four bytes of length, a header of JSON, a JPEG with a row for each prompt.

    Args:
        folder: Of the training.
        history: What happened in it.
        state: How far it is.
        others: Earlier trainings of the same name, with their losses.
        prompts: Of the samples.
    """
    settings = read_json(folder / SETTINGS)
    losses = history.losses
    step, steps = (losses[-1][0] if losses else state.step), settings.get("steps") or state.steps or 1
    smooth = smoothed([loss for _, loss in losses])
    last = next((row for row in reversed(history.rows) if "loss" in row), {})
    strip, picture = _strip(folder / "samples", prompts)
    header = {
        "name": settings.get("name", folder.name),
        "method": settings.get("method", "lora"),
        "step": step,
        "steps": steps,
        "status": state.status,
        "seconds": last.get("seconds", state.seconds),
        "left": _left(history, steps - step) if state.status == "running" else None,
        "rate": last.get("rate"),
        "loss": last["loss"] if math.isfinite(last.get("loss", math.nan)) else None,
        "losses": _thinned(losses, _MOST_POINTS),
        "smoothed": _thinned([(at, value) for (at, _), value in zip(losses, smooth, strict=True)], _MOST_POINTS),
        "steady": _thinned(history.steady, _MOST_POINTS),
        "steady_is_held_out": bool(settings.get("held_out")),
        "ceiling": _ceiling(losses, history.steady),
        "best": state.best_step,
        "others": list(others),
        "strip": strip,
    }
    text = json.dumps(header, ensure_ascii=False).encode()
    return Preview(LIVE_VIEW, len(text).to_bytes(4, "little") + text + picture)


def _left(history: History, steps: int) -> float | None:
    """Return how many seconds are left, by what the last steps took, looks among them."""
    rows = [row for row in history.rows if "loss" in row][-50:]
    if len(rows) < 3:
        return None
    return round((rows[-1]["seconds"] - rows[0]["seconds"]) / (rows[-1]["step"] - rows[0]["step"]) * steps, 1)


def _thinned(points: Sequence[tuple[int, float]], most: int) -> list[list[float]]:
    """Return points that are numbers, at most so many: the first, the last and those evenly between."""
    points = [(step, value) for step, value in points if math.isfinite(value)]
    if len(points) > most:
        points = [points[place * (len(points) - 1) // (most - 1)] for place in range(most)]
    return [[step, float(f"{value:.5g}")] for step, value in points]


def _ceiling(losses: Sequence[tuple[int, float]], steady: Sequence[tuple[int, float]]) -> float:
    """Return the top of the chart: a round number that its beginning decides, so that it does not move."""
    first = [value for _, value in [*losses[:_FIRST], *steady[:1]] if math.isfinite(value)]
    highest = 1.1 * max(first, default=1.0) or 1.0
    power = 10.0 ** math.floor(math.log10(highest))
    return next(float(f"{power * digit:.6g}") for digit in (1, 1.5, 2, 3, 5, 7, 10) if power * digit >= highest)


def _others(folder: Path, name: str) -> list[dict[str, Any]]:
    """Return the losses of earlier trainings of the same name, those last first."""
    found = []
    for other in all_trainings() if name else []:
        settings = read_json(other / SETTINGS)
        if other == folder or settings.get("name") != name or len(found) == _MOST_OTHERS:
            continue
        losses = History(other / HISTORY).losses
        smooth = smoothed([loss for _, loss in losses])
        points = [(step, value) for (step, _), value in zip(losses, smooth, strict=True)]
        if points:
            found.append({"name": _told_apart(settings, folder), "smoothed": _thinned(points, _MOST_OTHER_POINTS)})
    return found


def _told_apart(settings: dict[str, Any], folder: Path) -> str:
    """Return in what another training differs from this one: "rank 4, steps 100"."""
    own = read_json(folder / SETTINGS)
    differing = [
        f"{name.replace('_', ' ')} {value}"
        for name, value in settings.items()
        if own.get(name) != value and isinstance(value, str | int | float) and value != ""
    ]
    return ", ".join(differing[:3]) or "other pictures"


def _strip(folder: Path, prompts: Sequence[str]) -> tuple[dict[str, Any], bytes]:
    """Return what the picture of samples shows, and its JPEG: nothing where there are none yet."""
    files: dict[int, list[Path]] = {}
    for path in sorted(folder.glob("*-*.png")):
        files.setdefault(int(path.name.partition("-")[0]), []).append(path)
    steps = sorted(step for step, paths in files.items() if len(paths) >= len(prompts) > 0)
    if len(steps) > _MOST_COLUMNS:
        steps = [steps[place * (len(steps) - 1) // (_MOST_COLUMNS - 1)] for place in range(_MOST_COLUMNS)]
    if not steps:
        return {"prompts": [], "steps": [], "tile": [_TILE, _TILE]}, b""
    sheet = PIL.Image.new("RGB", (_TILE * len(steps), _TILE * len(prompts)))
    for column, step in enumerate(steps):
        for row, path in enumerate(files[step][: len(prompts)]):
            tile = _tile(path, path.stat().st_mtime_ns)
            sheet.paste(tile, (column * _TILE, row * _TILE))
    buffer = io.BytesIO()
    sheet.save(buffer, "JPEG", quality=88)
    return {"prompts": list(prompts), "steps": steps, "tile": [_TILE, _TILE]}, buffer.getvalue()


@functools.lru_cache(64)
def _tile(path: Path, _: int) -> PIL.Image.Image:
    """Return a sample in the size of the strip, small ones enlarged pixel by pixel; its time tells its state."""
    with PIL.Image.open(path) as picture:
        is_small = max(picture.size) <= _TILE
        way = PIL.Image.Resampling.NEAREST if is_small else PIL.Image.Resampling.LANCZOS
        return picture.convert("RGB").resize((_TILE, _TILE), way)
