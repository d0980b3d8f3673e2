"""What a training came to: loss, pictures that are nearly training pictures, what became of other prompts."""

from __future__ import annotations

from .drift import drift
from .evaluating import Evaluation, Trained, evaluate
from .grids import Grid, grid
from .losses import Losses, loss_with_and_without
from .memorising import Nearest, likeness, memorised

__all__ = [
    "Evaluation",
    "Grid",
    "Losses",
    "Nearest",
    "Trained",
    "drift",
    "evaluate",
    "grid",
    "likeness",
    "loss_with_and_without",
    "memorised",
]
