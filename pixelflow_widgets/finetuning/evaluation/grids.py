"""A grid of weight, step and prompt: how much of what was learnt after how many steps suits, seen at once."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from ...media import Image, Model, Table
from ...media.contact_sheet import contact_sheet
from .memorising import likeness
from .painting import Quiet, Wish, painted


@dataclass(frozen=True)
class Grid:
    """Is a grid of pictures.

    Args:
        sheet: All of them on one, labelled: prompts as groups, steps down, weights to the right.
        table: A row for each picture: prompt, step, weight, and its distance from that of weight 0 (0 the same).
        pictures: In the order of the rows.
    """

    sheet: Image
    table: Table
    pictures: list[Image]


def grid(
    base: Model,
    files: Mapping[int, Path | str],
    prompts: Sequence[str],
    *,
    weights: Sequence[float] = (0.0, 0.5, 0.8, 1.0),
    kind: str = "lora",
    seed: int = 0,
    edge: int = 512,
    steps: int = 20,
    quiet: Quiet | None = None,
) -> Grid:
    """Return pictures of each prompt, with what was learnt after each step, at each weight; all from the same noise.

    Args:
        base: The base model.
        files: Step → the weights after it.
        prompts: What they show.
        weights: Of what was learnt.
        kind: Of the weights: "lora" or "embedding".
        seed: Of the noise.
        edge: Of the pictures, in pixels.
        steps: Denoising steps.
        quiet: Told of each picture; may raise to stop.
    """
    import pandas as pd

    wishes = [Wish(prompt, seed) for prompt in prompts]
    quiet = quiet or Quiet(whole=len(wishes) * (1 + len(files) * sum(map(bool, weights))))
    without = painted(base, wishes, edge, steps, quiet)
    found: dict[tuple[str, int, float], Image] = {}
    for step, weight in itertools.product(sorted(files), weights):
        model = base.with_adapter(str(files[step]), weight, kind=kind)
        made = painted(model, wishes, edge, steps, quiet) if weight else without
        found |= {(prompt, step, weight): picture for prompt, picture in zip(prompts, made, strict=True)}
    cells = list(itertools.product(prompts, sorted(files), weights))
    pictures = [found[cell] for cell in cells]
    before = dict(zip(prompts, without, strict=True))
    rows = [
        {"prompt": prompt, "step": step, "weight": weight, "distance": _distance(before[prompt], picture)}
        for (prompt, step, weight), picture in zip(cells, pictures, strict=True)
    ]
    axes = {"prompt": prompts, "step": [str(step) for step in sorted(files)], "weight": [f"{one:g}" for one in weights]}
    return Grid(contact_sheet(pictures, axes), cast(Table, pd.DataFrame(rows)), pictures)


def _distance(before: Image, after: Image) -> float:
    return round(min(1.0, max(0.0, 1 - likeness(before, after))), 4)
