"""What becomes of prompts that have nothing to do with what was taught: pictures with and without it, compared."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, cast

from ...media import Image, Model, Table
from ..settings import Settings
from .memorising import likeness
from .painting import Quiet, Wish, painted

Score = Callable[[Image, str], float]
"""How well a picture shows a prompt."""

_ANYTHING = (
    "a red apple on a table",
    "a street in the rain",
    "a portrait of an old man",
    "a mountain lake at sunrise",
    "a yellow bicycle",
    "a bowl of soup",
)


def unrelated_prompts(captions: Sequence[str], settings: Settings, count: int = 6) -> list[str]:
    """Return prompts without the thing that was taught: captions with its kind in its place, or any everyday ones.

    Args:
        captions: Of the training pictures.
        settings: Of the training.
        count: How many at most.
    """
    kinds = settings.kinds()
    own = [caption for caption in dict.fromkeys(captions) if settings.trigger and settings.trigger in caption]
    if not kinds or not own:
        return list(_ANYTHING[:count])
    # Each with another kind, so that few prompts see many.
    return [own[place % len(own)].replace(settings.trigger, kinds[place % len(kinds)]) for place in range(count)]


def drift(
    base: Model,
    taught: Callable[[float], Model],
    prompts: Sequence[str],
    *,
    seeds: Sequence[int] = (0, 1),
    weights: Sequence[float] = (0.5, 1.0),
    edge: int = 512,
    steps: int = 20,
    score: Score | None = None,
    quiet: Quiet | None = None,
) -> Table:
    """Return how far pictures of unrelated prompts move, by the weight of what was learnt.

    Args:
        base: The base model.
        taught: Returns it with what it learnt, at a weight.
        prompts: That have nothing to do with it.
        seeds: Each prompt is painted with each.
        weights: Of what was learnt; without it is always painted, too.
        edge: Of the pictures, in pixels.
        steps: Denoising steps.
        score: How well a picture shows a prompt; None measures the distance alone.
        quiet: Told of each picture; may raise to stop.

    Returns:
        A row for each prompt, seed and weight: distance is 0 where the picture stayed the same, about 1 where nothing
        of it is left; score and score_without where one was given.
    """
    import pandas as pd

    wishes = [Wish(prompt, seed) for prompt in prompts for seed in seeds]
    quiet = quiet or Quiet(whole=len(wishes) * (1 + len(weights)))
    without = painted(base, wishes, edge, steps, quiet)
    rows: list[dict[str, Any]] = []
    for weight in weights:
        for wish, before, after in zip(
            wishes, without, painted(taught(weight), wishes, edge, steps, quiet), strict=True
        ):
            row = {"prompt": wish.prompt, "seed": wish.seed, "weight": weight}
            row["distance"] = round(min(1.0, max(0.0, 1 - likeness(before, after))), 4)
            if score is not None:
                row |= {"score": score(after, wish.prompt), "score_without": score(before, wish.prompt)}
            rows.append(row)
    return cast(Table, pd.DataFrame(rows))
