"""The loss of a model on pictures, with and without what it was taught, on the same noise."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import torch

from ...media import Model
from ...models.loading import lend
from ..learner import Learner
from .painting import Quiet

_LEVELS = 8
"""Levels of noise at which each picture is looked at, from little to much."""


class Losses(NamedTuple):
    """Is the mean squared error of what a model predicts of noise that is the same each time.

    Args:
        taught: With what was learnt.
        base: Without it.
        pictures: How many it was measured on.
        is_held_out: Whether the training never saw them.
    """

    taught: float
    base: float
    pictures: int
    is_held_out: bool


def loss_with_and_without(
    base: Model, taught: Model, examples: Callable[[int], list[Any]], is_held_out: bool, quiet: Quiet | None = None
) -> Losses:
    """Return the loss on pictures with and without what was learnt.

    Args:
        base: The base model.
        taught: The same with what it learnt.
        examples: Returns pictures as `Dataset.examples` gives them, whose edges are multiples of a number.
        is_held_out: Whether the training never saw them.
        quiet: Told what is loaded; may raise to stop.
    """
    quiet = quiet or Quiet()
    with_it, without = _losses(taught, examples, quiet), _losses(base, examples, quiet)
    return Losses(sum(with_it) / len(with_it), sum(without) / len(without), len(with_it), is_held_out)


@torch.no_grad()
def _losses(model: Model, examples: Callable[[int], list[Any]], quiet: Quiet) -> list[float]:
    losses = []
    with lend(model, "text_to_image", quiet) as loan:
        learner = Learner(loan.pipeline, loan.device)
        for number, example in enumerate(examples(learner.multiple)):
            clean = learner.latents(example.image).float().to(loan.device)[None].repeat(_LEVELS, 1, 1, 1)
            (width, height), (target_width, target_height) = example.original_size, example.target_size
            told = torch.tensor([[height, width, *example.crop, target_height, target_width]], dtype=torch.float32)
            noise = learner.noise(clean, torch.Generator().manual_seed(number))
            sizes = told.repeat(_LEVELS, 1).to(loan.device)
            losses.append(learner.loss(clean, [example.caption] * _LEVELS, sizes, noise).item())
    return losses
