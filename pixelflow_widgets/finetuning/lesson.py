"""A training made ready: model, pictures, what learns and what makes it learn; a checkpoint brings it all back."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable, Iterator, Sized
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from ..errors import TrainingError
from ..media import Image
from ..models.image_generation import Told
from ..models.loading import generator
from ..models.loan import Loan
from . import checkpoints
from .examples import Examples, Order
from .folders import HISTORY, SAMPLED, State, write_json
from .history import History
from .learner import Learner
from .methods import METHODS, Taught
from .places import Placed
from .settings import Settings

_PRIOR_STEPS = 12
"""Denoising steps of the base's own pictures, which need not be beautiful."""
_LOOKED_AT = 8
"""Pictures on which the loss is measured without chance, where none are held out."""


@dataclass
class Best:
    """Is after which step the weights were best, and what their loss on fixed noise was."""

    step: int = 0
    loss: float = float("inf")

    def state_dict(self) -> dict[str, Any]:
        """Return both."""
        return {"step": self.step, "loss": self.loss}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take both up."""
        self.step, self.loss = state["step"], state["loss"]


@dataclass
class Lesson:
    """Is everything that a step of a training needs.

    Args:
        placed: Which training it is.
        loan: The base model, lent for as long as it takes.
        learner: Its pipeline.
        taught: What learns in it.
        examples: The pictures.
        order: Which of them are in which batch.
        prior: The base's own pictures, and their order; None where there are none.
        looked_at: Numbers of the examples that the loss is measured on without chance.
        accelerator: Precision and the way back, of accelerate.
        optimizer: Changes what learns.
        rates: Changes the optimizer's learning rates.
        history: What happened.
        prompts: Of the samples.
        edge: Of the samples and of the base's own pictures, in pixels.
        report: Told how far it is.
    """

    placed: Placed
    loan: Loan
    learner: Learner
    taught: Taught
    examples: Examples
    order: Order
    prior: tuple[Examples, Order] | None
    looked_at: list[int]
    accelerator: Any
    optimizer: Any
    rates: Any
    history: History
    prompts: list[str]
    edge: int
    report: Told
    best: Best = field(default_factory=Best)
    step: int = 0
    began: float = field(default_factory=time.monotonic)
    before: float = 0.0
    """Seconds that earlier sessions took."""
    weights: str = ""
    """Where the result lies, as soon as there is one."""

    @property
    def settings(self) -> Settings:
        """Return the settings."""
        return self.placed.settings

    @property
    def folder(self) -> Path:
        """Return the training's folder."""
        return self.placed.folder

    @property
    def seconds(self) -> float:
        """Return how long it took so far."""
        return self.before + time.monotonic() - self.began

    def parts(self) -> dict[str, Any]:
        """Return what a checkpoint keeps."""
        scaler = self.accelerator.scaler
        kept = {"taught": self.taught, "optimizer": self.optimizer, "rates": self.rates, "best": self.best}
        return kept | ({"scaler": scaler} if scaler is not None else {})

    def resume(self) -> None:
        """Go on from the last checkpoint, if there is one."""
        self.step = checkpoints.resume(checkpoints.last(self.folder / "checkpoints"), self.parts())
        self.weights = State.read(self.folder).weights
        self.history.forget(self.step)
        for path in (self.folder / "samples").glob("*-*.png"):
            if int(path.name.partition("-")[0]) > self.step:
                path.unlink()
        if self.history.losses:
            self.before = self.history.rows[-1].get("seconds", 0.0)

    def keep(self) -> None:
        """Write a checkpoint; older ones go, and weights that were best once."""
        folder = self.folder / "checkpoints"
        checkpoints.save(checkpoints.path_of(folder, self.step), self.step, self.parts())
        checkpoints.prune(folder, self.settings.keep_last)
        for path in self.folder.glob("best-*.pt"):
            if path != self.best_path(self.best.step):
                path.unlink()

    def best_path(self, step: int) -> Path:
        """Return where the weights after a step lie, if they were best."""
        return self.folder / f"best-{step:07d}.pt"

    def state(self, status: str) -> State:
        """Return how far it is."""
        best, steps = self.best.step or None, self.settings.steps or 0
        return State(status, self.step, steps, best, round(self.seconds, 3), self.weights, os.getpid())


@contextmanager
def prepared(dataset: Any, placed: Placed, loan: Loan, report: Told) -> Iterator[Lesson]:
    """Make everything ready that a step needs; afterwards the model is what it was.

    Args:
        dataset: The pictures, checked.
        placed: Which training it is.
        loan: The base model.
        report: Told what is being done; may raise to stop.
    """
    settings = placed.settings
    if loan.pipeline.unet.device.type != loan.device.partition(":")[0]:
        raise TrainingError(
            f"{settings.base} does not fit into the memory of {loan.device}: it is held elsewhere and lent part by "
            "part, which is enough to paint and not to learn. Choose a smaller model, or a device with more memory."
        )
    learner = Learner(loan.pipeline, loan.device, settings.min_snr or 0.0, settings.noise_offset)
    edge = max(learner.multiple, round((settings.resolution or 0) / learner.multiple) * learner.multiple)
    with learner.resting():
        examples, prior = _examples(dataset, placed, loan, learner, edge, report)
        own, looked_at = parted(examples, settings)
        taught = METHODS[settings.method](learner, settings)
        learner.texts_learn = settings.method == "prompt" or (
            settings.method == "lora" and bool(settings.text_encoders)
        )
        try:
            taught.lay()
            with _saving_memory(taught, learner, bool(settings.gradient_checkpointing)):
                order = Order({number: examples.shapes[number] for number in own}, settings.batch or 1, settings.seed)
                machinery = _machinery(taught, settings, loan.device)
                prompts = list(settings.sample_prompts) or _prompts(examples.captions, settings)
                write_json(placed.folder / SAMPLED, {"prompts": prompts})
                history = History(placed.folder / HISTORY)
                made = (placed, loan, learner, taught, examples, order, prior, looked_at)
                lesson = Lesson(*made, *machinery, history, prompts, edge, report)
                lesson.resume()
                yield lesson
        finally:
            taught.take_out()


def _examples(
    dataset: Any, placed: Placed, loan: Loan, learner: Learner, edge: int, report: Told
) -> tuple[Examples, tuple[Examples, Order] | None]:
    """Return the pictures as latents, and the base's own, made before anything learns."""
    settings, cache = placed.settings, placed.folder / "cache"
    count = len(dataset)
    pictures = dataset.examples(settings.resolution, learner.multiple)
    reading = _told(report, "reading pictures", count)
    examples = Examples.keep(cache / "pictures.safetensors", pictures, learner.latents, reading)
    if not settings.prior:
        return examples, None
    captions = prior_captions(examples.captions, settings)
    painting = _told(report, "making pictures of its own, to remember", len(captions))
    made = _own_pictures(captions, loan, edge, settings, report)
    prior = Examples.keep(cache / "prior.safetensors", made, learner.latents, painting)
    shapes = dict(enumerate(prior.shapes))
    return examples, (prior, Order(shapes, max(1, round(settings.prior * (settings.batch or 1))), settings.seed + 1))


def prior_captions(captions: list[str], settings: Settings) -> list[str]:
    """Return captions of what shall stay as it was: the trigger gives way to each class word."""
    drawn = [
        caption.replace(settings.trigger, kind) for kind in settings.kinds() for caption in dict.fromkeys(captions)
    ]
    rng = random.Random(settings.seed)
    found: list[str] = []
    while len(found) < settings.prior_pictures:
        found += rng.sample(drawn, min(len(drawn), settings.prior_pictures - len(found)))
    return found


@dataclass
class _Made:
    image: Image
    caption: str

    @property
    def original_size(self) -> tuple[int, int]:
        return self.image.size

    crop: tuple[int, int] = (0, 0)

    @property
    def target_size(self) -> tuple[int, int]:
        return self.image.size


def _own_pictures(captions: list[str], loan: Loan, edge: int, settings: Settings, report: Told) -> Iterator[_Made]:
    """Paint as many at a time as are learnt from at a time, each from a seed of its own."""
    together, told = settings.batch or 1, loan.card.defaults if loan.card else {}
    guided = {"guidance_scale": told["guidance"]} if "guidance" in told else {}
    for start in range(0, len(captions), together):
        Silent(report)()
        some = captions[start : start + together]
        seeds = [generator(settings.seed + start + number) for number in range(len(some))]
        size = {"width": edge, "height": edge}
        made = loan.pipeline(prompt=some, num_inference_steps=_PRIOR_STEPS, generator=seeds, **size, **guided)
        yield from map(_Made, made.images, some)


def _prompts(captions: list[str], settings: Settings) -> list[str]:
    """Return what is painted now and then where nobody says it: a caption, and the same of another kind or picture."""
    first, kind = captions[0], next(iter(settings.kinds()), "")
    other = first.replace(settings.trigger, kind) if kind and settings.trigger else captions[len(captions) // 2]
    return list(dict.fromkeys([first, other]))


def _told(report: Told, what: str, count: int) -> Callable[[int], None]:
    return lambda done: report(None, note=f"{what}: {done} of {count}")


@dataclass
class Silent:
    """Passes on that somebody pressed Stop, and nothing else."""

    report: Told

    def __call__(self, fraction: float | None = None, *, preview: Any = None, note: str = "") -> None:
        """Raise if the run was stopped."""
        check = getattr(self.report, "check", None)
        if check is not None:
            check()

    def log(self, line: str) -> None:
        """Tell nobody."""


def parted(examples: Sized, settings: Settings) -> tuple[list[int], list[int]]:
    """Return the numbers of examples that are learnt from, and of those that the loss is measured on."""
    every = list(range(len(examples)))
    out = round(len(every) * settings.held_out)
    if settings.held_out and not 0 < out < len(every):
        raise TrainingError(
            f"Of {len(every)} pictures, a share of {settings.held_out:g} is {out}: some must be left to test on and "
            "some to learn from. Set held_out to 0, or bring more pictures."
        )
    held = sorted(random.Random(settings.seed).sample(every, out))
    own = [number for number in every if number not in set(held)]
    spread = [own[place * len(own) // _LOOKED_AT] for place in range(min(_LOOKED_AT, len(own)))]
    return own, held or list(dict.fromkeys(spread if len(own) > _LOOKED_AT else own))


@contextmanager
def _saving_memory(taught: Taught, learner: Learner, is_wanted: bool) -> Iterator[None]:
    """Have what is computed on the way forward computed again on the way back, instead of kept."""
    modules = [learner.pipeline.unet, *(module for module in taught.modules() if hasattr(module, "config"))]
    turned = []
    for module in {id(module): module for module in modules}.values() if is_wanted else ():
        on = getattr(module, "enable_gradient_checkpointing", None) or module.activation_checkpointing_enable
        on()
        turned.append(module)
    try:
        yield
    finally:
        for module in turned:
            off = getattr(module, "disable_gradient_checkpointing", None) or module.activation_checkpointing_disable
            off()


def _machinery(taught: Taught, settings: Settings, device: str) -> tuple[Any, Any, Any]:
    """Return accelerate's accelerator, the optimizer and what changes its rates."""
    from accelerate import Accelerator
    from accelerate.state import AcceleratorState, GradientState
    from diffusers.optimization import get_scheduler

    half = {"float16": "fp16", "bfloat16": "bf16", "auto": "no" if device == "cpu" else "fp16"}
    AcceleratorState._reset_state(reset_partial_state=True)  # one process teaches several times, in other precisions
    GradientState._reset_state()
    accelerator = Accelerator(mixed_precision=half.get(settings.precision, "no"), cpu=device == "cpu")
    optimizer = torch.optim.AdamW(taught.groups(), betas=(0.9, 0.99), weight_decay=1e-2)
    name = "constant_with_warmup" if settings.schedule == "constant" else settings.schedule
    rates = get_scheduler(name, optimizer, num_warmup_steps=settings.warmup, num_training_steps=settings.steps)
    return accelerator, accelerator.prepare(optimizer), rates
