"""Everything that is measured of a training that has weights."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol

import torch

from ...errors import TrainingError
from ...media import Image, Model, Table, open_picture
from ...models.image_generation import Told
from ..keeping import handle_of
from ..lesson import parted
from ..results import About, write_card, write_embedding, write_lora
from ..settings import Settings
from .drift import Score, drift, unrelated_prompts
from .grids import Grid, grid
from .losses import Losses, loss_with_and_without
from .memorising import Nearest, memorised, warnings_of
from .painting import Quiet, Wish, painted

_MEASURED = 32
"""Pictures on which the loss is measured."""


class Trained(Protocol):
    """Is a training, as `pf.Training` is one."""

    folder: Path

    @property
    def settings(self) -> Settings:
        """Return what it was told, with nothing left open."""
        ...

    @property
    def dataset(self) -> Any:
        """Return what it learnt from."""
        ...

    @property
    def weights(self) -> Path | None:
        """Return where the result lies."""
        ...

    @property
    def history(self) -> Table:
        """Return how it went."""
        ...


@dataclass(frozen=True, repr=False)
class Evaluation:
    """Says what a training came to.

    Args:
        losses: On fixed noise, with and without what was learnt.
        nearest: The training picture nearest to each picture that was made of the training's own prompts.
        drift: How far pictures of unrelated prompts moved; see `drift`.
        grid: Weight, step and prompt; None for a whole model, which has no weight.
        made: The pictures that were looked at for `nearest`.
    """

    losses: Losses
    nearest: list[Nearest]
    drift: Table
    grid: Grid | None
    made: list[Image] = field(default_factory=list)

    @property
    def warnings(self) -> list[str]:
        """Return what should be thought about, in sentences."""
        found = list(warnings_of(self.nearest))
        if self.losses.taught > self.losses.base:
            found.append(
                f"The loss on {self._pictures} is higher with what was learnt ({self.losses.taught:.4f}) than without "
                f"({self.losses.base:.4f}): it learnt nothing that holds for them. Lower the learning rate, or teach "
                "fewer steps."
            )
        return found

    @property
    def scores(self) -> dict[str, Any]:
        """Return the figures, as a model card shows them."""
        told: dict[str, Any] = {f"loss on {self._pictures}, with and without": [self.losses.taught, self.losses.base]}
        if self.nearest:
            told["likeness of a made picture to a training picture, highest (1 is the same)"] = max(
                each.likeness for each in self.nearest
            )
        for weight, rows in self.drift.groupby("weight"):
            told[f"distance of unrelated prompts at weight {weight:g} (0 is none)"] = float(rows["distance"].mean())
            if "score" in rows:
                both = [float(rows["score"].mean()), float(rows["score_without"].mean())]
                told[f"score of unrelated prompts at weight {weight:g}, with and without"] = both
        return told

    @property
    def _pictures(self) -> str:
        count = self.losses.pictures
        seen = "that were held out" if self.losses.is_held_out else "that were learnt from"
        return f"{count} picture{'' if count == 1 else 's'} {seen}"

    def __repr__(self) -> str:
        rows = [f"{what}: {_figures(value)}" for what, value in self.scores.items()]
        return "\n".join([*rows, *self.warnings])


def evaluate(
    training: Trained,
    *,
    held_out: Any = None,
    prompts: Sequence[str] = (),
    unrelated: Sequence[str] = (),
    seeds: Sequence[int] = (0, 1),
    weights: Sequence[float] = (0.5, 1.0),
    score: Score | None = None,
    report: Told | None = None,
) -> Evaluation:
    """Measure what was learnt, and write the figures into its model card.

    Args:
        training: Which has weights.
        held_out: Dataset that the training never saw; None is what it held out itself, else what it learnt from.
        prompts: Of what was learnt; none is the captions of the first pictures.
        unrelated: Prompts that have nothing to do with it; none is captions with another kind in its place.
        seeds: Each prompt is painted with each.
        weights: Of what was learnt, for unrelated prompts and for the grid.
        score: How well a picture shows a prompt, for unrelated prompts.
        report: Told how far it is; may raise to stop.

    Raises:
        TrainingError: There are no weights yet.
    """
    if training.weights is None:
        raise TrainingError(f"The training in {training.folder} has no weights yet, so there is nothing to measure.")
    settings, dataset, file = training.settings, training.dataset, training.weights
    base, edge = Model(settings.base), settings.resolution or 512
    captions = [picture.caption for picture in dataset.used]
    prompts = list(prompts) or list(dict.fromkeys(captions))[:4]
    unrelated = list(unrelated) or unrelated_prompts(captions, settings)
    weights = (1.0,) if settings.method == "full" else weights
    files = {} if settings.method == "full" else _files(training, file)
    size = {"edge": edge, "steps": settings.sample_steps}

    def taught(weight: float) -> Model:
        if settings.method == "full":
            return handle_of(base, "full", file)
        return base.with_adapter(str(file), weight, kind="embedding" if settings.method == "prompt" else "lora")

    wishes = [Wish(prompt, seed) for prompt in prompts for seed in seeds]
    others = len(unrelated) * len(seeds) * (1 + len(weights))
    quiet = Quiet(report, len(wishes) + others + len(prompts) * (1 + len(files) * len(weights)))
    losses = loss_with_and_without(base, taught(1.0), *_examples(training, held_out), quiet)
    made = painted(taught(1.0), wishes, **size, quiet=quiet)
    moved = drift(base, taught, unrelated, seeds=seeds, weights=weights, score=score, **size, quiet=quiet)
    kind = "embedding" if settings.method == "prompt" else "lora"
    shown = grid(base, files, prompts, weights=(0.0, *weights), kind=kind, **size, quiet=quiet) if files else None
    found = Evaluation(losses, memorised(made, dataset), moved, shown, made)
    _tell(training, file, found)
    return found


def _examples(training: Trained, held_out: Any) -> tuple[Callable[[int], list[Any]], bool]:
    """Return (what gives the pictures that the loss is measured on, whether the training never saw them)."""
    settings = training.settings
    dataset = training.dataset if held_out is None else held_out
    numbers = range(len(dataset)) if held_out is not None else parted(range(len(dataset)), settings)[1]
    wanted = set(numbers[:_MEASURED])

    def examples(multiple: int) -> list[Any]:
        found = enumerate(dataset.examples(settings.resolution, multiple))
        return [example for number, example in found if number in wanted]

    return examples, held_out is not None or bool(settings.held_out)


def _files(training: Trained, last: Path) -> dict[int, Path]:
    """Return step → weights, of every step that the training still has; written beside it in the form of a result."""
    about = About.of(last)
    found = {about.steps: last}
    saved = [*training.folder.glob("checkpoints/step-*.pt"), *training.folder.glob("best-*.pt")]
    for path in sorted(saved):
        step = int(path.stem.rpartition("-")[2])
        if step in found or not step:
            continue
        file = training.folder / "evaluation" / f"step-{step:07d}.safetensors"
        if not file.is_file() or file.stat().st_mtime_ns < path.stat().st_mtime_ns:
            state = torch.load(path, map_location="cpu", weights_only=True)["taught"]
            write = write_embedding if about.method == "prompt" else write_lora
            write(file, state, replace(about, steps=step))
        found[step] = file
    return found


def _tell(training: Trained, file: Path, found: Evaluation) -> None:
    """Write the figures into the model card of the result."""
    folder = file if file.is_dir() else file.parent
    samples = sorted(folder.glob("samples/*.png"), key=lambda path: int(path.stem) if path.stem.isdecimal() else 0)
    pictures = [open_picture(path) for path in samples]
    write_card(folder / "README.md", About.of(file), pictures, training.history, found.scores)


def _figures(value: Any) -> str:
    return " and ".join(f"{one:.4g}" for one in value) if isinstance(value, list) else f"{value:.4g}"
