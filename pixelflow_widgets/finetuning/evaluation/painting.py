"""Pictures for comparing, painted as the product paints them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from ...media import Image, Model
from ...models.image_generation import Painting, Told, multiple_of, paint
from ...models.loading import lend


@dataclass(frozen=True)
class Wish:
    """Is a picture that is wanted.

    Args:
        prompt: What it shows.
        seed: Of its noise.
    """

    prompt: str
    seed: int


@dataclass
class Quiet:
    """Tells nobody, or passes on how much of a whole is done.

    Args:
        report: Is told; may raise to stop. None is nobody.
        whole: How many pictures there are in all.
    """

    report: Told | None = None
    whole: int = 0
    _done: int = field(default=0, init=False)

    def __call__(self, fraction: float | None = None, *, preview: object = None, note: str = "") -> None:
        """Tell of the whole, not of one picture; nothing else is worth showing."""
        if self.report is not None:
            part = (self._done + (fraction or 0.0)) / self.whole if self.whole else None
            self.report(part if part is None else min(part, 1.0), note=note or f"picture {self._done + 1}")

    def log(self, line: str) -> None:
        """Tell nobody."""

    def next(self) -> None:
        """Count a picture that is done."""
        self._done += 1


def painted(model: Model, wishes: Sequence[Wish], edge: int, steps: int, quiet: Quiet) -> list[Image]:
    """Return the pictures that a model paints.

    Args:
        model: A handle.
        wishes: What is wanted.
        edge: Of the pictures, in pixels; the nearest that the model can.
        steps: Denoising steps.
        quiet: Told of each.
    """
    made = []
    with lend(model, "text_to_image", quiet) as loan:
        factor = multiple_of(loan)
        size = max(factor, round(edge / factor) * factor)
        for wish in wishes:
            made.append(paint(loan, Painting(wish.prompt, steps=steps, seed=wish.seed), quiet, width=size, height=size))
            quiet.next()
    return made
