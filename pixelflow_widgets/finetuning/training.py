"""Teaching a model: the loop, top to bottom. `lesson` makes ready what it needs; `outcome` writes what it leaves."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from ..errors import Cancelled, TrainingError
from ..media import Image, Model
from ..models.image_generation import Painting, Told, paint
from ..models.loading import lend
from . import checkpoints
from .estimates import check_memory, estimate
from .examples import Examples
from .folders import ESTIMATE, FINISH, HISTORY, SETTINGS, State, newest_samples, write_json
from .history import History
from .lesson import Lesson, Silent, prepared
from .methods.taught import parameters
from .outcome import publish
from .places import Placed, placed
from .settings import Settings
from .watching import Watch

_STOPS = (Cancelled, KeyboardInterrupt, SystemExit)
_LARGEST_GRADIENT = 1.0
_LEVELS = 4
"""Levels of noise at which each picture is looked at."""


@dataclass(frozen=True)
class Outcome:
    """Is what a training came to.

    Args:
        weights: The file of the result; of a whole model its folder.
        folder: Of the training.
        steps: That were done.
        best_step: After which the weights that are the result were taken.
        is_finished: Whether it came to its end, not to an earlier one.
        trigger: The word that calls what was learnt.
    """

    weights: Path
    folder: Path
    steps: int
    best_step: int
    is_finished: bool
    trigger: str

    @property
    def history(self) -> Any:
        """Return a table of the steps."""
        return History(self.folder / HISTORY).table()

    @property
    def samples(self) -> list[Image]:
        """Return the pictures of the last look."""
        return newest_samples(self.folder)


def train(
    dataset: Any, settings: Settings, report: Told, *, model: Model | None = None, folder: Path | None = None
) -> Outcome:
    """Teach a model, or go on where the same training stopped; what was finished before is given back at once.

    Args:
        dataset: The pictures; see `Dataset`.
        settings: What is open in them becomes what suits the base model.
        report: Told how far it is, with a live view; what it raises stops the training, whose best weights so far are
            kept all the same. So does a file named `finish` in the training's folder, without an error.
        model: The base model, where it is more than its name in the settings.
        folder: Where the training lives; None is this user's own place for it.

    Raises:
        TrainingError: A setting, the base model or the memory does not allow it.
        MediaError: The data set does not; says all that is wrong with it.
    """
    model = model or Model(settings.base)
    settings.check()
    dataset.look(report)
    training = placed(dataset, settings, model)
    training = training if folder is None else training._replace(folder=folder)
    dataset.check(training.settings.resolution)
    if (done := _finished(training)) is not None:
        return done
    check_memory(training.settings, model)
    _check_alone(training.folder)
    cost = str(estimate(training.settings, model))
    report.log(cost)
    write_json(training.folder / ESTIMATE, {"told": cost})
    write_json(training.folder / SETTINGS, training.settings.as_json())
    (training.folder / FINISH).unlink(missing_ok=True)
    try:
        with lend(model, "text_to_image", report) as loan, prepared(dataset, training, loan, report) as lesson:
            return _taught(lesson, dataset)
    except BaseException as error:
        is_stop = isinstance(error, _STOPS)
        told = {"status": "stopped"} if is_stop else {"status": "failed", "error": str(error)}
        State(**(vars(State.read(training.folder)) | told)).write(training.folder)
        raise


def _check_alone(folder: Path) -> None:
    """Check that no other process is at a training."""
    state = State.read(folder)
    if state.status == "running" and state.process != os.getpid():
        raise TrainingError(
            f"Another program (process {state.process}) is at the training '{folder.name}', at step {state.step} of "
            f"{state.steps}. Follow it with pf.Training.open('{folder.name}'), or stop it first."
        )


def _finished(training: Placed) -> Outcome | None:
    """Return what the same training came to before, if its weights are still there."""
    state = State.read(training.folder)
    weights = Path(state.weights) if state.weights else None
    if state.status != "finished" or weights is None or not weights.exists() or state.step < state.steps:
        return None
    best = state.best_step or state.step
    return Outcome(weights, training.folder, state.step, best, True, training.settings.trigger)


def _taught(lesson: Lesson, dataset: Any) -> Outcome:
    """Teach until the end, or until somebody stops it; either way the best weights so far become the result."""
    watch = Watch(lesson)
    lesson.state("running").write(lesson.folder)
    try:
        _steps(lesson, watch, dataset)
    except _STOPS:  # of what fails, the last checkpoint and the best weights are there already
        if lesson.step:
            lesson.keep()
            _publish(lesson, dataset, "stopped")
        raise
    is_whole = lesson.step >= (lesson.settings.steps or 0)
    weights = _publish(lesson, dataset, "finished" if is_whole else "stopped")
    watch.tell(is_last=True)
    return Outcome(weights, lesson.folder, lesson.step, lesson.best.step, is_whole, lesson.settings.trigger)


def _steps(lesson: Lesson, watch: Watch, dataset: Any) -> None:
    """The loop."""
    settings, accelerator = lesson.settings, lesson.accelerator
    steps = settings.steps or 0
    if lesson.step == 0:
        _look(lesson, watch, dataset)
    while lesson.step < steps and not (lesson.folder / FINISH).exists():
        # By the seed and the step alone, so that a training that was resumed draws what an uninterrupted one does.
        generator = torch.Generator().manual_seed((settings.seed * 1_000_003 + lesson.step) % 2**63)
        for module in lesson.taught.modules():
            module.train()
        loss = 0.0
        for turn in range(settings.accumulation):
            with accelerator.autocast():
                error = _error(lesson, lesson.step * settings.accumulation + turn, generator) / settings.accumulation
            accelerator.backward(error)
            loss += error.item()
        if not loss < float("inf"):
            raise TrainingError(
                f"The loss is {loss} after {lesson.step} steps: the training ran away. Lower the learning rate, or "
                "compute in float32."
            )
        accelerator.clip_grad_norm_(parameters(lesson.taught), _LARGEST_GRADIENT)
        rate = lesson.rates.get_last_lr()[0]
        lesson.optimizer.step()
        lesson.rates.step()
        lesson.optimizer.zero_grad()
        lesson.step += 1
        lesson.history.add(step=lesson.step, loss=loss, rate=rate, seconds=round(lesson.seconds, 3))
        if lesson.step % (settings.sample_every or 1) == 0 or lesson.step == steps:
            _look(lesson, watch, dataset)
        if lesson.step % (settings.checkpoint_every or 1) == 0 or lesson.step == steps:
            lesson.keep()
        watch.tell()
    if lesson.best.step == 0:
        _look(lesson, watch, dataset)


def _error(lesson: Lesson, index: int, generator: torch.Generator) -> torch.Tensor:
    """Return the loss of a batch of the pictures, and of one of the base's own that goes along with it."""
    error = _batch_error(lesson, lesson.examples, lesson.order.numbers(index), generator)
    if lesson.prior is None:
        return error
    own, order = lesson.prior
    weight = lesson.settings.prior_weight
    remembered = _batch_error(lesson, own, order.numbers(index), generator)
    return (error + weight * remembered) / (1 + weight)


def _batch_error(
    lesson: Lesson, examples: Examples, numbers: Sequence[int], generator: torch.Generator
) -> torch.Tensor:
    batch = examples.batch(numbers, lesson.learner.device)
    noise = lesson.learner.noise(batch.latents, generator)
    dropped = torch.rand(len(numbers), generator=generator) < (lesson.settings.caption_dropout or 0.0)
    captions = ["" if drop else caption for caption, drop in zip(batch.captions, dropped, strict=True)]
    return lesson.learner.loss(batch.latents, captions, batch.sizes, noise)


def _look(lesson: Lesson, watch: Watch, dataset: Any) -> None:
    """Measure the loss without chance, paint samples, and keep the weights if they are the best so far."""
    for module in lesson.taught.modules():
        module.eval()
    loss = _steady_loss(lesson)
    lesson.history.add(step=lesson.step, steady=loss, is_held_out=bool(lesson.settings.held_out))
    for number, prompt in enumerate(lesson.prompts):
        wanted = Painting(prompt, steps=lesson.settings.sample_steps, seed=lesson.settings.seed + number)
        with torch.no_grad():
            picture = paint(lesson.loan, wanted, Silent(lesson.report), width=lesson.edge, height=lesson.edge)
        picture.save(lesson.folder / "samples" / f"{lesson.step:07d}-{number}.png")
    if lesson.step and loss < lesson.best.loss:
        lesson.best.step, lesson.best.loss = lesson.step, loss
        checkpoints.save(lesson.best_path(lesson.step), lesson.step, {"taught": lesson.taught})
        lesson.keep()
        if lesson.settings.method != "full":  # which takes long to write; whatever happens, the others can be used
            _publish(lesson, dataset, "running")
    watch.tell()


@torch.no_grad()
def _steady_loss(lesson: Lesson) -> float:
    """Return the mean loss on pictures with the same noise each time, at levels from little to much."""
    found = []
    for number in lesson.looked_at:
        batch = lesson.examples.batch([number], lesson.learner.device)
        latents, sizes = batch.latents.repeat(_LEVELS, 1, 1, 1), batch.sizes.repeat(_LEVELS, 1)
        noise = lesson.learner.noise(latents, torch.Generator().manual_seed(number))
        with lesson.accelerator.autocast():
            found.append(lesson.learner.loss(latents, batch.captions * _LEVELS, sizes, noise).item())
    return sum(found) / len(found)


def _publish(lesson: Lesson, dataset: Any, status: str) -> Path:
    """Write the best weights so far as a result, and say so in the training's folder."""
    best = lesson.best.step or lesson.step
    if lesson.best.step:
        checkpoints.resume(lesson.best_path(best), {"taught": lesson.taught})
    weights = publish(lesson, len(dataset), dataset.digest, best)
    lesson.weights = str(weights)
    lesson.state(status).write(lesson.folder)
    return weights
