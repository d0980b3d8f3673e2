"""`pixelflow starter`: the model that ships with the package."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .printing import say

starter_app = typer.Typer(no_args_is_help=True, help="The model that ships with the package: train it, score it.")


@starter_app.command("train")
def train_starter(
    folder: Annotated[Path, typer.Option(help="Where the finished model goes.")] = Path("starter"),
    checkpoints: Annotated[Path, typer.Option(help="Where the training keeps its state.")] = Path(".starter-training"),
    views: Annotated[int, typer.Option(help="Pictures that the UNet is shown, in all.")] = 100_000,
    until: Annotated[str | None, typer.Option(help='Local time at which to stop with a checkpoint: "20:20".')] = None,
) -> None:
    """Train the starter from nothing; run again, it goes on from the last checkpoint."""
    from ..starter.training import train

    if not train(folder, checkpoints=checkpoints, views=views, until=until):
        say("Not finished; run the same command to go on.")


@starter_app.command("score")
def score_starter(
    folder: Annotated[Path | None, typer.Option(help="The model; the shipped one if not given.")] = None,
    prompts: Annotated[int, typer.Option(help="How many prompts of one object.")] = 200,
    pairs: Annotated[int, typer.Option(help="How many prompts of two objects.")] = 100,
    seed: Annotated[int, typer.Option(help="Seed of the choice of prompts and of the noise.")] = 1,
    sheet: Annotated[Path | None, typer.Option(help="Where to save all pictures as one.")] = None,
) -> None:
    """Measure by pixels how well the starter paints prompts that its training never saw."""
    from ..models.weights import place_of
    from ..starter.scoring import score

    score(folder or place_of("starter"), prompts=prompts, pairs=pairs, seed=seed, sheet=sheet)
