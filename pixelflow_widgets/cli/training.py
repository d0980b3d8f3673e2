"""`pixelflow train`: a training from the shell, told by a TOML file."""

from __future__ import annotations

import json
import time
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..errors import MediaError, ModelError, PixelFlowError, TrainingError, nearest
from .printing import FAILED, STOPPED, WRONG, end, say

if TYPE_CHECKING:
    from ..finetuning.dataset import Dataset
    from ..training import Training

_TABLES = ("dataset", "training")
_OF_DATASET = ("source", "captions", "template", "caption_model")
_LOOK_SECONDS = 0.2
_TELL_SECONDS = 5.0


def train(
    config: Annotated[Path, typer.Option(help="A TOML file, as above.")],
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on standard output, no lines.")] = False,
) -> None:
    """Teach a model from pictures, as a TOML file says.

    \b
    \\[dataset]
    source = "pictures"        # a folder or .zip, as seen from this file
    captions = "files"         # x.txt beside x.png; or "template", or "auto"
    template = "a {trigger}"   # the caption of pictures that have none
    \\[training]
    base = "starter"           # a card's name, a Hub id, a folder, a file
    trigger = "zorb"           # the new word
    steps = 200                # and rank, learning_rate, class_words …

    The same command again goes on where it was. Ctrl-C keeps the best so far.

    Exit codes: 0 done, 1 it failed, 2 the file, the pictures or the base are wrong, 130 stopped by Ctrl-C.
    """
    from ..training import train as begin

    try:
        base, dataset, settings = read_config(config)
        training = begin(base, dataset, **settings)
    except (TrainingError, MediaError, ModelError) as error:
        end(as_json, WRONG, {"error": str(error)})
    try:
        _follow(training, is_quiet=as_json)
        training.wait()
    except KeyboardInterrupt:
        _stop(training, config, as_json)
    except PixelFlowError as error:
        end(as_json, FAILED, {"error": str(error)})
    _tell(training, as_json)


def _tell(training: Training, as_json: bool) -> None:
    weights = str(training.weights or "")
    if as_json:
        told = {"status": training.status, "step": training.step, "steps": training.steps, "weights": weights}
        print(json.dumps({**told, "folder": str(training.folder)}))
    else:
        print(weights)


def _stop(training: Training, config: Path, as_json: bool) -> None:
    """End a training that somebody has had enough of, and say what there is; a second Ctrl-C breaks it off."""
    say("Stopping after this step. Press Ctrl-C again to break off.")
    training.stop()
    try:
        training.wait()
    except KeyboardInterrupt:
        training.cancel()
    except PixelFlowError as error:
        end(as_json, FAILED, {"error": str(error)})
    kept = f"The best so far is {training.weights}." if training.weights else "There are no weights yet."
    again = f"Write pixelflow train --config {config} to go on."
    told = {"step": training.step, "steps": training.steps, "weights": str(training.weights or "")}
    end(as_json, STOPPED, {"error": f"Stopped at step {training.step} of {training.steps}. {kept} {again}", **told})


def _follow(training: Training, is_quiet: bool) -> None:
    """Say how far it is, now and then, until it ends."""
    told_at, told = 0.0, -1
    while training.status == "running":
        step = training.step
        is_time = time.monotonic() - told_at >= _TELL_SECONDS
        if not is_quiet and step != told and is_time:
            say(_line(training))
            told_at, told = time.monotonic(), step
        time.sleep(_LOOK_SECONDS)
    if not is_quiet and training.step:
        say(_line(training))


def _line(training: Training) -> str:
    """Return how far a training is: "step 20 of 200 · loss 0.0831 · 12 s"."""
    history = training.history
    if not len(history):
        return f"{training.name}: getting ready. {training.estimate}".rstrip()
    last = history.iloc[-1]
    return (
        f"{training.name}: step {int(last['step'])} of {training.steps} · loss {last['smoothed']:.4f} · "
        f"{last['seconds']:.0f} s"
    )


def read_config(path: Path) -> tuple[str, Dataset, dict[str, Any]]:
    """Return (base model, data set, settings) that a TOML file tells.

    Args:
        path: The file; folders and files that it names are as seen from its own folder.

    Raises:
        TrainingError: It cannot be read, or says something else than a training; names the nearest word.
        MediaError: The pictures cannot be found or read.
    """
    from ..finetuning.dataset import Dataset
    from ..finetuning.settings import Settings
    from ..models.cards import card_of

    told = _read(path)
    _check_words(path, told, _TABLES, "")
    dataset, training = (_table(path, told, name) for name in _TABLES)
    _check_words(path, dataset, _OF_DATASET, "dataset")
    if not isinstance(dataset.get("source"), str):
        raise TrainingError(f'{path}: the table [dataset] wants source = "…", a folder or .zip.')
    for name in ("base", "continue_from"):
        if name in training and card_of(str(training[name])) is None:
            training[name] = _near(path, training[name])
    try:
        settings = Settings.of(training)
    except TrainingError as error:
        raise TrainingError(f"{path}: {error}") from error
    source = _near(path, dataset.pop("source"))
    training.pop("base", None)
    return settings.base, Dataset(Path(source), trigger=settings.trigger, **dataset), training


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise TrainingError(f"{path} cannot be read: {error.strerror or error}.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise TrainingError(f"{path} is no TOML: {error}.") from error


def _table(path: Path, told: Mapping[str, Any], name: str) -> dict[str, Any]:
    table = told.get(name, {})
    if not isinstance(table, dict):
        raise TrainingError(f"{path}: {name} is a table; write [{name}] on a line, and its settings below.")
    return dict(table)


def _check_words(path: Path, told: Mapping[str, Any], known: tuple[str, ...], table: str) -> None:
    """Refuse words that mean nothing.

    Raises:
        TrainingError: There are some; names the nearest that would.
    """
    for word in told:
        if word not in known:
            where = f"the table [{table}]" if table else "this file"
            raise TrainingError(
                f"{path}: {where} knows no '{word}'.{nearest(word, known)} It knows: {', '.join(known)}."
            )


def _near(path: Path, named: Any) -> Any:
    """Return a file or folder as seen from the folder of the configuration, where it is there; else as it was named."""
    place = path.parent / Path(named).expanduser() if isinstance(named, str) and named else None
    return str(place) if place is not None and place.exists() else named
