"""`pixelflow models`: which there are, which are here, getting them, checking files, removing them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer

from ..errors import Cancelled, MediaError, PixelFlowError
from .printing import FAILED, STOPPED, WRONG, end, say

models_app = typer.Typer(no_args_is_help=True, help="Models: which there are, get them, check files, remove them.")

Value = TypeVar("Value")
_Json = Annotated[bool, typer.Option("--json", help="JSON on standard output.")]
_FIELDS = (
    *(
        "name",
        "title",
        "tasks",
        "modality",
        "takes",
        "base_model",
        "kind",
        "licence",
        "megabytes",
        "memory_gb",
        "gated",
    ),
    *("revision", "defaults", "limits", "schedulers", "trigger_words", "help"),
)


@models_app.command("list")
def list_models(
    words: Annotated[list[str] | None, typer.Argument(help="Parts of a name or title.")] = None,
    task: Annotated[str | None, typer.Option(help="What they must do: text_to_image, chat, controlnet …")] = None,
    modality: Annotated[str | None, typer.Option(help="text, image, audio or video.")] = None,
    base_model: Annotated[str | None, typer.Option(help="Their family: SDXL, FLUX.1 …")] = None,
    here: Annotated[bool, typer.Option(help="Only those on this machine.")] = False,
    as_json: _Json = False,
) -> None:
    """List the models that have a card; any other Hub id, folder or file works too."""
    from ..models import cards

    found = []
    for card in cards(task, modality, base_model):
        text = f"{card.name} {card.title} {card.base_model}".lower()
        if all(word.lower() in text for word in words or ()) and (not here or card.is_here):
            found.append(card)
    if as_json:
        print(json.dumps([_as_json(card) for card in found]))
        return
    if not found:
        say("No model has all of this.")
    _print_table([(_mark(card), card.name, card.size, card.base_model, card.licence, card.title) for card in found])


def _mark(card: Any) -> str:
    return "here" if card.is_here else "gated" if card.gated else ""


def _print_table(rows: list[tuple[str, ...]]) -> None:
    """Print rows with their columns under each other."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def _as_json(card: Any) -> dict[str, Any]:
    return {**{name: getattr(card, name) for name in _FIELDS}, "source": str(card.source), "here": card.is_here}


@models_app.command("info")
def show_model(
    source: Annotated[str, typer.Argument(help="A card's name, Hub id, folder or file.")],
    ask: Annotated[bool, typer.Option(help="Ask the Hub for what only it knows.")] = False,
    as_json: _Json = False,
) -> None:
    """Show what is known of a model."""
    from ..models import info
    from ..models.getting import asked
    from ..models.weights import place_of

    card = _in_words(as_json, partial(asked if ask else info, source))
    if as_json:
        print(json.dumps(_as_json(card)))
        return
    print(f"{card.title} ({card.name})")
    if card.help:
        print(card.help)
    place = str(place_of(card.name)) if card.is_here else f"not here; get it with: pixelflow models get {card.name}"
    _print_table([(name, told) for name, told in _told_of(card, place) if told])


def _told_of(card: Any, place: str) -> Iterator[tuple[str, str]]:
    """Yield (what, in words) of a card."""
    yield "kind", card.kind
    yield "tasks", ", ".join(card.tasks)
    yield "base model", card.base_model
    yield "licence", (card.licence or "unknown; the Hub says it: --ask") + (" (gated)" if card.gated else "")
    yield "size", card.size
    yield "memory", f"about {card.memory_gb:g} GB" if card.memory_gb else ""
    yield "suits", ", ".join(f"{name} {value:g}" for name, value in card.defaults.items())
    yield "allows", ", ".join(f"{name} {low:g} to {high:g}" for name, (low, high) in card.limits.items())
    yield "schedulers", ", ".join(card.schedulers)
    yield "trigger words", ", ".join(card.trigger_words)
    yield "comes from", card.url + (f", commit {card.revision[:12]}" if card.revision else "")
    yield "lies in", place


@models_app.command("get")
def get_models(
    sources: Annotated[list[str], typer.Argument(help="Names of cards, Hub ids, or flows: then all that they lack.")],
    as_json: _Json = False,
) -> None:
    """Get models from the Hub; what is here stays, what was cut off goes on.

    Exit codes: 0 all are here, 1 one could not be had, 2 there is no such model or flow, 130 stopped by Ctrl-C.
    """
    wanted = [source for given in sources for source in _in_words(as_json, partial(_sources, given), WRONG)]
    places = {source: str(_in_words(as_json, partial(_get, source, quiet=as_json))) for source in wanted}
    if as_json:
        print(json.dumps({"status": "done", "models": places}))
        return
    if not wanted:
        say("Nothing is missing.")
    for source, place in places.items():
        print(f"{source}: {place}")


def _sources(given: str) -> list[str]:
    """Return the models that a word of the command line means: itself, or what a flow lacks."""
    if not given.endswith((".flow.json", ".flow.zip")):
        return [given]
    from ..models.getting import missing
    from ..public import Flow
    from ..widget.model_requests import models_in

    return [card.name for card in missing(models_in(Flow.load(given)))]


def _get(source: str, quiet: bool) -> Path:
    """Get one model, with a bar on standard error."""
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

    from ..models import get

    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, TimeRemainingColumn(), console=Console(stderr=True), disable=quiet) as bars:
        tasks: list[Any] = []

        def show(done: int, total: int, note: str) -> None:
            if not tasks:
                bars.console.print(note, highlight=False)  # the first says what it is, and its licence
                tasks.append(bars.add_task(source, total=total))
            bars.update(tasks[0], completed=done, description=note[-40:])

        return get(source, show)


@models_app.command("check")
def check_models(
    sources: Annotated[list[str], typer.Argument(help="Files, folders, names of cards or Hub ids.")],
    deep: Annotated[bool, typer.Option(help="Compare every byte with what the Hub announced.")] = False,
    as_json: _Json = False,
) -> None:
    """Say what files are and whether they are sound; 1 is the exit code if one is not."""
    from ..models import check

    results = [check(source, deep=deep) for source in sources]
    if as_json:
        print(json.dumps([_checked_as_json(result) for result in results]))
    for result in () if as_json else results:
        print(result)
    if not all(result.is_sound for result in results):
        raise typer.Exit(FAILED)


def _checked_as_json(result: Any) -> dict[str, Any]:
    known = {name: getattr(result.card, name) for name in ("kind", "base_model", "help")} if result.card else {}
    told = {"source": result.source, "sound": result.is_sound, "bytes": result.bytes}
    return {**told, "place": str(result.place or ""), **known, "problems": result.problems, "notes": result.notes}


@models_app.command("rm")
def remove_models(
    sources: Annotated[list[str], typer.Argument(help="Names of cards, or Hub ids.")],
    as_json: _Json = False,
) -> None:
    """Remove models that came from the Hub."""
    from ..models import remove
    from ..models.cards import size_in_words

    freed = {source: _in_words(as_json, partial(remove, source), WRONG) for source in sources}
    if as_json:
        print(json.dumps({"status": "done", "freed": freed}))
        return
    for source, count in freed.items():
        print(f"{source}: {size_in_words(count)} freed.")


def _in_words(as_json: bool, action: Callable[[], Value], code: int = FAILED) -> Value:
    """Do something; what goes wrong ends the command in words."""
    try:
        return action()
    except KeyboardInterrupt:
        end(as_json, STOPPED, {"error": "Stopped; what came so far is kept."})
    except (PixelFlowError, OSError) as error:
        stopped = isinstance(error, Cancelled)
        end(as_json, STOPPED if stopped else WRONG if isinstance(error, MediaError) else code, {"error": str(error)})
